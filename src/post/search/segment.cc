#include "post/search/segment.h"

#include <utility>

#include "post/mailbox/records.h"

namespace chappe::post::search {

using store::Space;

// --- writing

SegmentWriter::SegmentWriter(AccountId account, std::uint32_t segment, DocId base)
    : account_(account), segment_(segment), base_(base), postings_(base) {}

void SegmentWriter::put(store::Batch& batch, Bytes key, Bytes value) {
  octets_ += key.size() + value.size();
  batch.put(std::move(key), std::move(value));
}

void SegmentWriter::flush(store::Batch& batch, Stream& s, bool all) {
  std::size_t done = 0;
  while (s.buffer.size() - done >= kRow || (all && done < s.buffer.size())) {
    Bytes row = s.buffer.substr(done, kRow);
    done += row.size();
    put(batch, stream_key(account_, s.space, segment_, s.rows++), std::move(row));
  }
  s.buffer.erase(0, done);
}

void SegmentWriter::begin(Bytes term) {
  now_ = {.term = std::move(term), .docs_at = docs_.size, .places_at = places_.size};
  postings_ = PostingsWriter(base_);
}

void SegmentWriter::add(store::Batch& batch, const Posting& posting) {
  const std::size_t before = docs_.buffer.size();
  postings_.add(docs_.buffer, posting);
  docs_.size += docs_.buffer.size() - before;
  ++now_.count;
  if (docs_.buffer.size() >= 2 * kRow) flush(batch, docs_, false);
}

void SegmentWriter::add_places(store::Batch& batch, const Posting& posting, const std::vector<std::uint32_t>& places) {
  const std::size_t before = places_.buffer.size();
  write_places(places_.buffer, posting, places);
  places_.size += places_.buffer.size() - before;
  if (places_.buffer.size() >= 2 * kRow) flush(batch, places_, false);
}

void SegmentWriter::end(store::Batch& batch) {
  if (now_.count == 0) return;
  now_.docs_size = docs_.size - now_.docs_at;
  now_.places_size = places_.size - now_.places_at;
  terms_.add(now_);
  if (!terms_.full()) return;
  Bytes key = term_key(account_, segment_, terms_.first());
  put(batch, std::move(key), terms_.take());
}

void SegmentWriter::finish(store::Batch& batch) {
  if (!terms_.empty()) {
    Bytes key = term_key(account_, segment_, terms_.first());
    put(batch, std::move(key), terms_.take());
  }
  flush(batch, docs_, true);
  flush(batch, places_, true);
}

// --- reading

bool StreamOctets::more() {
  if (at_ >= end_ || error_) return false;
  const auto number = static_cast<std::uint32_t>(at_ / SegmentWriter::kRow);
  SegmentReader::Row& last = space_ == Space::search_posting ? reader_->postings : reader_->words;
  if (last.number != number) {
    auto got = reader_->store->get(stream_key(reader_->account, space_, reader_->segment.id, number));
    if (!got) {
      error_ = std::move(got.error());
      return false;
    }
    last = {number, *got ? std::move(**got) : store::Value()};
  }
  row_ = last.octets;
  const std::size_t skip = at_ % SegmentWriter::kRow;
  if (row_.size() <= skip) return false;  // shorter than its term says: fault()
  piece_ = row_.view().substr(skip, end_ - at_);
  at_ += piece_.size();
  return true;
}

Result<void> StreamOctets::fault() const {
  if (error_) return std::unexpected(*error_);
  if (!ok()) return fail(Errc::corrupt, "a posting list of the search index does not read back");
  return {};
}

TermReader::TermReader(SegmentReader* reader, const TermEntry& entry)
    : docs_(reader, Space::search_posting, entry.docs_at, entry.docs_size),
      words_(reader, Space::search_word, entry.places_at, entry.places_size),
      postings_(&docs_, reader->segment.first, entry.count),
      has_places_(entry.places_size > 0) {}

bool TermReader::next() {
  // Who reads documents alone does not read places: those before are passed over when somebody asks for some.
  if (owed_) behind_ += posting().places();
  owed_ = postings_.next();
  return owed_;
}

const std::vector<std::uint32_t>& TermReader::places() {
  if (!has_places_) return places_;
  for (; behind_ > 0 && words_.ok(); --behind_) words_.number();
  if (std::exchange(owed_, false)) read_places(words_, posting(), places_);
  return places_;
}

Result<void> TermReader::fault() const {
  TRY(docs_.fault());
  return words_.fault();
}

Result<void> TermCursor::load() {
  page_.clear();
  at_ = 0;
  const store::Page rows = TRY(store_->scan(range_, {.rows = 1}));
  if (rows.rows.empty()) return {};
  TRY(each_term(rows.rows.front().value.view(), [this](const TermEntry& e) {
    page_.push_back(e);
    return true;
  }));
  range_ = store::after(std::move(range_), rows);
  return {};
}

Result<TermCursor> TermCursor::seek(Blocking* store, AccountId account, std::uint32_t segment, ByteView from) {
  TermCursor out(store, account, segment);
  // The page that begins with `from` or before it; without one, the first.
  if (!from.empty()) {
    const Bytes key = term_key(account, segment, from);
    const store::Page rows = TRY(store->scan({out.range_.begin, key + '\0'}, {.rows = 1, .reverse = true}));
    if (!rows.rows.empty()) out.range_.begin = rows.rows.front().key;
  }
  TRY(out.load());
  while (!out.done() && out.entry().term < from) TRY(out.next());
  return out;
}

Result<void> TermCursor::next() {
  if (++at_ < page_.size()) return {};
  return load();
}

Result<void> each_place(Blocking* store, AccountId account, MailboxId mailbox,
                        const std::function<void(Uid, DocId)>& take) {
  store::Range range = place_range(account, mailbox);
  for (bool more = true; more;) {
    const store::Page page = TRY(store->scan(range));
    for (const store::Row& row : page.rows) {
      const Place first = TRY(place_of(account, row.key));
      const PlacePage places = TRY(decode_places(row.value.view(), records::page_of(first.uid)));
      for (const auto& [uid, doc] : places.rows) take(uid, doc);
    }
    more = page.more;
    if (more) range = store::after(std::move(range), page);
  }
  return {};
}

Result<std::optional<TermEntry>> find_term(Blocking* store, AccountId account, std::uint32_t segment, ByteView term) {
  const store::Range range{term_range(account, segment).begin, term_key(account, segment, term) + '\0'};
  const store::Page rows = TRY(store->scan(range, {.rows = 1, .reverse = true}));
  if (rows.rows.empty()) return std::optional<TermEntry>();
  std::optional<TermEntry> out;
  TRY(each_term(rows.rows.front().value.view(), [&](const TermEntry& e) {
    if (e.term == term) out = e;
    return e.term < term;
  }));
  return out;
}

}  // namespace chappe::post::search
