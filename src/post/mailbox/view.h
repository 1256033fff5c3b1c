// An open mailbox, and a session's view of it.
//
// OpenMailbox is the state of one mailbox in memory: one for all sessions that have it selected, on the home executor
// of the account, without locks. It follows the feed of the account; a hint from the commit path only says that there
// is something to read. A View is what one session has told its client: sequence numbers change only in update(), so
// the session decides when expunges are announced (RFC 9051 §7.5.1), and which flags are news to it.
//
// Everything here belongs to the executor that Mailboxes::open was called on. References and pointers into messages()
// hold until the next co_await.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "net/task.h"
#include "post/mailbox/types.h"
#include "store/store.h"

namespace chappe::post {

// The state of every message, as `at` has it, ascending by UID.
net::Task<Result<std::vector<MessageState>>> read_states(std::shared_ptr<store::Reader> at, AccountId account,
                                                         MailboxId mailbox, net::Deadline deadline);

class OpenMailbox {
 public:
  AccountId account() const { return account_; }
  MailboxId id() const { return id_; }
  // As of the last refresh; so is everything below.
  const MailboxInfo& info() const { return info_; }
  // Ascending by UID.
  const std::vector<MessageState>& messages() const { return messages_; }
  const MessageState* find(Uid uid) const;
  // The keyword table; bit n of MessageState::keywords is the n-th. It only grows.
  const std::vector<std::string>& keywords() const { return keywords_; }
  std::vector<std::string> keyword_names(const KeywordBits& bits) const;
  // The mailbox, or its account, was removed (RFC 9051 §6.3.4): no further change will come.
  bool removed() const { return removed_; }
  // The last change of the account that this state includes.
  ModSeq modseq() const { return modseq_; }

  // Reads what changed since modseq(). Costs nothing when no hint has come. After an error the state is as before.
  net::Task<Result<void>> refresh(net::Deadline deadline);

 private:
  friend class Mailboxes;
  friend class View;
  OpenMailbox(store::Store* store, AccountId account, MailboxId id) : store_(store), account_(account), id_(id) {}
  net::Task<Result<void>> load(net::Deadline deadline);
  net::Task<Result<void>> reload(net::Deadline deadline);
  net::Task<Result<void>> catch_up(net::Deadline deadline);
  void hint();

  store::Store* store_;
  const AccountId account_;
  const MailboxId id_;
  MailboxInfo info_;
  std::vector<MessageState> messages_;
  std::vector<std::string> keywords_;
  ModSeq modseq_;
  bool loaded_ = false;
  bool removed_ = false;
  // A change was committed since the last refresh began. Set on the commit thread before the change is acknowledged, so
  // that whoever has been told of it, and asks, sees it.
  std::shared_ptr<std::atomic<bool>> stale_ = std::make_shared<std::atomic<bool>>(true);
  bool refreshing_ = false;
  net::Event refreshed_;  // of the refresh that runs
  std::vector<class View*> views_;
};

class View {
 public:
  ~View();
  View(const View&) = delete;
  View& operator=(const View&) = delete;

  // The shared state behind it. It may be ahead of this view: messages that the view has may be gone from it (the
  // session then has nothing to tell about them), and it may have some that the view does not have yet.
  const OpenMailbox& mailbox() const { return *open_; }

  // --- sequence numbers, from 1 (RFC 9051 §2.3.1.2)

  std::uint32_t size() const { return static_cast<std::uint32_t>(uids_.size()); }
  // `seq` in 1..size()
  Uid uid(std::uint32_t seq) const { return uids_[seq - 1]; }
  // 0 if the view has no such message.
  std::uint32_t seq(Uid uid) const;
  // The sequence number of the first message with this UID or a higher one; size() + 1 if there is none.
  std::uint32_t lower_bound(Uid uid) const;
  // Flags and modseq of a message of the view; null if it has been expunged.
  const MessageState* state(std::uint32_t seq) const { return open_->find(uid(seq)); }

  struct Update {
    // Sequence numbers to be announced as EXPUNGE one after another, each counted after those before it took effect
    // (they come from the highest to the lowest); and the same as UIDs, for VANISHED.
    std::vector<std::uint32_t> expunged;
    UidSet vanished;
    // To be announced after the expunges.
    bool grown = false;  // size() has new messages at its end: EXISTS
    // Sequence numbers, after all that, of messages that the view had before and whose flags changed: FETCH FLAGS. What
    // the session changed itself is among them.
    std::vector<std::uint32_t> flags;
    bool keywords = false;  // the keyword table has grown: FLAGS
    bool removed = false;   // see OpenMailbox::removed()
    bool empty() const { return expunged.empty() && !grown && flags.empty() && !keywords && !removed; }
  };
  enum class Expunges : std::uint8_t { announce, keep };

  // Brings the view to the present: everything that was committed before the call is in it. With Expunges::keep,
  // messages that are gone keep their sequence numbers until a later update announces them (RFC 9051 §7.5.1: during
  // FETCH, STORE and SEARCH). Resets changed().
  net::Task<Result<Update>> update(Expunges expunges, net::Deadline deadline);

  // Set when update() may have something to tell. A hint: there may be nothing. For IDLE: wait, then update.
  net::Event& changed() { return changed_; }

 private:
  friend class Mailboxes;
  friend class OpenMailbox;
  explicit View(std::shared_ptr<OpenMailbox> open);

  std::shared_ptr<OpenMailbox> open_;
  std::vector<Uid> uids_;
  ModSeq told_;  // flags changed later are news
  std::size_t keywords_ = 0;
  Uid newest_;                  // the highest UID the view ever had
  bool owes_expunges_ = false;  // has messages that are gone
  bool removed_ = false;
  net::Event changed_;
};

}  // namespace chappe::post
