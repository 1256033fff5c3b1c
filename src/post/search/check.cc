#include "post/search/check.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "post/mailbox/records.h"

namespace chappe::post::search {

using records::kPageUids;
using store::Row;
using store::Space;

namespace {

constexpr Space kSegmentSpaces[] = {Space::search_term, Space::search_posting, Space::search_word};
constexpr std::size_t kFeedAtOnce = 200;

std::string place_text(Place p) { return fmt::format("mailbox {}, uid {}", p.mailbox.value, p.uid.value); }

template <class T, class V, class P = std::identity>
bool has(const std::vector<T>& list, const V& value, P projection = {}) {
  return std::ranges::find(list, value, projection) != list.end();
}

bool is_fault(const Error& error) { return error.code() == Errc::corrupt || error.code() == Errc::unsupported; }

}  // namespace

std::string_view index_fault_name(IndexFault fault) {
  static constexpr std::string_view kNames[] = {"bad_row", "missing",    "disagree", "unknown_letter",
                                                "gone",    "overlooked", "astray"};
  return kNames[static_cast<std::size_t>(fault)];
}

// --- one segment

// Looks through the postings of a segment, and then at its rows.
class IndexCheck::SegmentCheck {
 public:
  SegmentCheck(IndexCheck& check, const Segment& segment)
      : check_(check),
        segment_(segment),
        name_(fmt::format("segment {}", segment.id)),
        left_(term_range(check.account_, segment.id)),
        rows_{check.store_.get(), check.account_, segment} {}

  // False: that was all.
  Result<bool> step();
  std::uint32_t id() const { return segment_.id; }

 private:
  void fault(IndexFault f, const std::string& detail) { check_.fault(f, name_, detail); }
  Result<void> term(const TermEntry& entry);
  Result<void> end();
  Result<std::uint64_t> size_of(store::Range range, std::uint64_t& octets);

