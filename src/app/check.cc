#include "app/check.h"

#include <unistd.h>

#include "agents/control/control.h"
#include "app/admin_input.h"
#include "app/admin_office.h"
#include "app/admin_print.h"
#include "app/resolver_choice.h"
#include "codec/json.h"
#include "net/acceptor.h"

namespace chappe::app {
namespace {

constexpr std::string_view kStateNames[] = {"ok", "warning", "failure"};

std::string_view label(Health health, bool french) {
  switch (health) {
    case Health::ok:
      return "OK   ";
    case Health::warning:
      return french ? "AVERT" : "WARN ";
    case Health::failure:
      return french ? "ÉCHEC" : "FAIL ";
  }
  return "";
}

std::string for_people(const CheckList& checks) {
  std::string out;
  for (const Checked& c : checks.list()) {
    out += fmt::format("{}  {:<6}  {}\n", label(c.health, checks.french()), c.what, one_line(c.text));
    if (!c.fix.empty())
      out += fmt::format("               {}{}\n", checks.french() ? "remède : " : "fix: ", one_line(c.fix));
  }
  return out;
}

std::string for_programs(const CheckList& checks) {
  std::string out;
  codec::json::Writer w(out);
  w.begin_object().field("ok", checks.exit_code() == 0).key("checks").begin_array();
  for (const Checked& c : checks.list()) {
    w.begin_object().field("state", kStateNames[static_cast<std::size_t>(c.health)]).field("what", c.what);
    w.field("text", c.text);
    if (!c.fix.empty()) w.field("fix", c.fix);
    w.end_object();
  }
  w.end_array().end_object();
  return out + "\n";
}

// All errors of the file; the configuration when there are none.
std::optional<Config> check_config(CheckList& out, const std::string& path) {
  const auto text = read_input(path, kMaxConfigBytes);
  if (!text) {
    out.add(Health::failure, "config", {"{}", "{}"}, text.error().text()).fix =
        fmt::format("chappe config describe > {}", path);
    return std::nullopt;
  }
  ParsedConfig parsed = parse_config(*text, path);
  for (const Diagnostic& d : parsed.errors) out.add(Health::failure, "config", {"{}", "{}"}, d.describe());
  if (!parsed.errors.empty()) return std::nullopt;
  const std::size_t listeners = parsed.config.listen.size();
  out.add(Health::ok, "config", {"{} is understood: {} listeners", "{} est compris : {} écoutes"}, path, listeners);
  return std::move(parsed.config);
}

}  // namespace

int CheckList::exit_code() const {
  bool taken = false;
  for (const Checked& c : list_) {
    if (c.health != Health::failure) continue;
    if (c.what != "ports" && c.what != "store") return error_row(Errc::config).exit;
    taken = true;
  }
  return taken ? error_row(Errc::unavailable).exit : 0;
}

std::optional<Running> running_server(const std::string& data_dir) {
  auto connected = net::connect_unix(agents::control::socket_path(data_dir));
  if (!connected) return std::nullopt;
  ::close(*connected);
  auto office = AdminOffice::open(data_dir, Config());
  if (!office || !(*office)->served()) return std::nullopt;
  const auto text = (*office)->call("server.status", "{}");
  const auto status = text ? codec::json::parse(*text) : fail(Errc::closed, "no answer");
  if (!status) return std::nullopt;
  Running out;
  out.pid = static_cast<int>(status->get_int("pid").value_or(0));
  if (const auto* listeners = status->find("listeners"))
    for (const auto& listener : listeners->items()) out.listeners.emplace_back(listener.as_string().value_or(""));
  return out;
}

int run_check(const Invocation& invocation) {
  CheckList checks(invocation.french());
  const std::string path = invocation.value("config").value_or(std::string(kStandardConfig));
  if (const auto config = check_config(checks, path)) {
    check_roles(checks, *config);
    check_user(checks, *config);
    check_data_dir(checks, *config);
    const auto running = running_server(config->server.data_dir.value);
    check_store(checks, *config, running);
    check_extractors(checks, *config);
    check_judges(checks, *config);
    if (!config->mx.dns_lists.empty()) {
      if (const auto resolver = resolver_of(invocation, config->dns))
        check_lists(checks, *config, **resolver);
      else
        checks.add(Health::failure, "lists", {"{}", "{}"}, resolver.error().text());
    }
    check_certificates(checks, *config, system_clock().now());
    check_ports(checks, *config, running);
  }
  const int printed = print(invocation.json() ? for_programs(checks) : for_people(checks));
  return printed ? printed : checks.exit_code();
}

}  // namespace chappe::app
