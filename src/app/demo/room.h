// Where the demo lives: a temporary folder, and, where the system lets us, a network of our own in which the ports 25
// and 53 are real.
//
// Main thread, before any other thread is started.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.h"

namespace chappe::app::demo {

// Goes on in a new user and network namespace, in which this process stays the user that it is (root becomes somebody
// else: the servers refuse to be root), has the loopback and nothing else, and may bind the ports below 1024, as may
// what it starts. Tries it in a child first: after an error nothing has changed. Errc::unsupported says why the system
// refuses. Linux gives a process a new namespace in place; nothing needs to be executed anew for it.
Result<void> enter_own_network();

// A private folder that is gone when we are, even after SIGKILL: a process of its own waits for our end and removes it.
class Room {
 public:
  // Errc::io.
  static Result<Room> open();
  // Returns when the folder is gone.
  ~Room();
  Room(Room&& other) noexcept;
  Room& operator=(Room&&) = delete;

  const std::string& dir() const { return dir_; }

 private:
  Room(std::string dir, int lifeline, pid_t caretaker)
      : dir_(std::move(dir)), lifeline_(lifeline), caretaker_(caretaker) {}
  std::string dir_;
  int lifeline_;  // open as long as we live
  pid_t caretaker_;
};

}  // namespace chappe::app::demo
