#include "agents/door/smtp_session.h"

#include "agents/door/heard.h"
#include "agents/door/trace.h"

namespace chappe::agents {

using net::Deadline;
using net::Task;
using proto::smtp::Reply;
using proto::smtp::Rule;
using proto::smtp::ServerMachine;

namespace {

const Event kRefused("smtp.refused", Level::info, {"session", "rule", "line"},
                     "A command was refused because of its form; rule names why (docs/smtp-rules.md).");
const Event kNo("smtp.no", Level::info, {"session", "letter", "command", "address", "code", "text"},
                "A sender, a recipient or a letter was refused. text is what the client was told.");
const Event kAccepted("smtp.accepted", Level::info,
                      {"session", "letter", "sender", "recipients", "size", "tls", "account", "ms"},
                      "A letter was taken: it is on disk, and its sender was told 250.");

// Octets of a letter that must arrive within one SiteLimits::smtp.
constexpr std::uint64_t kStretch = 64 * 1024;
// How long a reader waits before it looks again whether memory has become free; and for how long at most one that
// holds part of a letter itself, because those who wait for each other would wait for ever. Up to twice as long, so
// that they do not all give up together.
constexpr Duration kBudgetPause = std::chrono::milliseconds(10);
constexpr Duration kBudgetPatience = std::chrono::seconds(5);

post::TrailReply on_trail(const Reply& reply) {
  return {static_cast<std::uint16_t>(reply.code), reply.enhanced, reply.text};
}

// One session being served: the machine, and what is known about the transaction.
class Conversation {
 public:
  Conversation(Session& session, std::shared_ptr<const proto::smtp::ServerOptions> options, SmtpActor& actor)
      : session_(session),
        site_(session.site()),
        actor_(actor),
        machine_(std::move(options), session.door().implicit_tls) {
    if (auto judges = actor_.judges(); !judges.empty()) heard_.emplace(session_, std::move(judges));
  }
  ~Conversation() { end_transaction({}, ingest_ ? ingest_->size() : 0); }
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;

  Task<void> run();

 private:
  Task<void> converse();
  Task<bool> flush();
  Task<bool> read();
  Task<bool> handle(proto::smtp::Event event);

  Task<void> on(proto::smtp::Hello& hello);
  Task<void> on(proto::smtp::AuthBegin& begin);
  void on_auth(Result<SaslLogin::Step> step);
  Task<void> on(proto::smtp::Mail& mail);
  Task<void> on(proto::smtp::Rcpt& rcpt);
  Task<void> on(const proto::smtp::DataBegin&);
  Task<void> on(proto::smtp::Data& data);
  Task<void> on(proto::smtp::DataEnd& end);
  // What becomes of the letter, which is complete.
  Task<Replies> letter(proto::smtp::LetterFacts facts);
  // The judges need not hear the rest of the letter.
  Task<void> leave_judges();
  void drop_letter();
  // The transaction ends without a letter: `reply` says why, code 0 that its sender gave it up. One that was given up
  // is worth a note only if something was refused in it, or lost under way.
  void end_transaction(const post::TrailReply& reply = {}, std::uint64_t size = 0);
  // Sends the reply, and notes it when it is a refusal.
  void answer(const Reply& reply, std::string_view command, std::string_view address);
  void note_refusal(const Reply& reply, std::string_view command, std::string_view address);
  void progress() { patience_ = session_.within(site_.limits.smtp); }

