// RocksDB's file system on store/files.h: so that a test can cut the power under RocksDB, too. Threads, clock and log
// are those of RocksDB's default Env. `files` must outlive the Env, the Env the database.
#pragma once

#include <memory>

#include "store/files.h"

namespace rocksdb {
class Env;
}

namespace chappe::store {

std::shared_ptr<rocksdb::Env> make_rocks_env(Files& files);

}  // namespace chappe::store
