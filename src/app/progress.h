// How far a long verb is, on the last line of a terminal. Says nothing elsewhere. Main thread only.
#pragma once

#include <cstdint>
#include <string>

#include "app/cli.h"
#include "base/clock.h"

namespace chappe::app {

class Progress {
 public:
  // On standard error, if that is a terminal and the verb is not to write for programs.
  explicit Progress(const Invocation& invocation);
  ~Progress();  // takes the line away
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // `done` of `total` (0: nobody knows), and what to say beside the bar. Draws a few times a second.
  void show(std::uint64_t done, std::uint64_t total, const std::string& text);
  // Takes the line away, so that something else can be written.
  void clear();

 private:
  bool on_ = false;
  bool drawn_ = false;
  Steady next_{};
};

}  // namespace chappe::app
