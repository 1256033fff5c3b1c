#include "agents/mx/exchanger.h"

#include "agents/door/recipient.h"
#include "agents/door/taking.h"
#include "agents/mx/judging.h"

namespace chappe::agents {

using net::Task;
using proto::smtp::Reply;

namespace {

constexpr std::string_view kJunk = "Junk";  // every account has it (post/mailbox/mailbox.h)

class Exchanger final : public SmtpActor {
 public:
  explicit Exchanger(Session& session) : session_(session), site_(session.site()) {}

  Task<Reply> mail(const Transaction*) override { co_return Reply(250, "2.1.0", "Sender accepted"); }
  Task<Reply> rcpt(Transaction* transaction, proto::smtp::Rcpt rcpt) override;
  void begin(post::Ingest* ingest) override {
    if (judges(session_)) ingest->watch(forged_results(site_));
  }
  Task<Replies> letter(Transaction* transaction, post::Ingest ingest, proto::smtp::LetterFacts facts) override;

 private:
  Session& session_;
  Site& site_;
};

Task<Reply> Exchanger::rcpt(Transaction* transaction, proto::smtp::Rcpt rcpt) {
  if (rcpt.path.literal) co_return Reply(550, "5.7.1", "Addresses with an IP literal are not served here");
  // RFC 5321 §4.1.1.3: <Postmaster> has no domain; the directory knows who that is.
  const std::string address = rcpt.path.address();
  const net::Deadline deadline = session_.within(site_.limits.commit);
  auto found = co_await find_recipient(&site_, address, transaction->mail.size, deadline);
  if (auto* refused = std::get_if<Reply>(&found)) co_return std::move(*refused);
  enter(transaction, rcpt, address, std::move(std::get<post::Route>(found)));
  co_return Reply(250, "2.1.5", "Recipient accepted");
}

Task<Replies> Exchanger::letter(Transaction* transaction, post::Ingest ingest, proto::smtp::LetterFacts facts) {
  Bytes field;
  if (const auto watched = ingest.watched()) {
    Judged judged = co_await judge(&session_, transaction, watched.get());
    if (judged.refusal) co_return Replies{std::move(*judged.refusal)};
    if (judged.junk)
      for (post::LetterRecipient& recipient : transaction->recipients)
        if (recipient.destination.kind != post::Destination::Kind::remote) recipient.destination.mailbox = kJunk;
    field = std::move(judged.field);
  }
  co_return co_await take_from_host(&session_, transaction, std::move(ingest), facts, std::move(field));
}

}  // namespace

std::shared_ptr<const proto::smtp::ServerOptions> exchanger_options(const Site& site) {
  return std::make_shared<const proto::smtp::ServerOptions>(smtp_options(site, proto::smtp::Role::exchanger));
}

Task<void> serve_exchanger(Site* site, const Door* door, std::shared_ptr<const proto::smtp::ServerOptions> options,
                           net::Stream stream) {
  Session session(*site, *door, std::move(stream));
  Exchanger actor(session);
  co_await serve_smtp(&session, std::move(options), &actor);
}

}  // namespace chappe::agents
