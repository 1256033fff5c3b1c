#include "post/search/portion.h"

#include <algorithm>
#include <limits>

#include "message/letter_stream.h"
#include "post/mailbox/records.h"
#include "post/mailbox/summary.h"

namespace chappe::post::search {

using records::kPageUids;

// One portion of one account.
class PortionMaker::Work {
 public:
  Work(PortionMaker& maker, AccountId account)
      : maker_(maker),
        account_(account),
        store_(maker.store_.snapshot()),
        bodies_(maker.store_),
        builder_(maker.tokenizer_, maker.stemmer_) {}

  Result<Portion> run(std::uint32_t merging);

 private:
  State& state() { return ledger_->state(); }
  // No more can be taken into this portion.
  bool full() const {
    const PortionLimits& l = maker_.limits_;
    return out_.letters + out_.left_out >= l.letters || out_.octets >= l.octets || builder_.bytes() >= l.bytes ||
           ledger_->changes() >= l.changes || looked_at_ >= l.messages || elsewhere_ >= l.elsewhere;
  }
  Result<bool> scan();
  Result<std::optional<MailboxId>> mailbox_from(MailboxId first);
  Result<std::optional<std::uint32_t>> page_from(MailboxId mailbox, bool exists, std::uint32_t first);
  Result<bool> scan_page(MailboxId mailbox, bool exists, std::uint32_t page);
  Result<bool> follow();
  Result<bool> follow(const FeedRow& row);
  Result<bool> exists(MailboxId mailbox);
  Result<bool> forget(MailboxId mailbox);
  Result<void> add(Place place, const MessageRecord& record);
  Result<std::uint32_t> take_in(DocId doc, const store::BodyRef& body);
  Result<std::vector<std::string>> attachments(const message::Letter& beginning, const store::BodyRef& body);
  Result<message::Letter> outline_of(const store::BodyRef& body);

