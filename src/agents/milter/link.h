// One connection to a milter, and what is spoken on it. Belongs to one coroutine at a time, on the shard where it was
// opened; nothing blocks.
#pragma once

#include <memory>

#include "agents/milter/address.h"
#include "agents/milter/counts.h"
#include "net/stream.h"
#include "proto/milter/client.h"

namespace chappe::agents::milter {

// How long a milter may be silent. An answer may take longer when it says that it is at work.
struct Times {
  Duration connect = std::chrono::seconds(5);
  Duration command = std::chrono::seconds(10);
  Duration verdict = std::chrono::minutes(1);  // after the whole letter
  Duration goodbye = std::chrono::seconds(1);
};

class Link {
 public:
  // Connects and negotiates. Errors: those of connecting; timeout, closed, cancelled; invalid, too_large and
  // unsupported: it does not speak the protocol.
  static net::Task<Result<std::unique_ptr<Link>>> open(const Address* address, Times times, Counts* counts,
                                                       net::Deadline deadline);
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  proto::milter::ClientMachine& machine() { return machine_; }
  net::Stream& stream() { return stream_; }

  // Carries out the machine's operation. Errors as for open(); afterwards the connection is of no more use.
  net::Task<Result<void>> run(Duration silence, net::Deadline deadline);
  // Says that it is over, as far as that is possible, and closes.
  net::Task<void> quit();

 private:
  Link(net::Stream stream, Times times, const Counts& counts);
  net::Task<Result<void>> carry(Duration silence, net::Deadline deadline);

  net::Stream stream_;
  const Times times_;
  const Counts counts_;  // its own: a connection that waits may outlive its Milter
  proto::milter::ClientMachine machine_;
};

}  // namespace chappe::agents::milter
