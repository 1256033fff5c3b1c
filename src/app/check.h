// `chappe check`: what would keep Chappe from serving a configuration, and what to do about it. One line for each thing
// that was looked at: the file, the user, the folder, the store, the milters, the DNS lists, the certificates, the
// ports.
//
// Changes nothing but what opening the store changes. Blocks: reads files, binds ports for a moment, asks the running
// server, and the DNS where lists are configured.
#pragma once

#include <fmt/core.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/cli.h"
#include "app/config.h"
#include "dns/resolver.h"

namespace chappe::app {

int run_check(const Invocation& invocation);

enum class Health { ok, warning, failure };

struct Checked {
  Health health = Health::ok;
  std::string_view what;  // "config", "roles", "user", "data", "store", "search", "judge", "lists", "tls", "ports"
  std::string text;       // in the language of the caller
  std::string fix = {};   // a command; may be empty
};

// What was found, in order, told in one language.
class CheckList {
 public:
  explicit CheckList(bool french) : french_(french) {}

  template <class... Args>
  Checked& add(Health health, std::string_view what, Text text, const Args&... args) {
    return list_.emplace_back(
        Checked{health, what, fmt::vformat(text.in(french_), fmt::make_format_args(args...)), {}});
  }
  const std::vector<Checked>& list() const { return list_; }
  bool french() const { return french_; }
  // sysexits: 0; 78 when the configuration or what it names is wrong; 69 when only a port or the store is taken.
  int exit_code() const;

 private:
  bool french_;
  std::vector<Checked> list_;
};

// What the running server of the data folder says of itself, as far as it matters here.
struct Running {
  int pid = 0;
  std::vector<std::string> listeners;  // "imaps 127.0.0.1:993"
};
std::optional<Running> running_server(const std::string& data_dir);

// The parts, each on its own.
void check_user(CheckList& out, const Config& config);
void check_roles(CheckList& out, const Config& config);
void check_data_dir(CheckList& out, const Config& config);
void check_store(CheckList& out, const Config& config, const std::optional<Running>& running);
void check_extractors(CheckList& out, const Config& config);
void check_judges(CheckList& out, const Config& config);
// One line for each of mx.dns_list; at most ten seconds for all of them.
void check_lists(CheckList& out, const Config& config, dns::Resolver& resolver);
void check_certificates(CheckList& out, const Config& config, Time now);
void check_ports(CheckList& out, const Config& config, const std::optional<Running>& running);

// Who listens on a TCP port of this machine, as far as /proc tells.
struct PortOwner {
  int pid = 0;       // 0: not to be seen from here
  std::string name;  // of the program
};
std::optional<PortOwner> port_owner(std::uint16_t port);

}  // namespace chappe::app
