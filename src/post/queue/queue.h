// The queue: recipients that wait for transfer to another host. One durable row a recipient, keyed by letter and
// recipient number; the rows of a letter share its body, which goes with the last of them (and the last mailbox entry).
//
// Rows are added by the commit that takes the letter (post/ingest), claimed by the transfer agent when they are due,
// and settled by it. A claim is a lease: the agent that dies with it loses nothing, the row is due again when the lease
// ends. One recipient is claimed by one agent at a time. May be used from any executor; nothing blocks one. What is in
// the queue goes on its way below the disk's reserve, too: only so it gets shorter.
//
// Letters in quarantine are here as well: rows that are held with a reason. One that is for a mailbox here (`here`) is
// claimed by nobody; Mailboxes::file_held() releases it.
// RFC 5321 §4.5.4.1 (sending strategy), RFC 3461 (DSN parameters are kept with the row).
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "net/task.h"
#include "post/ids.h"
#include "post/letter_id.h"
#include "post/trail/types.h"
#include "store/bodies.h"
#include "store/commit.h"

namespace chappe::post {

using net::Deadline;
using net::Task;

struct QueueKey {
  LetterId letter;
  std::uint32_t recipient = 0;  // counted from 0 in the order of RCPT, local ones too
  auto operator<=>(const QueueKey&) const = default;
};

// NOTIFY (RFC 3461 §4.1), as bits; 0 means that the sender said nothing: failure and delay.
enum class Notify : std::uint8_t { never = 1, success = 2, failure = 4, delay = 8 };
// Whether somebody who gave `notify` (of Notify) wants to hear of `what`.
bool wants(std::uint8_t notify, Notify what);

// RET (RFC 3461 §4.3): how much of a letter its notifications bring back.
enum class Ret : std::uint8_t { unsaid = 0, full = 1, headers = 2 };

enum class QueueState : std::uint8_t {
  waiting = 0,  // for next_attempt
  leased = 1,   // being transferred; next_attempt is when the lease ends
  held = 2,     // by an operator or in quarantine, until release()
};

struct QueueEntry {
  QueueKey key;
  std::string sender;  // envelope, without angle brackets; empty for a bounce. Who is told what becomes of it
  // What MAIL FROM says instead, of a letter that an alias leads elsewhere; empty: the sender.
  std::string mail_from = {};
  std::string recipient;  // envelope, as it was given in RCPT
  store::BodyRef body;
  std::uint32_t front_size = 0;  // octets at the start of the body that are not transferred (Return-Path)
  bool smtputf8 = false;         // needs SMTPUTF8 (RFC 6531)
  bool eight_bit = false;        // needs 8BITMIME (RFC 6152)
  std::uint8_t notify = 0;       // of Notify
  Ret ret = Ret::unsaid;
  bool delay_told = false;   // a delay DSN has gone out
  bool to_mda = false;       // the mda of our site has the mailbox: by LMTP, not by the DNS
  bool asked = false;        // an operator asked for the attempt that comes next, or runs
  std::string orcpt;         // ORCPT as it was written, in xtext (RFC 3461 §4.2); empty: not given
  std::string envid;         // ENVID, decoded (RFC 3461 §4.4); empty: not given
  AccountId here = {};       // of our site, in this process: whose mailbox it is for
  std::string mailbox = {};  // of `here`, or of the account that the mda has: its name; empty: INBOX
  std::string reason = {};   // why it is in quarantine: an id (chappe explain ID); empty: it is not

  QueueState state = QueueState::waiting;
  Time arrived;
  Time next_attempt;
  Time expires;  // give up then
  std::uint32_t attempts = 0;
  std::string last_error;  // in the words of the other side

  const std::string& reverse_path() const { return mail_from.empty() ? sender : mail_from; }
};

// How many recipients wait, by state and by how long ago their letter came.
struct QueueCounts {
  static constexpr std::array<Duration, 4> kAges = {std::chrono::minutes(5), std::chrono::hours(1),
                                                    std::chrono::hours(4), std::chrono::hours(24)};
  // [state][i]: younger than kAges[i], and not counted before; the last: older than all of them.
  std::array<std::array<std::uint64_t, kAges.size() + 1>, 3> recipients{};
  std::optional<Time> oldest;  // arrival; nothing: the queue is empty

