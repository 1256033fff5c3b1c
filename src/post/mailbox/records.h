// The stored form of mailboxes: keys and values (docs/formats/mailboxes.md). Pure functions. Decoders take any bytes:
// what does not read back is Errc::corrupt, a newer version Errc::unsupported.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "post/mailbox/mailbox.h"
#include "post/mailbox/types.h"
#include "store/keys.h"
#include "store/record.h"

namespace chappe::post::records {

// --- keys

Bytes account_key(AccountId account);
Bytes mailbox_key(AccountId account, MailboxId mailbox);
store::Range mailbox_range(AccountId account);
Result<MailboxId> mailbox_of(AccountId account, ByteView key);
Bytes name_key(AccountId account, std::string_view name);
// The names below `name`, or all.
store::Range names_below(AccountId account, std::string_view name);
Result<std::string> name_of(AccountId account, ByteView key);
Bytes keywords_key(AccountId account, MailboxId mailbox);
Bytes message_key(AccountId account, MailboxId mailbox, Uid uid);
store::Range message_range(AccountId account, MailboxId mailbox, Uid first = {1}, Uid last = {~std::uint32_t{0}});
Result<Uid> message_of(AccountId account, MailboxId mailbox, ByteView key);
inline constexpr std::uint32_t kPageUids = 1024;
inline std::uint32_t page_of(Uid uid) { return uid.value / kPageUids; }
Bytes page_key(AccountId account, MailboxId mailbox, std::uint32_t page);
store::Range page_range(AccountId account, MailboxId mailbox, std::uint32_t first = 0,
                        std::uint32_t last = ~std::uint32_t{0});
Result<std::uint32_t> page_of(AccountId account, MailboxId mailbox, ByteView key);
Bytes change_key(AccountId account, ModSeq modseq);
store::Range changes_after(AccountId account, ModSeq modseq);
// after < modseq <= last
store::Range changes_between(AccountId account, ModSeq after, ModSeq last);
Result<ModSeq> change_of(AccountId account, ByteView key);
Bytes expunged_key(AccountId account, MailboxId mailbox, ModSeq modseq);
store::Range expunged_after(AccountId account, MailboxId mailbox, ModSeq modseq);
// Mailbox 0: the whole account.
Bytes reap_key(AccountId account, MailboxId mailbox);
store::Range reap_range();
store::Range reap_range(AccountId account);
struct Reaped {
  AccountId account;
  MailboxId mailbox;
};
Result<Reaped> reap_of(ByteView key);
// What is still known of a mailbox whose messages are being taken away.
struct ReapRow {
  Time when;         // 0: not known (version 1)
  std::string name;  // the same; and of an account
};
Bytes encode(const ReapRow& row);
Result<ReapRow> decode_reap(ByteView bytes);
// The messages of all mailboxes of an account; and everything of an account but its row.
store::Range messages_of(AccountId account);
store::Range all_but_row_of(AccountId account);

// --- values

// How much of the feed is kept (HistoryLimits).
struct History {
  ModSeq forgotten;  // the changes up to this one are no longer there
  ModSeq old;        // those up to this one are over the age
  ModSeq mark;       // the last change at `marked`, which will be over the age when that is
  Time marked;
  bool operator==(const History&) const = default;
};

struct AccountRow {
  std::uint32_t next_mailbox = 1;
  std::uint32_t last_uidvalidity = 0;
  std::uint32_t mailboxes = 0;
  ModSeq modseq;
  std::uint64_t messages = 0;
  std::uint64_t size = 0;
  Quota quota;
  bool removed = false;  // there will be nothing in this account any more
  History history;
};

Bytes encode(const AccountRow& row);
Result<AccountRow> decode_account(ByteView bytes);
// The id is in the key.
Bytes encode(const MailboxInfo& row);
Result<MailboxInfo> decode_mailbox(ByteView bytes, MailboxId id);
Bytes encode_id(MailboxId id);
Result<MailboxId> decode_id(ByteView bytes);
// The UID is in the key.
Bytes encode(const MessageRecord& record);
Result<MessageRecord> decode_message(ByteView bytes, Uid uid);
Bytes encode_keywords(const std::vector<std::string>& keywords);
Result<std::vector<std::string>> decode_keywords(ByteView bytes);
// States of one page, ascending by UID, not empty (state_page.cc).
Bytes encode_page(const std::vector<MessageState>& states);
Result<std::vector<MessageState>> decode_page(ByteView bytes, std::uint32_t page);
Bytes encode_change(const std::vector<FeedRow::Touched>& touched);
Result<std::vector<FeedRow::Touched>> decode_change(ByteView bytes);
Bytes encode_uids(const UidSet& uids);
Result<UidSet> decode_uids(ByteView bytes);

// A body reference and a letter id, as parts of records.
void write(store::RecordWriter& out, const store::BodyRef& body);
store::BodyRef read_body(store::RecordReader& in);
LetterId read_letter(store::RecordReader& in);

}  // namespace chappe::post::records
