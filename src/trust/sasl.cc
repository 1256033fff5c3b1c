#include "trust/sasl.h"

#include "base/text.h"
#include "codec/base64.h"
#include "codec/utf8.h"
#include "trust/sasl_prep.h"

namespace chappe::trust {
namespace {

SaslFailed refused(SaslRefusal why, std::string text) { return {.why = why, .text = std::move(text)}; }
SaslFailed malformed(std::string text) { return refused(SaslRefusal::malformed, std::move(text)); }
SaslFailed wrong_credentials() { return refused(SaslRefusal::credentials, "wrong user or password"); }

// RFC 4616: [authzid] NUL authcid NUL passwd, in one message.
class PlainServer final : public SaslServer {
 public:
  SaslMechanism mechanism() const override { return SaslMechanism::plain; }

 private:
  SaslStep begin() override { return SaslChallenge{}; }

  SaslStep message(ByteView response) override {
    const auto parts = split(response, '\0');
    if (parts.size() != 3) return malformed("PLAIN has three parts");
    // The authorization identity is the protocol's to prepare (RFC 4616 §2); here it is a name like the other.
    if (!parts[0].empty()) {
      auto prepared = sasl_prep(parts[0]);
      if (!prepared) return malformed(prepared.error().text());
      authzid_ = std::move(*prepared);
    }
    auto authcid = sasl_prep(parts[1]);
    if (!authcid) return malformed(authcid.error().text());
    auto secret = sasl_prep(crypto::Secret(parts[2]));
    if (!secret) return malformed(secret.error().text());
    authcid_ = std::move(*authcid);
    return NeedPassword{.authcid = authcid_, .authzid = authzid_, .password = std::move(*secret)};
  }

  SaslStep password(bool accepted) override {
    if (!accepted) return wrong_credentials();
    return SaslDone{.authcid = authcid_, .authzid = authzid_};
  }

  std::string authzid_;
  std::string authcid_;
};

// Two questions, two answers. The words of the questions are what every client ignores and some compare.
class LoginServer final : public SaslServer {
 public:
  SaslMechanism mechanism() const override { return SaslMechanism::login; }

 private:
  SaslStep begin() override { return SaslChallenge{.data = "Username:"}; }

  SaslStep message(ByteView response) override {
    if (authcid_.empty()) {
      auto name = sasl_prep(response);
      if (!name) return malformed(name.error().text());
      authcid_ = std::move(*name);
      return SaslChallenge{.data = "Password:"};
    }
    auto secret = sasl_prep(crypto::Secret(response));
    if (!secret) return malformed(secret.error().text());
    return NeedPassword{.authcid = authcid_, .authzid = {}, .password = std::move(*secret)};
  }

  SaslStep password(bool accepted) override {
    if (!accepted) return wrong_credentials();
    return SaslDone{.authcid = authcid_, .authzid = {}};
  }

  std::string authcid_;
};

// RFC 5802 §5, with SHA-256 (RFC 7677).
class ScramServer final : public SaslServer {
 public:
  ScramServer(Random& random, SaslServerOptions options) : random_(random), options_(options) {}
  SaslMechanism mechanism() const override { return SaslMechanism::scram_sha_256; }

 private:
  enum class State { first, final, acknowledge };

  SaslStep begin() override { return SaslChallenge{}; }

  SaslStep message(ByteView response) override {
    switch (state_) {
      case State::first:
        return client_first(response);
      case State::final:
        return client_final(response);
      case State::acknowledge:
        break;
    }
    // The protocol had no room for data with success, so the signature went as a challenge; its answer is empty
    // (RFC 4422 §3.6).
    if (!response.empty()) return malformed("an answer to the server's signature");
    return SaslDone{.authcid = authcid_, .authzid = authzid_};
  }

  // gs2-cbind-flag "," [authzid] "," — nothing if it is in order.
  std::optional<SaslFailed> gs2_header(ByteView& text) {
    if (text.starts_with("p="))
      return refused(SaslRefusal::channel_binding, "channel-binding-not-supported");  // RFC 5802 §6
    if (text.starts_with("y,") && options_.channel_binding_offered)
      return refused(SaslRefusal::channel_binding, "server-does-support-channel-binding");
    if (!text.starts_with("n,") && !text.starts_with("y,")) return malformed("no channel binding flag");
    text.remove_prefix(2);
    if (text.starts_with(',')) {
      text.remove_prefix(1);
      return std::nullopt;
    }
    const auto value = scram::take(text, 'a');
    if (!value) return malformed(value.error().text());
    auto name = saslname(*value);
    if (!name) return malformed(name.error().text());
    authzid_ = std::move(*name);
    return std::nullopt;
  }

  static Result<std::string> saslname(std::string_view value) {
    const auto name = TRY(scram::unescaped(value));
    return sasl_prep(name);
  }

  SaslStep client_first(ByteView text) {
    const ByteView whole = text;
    if (auto failed = gs2_header(text)) return std::move(*failed);
    gs2_ = whole.substr(0, whole.size() - text.size());
    // As received, whatever preparation makes of the name (RFC 5802 §5.1, "n").
    auth_message_ = text;
    const auto read = [&]() -> Result<> {
      if (text.starts_with("m=")) return fail(Errc::unsupported, "extensions-not-supported");
      const auto name = TRY(scram::take(text, 'n'));
      authcid_ = TRY(saslname(name));
      nonce_ = TRY(scram::take(text, 'r'));
      if (!scram::is_nonce(nonce_) || !scram::are_extensions(text)) return fail(Errc::invalid, "other-error");
      return {};
    }();
    if (!read) return malformed(read.error().text());
    return NeedScram{.authcid = authcid_, .authzid = authzid_};
  }

