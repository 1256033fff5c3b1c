// The whole judgement of a letter of 4 and of 10 KB that passes: SPF with an include, one DKIM signature of RSA-2048 or
// Ed25519, the names of the client, DMARC by the organization's record; the answers of the DNS lie in the cache of a
// shard. Letters per second, on one core. `crypto` is the share of the CPU's time that the bare cryptography takes,
// measured in the same run: one verification with a key that was read before, and SHA-256 over as many octets.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <ctime>

#include "dns/cache.h"
#include "dns/zone_resolver.h"
#include "trust/dkim/key.h"
#include "trust/dkim/sign.h"
#include "trust/judgement.h"

namespace chappe::trust {
namespace {

constexpr Time kNow{1'700'000'000'000'000};
constexpr int kBareCalls = 500;

struct Sender {
  explicit Sender(crypto::PrivateKey made) : key(std::make_shared<const crypto::PrivateKey>(std::move(made))) {
    std::string record = dkim::key_record(*key), strings;
    for (std::size_t at = 0; at < record.size(); at += 200) strings += " \"" + record.substr(at, 200) + '"';
    zone =
        "net. 3600 SOA ns.example.net. host.example.net. 1 3600 600 86400 3600\n"
        "example.net. 3600 SOA ns.example.net. host.example.net. 1 3600 600 86400 3600\n"
        "example.net. 3600 TXT \"v=spf1 include:_spf.example.net -all\"\n"
        "_spf.example.net. 3600 TXT \"v=spf1 ip4:198.51.100.0/24 ip4:203.0.113.0/24 ip4:192.0.2.0/24 -all\"\n"
        "mx1.example.net. 3600 TXT \"v=spf1 a -all\"\nmx1.example.net. 3600 A 192.0.2.25\n"
        "25.2.0.192.in-addr.arpa. 3600 PTR mx1.example.net.\n"
        "_dmarc.example.net. 3600 TXT \"v=DMARC1; p=reject; rua=mailto:dmarc@example.net\"\n"
        "sel._domainkey.example.net. 3600 TXT" +
        strings + "\n";
  }
  std::shared_ptr<const crypto::PrivateKey> key;
  std::string zone;
};

const Sender& sender(crypto::KeyKind kind) {
  static const Sender rsa(crypto::PrivateKey::generate_rsa(2048).value());
  static const Sender ed(crypto::PrivateKey::generate_ed25519().value());
  return kind == crypto::KeyKind::rsa ? rsa : ed;
}

// Of that size, half of it text with an accent here and there, half base64.
std::string signed_letter(crypto::KeyKind kind, std::size_t size) {
  std::string letter =
      "Received: from desk.example.net (desk.example.net [192.0.2.77]) by mx1.example.net (Postfix)\r\n"
      "\twith ESMTPSA id 4FzT1k2Q3Yz9sQd for <bob@example.org>; Fri, 20 Nov 2026 18:46:00 +0100 (CET)\r\n"
      "From: =?UTF-8?Q?Ren=C3=A9?= Dupont <rene@news.example.net>\r\nTo: Bob <bob@example.org>, \"Carol, X\"\r\n"
      " <carol@example.org>\r\nSubject: Compte rendu de la =?UTF-8?Q?r=C3=A9union?= de mardi\r\n"
      "Date: Fri, 20 Nov 2026 18:46:00 +0100\r\nMessage-ID: <20261120184600.1234@example.net>\r\n"
      "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n";
  while (letter.size() < size / 2)
    letter += "Une ligne de texte ordinaire, avec un accent de temps en temps : \xc3\xa9t\xc3\xa9.\r\n";
  while (letter.size() < size) letter += std::string(76, 'Q') + "\r\n";
  const dkim::SigningKey keys[] = {{sender(kind).key, "example.net", "sel"}};
  return dkim::sign(message::Letter(letter), keys, kNow)->fields[0] + letter;
}

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// What the bare cryptography of such a letter takes.
double bare_seconds(crypto::KeyKind kind, ByteView letter) {
  const crypto::PublicKey key = sender(kind).key->public_key().value();
  const Bytes signature = sender(kind).key->sign(crypto::sha256("x").view()).value();
  const double began = cpu_seconds();
  for (int i = 0; i < kBareCalls; ++i) {
    benchmark::DoNotOptimize(crypto::sha256(letter));
    benchmark::DoNotOptimize(key.verify(crypto::DigestKind::sha256, crypto::sha256("x").view(), signature));
  }
  return (cpu_seconds() - began) / kBareCalls;
}

net::Task<void> judge_many(benchmark::State* state, dns::Resolver* resolver, const std::string* bytes) {
  for (auto _ : *state) {
    const message::Letter letter(*bytes);
    dkim::BodyHashes bodies(letter.fields());
    bodies.feed(letter.body_bytes(letter.root()));
    bodies.finish();
    const Judgement judgement =
        co_await judge(*resolver, {"192.0.2.25", "mx1.example.net", "rene@example.net"}, letter, bodies,
                       {.receiver = "mx.example.org", .now = kNow}, net::Deadline::in(std::chrono::seconds(10)));
    if (judgement.dmarc.at(0).result != dmarc::Outcome::pass || judgement.spf->result != spf::ResultCode::pass ||
        judgement.dkim.result() != dkim::ResultCode::pass)
      state->SkipWithError("does not pass");
  }
}

void judging(benchmark::State& state, crypto::KeyKind kind, std::size_t size) {
  const std::string bytes = signed_letter(kind, size);
  const auto zone = dns::ZoneResolver::from_text(sender(kind).zone).value();
  dns::CachingResolver cache(*zone);
  net::LocalExecutor executor;
  const double began = cpu_seconds();
  executor.run(judge_many(&state, &cache, &bytes));
  const double each = (cpu_seconds() - began) / static_cast<double>(state.iterations());
  state.SetItemsProcessed(state.iterations());
  state.counters["crypto"] = bare_seconds(kind, bytes) / each;
}

[[maybe_unused]] const int registered = [] {
  for (const auto& [name, kind] :
       {std::pair{"rsa2048", crypto::KeyKind::rsa}, std::pair{"ed25519", crypto::KeyKind::ed25519}})
    for (const std::size_t size : {4096u, 10240u})
      benchmark::RegisterBenchmark(fmt::format("judge/{}/{}k", name, size / 1024).c_str(), judging, kind, size);
  return 0;
}();

}  // namespace
}  // namespace chappe::trust