  std::uint64_t of(QueueState state) const;
};

class Queue {
 public:
  // All must outlive it.
  Queue(store::Store& store, store::Commit& commit, Clock& clock);

  // --- for people and their tools

  // In order of letters, from behind `after` (nothing: from the start), at most `limit`.
  Task<Result<std::vector<QueueEntry>>> list(std::optional<QueueKey> after, std::size_t limit, Deadline deadline);
  // The recipients of a letter that still wait; not_found if none do.
  Task<Result<std::vector<QueueEntry>>> show(LetterId letter, Deadline deadline);
  // Reads the whole queue.
  Task<Result<QueueCounts>> counts(Deadline deadline);
  // `who` does it, for the letter's trail.
  // Forgets a recipient without telling anybody, and the body with the last reference. Errors: not_found.
  Task<Result<void>> drop(QueueKey key, std::string who, Deadline deadline);
  // Stops attempts, or makes them possible again (due at once). A leased row is held from now on too; the transfer
  // that runs may still settle it.
  // Errors: not_found; conflict, to release one that is for a mailbox here.
  Task<Result<void>> hold(QueueKey key, std::string who, Deadline deadline);
  Task<Result<void>> release(QueueKey key, std::string who, Deadline deadline);
  // Due now, and tried even where nobody could be reached a moment ago. Errors: not_found, conflict (leased or held).
  Task<Result<void>> retry_now(QueueKey key, std::string who, Deadline deadline);

  // --- for the transfer agent

  // Leases what is due, the longest due first, at most `limit` recipients, until now + lease. Counts an attempt. The
  // recipients of one letter that fall due together come together.
  Task<Result<std::vector<QueueEntry>>> claim(std::size_t limit, Duration lease, Deadline deadline);
  // What was leased to an agent that has died, with the process that it was in: due now. Before the first claim.
  Task<Result<void>> void_leases(Deadline deadline);
  // `step` says for the trail what happened; its recipient is filled in here.
  // Out of the queue: delivered. What was given up goes with its DSN (Letter::settles). Errors: not_found (dropped
  // meanwhile).
  Task<Result<void>> done(QueueKey key, TrailStep step, Deadline deadline);
  // Tried in vain: again at `step.next`. `delay_told` says that the delay DSN has gone. Errors: not_found.
  Task<Result<void>> defer(QueueKey key, TrailStep step, bool delay_told, Deadline deadline);

  // `wake` is called on `executor` when rows were added or made due; a hint. What falls due by itself gives none: claim
  // now and then. Ends with the returned object, which belongs to that executor.
  class Watch;
  std::unique_ptr<Watch> watch(net::Executor& executor, std::function<void()> wake);

  // --- inside a Change

  // A row for one recipient; the caller has counted its reference to the body, and gives the hint.
  static void add(store::Txn& txn, const QueueEntry& entry);
  // Takes the row away, releases the body, and writes down why. Errors: not_found.
  static Result<void> settle(store::Txn& txn, QueueKey key, TrailStep step);
  // Errors: not_found.
  static Result<QueueEntry> find(store::Txn& txn, QueueKey key);
  static Result<std::vector<QueueEntry>> of_letter(store::Txn& txn, LetterId letter);
  // As settle(), but the row's reference to the body is the caller's from then on.
  static Result<QueueEntry> hand_over(store::Txn& txn, QueueKey key, TrailStep step);
  // There are rows that are due at that time, or later (on_durable); none that is due before it is looked for. Wakes
  // the watchers.
  void hint(Time due);

 private:
  struct Watchers;
  void look_from(Time due);
  TrailStep operated(TrailEvent event, std::string who) const;

  store::Store& store_;
  store::Commit& commit_;
  Clock& clock_;
  std::shared_ptr<Watchers> watchers_;
  // Nothing is due before. Rows that have gone leave marks in the index until the store is compacted; without this,
  // each claim would walk past those of every letter so far. Raised by claims alone, in their Change. In µs.
  std::atomic<std::int64_t> due_from_ = 0;
};

class Queue::Watch {
 public:
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

 private:
  friend class Queue;
  struct State;
  Watch(std::shared_ptr<Watchers> watchers, std::shared_ptr<State> state)
      : watchers_(std::move(watchers)), state_(std::move(state)) {}
  std::shared_ptr<Watchers> watchers_;
  std::shared_ptr<State> state_;
};

}  // namespace chappe::post
