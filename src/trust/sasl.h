// SASL as machines (RFC 4422): who logs in. PLAIN (RFC 4616), LOGIN (draft-murchison-sasl-login, for old clients) and
// SCRAM-SHA-256 (RFC 5802, RFC 7677), for a server, and PLAIN and SCRAM-SHA-256 for a client.
//
// No I/O and no clock: a machine takes the octets of one message and says what comes next. Base64, "*" and the command
// around it are the protocol's. Passwords are never judged here: the machine asks (NeedPassword, NeedScram), the door
// asks the directory, and gives the answer back. Owned by one session; nothing blocks but SaslClient::step of SCRAM
// (the key derivation) and make_scram_verifier.
//
// Names and passwords come out prepared by SASLprep (trust/sasl_prep.h). Whether `authcid` may act as `authzid` is for
// whoever receives SaslDone to judge.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/bytes.h"
#include "base/random.h"
#include "base/result.h"
#include "crypto/secret.h"
#include "trust/sasl_scram.h"

namespace chappe::trust {

enum class SaslMechanism { plain, login, scram_sha_256 };

// "PLAIN", "LOGIN", "SCRAM-SHA-256".
std::string_view sasl_name(SaslMechanism mechanism);
// By name, in any case (RFC 4422 §3.1 has upper case only; clients differ).
std::optional<SaslMechanism> sasl_mechanism(std::string_view name);
// Whether the password itself crosses the wire: offer it under TLS only (RFC 4616 §6, RFC 8314 §3).
bool sasl_shows_password(SaslMechanism mechanism);

// Octets of one decoded message; the line limit of AUTH in RFC 4954 §4 is the same number of base64 octets.
inline constexpr std::size_t kMaxSaslMessage = 12288;

// What the machine wants next.
struct SaslChallenge {
  Bytes data;  // send it; the client's answer goes to step()
};
struct NeedPassword {
  std::string authcid;
  std::string authzid;  // empty: the same
  crypto::Secret password;
};  // check it; the verdict goes to on_password()
struct NeedScram {
  std::string authcid;
  std::string authzid;  // empty: the same
};  // look it up; the verifier (a stable false one for unknown users) goes to on_scram()
struct SaslDone {
  std::string authcid;
  std::string authzid;  // empty: the same
};
enum class SaslRefusal {
  malformed,        // the message breaks its syntax, or came out of turn
  too_large,        // over kMaxSaslMessage
  credentials,      // wrong user or password; which of them is not said
  channel_binding,  // the client wants one that is not offered, or saw it struck from the offer (RFC 5802 §6)
};
struct SaslFailed {
  SaslRefusal why;
  std::string text;  // for the log; nothing secret
};
using SaslStep = std::variant<SaslChallenge, NeedPassword, NeedScram, SaslDone, SaslFailed>;

// The server's side of one exchange. After SaslDone or SaslFailed the machine is over: each call then fails again.
class SaslServer {
 public:
  virtual ~SaslServer() = default;
  virtual SaslMechanism mechanism() const = 0;

  // First call: the initial response, if the client sent one (an empty one, `=`, is one: RFC 4954 §4).
  SaslStep start(std::optional<ByteView> initial);
  // The answer to a SaslChallenge.
  SaslStep step(ByteView response);
  // The verdict on NeedPassword.
  SaslStep on_password(bool accepted);
  // The answer to NeedScram. nullptr where the account has no such credential: refused like a wrong password, but
  // sooner, so give a false verifier instead.
  SaslStep on_scram(const ScramVerifier* verifier);

 protected:
  virtual SaslStep begin() = 0;
  virtual SaslStep message(ByteView response) = 0;
  virtual SaslStep password(bool accepted);
  virtual SaslStep scram(const ScramVerifier& verifier);

 private:
  enum class Turn { start, response, password, scram, over };
  SaslStep next(SaslStep step);
  SaslStep out_of_turn();
  Turn turn_ = Turn::start;
};

struct SaslServerOptions {
  // Whether SCRAM-SHA-256-PLUS was offered beside: then a client that says it saw none (`y`) was lied to on the way,
  // and is refused (RFC 5802 §6).
  bool channel_binding_offered = false;
};

// `random` makes nonces and must outlive the machine.
std::unique_ptr<SaslServer> make_sasl_server(SaslMechanism mechanism, Random& random, SaslServerOptions options = {});

// The client's side, for the relay and for tests.
class SaslClient {
 public:
  virtual ~SaslClient() = default;
  virtual SaslMechanism mechanism() const = 0;
  // The initial response. Errc::invalid: a name or password that cannot be sent.
  virtual Result<Bytes> start() = 0;
  // The response to a challenge. For SCRAM the first blocks while the key is derived (up to kMaxScramIterations).
  // Errc::denied: the server did not prove that it knows the password; Errc::invalid: not an answer.
  virtual Result<Bytes> step(ByteView challenge) = 0;
  // Whether the mechanism is content: only then is a positive reply of the protocol a success.
  virtual bool done() const = 0;
};

// Errc::unsupported for LOGIN. `random` as above.
Result<std::unique_ptr<SaslClient>> make_sasl_client(SaslMechanism mechanism, std::string authcid,
                                                     crypto::Secret password, std::string authzid, Random& random);

}  // namespace chappe::trust
