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

struct LoggedIn {
  post::AccountId account;
  std::string address;  // the account's main address
};

class Login {
 public:
  explicit Login(Session& session) : session_(session) {}

  // The mechanisms to be offered: those that show the password only under TLS (RFC 4954 §4, RFC 9051 §11.2).
  static std::vector<std::string> mechanisms(bool tls);

  // A name and a password (IMAP LOGIN, POP3 USER and PASS).
  // Errors: unauthenticated (which of the two is wrong is not said), busy (too many failures: later), and the store's.
  net::Task<Result<LoggedIn>> password(std::string name, crypto::Secret password);

  // An exchange of AUTH: begin, then respond to each challenge, until somebody is logged in or it failed. Errors as
  // above; unsupported for a mechanism that is not offered.
  using Step = std::variant<trust::SaslChallenge, LoggedIn>;
  net::Task<Result<Step>> begin(std::string mechanism, std::optional<Bytes> initial);
  net::Task<Result<Step>> respond(Bytes response);
  // The client gave up (RFC 4954 §4: "*").
  void cancel() { sasl_.reset(); }

 private:
  net::Task<Result<Step>> run(trust::SaslStep step);
  Result<void> may_try(const std::string& name);
  // Notes a failure, and holds the answer back for a while.
  net::Task<Error> failed(std::string name, std::string how);
  net::Task<Result<LoggedIn>> succeeded(post::AccountId id, std::string how);

  Session& session_;
  std::unique_ptr<trust::SaslServer> sasl_;
  std::string name_;               // who tries, in the exchange that runs
  post::AccountId scram_account_;  // whose verifier it was given
};

}  // namespace chappe::agents
