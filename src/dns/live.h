// The DNS as it is: full recursion from the root, or forwarding, with validation, by libunbound, which stays in
// live.cc.
//
// One context with a thread of its own. Questions come from any executor and wait in a bounded queue; about 64 are
// outstanding at a time (more only makes each slower). A question that is no longer wanted, or whose deadline passes,
// is taken back. Validation is ours: nothing is believed because a forwarder set AD.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dns/resolver.h"
#include "net/endpoint.h"

namespace chappe::dns {

struct LiveOptions {
  // Files. Empty hints: the real root, as libunbound knows it. No anchor: nothing is validated, and every answer is
  // indeterminate.
  std::string root_hints;
  std::vector<std::string> trust_anchors;
  // Ask these resolvers instead of the root.
  std::vector<net::Endpoint> forward;
  // Ask this server for the names at and below `zone`, whatever delegations say; on any port.
  struct Stub {
    Name zone;
    net::Endpoint server;
  };
  std::vector<Stub> stubs;
  // Local overrides: at these names, these records and nothing else.
  std::vector<Record> overrides;
  // Special-use names (RFC 6761, RFC 6303) that are asked like any other: test., private reverse zones.
  std::vector<Name> unlocked;
  bool ask_loopback = false;  // name servers may be on 127.0.0.0/8 and ::1

  std::size_t outstanding = 64;
  std::size_t queue = 4'096;
  std::size_t cache_octets = 32 * 1024 * 1024;  // of records; messages get half of that beside
};

// What libunbound keeps to itself and a private root may well serve: test., and the reverse zones of private and of
// documentation addresses (RFC 6761 §6, RFC 6303 §4). For LiveOptions::unlocked.
std::vector<Name> lab_names();

class LiveResolver final : public Resolver {
 public:
  // Reads the files; blocks on the disk. Errc::config says which option cannot be served.
  static Result<std::unique_ptr<LiveResolver>> start(const LiveOptions& options);
  // Nobody may be waiting any more. Blocks until the thread has ended.
  ~LiveResolver() override;

  net::Task<Answer> ask(Question question, net::Deadline deadline) override;

  // The most questions that were outstanding at a time, for tests and metrics. Any thread.
  std::size_t most_outstanding() const;

 private:
  class Engine;
  explicit LiveResolver(std::unique_ptr<Engine> engine);

  std::unique_ptr<Engine> engine_;
};

}  // namespace chappe::dns
