#include "agents/mta/intake.h"

#include "agents/door/quota.h"
#include "agents/door/taking.h"

namespace chappe::agents {

using net::Task;
using proto::smtp::Reply;

namespace {

class Intake final : public SmtpActor {
 public:
  explicit Intake(Session& session) : session_(session), site_(session.site()) {}

  Task<Reply> mail(const Transaction*) override { co_return Reply(250, "2.1.0", "Sender accepted"); }
  Task<Reply> rcpt(Transaction* transaction, proto::smtp::Rcpt rcpt) override;
  Task<Replies> letter(Transaction* transaction, post::Ingest ingest, proto::smtp::LetterFacts facts) override {
    return take_from_host(&session_, transaction, std::move(ingest), facts);
  }

 private:
  Session& session_;
  Site& site_;
};

Task<Reply> Intake::rcpt(Transaction* transaction, proto::smtp::Rcpt rcpt) {
  if (rcpt.path.literal) co_return Reply(550, "5.1.3", "Addresses with an IP literal are not served");
  if (rcpt.path.domain.empty()) co_return Reply(550, "5.1.3", "An address without domain is of no host");
  const net::Deadline deadline = session_.within(site_.limits.commit);
  auto routed = co_await post::route(&site_.rcpts, rcpt.path.address(), deadline);
  if (!routed) co_return refusal(routed.error());
  if (auto full = co_await no_room(&site_.mailboxes, &*routed, transaction->mail.size, deadline))
    co_return std::move(*full);
  enter(transaction, rcpt, rcpt.path.address(), std::move(*routed));
  co_return Reply(250, "2.1.5", "Recipient accepted");
}

}  // namespace

std::shared_ptr<const proto::smtp::ServerOptions> intake_options(const Site& site) {
  return std::make_shared<const proto::smtp::ServerOptions>(smtp_options(site, proto::smtp::Role::exchanger));
}

Task<void> serve_intake(Site* site, const Door* door, std::shared_ptr<const proto::smtp::ServerOptions> options,
                        net::Stream stream) {
  Session session(*site, *door, std::move(stream));
  if (!session.peer_is_own_host()) co_return co_await session.turn_away();
  Intake actor(session);
  co_await serve_smtp(&session, std::move(options), &actor);
}

}  // namespace chappe::agents
