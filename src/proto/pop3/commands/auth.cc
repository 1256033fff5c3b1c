// AUTH: RFC 5034 §4. What the mechanisms say to each other is for whoever drives the machine.
#include <algorithm>

#include "base/text.h"
#include "codec/base64.h"
#include "proto/pop3/commands/commands.h"

namespace chappe::proto::pop3 {

Checked check_auth(const Session& session, std::string_view argument) {
  const auto& offered = session.options.auth_mechanisms;
  if (!session.login_allowed()) return std::unexpected("Say STLS first");
  const std::string_view name = argument.substr(0, argument.find(' '));
  const std::string_view rest = trim(argument.substr(name.size()), " ");
  AuthBegin begin{.mechanism = to_upper(name)};
  if (std::ranges::find(offered, begin.mechanism) == offered.end())
    return std::unexpected("Authentication mechanism not offered");
  if (rest == "=") {
    begin.initial.emplace();
  } else if (!rest.empty()) {
    begin.initial = codec::base64_decode(rest);
    if (!begin.initial) return std::unexpected("The response is not base64");
  }
  return begin;
}

}  // namespace chappe::proto::pop3
