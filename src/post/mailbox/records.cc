#include "post/mailbox/records.h"

#include <algorithm>
#include <limits>

namespace chappe::post::records {
namespace {

using store::KeyReader;
using store::KeyWriter;
using store::Range;
using store::RecordReader;
using store::RecordWriter;
using store::Space;

constexpr std::uint8_t kVersion = 1;
constexpr std::uint8_t kAccountVersion = 3;
constexpr std::uint8_t kChangeVersion = 2;
constexpr std::uint8_t kReapVersion = 2;

KeyWriter key(AccountId account, Space space) { return KeyWriter(account.value, space); }

Result<KeyReader> tail(ByteView bytes, AccountId account, Space space) {
  KeyReader r(bytes);
  TRY(r.expect(account.value, space));
  return r;
}

// A u32 that ends a key which begins with account, space and mailbox.
Result<std::uint32_t> number_in(ByteView bytes, AccountId account, Space space, MailboxId mailbox) {
  KeyReader r = TRY(tail(bytes, account, space));
  if (TRY(r.u32()) != mailbox.value) return fail(Errc::corrupt, "a stored key belongs to another mailbox");
  return r.u32();
}

void write(RecordWriter& out, const UidSet& uids) {
  out.number(uids.ranges().size());
  std::uint32_t last = 0;
  for (const UidSet::Range& r : uids.ranges()) {
    out.number(r.first - last).number(r.last - r.first);
    last = r.last;
  }
}

UidSet read_uids(RecordReader& in) {
  UidSet out;
  const std::uint64_t n = in.number();
  std::uint64_t last = 0;
  for (std::uint64_t i = 0; i < n && in.ok(); ++i) {
    const std::uint64_t first = last + in.number32();
    last = first + in.number32();
    if (first == 0 || last > std::numeric_limits<std::uint32_t>::max()) in.fail_here();
    if (in.ok()) out.add(static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(last));
  }
  return out;
}

}  // namespace

// --- keys

Bytes account_key(AccountId account) { return key(account, Space::account).take(); }
Bytes mailbox_key(AccountId account, MailboxId mailbox) {
  return key(account, Space::mailbox).u32(mailbox.value).take();
}
Range mailbox_range(AccountId account) { return key(account, Space::mailbox).range(); }
Result<MailboxId> mailbox_of(AccountId account, ByteView bytes) {
  KeyReader r = TRY(tail(bytes, account, Space::mailbox));
  return MailboxId{TRY(r.u32())};
}
Bytes name_key(AccountId account, std::string_view name) { return key(account, Space::mailbox_name).rest(name).take(); }
Range names_below(AccountId account, std::string_view name) {
  KeyWriter k = key(account, Space::mailbox_name);
  if (!name.empty()) k.rest(name).rest("/");
  return k.range();
}
Result<std::string> name_of(AccountId account, ByteView bytes) {
  return Bytes(TRY(tail(bytes, account, Space::mailbox_name)).rest());
}
Bytes keywords_key(AccountId account, MailboxId mailbox) {
  return key(account, Space::keywords).u32(mailbox.value).take();
}
Bytes message_key(AccountId account, MailboxId mailbox, Uid uid) {
  return key(account, Space::message).u32(mailbox.value).u32(uid.value).take();
}
Range message_range(AccountId account, MailboxId mailbox, Uid first, Uid last) {
  Range r = key(account, Space::message).u32(mailbox.value).range();
  r.begin = message_key(account, mailbox, first);
  if (last.value != ~std::uint32_t{0}) r.end = message_key(account, mailbox, {last.value + 1});
  return r;
}
Result<Uid> message_of(AccountId account, MailboxId mailbox, ByteView bytes) {
  return Uid{TRY(number_in(bytes, account, Space::message, mailbox))};
}
Bytes page_key(AccountId account, MailboxId mailbox, std::uint32_t page) {
  return key(account, Space::flag_page).u32(mailbox.value).u32(page).take();
}
Range page_range(AccountId account, MailboxId mailbox, std::uint32_t first, std::uint32_t last) {
  Range r = key(account, Space::flag_page).u32(mailbox.value).range();
  r.begin = page_key(account, mailbox, first);
  if (last != ~std::uint32_t{0}) r.end = page_key(account, mailbox, last + 1);
  return r;
}
Result<std::uint32_t> page_of(AccountId account, MailboxId mailbox, ByteView bytes) {
  return number_in(bytes, account, Space::flag_page, mailbox);
}
Bytes change_key(AccountId account, ModSeq modseq) { return key(account, Space::change).u64(modseq.value).take(); }
Range changes_after(AccountId account, ModSeq modseq) {
  Range r = key(account, Space::change).range();
  r.begin = change_key(account, {modseq.value + 1});
  return r;
}
Range changes_between(AccountId account, ModSeq after, ModSeq last) {
  return {change_key(account, {after.value + 1}), change_key(account, {last.value + 1})};
}
Result<ModSeq> change_of(AccountId account, ByteView bytes) {
  KeyReader r = TRY(tail(bytes, account, Space::change));
  return ModSeq{TRY(r.u64())};
}
Bytes expunged_key(AccountId account, MailboxId mailbox, ModSeq modseq) {
  return key(account, Space::expunged).u32(mailbox.value).u64(modseq.value).take();
}
Range expunged_after(AccountId account, MailboxId mailbox, ModSeq modseq) {
  Range r = key(account, Space::expunged).u32(mailbox.value).range();
  r.begin = expunged_key(account, mailbox, {modseq.value + 1});
  return r;
}
Bytes reap_key(AccountId account, MailboxId mailbox) {
  return KeyWriter(store::kSystemAccount, Space::reap).u32(account.value).u32(mailbox.value).take();
}
Range reap_range() { return KeyWriter(store::kSystemAccount, Space::reap).range(); }
Range reap_range(AccountId account) { return KeyWriter(store::kSystemAccount, Space::reap).u32(account.value).range(); }
Result<Reaped> reap_of(ByteView bytes) {
  KeyReader r(bytes);
  TRY(r.expect(store::kSystemAccount, Space::reap));
  Reaped out;
  out.account.value = TRY(r.u32());
  out.mailbox.value = TRY(r.u32());
  return out;
}

Bytes encode(const ReapRow& row) { return RecordWriter(kReapVersion).signed_number(row.when.us).text(row.name).take(); }
Result<ReapRow> decode_reap(ByteView bytes) {
  RecordReader r(bytes, kReapVersion);
  ReapRow row;
  if (r.version() >= 2) {
    row.when.us = r.signed_number();
    row.name = r.text();
  }
  TRY(r.finish("a removed mailbox's row"));
  return row;
}

Range messages_of(AccountId account) { return key(account, Space::message).range(); }
Range all_but_row_of(AccountId account) {
  // The row is the first key of the account, and nothing continues it.
  return {account_key(account) + '\0', KeyWriter().u32(account.value).range().end};
}

// --- values

Bytes encode(const AccountRow& a) {
  return RecordWriter(kAccountVersion)
      .number(a.next_mailbox)
      .number(a.last_uidvalidity)
      .number(a.mailboxes)
      .number(a.modseq.value)
      .number(a.messages)
      .number(a.size)
      .number(a.quota.octets)
      .u8(a.removed)
      .number(a.history.forgotten.value)
      .number(a.history.old.value)
      .number(a.history.mark.value)
      .signed_number(a.history.marked.us)
      .number(a.quota.messages)
      .take();
}
Result<AccountRow> decode_account(ByteView bytes) {
  RecordReader r(bytes, kAccountVersion);
  AccountRow a;
  a.next_mailbox = r.number32();
  a.last_uidvalidity = r.number32();
  a.mailboxes = r.number32();
  a.modseq.value = r.number();
  a.messages = r.number();
  a.size = r.number();
  a.quota.octets = r.number();
  if (r.version() >= 2) {
    a.removed = r.u8() != 0;
    a.history.forgotten.value = r.number();
    a.history.old.value = r.number();
    a.history.mark.value = r.number();
    a.history.marked.us = r.signed_number();
  }
  if (r.version() >= 3) a.quota.messages = r.number();
  TRY(r.finish("an account's row"));
  return a;
}

Bytes encode(const MailboxInfo& m) {
  return RecordWriter(kVersion)
      .text(m.name)
      .u8(static_cast<std::uint8_t>(m.special_use))
      .u8(m.subscribed)
      .number(m.uidvalidity)
      .number(m.uidnext)
      .number(m.highestmodseq.value)
      .number(m.messages)
      .number(m.unseen)
      .number(m.deleted)
      .number(m.size)
      .take();
}
Result<MailboxInfo> decode_mailbox(ByteView bytes, MailboxId id) {
  RecordReader r(bytes, kVersion);
  MailboxInfo m;
  m.id = id;
  m.name = r.text();
  const std::uint8_t use = r.u8();
  if (use > static_cast<std::uint8_t>(SpecialUse::trash)) r.fail_here();
  m.special_use = static_cast<SpecialUse>(use);
  m.subscribed = r.u8() != 0;
  m.uidvalidity = r.number32();
  m.uidnext = r.number32();
  m.highestmodseq.value = r.number();
  m.messages = r.number32();
  m.unseen = r.number32();
  m.deleted = r.number32();
  m.size = r.number();
  TRY(r.finish("a mailbox's row"));
  return m;
}

Bytes encode_id(MailboxId id) { return RecordWriter(kVersion).number(id.value).take(); }
Result<MailboxId> decode_id(ByteView bytes) {
  RecordReader r(bytes, kVersion);
  const MailboxId id{r.number32()};
  TRY(r.finish("a mailbox's name row"));
  return id;
}

void write(RecordWriter& out, const store::BodyRef& body) {
  out.octets(body.id.view()).number(body.size).u8(body.codec).number(body.key);
}
store::BodyRef read_body(RecordReader& in) {
  store::BodyRef body;
  const ByteView id = in.octets(body.id.octets.size());
  std::copy(id.begin(), id.end(), body.id.octets.begin());
  body.size = in.number();
  body.codec = in.u8();
  body.key = in.number32();
  return body;
}
LetterId read_letter(RecordReader& in) {
  LetterId id;
  const ByteView octets = in.octets(id.octets.size());
  std::copy(octets.begin(), octets.end(), id.octets.begin());
  return id;
}

Bytes encode(const MessageRecord& m) {
  RecordWriter w(kVersion);
  w.octets(m.letter.view()).octets(m.email.view());
  write(w, m.body);
  w.signed_number(m.internal_date.us).signed_number(m.saved.us).number(m.thread);
  return w.take();
}
Result<MessageRecord> decode_message(ByteView bytes, Uid uid) {
  RecordReader r(bytes, kVersion);
  MessageRecord m;
  m.uid = uid;
  m.letter = read_letter(r);
  m.email = read_letter(r);
  m.body = read_body(r);
  m.internal_date.us = r.signed_number();
  m.saved.us = r.signed_number();
  m.thread = r.number();
  TRY(r.finish("a message's record"));
  return m;
}

Bytes encode_keywords(const std::vector<std::string>& keywords) {
  RecordWriter w(kVersion);
  w.number(keywords.size());
  for (const std::string& k : keywords) w.text(k);
  return w.take();
}
Result<std::vector<std::string>> decode_keywords(ByteView bytes) {
  RecordReader r(bytes, kVersion);
  std::vector<std::string> out;
  const std::uint64_t n = r.number();
  if (n > kMaxKeywords) r.fail_here();
  for (std::uint64_t i = 0; i < n && r.ok(); ++i) out.emplace_back(r.text());
  TRY(r.finish("a table of keywords"));
  return out;
}

constexpr std::uint8_t kTree = 1;
constexpr std::uint8_t kAdded = 2;
constexpr std::uint8_t kFlags = 4;
constexpr std::uint8_t kExpunged = 8;

Bytes encode_change(const std::vector<FeedRow::Touched>& touched) {
  RecordWriter w(kChangeVersion);
  w.number(touched.size());
  for (const FeedRow::Touched& t : touched) {
    w.number(t.mailbox.value);
    w.u8(static_cast<std::uint8_t>((t.tree ? kTree : 0) | (t.added.empty() ? 0 : kAdded) |
                                   (t.flags.empty() ? 0 : kFlags) | (t.expunged.empty() ? 0 : kExpunged)));
    for (const UidSet* set : {&t.added, &t.flags, &t.expunged})
      if (!set->empty()) write(w, *set);
    if (t.expunged.empty()) continue;
    w.number(t.gone.size());
    for (const LetterId& id : t.gone) w.octets(id.view());
  }
  return w.take();
}
Result<std::vector<FeedRow::Touched>> decode_change(ByteView bytes) {
  RecordReader r(bytes, kChangeVersion);
  std::vector<FeedRow::Touched> out;
  const std::uint64_t n = r.number();
  for (std::uint64_t i = 0; i < n && r.ok(); ++i) {
    FeedRow::Touched t;
    t.mailbox.value = r.number32();
    const std::uint8_t bits = r.u8();
    if (bits & ~(kTree | kAdded | kFlags | kExpunged)) r.fail_here();
    t.tree = bits & kTree;
    if (bits & kAdded) t.added = read_uids(r);
    if (bits & kFlags) t.flags = read_uids(r);
    if (bits & kExpunged) t.expunged = read_uids(r);
    if (bits & kExpunged && r.version() >= 2)
      for (std::uint64_t k = r.number(); k > 0 && r.ok(); --k) t.gone.push_back(read_letter(r));
    out.push_back(std::move(t));
  }
  TRY(r.finish("a row of the feed"));
  return out;
}

Bytes encode_uids(const UidSet& uids) {
  RecordWriter w(kVersion);
  write(w, uids);
  return w.take();
}
Result<UidSet> decode_uids(ByteView bytes) {
  RecordReader r(bytes, kVersion);
  UidSet out = read_uids(r);
  TRY(r.finish("a set of expunged UIDs"));
  return out;
}

}  // namespace chappe::post::records
