#include "agents/pop3/pop3.h"

#include <optional>
#include <vector>

#include "agents/door/login.h"
#include "agents/door/session.h"
#include "proto/pop3/server.h"

namespace chappe::agents {

using net::Task;
namespace wire = proto::pop3;

namespace {

const Event kRefused("pop3.refused", Level::info, {"session", "line"},
                     "A POP3 command was refused because of its form.");
const Event kRemoved("pop3.removed", Level::info, {"session", "account", "letters"},
                     "A POP3 client took letters away (DELE and QUIT).");

constexpr std::uint64_t kPiece = 256 * 1024;
constexpr std::size_t kPage = 1000;

std::shared_ptr<const wire::ServerOptions> options_of(const Site& site) {
  wire::ServerOptions options;
  options.hostname = site.hostname;
  options.tls_available = site.tls.load() != nullptr;
  options.auth_mechanisms = Login::mechanisms(true);
  options.errors = site.limits.bad_commands;
  return std::make_shared<const wire::ServerOptions>(std::move(options));
}

class Conversation {
 public:
  Conversation(Session& session, bool tls)
      : session_(session), site_(session.site()), login_(session), machine_(options_of(site_), tls) {}

  Task<void> run();

 private:
  Task<bool> flush();
  Task<bool> read();
  Task<void> handle(wire::Event event);
  Task<void> on_login(Result<LoggedIn> who);
  Task<void> on_auth(Result<Login::Step> step);
  Task<void> open_maildrop(LoggedIn who);
  Task<Result<std::vector<wire::Item>>> maildrop();
  Task<void> retrieve(wire::Retrieve wanted);
  Task<void> update();
  // "-ERR" with the response code that tells the client whether to try again (RFC 3206).
  void refuse(const Error& error);
  void progress() {
    const auto& limits = site_.limits;
    patience_ = session_.within(machine_.session().transaction ? limits.pop3 : std::min(limits.login, limits.pop3));
  }

