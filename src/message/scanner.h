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

class Scanner {
 public:
  Scanner(Letter& letter, Letter::Limits limits) : letter_(letter), limits_(limits), bytes_(letter.bytes_) {}
  void run();

 private:
  // A boundary line: [begin, next) with its line end; `cut` is where the line end before it begins.
  struct Delimiter {
    std::size_t begin, next, cut;
    OpenBoundaries::Match match;
  };

  std::uint32_t open_part(std::uint32_t parent, std::size_t begin);
  // Reads the header of a part and what follows from it, down to the innermost message; the part that is then open.
  std::uint32_t enter(std::uint32_t parent, std::size_t begin);
  // Returns where the header ended.
  std::size_t scan_header(Part& part);
  // End of the line that starts at `at`: after its LF, or the end of the letter.
  std::size_t line_end(std::size_t at) const;
  void take_field(Part& part, std::size_t begin, std::size_t name_end, std::size_t colon, std::size_t end);
  void decide_kind(Part& part);
  bool open_multipart(Part& part, ByteView parameters);

  // The next boundary line at or after `at`, which is the start of a line.
  bool find_delimiter(std::size_t at, Delimiter& out);
  // Whether the line at `at`, known to begin with two dashes, is one.
  bool match_line(std::size_t at, Delimiter& out);
  // Ends everything from `current_` up to, not including, `until`.
  void close_up_to(std::uint32_t until, std::size_t end);

  Letter& letter_;
  const Letter::Limits limits_;
  const ByteView bytes_;
  OpenBoundaries open_;
  std::uint32_t current_ = 0;              // the innermost part that has not ended
  std::vector<std::uint32_t> last_child_;  // for each part
};

}  // namespace chappe::message
