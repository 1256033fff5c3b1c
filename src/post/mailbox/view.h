// An open mailbox, and a session's view of it.
//
// OpenMailbox is the state of one mailbox in memory: one for all sessions that have it selected, on the home executor
// of the account, without locks. It follows the feed of the account; a hint from the commit path only says that there
// is something to read. A View is what one session has told its client: sequence numbers change only in update(), so
// the session decides when expunges are announced (RFC 9051 §7.5.1), and which flags are news to it.
//
// Everything here belongs to the executor that Mailboxes::open was called on. References into pages() hold until the
// next co_await. A mailbox of a million messages takes about four megabytes, however many sessions have it open.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/task.h"
#include "post/mailbox/numbering.h"
#include "post/mailbox/state_page.h"
#include "post/mailbox/types.h"
#include "store/store.h"

namespace chappe::post {

// The state of every message, as `at` has it, ascending by UID.
net::Task<Result<std::vector<StatePagePtr>>> read_pages(std::shared_ptr<store::Reader> at, AccountId account,
                                                        MailboxId mailbox, net::Deadline deadline);

class OpenMailbox {
 public:
  AccountId account() const { return account_; }
  MailboxId id() const { return id_; }
  // As of the last refresh; so is everything below.
  const MailboxInfo& info() const { return info_; }
  // Of all messages, ascending; no page is empty.
  const std::vector<StatePagePtr>& pages() const { return pages_; }
  // Flags and modseq of a message; nothing if there is none.
  std::optional<MessageState> find(Uid uid) const;
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
  // The first page of this number or a higher one.
  std::vector<StatePagePtr>::const_iterator page_from(std::uint32_t number) const {
    return std::ranges::lower_bound(pages_, number, {}, [](const StatePagePtr& p) { return p->number(); });
  }

  store::Store* store_;
  const AccountId account_;
  const MailboxId id_;
  MailboxInfo info_;
  std::vector<StatePagePtr> pages_;
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

  std::uint32_t size() const { return numbers_.size(); }
  // `seq` in 1..size()
  Uid uid(std::uint32_t seq) const { return numbers_.uid(seq); }
  // 0 if the view has no such message.
  std::uint32_t seq(Uid uid) const { return numbers_.seq(uid); }
  // The sequence number of the first message with this UID or a higher one; size() + 1 if there is none.
  std::uint32_t lower_bound(Uid uid) const { return numbers_.lower_bound(uid); }
  // Flags and modseq of a message of the view; nothing if it has been expunged.
  std::optional<MessageState> state(std::uint32_t seq) const { return open_->find(uid(seq)); }
  // f(seq, const MessageState*) for each message of first..last (clipped to the view), ascending, while it says true;
  // null: it has been expunged. At memory speed; f must not wait. The next sequence number that it was not called for.
  template <class F>
  std::uint32_t each(std::uint32_t first, std::uint32_t last, F&& f) const;

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
  Numbering numbers_;
  ModSeq told_;  // flags changed later are news
  std::size_t keywords_ = 0;
  Uid newest_;                  // the highest UID the view ever had
  bool owes_expunges_ = false;  // has messages that are gone
  bool removed_ = false;
  net::Event changed_;
};

template <class F>
std::uint32_t View::each(std::uint32_t first, std::uint32_t last, F&& f) const {
  last = std::min(last, size());
  if (first > last) return first;
  std::uint32_t seq = first;
  auto now = open_->page_from(numbers_.page_of(first)->number);
  for (auto p = numbers_.page_of(first); p != numbers_.pages().end() && seq <= last; ++p) {
    while (now != open_->pages_.end() && (*now)->number() < p->number) ++now;
    const StatePage* const page = now != open_->pages_.end() && (*now)->number() == p->number ? now->get() : nullptr;
    const bool same = page && page->uids() == p->uids;
    const auto one = [&](std::uint32_t place, std::uint32_t rank) {
      const std::uint32_t number = p->before + rank + 1;
      if (number < first) return true;
      if (number > last) return false;
      seq = number + 1;
      if (!page || (!same && !page->uids()->has(place))) return f(number, static_cast<const MessageState*>(nullptr));
      const MessageState state = page->state(place, same ? rank : page->uids()->rank(place));
      return f(number, &state);
    };
    if (!p->uids->each(one)) break;
  }
  return seq;
}

}  // namespace chappe::post
