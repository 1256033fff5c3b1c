#include "agents/door/session.h"

#include <fmt/format.h>

#include <algorithm>

namespace chappe::agents {
namespace {

const Event kOpened("session.opened", Level::debug, {"session", "door", "peer"},
                    "Somebody connected. Every later line of the connection has the same session id.");
const Event kTls("session.tls", Level::info, {"session", "version", "cipher", "name", "resumed"},
                 "The connection is encrypted from here on. name is what the client called the server (SNI).");
const Event kTlsFailed(
    "session.tls_failed", Level::info, {"session", "peer", "error"},
    "A TLS handshake failed. Single ones are scanners or old clients; many from your own people mean "
    "that they do not trust the certificate.");
const Event kClosed("session.closed", Level::info,
                    {"session", "door", "peer", "account", "why", "received", "sent", "ms"},
                    "A connection ended. why tells how: quit (the client said goodbye), lost (it went away), timeout, "
                    "refused (it broke a rule, see the lines before), shutdown (this server stops).");

}  // namespace

Session::Session(Site& site, const Door& door, net::Stream stream)
    : site_(site),
      stream_(std::move(stream)),
      door_(door),
      id_(fmt::format("{:010x}", site.random.u64() >> 24)),
      member_(std::in_place, *net::Shard::current(), cancel_),
      began_(site.clock.steady()) {
  door_.sessions.add();
  door_.open.add();
  site_.log.event(kOpened, id_, door_.name, stream_.peer().describe());
}

Session::~Session() {
  const std::optional<std::string> account = account_.empty() ? std::nullopt : std::optional(account_);
  door_.open.add(-1);
  if (why_ == "tls") site_.trail.note_refused(door_.name, stream_.peer().network(), "tls");
  if (why_ == "network") site_.trail.note_refused(door_.name, stream_.peer().network(), "network");
  if (why_ == "refused") site_.trail.note_refused(door_.name, stream_.peer().network(), "rules");
  site_.log.event(kClosed, id_, door_.name, stream_.peer().describe(), account, why_, stream_.received(),
                  stream_.sent(), site_.clock.steady() - began_);
}

net::Task<Result<void>> Session::start_tls() {
  const net::Deadline deadline = within(site_.limits.tls_handshake);
  Handshakes& budget = site_.handshakes[net::Shard::current()->index()];
  const Steady turn = budget.take(stream_.peer().network(), site_.clock.steady());
  if (turn > site_.clock.steady()) (void)co_await net::sleep({std::min(turn, deadline.when), deadline.cancel});
  auto facts = co_await stream_.accept_tls(site_.tls.load(), deadline);
  if (!facts) {
    door_.handshakes_failed.add();
    site_.log.event(kTlsFailed, id_, stream_.peer().describe(), facts.error());
    why_ = "tls";
    co_return std::unexpected(std::move(facts.error()));
  }
  site_.log.event(kTls, id_, facts->version, facts->cipher,
                  facts->name.empty() ? std::nullopt : std::optional(facts->name), facts->resumed);
  door_.handshakes.add();
  tls_ = std::move(*facts);
  co_return Result<void>();
}

net::Task<void> Session::move_to(net::Shard& shard) {
  if (net::Shard::current() == &shard) co_return;
  member_.reset();
  co_await stream_.move_to(shard);
  member_.emplace(shard, cancel_);
}

bool Session::peer_is_own_host() const { return site_.is_own_host(stream_.peer()); }

net::Task<void> Session::turn_away() {
  why_ = "network";
  co_await close("421 4.7.1 Only the hosts of this site may speak here (server.networks)\r\n");
}

net::Task<void> Session::close(Bytes words) {
  const net::Deadline deadline = regardless(site_.limits.goodbye);
  if (!words.empty()) (void)co_await stream_.write(std::move(words), deadline);
  co_await stream_.shutdown(deadline);
}

}  // namespace chappe::agents
