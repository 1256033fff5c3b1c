// The memory budget: one for the process, divided into named parts by the configuration ([budget]).
//
// Whoever holds memory that the outside can make grow holds a Lease for it. Over its part, a socket is not read: the
// reader asks over() before each read, and what it has already read it may always account for (take). What can be
// refused is asked for with reserve. The block cache and the memtables are given their parts at start and keep to them
// themselves.
//
// One Budget belongs to the process and outlives every Lease. Safe from any thread, nothing blocks.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace chappe {

enum class Part : std::uint8_t { block_cache, memtables, in_flight, mailboxes, dns, password_hashing };
inline constexpr std::size_t kParts = 6;

struct PartRow {
  Part part;
  std::string_view name;  // the key in [budget], and the label of metrics
  std::size_t standard;   // bytes, when the configuration says nothing
  std::string_view manual, manual_fr;
};

// One row for each part, in the order of the enumeration.
const std::array<PartRow, kParts>& budget_parts();

class Budget;

// Bytes of a part that are in use; gives them back when it goes. Belongs to one owner.
class Lease {
 public:
  Lease() = default;
  Lease(Lease&& o) noexcept
      : budget_(std::exchange(o.budget_, nullptr)), part_(o.part_), bytes_(std::exchange(o.bytes_, 0)) {}
  Lease& operator=(Lease&& o) noexcept {
    std::swap(budget_, o.budget_);
    std::swap(part_, o.part_);
    std::swap(bytes_, o.bytes_);
    return *this;
  }
  ~Lease() { resize(0); }

  std::size_t bytes() const { return bytes_; }
  // Accounts for this many bytes from now on, more or fewer, whether they fit or not.
  void resize(std::size_t bytes);

 private:
  friend class Budget;
  Lease(Budget* budget, Part part, std::size_t bytes) : budget_(budget), part_(part), bytes_(bytes) {}

  Budget* budget_ = nullptr;
  Part part_ = Part::in_flight;
  std::size_t bytes_ = 0;
};

class Budget {
 public:
  using Limits = std::array<std::size_t, kParts>;
  static Limits standard_limits();

  explicit Budget(const Limits& limits = standard_limits()) : limits_(limits) {}
  Budget(const Budget&) = delete;
  Budget& operator=(const Budget&) = delete;

  // Errc::busy when the part has not that much left; Errc::too_large when it never can.
  Result<Lease> reserve(Part part, std::size_t bytes);
  // For what is already there: always succeeds, and may put the part over its limit.
  Lease take(Part part, std::size_t bytes);
  // The part is used up: read no socket on its account until this is false again.
  bool over(Part part) const { return used(part) >= limit(part); }

  std::size_t used(Part part) const { return used_[index(part)].bytes.load(std::memory_order_relaxed); }
  std::size_t limit(Part part) const { return limits_[index(part)]; }

 private:
  friend class Lease;
  static std::size_t index(Part part) { return static_cast<std::size_t>(part); }

  struct Used {
    alignas(64) std::atomic<std::size_t> bytes{0};
  };
  Limits limits_;
  std::array<Used, kParts> used_;
};

}  // namespace chappe
