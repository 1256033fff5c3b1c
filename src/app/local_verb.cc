#include "app/local_verb.h"

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "app/local.h"
#include "app/signals.h"
#include "base/text.h"

namespace chappe::app {
namespace {

constexpr int kHighestBase = 65'535 - 995;

Result<void> add_accounts_of(const std::string& path, std::vector<LocalAccount>& accounts) {
  std::ifstream in(path);
  if (!in) return fail(Errc::usage, "cannot read {}", path);
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    const std::string_view text = trim(line);
    if (text.empty() || text.front() == '#') continue;
    auto account = parse_local_account(text);
    if (!account) return fail(Errc::usage, "{}:{}: {}", path, number, account.error().text());
    accounts.push_back(std::move(*account));
  }
  return {};
}

// Whole or not at all: whoever waits for the file never reads half of it.
Result<void> write_ready_file(const std::string& path, const std::string& text) {
  const std::string draft = path + ".new";
  {
    std::ofstream out(draft, std::ios::binary);
    out << text;
    if (!out.flush()) return fail(Errc::io, "cannot write {}", draft);
  }
  std::error_code error;
  std::filesystem::rename(draft, path, error);
  if (error) return fail(Errc::io, "cannot write {}: {}", path, error.message());
  return {};
}

Result<void> serve_locally(const Invocation& invocation) {
  LocalOptions options = TRY(local_options(invocation));
  auto server = TRY(LocalServer::start(std::move(options)));
  const std::string text = invocation.json() ? server->json() : server->describe(invocation.french());
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
  if (const auto ready = invocation.value("ready-file")) TRY(write_ready_file(*ready, server->json()));
  while (wait_for_signal() != Asked::stop) {
  }
  return {};
}

}  // namespace

Result<LocalOptions> local_options(const Invocation& invocation) {
  LocalOptions options;
  options.dir = invocation.value("dir").value_or("");
  const auto base = to_number<int>(invocation.value("port-base").value_or("1000"));
  if (!base || *base > kHighestBase) return fail(Errc::usage, "--port-base is a number from 0 to {}", kHighestBase);
  options.port_base = *base;
  options.domains = invocation.values("domain");
  for (const auto& text : invocation.values("account")) options.accounts.push_back(TRY(parse_local_account(text)));
  if (const auto file = invocation.value("accounts")) TRY(add_accounts_of(*file, options.accounts));
  if (const auto relay = invocation.value("relay")) options.relay = TRY(parse_host_port(*relay));
  options.zone = invocation.value("zone").value_or("");
  options.limits = !invocation.has("no-limits");
  return options;
}

int run_local(const Invocation& invocation) {
  block_signals();
  const auto served = serve_locally(invocation);
  return served ? 0 : invocation.refuse(served.error());
}

}  // namespace chappe::app
