#include "trust/sasl.h"

#include <gtest/gtest.h>

#include "codec/base64.h"
#include "trust/sasl_prep.h"

namespace chappe::trust {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

// Gives out the octets of a script, over and over.
class ScriptedRandom final : public Random {
 public:
  explicit ScriptedRandom(std::string script) : script_(std::move(script)) {}
  void fill(std::span<char> out) override {
    for (char& c : out) c = script_[at_++ % script_.size()];
  }

 private:
  std::string script_;
  std::size_t at_ = 0;
};

// The example of RFC 7677 §3.
constexpr auto kClientFirst = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO"sv;
constexpr auto kServerFirst =
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"sv;
constexpr auto kClientFinal =
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="sv;
constexpr auto kServerFinal = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="sv;
constexpr auto kServerNonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";

ScramVerifier pencil() {
  return *make_scram_verifier(crypto::Secret("pencil"), *codec::base64_decode("W22ZaJ0SNY7soEsUEjb6gQ=="), 4096);
}

std::string challenge(const SaslStep& step) {
  const auto* c = std::get_if<SaslChallenge>(&step);
  if (!c) {
    const auto* f = std::get_if<SaslFailed>(&step);
    ADD_FAILURE() << "no challenge" << (f ? ": " + f->text : "");
    return {};
  }
  return c->data;
}

std::optional<SaslRefusal> refusal(const SaslStep& step) {
  const auto* f = std::get_if<SaslFailed>(&step);
  return f ? std::optional(f->why) : std::nullopt;
}

// A PLAIN or SCRAM machine after its first message.
SaslStep first(SaslServer& server, std::string_view message) { return server.start(message); }

TEST(SaslNames, AreKnownBothWays) {
  for (const auto m : {SaslMechanism::plain, SaslMechanism::login, SaslMechanism::scram_sha_256}) {
    EXPECT_EQ(sasl_mechanism(sasl_name(m)), m);
    SeededRandom random(1);
    EXPECT_EQ(make_sasl_server(m, random)->mechanism(), m);
  }
  EXPECT_EQ(sasl_mechanism("plain"), SaslMechanism::plain);
  EXPECT_EQ(sasl_mechanism("SCRAM-SHA-256-PLUS"), std::nullopt);
  EXPECT_EQ(sasl_mechanism(""), std::nullopt);
  EXPECT_TRUE(sasl_shows_password(SaslMechanism::login));
  EXPECT_FALSE(sasl_shows_password(SaslMechanism::scram_sha_256));
}

// RFC 4616 §4
TEST(SaslPlain, AsksAboutThePasswordAndIsDone) {
  SeededRandom random(1);
  const auto server = make_sasl_server(SaslMechanism::plain, random);
  const auto step = first(*server, "\0tim\0tanstaaftanstaaf"sv);
  const auto* need = std::get_if<NeedPassword>(&step);
  ASSERT_TRUE(need);
  EXPECT_EQ(need->authcid, "tim");
  EXPECT_EQ(need->authzid, "");
  EXPECT_TRUE(need->password.equals("tanstaaftanstaaf"));
  const auto end = server->on_password(true);
  ASSERT_TRUE(std::holds_alternative<SaslDone>(end));
  EXPECT_EQ(std::get<SaslDone>(end).authcid, "tim");
}

TEST(SaslPlain, WithAuthorizationIdentityAndWithoutInitialResponse) {
  SeededRandom random(1);
  const auto server = make_sasl_server(SaslMechanism::plain, random);
  EXPECT_EQ(challenge(server->start(std::nullopt)), "");
  const auto step = server->step("Ursel\0Kurt\0xipj3plmq"sv);
  const auto* need = std::get_if<NeedPassword>(&step);
  ASSERT_TRUE(need);
  EXPECT_EQ(need->authcid, "Kurt");
  EXPECT_EQ(need->authzid, "Ursel");
  const auto end = server->on_password(true);
  EXPECT_EQ(std::get<SaslDone>(end).authzid, "Ursel");
}

TEST(SaslPlain, Refuses) {
  SeededRandom random(1);
  for (const auto bad : {""sv, "tim"sv, "\0tim"sv, "\0tim\0"sv, "\0\0password"sv, "\0tim\0pass\0word"sv,
                         "\0ti\xffm\0password"sv, "\0tim\0pass\x07word"sv, "\xff\0tim\0password"sv})
    EXPECT_EQ(refusal(first(*make_sasl_server(SaslMechanism::plain, random), bad)), SaslRefusal::malformed) << bad;
  const std::string long_one = "\0tim\0"s + std::string(kMaxSaslMessage, 'x');
  EXPECT_EQ(refusal(first(*make_sasl_server(SaslMechanism::plain, random), long_one)), SaslRefusal::too_large);
  const auto server = make_sasl_server(SaslMechanism::plain, random);
  first(*server, "\0tim\0wrong"sv);
  EXPECT_EQ(refusal(server->on_password(false)), SaslRefusal::credentials);
}

TEST(SaslPlain, PreparesNameAndPassword) {
  SeededRandom random(1);
  const auto server = make_sasl_server(SaslMechanism::plain, random);
  const auto step = first(*server, "\0t\xc2\xadim\0\xe2\x85\xa8 \xc2\xa0"sv);
  const auto* need = std::get_if<NeedPassword>(&step);
  ASSERT_TRUE(need);
  EXPECT_EQ(need->authcid, "tim");
  EXPECT_TRUE(need->password.equals("IX  "));
}

TEST(SaslLogin, AsksTwice) {
  SeededRandom random(1);
  const auto server = make_sasl_server(SaslMechanism::login, random);
  EXPECT_EQ(challenge(server->start(std::nullopt)), "Username:");
  EXPECT_EQ(challenge(server->step("bob@example.org")), "Password:");
  const auto step = server->step("secret");
  ASSERT_TRUE(std::holds_alternative<NeedPassword>(step));
  EXPECT_EQ(std::get<NeedPassword>(step).authcid, "bob@example.org");
  EXPECT_TRUE(std::get<NeedPassword>(step).password.equals("secret"));
  EXPECT_TRUE(std::holds_alternative<SaslDone>(server->on_password(true)));
}

TEST(SaslLogin, TakesTheNameAsInitialResponse) {
  SeededRandom random(1);
  const auto server = make_sasl_server(SaslMechanism::login, random);
  EXPECT_EQ(challenge(server->start("bob")), "Password:");
  EXPECT_EQ(refusal(server->step("")), SaslRefusal::malformed);
  EXPECT_EQ(refusal(first(*make_sasl_server(SaslMechanism::login, random), "")), SaslRefusal::malformed);
  const auto other = make_sasl_server(SaslMechanism::login, random);
  other->start("bob");
  other->step("wrong");
  EXPECT_EQ(refusal(other->on_password(false)), SaslRefusal::credentials);
}

TEST(SaslScram, ServerSpeaksTheExampleOfRfc7677) {
  ScriptedRandom random(kServerNonce);
  const auto server = make_sasl_server(SaslMechanism::scram_sha_256, random);
  EXPECT_EQ(challenge(server->start(std::nullopt)), "");
  const auto need = server->step(kClientFirst);
  ASSERT_TRUE(std::holds_alternative<NeedScram>(need));
  EXPECT_EQ(std::get<NeedScram>(need).authcid, "user");
  const auto verifier = pencil();
  EXPECT_EQ(challenge(server->on_scram(&verifier)), kServerFirst);
  EXPECT_EQ(challenge(server->step(kClientFinal)), kServerFinal);
  const auto end = server->step("");
  ASSERT_TRUE(std::holds_alternative<SaslDone>(end));
  EXPECT_EQ(std::get<SaslDone>(end).authcid, "user");
}

TEST(SaslScram, ClientSpeaksTheExampleOfRfc7677) {
  ScriptedRandom random("rOprNGfwEbeRWgbNEkqO");
  auto client = make_sasl_client(SaslMechanism::scram_sha_256, "user", crypto::Secret("pencil"), "", random);
  ASSERT_TRUE(client.has_value());
  EXPECT_EQ((*client)->start(), kClientFirst);
  EXPECT_EQ((*client)->step(kServerFirst), kClientFinal);
  EXPECT_FALSE((*client)->done());
  EXPECT_EQ((*client)->step(kServerFinal), "");
  EXPECT_TRUE((*client)->done());
  EXPECT_FALSE((*client)->step("").has_value());
}

// What a server machine says to a first message.
SaslStep scram_first(std::string_view message, SaslServerOptions options = {}) {
  static ScriptedRandom random(kServerNonce);
  const auto server = make_sasl_server(SaslMechanism::scram_sha_256, random, options);
  return server->start(message);
}

TEST(SaslScram, ReadsTheGs2Header) {
  EXPECT_TRUE(std::holds_alternative<NeedScram>(scram_first("y,,n=user,r=abc")));
  const auto with_authzid = scram_first("n,a=other=2Cone=3D,n=us=3Der,r=abc");
  ASSERT_TRUE(std::holds_alternative<NeedScram>(with_authzid));
  EXPECT_EQ(std::get<NeedScram>(with_authzid).authzid, "other,one=");
  EXPECT_EQ(std::get<NeedScram>(with_authzid).authcid, "us=er");
}

// RFC 5802 §6: binding that is not offered is refused; and so is a client that saw no offer where one was made.
TEST(SaslScram, RefusesChannelBindingItDoesNotOffer) {
  EXPECT_EQ(refusal(scram_first("p=tls-unique,,n=user,r=abc")), SaslRefusal::channel_binding);
  EXPECT_EQ(refusal(scram_first("p=tls-exporter,,n=user,r=abc")), SaslRefusal::channel_binding);
  const auto struck = scram_first("y,,n=user,r=abc", {.channel_binding_offered = true});
  EXPECT_EQ(refusal(struck), SaslRefusal::channel_binding);
  EXPECT_EQ(std::get<SaslFailed>(struck).text, "server-does-support-channel-binding");
  EXPECT_TRUE(std::holds_alternative<NeedScram>(scram_first("n,,n=user,r=abc", {.channel_binding_offered = true})));
}

TEST(SaslScram, RefusesMalformedFirstMessages) {
  for (const auto bad : {""sv,
                         "n"sv,
                         "n,"sv,
                         "n,,"sv,
                         "x,,n=user,r=abc"sv,
                         "n,x,n=user,r=abc"sv,
                         "n,a=,n=user,r=abc"sv,
                         "n,,m=ext,n=user,r=abc"sv,
                         "n,,r=abc,n=user"sv,
                         "n,,n=,r=abc"sv,
                         "n,,n=user"sv,
                         "n,,n=user,r="sv,
                         "n,,n=user,r=abc,"sv,
                         "n,,n=us=2cer,r=abc"sv,
                         "n,,n=user=,r=abc"sv,
                         "n,,n=user,r=a c"sv,
                         "n,,n=user,r=abc,m=x"sv,
                         "n,,n=user,r=abc,x"sv,
                         "n,,n=us\xff,r=abc"sv,
                         "n,,n=u\0r,r=abc"sv,
                         "n,,n=user,r=abc,x=\0"sv,
                         "n,a=us=er,n=user,r=abc"sv})
    EXPECT_EQ(refusal(scram_first(bad)), SaslRefusal::malformed) << bad;
  EXPECT_TRUE(std::holds_alternative<NeedScram>(scram_first("n,,n=user,r=abc,x=ignored,y=too=")));
  EXPECT_EQ(refusal(scram_first("n,,n=user,r=" + std::string(kMaxSaslMessage, 'r'))), SaslRefusal::too_large);
}

// What the server of the example says to another final message.
SaslStep scram_final(std::string_view message) {
  ScriptedRandom random(kServerNonce);
  const auto server = make_sasl_server(SaslMechanism::scram_sha_256, random);
  server->start(kClientFirst);
  const auto verifier = pencil();
  server->on_scram(&verifier);
  return server->step(message);
}

std::string replaced(std::string_view text, std::string_view what, std::string_view with) {
  std::string out(text);
  out.replace(out.find(what), what.size(), with);
  return out;
}

TEST(SaslScram, RefusesWrongFinalMessages) {
  EXPECT_EQ(refusal(scram_final(replaced(kClientFinal, "p=dHz", "p=dHy"))), SaslRefusal::credentials);
  // c= must be the header that was sent first: eSws is "y,,".
  EXPECT_EQ(refusal(scram_final(replaced(kClientFinal, "biws", "eSws"))), SaslRefusal::channel_binding);
  EXPECT_EQ(refusal(scram_final(replaced(kClientFinal, "$k0", "$k1"))), SaslRefusal::malformed);
  EXPECT_EQ(refusal(scram_final(replaced(kClientFinal, "VQ=", "VR="))), SaslRefusal::malformed);
  EXPECT_EQ(refusal(scram_final(replaced(kClientFinal, "p=dHzb", "p="))), SaslRefusal::malformed);
  EXPECT_EQ(refusal(scram_final(replaced(kClientFinal, ",p=", ",m=x,p="))), SaslRefusal::malformed);
  EXPECT_EQ(refusal(scram_final(replaced(kClientFinal, ",p=", ",x,p="))), SaslRefusal::malformed);
  for (const auto bad : {""sv, "c=biws"sv, "c=biws,r=x"sv, "c=biws,p=AAAA"sv, "p=AAAA"sv, ",p="sv, "c=,p=,r=,p="sv,
                         "c=biws,r=x,"sv, "c=biws,r=,p=AAAA"sv})
    EXPECT_EQ(refusal(scram_final(bad)), SaslRefusal::malformed) << bad;
  // An extension that is optional is signed over, so it breaks the proof, not the syntax.
  EXPECT_EQ(refusal(scram_final(replaced(kClientFinal, ",p=", ",x=y,p="))), SaslRefusal::credentials);
}

TEST(SaslScram, TheAnswerToTheSignatureIsEmpty) {
  ScriptedRandom random(kServerNonce);
  const auto server = make_sasl_server(SaslMechanism::scram_sha_256, random);
  server->start(kClientFirst);
  const auto verifier = pencil();
  server->on_scram(&verifier);
  server->step(kClientFinal);
  EXPECT_EQ(refusal(server->step("x")), SaslRefusal::malformed);
}

TEST(SaslScram, NoVerifierIsARefusal) {
  ScriptedRandom random(kServerNonce);
  const auto server = make_sasl_server(SaslMechanism::scram_sha_256, random);
  server->start(kClientFirst);
  EXPECT_EQ(refusal(server->on_scram(nullptr)), SaslRefusal::credentials);
}

TEST(SaslServer, RefusesWhatComesOutOfTurn) {
  SeededRandom random(1);
  const auto verifier = pencil();
  for (const auto m : {SaslMechanism::plain, SaslMechanism::login, SaslMechanism::scram_sha_256}) {
    EXPECT_EQ(refusal(make_sasl_server(m, random)->step("x")), SaslRefusal::malformed);
    EXPECT_EQ(refusal(make_sasl_server(m, random)->on_password(true)), SaslRefusal::malformed);
    const auto server = make_sasl_server(m, random);
    server->start(std::nullopt);
    EXPECT_EQ(refusal(server->on_scram(&verifier)), SaslRefusal::malformed);
    // Over is over.
    EXPECT_EQ(refusal(server->start(std::nullopt)), SaslRefusal::malformed);
    EXPECT_EQ(refusal(server->on_password(true)), SaslRefusal::malformed);
  }
}

// Both machines against each other; names and passwords outside ASCII, as RFC 5802 §2.2 asks of tests.
void talk(const std::string& user, const std::string& set_password, const std::string& typed, bool expected) {
  SeededRandom client_random(1);
  SeededRandom server_random(2);
  const auto verifier = make_scram_verifier(crypto::Secret(set_password), "0123456789abcdef", 4096);
  ASSERT_TRUE(verifier.has_value());
  auto client = *make_sasl_client(SaslMechanism::scram_sha_256, user, crypto::Secret(typed), "", client_random);
  const auto server = make_sasl_server(SaslMechanism::scram_sha_256, server_random);
  const auto need = server->start(*client->start());
  ASSERT_TRUE(std::holds_alternative<NeedScram>(need));
  EXPECT_EQ(std::get<NeedScram>(need).authcid, *sasl_prep(user));
  const auto final = server->step(*client->step(challenge(server->on_scram(&*verifier))));
  if (!expected) {
    EXPECT_EQ(refusal(final), SaslRefusal::credentials);
    return;
  }
  EXPECT_EQ(client->step(challenge(final)), "");
  EXPECT_TRUE(client->done());
  EXPECT_TRUE(std::holds_alternative<SaslDone>(server->step("")));
}

TEST(SaslScram, ClientAndServerAgree) {
  talk("user", "pencil", "pencil", true);
  talk("user", "pencil", "pencils", false);
  talk("a=b,c@example.org", "pa,ss=word", "pa,ss=word", true);
  talk("\xc2\xbd\xc2\xb4", "\xc2\xbd\xc2\xb4", "\xc2\xbd\xc2\xb4", true);  // U+00BD U+00B4
  talk("élise", "caf\xc3\xa9", "cafe\xcc\x81", true);                      // composed, decomposed
  talk("bob", "\xf0\x9f\xa6\x8a!", "\xf0\x9f\xa6\x8a!", true);             // U+1F98A, younger than Unicode 3.2
}

TEST(SaslClient, ForPlain) {
  SeededRandom random(1);
  auto client = *make_sasl_client(SaslMechanism::plain, "tim", crypto::Secret("tanstaaf"), "ursel", random);
  EXPECT_EQ(client->mechanism(), SaslMechanism::plain);
  EXPECT_FALSE(client->done());
  EXPECT_EQ(client->start(), "ursel\0tim\0tanstaaf"sv);
  EXPECT_TRUE(client->done());
  EXPECT_EQ(client->step("").error().code(), Errc::invalid);
}

TEST(SaslClient, RefusesWhatCannotBeSent) {
  SeededRandom random(1);
  const auto code = [&](SaslMechanism m, std::string user, std::string password) {
    return make_sasl_client(m, std::move(user), crypto::Secret(password), "", random).error().code();
  };
  EXPECT_EQ(code(SaslMechanism::plain, "", "x"), Errc::invalid);
  EXPECT_EQ(code(SaslMechanism::plain, "bob", ""), Errc::invalid);
  EXPECT_EQ(code(SaslMechanism::plain, std::string("a\0b", 3), "x"), Errc::invalid);
  EXPECT_EQ(code(SaslMechanism::login, "bob", "x"), Errc::unsupported);
}

Errc client_refuses(std::string_view server_first) {
  ScriptedRandom random("rOprNGfwEbeRWgbNEkqO");
  auto client = *make_sasl_client(SaslMechanism::scram_sha_256, "user", crypto::Secret("pencil"), "", random);
  (void)client->start();
  const auto answer = client->step(server_first);
  EXPECT_FALSE(client->done());
  return answer ? Errc::bug : answer.error().code();
}

TEST(SaslClient, TrustsNoServer) {
  EXPECT_EQ(client_refuses(replaced(kServerFirst, "rOpr", "xOpr")), Errc::denied);
  EXPECT_EQ(client_refuses("r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"), Errc::denied);
  EXPECT_EQ(client_refuses(replaced(kServerFirst, "4096", "4095")), Errc::denied);
  EXPECT_EQ(client_refuses(replaced(kServerFirst, "4096", "1000001")), Errc::denied);
  EXPECT_EQ(client_refuses(replaced(kServerFirst, "4096", "-1")), Errc::denied);
  EXPECT_EQ(client_refuses(replaced(kServerFirst, "W22ZaJ0SNY7soEsUEjb6gQ==", "!")), Errc::invalid);
  EXPECT_EQ(client_refuses("m=x," + std::string(kServerFirst)), Errc::unsupported);
  EXPECT_EQ(client_refuses(std::string(kServerFirst) + ",x"), Errc::invalid);
  EXPECT_EQ(client_refuses(""), Errc::invalid);
  EXPECT_EQ(client_refuses(std::string(kMaxSaslMessage + 1, 'x')), Errc::too_large);
}

TEST(SaslClient, WantsTheServersProof) {
  for (const auto bad : {"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G5="sv, "v=AAAA"sv, ""sv, "e=other-error"sv,
                         "v=rrriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="sv}) {
    ScriptedRandom random("rOprNGfwEbeRWgbNEkqO");
    auto client = *make_sasl_client(SaslMechanism::scram_sha_256, "user", crypto::Secret("pencil"), "", random);
    (void)client->start();
    (void)client->step(kServerFirst);
    EXPECT_FALSE(client->step(bad).has_value()) << bad;
    EXPECT_FALSE(client->done());
    // No second try.
    EXPECT_FALSE(client->step(kServerFinal).has_value());
  }
}

TEST(ScramVerifier, HasLimits) {
  const crypto::Secret password("pencil");
  EXPECT_EQ(make_scram_verifier(password, "salt", kMinScramIterations - 1).error().code(), Errc::invalid);
  EXPECT_EQ(make_scram_verifier(password, "salt", kMaxScramIterations + 1).error().code(), Errc::invalid);
  EXPECT_EQ(make_scram_verifier(password, "", 4096).error().code(), Errc::invalid);
  EXPECT_EQ(make_scram_verifier(password, std::string(257, 's'), 4096).error().code(), Errc::invalid);
  EXPECT_EQ(make_scram_verifier(crypto::Secret("\x07"), "salt", 4096).error().code(), Errc::invalid);
}

TEST(ScramNonce, IsPrintableAndFull) {
  SeededRandom random(3);
  for (std::size_t size = 1; size < 40; ++size) {
    const auto nonce = scram::make_nonce(random, size);
    EXPECT_EQ(nonce.size(), size);
    EXPECT_TRUE(scram::is_nonce(nonce));
  }
  EXPECT_FALSE(scram::is_nonce(""));
}

}  // namespace
}  // namespace chappe::trust