  IndexCheck& check_;
  const Segment segment_;
  const std::string name_;
  store::Range left_;
  SegmentReader rows_;
  Bytes last_;
  std::uint64_t docs_end_ = 0, places_end_ = 0;
  std::size_t read_ = 0;
};

Result<void> IndexCheck::SegmentCheck::term(const TermEntry& entry) {
  const auto wrong = [&](IndexFault f, std::string_view detail) {
    check_.fault(f, fmt::format("{}, term {}", name_, printable(entry.term, 70)), std::string(detail));
  };
  if (entry.term <= last_) wrong(IndexFault::bad_row, "not in order");
  last_ = entry.term;
  if (entry.docs_at != docs_end_ || entry.places_at != places_end_)
    wrong(IndexFault::disagree, "its postings do not follow those of the term before");
  docs_end_ = entry.docs_at + entry.docs_size;
  places_end_ = entry.places_at + entry.places_size;
  const bool word = entry.term.starts_with(static_cast<char>(TermKind::word));
  TermReader reader(&rows_, entry);
  DocId before = 0;
  for (; reader.next(); ++read_) {
    const DocId doc = reader.posting().doc;
    const bool inside = doc > before && segment_.first <= doc && doc <= segment_.last;
    if (!inside || (segment_.dead == 0 && TRY(check_.lengths_.code(doc)) == 0)) {
      wrong(IndexFault::unknown_letter, fmt::format("document {}", doc));
      break;
    }
    before = doc;
    if (word) (void)reader.places();
  }
  const auto sound = reader.fault();
  if (!sound && !is_fault(sound.error())) return std::unexpected(sound.error());
  if (!sound) wrong(IndexFault::bad_row, sound.error().text());
  return {};
}

// The octets of the values of a range; adds those of keys and values to `octets`.
Result<std::uint64_t> IndexCheck::SegmentCheck::size_of(store::Range range, std::uint64_t& octets) {
  std::uint64_t out = 0;
  for (bool more = true; more;) {
    const store::Page page = TRY(check_.store_->scan(range));
    for (const Row& row : page.rows) {
      out += row.value.size();
      octets += row.key.size() + row.value.size();
    }
    check_.rows_ += page.rows.size();
    more = page.more;
    if (more) range = store::after(std::move(range), page);
  }
  return out;
}

Result<void> IndexCheck::SegmentCheck::end() {
  std::uint64_t octets = 0;
  TRY(size_of(term_range(check_.account_, segment_.id), octets));
  const auto docs = TRY(size_of(stream_range(check_.account_, Space::search_posting, segment_.id), octets));
  const auto places = TRY(size_of(stream_range(check_.account_, Space::search_word, segment_.id), octets));
  if (docs != docs_end_ || places != places_end_)
    fault(IndexFault::missing, fmt::format("{} and {} octets of postings and places instead of {} and {}", docs, places,
                                           docs_end_, places_end_));
  else if (octets != segment_.octets)
    fault(IndexFault::missing, fmt::format("{} octets instead of {}", octets, segment_.octets));
  const std::uint32_t alive = TRY(check_.lengths_.alive(segment_));
  check_.in_segments_ += alive;
  if (alive + std::uint64_t{segment_.dead} != segment_.docs)
    fault(IndexFault::disagree,
          fmt::format("{} documents and {} that are gone instead of {}", alive, segment_.dead, segment_.docs));
  return {};
}

Result<bool> IndexCheck::SegmentCheck::step() {
  for (read_ = 0; read_ < kPostings;) {
    const store::Page page = TRY(check_.store_->scan(left_, {.rows = 1}));
    if (page.rows.empty()) {
      TRY(end());
      return false;
    }
    const Row& row = page.rows.front();
    left_ = store::after(std::move(left_), page);
    std::vector<TermEntry> entries;
    const auto sound = each_term(row.value.view(), [&](const TermEntry& e) {
      entries.push_back(e);
      return true;
    });
    if (!sound || entries.empty() || row.key != term_key(check_.account_, segment_.id, entries.front().term)) {
      fault(IndexFault::bad_row, sound ? "a page of terms that is another's" : sound.error().text());
      continue;
    }
    ++read_;
    for (const TermEntry& e : entries) {
      TRY(term(e));
      if (check_.faults_ >= kMostTold) return false;
    }
  }
  return true;
}

// --- the rows of the index

IndexCheck::IndexCheck(store::Store& store, AccountId account, OnFault on_fault)
    : store_(std::make_shared<Blocking>(store.snapshot())),
      account_(account),
      on_fault_(std::move(on_fault)),
      lengths_(store_.get(), account) {}

void IndexCheck::fault(IndexFault f, std::string what, std::string detail) {
  if (faults_++ < kMostTold) on_fault_({f, std::move(what), std::move(detail)});
}

Result<void> IndexCheck::tell(Result<void> looked, const Row& row) {
  if (looked || !is_fault(looked.error())) return looked;
  fault(IndexFault::bad_row, printable(row.key.substr(4), 100), looked.error().text());
  return {};
}

// False: there is nothing to go on with.
Result<bool> IndexCheck::begin() {
  ++rows_;
  const auto account = TRY(store_->get(records::account_key(account_)));
  const auto row = TRY(store_->get(state_key(account_)));
  if (!row) {
    // It was never begun, or thrown away: all or nothing of it.
    for (const store::Range& range : all_of(account_))
      if (!TRY(store_->scan(range, {.rows = 1})).rows.empty())
        fault(IndexFault::astray, "rows of an index that has no state");
    return false;
  }
  const auto state = decode_state(row->view());
  if (!state) {
    TRY(tell(std::unexpected(state.error()), {state_key(account_), *row}));
    return false;
  }
  state_ = *state;
  if (!account) {
    fault(IndexFault::astray, "the index of an account that is not there");
    return false;
  }
  // Removed, or seen with other words: the indexer throws it away.
  const auto a = records::decode_account(account->view());
  if (!a || a->removed || state_.words_version != kWordsVersion) return false;
  DocId last = 0;
  for (const Segment& s : state_.segments) {
    if (s.first <= last || s.last < s.first || s.last >= state_.next_doc || s.id >= state_.next_segment ||
        s.dead > s.docs) {
      fault(IndexFault::disagree, fmt::format("segment {}", s.id), "its documents");
      return false;
    }
    last = s.last;
  }
  TRY(read_feed_behind());
  return true;
}

// What the index will learn from the feed.
Result<void> IndexCheck::read_feed_behind() {
  if (state_.scanning) {
    compared_ = false;
    return {};
  }
  std::size_t changes = 0;
  for (ModSeq at = state_.modseq;;) {
    const auto feed = store_->run(read_feed(store_->reader(), account_, at, kFeedAtOnce, Blocking::kNever));
    if (!feed && !is_fault(feed.error())) return std::unexpected(feed.error());
    changes += feed ? feed->rows.size() : 0;
    // Damage of the feed itself is told by whoever looks at mailboxes.
    compared_ = feed && !feed->resync && changes <= kMostFeed;
    if (!compared_) return {};
    if (feed->rows.empty()) return {};
    for (const FeedRow& row : feed->rows)
      for (const FeedRow::Touched& t : row.mailboxes) {
        Behind& behind = behind_[t.mailbox];
        for (const UidSet::Range& r : t.added.ranges()) behind.added.add(r.first, r.last);
        for (const UidSet::Range& r : t.expunged.ranges()) behind.expunged.add(r.first, r.last);
        behind.removed = behind.removed || t.tree;
      }
    at = feed->rows.back().modseq;
  }
}

// The next phase, and its rows.
void IndexCheck::go_on() {
  phase_ = static_cast<Phase>(static_cast<int>(phase_) + 1);
  const auto all = all_of(account_);
  switch (phase_) {
    case Phase::documents:
      left_ = all[1];
      return;
    case Phase::bodies:
      left_ = all[2];
      return;
    case Phase::places:
      left_ = all[3];
      return;
    case Phase::pages:
      left_ = all[4];
      return;
    case Phase::messages:
      left_.reset();
      if (compared_) left_ = store::KeyWriter(account_.value, Space::message).range();
      return;
    case Phase::segments:
      sum_up();
      return;
    default:
      left_.reset();
  }
}

Result<void> IndexCheck::look(const Row& row) {
  switch (phase_) {
    case Phase::documents:
      return document(row);
    case Phase::bodies:
      return body(row);
    case Phase::places:
      return places(row);
    case Phase::pages:
      return page(row);
    default:
      return message(row);
  }
}

Result<void> IndexCheck::document(const Row& row) {
  store::KeyReader key(row.key);
  TRY(key.expect(account_.value, Space::search_document));
  const DocId doc = TRY(key.u32());
  const Document d = TRY(decode_document(row.value.view()));
  const auto wrong = [&](IndexFault f, std::string_view detail) {
    fault(f, fmt::format("document {}", doc), std::string(detail));
  };
  ++documents_;
  words_ += d.words;
  named_ += d.places.size();
  if (doc == 0 || doc >= state_.next_doc) return wrong(IndexFault::disagree, "its number"), Result<void>();
  if (TRY(lengths_.code(doc)) != length_code(d.words)) wrong(IndexFault::disagree, "its length");
  const auto dates = TRY(store_->get(date_key(account_, doc / kDatesPage)));
  if (!dates)
    wrong(IndexFault::missing, "its date");
  else if (TRY(decode_dates(dates->view()))[doc % kDatesPage] != minutes_of(d.date))
    wrong(IndexFault::disagree, "its date");
  // A letter in very many mailboxes is several documents; its body names the last of them, or none.
  const auto named = TRY(store_->get(body_key(account_, d.body.id)));
  if (!named && d.places.size() < Document::kMaxPlaces)
    wrong(IndexFault::missing, "its body leads to no document");
  else if (named && TRY(decode_doc(named->view())) < doc)
    wrong(IndexFault::disagree, "its body leads to an older document");
  return {};
}

Result<void> IndexCheck::body(const Row& row) {
  const DocId doc = TRY(decode_doc(row.value.view()));
  const auto there = TRY(store_->get(document_key(account_, doc)));
  if (!there) return fault(IndexFault::unknown_letter, fmt::format("a body of document {}", doc)), Result<void>();
  if (row.key != body_key(account_, TRY(decode_document(there->view())).body.id))
    fault(IndexFault::disagree, fmt::format("document {}", doc), "a body that is not its own leads to it");
  return {};
}

Result<bool> IndexCheck::mailbox_is_there(MailboxId mailbox) {
  if (!mailbox_ || mailbox_->first != mailbox)
    mailbox_ = {mailbox, TRY(store_->get(records::mailbox_key(account_, mailbox))).has_value()};
  return mailbox_->second;
}

// A page of places: each has its letter, and its message.
Result<void> IndexCheck::places(const Row& row) {
  const Place first = TRY(place_of(account_, row.key));
  const PlacePage page = TRY(decode_places(row.value.view(), records::page_of(first.uid)));
  placed_ += page.rows.size();
  rows_ += page.rows.size();
  UidSet present;
  if (compared_ && TRY(mailbox_is_there(first.mailbox)) && !page.rows.empty()) {
    store::Range range =
        records::message_range(account_, first.mailbox, page.rows.front().first, page.rows.back().first);
    for (bool more = true; more;) {
      const store::Page messages = TRY(store_->scan(range));
      for (const Row& m : messages.rows) present.add(TRY(records::message_of(account_, first.mailbox, m.key)));
      more = messages.more;
      if (more) range = store::after(std::move(range), messages);
    }
  }
  const auto behind = behind_.find(first.mailbox);
  for (const auto& [uid, doc] : page.rows) {
    const Place place{first.mailbox, uid};
    const auto there = doc < state_.next_doc ? TRY(store_->get(document_key(account_, doc))) : std::nullopt;
    if (!there)
      fault(IndexFault::unknown_letter, place_text(place), fmt::format("document {}", doc));
    else if (!has(TRY(decode_document(there->view())).places, place))
      fault(IndexFault::disagree, place_text(place), fmt::format("document {} does not know of it", doc));
    if (!compared_ || present.contains(uid)) continue;
    if (behind == behind_.end() || !(behind->second.removed || behind->second.expunged.contains(uid)))
      fault(IndexFault::gone, place_text(place));
  }
  return {};
}

// The octets of documents: lengths, or dates.
Result<void> IndexCheck::page(const Row& row) {
  const std::uint32_t number = TRY(page_of(account_, row.key));
  if (row.key != length_key(account_, number)) {
    TRY(decode_dates(row.value.view()));
    return {};
  }
  const LengthPage page = TRY(decode_lengths(row.value.view()));
  for (const std::uint8_t code : page) lengths_seen_ += code != 0;
  return {};
}

// A message, which the index knows, or will hear of.
Result<void> IndexCheck::message(const Row& row) {
  store::KeyReader key(row.key);
  TRY(key.expect(account_.value, Space::message));
  Place place;
  place.mailbox = {TRY(key.u32())};
  place.uid = {TRY(key.u32())};
  const Place at{place.mailbox, {records::page_of(place.uid) * kPageUids}};
  if (known_at_ != at) {
    known_at_ = at;
    known_ = {};
    // What does not read back was told where places were looked at.
    if (const auto page = TRY(store_->get(place_key(account_, at.mailbox, records::page_of(place.uid)))))
      if (auto read = decode_places(page->view(), records::page_of(place.uid))) known_ = std::move(*read);
  }
  if (std::ranges::binary_search(known_.rows, place.uid, {}, &std::pair<Uid, DocId>::first)) return {};
  const auto behind = behind_.find(place.mailbox);
  if (behind != behind_.end() && behind->second.added.contains(place.uid)) return {};
  // Messages of a mailbox that was removed are being taken away.
  if (TRY(mailbox_is_there(place.mailbox))) fault(IndexFault::overlooked, place_text(place));
  return {};
}

void IndexCheck::sum_up() {
  const auto compare = [this](std::string_view what, std::uint64_t is, std::uint64_t said) {
    if (is != said) fault(IndexFault::disagree, std::string(what), fmt::format("{} instead of {}", said, is));
  };
  compare("how many letters there are", documents_, state_.docs);
  compare("how many lengths there are", lengths_seen_, documents_);
  compare("how many words there are", words_, state_.words);
  compare("how many places there are", placed_, state_.places);
  compare("how many places letters name", named_, placed_);
}

Result<void> IndexCheck::segments() {
  if (segment_ == state_.segments.size()) {
    if (in_segments_ != lengths_seen_)
      fault(IndexFault::disagree, "letters in no segment",
            fmt::format("{} in segments instead of {}", in_segments_, lengths_seen_));
    go_on();
    return {};
  }
  if (!now_) now_ = std::make_shared<SegmentCheck>(*this, state_.segments[segment_]);
  const auto more = now_->step();
  if (!more && !is_fault(more.error())) return std::unexpected(more.error());
  if (!more) fault(IndexFault::bad_row, fmt::format("segment {}", now_->id()), more.error().text());
  if (more && *more) return {};
  now_.reset();
  ++segment_;
  return {};
}

// The next segment in a space that the state does not name.
Result<void> IndexCheck::stray() {
  if (!left_) {
    if (stray_space_ == std::size(kSegmentSpaces)) return go_on(), Result<void>();
    left_ = store::KeyWriter(account_.value, kSegmentSpaces[stray_space_++]).range();
  }
  const store::Page page = TRY(store_->scan(*left_, {.rows = 1}));
  if (page.rows.empty()) {
    left_.reset();
    return {};
  }
  const Space space = kSegmentSpaces[stray_space_ - 1];
  store::KeyReader key(page.rows.front().key);
  TRY(key.expect(account_.value, space));
  const std::uint32_t id = TRY(key.u32());
  const bool known = id == state_.merging || has(state_.segments, id, &Segment::id);
  if (!known) fault(IndexFault::astray, fmt::format("segment {}", id), "rows of a segment that is none");
  left_->begin = store::KeyWriter(account_.value, space).u32(id).range().end;
  return {};
}

// A piece of the phase.
Result<void> IndexCheck::piece() {
  switch (phase_) {
    case Phase::begin:
      if (TRY(begin()))
        go_on();
      else
        phase_ = Phase::done;
      return {};
    case Phase::segments:
      return segments();
    case Phase::strays:
      return stray();
    case Phase::done:
      return {};
    default: {
      if (!left_) return go_on(), Result<void>();
      const store::Page page = TRY(store_->scan(*left_, {.rows = kRows}));
      rows_ += page.rows.size();
      for (const Row& row : page.rows) TRY(tell(look(row), row));
      if (page.more)
        left_ = store::after(std::move(*left_), page);
      else
        left_.reset();
      return {};
    }
  }
}

Result<bool> IndexCheck::step() {
  if (faults_ >= kMostTold) phase_ = Phase::done;
  const Phase phase = phase_;
  const auto done = piece();
  if (!done && !is_fault(done.error())) return std::unexpected(done.error());
  // Nothing can be read here.
  if (!done) fault(IndexFault::bad_row, "rows that cannot be read", done.error().text());
  if (!done && phase == Phase::begin) phase_ = Phase::done;
  if (!done && phase != Phase::begin) go_on();
  return phase_ != Phase::done;
}

Result<void> IndexCheck::run() {
  while (TRY(step())) continue;
  return {};
}

}  // namespace chappe::post::search
