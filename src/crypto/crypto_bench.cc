#include <benchmark/benchmark.h>

#include "crypto/digest.h"
#include "crypto/password.h"

namespace chappe::crypto {
namespace {

void BM_Sha256(benchmark::State& state) {
  const std::string bytes(static_cast<std::size_t>(state.range(0)), 'x');
  for (auto _ : state) benchmark::DoNotOptimize(sha256(bytes));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_Sha256)->Arg(64)->Arg(16 * 1024);

void BM_HmacSha256(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(hmac_sha256("0123456789abcdef", "message"));
}
BENCHMARK(BM_HmacSha256);

void BM_Pbkdf2(benchmark::State& state) {
  const Secret password("pencil");
  for (auto _ : state) benchmark::DoNotOptimize(pbkdf2_sha256(password, "0123456789abcdef", 4096));
}
BENCHMARK(BM_Pbkdf2)->Unit(benchmark::kMillisecond);

void BM_VerifyPassword(benchmark::State& state) {
  const Secret password("pencil");
  const std::string phc = *hash_password(password, {}, system_random());
  for (auto _ : state) benchmark::DoNotOptimize(verify_password(password, phc));
}
BENCHMARK(BM_VerifyPassword)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace chappe::crypto
