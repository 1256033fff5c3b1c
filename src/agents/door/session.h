// One connection at a door, whatever is spoken there: its stream, its name in the log, and the wish of the process that
// it end. Owned by the session's coroutine; moves from shard to shard with it.
#pragma once

#include <optional>
#include <string>

#include "agents/door/door.h"
#include "agents/door/site.h"
#include "net/stream.h"

namespace chappe::agents {

class Session {
 public:
  // On the shard that the stream belongs to.
  Session(Site& site, const Door& door, net::Stream stream);
  ~Session();  // logs the end
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  Site& site() { return site_; }
  net::Stream& stream() { return stream_; }
  const std::string& id() const { return id_; }
  const Door& door() const { return door_; }
  const net::Endpoint& peer() const { return stream_.peer(); }
  const std::optional<net::TlsFacts>& tls() const { return tls_; }

  // `span` from now, ended early when the process drains.
  net::Deadline within(Duration span) { return net::Deadline::in(span, &cancel_); }
  bool draining() const { return cancel_.cancelled(); }
  // For what must be finished although the process drains: a commit, the last words.
  static net::Deadline regardless(Duration span) { return net::Deadline::in(span); }

  // The TLS handshake as a server, with the site's certificates; waits while the peer's network has had too many.
  net::Task<Result<void>> start_tls();
  // Goes on in another shard, coroutine and connection together.
  net::Task<void> move_to(net::Shard& shard);
  // At a door for the hosts of the site only: whether the peer is one, and the goodbye to who is not. For now only, so
  // that a letter of a host that was forgotten in the configuration waits instead of going back.
  bool peer_is_own_host() const;
  net::Task<void> turn_away();
  // Says `words` as far as that is possible, and closes.
  net::Task<void> close(Bytes words);

  // Why it ended, for the log: "quit", "timeout", ... The last one said counts.
  void ended(std::string_view why) { why_ = why; }
  // Who logged in; for the log.
  void logged_in(std::string account) { account_ = std::move(account); }
  const std::string& account() const { return account_; }

 private:
  Site& site_;
  net::Stream stream_;
  const Door& door_;
  std::string id_;
  net::Cancel cancel_;
  std::optional<net::Shard::Member> member_;
  std::optional<net::TlsFacts> tls_;
  std::string account_;
  std::string why_ = "lost";
  Steady began_;
};

}  // namespace chappe::agents
