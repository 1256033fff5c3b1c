#include "codec/line_reader.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace chappe::codec {

void LineReader::feed(Chunk octets) {
  if (octets.empty()) return;
  if (at_ < input_.size()) {
    more_.insert(more_.begin(), std::move(octets));
  } else {
    input_ = std::move(octets);
    at_ = 0;
  }
}

bool LineReader::next_chunk() {
  if (at_ < input_.size()) return true;
  if (more_.empty()) return false;
  input_ = std::move(more_.back());
  at_ = 0;
  more_.pop_back();
  return true;
}

// A line that is to be long says so in its first octets, which may lie in earlier chunks.
std::size_t LineReader::limit_of(ByteView rest, const Limits& limits) const {
  const std::size_t word = limits.long_word.size();
  if (word == 0) return limits.line;
  const auto front = [&](std::size_t i) { return i < part_.size() ? part_[i] : rest[i - part_.size()]; };
  if (part_.size() + rest.size() <= word || front(word) != ' ') return limits.line;
  for (std::size_t i = 0; i < word; ++i)
    if (lower(front(i)) != lower(limits.long_word[i])) return limits.line;
  return limits.long_line;
}

LineReader::Got LineReader::refuse(Got why, bool after_cr) {
  skipping_ = true;
  skipped_ = 0;
  after_cr_ = after_cr;
  return why;
}

LineReader::Got LineReader::next(ByteView& line, const Limits& limits) {
  Bytes().swap(done_);
  if (skipping_) {
    if (const Got got = skip(); skipping_ || got == Got::endless) return got;
  }
  while (next_chunk()) {
    const ByteView rest = input_.view().substr(at_);
    const std::size_t lf = rest.find('\n');
    const std::size_t n = std::min(lf, rest.size());
    const std::size_t limit = limit_of(rest, limits);
    if (part_.size() + n >= limit) {
      const std::size_t take = limit - part_.size();
      part_ += rest.substr(0, take);
      at_ += take;
      line = done_ = std::exchange(part_, Bytes());
      return refuse(Got::too_long, line.ends_with('\r'));
    }
    at_ += lf == ByteView::npos ? n : n + 1;
    if (lf == ByteView::npos) {
      part_ += rest;
      continue;
    }
    line = rest.substr(0, n);
    if (!part_.empty()) {
      part_ += line;
      line = done_ = std::exchange(part_, Bytes());
    }
    if (!line.ends_with('\r')) return refuse(Got::bare_lf, false);
    line.remove_suffix(1);
    return Got::line;
  }
  return Got::nothing;
}

Chunk LineReader::take(std::uint64_t most) {
  if (!next_chunk()) return {};
  const std::size_t n = std::min<std::uint64_t>(most, input_.size() - at_);
  at_ += n;
  return input_.slice(at_ - n, n);
}

void LineReader::put_back(Chunk octets) {
  if (octets.empty()) return;
  if (at_ < input_.size()) more_.push_back(input_.slice(at_, input_.size() - at_));
  input_ = std::move(octets);
  at_ = 0;
}

LineReader::Got LineReader::skip() {
  while (next_chunk()) {
    const ByteView rest = input_.view().substr(at_, flood_ - skipped_);
    for (std::size_t i = 0; i < rest.size(); ++i) {
      if (rest[i] == '\n' && after_cr_) {
        at_ += i + 1;
        skipping_ = false;
        return Got::nothing;
      }
      after_cr_ = rest[i] == '\r';
    }
    at_ += rest.size();
    skipped_ += rest.size();
    if (skipped_ >= flood_) return Got::endless;
  }
  return Got::nothing;
}

void LineReader::clear() {
  input_ = Chunk();
  at_ = 0;
  more_.clear();
  part_.clear();
  skipping_ = false;
}

std::size_t LineReader::held() const {
  std::size_t n = input_.size() - at_ + part_.size() + done_.size();
  for (const Chunk& c : more_) n += c.size();
  return n;
}

}  // namespace chappe::codec
