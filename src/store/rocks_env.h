// RocksDB's file system on store/files.h: so that a test can cut the power under RocksDB, too. Threads, clock and log
// are those of RocksDB's default Env. `files` must outlive the Env, the Env the database.
// `hasty`: for tests; RocksDB sleeps a second when its background work has failed, in case that passes. Without power
// it does not.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "store/files.h"

namespace rocksdb {
class Env;
}

namespace chappe::store {

// What RocksDB wants removed. While it is being opened no file of rows goes: if it opened an older state than there
// was, because the end of its MANIFEST is damaged, it would take away the files of the newer one. Thread-safe.
class Removals {
 public:
  // True: it is remembered instead.
  bool hold(const std::string& path);
  // A new file has the name now.
  void forget(const std::string& path);
  // It has opened well: what was remembered goes.
  void release(Files& files);

 private:
  std::mutex mutex_;
  bool holding_ = true;
  std::vector<std::string> held_;
};

// With `removals`, they are held until it releases them.
std::shared_ptr<rocksdb::Env> make_rocks_env(Files& files, bool hasty = false,
                                             std::shared_ptr<Removals> removals = nullptr);

}  // namespace chappe::store
