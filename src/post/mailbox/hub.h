// Who has which mailbox open: the way of a hint from the commit thread to the home executor. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>

#include "post/mailbox/mailbox.h"

namespace chappe::post {

struct Mailboxes::Hub {
  struct Slot {
    net::Executor* home;
    std::weak_ptr<OpenMailbox> open;
    std::shared_ptr<std::atomic<bool>> stale;  // of the OpenMailbox
  };

  // Ends an OpenMailbox, at home.
  struct Close {
    std::shared_ptr<Hub> hub;
    void operator()(OpenMailbox* open) const;
  };

  // From any thread.
  void hint(AccountId account, MailboxId mailbox);
  // All open mailboxes of an account.
  void hint(AccountId account);
  // `mutex` is held.
  static void hint(Slot& slot);

  static std::uint64_t key(AccountId account, MailboxId mailbox) {
    return std::uint64_t{account.value} << 32 | mailbox.value;
  }

  std::mutex mutex;
  std::map<std::uint64_t, Slot> slots;      // the mailboxes of an account are neighbours
  std::function<void(AccountId)> follower;  // of all accounts
};

}  // namespace chappe::post