  Session& session_;
  Site& site_;
  Login login_;
  wire::ServerMachine machine_;
  LoggedIn who_;
  post::MailboxId inbox_;
  std::vector<post::MessageRecord> letters_;
  net::Deadline patience_;
};

Task<bool> Conversation::flush() {
  ChunkList out = machine_.take_output();
  if (out.empty()) co_return true;
  co_return (co_await session_.stream().write(std::move(out), session_.within(site_.limits.pop3))).has_value();
}

Task<bool> Conversation::read() {
  auto chunk = co_await session_.stream().read(patience_);
  if (!chunk) {
    switch (chunk.error().code()) {
      case Errc::timeout:
        machine_.close(wire::CloseReason::timeout, "You have been silent for too long");
        co_return true;
      case Errc::cancelled:
        machine_.close(wire::CloseReason::shutdown, "The server is going down; come back soon");
        co_return true;
      default:
        co_return false;
    }
  }
  if (chunk->empty()) {
    machine_.feed_end();
  } else {
    machine_.feed(std::move(*chunk));
  }
  co_return true;
}

Task<void> Conversation::run() {
  progress();
  machine_.greet();
  for (;;) {
    wire::Event event = machine_.next();
    if (std::holds_alternative<wire::NeedInput>(event)) {
      if (!co_await flush() || !co_await read()) co_return;
    } else if (std::holds_alternative<wire::NeedFlush>(event)) {
      if (!co_await flush()) co_return;
    } else if (std::holds_alternative<wire::NeedTls>(event)) {
      if (!co_await flush() || !co_await session_.start_tls()) co_return;
      machine_.tls_started();
      progress();
    } else if (auto* close = std::get_if<wire::Close>(&event)) {
      using enum wire::CloseReason;
      session_.ended(close->reason == quit       ? "quit"
                     : close->reason == timeout  ? "timeout"
                     : close->reason == shutdown ? "shutdown"
                     : close->reason == refused  ? "refused"
                                                 : "lost");
      co_await session_.close(machine_.take_output().flatten());
      co_return;
    } else {
      co_await handle(std::move(event));
      progress();
    }
  }
}

Task<void> Conversation::handle(wire::Event event) {
  if (std::holds_alternative<wire::StartTls>(event)) {
    machine_.accept();
  } else if (auto* login = std::get_if<wire::Login>(&event)) {
    crypto::Secret password(login->password);
    co_await on_login(co_await login_.password(std::move(login->user), std::move(password)));
  } else if (auto* begin = std::get_if<wire::AuthBegin>(&event)) {
    co_await on_auth(co_await login_.begin(std::move(begin->mechanism), std::move(begin->initial)));
  } else if (auto* response = std::get_if<wire::AuthResponse>(&event)) {
    co_await on_auth(co_await login_.respond(std::move(response->response)));
  } else if (std::holds_alternative<wire::AuthCancel>(event)) {
    login_.cancel();
  } else if (auto* wanted = std::get_if<wire::Retrieve>(&event)) {
    co_await retrieve(*wanted);
  } else if (std::holds_alternative<wire::Update>(event)) {
    co_await update();
  } else if (auto* refused = std::get_if<wire::Refused>(&event)) {
    site_.log.event(kRefused, session_.id(), refused->line);
  }
}

void Conversation::refuse(const Error& error) {
  const bool login = error.code() == Errc::unauthenticated;
  // RFC 3206 §4: AUTH for credentials, SYS/TEMP and SYS/PERM for what is our own trouble.
  machine_.reject(error.text(), login ? "AUTH" : error.temporary() ? "SYS/TEMP" : "SYS/PERM");
}

Task<void> Conversation::on_login(Result<LoggedIn> who) {
  if (!who) {
    refuse(who.error());
    co_return;
  }
  co_await open_maildrop(std::move(*who));
}

Task<void> Conversation::on_auth(Result<Login::Step> step) {
  if (!step) {
    refuse(step.error());
  } else if (auto* challenge = std::get_if<trust::SaslChallenge>(&*step)) {
    machine_.challenge(challenge->data);
  } else {
    co_await open_maildrop(std::get<LoggedIn>(std::move(*step)));
  }
}

Task<void> Conversation::open_maildrop(LoggedIn who) {
  who_ = std::move(who);
  // The account's other sessions are there too, and its open mailboxes.
  co_await session_.move_to(site_.shards.home(who_.account.value));
  auto items = co_await maildrop();
  if (items) {
    machine_.log_in(std::move(*items));
  } else {
    refuse(items.error());
  }
}

Task<Result<std::vector<wire::Item>>> Conversation::maildrop() {
  const auto inbox = CO_TRY(co_await site_.mailboxes.find(who_.account, "INBOX", session_.within(site_.limits.commit)));
  inbox_ = inbox.id;
  letters_.clear();
  std::vector<wire::Item> items;
  post::Uid from{1};
  for (;;) {
    auto page = CO_TRY(co_await site_.mailboxes.messages(who_.account, inbox_, from, post::Uid{~std::uint32_t{0}},
                                                         kPage, session_.within(site_.limits.commit)));
    for (auto& letter : page) {
      // Unique for ever, because neither part is given twice (RFC 1939 §7).
      items.push_back({.size = letter.body.size, .uid = fmt::format("{}.{}", inbox.uidvalidity, letter.uid.value)});
      letters_.push_back(letter);
    }
    if (page.size() < kPage || letters_.back().uid.value == ~std::uint32_t{0}) co_return items;
    from.value = letters_.back().uid.value + 1;
    co_await net::yield();
  }
}

Task<void> Conversation::retrieve(wire::Retrieve wanted) {
  const store::BodyRef body = letters_[wanted.number].body;
  for (std::uint64_t at = 0; at < body.size || at == 0;) {
    auto piece = co_await site_.mailboxes.read(body, at, kPiece, session_.within(site_.limits.commit));
    if (!piece) {
      if (at == 0) {
        refuse(piece.error().code() == Errc::not_found
                   ? Error(Errc::not_found, "That letter is gone: somebody removed it")
                   : piece.error());
      } else {
        // Half of it is sent; a client must never take that for the whole.
        machine_.close(wire::CloseReason::lost, "The letter cannot be read to its end");
      }
      co_return;
    }
    if (at == 0) machine_.send_begin();
    for (const Chunk& chunk : piece->chunks())
      if (machine_.wants_letter()) machine_.letter(chunk);
    at += piece->size();
    if (piece->empty() || !machine_.wants_letter()) break;
    if (!co_await flush()) break;
  }
  machine_.letter_end();
}

Task<void> Conversation::update() {
  post::UidSet gone;
  for (const std::size_t index : machine_.deleted()) gone.add(letters_[index].uid);
  if (!gone.empty()) {
    const auto removed = co_await site_.mailboxes.expunge(who_.account, inbox_, gone, post::Expunge::all,
                                                          Session::regardless(site_.limits.commit));
    if (!removed) {
      machine_.reject("Some letters were not removed", removed.error().temporary() ? "SYS/TEMP" : "SYS/PERM");
      co_return;
    }
    site_.log.event(kRemoved, session_.id(), who_.address, removed->count());
  }
  machine_.accept();
}

}  // namespace

Task<void> serve_pop3(Site* site, const Door* door, net::Stream stream) {
  Session session(*site, *door, std::move(stream));
  if (door->implicit_tls && !co_await session.start_tls()) co_return;
  Conversation conversation(session, door->implicit_tls);
  co_await conversation.run();
}

}  // namespace chappe::agents
