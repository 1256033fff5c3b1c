// The client's side of PLAIN and SCRAM-SHA-256.
#include <utility>

#include "base/text.h"
#include "codec/base64.h"
#include "trust/sasl.h"
#include "trust/sasl_prep.h"

namespace chappe::trust {
namespace {

struct Identity {
  std::string authcid;
  std::string authzid;
  crypto::Secret password;
};

class PlainClient final : public SaslClient {
 public:
  explicit PlainClient(Identity identity) : identity_(std::move(identity)) {}
  SaslMechanism mechanism() const override { return SaslMechanism::plain; }
  bool done() const override { return done_; }

  Result<Bytes> start() override {
    Bytes out = identity_.authzid;
    out += '\0';
    out += identity_.authcid;
    out += '\0';
    out += identity_.password.reveal();
    done_ = true;
    return out;
  }

  Result<Bytes> step(ByteView /*challenge*/) override { return fail(Errc::invalid, "PLAIN has no second message"); }

 private:
  Identity identity_;
  bool done_ = false;
};

class ScramClient final : public SaslClient {
 public:
  ScramClient(Identity identity, Random& random) : identity_(std::move(identity)), random_(random) {}
  SaslMechanism mechanism() const override { return SaslMechanism::scram_sha_256; }
  bool done() const override { return state_ == State::done; }

  Result<Bytes> start() override {
    // "n": this client knows no channel binding (RFC 5802 §6).
    gs2_ = identity_.authzid.empty() ? "n,," : fmt::format("n,a={},", scram::escaped(identity_.authzid));
    nonce_ = scram::make_nonce(random_, scram::kClientNonceSize);
    first_bare_ = fmt::format("n={},r={}", scram::escaped(identity_.authcid), nonce_);
    state_ = State::first;
    return gs2_ + first_bare_;
  }

  Result<Bytes> step(ByteView challenge) override {
    if (challenge.size() > kMaxSaslMessage) return fail(Errc::too_large, "a SASL message over the limit");
    const State now = std::exchange(state_, State::over);
    if (now == State::first) return server_first(challenge);
    if (now == State::final) return server_final(challenge);
    return fail(Errc::invalid, "a SASL challenge out of turn");
  }

 private:
  enum class State { begin, first, final, done, over };

  Result<Bytes> server_first(ByteView text) {
    const ByteView whole = text;
    if (text.starts_with("m=")) return fail(Errc::unsupported, "a SCRAM extension that must be understood");
    const auto nonce = TRY(scram::take(text, 'r'));
    const auto salt = codec::base64_decode(TRY(scram::take(text, 's')));
    const auto iterations = to_number<std::uint32_t>(TRY(scram::take(text, 'i')));
    // RFC 5802 §5.1: ours, and something of the server's behind it.
    if (!nonce.starts_with(nonce_) || nonce.size() == nonce_.size() || !scram::is_nonce(nonce))
      return fail(Errc::denied, "the server's nonce does not continue ours");
    if (!salt || salt->empty() || salt->size() > kMaxScramSalt) return fail(Errc::invalid, "no SCRAM salt");
    // Few iterations would hand a false server a cheap guess at the password, many would keep us busy.
    if (!iterations || *iterations < kMinScramIterations || *iterations > kMaxScramIterations)
      return fail(Errc::denied, "SCRAM iterations outside {} to {}", kMinScramIterations, kMaxScramIterations);
    if (!scram::are_extensions(text)) return fail(Errc::invalid, "a SCRAM message with a broken end");

    const auto keys = scram::derive(identity_.password, *salt, *iterations);
    const Bytes without_proof = fmt::format("c={},r={}", codec::base64_encode(gs2_), nonce);
    const Bytes auth_message = fmt::format("{},{},{}", first_bare_, whole, without_proof);
    const auto proof = scram::mixed(keys.client_key, crypto::hmac_sha256(keys.stored_key.view(), auth_message));
    expected_ = crypto::hmac_sha256(keys.server_key.view(), auth_message);
    state_ = State::final;
    return fmt::format("{},p={}", without_proof, codec::base64_encode(proof.view()));
  }

  Result<Bytes> server_final(ByteView text) {
    if (text.starts_with("e=")) return fail(Errc::denied, "the server says: {}", printable(text.substr(2)));
    const auto signature = codec::base64_decode(TRY(scram::take(text, 'v')));
    if (!signature || !crypto::equal_constant_time(*signature, expected_.view()))
      return fail(Errc::denied, "the server does not know the password either");
    state_ = State::done;
    return Bytes();
  }

  Identity identity_;
  Random& random_;
  State state_ = State::begin;
  Bytes gs2_;
  Bytes nonce_;
  Bytes first_bare_;
  crypto::Sum256 expected_;
};

}  // namespace

Result<std::unique_ptr<SaslClient>> make_sasl_client(SaslMechanism mechanism, std::string authcid,
                                                     crypto::Secret password, std::string authzid, Random& random) {
  Identity identity;
  identity.authcid = TRY(sasl_prep(authcid));
  identity.password = TRY(sasl_prep(password));
  if (!authzid.empty()) identity.authzid = TRY(sasl_prep(authzid));
  switch (mechanism) {
    case SaslMechanism::plain:
      return std::make_unique<PlainClient>(std::move(identity));
    case SaslMechanism::scram_sha_256:
      return std::make_unique<ScramClient>(std::move(identity), random);
    case SaslMechanism::login:
      break;
  }
  return fail(Errc::unsupported, "no client for LOGIN");
}

}  // namespace chappe::trust
