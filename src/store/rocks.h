// The store on RocksDB and segments: the durable form, for one process on one host. What is written goes first into the
// log (store/log.h): letters above kRow octets as extents while they arrive, then the batch, and one sync makes it all
// durable; then the batch is applied to RocksDB, whose own log is off. At opening, what RocksDB had not yet flushed is
// replayed. docs/formats/segments.md says why nothing is lost.
//
// A read is first tried on the calling thread against what is in memory (memtables and block cache); what would touch
// the disk goes through the offload pool. Blocks are LZ4.
//
// One process owns a store: a lock file sees to it. Its folder has RocksDB's files and, in `log`, the segments.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "store/files.h"
#include "store/store.h"

namespace chappe::store {

struct RocksOptions {
  std::string path;                            // a folder; made with mode 0700 when missing
  net::Offload* offload = nullptr;             // must outlive the store; null: every call blocks
  std::size_t block_cache = 64 * 1024 * 1024;  // octets
  std::size_t memtable = 64 * 1024 * 1024;     // octets; two of them at most
  // Octets of free space that are kept for what makes space; half of them for RocksDB itself, which writes what is in
  // its memtables once more.
  std::uint64_t reserve = 256 * 1024 * 1024;
  std::uint32_t segment = 256 * 1024 * 1024;  // octets of a segment at most; the first ones are smaller
  Files* files = &posix_files();              // must outlive the store
  bool hasty = false;  // for tests: RocksDB does not wait a second when its background work has failed
};

inline constexpr int kMaxOpenFiles = 1024;
// Opening after a crash replays what was not flushed: about 7 µs a row.
inline constexpr std::uint64_t kUnflushedRows = 100'000;
inline constexpr std::uint64_t kUnflushedOctets = 1024ULL * 1024 * 1024;  // of the log, letters included

// Blocks (recovery replays the log). Errors: busy (another process has it), unsupported (a newer format), corrupt, io.
Result<std::unique_ptr<Store>> open_rocks(RocksOptions options);

}  // namespace chappe::store
