// What the exchanger makes of a letter once it is known who sent it: trust/judgement.h judges, and this says what is
// answered, what is written above the letter, and into which mailbox it goes. RFC 8601 §5 for what is taken out of the
// header, RFC 9989 §5.4 for the action.
//
// What other judges said by then (Transaction::heard) is knowledge beside DMARC: a letter that somebody takes for spam
// has something against it. Letters of the site's own hosts are not judged: they were when they came in.
#pragma once

#include "agents/door/smtp_session.h"

namespace chappe::agents {

// Whether letters of this session are judged at all.
bool judges(Session& session);

// Fields that may be taken for our own word, and are not.
post::Ingest::Drop forged_results(const Site& site);

struct Judged {
  std::optional<proto::smtp::Reply> refusal;
  Bytes field;  // Authentication-Results, whole
  post::Action action = post::Action::nothing;
};

// Asks the DNS, for site.limits.judging at most; writes into the transaction what the trail is to know. `watched` must
// outlive the task.
net::Task<Judged> judge(Session* session, Transaction* transaction, const post::Watched* watched);

}  // namespace chappe::agents
