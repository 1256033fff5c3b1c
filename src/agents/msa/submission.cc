#include "agents/msa/submission.h"

#include "agents/door/heard.h"
#include "agents/door/quota.h"
#include "agents/door/taking.h"
#include "agents/door/trace.h"
#include "agents/msa/repairs.h"
#include "agents/msa/signing.h"
#include "message/address.h"
#include "post/delivery/route.h"

namespace chappe::agents {

using net::Task;
using proto::smtp::Reply;

namespace {

const Event kRepaired("submission.repaired", Level::info, {"session", "letter", "rules"},
                      "A letter was completed before it was taken (RFC 6409 §8); rules names what was done "
                      "(docs/smtp-rules.md). A mail program that always needs it is worth a look.");

// Addresses of a From field that are looked at; more are nobody's letter.
constexpr std::size_t kMaxAuthors = 20;

class Submission final : public SmtpActor {
 public:
  explicit Submission(Session& session) : session_(session), site_(session.site()) {}

  Task<Reply> mail(const Transaction* transaction) override;
  Task<Reply> rcpt(Transaction* transaction, proto::smtp::Rcpt rcpt) override;
  void begin(post::Ingest* ingest) override {
    if (site_.keys) ingest->watch(signed_body());
  }
  Task<Replies> letter(Transaction* transaction, post::Ingest ingest, proto::smtp::LetterFacts facts) override;
  std::vector<std::shared_ptr<post::Judge>> judges() override { return site_.submission_judges; }
  std::unique_ptr<SaslLogin> login() override { return site_.logins(session_); }
  Reply logged_in(const LoggedIn& who) override {
    who_ = who;
    return SmtpActor::logged_in(who);
  }

 private:
  enum class Authors : std::uint8_t { own, foreign, stolen };
  // Whose letter the From field says it is.
  Task<Result<Authors>> authors(const message::Letter* header);

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
  if (!*may)
    co_return Reply(553, "5.7.1",
                    fmt::format("You are logged in as {} and may not send as this address", who_.address));
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

Task<Result<Submission::Authors>> Submission::authors(const message::Letter* header) {
  const message::Field* from = header->find(message::FieldName::from);
  if (!from) co_return Authors::foreign;
  Authors found = Authors::foreign;
  const net::Deadline deadline = session_.within(site_.limits.commit);
  const message::AddressList list = message::parse_addresses(from->value());
  std::size_t looked_at = 0;
  for (const message::Address& entry : list.entries) {
    if (!entry.is_mailbox()) continue;
    if (++looked_at > kMaxAuthors) break;
    const std::string address = entry.spec();
    if (CO_TRY(co_await site_.senders.may_send(who_, address, deadline))) co_return Authors::own;
    auto answer = co_await site_.rcpts.resolve_rcpt(address, deadline);
    // What cannot be an address is nobody's.
    if (!answer && answer.error().temporary()) co_return std::unexpected(std::move(answer.error()));
    if (answer && answer->kind != post::RcptAnswer::Kind::remote) found = Authors::stolen;
  }
  co_return found;
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
  const auto authors_of = co_await authors(&header);
  if (!authors_of) co_return Replies{refusal(authors_of.error())};
  if (*authors_of == Authors::stolen)
    co_return Replies{Reply(
        550, "5.7.1", fmt::format("You are logged in as {}: From names somebody else of this server", who_.address))};

  const Repairs repairs = repairs_of(header, {.bare_lf = facts.bare_lf > 0,
                                              .own_from = *authors_of == Authors::own,
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
  const auto signatures = co_await signatures_of(&site_, ingest.watched(), repairs.fields + transaction->added,
                                                 session_.within(site_.limits.commit));
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
