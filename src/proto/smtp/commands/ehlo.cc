// EHLO, HELO and LHLO: RFC 5321 §4.1.1.1, RFC 2033 §4.1.
#include <algorithm>

#include "base/text.h"
#include "proto/smtp/commands/commands.h"
#include "proto/smtp/path.h"

namespace chappe::proto::smtp {
namespace {

Checked check(std::string_view argument, bool extended) {
  // RFC 5321 §4.1.4: what the client calls itself does not decide whether it is served. Only what could not be put in
  // a Received field is refused here.
  const bool fit = !argument.empty() && argument.size() <= kMaxDomain &&
                   std::ranges::all_of(argument, [](char c) { return !is_ctl(c) && !is_8bit(c) && c != ' '; });
  if (!fit) return std::unexpected(argument.empty() ? Rule::argument_missing : Rule::hello_syntax);
  return Hello{std::string(argument), extended, valid_domain(argument) || valid_address_literal(argument)};
}

}  // namespace

Checked check_ehlo(const Session&, std::string_view argument) { return check(argument, true); }
Checked check_helo(const Session&, std::string_view argument) { return check(argument, false); }

}  // namespace chappe::proto::smtp
