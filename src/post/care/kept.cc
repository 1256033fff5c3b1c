#include "post/care/kept.h"

#include <algorithm>

#include "post/directory/holds.h"
#include "post/mailbox/mailbox.h"
#include "post/mailbox/records.h"
#include "post/mailbox/summary.h"

namespace chappe::post {
namespace {

using store::KeyWriter;
using store::RecordReader;
using store::RecordWriter;
using store::Space;

constexpr std::uint8_t kVersion = 1;

// Before 1970 there is no mail.
std::uint64_t key_time(Time t) { return static_cast<std::uint64_t>(std::max<std::int64_t>(t.us, 0)); }

}  // namespace

Result<bool> keeps_deleted(store::Txn& txn, AccountId account, const HistoryLimits& history) {
  if (history.deleted > Duration::zero()) return true;
  return held(txn, account);
}

Result<void> let_go_of(store::Txn& txn, AccountId account, const KeptLetter& letter, bool keep) {
  if (!keep) return release_body(txn, letter.record.body.id);
  txn.put(records::kept_key(account, letter.when, letter.mailbox, letter.record.uid), records::encode(letter));
  txn.put(records::keeper_key(account), Bytes(1, static_cast<char>(kVersion)));
  return {};
}

Result<void> settle_keeper(store::Txn& txn, AccountId account) {
  if (!TRY(txn.scan(records::kept_range(account), {.rows = 1})).rows.empty()) return {};
  txn.remove(records::keeper_key(account));
  // As long as a removed account is being emptied, there will be more.
  if (!TRY(txn.get(records::reap_key(account, {})))) forget_removed(txn, account);
  return {};
}

namespace records {

Bytes kept_key(AccountId account, Time when, MailboxId mailbox, Uid uid) {
  return KeyWriter(account.value, Space::kept).u64(key_time(when)).u32(mailbox.value).u32(uid.value).take();
}
store::Range kept_range(AccountId account) { return KeyWriter(account.value, Space::kept).range(); }
store::Range kept_since(AccountId account, Time since) {
  store::Range range = kept_range(account);
  range.begin = KeyWriter(account.value, Space::kept).u64(key_time(since)).take();
  return range;
}
Result<KeptAt> kept_of(AccountId account, ByteView key) {
  store::KeyReader r(key);
  TRY(r.expect(account.value, Space::kept));
  const std::uint64_t when = TRY(r.u64());
  KeptAt at{.when = {static_cast<std::int64_t>(when)}, .mailbox = {TRY(r.u32())}, .uid = {TRY(r.u32())}};
  if (at.when.us < 0 || !r.done()) return fail(Errc::corrupt, "the key of a deleted letter is none");
  return at;
}

Bytes encode(const KeptLetter& letter) {
  RecordWriter w(kVersion);
  w.text(letter.name).text(encode(letter.record)).u8(letter.flags.bits).number(letter.keywords.size());
  for (const std::string& keyword : letter.keywords) w.text(keyword);
  return w.take();
}
Result<KeptLetter> decode_kept(ByteView bytes, Time when, MailboxId mailbox, Uid uid) {
  RecordReader r(bytes, kVersion);
  KeptLetter letter{.when = when, .mailbox = mailbox};
  letter.name = r.text();
  const ByteView record = r.text();
  letter.flags.bits = r.u8();
  if (letter.flags.bits & ~kAllFlags) r.fail_here();
  const std::uint64_t n = r.number();
  if (n > kMaxKeywords) r.fail_here();
  for (std::uint64_t i = 0; i < n && r.ok(); ++i) letter.keywords.emplace_back(r.text());
  TRY(r.finish("a deleted letter's row"));
  letter.record = TRY(decode_message(record, uid));
  return letter;
}
Result<KeptLetter> decode_kept(AccountId account, const store::Row& row) {
  const KeptAt at = TRY(kept_of(account, row.key));
  return decode_kept(row.value.view(), at.when, at.mailbox, at.uid);
}

Bytes keeper_key(AccountId account) {
  return KeyWriter(store::kSystemAccount, Space::keeper).u32(account.value).take();
}
store::Range keeper_range() { return KeyWriter(store::kSystemAccount, Space::keeper).range(); }
Result<AccountId> keeper_of(ByteView key) {
  store::KeyReader r(key);
  TRY(r.expect(store::kSystemAccount, Space::keeper));
  return AccountId{TRY(r.u32())};
}

}  // namespace records
}  // namespace chappe::post
