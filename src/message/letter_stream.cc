#include "message/letter_stream.h"

#include <algorithm>

#include "base/text.h"
#include "message/lexer.h"
#include "message/scanner.h"

namespace chappe::message {

struct LetterStream::Inside {
  explicit Inside(Letter::Limits limits) : scanner(letter, limits, true) {}
  Letter letter;
  Scanner scanner;
};

LetterStream::LetterStream(Letter::Limits limits) : inside_(std::make_unique<Inside>(limits)) {}
LetterStream::~LetterStream() = default;
LetterStream::LetterStream(LetterStream&&) noexcept = default;
LetterStream& LetterStream::operator=(LetterStream&&) noexcept = default;

void LetterStream::scan(ByteView window, bool last) {
  const std::size_t needed = inside_->scanner.feed(window, base_, last);
  keep_lead(window);
  Bytes rest(window.substr(needed - base_));
  // When nothing could be decided, it takes as much again: so that what comes in crumbs costs no square.
  enough_ = needed == base_ ? 2 * rest.size() : 0;
  base_ = needed;
  pending_ = std::move(rest);
}

void LetterStream::keep_lead(ByteView window) {
  Letter& letter = inside_->letter;
  if (letter.lead_part_ == kNone) return;
  const std::size_t most = Letter::most_lead(letter.parts_[letter.lead_part_]);
  if (letter.lead_.size() == most) return;
  // The part was found in this window or before, and what came before is kept.
  const std::size_t from = letter.parts_[letter.lead_part_].body + letter.lead_.size() - base_;
  if (from < window.size()) letter.lead_ += window.substr(from, most - letter.lead_.size());
}

void LetterStream::feed(ByteView octets) {
  if (size_ + octets.size() > Letter::kMaxSize) {
    if (size_ < Letter::kMaxSize) inside_->letter.findings_.add(Finding::too_large, Letter::kMaxSize);
    octets = octets.substr(0, Letter::kMaxSize - std::min<std::uint64_t>(size_, Letter::kMaxSize));
  }
  if (octets.empty()) return;
  size_ += octets.size();
  if (pending_.empty()) return scan(octets, false);
  pending_ += octets;
  if (pending_.size() < enough_) return;
  const Bytes window = std::move(pending_);
  scan(window, false);
}

Letter LetterStream::finish() {
  const Bytes window = std::move(pending_);
  scan(window, true);
  Letter& letter = inside_->letter;
  letter.body_lines_ = Letter::lines_between(letter.parts_, letter.line_marks_);
  letter.line_marks_.clear();
  if (const Part* lead = letter.lead_part()) letter.lead_.resize(std::min(letter.lead_.size(), lead->end - lead->body));
  return std::move(letter);
}

void OutlineBuilder::add_part(Part part, std::size_t lines) {
  part.index = static_cast<std::uint32_t>(letter_.parts_.size());
  part.first_child = part.next = kNone;
  part.children = 0;
  part.first_field = static_cast<std::uint32_t>(letter_.fields_.size());
  part.field_count = 0;
  part.type_field = kNone;
  part.type = letter_.owned_.emplace_back(part.type);
  part.subtype = letter_.owned_.emplace_back(part.subtype);
  if (part.parent != kNone) {
    Part& up = letter_.parts_[part.parent];
    part.depth = up.depth + 1;
    part.number = ++up.children;
    if (up.first_child == kNone)
      up.first_child = part.index;
    else
      letter_.parts_[last_child_[part.parent]].next = part.index;
    last_child_[part.parent] = part.index;
  }
  last_child_.push_back(kNone);
  letter_.parts_.push_back(part);
  letter_.body_lines_.push_back(lines);
}

void OutlineBuilder::add_field(ByteView raw, std::size_t offset) {
  Part& part = letter_.parts_.back();
  const ByteView kept = letter_.owned_.emplace_back(raw);
  const std::size_t colon = std::min(kept.find(':'), kept.size());
  const ByteView name = trim(kept.substr(0, colon));
  const FieldName id = field_name(name);
  if (id == FieldName::content_type && part.type_field == kNone)
    part.type_field = static_cast<std::uint32_t>(letter_.fields_.size());
  letter_.fields_.emplace_back(kept, offset, name.size(), std::min(colon + 1, kept.size()), id);
  ++part.field_count;
}

Letter OutlineBuilder::take() { return std::move(letter_); }

}  // namespace chappe::message
