// BDAT: RFC 3030 §2.
#include "base/text.h"
#include "proto/smtp/commands/commands.h"

namespace chappe::proto::smtp {
namespace {

std::optional<Rule> refusal(const Session& session) {
  if (!session.options.chunking) return Rule::command_unsupported;
  if (session.options.tls_required && !session.tls) return Rule::tls_first;
  if (!session.hello) return Rule::hello_first;
  if (!session.in_mail) return Rule::mail_first;
  if (session.chunk_failed) return Rule::chunk_after_failure;
  if (session.recipients == 0) return session.offered == 0 ? Rule::rcpt_first : Rule::rcpt_refused_first;
  return std::nullopt;
}

}  // namespace

Checked check_bdat(const Session& session, std::string_view argument) {
  const std::string_view digits = argument.substr(0, argument.find(' '));
  const std::string_view rest = trim(argument.substr(digits.size()), " ");
  for (const char c : digits)
    if (!is_digit(c)) return std::unexpected(Rule::chunk_syntax);
  // A size that fits in no 64 bits is refused as syntax: the chunk can never be read past.
  const auto size = to_number<std::uint64_t>(digits);
  if (!size || (!rest.empty() && !iequals(rest, "LAST"))) return std::unexpected(Rule::chunk_syntax);
  return BdatChunk{*size, !rest.empty(), refusal(session)};
}

}  // namespace chappe::proto::smtp
