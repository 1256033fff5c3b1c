#include "agents/mda/delivery.h"

#include "agents/door/forwarding.h"
#include "agents/door/originators.h"
#include "agents/door/recipient.h"
#include "agents/door/rules_question.h"
#include "agents/door/sign_question.h"
#include "agents/door/trace.h"
#include "base/text.h"
#include "message/address.h"
#include "post/policy/rules.h"
#include "proto/smtp/parameters.h"
#include "trust/author.h"

namespace chappe::agents {

using net::Task;
using proto::smtp::Reply;

namespace {

// One of our own, as message/dsn.h builds it.
bool is_notification(const message::Letter& header) {
  if (trust::decide_author(header).class_() != trust::AuthorClass::one) return false;
  const auto from = message::parse_addresses(header.find(message::FieldName::from)->value());
  return from.mailboxes() == 1 && iequals(from.first()->local, "MAILER-DAEMON");
}

class Delivery final : public SmtpActor {
 public:
  explicit Delivery(Session& session) : session_(session), site_(session.site()) {}

  Task<Reply> mail(const Transaction* transaction) override;
  Task<Reply> rcpt(Transaction* transaction, proto::smtp::Rcpt rcpt) override;
  void begin(post::Ingest* ingest) override {
    if (forwards_) ingest->watch(sealed_body());
  }
  Task<Replies> letter(Transaction* transaction, post::Ingest ingest, proto::smtp::LetterFacts facts) override;
  std::unique_ptr<SaslLogin> login() override { return std::make_unique<Login>(session_, Login::From::own_host); }
  // The host that passes the login on learns by this whom it was for; in xtext, because a reply is ASCII.
  Reply logged_in(const LoggedIn& who) override {
    return Reply(235, "2.7.0", fmt::format("<{}> is logged in", proto::smtp::xtext_encode(who.address)));
  }

 private:
  // The answer to a question for rules.
  Task<Reply> tell_rules(post::Scope scope);
  // The rules of those whom the address leads to, each different chain once.
  Task<Result<std::vector<post::KnownChain>>> chains_of(const post::Route* route);
  // The letter is a question for signatures.
  Task<Reply> sign(const Transaction* transaction, Bytes question);

