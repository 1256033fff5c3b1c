// For tests: the other side of a machine, whose answers are written down.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "proto/milter/client.h"

namespace chappe::proto::milter::testing {

using namespace std::string_literals;
using Kind = Change::Kind;

inline Bytes number(std::uint32_t n) {
  return {static_cast<char>(n >> 24), static_cast<char>(n >> 16), static_cast<char>(n >> 8), static_cast<char>(n)};
}
inline Bytes packet(ByteView data) { return number(static_cast<std::uint32_t>(data.size())) + Bytes(data); }
inline Bytes agreed(std::uint32_t version, std::uint32_t actions, std::uint32_t steps, ByteView more = "") {
  return packet("O" + number(version) + number(actions) + number(steps) + Bytes(more));
}
inline const Bytes kAgreed = agreed(6, action::kOffered, 0);

// Octets as a person reads them: NUL is "|".
inline std::string shown(ByteView octets) {
  std::string out;
  for (const char c : octets) out += c == '\0' ? '|' : c;
  return out;
}

// What was said to a filter, packet by packet, and what it answers.
class Talk {
 public:
  // `piece`: the answers come in pieces of so many octets; 0: at once.
  explicit Talk(Bytes agreed = kAgreed, std::size_t piece = 0) : piece_(piece) {
    answers_ = std::move(agreed);
    go();
    said_.clear();
  }
  // Runs the operation that was begun; what was said to the filter.
  std::string go(Bytes answers) {
    answers_ = std::move(answers);
    return go();
  }
  std::string go() {
    said_.clear();
    for (;;) {
      event_ = machine.next();
      take();
      if (event_ != ClientEvent::need_input) return said_;
      if (answers_.empty()) {
        machine.feed_end();
        continue;
      }
      Bytes answer = ahead ? std::exchange(answers_, "") : one_answer();
      while (!answer.empty()) {
        const std::size_t n = piece_ == 0 ? answer.size() : std::min(piece_, answer.size());
        machine.feed(ByteView(answer).substr(0, n));
        answer.erase(0, n);
        if (!answer.empty()) event_ = machine.next();
      }
    }
  }
  bool done() const { return event_ == ClientEvent::done; }
  Errc failed() const { return event_ == ClientEvent::failed ? machine.error().code() : Errc::bug; }

  ClientMachine machine;
  bool ahead = false;  // it answers all at once, before it is asked

 private:
  // Up to the first packet that is neither a change nor progress.
  Bytes one_answer() {
    std::size_t at = 0;
    for (bool final = false; !final && answers_.size() - at > 4;) {
      std::size_t size = 0;
      for (std::size_t i = 0; i < 4; ++i) size = size << 8 | static_cast<unsigned char>(answers_[at + i]);
      if (answers_.size() - at - 4 < size) break;
      final = ByteView("hime+2-bqp").find(answers_[at + 4]) == ByteView::npos;
      at += 4 + size;
    }
    if (at == 0) at = answers_.size();
    Bytes out = answers_.substr(0, at);
    answers_.erase(0, at);
    return out;
  }
  void take() {
    Bytes out = machine.take_output().flatten();
    while (!out.empty()) {
      ASSERT_GE(out.size(), 5u);
      const std::size_t size = static_cast<unsigned char>(out[0]) << 24 | static_cast<unsigned char>(out[1]) << 16 |
                               static_cast<unsigned char>(out[2]) << 8 | static_cast<unsigned char>(out[3]);
      ASSERT_LE(size, kMaxSentData + 1);
      ASSERT_GE(out.size(), 4 + size);
      said_ += shown(ByteView(out).substr(4, size)) + "\n";
      out.erase(0, 4 + size);
    }
  }
  Bytes answers_;
  std::size_t piece_;
  std::string said_;
  ClientEvent event_ = ClientEvent::done;
};

inline const Bytes kGoOn = packet("c");
inline Bytes times(std::size_t n, const Bytes& answer) {
  Bytes out;
  for (std::size_t i = 0; i < n; ++i) out += answer;
  return out;
}

}  // namespace chappe::proto::milter::testing
