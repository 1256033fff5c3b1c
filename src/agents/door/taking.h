// What a door does with a transaction that an actor has let in: enters where its recipients lead, with what each asked
// to be told (RFC 3461), and takes the letter together with the notifications that are due at once.
#pragma once

#include "agents/door/smtp_session.h"
#include "post/delivery/route.h"

namespace chappe::agents {

// RCPT names `address`, which leads to `routed`.
void enter(Transaction* transaction, const proto::smtp::Rcpt& rcpt, const std::string& address, post::Route routed);

// The letter, as it came out of letter_of(), with the senders that recipients elsewhere need (forwarding.h). Durable
// when it returns.
net::Task<Result<post::LetterId>> take(Site* site, Transaction* transaction, post::Letter letter,
                                       net::Deadline deadline);

// The same for a letter that another host hands in by SMTP, from its octets on: Received in front of them (RFC 5321
// §4.4) and `above` that, then take(); one reply for all recipients. What has begun to be written is finished although
// the process drains: the client would only send it again.
net::Task<Replies> take_from_host(Session* session, Transaction* transaction, post::Ingest ingest,
                                  proto::smtp::LetterFacts facts, Bytes above = {});

}  // namespace chappe::agents
