#include "post/search/merge.h"

#include <algorithm>

namespace chappe::post::search {
namespace {

constexpr std::uint32_t kSmallest = 64;  // documents; smaller segments are of one class
constexpr std::uint32_t kDeadShare = 4;  // a segment with one in so many dead is written anew

int class_of(const Segment& s) {
  int out = 0;
  for (std::uint64_t bound = kSmallest; s.docs >= bound; bound *= kFanOut) ++out;
  return out;
}

// Does not own it.
std::shared_ptr<store::Reader> reader_of(store::Store& store) { return {std::shared_ptr<void>(), &store}; }

}  // namespace

std::vector<Segment> to_merge(const State& state) {
  const auto& all = state.segments;
  // The longest run at the end in which none is of a higher class, for each class from the smallest.
  int highest = 0;
  for (const Segment& s : all) highest = std::max(highest, class_of(s));
  for (int c = 0; c <= highest; ++c) {
    auto begin = all.end();
    while (begin != all.begin() && class_of(*(begin - 1)) <= c) --begin;
    if (static_cast<std::size_t>(all.end() - begin) >= kFanOut) return {begin, all.end()};
  }
  for (const Segment& s : all)
    if (s.dead >= s.docs || (s.dead >= kSmallest && s.dead >= s.docs / kDeadShare)) return {s};
  return {};
}

Merge::Merge(store::Store& store, AccountId account, std::vector<Segment> from, std::uint32_t id)
    : store_(std::make_shared<Blocking>(reader_of(store))),
      account_(account),
      from_(std::move(from)),
      id_(id),
      lengths_(store_.get(), account),
      writer_(account, id, from_.front().first) {}

Result<void> Merge::begin() {
  for (const Segment& s : from_) {
    docs_ += TRY(lengths_.alive(s));
    inputs_.push_back({{store_.get(), account_, s}, TRY(TermCursor::seek(store_.get(), account_, s.id, {}))});
  }
  begun_ = true;
  return {};
}

Result<bool> Merge::copy(Input& input, store::Batch& batch) {
  if (!reader_) {
    if (input.cursor->done() || input.cursor->entry().term != *term_) return true;
    reader_.emplace(&input.rows, input.cursor->entry());
  }
  const bool words = term_->front() == static_cast<char>(TermKind::word);
  while (reader_->next()) {
    ++read_;
    const Posting& posting = reader_->posting();
    if (TRY(lengths_.code(posting.doc)) != 0) {
      writer_.add(batch, posting);
      if (words) writer_.add_places(batch, posting, reader_->places());
    }
    if (read_ >= kStepPostings || batch.bytes() >= kStepOctets) return false;
  }
  TRY(reader_->fault());
  reader_.reset();
  TRY(input.cursor->next());
  return true;
}

Result<bool> Merge::step(store::Batch& batch) {
  if (!begun_) TRY(begin());
  for (read_ = 0; read_ < kStepPostings && batch.bytes() < kStepOctets;) {
    if (!term_) {
      for (const Input& input : inputs_)
        if (!input.cursor->done() && (!term_ || input.cursor->entry().term < *term_))
          term_ = input.cursor->entry().term;
      if (!term_) {
        writer_.finish(batch);
        return true;
      }
      writer_.begin(*term_);
      input_ = 0;
    }
    for (; input_ < inputs_.size(); ++input_)
      if (!TRY(copy(inputs_[input_], batch))) return false;
    writer_.end(batch);
    term_.reset();
    ++read_;
  }
  return false;
}

void Merge::finish(Ledger& ledger, store::Batch& batch) const {
  ledger.state().merging = 0;
  // What had died before this began is not in it; what died since is, and is known from the state.
  ledger.replace(from_,
                 {.id = id_,
                  .first = from_.front().first,
                  .last = from_.back().last,
                  .docs = docs_,
                  .dead = 0,
                  .octets = writer_.octets()},
                 batch);
}

}  // namespace chappe::post::search
