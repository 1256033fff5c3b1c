#include "agents/mx/exchanger.h"

#include "agents/door/forwarding.h"
#include "agents/door/heard.h"
#include "agents/door/recipient.h"
#include "agents/door/taking.h"
#include "agents/mx/judging.h"

namespace chappe::agents {

using net::Task;
using proto::smtp::Reply;

namespace {

class Exchanger final : public SmtpActor {
 public:
  explicit Exchanger(Session& session) : session_(session), site_(session.site()) {}

  Task<Reply> mail(const Transaction*) override {
    forwards_ = false;
    co_return Reply(250, "2.1.0", "Sender accepted");
  }
  Task<Reply> rcpt(Transaction* transaction, proto::smtp::Rcpt rcpt) override;
  void begin(post::Ingest* ingest) override {
    if (agents::judges(session_))
      ingest->watch(forged_results(site_), forwards_ ? std::optional(sealed_body()) : std::nullopt);
  }
  // Letters of the site's own hosts were heard when they came in.
  std::vector<std::shared_ptr<post::Judge>> judges() override {
    return session_.peer_is_own_host() ? std::vector<std::shared_ptr<post::Judge>>() : site_.mx_judges;
  }
  Task<Replies> letter(Transaction* transaction, post::Ingest ingest, proto::smtp::LetterFacts facts) override;
  Task<void> turned_away(Transaction* transaction, post::Ingest* ingest) override;

 private:
  // `judged`: null if it was not.
  Task<Replies> take(Transaction* transaction, post::Ingest ingest, proto::smtp::LetterFacts facts,
                     const Judged* judged);

  Session& session_;
  Site& site_;
  bool forwards_ = false;  // the letter goes on to another host, too
};

Task<Reply> Exchanger::rcpt(Transaction* transaction, proto::smtp::Rcpt rcpt) {
  if (rcpt.path.literal) co_return Reply(550, "5.7.1", "Addresses with an IP literal are not served here");
  // RFC 5321 §4.1.1.3: <Postmaster> has no domain; the directory knows who that is.
  const std::string address = rcpt.path.address();
  const net::Deadline deadline = session_.within(site_.limits.commit);
  auto found = co_await find_recipient(&site_, transaction->mail.path, address, transaction->mail.size, deadline);
  if (auto* refused = std::get_if<Reply>(&found)) co_return std::move(*refused);
  const std::size_t before = transaction->recipients.size();
  enter(transaction, rcpt, address, std::move(std::get<post::Route>(found)));
  forwards_ = forwards_ || forwards(std::span(transaction->recipients).subspan(before));
  co_return Reply(250, "2.1.5", "Recipient accepted");
}

Task<Replies> Exchanger::letter(Transaction* transaction, post::Ingest ingest, proto::smtp::LetterFacts facts) {
  const auto watched = agents::judges(session_) ? ingest.watched() : nullptr;
  if (!watched) co_return co_await take(transaction, std::move(ingest), facts, nullptr);
  Judged judged = co_await judge(&session_, transaction, watched.get());
  if (!judged.refusal) judged.refusal = may_not_go_on(vias(transaction->recipients), judged.results);
  Replies replies;
  if (judged.refusal)
    replies.push_back(std::move(*judged.refusal));
  else
    replies = co_await take(transaction, std::move(ingest), facts, &judged);
  remember(site_, judged, replies);
  co_return replies;
}

Task<void> Exchanger::turned_away(Transaction* transaction, post::Ingest* ingest) {
  const auto watched = agents::judges(session_) ? ingest->watched() : nullptr;
  if (watched) co_await look_into(&session_, transaction, watched.get());
}

Task<Replies> Exchanger::take(Transaction* transaction, post::Ingest ingest, proto::smtp::LetterFacts facts,
                              const Judged* judged) {
  const std::uint64_t size = ingest.size();
  post::Ingest::Drop drop;
  Place placing;
  if (judged) {
    drop = forged_results(site_);
    placing = [judged](post::LetterRecipient& recipient) { place(*judged, recipient); };
  }
  const auto somebody = co_await heed(&session_, transaction, &ingest, std::move(drop), std::move(placing));
  if (!somebody) co_return Replies{refusal(somebody.error())};
  if (!*somebody) co_return co_await discard(&session_, transaction, size);
  set_apart(transaction);
  Bytes above = judged ? judged->field : Bytes();
  // What judges have changed is sealed as it is now.
  if (forwards_)
    above.insert(
        0, co_await seal(&site_, transaction->id, vias(transaction->recipients), ingest.watched(),
                         judged ? std::optional(judged->results) : std::nullopt, session_.within(site_.limits.commit)));
  co_return co_await take_from_host(&session_, transaction, std::move(ingest), facts, std::move(above));
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
