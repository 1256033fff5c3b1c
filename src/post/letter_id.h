// The name of a letter for its whole life: in the 250, in Received, the log, the trail, the queue and the DSN. 128 bits
// that sort by time: 48 bits of milliseconds since 1970, 16 bits that count within the millisecond, 64 random bits (so
// that an id tells nothing about its neighbours and cannot be guessed).
//
// As text: 26 characters of Crockford's base 32 (0-9 A-Z without I L O U), which sorts like the id; safe in a header, a
// file name and on the telephone.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/random.h"
#include "store/bodies.h"

namespace chappe::post {

struct LetterId {
  std::array<char, 16> octets{};

  static constexpr std::size_t kTextSize = 26;
  std::string text() const;
  // Either case; I and L are read as 1, O as 0. Nothing unless it is 26 characters of a 128-bit number.
  static std::optional<LetterId> parse(std::string_view text);

  ByteView view() const { return {octets.data(), octets.size()}; }
  store::BodyId body() const { return {octets}; }
  static LetterId of(const store::BodyId& body) { return {body.octets}; }
  // When it was given.
  Time time() const;
  // None that is given then, or later, is smaller.
  static LetterId first_at(Time time);
  explicit operator bool() const { return *this != LetterId{}; }
  // As unsigned octets, which is the order of time.
  std::strong_ordering operator<=>(const LetterId& o) const { return view() <=> o.view(); }
  bool operator==(const LetterId&) const = default;
};

// Gives them out, each greater than the one before, whatever the clock does. Thread-safe.
class LetterIds {
 public:
  // Both must outlive it.
  LetterIds(Clock& clock, Random& random) : clock_(clock), random_(random) {}
  LetterId next();

 private:
  Clock& clock_;
  Random& random_;
  std::mutex mutex_;
  std::uint64_t last_ = 0;  // the first 64 bits of the last id
};

}  // namespace chappe::post
