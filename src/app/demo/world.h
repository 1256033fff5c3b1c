// The small Internet, running: name servers from the root down, and the organisations' mail servers, each a process of
// its own with a store of its own, wired as the plan says; and ways to look into them.
//
// Main thread, which blocks.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/admin_call.h"
#include "app/demo/plan.h"
#include "app/demo/process.h"
#include "app/demo/teller.h"
#include "app/demo/zones.h"
#include "crypto/tls.h"
#include "dns/live.h"
#include "net/acceptor.h"
#include "net/shard.h"
#include "trust/dkim/sign.h"

namespace chappe::app::demo {

// Where the servers are.
enum class Mode {
  network,  // in a network namespace of their own, on the ports that the RFCs name
  ports,    // on this machine's loopback, on high ports
};

// A port on 127.0.0.1 that people's own mail programs reach, wherever the server behind it lives.
struct OutsideDoor {
  std::string host;  // HostPlan::name
  Role role;
  net::ListenSocket socket;
};
// Binds those of the plan, each at its own number or, where that is taken, at any. Before the network is left.
Result<std::vector<OutsideDoor>> open_outside_doors(const Plan& plan);

// A question that a name server was asked, and what it said.
struct Heard {
  std::string server;    // its name
  std::string question;  // "lille.example. MX"
  std::string said;      // "referral", "NOERROR (1)"
  bool referral = false;
};

class World {
 public:
  struct Parts {
    Plan plan;
    Mode mode;
    std::string dir;
    std::vector<OutsideDoor> doors;
  };
  // Starts everything; when it returns every server answers. Errors name the server that does not start, and why.
  static Result<std::unique_ptr<World>> start(Parts parts, Teller& teller);
  ~World();

  const Plan& plan() const { return parts_.plan; }
  const OrgPlan& org(std::string_view domain) const;
  const std::vector<OutsideDoor>& doors() const { return parts_.doors; }
  net::Shard& shard() { return shards_.at(0); }

  // The host of that name or address; null: none of ours.
  const HostPlan* host_called(std::string_view name, std::string_view address) const;
  // Where a host serves a role, from within.
  net::Endpoint place(const HostPlan& host, Role role) const;
  // A name server's address, from within.
  Result<net::Endpoint> name_server(const std::string& ip) const;
  std::string certificate(const HostPlan& host) const { return folder(host) + "/cert.pem"; }
  const std::string& root_hints() const { return zones_.root_hints; }
  // One that starts at the root of this world, and trusts its key and nothing else. Errc::config.
  Result<dns::Resolver*> resolver();
  // What a domain of Plan::signers signs with.
  const trust::dkim::SigningKey& signer(std::string_view domain) const { return keys_.find(domain)->second; }

  // A method of the control socket (agents/control/methods.h). The server must be up.
  Result<codec::json::Value> call(const HostPlan& host, std::string_view method, Params& params) const;

  // kill -9; and start again on the same store.
  void kill(const HostPlan& host);
  Result<void> start_again(const HostPlan& host);

  // What the name servers were asked since this was called last.
  std::vector<Heard> asked();

 private:
  struct Server {
    Command command;
    std::optional<Process> process;
  };

  explicit World(Parts parts) : parts_(std::move(parts)) {}
  Result<dns::LiveOptions> resolver_options() const;
  Result<void> make_keys();
  Result<void> find_ports();
  std::uint16_t port(Role role) const { return static_cast<std::uint16_t>(shift_ + role_port(role)); }
  std::uint16_t dns_port() const;
  std::string folder(const HostPlan& host) const { return parts_.dir + "/" + host.name; }
  Result<void> start_names(Teller& teller);
  Result<void> start_hosts(Teller& teller);
  Result<void> prepare(const HostPlan& host);
  std::string site_lines(const HostPlan& host) const;
  std::string config_of(const HostPlan& host) const;
  Result<void> launch(const HostPlan& host);
  Result<void> await_ready(const HostPlan& host);
  Result<void> provision();
  std::string last_words(const std::string& file) const;

  Parts parts_;
  int shift_ = 0;                          // of all ports, in Mode::ports
  std::vector<net::ListenSocket> claims_;  // so that no other demo takes the same ports
  ZoneFiles zones_;
  std::map<std::string, trust::dkim::SigningKey, std::less<>> keys_;  // by domain
  net::Shards shards_{1};                                             // where the demo's own clients live
  std::unique_ptr<dns::LiveResolver> resolver_;
  std::map<std::string, Server> names_, hosts_;
  std::map<std::string, ReadySocket> ready_;
  std::map<std::string, std::size_t> read_;  // how far into the name servers' output
};

}  // namespace chappe::app::demo
