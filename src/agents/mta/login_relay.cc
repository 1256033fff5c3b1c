#include "agents/mta/login_relay.h"

#include "base/text.h"
#include "proto/smtp/parameters.h"

namespace chappe::agents {

using mta::Peer;
using net::Task;
using proto::smtp::Reply;

namespace {

// Somebody waits at the door meanwhile; the mda has a password to hash.
constexpr mta::PeerTimes kTimes = {
    .connect = std::chrono::seconds(5), .greeting = std::chrono::seconds(5), .command = std::chrono::seconds(20)};

Error away(std::string_view why) {
  return {Errc::unavailable, fmt::format("Logins cannot be checked now: {}", printable(why, 200))};
}

// "<alice@example.org> is logged in", the address in xtext.
std::optional<std::string> address_in(std::string_view text) {
  const auto end = text.find('>');
  if (!text.starts_with('<') || end == std::string_view::npos) return std::nullopt;
  auto address = proto::smtp::xtext_decode(text.substr(1, end - 1));
  return address && !address->empty() ? std::move(address) : std::nullopt;
}

}  // namespace

Result<LoginRelayParts> login_relay_parts(dns::Resolver& resolver, mta::NextHop mda, std::string hostname,
                                          std::shared_ptr<const crypto::TlsClient> trust) {
  const auto wanted = trust ? mta::PeerTls::always : mta::PeerTls::off_loopback;
  if (!trust) trust = TRY(crypto::TlsClient::opportunistic());
  return LoginRelayParts{
      .resolver = resolver,
      .mda = std::move(mda),
      .peer = {
          .hostname = std::move(hostname), .tls = std::move(trust), .times = kTimes, .wanted = wanted, .lmtp = true}};
}

Task<Result<std::unique_ptr<Peer>>> LoginRelay::connect() {
  const net::Deadline deadline = session_.within(session_.site().limits.login);
  auto at = CO_TRY(co_await mta::find_hop(&parts_.resolver, parts_.mda, deadline));
  co_return co_await Peer::open(&parts_.peer, parts_.mda.host, std::move(at), deadline);
}

Task<Result<SaslLogin::Step>> LoginRelay::begin(std::string mechanism, std::optional<Bytes> initial) {
  CO_TRY(may_try({}));
  auto peer = co_await connect();
  if (!peer) co_return std::unexpected(away(peer.error().text()));
  peer_ = std::move(*peer);
  mechanism_ = std::move(mechanism);
  co_return co_await take(
      co_await peer_->auth(mechanism_, std::move(initial), session_.within(session_.site().limits.login)));
}

Task<Result<SaslLogin::Step>> LoginRelay::respond(Bytes response) {
  if (!peer_) co_return fail(Errc::bug, "an answer to no challenge");
  co_return co_await take(co_await peer_->respond(std::move(response), session_.within(session_.site().limits.login)));
}

Task<Result<SaslLogin::Step>> LoginRelay::take(Result<Peer::Auth> auth) {
  if (auth && auth->challenge) co_return trust::SaslChallenge{std::move(*auth->challenge)};
  const std::unique_ptr<Peer> peer = std::move(peer_);
  if (!auth) {
    if (auth.error().code() == Errc::unsupported) co_return std::unexpected(std::move(auth.error()));
    co_return std::unexpected(away(auth.error().text()));
  }
  co_await peer->quit();
  const Reply& said = auth->answer.reply;
  if (said.code == 235) {
    auto address = address_in(said.text);
    if (!address) co_return std::unexpected(away("the mda does not say who has logged in"));
    const LoggedIn who{{}, std::move(*address)};
    welcome(who, mechanism_);
    co_return who;
  }
  if (!said.permanent()) co_return std::unexpected(away(said.text));
  co_return std::unexpected(co_await failed({}, mechanism_));
}

}  // namespace chappe::agents
