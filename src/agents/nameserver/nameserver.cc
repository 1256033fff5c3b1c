#include "agents/nameserver/nameserver.h"

#include <atomic>
#include <optional>

namespace chappe::agents::nameserver {

using net::Task;

namespace {

constexpr Duration kForever = std::chrono::hours(24);
constexpr Duration kBreath = std::chrono::milliseconds(100);  // after a socket failed
// How many questions of one TCP connection are answered before others have their turn.
constexpr int kTurn = 32;
// How often another port is tried when the system's choice for UDP is taken for TCP.
constexpr int kPortTries = 16;

// The octets of one answer behind its length (RFC 1035 §4.2.2).
void append_framed(Bytes& out, ByteView message) {
  out += static_cast<char>(message.size() >> 8);
  out += static_cast<char>(message.size());
  out += message;
}

}  // namespace

struct NameServer::Udp {
  net::DatagramSocket socket;
  net::Shard* shard;
  net::Cancel cancel;  // on the shard
};

struct NameServer::State {
  Parts parts;
  NameServerOptions options;
  std::atomic<std::shared_ptr<const dns::Zones>> zones;
  Watcher watcher;
  net::ConnectionCount count;
  std::vector<net::Endpoint> at;
  std::vector<std::unique_ptr<Udp>> udp;
  std::vector<std::unique_ptr<net::Acceptor>> tcp;

  State(Parts p, NameServerOptions o, std::shared_ptr<const dns::Zones> z, Watcher w)
      : parts(p), options(std::move(o)), zones(std::move(z)), watcher(std::move(w)), count(options.connections) {}

  std::optional<Bytes> answer(ByteView query, Transport transport, const net::Endpoint& who,
                              const net::Endpoint& here) {
    const std::shared_ptr<const dns::Zones> now = zones.load();
    auto reply = respond(*now, query, transport);
    if (!reply) return std::nullopt;
    if (watcher) watcher({parts.clock->now(), who, here, transport, *reply});
    return std::move(reply->octets);
  }
};

namespace {

struct Bound {
  net::DatagramSocket udp;
  net::ListenSocket tcp;
};

// The same port for both.
Result<Bound> bind_both(const net::Endpoint& wanted) {
  for (int i = 0;; ++i) {
    auto udp = TRY(net::DatagramSocket::bind(wanted));
    auto tcp = net::ListenSocket::bind(udp.at());
    if (tcp) return Bound{std::move(udp), std::move(*tcp)};
    if (wanted.port() != 0 || i == kPortTries) return std::unexpected(tcp.error());
  }
}

}  // namespace

Result<std::unique_ptr<NameServer>> NameServer::open(Parts parts, NameServerOptions options,
                                                     std::shared_ptr<const dns::Zones> zones, Watcher watcher) {
  auto state = std::make_shared<State>(parts, std::move(options), std::move(zones), std::move(watcher));
  const std::weak_ptr<State> weak = state;  // the acceptors are the state's
  for (const net::Endpoint& wanted : state->options.listen) {
    Bound bound = TRY(bind_both(wanted));
    state->at.push_back(bound.tcp.at());
    state->udp.emplace_back(new Udp{std::move(bound.udp), &parts.shards->next(), {}});
    state->tcp.push_back(std::make_unique<net::Acceptor>(
        *parts.shards, std::move(bound.tcp), state->count, Bytes(),
        [weak](net::Stream stream) { return serve_tcp(weak.lock(), std::move(stream)); }));
  }
  return std::unique_ptr<NameServer>(new NameServer(std::move(state)));
}

NameServer::~NameServer() = default;

const std::vector<net::Endpoint>& NameServer::at() const { return state_->at; }

void NameServer::serve(std::shared_ptr<const dns::Zones> zones) { state_->zones.store(std::move(zones)); }

void NameServer::start() {
  for (const auto& udp : state_->udp)
    udp->shard->post([state = state_, u = udp.get()] { u->shard->tasks().spawn(serve_udp(state, u)); });
  for (const auto& acceptor : state_->tcp) acceptor->start();
}

void NameServer::stop() {
  for (const auto& udp : state_->udp) udp->shard->post([state = state_, u = udp.get()] { u->cancel.cancel(); });
  for (const auto& acceptor : state_->tcp) acceptor->stop();
}

Task<void> NameServer::serve_udp(std::shared_ptr<State> state, Udp* udp) {
  const net::Shard::Member member(*udp->shard, udp->cancel);
  while (!udp->cancel.cancelled()) {
    const auto query = co_await udp->socket.receive(net::Deadline::in(kForever, &udp->cancel));
    if (!query) {
      (void)co_await net::sleep(net::Deadline::in(kBreath, &udp->cancel));
      continue;
    }
    auto answer = state->answer(query->octets, Transport::udp, query->peer, query->local);
    // An answer that cannot be sent is one that was lost on its way.
    if (answer)
      (void)co_await udp->socket.send(std::move(*answer), query->peer,
                                      net::Deadline::in(state->options.reply, &udp->cancel), query->local);
  }
}

Task<void> NameServer::serve_tcp(std::shared_ptr<State> state, net::Stream stream) {
  net::Cancel cancel;
  const net::Shard::Member member(*net::Shard::current(), cancel);
  const auto within = [&](Duration span) { return net::Deadline::in(span, &cancel); };
  Bytes in;
  // Whoever sends a message octet by octet has no longer than who sends none.
  net::Deadline patience = within(state->options.idle);
  for (;;) {
    Bytes out;
    std::size_t taken = 0;
    for (int turn = 1;; ++turn) {
      const ByteView rest = ByteView(in).substr(taken);
      if (rest.size() < 2) break;
      const std::size_t size = static_cast<unsigned char>(rest[0]) << 8 | static_cast<unsigned char>(rest[1]);
      if (rest.size() < 2 + size) break;
      if (const auto answer = state->answer(rest.substr(2, size), Transport::tcp, stream.peer(), stream.local()))
        append_framed(out, *answer);
      taken += 2 + size;
      patience = within(state->options.idle);
      if (out.size() > dns::kMaxMessage && !co_await stream.write(std::exchange(out, {}), within(state->options.reply)))
        co_return;
      if (turn % kTurn == 0) co_await net::yield();
    }
    in.erase(0, taken);
    if (!out.empty() && !co_await stream.write(std::move(out), within(state->options.reply))) co_return;
    const auto chunk = co_await stream.read(patience);
    if (!chunk || chunk->empty()) co_return;
    in += chunk->view();
  }
}

}  // namespace chappe::agents::nameserver
