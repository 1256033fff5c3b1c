// The store in memory: for tests, fuzzers and demonstrations. Same behaviour as the durable form, checked by the same
// suite; what it adds are faults to order and power to cut.
//
// A MemoryDisk is what survives: stores opened on it one after another see what earlier ones wrote. After cut_power()
// every open store on it refuses everything (Errc::io), and what was not synced is gone. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>

#include "store/store.h"

namespace chappe::store {

class MemoryDisk {
 public:
  MemoryDisk();
  ~MemoryDisk();
  MemoryDisk(const MemoryDisk&) = delete;
  MemoryDisk& operator=(const MemoryDisk&) = delete;

  // Faults, settable at any time, applied to later writes.
  // Called for each write, with its number from 1; what it says happens to this write.
  enum class Fate : std::uint8_t {
    good,
    lost,      // fails and never reaches the disk: Errc::io, then read_only
    kept,      // fails, and yet the bytes had reached the disk: all there after a power cut
    no_space,  // the last of the reserve is used up: Errc::no_space; writing may go on later
  };
  void set_fate(std::function<Fate(std::uint64_t write)> fate);
  // Below the reserve: room() says Errc::no_space.
  void set_full(bool full);
  // From now on every call of the stores that are open fails; a store opened afterwards has what was synced.
  void cut_power();

  std::uint64_t writes() const;

 private:
  friend class MemoryStore;
  struct State;
  std::shared_ptr<State> state_;
};

// Errors: busy when another store is open on `disk`.
Result<std::unique_ptr<Store>> open_memory(MemoryDisk& disk);
// On a disk of its own.
std::unique_ptr<Store> make_memory();

}  // namespace chappe::store
