// AUTH: RFC 4954 §4. What the mechanisms say to each other is for whoever drives the machine.
#include <algorithm>

#include "base/text.h"
#include "codec/base64.h"
#include "proto/smtp/commands/commands.h"

namespace chappe::proto::smtp {

Checked check_auth(const Session& session, std::string_view argument) {
  const ServerOptions& o = session.options;
  if (o.auth_mechanisms.empty()) return std::unexpected(Rule::command_unsupported);
  if (session.authenticated) return std::unexpected(Rule::auth_already);
  if (session.in_mail) return std::unexpected(Rule::auth_in_mail);
  if (!session.auth_offered()) return std::unexpected(Rule::auth_needs_tls);
  if (argument.empty()) return std::unexpected(Rule::argument_missing);
  const std::string_view name = argument.substr(0, argument.find(' '));
  const std::string_view rest = trim(argument.substr(name.size()), " ");
  AuthBegin begin{.mechanism = to_upper(name), .initial = std::nullopt};
  if (std::ranges::find(o.auth_mechanisms, begin.mechanism) == o.auth_mechanisms.end())
    return std::unexpected(Rule::auth_mechanism);
  if (rest == "=") {
    begin.initial.emplace();  // RFC 4954 §4: an initial response of no octets
  } else if (!rest.empty()) {
    begin.initial = codec::base64_decode(rest);
    if (!begin.initial) return std::unexpected(Rule::auth_base64);
  }
  return begin;
}

}  // namespace chappe::proto::smtp
