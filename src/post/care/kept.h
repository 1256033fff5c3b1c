// Deleted mail that is kept for a time, so that it can be brought back: what stands in the store, and the step of a
// Change that puts it there. An expunge moves the message's record here, with its flags and the name of its mailbox,
// and its reference to the body goes along; so references and rows always add up. IMAP and POP do not see it, and no
// quota counts it. care.h brings it back, or lets it go when its time is over.
//
// Of the commit thread; pure functions, but for what they write through a Txn. docs/formats/kept.md
#pragma once

#include <string>
#include <vector>

#include "post/ids.h"
#include "post/mailbox/types.h"
#include "store/commit.h"

namespace chappe::post {

struct HistoryLimits;

struct KeptLetter {
  Time when = {};             // it was deleted
  MailboxId mailbox = {};     // it was in
  std::string name = {};      // of that mailbox, then; empty: not known
  MessageRecord record = {};  // with the UID that it had there
  Flags flags = {};
  std::vector<std::string> keywords = {};
};

// Whether what the account loses now is kept: for the time that is configured, or because it is under legal hold.
Result<bool> keeps_deleted(store::Txn& txn, AccountId account, const HistoryLimits& history);
// A message leaves its mailbox: it is kept, or its reference to the body is dropped.
Result<void> let_go_of(store::Txn& txn, AccountId account, const KeptLetter& letter, bool keep);
// To be called when letters were taken from here: an account of which none is left is no keeper any more.
Result<void> settle_keeper(store::Txn& txn, AccountId account);

namespace records {

Bytes kept_key(AccountId account, Time when, MailboxId mailbox, Uid uid);
// In the order in which they were deleted.
store::Range kept_range(AccountId account);
// From `since` on.
store::Range kept_since(AccountId account, Time since);
struct KeptAt {
  Time when;
  MailboxId mailbox;
  Uid uid;
};
Result<KeptAt> kept_of(AccountId account, ByteView key);
Bytes encode(const KeptLetter& letter);
// When, mailbox and UID are in the key.
Result<KeptLetter> decode_kept(ByteView bytes, Time when, MailboxId mailbox, Uid uid);
Result<KeptLetter> decode_kept(AccountId account, const store::Row& row);

// The accounts that have something here.
Bytes keeper_key(AccountId account);
store::Range keeper_range();
Result<AccountId> keeper_of(ByteView key);

}  // namespace records
}  // namespace chappe::post
