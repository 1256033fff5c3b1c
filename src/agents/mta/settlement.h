// What becomes of recipients once an attempt is over: they leave the queue, wait for the next attempt, or go back to
// their sender. One for the process, any shard; keeps nothing. RFC 3461 §5.2 says who is told of what.
#pragma once

#include <string>
#include <vector>

#include "agents/mta/counts.h"
#include "agents/mta/schedule.h"
#include "base/log.h"
#include "post/delivery/notice.h"
#include "post/ingest/ingest.h"
#include "post/letter_id.h"
#include "post/queue/queue.h"

namespace chappe::agents::mta {

// What one attempt came to, for one recipient.
struct Verdict {
  Outcome outcome = Outcome::later;
  std::string status;     // RFC 3463: "5.1.1"; empty: what the outcome says by itself
  std::string host;       // who said so; empty: nobody was reached
  std::string tls;        // of the connection; empty: there was none
  std::string words;      // of the other side, printable; or why nobody was reached
  std::string peer = {};  // the IP address of `host`
  bool notifies = false;  // it knows what the sender wants to be told, and sees to it from here on (RFC 3461 §5.2.1)
};

// The recipients of one letter that were tried together.
struct Parcel {
  std::string destination;  // the domain, or the relay, or the mda
  std::vector<post::QueueEntry> entries;
  bool to_mda() const { return entries.front().to_mda; }
  bool again = false;  // has failed once already because a connection that was kept had gone stale
};

struct SettlementParts {
  post::Queue& queue;
  post::Deliver& deliver;
  post::Mailboxes& mailboxes;
  post::RcptSource& directory;
  post::LetterIds& ids;
  Clock& clock;
  Random& random;
  Log& log;
  Counts& counts;
  std::string hostname;
  post::Signer* signer = nullptr;  // of notifications; null: they are not signed
};

class Settlement {
 public:
  explicit Settlement(SettlementParts parts);

  // One verdict for each entry, in their order. Durable when it returns, whoever wants to end meanwhile; what the store
  // refuses now stays leased, and comes back when the lease ends.
  net::Task<void> settle(Parcel parcel, std::vector<Verdict> verdicts);
  // The same verdict for all.
  net::Task<void> settle(Parcel parcel, Verdict verdict);

 private:
  struct Told;  // recipients that one notification tells of
  net::Task<void> delivered(const post::QueueEntry* entry, const Verdict* verdict);
  post::TrailStep step_of(post::TrailEvent event, const Verdict& verdict) const;
  net::Task<void> put_off(const post::QueueEntry* entry, const Verdict* verdict);
  // The letter to the sender, which takes the recipients out of the queue in the same commit, unless they are delayed
  // only; without anybody to tell, only that.
  net::Task<Result<void>> tell(const Told* told);

  SettlementParts parts_;
  post::Notices notices_;
};

}  // namespace chappe::agents::mta
