// TOP: RFC 1939 §7.
#include "base/text.h"
#include "proto/pop3/commands/commands.h"

namespace chappe::proto::pop3 {

Checked check_top(const Session& session, std::string_view argument) {
  const std::string_view first = argument.substr(0, argument.find(' '));
  const auto lines = to_number<std::uint64_t>(trim(argument.substr(first.size()), " "));
  const auto number = letter_number(session, first);
  if (!number) return std::unexpected(number.error());
  if (!lines) return std::unexpected("Give the number of a letter and a number of lines");
  return Retrieve{.number = *number, .body_lines = *lines};
}

}  // namespace chappe::proto::pop3