  Session& session_;
  Site& site_;
  SmtpActor& actor_;
  std::unique_ptr<SaslLogin> login_;
  std::optional<HeardSession> heard_;
  std::string mechanism_;  // of the login
  ServerMachine machine_;
  proto::smtp::Hello hello_;
  std::optional<Transaction> transaction_;
  std::optional<post::Ingest> ingest_;
  Lease in_flight_;
  Deadline patience_;  // for the next command, or stretch of a letter
  std::uint64_t stretch_ = 0;
  Steady mail_began_;
};

Task<bool> Conversation::flush() {
  Bytes out = machine_.take_output();
  if (out.empty()) co_return true;
  co_return (co_await session_.stream().write(std::move(out), patience_)).has_value();
}

Task<bool> Conversation::read() {
  if (site_.budget.over(Part::in_flight)) {
    const auto extra = site_.random.below(static_cast<std::uint64_t>(kBudgetPatience.count()));
    const net::Deadline memory = session_.within(kBudgetPatience + Duration(static_cast<Duration::rep>(extra)));
    while (site_.budget.over(Part::in_flight) && !patience_.passed()) {
      if (in_flight_.bytes() > 0 && memory.passed() && !session_.draining()) {
        end_transaction(on_trail(Reply(Rule::short_of_memory)), ingest_->size());
        drop_letter();
        machine_.close(Rule::short_of_memory);
        co_return true;
      }
      (void)co_await net::sleep(session_.within(kBudgetPause));
    }
  }
  auto chunk = co_await session_.stream().read(patience_);
  if (chunk) {
    if (chunk->empty()) {
      machine_.feed_end();
    } else {
      machine_.feed(std::move(*chunk));
    }
    co_return true;
  }
  switch (chunk.error().code()) {
    case Errc::timeout:
      machine_.close(Rule::timeout);
      co_return true;
    case Errc::cancelled:
      machine_.close(Rule::shutdown);
      co_return true;
    default:
      co_return false;
  }
}

Task<void> Conversation::run() {
  co_await converse();
  if (heard_) co_await heard_->close();
}

Task<void> Conversation::converse() {
  progress();
  machine_.greet();
  for (;;) {
    proto::smtp::Event event = machine_.next();
    if (std::holds_alternative<proto::smtp::NeedInput>(event)) {
      if (!co_await flush() || !co_await read()) co_return;
    } else if (std::holds_alternative<proto::smtp::NeedFlush>(event)) {
      if (!co_await flush()) co_return;
    } else if (std::holds_alternative<proto::smtp::NeedTls>(event)) {
      if (!co_await flush() || !co_await session_.start_tls()) co_return;
      machine_.tls_started();
      progress();
    } else if (auto* close = std::get_if<proto::smtp::Close>(&event)) {
      using enum proto::smtp::CloseReason;
      session_.ended(close->reason == quit       ? "quit"
                     : close->reason == timeout  ? "timeout"
                     : close->reason == shutdown ? "shutdown"
                     : close->reason == refused  ? "refused"
                                                 : "lost");
      const std::optional<Rule> why = close->reason == timeout    ? std::optional(Rule::timeout)
                                      : close->reason == shutdown ? std::optional(Rule::shutdown)
                                                                  : close->rule;
      end_transaction(why ? on_trail(Reply(*why)) : post::TrailReply(), ingest_ ? ingest_->size() : 0);
      drop_letter();
      co_await session_.close(machine_.take_output());
      co_return;
    } else if (!co_await handle(std::move(event))) {
      co_return;
    }
  }
}

Task<bool> Conversation::handle(proto::smtp::Event event) {
  if (auto* data = std::get_if<proto::smtp::Data>(&event)) {
    co_await on(*data);
    co_return true;
  }
  progress();
  if (auto* hello = std::get_if<proto::smtp::Hello>(&event)) {
    co_await on(*hello);
  } else if (std::holds_alternative<proto::smtp::StartTls>(event)) {
    machine_.accept();
  } else if (auto* begin = std::get_if<proto::smtp::AuthBegin>(&event)) {
    co_await on(*begin);
  } else if (auto* response = std::get_if<proto::smtp::AuthResponse>(&event)) {
    on_auth(co_await login_->respond(std::move(response->response)));
  } else if (std::holds_alternative<proto::smtp::AuthCancel>(event)) {
    login_->cancel();
  } else if (auto* mail = std::get_if<proto::smtp::Mail>(&event)) {
    co_await on(*mail);
  } else if (auto* rcpt = std::get_if<proto::smtp::Rcpt>(&event)) {
    co_await on(*rcpt);
  } else if (auto* begins = std::get_if<proto::smtp::DataBegin>(&event)) {
    co_await on(*begins);
  } else if (auto* end = std::get_if<proto::smtp::DataEnd>(&event)) {
    co_await on(*end);
  } else if (std::holds_alternative<proto::smtp::Vrfy>(event)) {
    machine_.accept();
  } else if (auto* broken = std::get_if<proto::smtp::DataRefused>(&event)) {
    const auto& row = rule_row(broken->rule);
    session_.door().refusals.add();
    site_.log.event(kNo, session_.id(), transaction_->id.text(), "letter", transaction_->mail.path.address(), row.code,
                    row.text);
    end_transaction(on_trail(Reply(broken->rule)), ingest_ ? ingest_->size() : 0);
    drop_letter();
    co_await leave_judges();
  } else if (std::holds_alternative<proto::smtp::Reset>(event)) {
    end_transaction();
    drop_letter();
    co_await leave_judges();
  } else if (auto* refused = std::get_if<proto::smtp::Refused>(&event)) {
    site_.log.event(kRefused, session_.id(), rule_row(refused->rule).id, refused->line);
  }
  co_return true;
}

Task<void> Conversation::on(proto::smtp::Hello& hello) {
  end_transaction();
  drop_letter();
  hello_ = std::move(hello);
  if (heard_) {
    co_await leave_judges();
    if (const auto refused = co_await heard_->hello(&hello_)) {
      note_refusal(*refused, "EHLO", hello_.name);
      machine_.reject(*refused);
      co_return;
    }
    progress();
  }
  machine_.accept();
}

Task<void> Conversation::leave_judges() {
  if (heard_) co_await heard_->abort();
}

Task<void> Conversation::on(proto::smtp::AuthBegin& begin) {
  if (!login_) login_ = actor_.login();
  mechanism_ = begin.mechanism;
  on_auth(co_await login_->begin(std::move(begin.mechanism), std::move(begin.initial)));
}

void Conversation::on_auth(Result<SaslLogin::Step> step) {
  progress();
  if (!step) {
    machine_.reject(step.error().temporary() ? Reply(454, "4.7.0", step.error().text())  // RFC 4954 §6
                                             : refusal(step.error()));
  } else if (auto* challenge = std::get_if<trust::SaslChallenge>(&*step)) {
    machine_.challenge(challenge->data);
  } else {
    machine_.accept(actor_.logged_in(std::get<LoggedIn>(*step)));
  }
}

void Conversation::answer(const Reply& reply, std::string_view command, std::string_view address) {
  if (reply.positive()) {
    machine_.accept(reply);
    return;
  }
  note_refusal(reply, command, address);
  machine_.reject(reply);
}

void Conversation::note_refusal(const Reply& reply, std::string_view command, std::string_view address) {
  session_.door().refusals.add();
  site_.log.event(kNo, session_.id(), transaction_ ? transaction_->id.text() : std::string(), command, address,
                  reply.code, reply.text);
}

Task<void> Conversation::on(proto::smtp::Mail& mail) {
  end_transaction();
  transaction_.emplace();
  transaction_->id = site_.letter_ids.next();
  transaction_->hello = hello_;
  transaction_->mail = std::move(mail);
  mail_began_ = site_.clock.steady();
  Reply reply = co_await actor_.mail(&*transaction_);
  if (heard_ && reply.positive()) {
    if (auto refused = co_await heard_->mail(&*transaction_, mechanism_)) {
      reply = std::move(*refused);
      heard_->note(&*transaction_);
    }
    progress();
  }
  answer(reply, "MAIL", transaction_->mail.path.address());
  if (!reply.positive()) end_transaction(on_trail(reply));
}

Task<void> Conversation::on(proto::smtp::Rcpt& rcpt) {
  std::string address = rcpt.path.address();
  Transaction& t = *transaction_;
  const std::size_t before = t.recipients.size(), expanded = t.expanded.size();
  Reply reply = co_await actor_.rcpt(&t, rcpt);
  if (heard_) {
    auto told = reply.positive() ? std::nullopt : std::optional(reply);
    if (auto refused = co_await heard_->rcpt(std::move(rcpt), std::move(told))) {
      reply = std::move(*refused);
      t.recipients.resize(before);
      t.expanded.resize(expanded);
    }
    progress();
  }
  answer(reply, "RCPT", address);
  if (reply.positive()) {
    t.ends_of.push_back(t.recipients.size() - before);
    t.accepted.push_back(address);
    t.rcpts.push_back({std::move(address), {}});
  } else if (t.rcpts.size() < t.accepted.size() + kRcptsOnTrail) {
    t.rcpts.push_back({std::move(address), on_trail(reply)});
  } else {
    ++t.more_rcpts;
  }
}

Task<void> Conversation::on(const proto::smtp::DataBegin&) {
  if (heard_) {
    if (const auto refused = co_await heard_->data()) {
      heard_->note(&*transaction_);
      transaction_->data_refused = on_trail(*refused);
      answer(*refused, "DATA", transaction_->mail.path.address());
      co_return;
    }
    progress();
  }
  ingest_.emplace(site_.deliver.begin(transaction_->id));
  actor_.begin(&*ingest_);
  if (heard_) heard_->begin(&*ingest_);
  stretch_ = 0;
  in_flight_ = site_.budget.take(Part::in_flight, 0);
  machine_.accept();
}

Task<void> Conversation::on(proto::smtp::Data& data) {
  stretch_ += data.bytes.size();
  if (stretch_ >= kStretch) {
    stretch_ = 0;
    progress();
  }
  if (heard_) {
    const Chunk piece = data.bytes;
    const std::uint64_t header = ingest_->facts().header_size;
    ingest_->feed(std::move(data.bytes));
    const std::uint64_t more = ingest_->facts().header_size - header;
    co_await heard_->feed(&*ingest_, piece, piece.size() - more);
    if (stretch_ == 0) progress();
  } else {
    ingest_->feed(std::move(data.bytes));
  }
  in_flight_.resize(ingest_->held() + (heard_ ? heard_->held() : 0));
  if (!ingest_->full()) co_return;
  co_await ingest_->drain(session_.within(site_.limits.commit));
  in_flight_.resize(ingest_->held() + (heard_ ? heard_->held() : 0));
  progress();
}

void Conversation::end_transaction(const post::TrailReply& reply, std::uint64_t size) {
  if (!transaction_) return;
  const bool refused = reply.code != 0 || transaction_->data_refused.code != 0 ||
                       transaction_->rcpts.size() > transaction_->accepted.size();
  if (refused || ingest_) {
    post::TrailHead head = trail_of(session_, *transaction_);
    head.reply = reply.code == 0 ? transaction_->data_refused : reply;
    // Nobody was left to write to.
    if (reply.code == 0 && transaction_->accepted.empty()) head.reply = transaction_->rcpts.back().reply;
    head.size = size;
    site_.trail.note(transaction_->id, std::move(head), session_.peer().network());
  }
  transaction_.reset();
}

void Conversation::drop_letter() {
  ingest_.reset();
  in_flight_ = Lease();
}

Task<void> Conversation::on(proto::smtp::DataEnd& end) {
  Transaction& t = *transaction_;
  const std::uint64_t size = ingest_->size();
  const Replies replies = co_await letter(end.facts);
  progress();
  const bool taken = std::ranges::any_of(replies, &Reply::positive);
  if (taken && !t.discarded) {
    session_.door().letters.add();
    const std::optional<std::string> account =
        session_.account().empty() ? std::nullopt : std::optional(session_.account());
    site_.log.event(kAccepted, session_.id(), t.id.text(), t.mail.path.address(), t.accepted.size(), size,
                    session_.tls() ? session_.tls()->version : "none", account, site_.clock.steady() - mail_began_);
  }
  if (replies.size() == 1) {
    answer(replies.front(), "letter", t.mail.path.address());
  } else {
    for (std::size_t i = 0; i < replies.size(); ++i)
      if (!replies[i].positive()) note_refusal(replies[i], "letter", t.accepted[i]);
    machine_.answer_each(replies);
  }
  drop_letter();
  if (taken) {
    transaction_.reset();
  } else {
    end_transaction(on_trail(replies.front()), size);
  }
}

Task<Replies> Conversation::letter(proto::smtp::LetterFacts facts) {
  Transaction& t = *transaction_;
  post::Ingest ingest = std::move(*ingest_);
  ingest_.reset();
  if (ingest.facts().received > site_.limits.received) {
    co_await leave_judges();
    // RFC 5321 §6.3: a loop; §4.2.3 has 554 for it, RFC 3463 §3.5 names it 5.4.6.
    co_return Replies{Reply(
        554, "5.4.6", fmt::format("The letter has {} Received fields: it is in a loop", ingest.facts().received))};
  }
  if (heard_) {
    auto refused = co_await heard_->end(&ingest, &t);
    const bool discarded = !refused && t.heard.action == post::Action::discard;
    if (refused || discarded) co_await actor_.turned_away(&t, &ingest);
    if (refused) co_return Replies{std::move(*refused)};
    if (discarded) co_return co_await discard(&session_, &t, ingest.size());
  }
  co_return co_await actor_.letter(&t, std::move(ingest), facts);
}

}  // namespace

void Transaction::judged(std::span<const Reply> replies) {
  std::size_t i = 0;
  for (post::TrailRcpt& rcpt : rcpts) {
    if (rcpt.reply.code != 0 || i == replies.size()) continue;
    if (!replies[i].positive()) rcpt.reply = on_trail(replies[i]);
    ++i;
  }
}

post::TrailHead trail_of(const Session& session, const Transaction& t) {
  post::TrailHead head;
  head.at = t.id.time();
  head.origin = {.door = session.door().name,
                 .session = session.id(),
                 .peer = session.peer().ip(),
                 .hello = t.hello.name,
                 .account = session.account(),
                 .tls = session.tls() ? session.tls()->version + " " + session.tls()->cipher : std::string()};
  head.sender = t.mail.path.address();
  head.rcpts = t.rcpts;
  head.more_rcpts = t.more_rcpts;
  head.verdict = t.verdict;
  return head;
}

Task<void> serve_smtp(Session* session, std::shared_ptr<const proto::smtp::ServerOptions> options, SmtpActor* actor) {
  if (session->door().implicit_tls && !co_await session->start_tls()) co_return;
  Conversation conversation(*session, std::move(options), *actor);
  co_await conversation.run();
}

proto::smtp::ServerOptions smtp_options(const Site& site, proto::smtp::Role role) {
  proto::smtp::ServerOptions options = proto::smtp::default_options(role);
  options.hostname = site.hostname;
  options.limits.letter = site.limits.letter;
  options.limits.recipients = site.limits.recipients;
  options.limits.errors = site.limits.bad_commands;
  options.tls_available = site.tls.load() != nullptr;
  return options;
}

Task<Result<post::Letter>> letter_of(Session* session, Transaction* transaction, post::Ingest ingest,
                                     proto::smtp::LetterFacts facts, Time now) {
  post::Letter letter;
  letter.header = ingest.held_header().value_or(Bytes());
  letter.draft = CO_TRY(co_await ingest.finish(Session::regardless(session->site().limits.commit)));
  letter.trail = trail_of(*session, *transaction);
  letter.id = transaction->id;
  letter.sender = transaction->mail.path.address();
  letter.recipients = std::move(transaction->recipients);
  letter.arrived = now;
  letter.smtputf8 = transaction->mail.smtputf8;
  letter.envid = transaction->mail.envid.value_or("");
  if (const auto& ret = transaction->mail.ret) letter.ret = *ret == "FULL" ? post::Ret::full : post::Ret::headers;
  letter.eight_bit = facts.eight_bit_body || facts.eight_bit_header || transaction->eight_bit;
  co_return letter;
}

Reply refusal(const Error& error) { return Reply(error); }

}  // namespace chappe::agents
