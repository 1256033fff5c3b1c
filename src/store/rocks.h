// The store on RocksDB: the durable form, for one process on one host.
//
// A read is first tried on the calling thread against what is in memory (memtables and block cache); what would touch
// the disk goes through the offload pool. Every write is one synced batch (WAL). Values above kSeparate octets live in
// blob files, so that large letters do not take part in compaction. Blocks and blobs are LZ4.
//
// One process owns a store: RocksDB's LOCK file sees to it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "store/store.h"

namespace chappe::store {

struct RocksOptions {
  std::string path;                            // a folder; made with mode 0700 when missing
  net::Offload* offload = nullptr;             // must outlive the store; null: every call blocks
  std::size_t block_cache = 64 * 1024 * 1024;  // octets
  std::size_t memtable = 64 * 1024 * 1024;     // octets; two of them at most
  // Octets of free space that are kept for what makes space; half of them for RocksDB itself, which writes what is in
  // its memtables and its log once more.
  std::uint64_t reserve = 256 * 1024 * 1024;
  // For tests. How much is free, instead of asking the file system; and whether this sync or write to a file fails.
  std::function<std::uint64_t()> free_space = {};
  std::function<bool(std::string_view file)> fail_sync = {};
};

inline constexpr std::size_t kSeparate = 16 * 1024;
inline constexpr int kMaxOpenFiles = 1024;

// Blocks (recovery replays the log). Errors: busy (another process has it), unsupported (a newer format), corrupt, io.
Result<std::unique_ptr<Store>> open_rocks(RocksOptions options);

}  // namespace chappe::store
