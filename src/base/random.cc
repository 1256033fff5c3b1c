#include "base/random.h"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace chappe {

std::uint64_t Random::u64() {
  std::uint64_t v;
  fill({reinterpret_cast<char*>(&v), sizeof v});
  return v;
}

std::uint64_t Random::below(std::uint64_t bound) {
  // Values under 2^64 mod bound would make the first residues more likely; they are drawn again.
  const std::uint64_t skip = (0 - bound) % bound;
  for (;;) {
    const std::uint64_t v = u64();
    if (v >= skip) return v % bound;
  }
}

std::string Random::bytes(std::size_t n) {
  std::string out(n, '\0');
  fill(out);
  return out;
}

namespace {

class SystemRandom final : public Random {
 public:
  void fill(std::span<char> out) override {
    while (!out.empty()) {
      const ssize_t n = getrandom(out.data(), out.size(), 0);
      if (n > 0) {
        out = out.subspan(static_cast<std::size_t>(n));
      } else if (errno != EINTR) {
        // Without randomness no key, salt or id is safe; there is nothing to go on with.
        std::fputs("chappe: getrandom failed\n", stderr);
        std::abort();
      }
    }
  }
};

}  // namespace

Random& system_random() {
  static SystemRandom random;
  return random;
}

void SeededRandom::fill(std::span<char> out) {
  // SplitMix64 (Steele, Lea, Flood 2014): short, and the same everywhere.
  while (!out.empty()) {
    state_ += 0x9E3779B97F4A7C15u;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    z ^= z >> 31;
    const std::size_t n = std::min(out.size(), sizeof z);
    std::memcpy(out.data(), &z, n);
    out = out.subspan(n);
  }
}

}  // namespace chappe
