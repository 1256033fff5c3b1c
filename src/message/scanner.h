// The pass over a letter's bytes that Letter's constructor makes. Internal to message/.
#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "message/letter.h"

namespace chappe::message {

// The multiparts whose boundaries may stand on the next line, outermost first. Finding the one that a line matches
// costs the same at any depth.
class OpenBoundaries {
 public:
  struct Entry {
    ByteView boundary;
    std::uint32_t part;
    std::uint32_t outer_same;  // the entry outside of this one with the same boundary, or kNone
  };
  struct Match {
    std::uint32_t entry = kNone;
    bool closing = false;
  };

  bool empty() const { return entries_.empty(); }
  std::size_t size() const { return entries_.size(); }
  const Entry& operator[](std::size_t i) const { return entries_[i]; }
  const Entry& innermost() const { return entries_.back(); }

  // True if the boundary was open already.
  bool push(ByteView boundary, std::uint32_t part);
  void pop();
  // `name`: a line without its two dashes, trailing blanks and line end.
  Match match(ByteView name) const;

 private:
  static constexpr std::size_t kFew = 8;  // so many are compared one by one; above, they are hashed
  std::uint32_t lookup(ByteView name) const;

  std::vector<Entry> entries_;
  std::unordered_map<std::string_view, std::uint32_t> innermost_;  // empty while there are few
};

// Takes the letter's octets in windows: one that is all of it, or, for LetterStream, many that follow one another. The
// decisions are the same; what a decision needs and the window does not have yet is asked for again with the next one.
class Scanner {
 public:
  // `copies`: the windows go away, so fields are copied into the letter, and line ends counted as they pass.
  Scanner(Letter& letter, Letter::Limits limits, bool copies) : letter_(letter), limits_(limits), copies_(copies) {}

  // The octets from `base` on; `last`: the letter ends with them. Where the next window must begin: at what was not
  // decided yet, at most some octets more than a field's largest size before the end of this one.
  std::size_t feed(ByteView window, std::size_t base, bool last);

 private:
  // A boundary line: [begin, next) with its line end; `cut` is where the line end before it begins.
  struct Delimiter {
    std::size_t begin, next, cut;
    OpenBoundaries::Match match;
  };
  enum class Found : std::uint8_t { no, yes, more };  // more: the window ends too early to tell
  static constexpr std::size_t kNowhere = ByteView::npos;

  // --- the window; positions count from the start of the letter

  char at(std::size_t position) const { return window_[position - base_]; }
  std::size_t end() const { return base_ + window_.size(); }
  ByteView octets(std::size_t begin, std::size_t size) const { return window_.substr(begin - base_, size); }
  // End of the line that `position` is in: after its LF; kNowhere when that is not here. The letter's end is one, too.
  std::size_t line_end(std::size_t position) const;

  // Opens a part at at_, whose header comes now.
  void open_part(std::uint32_t parent);
  // What follows a header: a body, or the header of the message inside.
  void end_header();
  void consider_lead(const Part& part);
  // Reads on in the header of the part that is open.
  Found scan_header();
  Found scan_field();
  // Leaves out the rest of a line, or of a field, that is too long to be kept.
  Found skip();
  void take_field(Part& part, std::size_t begin, std::size_t name_end, std::size_t colon, std::size_t end);
  void decide_kind(Part& part);
  bool open_multipart(Part& part, ByteView parameters);

  // The next boundary line at or after at_.
  Found find_delimiter(Delimiter& out);
  // Whether the line at `position`, known to begin with two dashes, is one.
  Found match_line(std::size_t position, Delimiter& out);
  // Ends the part before a boundary line, and begins the one behind it.
  void pass(const Delimiter& d);
  // Ends everything from `current_` up to, not including, `until`.
  void close_up_to(std::uint32_t until, std::size_t end);
  void finish();
  // Keeps how many line ends are in front of `position`.
  void mark(std::size_t position);
  void count_up_to(std::size_t position);

  enum class State : std::uint8_t { start, header, body, rest };
  enum class Skip : std::uint8_t { nothing, line, field };

  Letter& letter_;
  const Letter::Limits limits_;
  const bool copies_;
  ByteView window_;
  std::size_t base_ = 0;
  bool last_ = false;
  State state_ = State::start;
  Skip skip_ = Skip::nothing;
  std::size_t at_ = 0;
  bool line_start_ = true;   // at_ is the start of a line; else only where the search goes on
  std::size_t kept_ = 0;     // octets of fields that were kept
  std::size_t counted_ = 0;  // up to where line ends have been counted
  std::size_t lines_ = 0;    // how many
  OpenBoundaries open_;
  std::uint32_t current_ = kNone;          // the innermost part that has not ended
  std::vector<std::uint32_t> last_child_;  // for each part
};

}  // namespace chappe::message