  Session& session_;
  Site& site_;
  bool forwards_ = false;  // the letter goes on to another host, too
  // Of the transaction that is open.
  std::vector<std::string> folders_;  // that the accepted recipients' letters belong in; empty: their INBOX
  bool signs_ = false;                // its recipient is kSignAddress
};

Task<Reply> Delivery::mail(const Transaction* transaction) {
  forwards_ = false;
  folders_.clear();
  signs_ = false;
  const auto& mail = transaction->mail;
  // RFC 4954 §5: who submitted it, in the words of a host that is believed.
  if (mail.auth && !mail.auth->empty() && !mail.path.null()) {
    const auto may =
        co_await site_.senders.may_send({{}, *mail.auth}, mail.path.address(), session_.within(site_.limits.commit));
    if (!may) co_return refusal(may.error());
    if (*may == post::SendRight::on_behalf)
      co_return Reply(550, "5.7.1", "The account may write on behalf of this address, and not send as it");
    if (*may == post::SendRight::none) co_return Reply(553, "5.7.1", "The account may not send as this address");
  }
  co_return Reply(250, "2.1.0", "Sender accepted");
}

Task<Reply> Delivery::rcpt(Transaction* transaction, proto::smtp::Rcpt rcpt) {
  if (rcpt.path.literal) co_return Reply(550, "5.7.1", "Addresses with an IP literal are not served here");
  if (signs_) co_return Reply(550, "5.7.1", "A question for signatures has no other recipient");
  if (transaction->mail.auth && transaction->mail.path.null() && transaction->accepted.empty() &&
      rcpt.path.address() == kSignAddress) {
    signs_ = true;
    co_return Reply(250, "2.1.5", "Asked for signatures");
  }
  if (const auto name = transaction->mail.path.null() ? parse_rules_address(rcpt.path.address()) : std::nullopt)
    co_return co_await tell_rules(name->scope);
  auto found = co_await find_recipient(&site_, transaction->mail.path, rcpt.path.address(), transaction->mail.size,
                                       session_.within(site_.limits.commit));
  if (auto* refused = std::get_if<Reply>(&found)) co_return std::move(*refused);
  const post::Route& route = std::get<post::Route>(found);
  const auto chains = co_await chains_of(&route);
  if (!chains) co_return refusal(chains.error());
  for (const auto& end : route.ends) forwards_ = forwards_ || !via_of(rcpt.path.address(), end).empty();
  folders_.push_back(std::move(rcpt.folder).value_or(""));
  co_return Reply(250, "2.1.5", "Recipient accepted" + named_rules(*chains));
}

Task<Reply> Delivery::tell_rules(post::Scope scope) {
  const auto rules = co_await site_.laid_down->in(scope, session_.within(site_.limits.commit));
  if (!rules) co_return refusal(rules.error());
  folders_.emplace_back();  // it is answered as a recipient, to whom no letter can go
  co_return Reply(250, "2.1.5", written_rules((*rules)->rules()));
}

Task<Result<std::vector<post::KnownChain>>> Delivery::chains_of(const post::Route* route) {
  std::vector<post::KnownChain> out;
  for (const post::Route::End& end : route->ends) {
    auto chain = CO_TRY(co_await site_.laid_down->of(end.destination.account, session_.within(site_.limits.commit)));
    if (std::ranges::find(out, chain) == out.end()) out.push_back(std::move(chain));
    if (out.size() == kMaxChains) break;
  }
  co_return out;
}

Task<Reply> Delivery::sign(const Transaction* transaction, Bytes question) {
  auto asked = SignQuestion::read(question);
  if (!asked) co_return refusal(asked.error());
  const message::Letter header(asked->header);
  const std::string& account = *transaction->mail.auth;
  const net::Deadline deadline = session_.within(site_.limits.commit);
  if (account.empty()) {
    if (!is_notification(header)) co_return Reply(550, "5.7.1", "Nobody is named who may be the author of this letter");
  } else {
    auto originators = co_await check_originators(&site_.senders, {{}, account}, &header, deadline);
    if (!originators) co_return refusal(originators.error());
    if (originators->refusal) co_return std::move(*originators->refusal);
  }
  const auto fields = co_await site_.signer->sign(
      {.account = account, .header = asked->header, .body_hash = std::move(asked->body_hash)}, deadline);
  if (!fields) co_return refusal(fields.error());
  co_return Reply(250, "2.0.0", written_signatures(*fields));
}

Task<Replies> Delivery::letter(Transaction* transaction, post::Ingest ingest, proto::smtp::LetterFacts facts) {
  if (signs_) {
    Reply said = co_await sign(transaction, ingest.header().flatten());
    co_return Replies{std::move(said)};
  }
  const Time now = site_.clock.now();
  const auto watched = ingest.watched();
  // By the host of this site that hands it over, which puts its own Received below.
  std::optional<trust::authres::Results> judged;
  if (auto before = watched ? trust::authres::found_before(watched->letter.fields()) : std::nullopt)
    judged = std::move(before->results);
  // Now that its size is known, and because much may have happened since RCPT, each is looked at once more.
  Replies replies;
  for (std::size_t i = 0; i < transaction->accepted.size(); ++i) {
    const std::string& address = transaction->accepted[i];
    auto found = co_await find_recipient(&site_, transaction->mail.path, address, ingest.size(),
                                         session_.within(site_.limits.commit));
    if (auto* refused = std::get_if<Reply>(&found)) {
      replies.push_back(std::move(*refused));
      continue;
    }
    std::vector<post::LetterRecipient> leads;
    for (auto& end : std::get<post::Route>(found).ends) {
      std::string via = via_of(address, end);
      if (!folders_[i].empty()) end.destination.mailbox = folders_[i];
      leads.push_back({std::move(end.address), std::move(end.destination), 0, {}, std::move(via)});
    }
    if (auto refused = judged ? may_not_go_on(vias(leads), *judged) : std::nullopt) {
      replies.push_back(std::move(*refused));
      continue;
    }
    std::ranges::move(leads, std::back_inserter(transaction->recipients));
    replies.emplace_back(250, "2.0.0", fmt::format("Taken as {}", transaction->id.text()));
  }
  transaction->judged(replies);
  if (transaction->recipients.empty()) co_return replies;

  const bool several = transaction->accepted.size() > 1;
  const TraceFacts trace{.hello = transaction->hello.name,
                         .extended = true,
                         .lmtp = true,
                         .smtputf8 = transaction->mail.smtputf8,
                         .authenticated = false,
                         .recipient = several ? std::string() : transaction->accepted.front(),
                         .letter = transaction->id,
                         .time = now};
  const net::Deadline deadline = Session::regardless(site_.limits.commit);
  Bytes sealed;
  if (const auto forwarders = vias(transaction->recipients); !forwarders.empty())
    sealed = co_await seal(&site_, transaction->id, forwarders, watched, judged, deadline);
  auto letter = co_await letter_of(&session_, transaction, std::move(ingest), facts, now);
  std::optional<Error> failed;
  if (letter) {
    if (const auto ready = co_await rewrite_senders(&site_, &*letter, deadline); !ready)
      letter = std::unexpected(ready.error());
  }
  if (letter) {
    letter->trace = ChunkList(sealed + received_field(session_, site_.hostname, trace));
    const auto taken = co_await site_.deliver.take(std::move(*letter), Session::regardless(site_.limits.commit));
    if (!taken) failed = taken.error();
  } else {
    failed = letter.error();
  }
  if (failed)
    for (Reply& reply : replies)
      if (reply.positive()) reply = refusal(*failed);
  co_return replies;
}

}  // namespace

DeliveryOptions delivery_options(const Site& site) {
  auto options = smtp_options(site, proto::smtp::Role::lmtp);
  options.auth_mechanisms = Login::mechanisms(true);
  DeliveryOptions out;
  out.network = std::make_shared<const proto::smtp::ServerOptions>(options);
  options.auth_without_tls = true;
  out.loopback = std::make_shared<const proto::smtp::ServerOptions>(std::move(options));
  return out;
}

Task<void> serve_delivery(Site* site, const Door* door, DeliveryOptions options, net::Stream stream) {
  Session session(*site, *door, std::move(stream));
  if (!session.peer_is_own_host()) co_return co_await session.turn_away();
  Delivery actor(session);
  co_await serve_smtp(&session, session.peer().loopback() ? options.loopback : options.network, &actor);
}

}  // namespace chappe::agents
