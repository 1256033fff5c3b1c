// Local mode: the whole server on 127.0.0.1, with nothing to configure, for developers, tests and benchmarks. It is the
// real server with real durability; what it lacks is the world: nothing it sends leaves the loopback.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/config.h"
#include "app/server.h"
#include "base/result.h"
#include "crypto/secret.h"

namespace chappe::app {

struct LocalAccount {
  std::string address;
  crypto::Secret password;
};

struct LocalOptions {
  std::string dir;  // empty: a fresh one, removed when the LocalServer goes
  int port_base = 1000;
  std::vector<std::string> domains;    // none: those of the accounts, or example.test
  std::vector<LocalAccount> accounts;  // names without domain get the first one; none: one with a password of ours
  HostPort relay;                      // on the loopback
  std::string zone;                    // a file; empty: no name exists
  bool limits = true;
};

class LocalServer {
 public:
  // Makes the folder, the certificate, the domains and the accounts that are missing, and serves. Blocks: some 50 ms
  // for each new account. Errors are those of Server::open, and invalid.
  static Result<std::unique_ptr<LocalServer>> start(LocalOptions options);
  ~LocalServer();

  const std::string& dir() const { return dir_; }
  std::string certificate() const { return dir_ + "/cert.pem"; }
  const std::vector<LocalAccount>& accounts() const { return accounts_; }
  const std::vector<std::string>& domains() const { return domains_; }
  std::uint16_t port(Role role) const;
  Server& server() { return *server_; }

  // Where everything is, for people (with ready-made lines for curl, swaks, mutt and Thunderbird) or as one JSON line.
  std::string describe(bool french) const;
  std::string json() const;

 private:
  LocalServer() = default;
  std::string dir_;
  bool temporary_ = false;
  bool show_password_ = false;  // of the first account, which nobody gave us
  std::vector<std::string> domains_;
  std::vector<LocalAccount> accounts_;
  std::unique_ptr<Server> server_;
};

// `NAME:PASSWORD`; the name may be an address. Errc::usage.
Result<LocalAccount> parse_local_account(std::string_view text);

}  // namespace chappe::app
