#include "codec/line_reader.h"

#include <algorithm>
#include <utility>

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

LineReader::Got LineReader::next(ByteView& line, std::size_t limit) {
  if (skipping_) {
    if (const Got got = skip(); skipping_ || got == Got::endless) return got;
  }
  while (next_chunk()) {
    const ByteView rest = input_.view().substr(at_);
    const std::size_t lf = rest.find('\n');
    const std::size_t n = std::min(lf, rest.size());
    if (part_.size() + n >= limit) {
      const std::size_t take = limit - part_.size();
      part_ += rest.substr(0, take);
      at_ += take;
      skipping_ = true;
      skipped_ = 0;
      after_cr_ = part_.back() == '\r';
      line = done_ = std::exchange(part_, Bytes());
      return Got::too_long;
    }
    at_ += lf == ByteView::npos ? n : n + 1;
    if (lf == ByteView::npos) {
      part_ += rest;
      continue;
    }
    line = rest.substr(0, n);
    if (!part_.empty()) {
      done_ = std::exchange(part_, Bytes()) + Bytes(line);
      line = done_;
    }
    if (!line.ends_with('\r')) {
      skipping_ = true;
      skipped_ = 0;
      after_cr_ = false;
      return Got::bare_lf;
    }
    line.remove_suffix(1);
    return Got::line;
  }
  return Got::nothing;
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
