// MAIL FROM: RFC 5321 §4.1.1.2; SIZE RFC 1870, BODY RFC 6152 and RFC 3030, SMTPUTF8 RFC 6531, AUTH RFC 4954 §5, RET and
// ENVID RFC 3461.
#include "base/text.h"
#include "proto/smtp/commands/commands.h"
#include "proto/smtp/parameters.h"

namespace chappe::proto::smtp {
namespace {

std::optional<Rule> take_size(const Session& session, std::string_view value, Mail& mail) {
  if (value.size() > 20) return Rule::parameter_syntax;  // RFC 1870 §6: size-value ::= 1*20DIGIT
  for (const char c : value)
    if (!is_digit(c)) return Rule::parameter_syntax;
  mail.size = to_number<std::uint64_t>(value);
  if (!mail.size || *mail.size > session.options.limits.letter) return Rule::size_too_large;
  return std::nullopt;
}

std::optional<Rule> take_body(const Session& session, std::string_view value, Mail& mail) {
  if (iequals(value, "7BIT")) {
    mail.body = Body::seven_bit;
  } else if (iequals(value, "8BITMIME")) {
    mail.body = Body::eight_bit;
  } else if (iequals(value, "BINARYMIME") && session.options.binarymime && session.options.chunking) {
    mail.body = Body::binary;
  } else {
    return Rule::body_unknown;
  }
  return std::nullopt;
}

std::optional<Rule> take_auth(std::string_view value, Mail& mail) {
  if (value == "<>") {
    mail.auth.emplace();
    return std::nullopt;
  }
  auto decoded = xtext_decode(value);
  if (!decoded || !parse_mailbox(*decoded)) return Rule::parameter_syntax;
  mail.auth = std::move(decoded);
  return std::nullopt;
}

std::optional<Rule> take(const Session& session, const Parameter& p, Mail& mail) {
  const ServerOptions& o = session.options;
  const std::string_view value = p.value.value_or("");
  if (iequals(p.keyword, "SMTPUTF8") && o.smtputf8) {
    if (p.value) return Rule::parameter_syntax;  // RFC 6531 §3.4
    mail.smtputf8 = true;
    return std::nullopt;
  }
  const bool size = iequals(p.keyword, "SIZE"), body = iequals(p.keyword, "BODY");
  const bool auth = iequals(p.keyword, "AUTH") && !o.auth_mechanisms.empty();
  const bool ret = iequals(p.keyword, "RET") && o.dsn, envid = iequals(p.keyword, "ENVID") && o.dsn;
  if (!size && !body && !auth && !ret && !envid) return Rule::parameter_unknown;  // RFC 5321 §4.1.1.11
  if (value.empty()) return Rule::parameter_syntax;
  if (size) return take_size(session, value, mail);
  if (body) return take_body(session, value, mail);
  if (auth) return take_auth(value, mail);
  if (ret) {
    if (!iequals(value, "FULL") && !iequals(value, "HDRS")) return Rule::parameter_syntax;
    mail.ret = to_upper(value);
    return std::nullopt;
  }
  mail.envid = xtext_decode(value);
  const bool fits = mail.envid && value.size() <= 100;  // RFC 3461 §4.4
  return fits ? std::nullopt : std::optional(Rule::parameter_syntax);
}

}  // namespace

Checked check_mail(const Session& session, std::string_view argument) {
  if (session.in_mail) return std::unexpected(Rule::mail_nested);
  if (!istarts_with(argument, "FROM:")) return std::unexpected(Rule::mail_syntax);
  auto path = parse_reverse_path(trim(argument.substr(5), " "));
  if (!path) return std::unexpected(Rule::mail_path);
  const auto parameters = parse_parameters(path->rest);
  if (!parameters) return std::unexpected(Rule::parameter_syntax);
  Mail mail;
  mail.path = std::move(path->path);
  for (const Parameter& p : *parameters)
    if (const auto rule = take(session, p, mail)) return std::unexpected(*rule);
  // RFC 6531 §3.4: without the parameter no octet beyond ASCII, and §3.5's 553 with 5.6.7.
  if (mail.path.utf8 && !mail.smtputf8) return std::unexpected(Rule::utf8_address);
  return mail;
}

}  // namespace chappe::proto::smtp
