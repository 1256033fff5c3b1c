// Randomness comes through an interface, so that a test can replay a seed.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace chappe {

class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<char> out) = 0;

  std::uint64_t u64();
  // Uniform in [0, bound); bound > 0.
  std::uint64_t below(std::uint64_t bound);
  std::string bytes(std::size_t n);
};

// The kernel's generator (getrandom); safe from any thread, fit for keys and nonces.
Random& system_random();

// The same bytes for the same seed, on any machine. For tests only: it keeps no secret.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
  void fill(std::span<char> out) override;

 private:
  std::uint64_t state_;
};

}  // namespace chappe
