// Who logs in, at every door: SASL on one side, the directory and the throttle on the other. One Login serves one
// session, on whatever shard that is; hashing happens in the offload pool of the directory.
#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "agents/door/session.h"
#include "trust/sasl.h"

namespace chappe::agents {

using post::LoggedIn;

// An exchange of AUTH, whoever checks it: begin, then respond to each challenge, until somebody is logged in or it
// failed. Errors: unauthenticated (which of name and password is wrong is not said), busy (too many failures: later),
// unsupported for a mechanism that is not offered, and those of who checks.
class SaslLogin {
 public:
  using Step = std::variant<trust::SaslChallenge, LoggedIn>;

  virtual ~SaslLogin() = default;
  virtual net::Task<Result<Step>> begin(std::string mechanism, std::optional<Bytes> initial) = 0;
  virtual net::Task<Result<Step>> respond(Bytes response) = 0;
  // The client gave up (RFC 4954 §4: "*").
  virtual void cancel() = 0;

 protected:
  explicit SaslLogin(Session& session) : session_(session) {}
  // Errc::busy after too many failures. `name` is empty where it is not known.
  Result<void> may_try(const std::string& name);
  // Notes a failure, and holds the answer back for a while.
  net::Task<Error> failed(std::string name, std::string how);
  void welcome(const LoggedIn& who, const std::string& how);

  Session& session_;
};

// Checked here.
class Login final : public SaslLogin {
 public:
  // For a client of our own; or for a host of the site that passes on what its client says: that one counts failures by
  // where they come from, and may come by the loopback without TLS.
  enum class From : std::uint8_t { client, own_host };
  explicit Login(Session& session, From from = From::client) : SaslLogin(session), from_(from) {}

  // The mechanisms to be offered: those that show the password only under TLS (RFC 4954 §4, RFC 9051 §11.2).
  static std::vector<std::string> mechanisms(bool tls);

  // A name and a password (IMAP LOGIN, POP3 USER and PASS). Errors as for an exchange.
  net::Task<Result<LoggedIn>> password(std::string name, crypto::Secret password);

  net::Task<Result<Step>> begin(std::string mechanism, std::optional<Bytes> initial) override;
  net::Task<Result<Step>> respond(Bytes response) override;
  void cancel() override { sasl_.reset(); }

 private:
  net::Task<Result<Step>> run(trust::SaslStep step);
  Result<void> may_try(const std::string& name);
  net::Task<Error> failed(std::string name, std::string how);
  net::Task<Result<LoggedIn>> succeeded(post::AccountId id, std::string how);

  const From from_;
  std::unique_ptr<trust::SaslServer> sasl_;
  std::string name_;               // who tries, in the exchange that runs
  post::AccountId scram_account_;  // whose verifier it was given
};

}  // namespace chappe::agents
