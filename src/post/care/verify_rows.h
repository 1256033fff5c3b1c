// The rows of a store, looked at one after another in the order of keys: whether each reads back, and whether what they
// say of each other holds. Of one pass of verify.h: in each, the bodies of one part are counted, in the first also
// everything else. The system's rows come first (verify_rows.cc), then those of one account after another
// (verify_accounts.cc).
//
// Owned by one run; nothing blocks. Pure, but for what it tells.
#pragma once

#include <map>
#include <optional>
#include <unordered_map>

#include "post/care/verify.h"
#include "post/mailbox/records.h"
#include "post/queue/record.h"
#include "store/keys.h"
#include "store/store.h"

namespace chappe::post {

struct BodyIdHash {
  std::size_t operator()(const store::BodyId& id) const { return std::hash<std::string_view>()(id.view()); }
};

// A message as it is told to people.
std::string place_of(std::uint32_t mailbox, std::uint32_t uid);

class VerifyRows {
 public:
  // Of `passes`, this is number `pass`, from 0 on. `on_fault` and `counts` must outlive it.
  VerifyRows(VerifyCounts& counts, const Verify::OnFault& on_fault, std::size_t pass, std::size_t passes)
      : counts_(counts), on_fault_(on_fault), pass_(pass), passes_(passes), first_(pass == 0) {}

  void row(const store::Row& row);
  // Behind the last one.
  void end();
  // The accounts that have a search index.
  const std::vector<AccountId>& indexed() const { return indexed_; }

 private:
  using Row = store::Row;
  using Space = store::Space;

  struct Body {
    std::uint64_t size = 0;
    std::uint32_t declared = 0;
    std::uint32_t seen = 0;
    std::uint64_t octets = 0;  // in rows or extents
  };
  struct Mailbox {
    std::optional<MailboxInfo> info;
    bool named = false;
    std::uint32_t messages = 0, unseen = 0, deleted = 0;
    std::uint64_t size = 0;
  };
  struct Named {
    std::uint64_t size;
    Bytes key;
    std::string who;
  };
  struct Message {
    std::uint32_t mailbox;
    std::uint32_t uid;
    std::uint64_t size;
    bool flagged = false;  // in a page
  };

  Result<void> read(const Row& row, AccountId account, Space space);
  Result<void> read_system(const Row& row, Space space, store::KeyReader key);
  void tell(Finding finding) {
    ++counts_.faults;
    on_fault_(finding);
  }
  bool ours(const store::BodyId& id) const { return passes_ < 2 || BodyIdHash()(id) % passes_ == pass_; }
  Result<void> read_body(const Row& row, Space space, const store::BodyId& id);
  Result<void> read_queue(const Row& row, Space space);
  void begin_account(AccountId account);
  void end_account();
  void name(const store::BodyRef& body, const Bytes& key, const std::string& who);
  void page(MailboxId mailbox, const std::vector<MessageState>& states);
  void fault(Fault f, std::string what, std::string detail = {}) {
    tell({f, account_, std::move(what), std::move(detail)});
  }
  void fault_at(Fault f, Bytes key, std::string what, std::string detail = {}, std::uint64_t value = 0) {
    tell({f, account_, std::move(what), std::move(detail), std::move(key), {}, value});
  }
  void fault_of(Fault f, const store::BodyId& body, std::string detail = {}, std::uint64_t value = 0) {
    tell({f, account_, "letter " + LetterId::of(body).text(), std::move(detail), {}, body, value});
  }
  bool reaped(std::uint32_t mailbox) const {
    return reaped_.contains({account_.value, mailbox}) || reaped_.contains({account_.value, 0});
  }

  VerifyCounts& counts_;
  const Verify::OnFault& on_fault_;
  const std::size_t pass_, passes_;
  const bool first_;  // what is not about bodies is looked at in the first pass only

  std::unordered_map<store::BodyId, Body, BodyIdHash> bodies_;  // those of this pass

  // of the system
  std::map<std::pair<std::uint32_t, std::uint32_t>, bool> reaped_;
  std::map<std::uint32_t, std::uint64_t> alive_;    // by segment: counted from extents
  std::map<std::uint32_t, std::uint64_t> counted_;  // and by the segment's row
  std::map<QueueKey, Time> due_;                    // as recipients say
  // Named by the queue, whose rows stand before the bodies'.
  std::unordered_map<store::BodyId, std::vector<Named>, BodyIdHash> early_;
  bool bodies_done_ = false;

  std::vector<AccountId> indexed_;
  // of the account
  AccountId account_;
  records::AccountRow account_row_;
  std::map<std::uint32_t, Mailbox> mailboxes_;
  std::vector<Message> messages_;
};

}  // namespace chappe::post
