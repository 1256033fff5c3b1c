#include "agents/milter/link.h"

#include "net/connect.h"

namespace chappe::agents::milter {

using net::Deadline;
using net::Task;
using proto::milter::ClientEvent;

Link::Link(net::Stream stream, Times times, const Counts& counts)
    : stream_(std::move(stream)), times_(times), counts_(counts) {
  counts_.open.add();
}

Link::~Link() { counts_.open.add(-1); }

Task<Result<std::unique_ptr<Link>>> Link::open(const Address* address, Times times, Counts* counts, Deadline deadline) {
  const Deadline connecting = deadline.at_most(times.connect);
  auto stream = address->path.empty() ? co_await net::connect_any(address->endpoints, connecting)
                                      : co_await net::Stream::connect_unix(address->path, connecting);
  if (!stream) {
    counts->not_opened.add();
    co_return std::unexpected(std::move(stream.error()).within("connecting to the milter"));
  }
  std::unique_ptr<Link> link(new Link(std::move(*stream), times, *counts));
  const auto agreed = co_await link->run(times.command, deadline);
  (agreed ? counts->opened : counts->not_opened).add();
  if (!agreed) co_return std::unexpected(agreed.error());
  co_return std::move(link);
}

Task<Result<void>> Link::run(Duration silence, Deadline deadline) {
  auto carried = co_await carry(silence, deadline);
  if (carried || carried.error().code() == Errc::cancelled) co_return carried;
  const Errc code = carried.error().code();
  (code == Errc::timeout ? counts_.timeouts : code == Errc::closed ? counts_.closed : counts_.faults).add();
  if (code == Errc::timeout) co_return fail(code, "The milter does not give {}", machine_.awaited());
  co_return carried;
}

Task<Result<void>> Link::carry(Duration silence, Deadline deadline) {
  Deadline until = deadline.at_most(silence);
  for (std::uint64_t heard = machine_.heard();;) {
    const ClientEvent event = machine_.next();
    if (std::exchange(heard, machine_.heard()) != heard) until = deadline.at_most(silence);
    if (event == ClientEvent::failed) co_return std::unexpected(machine_.error());
    if (auto out = machine_.take_output(); !out.empty()) CO_TRY(co_await stream_.write(std::move(out), until));
    if (event == ClientEvent::done) co_return Result<void>();
    const Chunk chunk = CO_TRY(co_await stream_.read(until));
    chunk.empty() ? machine_.feed_end() : machine_.feed(chunk.view());
  }
}

Task<void> Link::quit() {
  // Said even when everything is to end: it is over in a moment.
  const Deadline deadline = Deadline::in(times_.goodbye);
  machine_.quit();
  (void)co_await carry(times_.goodbye, deadline);
  stream_.close();
}

}  // namespace chappe::agents::milter
