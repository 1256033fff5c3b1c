#include "agents/milter/hearing.h"

#include <fmt/format.h>

#include "agents/milter/opinion.h"
#include "agents/milter/state.h"
#include "message/letter.h"
#include "proto/smtp/parameters.h"

namespace chappe::agents::milter {

using net::Deadline;
using post::Action;
using post::Opinion;
using proto::milter::HeaderField;
using proto::milter::Macros;

namespace {

std::vector<std::string> arguments_of(const proto::smtp::Mail& mail) {
  std::vector<std::string> out;
  if (mail.size) out.push_back(fmt::format("SIZE={}", *mail.size));
  if (mail.body != proto::smtp::Body::unsaid) {
    constexpr std::string_view kBodies[] = {"", "7BIT", "8BITMIME", "BINARYMIME"};
    out.push_back(fmt::format("BODY={}", kBodies[static_cast<std::size_t>(mail.body)]));
  }
  if (mail.smtputf8) out.emplace_back("SMTPUTF8");
  if (mail.auth) out.push_back("AUTH=" + (mail.auth->empty() ? "<>" : proto::smtp::xtext_encode(*mail.auth)));
  if (mail.ret) out.push_back("RET=" + *mail.ret);
  if (mail.envid) out.push_back("ENVID=" + proto::smtp::xtext_encode(*mail.envid));
  return out;
}

std::vector<std::string> arguments_of(const proto::smtp::Rcpt& rcpt) {
  std::vector<std::string> out;
  if (rcpt.notify) out.push_back("NOTIFY=" + *rcpt.notify);
  if (rcpt.orcpt) out.push_back("ORCPT=" + *rcpt.orcpt);
  return out;
}

std::string bracketed(const proto::smtp::Path& path) { return "<" + path.address() + ">"; }

// The names are those that filters know from Sendmail and Postfix.
void set_client(Macros& macros, const post::ConnectionFacts& client) {
  const std::string name = client.name.empty() ? "unknown" : client.name;
  macros.set("j", client.hostname);
  macros.set("_", fmt::format("{} [{}]", name, client.ip));
  macros.set("v", "Chappe");
  macros.set("{daemon_name}", client.door);
  macros.set("{daemon_addr}", client.local_ip);
  macros.set("{daemon_port}", client.local_port == 0 ? "" : std::to_string(client.local_port));
  macros.set("{if_name}", client.hostname);
  macros.set("{if_addr}", client.local_ip);
  macros.set("{client_addr}", client.ip);
  macros.set("{client_name}", name);
  macros.set("{client_port}", std::to_string(client.port));
  macros.set("{client_ptr}", client.ptr.empty() ? "unknown" : client.ptr);
}

void set_mail(Macros& macros, const post::MailFacts& facts) {
  macros.set("i", facts.letter);
  macros.set("{mail_addr}", facts.mail.path.address());
  macros.set("{mail_host}", facts.mail.path.domain);
  macros.set("{mail_mailer}", "smtp");
  macros.set("{auth_type}", facts.login ? facts.login->mechanism : "");
  macros.set("{auth_authen}", facts.login ? facts.login->account : "");
}

void set_rcpt(Macros& macros, const post::RcptFacts& facts) {
  macros.set("{rcpt_addr}", facts.refused ? facts.refused->text : facts.rcpt.path.address());
  macros.set("{rcpt_host}", facts.refused ? facts.refused->enhanced : facts.rcpt.path.domain);
  macros.set("{rcpt_mailer}", facts.refused ? "error" : "local");
}

}  // namespace

std::unexpected<Error> Hearing::no_link() const {
  return fail(Errc::bug, "{} is asked about a letter that it did not hear of", state_->options.name);
}

net::Task<Hearing::Said> Hearing::carry(Duration silence, Deadline deadline) {
  const auto carried = co_await link_->run(silence, deadline);
  if (!carried) {
    link_.reset();
    co_return std::unexpected(carried.error());
  }
  co_return opinion_of(link_->machine());
}

net::Task<Hearing::Said> Hearing::run(Duration silence, Deadline deadline) {
  auto said = co_await carry(silence, deadline);
  if (!said) state_->failed(said.error());
  if (said && said->action() != Action::nothing) state_->succeeded();
  co_return said;
}

net::Task<Hearing::Said> Hearing::begin(Deadline deadline) {
  for (;;) {
    bool kept = false;
    link_ = CO_TRY(co_await Milter::State::link(state_, &kept, deadline));
    auto said = co_await introduce(deadline);
    if (said || !kept || said.error().code() != Errc::closed) {
      if (!said) state_->failed(said.error());
      if (said && said->action() != Action::nothing) state_->succeeded();
      co_return said;
    }
    // The milter closed a connection while that was waiting: no fault of its.
  }
}

net::Task<Hearing::Said> Hearing::introduce(Deadline deadline) {
  auto& machine = link_->machine();
  set_client(machine.macros(), client_);
  machine.connect({.name = client_.name, .ip = client_.ip, .port = client_.port});
  const Duration silence = state_->options.times.command;
  auto said = co_await carry(silence, deadline);
  if (!said || said->action() != Action::nothing || !hello_) co_return said;
  say_hello();
  co_return co_await carry(silence, deadline);
}

void Hearing::say_hello() {
  auto& machine = link_->machine();
  machine.macros().set("{tls_version}", hello_->tls ? hello_->tls->version : "");
  machine.macros().set("{cipher}", hello_->tls ? hello_->tls->cipher : "");
  machine.hello(hello_->hello.name);
}

net::Task<Hearing::Said> Hearing::connect(post::ConnectionFacts facts, Deadline deadline) {
  client_ = std::move(facts);
  co_return co_await begin(deadline);
}

net::Task<Hearing::Said> Hearing::hello(post::HelloFacts facts, Deadline deadline) {
  hello_ = std::move(facts);
  // The letter tries again, if there is one.
  if (!link_) co_return fail(Errc::unavailable, "There is no connection to the milter");
  say_hello();
  co_return co_await run(state_->options.times.command, deadline);
}

net::Task<Hearing::Said> Hearing::mail(post::MailFacts facts, Deadline deadline) {
  if (!link_) {
    auto said = co_await begin(deadline);
    if (!said || said->action() != Action::nothing) co_return said;
  }
  set_mail(link_->machine().macros(), facts);
  link_->machine().mail(bracketed(facts.mail.path), arguments_of(facts.mail));
  co_return co_await run(state_->options.times.command, deadline);
}

net::Task<Hearing::Said> Hearing::rcpt(post::RcptFacts facts, Deadline deadline) {
  if (!link_) co_return no_link();
  set_rcpt(link_->machine().macros(), facts);
  link_->machine().rcpt(bracketed(facts.rcpt.path), arguments_of(facts.rcpt), facts.refused.has_value());
  co_return co_await run(state_->options.times.command, deadline);
}

net::Task<Hearing::Said> Hearing::data(Deadline deadline) {
  if (!link_) co_return no_link();
  link_->machine().data();
  co_return co_await run(state_->options.times.command, deadline);
}

net::Task<Hearing::Said> Hearing::header(post::HeaderOctets octets, Deadline deadline) {
  if (!link_) co_return no_link();
  const message::Letter letter(*octets);
  std::vector<HeaderField> fields;
  for (const message::Field& field : letter.fields()) fields.push_back({.name = field.name(), .value = field.value()});
  link_->machine().header(fields);
  auto said = co_await run(state_->options.times.command, deadline);
  // A line that is no field ends the header before its empty line (message/letter.h).
  const ByteView rest = ByteView(*octets).substr(letter.root().body);
  if (!said || said->action() != Action::nothing || rest.empty()) co_return said;
  co_return co_await body(ChunkList(rest), deadline);
}

net::Task<Hearing::Said> Hearing::body(ChunkList octets, Deadline deadline) {
  if (!link_) co_return no_link();
  link_->machine().body(std::move(octets));
  co_return co_await run(state_->options.times.command, deadline);
}

net::Task<Hearing::Said> Hearing::end(Deadline deadline) {
  if (!link_) co_return no_link();
  link_->machine().end_of_body();
  auto said = co_await run(state_->options.times.verdict, deadline);
  if (said) state_->succeeded();
  co_return said;
}

net::Task<void> Hearing::abort(Deadline deadline) {
  if (!link_) co_return;
  link_->machine().abort();
  (void)co_await carry(state_->options.times.goodbye, deadline);
}

net::Task<void> Hearing::close(Deadline) {
  if (link_) co_await Milter::State::give_back(state_, std::move(link_));
}

}  // namespace chappe::agents::milter
