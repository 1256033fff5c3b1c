// Verifying and signing letters of 4 and 10 KB with one signature by RSA-2048 or Ed25519, keys from a resolver that
// answers at once; beside it what of that is the bare cryptography, hashing a body, and libopendkim when it is
// installed. Letters per second, on one core.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#ifdef CHAPPE_HAVE_OPENDKIM
#define _Bool bool  // the header is C
#include <opendkim/dkim.h>
#undef _Bool
#endif

#include "codec/base64.h"
#include "message/letter.h"
#include "trust/dkim/sign.h"
#include "trust/dkim/verify.h"

namespace chappe::trust::dkim {
namespace {

constexpr Time kNow{1'700'000'000'000'000};

struct Pair {
  std::shared_ptr<const crypto::PrivateKey> key;
  std::string record;
};

const Pair& pair(crypto::KeyKind kind) {
  const auto make = [](Result<crypto::PrivateKey> key) {
    Pair out{std::make_shared<const crypto::PrivateKey>(std::move(*key)), {}};
    out.record = key_record(*out.key);
    return out;
  };
  static const Pair rsa = make(crypto::PrivateKey::generate_rsa(2048));
  static const Pair ed = make(crypto::PrivateKey::generate_ed25519());
  return kind == crypto::KeyKind::rsa ? rsa : ed;
}

// A letter of about that size, as they are: half of it text with an accent here and there, half base64.
std::string letter(std::size_t size) {
  std::string out;
  for (int i = 0; i < 4; ++i)
    out +=
        "Received: from mx1.example.net (mx1.example.net [192.0.2.25]) by mail.example.org (Postfix)\r\n"
        "\twith ESMTPS id 4FzT1k2Q3Yz9sQd for <bob@example.org>; Fri, 20 Nov 2026 18:46:00 +0100 (CET)\r\n";
  out +=
      "From: =?UTF-8?Q?Ren=C3=A9?= Dupont <rene@example.net>\r\nTo: Bob <bob@example.org>, \"Carol, X\"\r\n"
      " <carol@example.org>\r\nSubject: Compte rendu de la =?UTF-8?Q?r=C3=A9union?= de mardi\r\n"
      "Date: Fri, 20 Nov 2026 18:46:00 +0100\r\nMessage-ID: <20261120184600.1234@example.net>\r\n"
      "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n";
  while (out.size() < size / 2)
    out += "Une ligne de texte ordinaire, avec un accent de temps en temps : \xc3\xa9t\xc3\xa9.\r\n";
  while (out.size() < size) out += std::string(76, 'Q') + "\r\n";
  return out;
}

std::string signed_letter(crypto::KeyKind kind, std::size_t size) {
  const std::string bytes = letter(size);
  const SigningKey keys[] = {{pair(kind).key, "example.net", "sel"}};
  return sign(message::Letter(bytes), keys, kNow)->fields[0] + bytes;
}

class OneKey final : public dns::Resolver {
 public:
  explicit OneKey(const std::string& record) {
    for (std::size_t at = 0; at < record.size(); at += 255) {
      const std::string piece = record.substr(at, 255);
      rdata_ += static_cast<char>(piece.size());
      rdata_ += piece;
    }
  }
  net::Task<dns::Answer> ask(dns::Question question, net::Deadline) override {
    dns::Answer out;
    out.outcome = dns::Outcome::answer;
    out.canonical = question.name;
    out.records = {question.name, dns::Type::txt, 300, {rdata_}};
    out.question = std::move(question);
    co_return out;
  }

 private:
  Bytes rdata_;
};

net::Task<void> verify_many(benchmark::State* state, dns::Resolver* resolver, const std::string* bytes) {
  for (auto _ : *state) {
    const message::Letter l(*bytes);
    BodyHashes bodies(l.fields());
    bodies.feed(l.body_bytes(l.root()));
    bodies.finish();
    const Verdict v =
        co_await verify(*resolver, l.fields(), bodies, kNow, {}, net::Deadline::in(std::chrono::seconds(1)));
    if (v.result() != ResultCode::pass) state->SkipWithError("does not pass");
  }
}

void verifying(benchmark::State& state, crypto::KeyKind kind, std::size_t size) {
  const std::string bytes = signed_letter(kind, size);
  OneKey resolver(pair(kind).record);
  net::LocalExecutor executor;
  executor.run(verify_many(&state, &resolver, &bytes));
  state.SetItemsProcessed(state.iterations());
}

void signing(benchmark::State& state, crypto::KeyKind kind, std::size_t size) {
  const std::string bytes = letter(size);
  const SigningKey keys[] = {{pair(kind).key, "example.net", "sel"}};
  const message::Letter l(bytes);
  for (auto _ : state) benchmark::DoNotOptimize(sign(l, keys, kNow)->fields.size());
  state.SetItemsProcessed(state.iterations());
}

// ---- what of it is cryptography

void bare_verify(benchmark::State& state, crypto::KeyKind kind) {
  const crypto::PublicKey key = pair(kind).key->public_key().value();
  const crypto::Sum256 sum = crypto::sha256("x");
  const Bytes signature = pair(kind).key->sign(sum.view()).value();
  for (auto _ : state) benchmark::DoNotOptimize(key.verify(crypto::DigestKind::sha256, sum.view(), signature));
  state.SetItemsProcessed(state.iterations());
}

void bare_sign(benchmark::State& state, crypto::KeyKind kind) {
  const crypto::Sum256 sum = crypto::sha256("x");
  for (auto _ : state) benchmark::DoNotOptimize(pair(kind).key->sign(sum.view())->size());
  state.SetItemsProcessed(state.iterations());
}

void reading_key(benchmark::State& state, crypto::KeyKind kind) {
  for (auto _ : state) benchmark::DoNotOptimize(public_key(*parse_key(pair(kind).record))->bits());
  state.SetItemsProcessed(state.iterations());
}

// ---- bodies

void body(benchmark::State& state, Canon canon) {
  const std::string bytes = letter(1 << 20);
  for (auto _ : state) {
    const BodyHashKind kinds[] = {{canon}};
    BodyHashes hashes(kinds);
    for (std::size_t at = 0; at < bytes.size(); at += Buffer::kSize)
      hashes.feed(ByteView(bytes).substr(at, Buffer::kSize));
    hashes.finish();
    benchmark::DoNotOptimize(hashes.all().data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes.size()));
}

void body_bare(benchmark::State& state) {
  const std::string bytes = letter(1 << 20);
  for (auto _ : state) {
    crypto::Sha256 sum;
    for (std::size_t at = 0; at < bytes.size(); at += Buffer::kSize)
      sum.update(ByteView(bytes).substr(at, Buffer::kSize));
    benchmark::DoNotOptimize(sum.finish());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes.size()));
}

#ifdef CHAPPE_HAVE_OPENDKIM
struct Opendkim {
  Opendkim() : lib(dkim_init(nullptr, nullptr)) {}
  ~Opendkim() { dkim_close(lib); }
  DKIM_LIB* lib;
};

unsigned char* u(const std::string& s) { return reinterpret_cast<unsigned char*>(const_cast<char*>(s.data())); }

bool feed(DKIM* dkim, const message::Letter& l) {
  for (const message::Field& f : l.fields()) {
    const ByteView raw = f.raw().substr(0, f.raw().size() - 2);
    if (dkim_header(dkim, reinterpret_cast<unsigned char*>(const_cast<char*>(raw.data())), raw.size()) != DKIM_STAT_OK)
      return false;
  }
  if (dkim_eoh(dkim) != DKIM_STAT_OK) return false;
  const ByteView text = l.body_bytes(l.root());
  return dkim_body(dkim, reinterpret_cast<unsigned char*>(const_cast<char*>(text.data())), text.size()) == DKIM_STAT_OK;
}

std::string opendkim_record;
DKIM_STAT opendkim_key(DKIM*, DKIM_SIGINFO*, unsigned char* buffer, size_t size) {
  std::snprintf(reinterpret_cast<char*>(buffer), size, "%s", opendkim_record.c_str());
  return DKIM_STAT_OK;
}

void opendkim_verifying(benchmark::State& state, std::size_t size) {
  const std::string bytes = signed_letter(crypto::KeyKind::rsa, size);
  Opendkim open;
  opendkim_record = pair(crypto::KeyKind::rsa).record;
  dkim_set_key_lookup(open.lib, opendkim_key);
  const std::string id = "x";
  for (auto _ : state) {
    const message::Letter l(bytes);
    DKIM_STAT status = DKIM_STAT_OK;
    DKIM* dkim = dkim_verify(open.lib, u(id), nullptr, &status);
    if (dkim == nullptr || !feed(dkim, l) || dkim_eom(dkim, nullptr) != DKIM_STAT_OK)
      state.SkipWithError("does not pass");
    dkim_free(dkim);
  }
  state.SetItemsProcessed(state.iterations());
}

void opendkim_signing(benchmark::State& state, std::size_t size) {
  const std::string bytes = letter(size);
  Opendkim open;
  const std::string id = "x", selector = "sel", domain = "example.net";
  const crypto::Secret pem = pair(crypto::KeyKind::rsa).key->pem();
  const std::string secret(pem.reveal());
  const message::Letter l(bytes);
  for (auto _ : state) {
    DKIM_STAT status = DKIM_STAT_OK;
    DKIM* dkim = dkim_sign(open.lib, u(id), nullptr, u(secret), u(selector), u(domain), DKIM_CANON_RELAXED,
                           DKIM_CANON_RELAXED, DKIM_SIGN_RSASHA256, -1, &status);
    unsigned char* out = nullptr;
    size_t out_size = 0;
    if (dkim == nullptr || !feed(dkim, l) || dkim_eom(dkim, nullptr) != DKIM_STAT_OK ||
        dkim_getsighdr_d(dkim, 0, &out, &out_size) != DKIM_STAT_OK)
      state.SkipWithError("does not sign");
    dkim_free(dkim);
  }
  state.SetItemsProcessed(state.iterations());
}
#endif

[[maybe_unused]] const int registered = [] {
  using benchmark::RegisterBenchmark;
  for (const auto& [name, kind] :
       {std::pair{"rsa2048", crypto::KeyKind::rsa}, std::pair{"ed25519", crypto::KeyKind::ed25519}}) {
    for (const std::size_t size : {4096u, 10240u}) {
      const std::string tail = fmt::format("{}/{}k", name, size / 1024);
      RegisterBenchmark(("dkim_verify/" + tail).c_str(), verifying, kind, size);
      RegisterBenchmark(("dkim_sign/" + tail).c_str(), signing, kind, size);
    }
    RegisterBenchmark((std::string("dkim_bare_verify/") + name).c_str(), bare_verify, kind);
    RegisterBenchmark((std::string("dkim_bare_sign/") + name).c_str(), bare_sign, kind);
    RegisterBenchmark((std::string("dkim_reading_key/") + name).c_str(), reading_key, kind);
  }
  RegisterBenchmark("dkim_body/simple", body, Canon::simple);
  RegisterBenchmark("dkim_body/relaxed", body, Canon::relaxed);
  RegisterBenchmark("dkim_body/sha256_alone", body_bare);
#ifdef CHAPPE_HAVE_OPENDKIM
  for (const std::size_t size : {4096u, 10240u}) {
    RegisterBenchmark(fmt::format("opendkim_verify/rsa2048/{}k", size / 1024).c_str(), opendkim_verifying, size);
    RegisterBenchmark(fmt::format("opendkim_sign/rsa2048/{}k", size / 1024).c_str(), opendkim_signing, size);
  }
#endif
  return 0;
}();

}  // namespace
}  // namespace chappe::trust::dkim
