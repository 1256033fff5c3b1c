// Answers written down, and given again from that: what a judgement was based on can be looked at, kept beside a letter
// and judged anew without the network. The text is for people as much as for us (docs/formats/dns-recording.md).
//
// A Recording holds the last answer to each question. RecordingResolver may be asked on several executors: a mutex
// guards the recording, and is never held across a wait. ReplayResolver is read-only.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "dns/resolver.h"

namespace chappe::dns {

struct Recorded {
  Answer answer;
  Duration took{};
};

class Recording {
 public:
  // Errc::invalid: "FILE:LINE: what is wrong, what to do".
  static Result<Recording> parse(std::string_view text, std::string_view file = "recording");
  std::string text() const;

  void add(Recorded recorded);
  const Recorded* find(const Question& question) const;
  std::size_t size() const { return answers_.size(); }

 private:
  std::map<Question, Recorded> answers_;
};

class RecordingResolver final : public Resolver {
 public:
  // `below` must outlive it.
  explicit RecordingResolver(Resolver& below) : below_(below) {}

  net::Task<Answer> ask(Question question, net::Deadline deadline) override;
  // A copy of what is recorded so far. Any thread.
  Recording recording() const;

 private:
  Resolver& below_;
  mutable std::mutex mutex_;
  Recording recording_;
};

class ReplayResolver final : public Resolver {
 public:
  // `delays`: answers take as long as they took.
  explicit ReplayResolver(Recording recording, bool delays = false)
      : recording_(std::move(recording)), delays_(delays) {}

  // What is not recorded is servfail, and `why` says that.
  net::Task<Answer> ask(Question question, net::Deadline deadline) override;

 private:
  Recording recording_;
  bool delays_;
};

}  // namespace chappe::dns