  PortionMaker& maker_;
  const AccountId account_;
  Blocking store_;
  const store::Bodies bodies_;
  Builder builder_;
  std::optional<Ledger> ledger_;
  Portion out_;
  ModSeq newest_;  // of the account
  std::size_t looked_at_ = 0;
  Duration elsewhere_{0};
  bool anew_ = false;
};

Result<Portion> PortionMaker::Work::run(std::uint32_t merging) {
  const auto row = TRY(store_.get(records::account_key(account_)));
  if (row) {
    const records::AccountRow a = TRY(records::decode_account(row->view()));
    out_.gone = a.removed;
    newest_ = a.modseq;
  }
  // Whoever removes an account removes all of its rows.
  if (!row || out_.gone) {
    out_.gone = out_.idle = true;
    return std::move(out_);
  }
  ledger_.emplace(TRY(Ledger::open(&store_, account_)));
  out_.before = ledger_->before();
  bool wrote = !out_.before;
  if (state().words_version != kWordsVersion) {
    for (const store::Range& range : all_of(account_)) out_.batch.remove(range);
    state() = State();
    wrote = true;
    anew_ = true;
  }
  if (!out_.before || anew_) state().modseq = newest_;
  if (state().merging != merging && state().merging != 0) {
    const std::uint32_t remnant = std::exchange(state().merging, 0);
    out_.batch.remove(term_range(account_, remnant));
    out_.batch.remove(stream_range(account_, store::Space::search_posting, remnant));
    out_.batch.remove(stream_range(account_, store::Space::search_word, remnant));
    wrote = true;
  }
  // Rows that were just removed must not be read as if they were there.
  if (!anew_) {
    wrote = TRY(state().scanning ? scan() : follow()) || wrote;
    if (builder_.docs() > 0)
      ledger_->add(TRY(builder_.write(account_, state().next_segment++, out_.batch, maker_.stopped_)));
  }
  out_.idle = !wrote && ledger_->changes() == 0;
  if (!out_.idle) ledger_->finish(out_.batch);
  out_.state = state();
  return std::move(out_);
}

// --- reading through the mailboxes

Result<bool> PortionMaker::Work::exists(MailboxId mailbox) {
  return TRY(store_.get(records::mailbox_key(account_, mailbox))).has_value();
}

// The first mailbox from `first` on that there is, or that the index thinks there is.
Result<std::optional<MailboxId>> PortionMaker::Work::mailbox_from(MailboxId first) {
  std::optional<MailboxId> out;
  store::Range range = records::mailbox_range(account_);
  range.begin = records::mailbox_key(account_, first);
  const store::Page mailboxes = TRY(store_.scan(range, {.rows = 1}));
  if (!mailboxes.rows.empty()) out = TRY(records::mailbox_of(account_, mailboxes.rows.front().key));
  range = place_range(account_);
  range.begin = place_key(account_, first, 0);
  const store::Page places = TRY(store_.scan(range, {.rows = 1}));
  if (!places.rows.empty()) {
    const Place place = TRY(place_of(account_, places.rows.front().key));
    if (!out || place.mailbox < *out) out = place.mailbox;
  }
  return out;
}

// The first page from `first` on that has messages, or of which the index thinks so.
Result<std::optional<std::uint32_t>> PortionMaker::Work::page_from(MailboxId mailbox, bool there, std::uint32_t first) {
  std::optional<std::uint32_t> out;
  if (there) {
    const Uid from{std::max(first * kPageUids, 1u)};
    const store::Page page = TRY(store_.scan(records::message_range(account_, mailbox, from), {.rows = 1}));
    if (!page.rows.empty()) {
      const Uid uid = TRY(records::message_of(account_, mailbox, page.rows.front().key));
      out = records::page_of(uid);
    }
  }
  const store::Page page = TRY(store_.scan(place_range(account_, mailbox, first), {.rows = 1}));
  if (!page.rows.empty()) {
    const Place place = TRY(place_of(account_, page.rows.front().key));
    const std::uint32_t number = records::page_of(place.uid);
    if (!out || number < *out) out = number;
  }
  return out;
}

// Compares one page of UIDs with what the index has of it. False: not to its end.
Result<bool> PortionMaker::Work::scan_page(MailboxId mailbox, bool there, std::uint32_t page) {
  const Uid first{std::max(page * kPageUids, 1u)};
  const Uid last{page * kPageUids + (kPageUids - 1)};
  UidSet present;
  if (there) {
    const auto rows = TRY(store_.run(
        store::scan_all(store_.reader(), records::message_range(account_, mailbox, first, last), Blocking::kNever)));
    for (const store::Row& row : rows) {
      if (full()) return false;
      const Uid uid = TRY(records::message_of(account_, mailbox, row.key));
      present.add(uid);
      const MessageRecord record = TRY(records::decode_message(row.value.view(), uid));
      TRY(add({mailbox, uid}, record));
    }
  }
  // Copied: the page is changed meanwhile.
  const PlacePage known = *TRY(ledger_->places(mailbox, page));
  for (const auto& [uid, doc] : known.rows) {
    if (full()) return false;
    ++looked_at_;
    if (!present.contains(uid)) TRY(ledger_->remove_place({mailbox, uid}));
  }
  return true;
}

Result<bool> PortionMaker::Work::scan() {
  State& s = state();
  while (const auto mailbox = TRY(mailbox_from(s.scan_mailbox))) {
    if (*mailbox != s.scan_mailbox) s.scan_page = 0;
    s.scan_mailbox = *mailbox;
    const bool there = TRY(exists(*mailbox));
    while (const auto page = TRY(page_from(*mailbox, there, s.scan_page))) {
      s.scan_page = *page;
      if (full() || !TRY(scan_page(*mailbox, there, *page))) return true;
      ++s.scan_page;
    }
    s.scan_mailbox = {mailbox->value + 1};
    s.scan_page = 0;
  }
  s.scanning = false;
  s.scan_mailbox = {};
  return true;
}

// --- following the feed

Result<bool> PortionMaker::Work::follow() {
  State& s = state();
  const Feed feed =
      TRY(store_.run(read_feed(store_.reader(), account_, s.modseq, maker_.limits_.rows, Blocking::kNever)));
  if (feed.resync) {
    s.scanning = true;
    s.scan_mailbox = {};
    s.scan_page = 0;
    s.partial_mailbox = {};
    s.modseq = newest_;
    return true;
  }
  for (const FeedRow& row : feed.rows) {
    if (full() || !TRY(follow(row))) return true;
    s.modseq = row.modseq;
    s.partial_mailbox = {};
    s.partial_uid = {};
  }
  // A cursor that moves past flags is written when it has moved far.
  return feed.rows.size() == maker_.limits_.rows;
}

// What one change did. What it added comes first: a letter that moves is never gone. False: not to its end.
Result<bool> PortionMaker::Work::follow(const FeedRow& row) {
  State& s = state();
  for (const FeedRow::Touched& t : row.mailboxes) {
    if (t.mailbox < s.partial_mailbox || t.added.empty()) continue;
    Uid from{1};
    if (t.mailbox == s.partial_mailbox) from = {s.partial_uid.value + 1};
    for (const UidSet::Range& r : t.added.ranges()) {
      store::Range range = records::message_range(account_, t.mailbox, {std::max(r.first, from.value)}, {r.last});
      while (!range.empty() && r.last >= from.value) {
        const store::Page page = TRY(store_.scan(range, {.rows = 100}));
        for (const store::Row& message : page.rows) {
          if (full()) return false;
          const Uid uid = TRY(records::message_of(account_, t.mailbox, message.key));
          const MessageRecord record = TRY(records::decode_message(message.value.view(), uid));
          TRY(add({t.mailbox, uid}, record));
          s.partial_mailbox = t.mailbox;
          s.partial_uid = uid;
        }
        if (!page.more) break;
        range = store::after(std::move(range), page);
      }
    }
  }
  for (const FeedRow::Touched& t : row.mailboxes) {
    // A mailbox that was removed says nothing of its messages.
    if (t.tree && !TRY(exists(t.mailbox)) && !TRY(forget(t.mailbox))) return false;
    for (const UidSet::Range& r : t.expunged.ranges())
      for (std::uint64_t page = r.first / kPageUids; page <= r.last / kPageUids; ++page) {
        const PlacePage known = *TRY(ledger_->places(t.mailbox, static_cast<std::uint32_t>(page)));
        for (const auto& [uid, doc] : known.rows)
          if (uid.value >= r.first && uid.value <= r.last) TRY(ledger_->remove_place({t.mailbox, uid}));
      }
  }
  return true;
}

// False: not to its end.
Result<bool> PortionMaker::Work::forget(MailboxId mailbox) {
  std::uint32_t next = 0;
  while (const auto page = TRY(page_from(mailbox, false, next))) {
    if (!TRY(scan_page(mailbox, false, *page))) return false;
    next = *page + 1;
  }
  return true;
}

// --- letters

Result<void> PortionMaker::Work::add(Place place, const MessageRecord& record) {
  if (maker_.stopped_) return fail(Errc::cancelled, "the index is to rest");
  ++looked_at_;
  if (TRY(ledger_->find(place)) != 0) return {};
  DocId doc = TRY(ledger_->document_of(record.body.id));
  if (doc == 0) {
    const std::uint32_t words = TRY(take_in(state().next_doc, record.body));
    doc = TRY(ledger_->make({.body = record.body, .date = record.internal_date, .words = words, .places = {}}));
  }
  return ledger_->add_place(doc, place);
}

// How many words it has.
Result<std::uint32_t> PortionMaker::Work::take_in(DocId doc, const store::BodyRef& body) {
  const std::uint64_t size = std::min(body.size, kMaxOctets);
  const auto list = store_.run(bodies_.read(body, 0, size, Blocking::kNever));
  if (!list) {
    const Errc code = list.error().code();
    // It was expunged meanwhile, which the feed will say, or it is damaged.
    if (code != Errc::not_found && code != Errc::corrupt && code != Errc::unsupported)
      return std::unexpected(list.error());
    ++out_.left_out;
    builder_.add_unread(doc);
    return 0;
  }
  ++out_.letters;
  out_.octets += size;
  const Bytes octets = list->flatten();
  const message::Letter letter(octets);
  const auto more = TRY(attachments(letter, body));
  return builder_.add(doc, letter, size == body.size, more);
}

// The texts of its attachments. `beginning`: the letter, as far as it was read.
Result<std::vector<std::string>> PortionMaker::Work::attachments(const message::Letter& beginning,
                                                                 const store::BodyRef& body) {
  std::vector<std::string> out;
  if (!maker_.extractors_) return out;
  std::optional<message::Letter> outline;
  if (beginning.bytes().size() < body.size) outline = TRY(outline_of(body));
  const message::Letter& letter = outline ? *outline : beginning;
  if (!maker_.extractors_->wants(letter)) return out;
  const Steady began = system_clock().steady();
  const auto octets = [&](std::uint64_t offset, std::uint64_t size) -> Result<Bytes> {
    if (!outline) return Bytes(beginning.bytes().substr(offset, size));
    return TRY(store_.run(bodies_.read(body, offset, size, Blocking::kNever))).flatten();
  };
  auto texts = maker_.extractors_->texts_of(letter, octets);
  elsewhere_ += system_clock().steady() - began;
  if (!texts && texts.error().code() != Errc::not_found && texts.error().code() != Errc::corrupt)
    return std::unexpected(std::move(texts.error()));
  // The letter went while it was read, or is damaged behind what was read before.
  return texts ? std::move(*texts) : out;
}

// The parts of a letter that is too large to be read at once.
Result<message::Letter> PortionMaker::Work::outline_of(const store::BodyRef& body) {
  if (const auto row = TRY(store_.get(summary_key(body.id))))
    if (auto summary = decode_summary(row->view()); summary && *summary) return std::move((*summary)->outline);
  message::LetterStream stream;
  for (std::uint64_t at = 0; at < body.size; at += Extractors::kStep) {
    const auto some = store_.run(bodies_.read(body, at, Extractors::kStep, Blocking::kNever));
    if (!some) break;  // what there was tells of the parts before
    for (const Chunk& chunk : some->chunks()) stream.feed(chunk.view());
  }
  return stream.finish();
}

Result<Portion> PortionMaker::next(AccountId account, std::uint32_t merging) {
  return Work(*this, account).run(merging);
}

store::Change drop_of(AccountId account) {
  return [account](store::Txn& txn) -> Result<void> {
    for (store::Range& range : all_of(account)) txn.remove(std::move(range));
    return {};
  };
}

store::Change change_of(AccountId account, std::optional<Bytes> before, store::Batch batch) {
  return [account, before = std::move(before), batch = std::move(batch)](store::Txn& txn) -> Result<void> {
    const auto row = TRY(txn.get(records::account_key(account)));
    if (!row || TRY(records::decode_account(row->view())).removed)
      return fail(Errc::not_found, "the account has been removed");
    const auto state = TRY(txn.get(state_key(account)));
    if (state.has_value() != before.has_value() || (state && state->view() != *before))
      return fail(Errc::conflict, "the search index has been changed by somebody else");
    for (const store::Batch::Op& op : batch.ops()) {
      if (op.kind == store::Batch::Kind::put)
        txn.put(op.key, op.value);
      else if (op.kind == store::Batch::Kind::remove)
        txn.remove(op.key);
      else
        txn.remove(store::Range{op.key, op.value});
    }
    return {};
  };
}

}  // namespace chappe::post::search
