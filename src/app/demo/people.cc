#include "app/demo/people.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/text.h"
#include "codec/base64.h"
#include "message/builder.h"
#include "message/date.h"

namespace chappe::app::demo {
namespace {

constexpr std::string_view kHidden = "********";
constexpr std::size_t kMaxLetter = 64 * 1024 * 1024;
constexpr Duration kLook = std::chrono::milliseconds(15);

Talk::Listener listener(Teller& teller, std::string_view who) {
  if (who.empty()) return {};
  return [&teller, who = std::string(who)](bool ours, std::string_view line) { teller.wire(ours ? who : "S", line); };
}

std::string plain(std::string_view account, std::string_view password) {
  return codec::base64_encode(fmt::format("{}{}{}{}", '\0', account, '\0', password));
}

Result<net::TlsFacts> encrypt(World& world, const HostPlan& host, Talk& talk, Teller& teller, std::string_view who) {
  const auto trust = TRY(crypto::TlsClient::trusting(world.certificate(host)));
  auto facts = TRY(talk.start_tls(trust, host.host));
  if (!who.empty()) teller.wire(who, fmt::format("({}, {})", facts.version, facts.cipher));
  return facts;
}

// "5.7.1" at the beginning of a reply's text (RFC 2034 §4).
std::string enhanced_of(std::string_view text) {
  const std::string_view word = text.substr(0, text.find(' '));
  const auto parts = split(word, '.');
  const bool is = parts.size() == 3 && parts[0].size() == 1 &&
                  std::ranges::all_of(parts, [](std::string_view p) { return to_number<int>(p).has_value(); });
  return is ? std::string(word) : std::string();
}

}  // namespace

std::string SmtpReply::brief() const {
  return enhanced.empty() ? fmt::format("{}", code) : fmt::format("{} {}", code, enhanced);
}

std::string SmtpReply::letter_id() const {
  constexpr std::string_view kTaken = "Taken as ";
  const auto at = text.find(kTaken);
  return at == std::string::npos ? std::string() : text.substr(at + kTaken.size(), 26);
}

Result<Smtp> Smtp::connect(World& world, const HostPlan& host, Role role, Teller& teller, std::string_view who,
                           bool all, const Desk& desk) {
  std::optional<net::Endpoint> from;
  if (!desk.ip.empty()) from = TRY(net::Endpoint::parse(desk.ip, 0));
  Smtp out(TRY(Talk::connect(world.shard(), world.place(host, role), listener(teller, who), from)));
  const std::string hello = fmt::format("EHLO {}", desk.name);
  out.talk_.hush(!all);
  const bool from_the_start = role_is_implicit_tls(role);
  if (from_the_start) out.tls_ = TRY(encrypt(world, host, out.talk_, teller, who));
  TRY(out.hear());
  TRY(out.say(hello));
  if (from_the_start || role == Role::mx) {
    out.talk_.hush(false);
    return out;
  }
  const SmtpReply ready = TRY(out.say("STARTTLS"));
  if (!ready.positive()) return fail(Errc::denied, "STARTTLS: {}", ready.brief());
  out.tls_ = TRY(encrypt(world, host, out.talk_, teller, who));
  TRY(out.say(hello));
  out.talk_.hush(false);
  return out;
}

Result<SmtpReply> Smtp::say(std::string_view line, std::string_view shown) {
  TRY(talk_.say(line, shown));
  return hear();
}

Result<SmtpReply> Smtp::hear() {
  for (;;) {
    const std::string line = TRY(talk_.hear());
    const auto code = to_number<int>(std::string_view(line).substr(0, 3));
    if (!code || line.size() < 3) return fail(Errc::invalid, "no reply of SMTP: {}", printable(line));
    if (line.size() > 3 && line[3] == '-') continue;
    SmtpReply reply{.code = *code, .enhanced = {}, .text = line.size() > 4 ? line.substr(4) : std::string()};
    reply.enhanced = enhanced_of(reply.text);
    return reply;
  }
}

Result<SmtpReply> Smtp::login(std::string_view account, std::string_view password) {
  return say(fmt::format("AUTH PLAIN {}", plain(account, password)), fmt::format("AUTH PLAIN {}", kHidden));
}

Result<void> Smtp::send_letter(std::string_view octets) {
  std::string out;
  out.reserve(octets.size() + octets.size() / 50);
  for (std::size_t at = 0; at < octets.size();) {
    const std::size_t end = std::min(octets.find("\r\n", at), octets.size() - 2) + 2;
    if (octets[at] == '.') out += '.';  // RFC 5321 §4.5.2
    out += octets.substr(at, end - at);
    at = end;
  }
  return talk_.send(out + ".\r\n");
}

Result<SmtpReply> Smtp::post(std::string_view from, std::string_view to, std::string_view octets,
                             std::string_view parameters) {
  SmtpReply reply = TRY(say(fmt::format("MAIL FROM:<{}>{}", from, parameters)));
  if (reply.positive()) reply = TRY(say(fmt::format("RCPT TO:<{}>", to)));
  if (reply.positive()) reply = TRY(say("DATA"));
  if (!reply.positive()) return reply;
  TRY(send_letter(octets));
  return hear();
}

void Smtp::quit() {
  talk_.hush(true);
  (void)say("QUIT");
  talk_.close();
}

Result<Imap> Imap::open(World& world, std::string_view account, Teller& teller, std::string_view who,
                        std::string_view mailbox) {
  const HostPlan& host = world.org(account.substr(account.rfind('@') + 1)).host(Actor::mda);
  Imap out(TRY(Talk::connect(world.shard(), world.place(host, Role::imaps), listener(teller, who))));
  TRY(encrypt(world, host, out.talk_, teller, who));
  TRY(out.answered("* OK"));
  TRY(out.command(fmt::format("AUTHENTICATE PLAIN {}", plain(account, kPassword)),
                  fmt::format("AUTHENTICATE PLAIN {}", kHidden)));
  TRY(out.command(fmt::format("SELECT {}", mailbox)));
  out.seen_ = out.count_;
  return out;
}

void Imap::note(std::string_view line) {
  const auto words = split(line, ' ');
  if (words.size() == 3 && words[0] == "*" && words[2] == "EXISTS")
    count_ = to_number<std::size_t>(words[1]).value_or(count_);
}

Result<void> Imap::answered(std::string_view until) {
  const std::string_view tag = until.substr(0, until.find(' '));
  for (;;) {
    const std::string line = TRY(talk_.hear());
    note(line);
    if (line.starts_with(until)) return {};
    if (tag != "*" && line.starts_with(std::string(tag) + " "))
      return fail(Errc::denied, "IMAP: {}", printable(line.substr(tag.size() + 1)));
  }
}

Result<void> Imap::command(std::string_view words, std::string_view shown) {
  const std::string tag = fmt::format("i{}", ++tag_);
  TRY(talk_.say(fmt::format("{} {}", tag, words), shown.empty() ? "" : fmt::format("{} {}", tag, shown)));
  return answered(tag + " OK");
}

Result<void> Imap::look() { return command("NOOP"); }

Result<void> Imap::idle() {
  TRY(talk_.say(fmt::format("i{} IDLE", ++tag_)));
  return answered("+");
}

Result<bool> Imap::told(Duration patience) {
  const std::size_t before = count_;
  while (count_ == before) {
    const auto line = talk_.hear(patience);
    if (!line && line.error().code() == Errc::timeout) return false;
    note(TRY(line));
  }
  return true;
}

Result<void> Imap::end_idle() {
  TRY(talk_.say("DONE"));
  return answered(fmt::format("i{} OK", tag_));
}

Result<Bytes> Imap::fetch(std::size_t number) {
  const std::string tag = fmt::format("i{}", ++tag_);
  TRY(talk_.say(fmt::format("{} FETCH {} BODY.PEEK[]", tag, number)));
  for (;;) {
    const std::string line = TRY(talk_.hear());
    note(line);
    if (line.starts_with(tag + " ")) return fail(Errc::not_found, "IMAP: {}", printable(line));
    const auto open = line.rfind('{');
    if (!line.ends_with('}') || open == std::string::npos || !line.contains("BODY[]")) continue;
    const auto size = to_number<std::size_t>(std::string_view(line).substr(open + 1, line.size() - open - 2));
    if (!size || *size > kMaxLetter) return fail(Errc::too_large, "IMAP: {}", printable(line));
    Bytes out = TRY(talk_.hear_octets(*size));
    TRY(answered(tag + " OK"));
    return out;
  }
}

Result<std::optional<Bytes>> Imap::await(std::string_view words, Duration patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  for (;;) {
    TRY(look());
    while (seen_ < count_) {
      Bytes letter = TRY(fetch(++seen_));
      if (letter.contains(words)) return letter;
    }
    if (std::chrono::steady_clock::now() > until) return std::nullopt;
    std::this_thread::sleep_for(kLook);
  }
}

void Imap::logout() {
  (void)command("LOGOUT");
  talk_.close();
}

Result<Pop3> Pop3::open(World& world, std::string_view account, Teller& teller, std::string_view who) {
  const HostPlan& host = world.org(account.substr(account.rfind('@') + 1)).host(Actor::mda);
  Pop3 out(TRY(Talk::connect(world.shard(), world.place(host, Role::pop3s), listener(teller, who))));
  TRY(encrypt(world, host, out.talk_, teller, who));
  TRY(out.talk_.hear());
  TRY(out.command(fmt::format("USER {}", account)));
  TRY(out.command(fmt::format("PASS {}", kPassword), fmt::format("PASS {}", kHidden)));
  return out;
}

Result<std::string> Pop3::command(std::string_view words, std::string_view shown) {
  TRY(talk_.say(words, shown));
  std::string line = TRY(talk_.hear());
  if (!line.starts_with("+OK")) return fail(Errc::denied, "POP3: {}", printable(line));
  return line;
}

Result<std::size_t> Pop3::count() {
  const std::string line = TRY(command("STAT"));
  const auto words = split(line, ' ');
  const auto n = words.size() < 2 ? std::nullopt : to_number<std::size_t>(words[1]);
  if (!n) return fail(Errc::invalid, "POP3: {}", printable(line));
  return *n;
}

Result<Bytes> Pop3::fetch(std::size_t number) {
  TRY(command(fmt::format("RETR {}", number)));
  talk_.hush(true);
  Bytes out;
  while (out.size() < kMaxLetter) {
    const std::string line = TRY(talk_.hear());
    if (line == ".") {
      talk_.hush(false);
      return out;
    }
    out += line.starts_with('.') ? line.substr(1) : line;  // RFC 1939 §3
    out += "\r\n";
  }
  return fail(Errc::too_large, "POP3: the letter has no end");
}

Result<void> Pop3::remove(std::size_t number) {
  TRY(command(fmt::format("DELE {}", number)));
  return {};
}

void Pop3::quit() {
  (void)command("QUIT");
  talk_.close();
}

Bytes make_letter(std::string_view from, std::string_view to, std::string_view subject, std::string_view words) {
  const std::string id =
      message::make_message_id(system_clock().now(), system_random(), from.substr(from.rfind('@') + 1));
  message::HeaderBlock header;
  header.structured("From", from).structured("To", to).text("Subject", subject);
  header.date("Date", system_clock().now()).structured("Message-ID", fmt::format("<{}>", id));
  return message::build_letter(header, message::Entity::text(std::string(words)), system_random(),
                               {.allow_8bit = true});
}

}  // namespace chappe::app::demo
