// What the exchanger makes of a letter once it is known who sent it: trust/judgement.h judges, the rules of each
// recipient decide (post/policy/weighing.h), and this says what is answered, what is written above the letter, and
// where it goes: as addressed, into Junk, or into quarantine. RFC 8601 §5 for what is taken out of the header, RFC 9989
// §5.4 for the action.
//
// What other judges said by then (Transaction::heard) is knowledge beside DMARC: a letter that somebody takes for spam
// has something against it. Letters of the site's own hosts are not judged: they were when they came in.
#pragma once

#include "agents/door/smtp_session.h"
#include "post/reputation/reputation.h"
#include "trust/authres/results.h"

namespace chappe::agents {

// Whether letters of this session are judged at all.
bool judges(Session& session);

// Fields that may be taken for our own word, and are not.
post::Ingest::Drop forged_results(const Site& site);

struct Judged {
  std::optional<proto::smtp::Reply> refusal;
  trust::authres::Results results;
  Bytes field;        // Authentication-Results, whole: the same
  bool junk = false;  // if it is taken: it is set apart, for some recipient at least
  // What becomes of the letter as a whole, and why.
  trust::dmarc::Action action = trust::dmarc::Action::accept;
  std::string_view reason;
  post::Sighting sighting;  // whose letter it was
};

// Remembers what became of a letter that was judged.
void remember(const Site& site, const Judged& judged, const Replies& replies);

// Where the letter goes of a recipient whose own rules were not asked, since a milter added it: as the letter as a
// whole.
void place(const Judged& judged, post::LetterRecipient& recipient);

// Asks the DNS, for site.limits.judging at most; writes into the transaction where each recipient's letter goes and
// what the trail is to know. `watched` must outlive the task.
net::Task<Judged> judge(Session* session, Transaction* transaction, const post::Watched* watched);

// Of a letter that judges turn away: who sent it is looked into all the same, for the trail and for what is remembered
// of the sender. Nothing is decided. As judge().
net::Task<void> look_into(Session* session, Transaction* transaction, const post::Watched* watched);

}  // namespace chappe::agents
