// RocksDB's file system on store/files.h: so that a test can cut the power under RocksDB, too. Threads, clock and log
// are those of RocksDB's default Env. `files` must outlive the Env, the Env the database.
// `hasty`: for tests; RocksDB sleeps a second when its background work has failed, in case that passes. Without power
// it does not.
#pragma once

#include <memory>

#include "store/files.h"

namespace rocksdb {
class Env;
}

namespace chappe::store {

std::shared_ptr<rocksdb::Env> make_rocks_env(Files& files, bool hasty = false);

}  // namespace chappe::store
