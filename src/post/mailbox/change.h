// How Mailboxes runs a change of one account: inside one Change of the commit path, with the hints that follow it.
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "post/mailbox/account_txn.h"
#include "post/mailbox/hub.h"
#include "post/mailbox/mailbox.h"

namespace chappe::post {

template <class R>
struct Mailboxes::AccountChange {
  AccountId account;
  Clock* clock;
  HistoryLimits history;
  std::shared_ptr<Hub> hub;
  std::move_only_function<Result<R>(AccountTxn&)> body;

  Result<R> operator()(store::Txn& txn) {
    AccountTxn a = TRY(AccountTxn::open(txn, account, clock->now(), history));
    R out = TRY(body(a));
    std::vector<MailboxId> touched = TRY(a.finish());
    if (!touched.empty())
      txn.on_durable([account = account, hub = hub, touched = std::move(touched)] {
        for (const MailboxId m : touched) hub->hint(account, m);
      });
    return out;
  }
};

template <class R>
Task<Result<R>> Mailboxes::change(AccountId account, std::move_only_function<Result<R>(AccountTxn&)> body,
                                  Deadline deadline) {
  return commit_.submit<R>(AccountChange<R>{account, &clock_, history_, hub_, std::move(body)}, deadline);
}

}  // namespace chappe::post
