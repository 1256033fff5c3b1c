// The whole server in one object: the store, the post office, the doors, and the threads they run on, wired from one
// configuration. `chappe serve` and `chappe local` are two ways to have one.
//
// Used by the main thread only, which blocks: start() opens and binds, reload() reads certificates anew, stop() says
// goodbye to every session and closes the store. Between them the main thread does nothing but wait for signals.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agents/door/site.h"
#include "app/config.h"
#include "app/inherited.h"
#include "base/result.h"
#include "dns/resolver.h"

namespace chappe::app {

struct ServerOptions {
  // Answers every question to the DNS; empty: the Internet's, as [dns] says.
  std::unique_ptr<dns::Resolver> resolver;
  // false: letters for other hosts go to [server] relay or wait; the DNS is not asked for their way.
  bool mta = true;
  // Open already: served beside the listeners of the configuration, and instead of those that are the same.
  std::vector<InheritedSocket> inherited;
  bool limits = true;  // false: no rates and no connection caps (chappe local --no-limits)
  // Called when the ports are bound and before the store is opened: where root becomes somebody else.
  std::function<Result<void>()> after_bind;
  // What the control socket's server.reload and server.stop do; empty: they are refused.
  std::function<net::Task<Result<void>>()> reload;
  std::function<void()> stop;
};

class Server {
 public:
  // Opens the store and binds every listener; nothing is served yet. Errc::config, Errc::busy (another process owns the
  // store), Errc::corrupt.
  static Result<std::unique_ptr<Server>> open(Config config, ServerOptions options);
  ~Server();  // stops

  // Serves. After it every port answers.
  void start();
  // Certificates, log level and log file as the file says now; the rest needs a restart, and is named in the log.
  // Running sessions are not touched. On an error everything stays as it was.
  Result<void> reload(Config fresh);
  // Accepts nothing more, ends every session with a word, makes durable what was accepted, closes. Idempotent.
  void stop();

  struct Bound {
    Role role;
    std::string address;
    std::uint16_t port;
  };
  const std::vector<Bound>& bound() const;

  agents::Site& site();
  Log& log();
  net::Shards& shards();

 private:
  struct Parts;
  explicit Server(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace chappe::app
