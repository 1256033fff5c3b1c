// Whom a letter names as its originators, and whether who hands it in may do so (RFC 5322 §3.6.2 and §3.6.6 for the
// fields, RFC 6409 §6.1 for the right to ask). One rule:
//
//   1. From says clearly who the author is, by the rule that DMARC is judged by (trust/author.h), or it is not there at
//      all and is added.
//   2. Every author in From is an address that the account may use (post/directory/grants.h). For one on whose behalf
//      it writes, and for several, Sender says who it was: it is added where it is missing.
//   3. Every address in Sender, Resent-From and Resent-Sender is one that the account may send as. A letter that is
//      sent again is no excuse for a From that is somebody else's: nobody who reads it sees a difference.
//
// At most kMaxOriginators addresses are looked at: a letter with more is refused. Each may cost a question to the
// directory, or to the mda in another process. Keeps nothing; on the session's shard.
#pragma once

#include <optional>

#include "message/letter.h"
#include "net/task.h"
#include "post/directory/people.h"
#include "proto/smtp/reply.h"

namespace chappe::agents {

inline constexpr std::size_t kMaxOriginators = 20;

struct Originators {
  std::optional<proto::smtp::Reply> refusal;
  bool wants_sender = false;  // From alone does not say who hands it in
};

// `header`: of the letter as it came, all of it. Errors: those of the source. What is pointed to must outlive the task.
net::Task<Result<Originators>> check_originators(post::SenderSource* senders, post::LoggedIn who,
                                                 const message::Letter* header, net::Deadline deadline);

}  // namespace chappe::agents
