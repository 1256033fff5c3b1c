#include "agents/door/trace.h"

#include <array>
#include <ctime>

#include "base/text.h"

namespace chappe::agents {
namespace {

// What the client calls itself, as an atom that can do no harm in a header field (RFC 5321 §4.1.1.1).
std::string harmless(std::string_view name) {
  std::string out;
  for (const char c : name.substr(0, 255)) {
    const bool fine = is_alnum(c) || c == '.' || c == '-' || c == '_' || c == ':' || c == '[' || c == ']';
    out += fine ? c : '?';
  }
  return out.empty() ? "unknown" : out;
}

}  // namespace

std::string mail_date(Time time) {
  static constexpr std::array kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t seconds = time.us / 1'000'000;
  std::tm tm{};
  gmtime_r(&seconds, &tm);
  return fmt::format("{}, {} {} {} {:02}:{:02}:{:02} +0000", kDays[static_cast<std::size_t>(tm.tm_wday)], tm.tm_mday,
                     kMonths[static_cast<std::size_t>(tm.tm_mon)], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

Bytes received_field(const Session& session, const std::string& hostname, const TraceFacts& facts) {
  // RFC 3848: ESMTP or LMTP, S under TLS, A authenticated; RFC 6531 §4.3: UTF8SMTP and UTF8LMTP in the same manner.
  std::string with = facts.smtputf8 ? "UTF8" : facts.extended && !facts.lmtp ? "E" : "";
  with += facts.lmtp ? "LMTP" : "SMTP";
  if (facts.extended && session.tls()) with += "S";
  if (facts.extended && facts.authenticated) with += "A";
  const auto& peer = session.peer();
  const std::string literal = peer.ipv6() ? "IPv6:" + peer.ip() : peer.ip();
  std::string field = fmt::format("Received: from {} ([{}])\r\n", harmless(facts.hello), literal);
  field += fmt::format("\tby {} (Chappe) with {} id {}", hostname, with, facts.letter.text());
  if (session.tls()) field += fmt::format("\r\n\t({} {})", session.tls()->version, session.tls()->cipher);
  // RFC 5321 §7.6: with several recipients, none of them is told.
  if (!facts.recipient.empty()) field += fmt::format("\r\n\tfor <{}>", facts.recipient);
  field += fmt::format(";\r\n\t{}\r\n", mail_date(facts.time));
  return field;
}

}  // namespace chappe::agents
