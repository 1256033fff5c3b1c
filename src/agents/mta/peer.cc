#include "agents/mta/peer.h"

#include <fmt/format.h>

#include "base/text.h"
#include "net/connect.h"

namespace chappe::agents::mta {

using net::Deadline;
using net::Task;
using proto::smtp::ClientEvent;

namespace {

proto::smtp::ClientOptions client_options(const PeerOptions& options) {
  proto::smtp::ClientOptions out;
  out.name = options.hostname;
  out.lmtp = options.lmtp;
  return out;
}

// What the other side said, fit for logs and letters.
std::string in_words(const proto::smtp::Answer& answer) {
  return answer.words.empty() ? answer.reply.text : printable(answer.words, 500);
}

}  // namespace

Peer::Peer(const PeerOptions* options, std::string host, net::Stream stream, net::Cancel* cancel)
    : options_(*options),
      host_(std::move(host)),
      stream_(std::move(stream)),
      cancel_(cancel),
      machine_(client_options(*options)) {}

Task<Result<std::unique_ptr<Peer>>> Peer::open(const PeerOptions* options, std::string host,
                                               std::vector<net::Endpoint> addresses, net::Cancel* cancel) {
  for (const bool with_tls : {true, false}) {
    net::Stream stream = CO_TRY(co_await net::connect_any(addresses, Deadline::in(options->times.connect, cancel)));
    std::unique_ptr<Peer> peer(new Peer(options, host, std::move(stream), cancel));
    const auto greeted = co_await peer->greet(with_tls);
    if (greeted) co_return std::move(peer);
    if (!peer->tls_failed_ || peer->needs_tls()) co_return std::unexpected(greeted.error());
  }
  co_return fail(Errc::bug, "a connection without TLS failed in its handshake");
}

bool Peer::needs_tls() const {
  return options_.wanted == PeerTls::always || (options_.wanted == PeerTls::off_loopback && !stream_.peer().loopback());
}

Task<Result<void>> Peer::greet(bool with_tls) {
  ClientEvent event = CO_TRY(co_await advance(options_.times.greeting));
  if (event != ClientEvent::done || !machine_.ok())
    co_return fail(Errc::unavailable, "{}", in_words(machine_.answer()));
  if (needs_tls() && !machine_.extensions().starttls)
    co_return fail(Errc::unavailable, "{} does not offer STARTTLS, and without it nothing is said there", host_);
  if (!with_tls || !machine_.extensions().starttls) co_return Result<void>();
  CO_TRY(machine_.starttls());
  auto secured = co_await advance(options_.times.command);
  if (!secured) co_return std::unexpected(std::move(secured.error()));
  if (*secured != ClientEvent::done) co_return fail(Errc::unavailable, "STARTTLS: {}", in_words(machine_.answer()));
  if (needs_tls() && !stream_.tls()) co_return fail(Errc::unavailable, "STARTTLS: {}", in_words(machine_.answer()));
  // Refused in words, the connection goes on in clear (RFC 3207 §4: 454, 501).
  co_return Result<void>();
}

Task<Result<ClientEvent>> Peer::advance(Duration span) {
  const Deadline deadline = within(span);
  for (;;) {
    const ClientEvent event = machine_.next();
    CO_TRY(co_await flush(deadline));
    if (event == ClientEvent::need_tls) {
      auto facts = co_await stream_.connect_tls(options_.tls, host_, deadline);
      if (!facts) {
        tls_failed_ = facts.error().code() == Errc::closed;
        co_return std::unexpected(std::move(facts.error()));
      }
      tls_ = fmt::format("{} {}", facts->version, facts->cipher);
      machine_.tls_started();
    } else if (event == ClientEvent::need_input) {
      const Chunk chunk = CO_TRY(co_await stream_.read(deadline));
      if (chunk.empty()) {
        machine_.feed_end();
      } else {
        machine_.feed(chunk.view());
      }
    } else {
      co_return event;
    }
  }
}

Task<Result<void>> Peer::flush(Deadline deadline) {
  if (auto out = machine_.take_output(); !out.empty()) co_return co_await stream_.write(std::move(out), deadline);
  co_return Result<void>();
}

Task<Result<std::vector<proto::smtp::Answer>>> Peer::send(proto::smtp::Envelope envelope, Read read) {
  CO_TRY(machine_.send(std::move(envelope)));
  bool ended = false;
  for (std::uint64_t at = 0;;) {
    const auto advanced = co_await advance(ended ? options_.times.final_dot : options_.times.command);
    if (!advanced) {
      // RFC 2033 §5: the answers that came count, and the others are temporary failures.
      machine_.feed_end();
      (void)machine_.next();
      if (ended && machine_.ok()) co_return machine_.results();
      co_return std::unexpected(advanced.error());
    }
    const ClientEvent event = *advanced;
    if (event == ClientEvent::need_letter) {
      const Deadline deadline = within(options_.times.stretch);
      const ChunkList piece = CO_TRY(co_await read(at, deadline));
      if (piece.empty()) {
        machine_.letter_end();
        ended = true;
        continue;
      }
      for (const Chunk& chunk : piece.chunks()) machine_.letter(chunk);
      at += piece.size();
      CO_TRY(co_await flush(deadline));
    } else if (event == ClientEvent::done) {
      ++letters_;
      co_return machine_.results();
    } else if (machine_.ok()) {
      co_return machine_.results();  // as above
    } else {
      co_return fail(Errc::closed, "{}", in_words(machine_.answer()));
    }
  }
}

Result<crypto::CertificateFacts> Peer::certificate() const {
  return crypto::certificate_facts(TRY(stream_.peer_certificate()));
}

Task<Result<proto::smtp::Answer>> Peer::ask(proto::smtp::Envelope envelope) {
  CO_TRY(machine_.ask(std::move(envelope)));
  const ClientEvent event = CO_TRY(co_await advance(options_.times.command));
  if (event != ClientEvent::done) co_return fail(Errc::closed, "{}", in_words(machine_.answer()));
  ++letters_;
  co_return machine_.answer();
}

Task<Result<Peer::Auth>> Peer::auth(std::string mechanism, std::optional<Bytes> initial) {
  CO_TRY(machine_.auth(mechanism, initial ? std::optional<ByteView>(*initial) : std::nullopt));
  co_return co_await auth_goes_on();
}

Task<Result<Peer::Auth>> Peer::respond(Bytes response) {
  machine_.respond(response);
  co_return co_await auth_goes_on();
}

Task<Result<Peer::Auth>> Peer::auth_goes_on() {
  const ClientEvent event = CO_TRY(co_await advance(options_.times.command));
  if (event == ClientEvent::challenge) co_return Auth{machine_.challenge_octets(), {}};
  if (event == ClientEvent::done) co_return Auth{std::nullopt, machine_.answer()};
  co_return fail(Errc::closed, "{}", in_words(machine_.answer()));
}

Task<void> Peer::quit() {
  // Said even when everything is to end: it is over in a moment.
  machine_.quit();
  const Deadline deadline = Deadline::in(options_.times.quit);
  for (;;) {
    const ClientEvent event = machine_.next();
    if (!co_await flush(deadline) || event != ClientEvent::need_input) break;
    const auto chunk = co_await stream_.read(deadline);
    if (!chunk || chunk->empty()) break;
    machine_.feed(chunk->view());
  }
  co_await stream_.shutdown(deadline);
}

}  // namespace chappe::agents::mta
