// What one question costs, without the socket.
#include <benchmark/benchmark.h>

#include "agents/nameserver/responder.h"
#include "dns/sign.h"
#include "dns/zone_file.h"

namespace chappe::agents::nameserver {
namespace {

dns::Zones zones(dns::SignOptions::Proof proof) {
  std::string text = "$ORIGIN example.\n$TTL 300\n@ SOA ns h 1 2 3 4 5\n@ NS ns\nns A 192.0.2.1\n*.wild TXT wild\n";
  for (int i = 0; i < 1000; ++i) text += fmt::format("host{} A 192.0.2.1\nhost{} MX 10 ns\n", i, i);
  SeededRandom random(1);
  dns::SignOptions options;
  options.proof = proof;
  options.from = {1'700'000'000'000'000};
  options.until = {1'900'000'000'000'000};
  const auto all = dns::sign_zone(dns::parse_zone_text(text)->records, *dns::ZoneKey::make(random), options);
  dns::Zones out;
  if (!out.add(std::move(*dns::Zone::make(*all)))) std::abort();
  return out;
}

void respond_to(benchmark::State& state, dns::SignOptions::Proof proof, const char* owner, dns::Type type,
                bool dnssec) {
  const dns::Zones ours = zones(proof);
  const Bytes query = dns::write_message(dns::make_query({*dns::Name::parse(owner), type}, 1, false, dnssec));
  for (auto _ : state) benchmark::DoNotOptimize(respond(ours, query, Transport::udp));
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}

using enum dns::SignOptions::Proof;
BENCHMARK_CAPTURE(respond_to, answer, nsec, "host500.example", dns::Type::mx, false);
BENCHMARK_CAPTURE(respond_to, answer_signed, nsec, "host500.example", dns::Type::mx, true);
BENCHMARK_CAPTURE(respond_to, nxdomain_nsec, nsec, "nothing.example", dns::Type::a, true);
BENCHMARK_CAPTURE(respond_to, nxdomain_nsec3, nsec3, "nothing.example", dns::Type::a, true);
BENCHMARK_CAPTURE(respond_to, wildcard_nsec3, nsec3, "x.wild.example", dns::Type::txt, true);

}  // namespace
}  // namespace chappe::agents::nameserver
