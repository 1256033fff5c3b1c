// Makes a store anew from what can be read of it: for damage to RocksDB's files, which no write to the store can mend.
// The rows go into new files, the segments stay as they are; the old files are kept beside, in PATH.damaged.
//
// Blocks, for as long as reading everything takes; nobody may have the store open. What it was interrupted in is taken
// up by calling it again.
#pragma once

#include <functional>

#include "store/rocks.h"

namespace chappe::store {

struct Rebuilt {
  std::uint64_t rows = 0;
  std::uint64_t damaged = 0;  // places that could not be read
};

// `damaged` hears of each place: the last key before it, and why. Errors: busy, exists (PATH.damaged), those of
// opening.
Result<Rebuilt> rebuild(RocksOptions options, std::function<void(const Bytes& after, const Error& why)> damaged);

}  // namespace chappe::store
