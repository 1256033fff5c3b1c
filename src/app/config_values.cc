// How single values are written in a configuration: sizes, durations, addresses, roles.
#include <fmt/core.h>

#include <array>

#include "app/config.h"
#include "base/text.h"

namespace chappe::app {
namespace {

struct RoleRow {
  Role role;
  std::string_view name;
  std::uint16_t port;
  bool implicit_tls;
  Actor actor;
};
// RFC 5321 §4.5.4.2, RFC 6409 §3.1, RFC 8314 §7.3, RFC 9051 §2.1, RFC 1939 §3
constexpr std::array<RoleRow, kRoles> kRoleRows = {{
    {Role::mx, "mx", 25, false, Actor::mx},
    {Role::submission, "submission", 587, false, Actor::msa},
    {Role::submissions, "submissions", 465, true, Actor::msa},
    {Role::imap, "imap", 143, false, Actor::mda},
    {Role::imaps, "imaps", 993, true, Actor::mda},
    {Role::pop3, "pop3", 110, false, Actor::mda},
    {Role::pop3s, "pop3s", 995, true, Actor::mda},
    {Role::lmtp, "lmtp", 24, false, Actor::mda},
    {Role::relay, "relay", 25, false, Actor::mta},
}};

template <class Amount>
struct Unit {
  std::string_view name;
  Amount amount;
};
constexpr Unit<std::uint64_t> kSizeUnits[] = {
    {"TiB", 1ull << 40},
    {"TB", 1'000'000'000'000},
    {"GiB", 1ull << 30},
    {"GB", 1'000'000'000},
    {"MiB", 1ull << 20},
    {"MB", 1'000'000},
    {"KiB", 1ull << 10},
    {"kB", 1'000},
    {"B", 1},
};
constexpr Unit<std::int64_t> kDurationUnits[] = {
    {"d", 86'400'000'000}, {"h", 3'600'000'000}, {"min", 60'000'000}, {"ms", 1'000}, {"us", 1},
    {"m", 60'000'000},     {"s", 1'000'000},
};

// Takes the digits off the front of `text`.
std::optional<std::uint64_t> take_number(std::string_view& text) {
  std::size_t n = 0;
  while (n < text.size() && is_digit(text[n])) ++n;
  const auto number = to_number<std::uint64_t>(text.substr(0, n));
  text.remove_prefix(n);
  return number;
}

constexpr std::string_view kListActions[] = {"note", "junk", "reject"};
constexpr std::string_view kListKinds[] = {"block", "allow"};
constexpr std::array<std::string_view, kActors> kActorNames = {"mx", "msa", "mta", "mda"};

}  // namespace

std::string_view list_action_name(ListAction action) { return kListActions[static_cast<std::size_t>(action)]; }
std::string_view list_kind_name(ListKind kind) { return kListKinds[static_cast<std::size_t>(kind)]; }
std::string_view actor_name(Actor actor) { return kActorNames[static_cast<std::size_t>(actor)]; }
Actor role_actor(Role role) { return kRoleRows[static_cast<std::size_t>(role)].actor; }
std::string_view role_name(Role role) { return kRoleRows[static_cast<std::size_t>(role)].name; }
std::optional<Role> role_named(std::string_view name) {
  for (int i = 0; i < kRoles; ++i)
    if (role_name(static_cast<Role>(i)) == name) return static_cast<Role>(i);
  return std::nullopt;
}
std::uint16_t role_port(Role role) { return kRoleRows[static_cast<std::size_t>(role)].port; }
bool role_is_implicit_tls(Role role) { return kRoleRows[static_cast<std::size_t>(role)].implicit_tls; }

Result<Size> parse_size(std::string_view text) {
  std::string_view rest = trim(text, " ");
  const auto number = take_number(rest);
  rest = trim(rest, " ");
  std::uint64_t unit = rest.empty() ? 1 : 0;
  for (const auto& row : kSizeUnits)
    if (iequals(rest, row.name)) unit = row.amount;
  if (!number || unit == 0)
    return fail(Errc::invalid, "'{}' is not a size: write a number and B, kB, KiB, MB, MiB, GB, GiB, TB or TiB",
                printable(text, 40));
  std::uint64_t bytes = 0;
  if (__builtin_mul_overflow(*number, unit, &bytes))
    return fail(Errc::invalid, "the size '{}' is too large", printable(text, 40));
  return Size{bytes};
}

std::string format_size(Size size) {
  for (const auto& row : kSizeUnits)
    if (size.bytes >= row.amount && size.bytes % row.amount == 0)
      return fmt::format("{} {}", size.bytes / row.amount, row.name);
  return "0 B";
}

Result<Duration> parse_duration(std::string_view text) {
  std::string_view rest = trim(text, " ");
  std::int64_t total = 0;
  bool good = !rest.empty(), fits = true;
  while (good && !rest.empty()) {
    const auto number = take_number(rest);
    rest = trim(rest, " ");
    std::size_t letters = 0;
    while (letters < rest.size() && is_alpha(rest[letters])) ++letters;
    std::int64_t unit = 0;
    for (const auto& row : kDurationUnits)
      if (rest.substr(0, letters) == row.name) unit = row.amount;
    rest = trim(rest.substr(letters), " ");
    std::int64_t part = 0;
    good = number.has_value() && unit != 0;
    if (good && (__builtin_mul_overflow(*number, unit, &part) || __builtin_add_overflow(total, part, &total)))
      good = fits = false;
  }
  if (!fits) return fail(Errc::invalid, "the duration '{}' is too long", printable(text, 40));
  if (!good)
    return fail(Errc::invalid, "'{}' is not a duration: write numbers with ms, s, m, h or d, as in 1h30m",
                printable(text, 40));
  return Duration(total);
}

std::string format_duration(Duration duration) {
  std::int64_t us = duration.count();
  if (us <= 0) return "0s";
  std::string out;
  for (const auto& [name, amount] : {Unit<std::int64_t>{"d", 86'400'000'000},
                                     {"h", 3'600'000'000},
                                     {"m", 60'000'000},
                                     {"s", 1'000'000},
                                     {"ms", 1'000},
                                     {"us", 1}}) {
    if (us >= amount) out += fmt::format("{}{}", us / amount, name);
    us %= amount;
  }
  return out;
}

Result<HostPort> parse_host_port(std::string_view text) {
  const auto colon = text.rfind(':');
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  const auto port = colon == std::string_view::npos ? std::nullopt : to_number<std::uint16_t>(text.substr(colon + 1));
  const bool wrong_host =
      host.empty() || (!bracketed && host.find(':') != std::string_view::npos) ||
      std::ranges::any_of(host, [](char c) { return is_ctl(c) || c == ' ' || c == '[' || c == ']'; });
  if (wrong_host || !port || *port == 0)
    return fail(Errc::invalid, "'{}' is not a host and a port, as in mail.example.org:25 or [2001:db8::1]:25",
                printable(text, 80));
  return HostPort{std::string(host), *port};
}

}  // namespace chappe::app