  SaslStep scram(const ScramVerifier& verifier) override {
    verifier_ = verifier;
    nonce_ += scram::make_nonce(random_, scram::kServerNonceSize);
    Bytes server_first =
        fmt::format("r={},s={},i={}", nonce_, codec::base64_encode(verifier_.salt), verifier_.iterations);
    auth_message_ += ',';
    auth_message_ += server_first;
    state_ = State::final;
    return SaslChallenge{.data = std::move(server_first)};
  }

  SaslStep client_final(ByteView text) {
    const ByteView whole = text;
    std::string_view binding;
    std::string_view nonce;
    crypto::Sum256 proof;
    const auto read = [&]() -> Result<> {
      binding = TRY(scram::take(text, 'c'));
      nonce = TRY(scram::take(text, 'r'));
      // The proof stands last, after any extensions.
      const auto at = whole.rfind(",p=");
      const auto before_proof = at - (whole.size() - text.size());
      if (at == ByteView::npos || at + 1 < whole.size() - text.size()) return fail(Errc::invalid, "no proof");
      if (at + 1 > whole.size() - text.size() && !scram::are_extensions(text.substr(0, before_proof)))
        return fail(Errc::invalid, "other-error");
      const auto decoded = codec::base64_decode(whole.substr(at + 3));
      if (!decoded || decoded->size() != crypto::Sum256::kSize) return fail(Errc::invalid, "invalid-encoding");
      decoded->copy(proof.octets.data(), decoded->size());
      auth_message_ += ',';
      auth_message_ += whole.substr(0, at);
      return {};
    }();
    if (!read) return malformed(read.error().text());
    // RFC 5802 §6: c= is the header of the first message, and nothing else where nothing is bound.
    if (binding != codec::base64_encode(gs2_))
      return refused(SaslRefusal::channel_binding, "channel-bindings-dont-match");
    if (nonce != nonce_) return malformed("the nonce has changed");

    const auto signature = crypto::hmac_sha256(verifier_.stored_key.view(), auth_message_);
    const auto client_key = scram::mixed(proof, signature);
    if (!crypto::equal_constant_time(crypto::sha256(client_key.view()).view(), verifier_.stored_key.view()))
      return wrong_credentials();
    const auto server_signature = crypto::hmac_sha256(verifier_.server_key.view(), auth_message_);
    state_ = State::acknowledge;
    return SaslChallenge{.data = "v=" + codec::base64_encode(server_signature.view())};
  }

  Random& random_;
  SaslServerOptions options_;
  State state_ = State::first;
  std::string authzid_;
  std::string authcid_;
  Bytes gs2_;
  Bytes nonce_;
  Bytes auth_message_;
  ScramVerifier verifier_;
};

}  // namespace

std::string_view sasl_name(SaslMechanism mechanism) {
  switch (mechanism) {
    case SaslMechanism::plain:
      return "PLAIN";
    case SaslMechanism::login:
      return "LOGIN";
    case SaslMechanism::scram_sha_256:
      break;
  }
  return "SCRAM-SHA-256";
}

std::optional<SaslMechanism> sasl_mechanism(std::string_view name) {
  for (const auto m : {SaslMechanism::plain, SaslMechanism::login, SaslMechanism::scram_sha_256})
    if (iequals(name, sasl_name(m))) return m;
  return std::nullopt;
}

bool sasl_shows_password(SaslMechanism mechanism) { return mechanism != SaslMechanism::scram_sha_256; }

SaslStep SaslServer::next(SaslStep step) {
  turn_ = std::holds_alternative<SaslChallenge>(step)  ? Turn::response
          : std::holds_alternative<NeedPassword>(step) ? Turn::password
          : std::holds_alternative<NeedScram>(step)    ? Turn::scram
                                                       : Turn::over;
  return step;
}

SaslStep SaslServer::out_of_turn() { return next(malformed("a message out of turn")); }

SaslStep SaslServer::start(std::optional<ByteView> initial) {
  if (turn_ != Turn::start) return out_of_turn();
  auto first = next(begin());
  return initial ? step(*initial) : std::move(first);
}

SaslStep SaslServer::step(ByteView response) {
  if (turn_ != Turn::response) return out_of_turn();
  if (response.size() > kMaxSaslMessage) return next(refused(SaslRefusal::too_large, "a message over the limit"));
  return next(message(response));
}

SaslStep SaslServer::on_password(bool accepted) {
  if (turn_ != Turn::password) return out_of_turn();
  return next(password(accepted));
}

SaslStep SaslServer::on_scram(const ScramVerifier* verifier) {
  if (turn_ != Turn::scram) return out_of_turn();
  return next(verifier ? scram(*verifier) : wrong_credentials());
}

SaslStep SaslServer::password(bool /*accepted*/) { return malformed("no password was asked about"); }
SaslStep SaslServer::scram(const ScramVerifier& /*verifier*/) { return malformed("no verifier was asked for"); }

std::unique_ptr<SaslServer> make_sasl_server(SaslMechanism mechanism, Random& random, SaslServerOptions options) {
  switch (mechanism) {
    case SaslMechanism::plain:
      return std::make_unique<PlainServer>();
    case SaslMechanism::login:
      return std::make_unique<LoginServer>();
    case SaslMechanism::scram_sha_256:
      break;
  }
  return std::make_unique<ScramServer>(random, options);
}

}  // namespace chappe::trust
