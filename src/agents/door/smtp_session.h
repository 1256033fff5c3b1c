// SMTP at a door: drives the server machine of proto/smtp over a connection and takes letters in. What an actor decides
// (whose letters, to whom, what is done with them) it asks of an SmtpActor: the MX and the MSA are one each.
//
// Everything of one session runs in one coroutine on one shard. A letter flows in as chunks that are shared with the
// store; while the process holds too many bytes in flight, the socket is not read.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "agents/door/login.h"
#include "agents/door/session.h"
#include "message/dsn.h"
#include "post/ingest/ingest.h"
#include "post/policy/judge.h"
#include "proto/smtp/server.h"

namespace chappe::agents {

// The mail transaction that is open (RFC 5321 §3.3).
struct Transaction {
  post::LetterId id;
  proto::smtp::Hello hello;
  proto::smtp::Mail mail;
  std::vector<std::string> accepted;              // as named in RCPT
  std::vector<post::LetterRecipient> recipients;  // where those lead
  std::vector<message::DsnRecipient> expanded;    // aliases whose sender wants to hear of it (RFC 3461 §5.2.7.3)
  std::vector<post::TrailRcpt> rcpts;             // all that were named, at most kRcptsOnTrail of them refused
  std::uint32_t more_rcpts = 0;                   // that were refused, too
  post::TrailVerdict verdict;                     // of the letter, once it is judged
  // Where somebody is heard about it (heard.h).
  std::vector<std::size_t> ends_of;  // how many of `recipients` each of `accepted` leads to, in their order
  post::Verdict heard;               // what judges made of it
  Bytes added;                       // fields to be put above its header
  bool eight_bit = false;            // so is what was written into the header
  bool discarded = false;            // it was thrown away: nobody has it, but its sender is told 250
  post::TrailReply data_refused;     // what its last DATA was told; code 0: yes

  // For the trail: what the accepted recipients, in their order, were told after the letter.
  void judged(std::span<const proto::smtp::Reply> replies);
};
inline constexpr std::size_t kRcptsOnTrail = 100;

// To a letter: one; or, at an LMTP door, one for each accepted recipient in their order (RFC 2033 §4.2).
using Replies = std::vector<proto::smtp::Reply>;

class SmtpActor {
 public:
  virtual ~SmtpActor() = default;

  // MAIL: a positive reply opens the transaction.
  virtual net::Task<proto::smtp::Reply> mail(const Transaction* transaction) = 0;
  // RCPT: on a positive reply the actor has added to `transaction->recipients` where the letter goes.
  virtual net::Task<proto::smtp::Reply> rcpt(Transaction* transaction, proto::smtp::Rcpt rcpt) = 0;
  // DATA: the letter begins.
  virtual void begin(post::Ingest*) {}
  // The letter is complete: takes it in or refuses it. A positive reply promises that it is durable (RFC 5321 §6.1).
  virtual net::Task<Replies> letter(Transaction* transaction, post::Ingest ingest, proto::smtp::LetterFacts facts) = 0;
  // The letter is complete, and will not be taken: judges refuse it or throw it away (`transaction->heard`). Writes
  // into the transaction what the trail is to know of it.
  virtual net::Task<void> turned_away(Transaction*, post::Ingest*) { co_return; }
  // Who is told of the letters of this session; nobody: none.
  virtual std::vector<std::shared_ptr<post::Judge>> judges() { return {}; }
  // Who checks logins, where AUTH is offered; and what somebody is told who has logged in (235).
  virtual std::unique_ptr<SaslLogin> login() { return nullptr; }
  virtual proto::smtp::Reply logged_in(const LoggedIn&) { return proto::smtp::Reply(proto::smtp::Rule::auth_ok); }
};

// Serves the connection to its end.
net::Task<void> serve_smtp(Session* session, std::shared_ptr<const proto::smtp::ServerOptions> options,
                           SmtpActor* actor);

// The machine's options for a site, to be completed by the actor.
proto::smtp::ServerOptions smtp_options(const Site& site, proto::smtp::Role role);

// The letter as the post office takes it, without its trace. The transaction's recipients and the octets move into it.
// Errors: those of the store, when the octets cannot be kept.
net::Task<Result<post::Letter>> letter_of(Session* session, Transaction* transaction, post::Ingest ingest,
                                          proto::smtp::LetterFacts facts, Time now);

// What the trail says of it so far.
post::TrailHead trail_of(const Session& session, const Transaction& transaction);

// The reply to a letter that cannot be taken, by its Error (base/error.h).
proto::smtp::Reply refusal(const Error& error);

}  // namespace chappe::agents
