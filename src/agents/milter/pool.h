// Connections to one milter that wait for another SMTP session, on one shard. Each is watched while it waits: one that
// the milter closes, or where it says something, is thrown away at once, and so is one that waited for too long.
#pragma once

#include <list>
#include <memory>

#include "agents/milter/link.h"

namespace chappe::agents::milter {

class Pool : public std::enable_shared_from_this<Pool> {
 public:
  struct Limits {
    std::size_t kept = 20;  // on each shard; 0: none
    Duration idle = std::chrono::minutes(1);
  };
  explicit Pool(Limits limits) : limits_(limits) {}

  // One that waits, the one that came last; or nothing.
  net::Task<std::unique_ptr<Link>> take();
  // Keeps a connection that can be used again; false: there are enough, and `link` is as it was.
  bool give(std::unique_ptr<Link>& link);
  std::size_t size() const { return waiting_.size(); }

 private:
  struct Waiting {
    std::unique_ptr<Link> link;
    net::Event taken;  // somebody wants it
    net::Event left;   // nobody watches it any more
  };
  static net::Task<void> watch(std::shared_ptr<Pool> pool, std::shared_ptr<Waiting> waiting);

  const Limits limits_;
  std::list<std::shared_ptr<Waiting>> waiting_;
};

}  // namespace chappe::agents::milter
