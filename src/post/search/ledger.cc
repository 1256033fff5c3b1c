#include "post/search/ledger.h"

#include <algorithm>

#include "post/mailbox/records.h"

namespace chappe::post::search {

using records::kPageUids;

Result<Ledger> Ledger::open(Blocking* store, AccountId account) {
  Ledger out(store, account);
  if (const auto row = TRY(store->get(state_key(account)))) {
    out.before_ = Bytes(row->view());
    out.state_ = TRY(decode_state(row->view()));
  }
  return out;
}

Result<Ledger::Cached<PlacePage>*> Ledger::place_page(MailboxId mailbox, std::uint32_t page) {
  const auto [at, fresh] = places_.try_emplace({mailbox.value, page});
  if (fresh) {
    if (const auto row = TRY(store_->get(place_key(account_, mailbox, page))))
      at->second.value = TRY(decode_places(row->view(), page));
  }
  return &at->second;
}

Result<Ledger::Cached<LengthPage>*> Ledger::lengths(DocId doc) {
  const std::uint32_t page = doc / kLengthsPage;
  const auto [at, fresh] = lengths_.try_emplace(page);
  if (fresh) {
    at->second.value.fill(0);
    if (const auto row = TRY(store_->get(length_key(account_, page))))
      at->second.value = TRY(decode_lengths(row->view()));
  }
  return &at->second;
}

Result<Ledger::Cached<DatePage>*> Ledger::dates(DocId doc) {
  const std::uint32_t page = doc / kDatesPage;
  const auto [at, fresh] = dates_.try_emplace(page);
  if (fresh) {
    at->second.value.fill(0);
    if (const auto row = TRY(store_->get(date_key(account_, page)))) at->second.value = TRY(decode_dates(row->view()));
  }
  return &at->second;
}

Result<Ledger::Cached<std::optional<Document>>*> Ledger::document(DocId doc) {
  const auto [at, fresh] = documents_.try_emplace(doc);
  if (fresh) {
    if (const auto row = TRY(store_->get(document_key(account_, doc))))
      at->second.value = TRY(decode_document(row->view()));
  }
  return &at->second;
}

Result<const PlacePage*> Ledger::places(MailboxId mailbox, std::uint32_t page) {
  return &TRY(place_page(mailbox, page))->value;
}

Result<DocId> Ledger::find(Place place) {
  const auto* page = TRY(place_page(place.mailbox, records::page_of(place.uid)));
  const auto& rows = page->value.rows;
  const auto at = std::ranges::lower_bound(rows, place.uid, {}, &std::pair<Uid, DocId>::first);
  return at != rows.end() && at->first == place.uid ? at->second : 0;
}

// Whatever room it has.
Result<DocId> Ledger::named_by(const store::BodyId& body) {
  if (const auto at = bodies_.find(body); at != bodies_.end()) return at->second;
  const auto row = TRY(store_->get(body_key(account_, body)));
  return row ? decode_doc(row->view()) : Result<DocId>(0);
}

Result<DocId> Ledger::document_of(const store::BodyId& body) {
  const DocId doc = TRY(named_by(body));
  if (doc == 0) return 0;
  const auto* d = TRY(document(doc));
  if (!d->value) return fail(Errc::corrupt, "the search index names a document that it does not have");
  return d->value->places.size() < Document::kMaxPlaces ? doc : 0;
}

Result<DocId> Ledger::make(Document document) {
  if (state_.next_doc == ~DocId{0}) return fail(Errc::too_large, "the search index has given all its numbers");
  const DocId doc = state_.next_doc++;
  auto* length = TRY(lengths(doc));
  length->value[doc % kLengthsPage] = length_code(document.words);
  length->dirty = true;
  auto* date = TRY(dates(doc));
  date->value[doc % kDatesPage] = minutes_of(document.date);
  date->dirty = true;
  ++state_.docs;
  state_.words += document.words;
  bodies_[document.body.id] = doc;
  documents_[doc] = {std::move(document), true};
  ++changes_;
  return doc;
}

Result<void> Ledger::add_place(DocId doc, Place place) {
  auto* page = TRY(place_page(place.mailbox, records::page_of(place.uid)));
  auto& rows = page->value.rows;
  const auto at = std::ranges::lower_bound(rows, place.uid, {}, &std::pair<Uid, DocId>::first);
  if (at != rows.end() && at->first == place.uid) return {};
  rows.insert(at, {place.uid, doc});
  page->dirty = true;
  auto* d = TRY(document(doc));
  if (!d->value) return fail(Errc::corrupt, "the search index names a document that it does not have");
  d->value->places.push_back(place);
  d->dirty = true;
  ++state_.places;
  ++changes_;
  return {};
}

Result<void> Ledger::remove_place(Place place) {
  auto* page = TRY(place_page(place.mailbox, records::page_of(place.uid)));
  auto& rows = page->value.rows;
  const auto at = std::ranges::lower_bound(rows, place.uid, {}, &std::pair<Uid, DocId>::first);
  if (at == rows.end() || at->first != place.uid) return {};
  const DocId doc = at->second;
  rows.erase(at);
  page->dirty = true;
  --state_.places;
  ++changes_;
  auto* d = TRY(document(doc));
  if (!d->value) return fail(Errc::corrupt, "the search index names a document that it does not have");
  d->dirty = true;
  std::erase(d->value->places, place);
  if (!d->value->places.empty()) return {};
  TRY(kill(doc, *d->value));
  d->value.reset();
  return {};
}

Result<void> Ledger::kill(DocId doc, const Document& document) {
  auto* length = TRY(lengths(doc));
  length->value[doc % kLengthsPage] = 0;
  length->dirty = true;
  --state_.docs;
  state_.words -= std::min<std::uint64_t>(state_.words, document.words);
  // A letter in very many mailboxes is several documents; its body names the last of them.
  if (TRY(named_by(document.body.id)) == doc) bodies_[document.body.id] = 0;
  const auto segment =
      std::ranges::find_if(state_.segments, [doc](const Segment& s) { return s.first <= doc && doc <= s.last; });
  if (segment != state_.segments.end())
    ++segment->dead;
  else
    ++early_deaths_;
  return {};
}

void Ledger::add(Segment segment) {
  segment.dead += std::exchange(early_deaths_, 0);
  state_.segments.push_back(segment);
  ++changes_;
}

void Ledger::replace(const std::vector<Segment>& from, Segment to, store::Batch& batch) {
  const auto begin = std::ranges::find(state_.segments, from.front().id, &Segment::id);
  const auto end = begin + static_cast<std::ptrdiff_t>(from.size());
  for (std::size_t i = 0; i < from.size(); ++i) {
    const Segment& now = begin[static_cast<std::ptrdiff_t>(i)];
    to.dead += now.dead - from[i].dead;
    batch.remove(term_range(account_, now.id));
    batch.remove(stream_range(account_, store::Space::search_posting, now.id));
    batch.remove(stream_range(account_, store::Space::search_word, now.id));
  }
  const auto at = state_.segments.erase(begin, end);
  if (to.docs > 0) state_.segments.insert(at, to);
  ++changes_;
}

void Ledger::finish(store::Batch& batch) {
  for (const auto& [key, page] : places_) {
    if (!page.dirty) continue;
    Bytes where = place_key(account_, {key.first}, key.second);
    if (page.value.rows.empty())
      batch.remove(std::move(where));
    else
      batch.put(std::move(where), encode(page.value, key.second));
  }
  for (const auto& [number, page] : lengths_) {
    if (!page.dirty) continue;
    if (std::ranges::all_of(page.value, [](std::uint8_t v) { return v == 0; }))
      batch.remove(length_key(account_, number));
    else
      batch.put(length_key(account_, number), encode(page.value));
  }
  for (const auto& [number, page] : dates_)
    if (page.dirty) batch.put(date_key(account_, number), encode(page.value));
  for (const auto& [doc, document] : documents_) {
    if (!document.dirty) continue;
    if (document.value)
      batch.put(document_key(account_, doc), encode(*document.value));
    else
      batch.remove(document_key(account_, doc));
  }
  for (const auto& [body, doc] : bodies_) {
    if (doc == 0)
      batch.remove(body_key(account_, body));
    else
      batch.put(body_key(account_, body), encode_doc(doc));
  }
  batch.put(state_key(account_), encode(state_));
}

}  // namespace chappe::post::search
