#include "agents/mta/peer.h"

#include <fmt/format.h>

#include <algorithm>

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
  out.replies.reply = options.reply;
  return out;
}

// What the other side said, fit for logs and letters.
std::string in_words(const proto::smtp::Answer& answer) {
  return answer.words.empty() ? answer.reply.text : printable(answer.words, 500);
}

}  // namespace

Peer::Peer(const PeerOptions* options, std::string host, net::Stream stream, Deadline until)
    : options_(*options),
      host_(std::move(host)),
      stream_(std::move(stream)),
      until_(until),
      machine_(client_options(*options)) {
  if (options_.counts) options_.counts->open.add();
}

Peer::~Peer() {
  if (options_.counts) options_.counts->open.add(-1);
}

Task<Result<std::unique_ptr<Peer>>> Peer::open(const PeerOptions* options, std::string host,
                                               std::vector<net::Endpoint> addresses, Deadline until) {
  for (const bool with_tls : {true, false}) {
    auto stream = co_await net::connect_any(addresses, until.at_most(options->times.connect));
    if (!stream) {
      if (options->counts) options->counts->connections_failed.add();
      co_return in_vain(std::move(stream.error()), options->times.connect, "a connection");
    }
    std::unique_ptr<Peer> peer(new Peer(options, host, std::move(*stream), until));
    const auto greeted = co_await peer->greet(with_tls);
    if (options->counts) (greeted ? options->counts->connections : options->counts->connections_failed).add();
    if (greeted) co_return std::move(peer);
    if (!peer->tls_failed_ || peer->needs_tls()) co_return std::unexpected(greeted.error());
  }
  co_return fail(Errc::bug, "a connection without TLS failed in its handshake");
}

bool Peer::needs_tls() const {
  return options_.wanted == PeerTls::always || (options_.wanted == PeerTls::off_loopback && !stream_.peer().loopback());
}

std::unexpected<Error> Peer::in_vain(Error error, Duration span, std::string_view what) {
  switch (error.code()) {
    case Errc::timeout:
      return fail(Errc::timeout, "Waited {} s for {} in vain", std::chrono::ceil<std::chrono::seconds>(span).count(),
                  what);
    case Errc::closed:
      return fail(Errc::closed, "The connection was lost before {}: {}", what, error.text());
    default:
      return std::unexpected(std::move(error));
  }
}

Task<Result<void>> Peer::greet(bool with_tls) {
  ClientEvent event = CO_TRY(co_await advance(options_.times.greeting));
  if (event != ClientEvent::done || !machine_.ok())
    co_return fail(Errc::unavailable, "{}", in_words(machine_.answer()));
  if (needs_tls() && !machine_.extensions().starttls)
    co_return fail(Errc::unavailable, "{} does not offer STARTTLS, and without it nothing is said there", host_);
  if (!with_tls || !machine_.extensions().starttls) co_return Result<void>();
  CO_TRY(machine_.starttls());
  event = CO_TRY(co_await advance(options_.times.command));
  if (event != ClientEvent::done) co_return fail(Errc::unavailable, "STARTTLS: {}", in_words(machine_.answer()));
  if (needs_tls() && !stream_.tls()) co_return fail(Errc::unavailable, "STARTTLS: {}", in_words(machine_.answer()));
  // STARTTLS refused in words, the connection goes on in clear (RFC 3207 §4: 454, 501); EHLO refused, it does not.
  if (tls_ != "none" && !machine_.ok()) co_return fail(Errc::unavailable, "{}", in_words(machine_.answer()));
  co_return Result<void>();
}

Task<Result<ClientEvent>> Peer::advance(Duration span) {
  Deadline deadline = until_.at_most(span);
  std::uint64_t heard = machine_.replies();
  for (;;) {
    const ClientEvent event = machine_.next();
    if (std::exchange(heard, machine_.replies()) != heard) deadline = until_.at_most(span);
    if (auto flushed = co_await flush(deadline); !flushed)
      co_return in_vain(std::move(flushed.error()), span, machine_.awaited());
    if (event == ClientEvent::need_tls) {
      const Duration patience = options_.times.handshake;
      auto facts = co_await stream_.connect_tls(options_.tls, host_, until_.at_most(patience));
      if (!facts) {
        tls_failed_ = facts.error().code() == Errc::closed || facts.error().code() == Errc::timeout;
        if (facts.error().code() != Errc::timeout) co_return std::unexpected(std::move(facts.error()));
        co_return in_vain(std::move(facts.error()), patience, "the end of the TLS handshake");
      }
      tls_ = fmt::format("{} {}", facts->version, facts->cipher);
      machine_.tls_started();
      deadline = until_.at_most(span);
    } else if (event == ClientEvent::need_input) {
      auto chunk = co_await stream_.read(deadline);
      if (!chunk) co_return in_vain(std::move(chunk.error()), span, machine_.awaited());
      if (chunk->empty()) {
        machine_.feed_end();
      } else {
        machine_.feed(chunk->view());
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

Task<Result<std::vector<proto::smtp::Answer>>> Peer::send(proto::smtp::Envelope envelope, Read read, Deadline until) {
  until_ = until;
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
      const Duration span = options_.times.stretch;
      const Deadline deadline = until_.at_most(span);
      const ChunkList piece = CO_TRY(co_await read(at, deadline));
      if (piece.empty()) {
        machine_.letter_end();
        ended = true;
        continue;
      }
      for (const Chunk& chunk : piece.chunks()) machine_.letter(chunk);
      at += piece.size();
      if (auto flushed = co_await flush(deadline); !flushed)
        co_return in_vain(std::move(flushed.error()), span, "the end of the letter");
    } else if (event == ClientEvent::done) {
      ++letters_;
      co_return machine_.results();
    } else if (std::ranges::any_of(machine_.results(), [](const auto& a) { return a.reply.code != 421; })) {
      co_return machine_.results();
    } else {
      co_return fail(Errc::closed, "{}", in_words(machine_.answer()));
    }
  }
}

Result<crypto::CertificateFacts> Peer::certificate() const {
  return crypto::certificate_facts(TRY(stream_.peer_certificate()));
}

Task<Result<proto::smtp::Answer>> Peer::ask(proto::smtp::Envelope envelope, Deadline until) {
  until_ = until;
  CO_TRY(machine_.ask(std::move(envelope)));
  const ClientEvent event = CO_TRY(co_await advance(options_.times.command));
  if (event != ClientEvent::done) co_return fail(Errc::closed, "{}", in_words(machine_.answer()));
  ++letters_;
  co_return machine_.answer();
}

Task<Result<Peer::Auth>> Peer::auth(std::string mechanism, std::optional<Bytes> initial, Deadline until) {
  until_ = until;
  CO_TRY(machine_.auth(mechanism, initial ? std::optional<ByteView>(*initial) : std::nullopt));
  co_return co_await auth_goes_on();
}

Task<Result<Peer::Auth>> Peer::respond(Bytes response, Deadline until) {
  until_ = until;
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
