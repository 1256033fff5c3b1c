// For tests: a small post office on any form of the store, on one executor, with the clock in hand.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "base/random.h"
#include "post/ingest/ingest.h"
#include "post/mailbox/mailbox.h"
#include "post/queue/queue.h"
#include "post/trail/trail.h"
#include "store/test_stores.h"

namespace chappe::post::testing {

using store::testing::soon;

class Office {
 public:
  explicit Office(const std::string& form, store::Commit::Mode mode = store::Commit::Mode::in_line)
      : place_(store::testing::make_place(form)), mode_(mode) {
    open();
  }
  explicit Office(std::unique_ptr<store::testing::Place> place, HistoryLimits history = {})
      : place_(std::move(place)), history_(history) {
    open();
  }

  // As after a crash or a restart: everything in memory is gone.
  void reopen() {
    close();
    open();
  }
  void close() {
    parts_.reset();
    store_.reset();
  }
  void open() {
    store_ = std::move(place_->open().value());
    parts_ = std::make_unique<Parts>(*store_, mode_, clock_, random_, history_);
  }

  template <class T>
  T wait(net::Task<T> task) {
    return executor_.run(std::move(task));
  }

  store::Store& store() { return *store_; }
  store::Commit& commit() { return parts_->commit; }
  Mailboxes& mailboxes() { return parts_->mailboxes; }
  Queue& queue() { return parts_->queue; }
  Deliver& deliver() { return parts_->deliver; }
  LetterIds& ids() { return parts_->ids; }
  Trail& trail() { return parts_->trail; }
  ManualClock& clock() { return clock_; }
  net::LocalExecutor& executor() { return executor_; }

  MailboxInfo find(AccountId account, std::string name) {
    return wait(mailboxes().find(account, std::move(name), soon())).value();
  }
  Uid append(AccountId account, MailboxId mailbox, std::string text, FlagList flags = {}) {
    std::vector<NewMessage> messages(1);
    messages[0].octets = ChunkList(text);
    messages[0].flags = std::move(flags);
    return wait(mailboxes().append(account, mailbox, std::move(messages), soon())).value().uids.front();
  }
  // The text of a message; "-" if there is none.
  std::string text(AccountId account, MailboxId mailbox, Uid uid) {
    const auto record = wait(mailboxes().message(account, mailbox, uid, soon())).value();
    if (!record) return "-";
    return wait(mailboxes().read(record->body, 0, record->body.size, soon())).value().flatten();
  }
  // Rows of a key space of an account.
  std::size_t rows(AccountId account, store::Space space) {
    return wait(store::scan_all(store_.get(), store::KeyWriter(account.value, space).range(), soon())).value().size();
  }
  std::size_t bodies() { return rows({}, store::Space::body); }

 private:
  struct Parts {
    Parts(store::Store& store, store::Commit::Mode mode, Clock& clock, Random& random, HistoryLimits history)
        : ids(clock, random),
          commit(store, {.mode = mode}),
          mailboxes(store, commit, ids, clock, history),
          queue(store, commit, clock),
          deliver(store, commit, mailboxes, queue, clock),
          trail(store, commit, clock) {}
    ~Parts() { commit.stop(); }
    LetterIds ids;
    store::Commit commit;
    Mailboxes mailboxes;
    Queue queue;
    Deliver deliver;
    Trail trail;
  };

  std::unique_ptr<store::testing::Place> place_;
  store::Commit::Mode mode_ = store::Commit::Mode::in_line;
  HistoryLimits history_;
  ManualClock clock_;
  SeededRandom random_{42};
  net::LocalExecutor executor_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<Parts> parts_;
};

inline const auto kForms = ::testing::Values(std::string("memory"), std::string("rocks"));
inline std::string form_name(const ::testing::TestParamInfo<std::string>& info) { return info.param; }

}  // namespace chappe::post::testing
