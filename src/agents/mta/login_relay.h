// A login that the mda of the site checks: what the client says goes there word for word, by AUTH over LMTP, and what
// the mda says comes back (docs/decisions/0010-split-sites.md). Any mechanism passes; no secret is looked at, kept or
// logged. One serves one session; a connection of its own for each exchange, in TLS unless the mda is on the loopback.
#pragma once

#include <memory>

#include "agents/door/login.h"
#include "agents/mta/peer.h"
#include "agents/mta/route.h"

namespace chappe::agents {

struct LoginRelayParts {
  dns::Resolver& resolver;
  mta::NextHop mda;
  mta::PeerOptions peer;
};

// How to reach the mda for logins. `trust`: the certificates it must be known by; none: whoever answers, in TLS.
// Errc::bug: OpenSSL gives no context.
Result<LoginRelayParts> login_relay_parts(dns::Resolver& resolver, mta::NextHop mda, std::string hostname,
                                          std::shared_ptr<const crypto::TlsClient> trust);

class LoginRelay final : public SaslLogin {
 public:
  // `parts` must outlive it.
  LoginRelay(Session& session, const LoginRelayParts* parts) : SaslLogin(session), parts_(*parts) {}

  net::Task<Result<Step>> begin(std::string mechanism, std::optional<Bytes> initial) override;
  net::Task<Result<Step>> respond(Bytes response) override;
  void cancel() override { peer_.reset(); }

 private:
  net::Task<Result<std::unique_ptr<mta::Peer>>> connect();
  net::Task<Result<Step>> take(Result<mta::Peer::Auth> auth);

  const LoginRelayParts& parts_;
  std::unique_ptr<mta::Peer> peer_;  // while an exchange runs
  std::string mechanism_;
};

}  // namespace chappe::agents
