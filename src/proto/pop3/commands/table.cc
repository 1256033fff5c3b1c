#include <array>

#include "base/text.h"
#include "proto/pop3/commands/commands.h"

namespace chappe::proto::pop3 {
namespace {

constexpr auto kCommands = std::to_array<CommandRow>({
    {"RETR", kAfter, check_retr},
    {"DELE", kAfter, check_dele},
    {"TOP", kAfter, check_top},
    {"LIST", kAfter, check_list},
    {"UIDL", kAfter, check_uidl},
    {"STAT", kAfter, check_stat},
    {"NOOP", kAfter, check_noop},
    {"RSET", kAfter, check_rset},
    {"QUIT", kBefore | kAfter, check_quit},
    {"CAPA", kBefore | kAfter, check_capa},
    {"USER", kBefore | kRawArgument, check_user},
    {"PASS", kBefore | kRawArgument, check_pass},
    {"AUTH", kBefore, check_auth},
    {"STLS", kBefore, check_stls},
    {"UTF8", kBefore, check_utf8},
    {"APOP", kBefore, check_apop},
});

}  // namespace

const CommandRow* find_command(std::string_view verb) {
  for (const CommandRow& row : kCommands)
    if (iequals(row.verb, verb)) return &row;
  return nullptr;
}

std::expected<std::size_t, std::string_view> letter_number(const Session& session, std::string_view word) {
  const auto number = to_number<std::uint64_t>(word);
  if (!number) return std::unexpected("Give the number of a letter");
  const auto found = session.find(*number);
  if (!found) return std::unexpected("No such letter");
  return *found;
}

}  // namespace chappe::proto::pop3
