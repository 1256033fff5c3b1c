#include "proto/smtp/letter_scanner.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "base/text.h"

namespace chappe::proto::smtp {
namespace {

struct Census {
  std::size_t cr = 0, lf = 0, crlf = 0;
  bool nul = false, eight_bit = false;
};

// One pass that compilers turn into vector code: blocks of 255 octets, so that a count fits in an octet lane.
Census take_census(ByteView s) {
  Census out;
  const char* p = s.data();
  const std::size_t n = s.size();
  unsigned char bits = 0, nul = 0;
  for (std::size_t from = 0; from < n; from += 255) {
    const std::size_t to = std::min(n, from + 255);
    unsigned char cr = 0, lf = 0;
    for (std::size_t i = from; i < to; ++i) {
      const char c = p[i];
      bits |= static_cast<unsigned char>(c);
      nul |= static_cast<unsigned char>(c == 0);
      cr += static_cast<unsigned char>(c == '\r');
      lf += static_cast<unsigned char>(c == '\n');
    }
    out.cr += cr;
    out.lf += lf;
  }
  for (std::size_t from = 1; from < n; from += 255) {
    const std::size_t to = std::min(n, from + 255);
    unsigned char crlf = 0;
    for (std::size_t i = from; i < to; ++i)
      crlf += static_cast<unsigned char>(static_cast<unsigned>(p[i - 1] == '\r') & static_cast<unsigned>(p[i] == '\n'));
    out.crlf += crlf;
  }
  out.nul = nul != 0;
  out.eight_bit = (bits & 0x80) != 0;
  return out;
}

bool has_8bit(ByteView s) {
  unsigned char bits = 0;
  for (const char c : s) bits |= static_cast<unsigned char>(c);
  return (bits & 0x80) != 0;
}

}  // namespace

LetterScanner::LetterScanner(Mode mode, const ServerOptions& options)
    : mode_(mode),
      bare_lf_(mode == Mode::dotted ? options.bare_lf : options.bare_lf_chunk),
      bare_cr_(mode == Mode::dotted ? options.bare_cr : options.bare_cr_chunk),
      max_letter_(options.limits.letter),
      max_line_(options.limits.letter_line),
      max_header_(options.limits.header) {}

void LetterScanner::feed(Chunk input) {
  input_ = std::move(input);
  at_input_ = 0;
  slices_ = 0;
  copying_ = !clean();
}

// Whether every <CR> and <LF> of the input is half of a <CRLF>, also across its front edge, and there is no NUL. What
// follows the letter's end counts too; it costs a copy then, and nothing else.
bool LetterScanner::clean() const {
  const ByteView s = input_.view();
  if (s.empty()) return true;
  const Census c = take_census(s);
  const_cast<LetterScanner*>(this)->eight_bit_ = c.eight_bit;
  const bool cr_before = after_cr_ || at_ == At::dot_cr;
  const bool lf_in_front = s.front() == '\n';
  if (c.nul || cr_before != lf_in_front) return false;
  return c.lf == c.crlf + (lf_in_front ? 1 : 0) && c.cr == c.crlf + (s.back() == '\r' ? 1 : 0);
}

Chunk LetterScanner::next() {
  while (!ended_ && !wants_input()) {
    Chunk piece = copying_ ? next_copy() : next_slice();
    look_at_limits();
    if (broken_ == 0 && !piece.empty()) return piece;
  }
  return {};
}

Chunk LetterScanner::take_rest() {
  const std::size_t at = std::exchange(at_input_, 0);
  const Chunk whole = std::exchange(input_, Chunk());
  return whole.slice(at, whole.size() - at);
}

Chunk LetterScanner::next_slice() {
  const ByteView s = input_.view();
  const std::size_t n = s.size();
  std::size_t i = at_input_;
  if (at_ == At::dot) {
    if (s[i] == '\r') {
      at_ = At::dot_cr;
      at_input_ = i + 1;
      return {};
    }
    at_ = At::inside;              // the dot was stuffed; it is gone
  } else if (at_ == At::dot_cr) {  // of a clean input only <LF> can follow
    ended_ = true;
    at_input_ = i + 1;
    return {};
  }
  const std::size_t from = i;
  std::size_t end = n;
  while (i < n) {
    if (at_ == At::line_start && s[i] == '.' && mode_ == Mode::dotted) {
      end = i;
      if (i + 1 == n) {
        at_ = At::dot;
      } else if (s[i + 1] != '\r') {
        at_ = At::inside;
      } else if (i + 2 == n) {
        at_ = At::dot_cr;
        ++i;
      } else {
        ended_ = true;
        i += 2;
      }
      ++i;
      break;
    }
    const void* found = std::memchr(s.data() + i, '\n', n - i);
    const std::size_t stop = found != nullptr ? static_cast<const char*>(found) - s.data() + 1 : n;
    if (eight_bit_) {
      bool& fact = in_header_ ? facts_.eight_bit_header : facts_.eight_bit_body;
      if (!fact) fact = has_8bit(s.substr(i, stop - i));
    }
    line_ += stop - i;
    facts_.size += stop - i;
    i = stop;
    if (found == nullptr) {
      after_cr_ = s[n - 1] == '\r';
      at_ = At::inside;
      break;
    }
    end_line(line_ - 2);
    at_ = At::line_start;
    after_cr_ = false;
  }
  at_input_ = i;
  if (++slices_ >= kMaxSlices) copying_ = true;
  return end > from ? input_.slice(from, end - from) : Chunk();
}

Chunk LetterScanner::next_copy() {
  const ByteView s = input_.view();
  Bytes copy;
  Bytes* out = broken_ == 0 ? &copy : nullptr;
  std::size_t i = at_input_;
  if (out != nullptr) out->reserve(s.size() - i + 2);
  while (i < s.size() && !ended_) {
    const char c = s[i++];
    if (mode_ == Mode::dotted) {
      if (at_ == At::line_start && c == '.') {
        at_ = At::dot;
        continue;
      }
      if (at_ == At::dot && c == '\r') {
        at_ = At::dot_cr;
        continue;
      }
      if (at_ == At::dot_cr) {
        if (c == '\n') {
          ended_ = true;
          break;
        }
        put('\r', out);  // ".<CR>" and something else: a stuffed dot and a bare <CR>
      }
    }
    at_ = At::inside;
    put(c, out);
  }
  at_input_ = i;
  return copy.empty() ? Chunk() : Chunk::copy_of(copy);
}

// One octet of the letter, the dots being dealt with.
void LetterScanner::put(char c, Bytes* out) {
  const auto give = [&](char octet) {
    if (out != nullptr) *out += octet;
    ++facts_.size;
    ++line_;
  };
  if (after_cr_ && c != '\n') {
    ++facts_.bare_cr;
    if (bare_cr_ == LineFault::refuse) break_rule(Rule::letter_bare_cr);
    if (bare_cr_ == LineFault::repair) {
      give('\n');
      end_line(line_ - 2);
    }
  }
  if (c == '\n') {
    if (after_cr_) {
      give(c);
      end_line(line_ - 2);
      at_ = At::line_start;
    } else {
      ++facts_.bare_lf;
      if (bare_lf_ == LineFault::refuse) break_rule(Rule::letter_bare_lf);
      if (bare_lf_ == LineFault::repair) {
        give('\r');
        give('\n');
        end_line(line_ - 2);
      } else {
        give(c);
      }
    }
    after_cr_ = false;
    return;
  }
  after_cr_ = c == '\r';
  give(c);
  if (c == 0) {
    ++facts_.nul;
    if (in_header_) break_rule(Rule::letter_nul_in_header);
  }
  if (is_8bit(c)) (in_header_ ? facts_.eight_bit_header : facts_.eight_bit_body) = true;
}

void LetterScanner::end_line(std::uint64_t length) {
  ++facts_.lines;
  facts_.longest_line = std::max(facts_.longest_line, length);
  line_ = 0;
  if (in_header_ && length == 0) {
    in_header_ = false;
    facts_.header_size = facts_.size;
  }
}

void LetterScanner::look_at_limits() {
  const std::uint64_t open_line = line_ - (after_cr_ && line_ > 0 ? 1 : 0);
  facts_.longest_line = std::max(facts_.longest_line, open_line);
  if (in_header_) facts_.header_size = facts_.size;
  facts_.ends_in_crlf = line_ == 0;
  if (facts_.longest_line > max_line_) break_rule(Rule::letter_line_too_long);
  if (facts_.header_size > max_header_) break_rule(Rule::letter_header_too_large);
  if (facts_.size > max_letter_) break_rule(Rule::letter_too_large);
}

void LetterScanner::finish() {
  if (after_cr_) {
    ++facts_.bare_cr;
    if (bare_cr_ == LineFault::refuse) break_rule(Rule::letter_bare_cr);
  }
  look_at_limits();
}

std::optional<Rule> LetterScanner::broken() const {
  if (broken_ == 0) return std::nullopt;
  return static_cast<Rule>(static_cast<unsigned>(Rule::letter_bare_lf) + std::countr_zero(broken_));
}

}  // namespace chappe::proto::smtp
