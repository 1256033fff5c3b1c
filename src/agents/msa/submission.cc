#include "agents/msa/submission.h"

#include "agents/door/heard.h"
#include "agents/door/originators.h"
#include "agents/door/quota.h"
#include "agents/door/taking.h"
#include "agents/door/trace.h"
#include "agents/msa/repairs.h"
#include "post/delivery/route.h"

namespace chappe::agents {

using net::Task;
using proto::smtp::Reply;

namespace {

const Event kRepaired("submission.repaired", Level::info, {"session", "letter", "rules"},
                      "A letter was completed before it was taken (RFC 6409 §8); rules names what was done "
                      "(docs/smtp-rules.md). A mail program that always needs it is worth a look.");

class Submission final : public SmtpActor {
 public:
  explicit Submission(Session& session) : session_(session), site_(session.site()) {}

  Task<Reply> mail(const Transaction* transaction) override;
  Task<Reply> rcpt(Transaction* transaction, proto::smtp::Rcpt rcpt) override;
  void begin(post::Ingest* ingest) override {
    if (site_.signer) ingest->watch(post::signed_body());
  }
  Task<Replies> letter(Transaction* transaction, post::Ingest ingest, proto::smtp::LetterFacts facts) override;
  std::vector<std::shared_ptr<post::Judge>> judges() override { return site_.submission_judges; }
  std::unique_ptr<SaslLogin> login() override { return site_.logins(session_); }
  Reply logged_in(const LoggedIn& who) override {
    who_ = who;
    return SmtpActor::logged_in(who);
  }

 private:
  // The signatures over `added` and the letter, which go above both.
  Task<Result<Bytes>> signed_above(std::shared_ptr<const post::Watched> letter, Bytes added);

  Session& session_;
  Site& site_;
  LoggedIn who_;
};

Task<Reply> Submission::mail(const Transaction* transaction) {
  const auto& path = transaction->mail.path;
  // The null path is for receipts and refusals that a client sends (RFC 8098 §3).
  if (path.null()) co_return Reply(250, "2.1.0", "Sender accepted");
  auto may = co_await site_.senders.may_send(who_, path.address(), session_.within(site_.limits.commit));
  if (!may) co_return refusal(may.error());
  if (*may == post::SendRight::on_behalf)
    co_return Reply(
        553, "5.7.1",
        fmt::format("You are logged in as {} and may write on behalf of this address, but MAIL FROM must be "
                    "your own",
                    who_.address));
  if (*may == post::SendRight::none)
    co_return Reply(
        553, "5.7.1",
        fmt::format("You are logged in as {} and may not send as this address, unless the postmaster grants "
                    "it (chappe grant add)",
                    who_.address));
  co_return Reply(250, "2.1.0", "Sender accepted");
}

Task<Reply> Submission::rcpt(Transaction* transaction, proto::smtp::Rcpt rcpt) {
  if (rcpt.path.literal) co_return Reply(550, "5.1.3", "Addresses with an IP literal are not served");
  const std::string address = rcpt.path.address();
  const net::Deadline deadline = session_.within(site_.limits.commit);
  auto routed = co_await post::route(&site_.rcpts, address, deadline);
  if (!routed) {
    if (routed.error().code() == Errc::not_found) co_return Reply(550, "5.1.1", "No such mailbox here");
    co_return refusal(routed.error());
  }
  if (auto full = co_await no_room(&site_.mailboxes, &*routed, transaction->mail.size, deadline))
    co_return std::move(*full);
  enter(transaction, rcpt, address, std::move(*routed));
  co_return Reply(250, "2.1.5", "Recipient accepted");
}

Task<Result<Bytes>> Submission::signed_above(std::shared_ptr<const post::Watched> letter, Bytes added) {
  const auto* body = letter && letter->bodies ? letter->bodies->find(post::signed_body()) : nullptr;
  if (!body) co_return Bytes();
  co_return co_await site_.signer->sign(
      {.account = who_.address, .header = added + letter->header, .body_hash = body->hash},
      session_.within(site_.limits.commit));
}

Task<Replies> Submission::letter(Transaction* transaction, post::Ingest ingest, proto::smtp::LetterFacts facts) {
  const Time now = site_.clock.now();
  static_assert(proto::smtp::ServerLimits().header <= post::Ingest::kMaxHeader, "all of it is there");
  const std::uint64_t size = ingest.size();
  const auto somebody = co_await heed(&session_, transaction, &ingest);
  if (!somebody) co_return Replies{refusal(somebody.error())};
  if (!*somebody) co_return co_await discard(&session_, transaction, size);
  set_apart(transaction);
  const Bytes header_bytes = ingest.held_header().value_or(ingest.header().flatten());
  const message::Letter header(header_bytes);
  const auto originators =
      co_await check_originators(&site_.senders, who_, &header, session_.within(site_.limits.commit));
  if (!originators) co_return Replies{refusal(originators.error())};
  if (originators->refusal) co_return Replies{*originators->refusal};

  const Repairs repairs = repairs_of(header, {.bare_lf = facts.bare_lf > 0,
                                              .wants_sender = originators->wants_sender,
                                              .account = who_.address,
                                              .unique = transaction->id.text(),
                                              .hostname = site_.hostname,
                                              .now = now});
  const TraceFacts trace{.hello = transaction->hello.name,
                         .extended = transaction->hello.extended,
                         .smtputf8 = transaction->mail.smtputf8,
                         .authenticated = true,
                         .recipient = {},
                         .letter = transaction->id,
                         .time = now};
  const auto signatures = co_await signed_above(ingest.watched(), repairs.fields + transaction->added);
  if (!signatures) co_return Replies{refusal(signatures.error())};
  auto letter = co_await letter_of(&session_, transaction, std::move(ingest), facts, now);
  if (!letter) co_return Replies{refusal(letter.error())};
  letter->trace =
      ChunkList(received_field(session_, site_.hostname, trace) + *signatures + repairs.fields + transaction->added);
  auto taken = co_await take(&site_, transaction, std::move(*letter), Session::regardless(site_.limits.commit));
  if (!taken) co_return Replies{refusal(taken.error())};
  std::string said = fmt::format("Taken as {}", taken->text());
  if (!repairs.rules.empty()) {
    site_.log.event(kRepaired, session_.id(), taken->text(), repairs.list());
    said += "; repaired: " + repairs.list();
  }
  co_return Replies{Reply(250, "2.0.0", said)};
}

}  // namespace

std::shared_ptr<const proto::smtp::ServerOptions> submission_options(const Site& site) {
  auto options = smtp_options(site, proto::smtp::Role::submission);
  options.auth_mechanisms = Login::mechanisms(true);
  return std::make_shared<const proto::smtp::ServerOptions>(std::move(options));
}

Task<void> serve_submission(Site* site, const Door* door, std::shared_ptr<const proto::smtp::ServerOptions> options,
                            net::Stream stream) {
  Session session(*site, *door, std::move(stream));
  Submission actor(session);
  co_await serve_smtp(&session, std::move(options), &actor);
}

}  // namespace chappe::agents
