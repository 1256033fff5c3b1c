// RocksDB on files that lose what was not synced, in both ways that it is used: with a log of its own, and without one
// beside ours, which is replayed. At a random operation the power goes; what is found must hold every acknowledged
// write, and nothing but a beginning of all that were made.
//
// $CHAPPE_ROCKS_CRASH_POINTS: how many points (150 for each way).
#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/system_clock.h>

#include <algorithm>
#include <cstdlib>

#include "store/fault_files.h"
#include "store/log.h"
#include "store/rocks_env.h"

namespace chappe::store {
namespace {

constexpr std::uint32_t kSegment = 16 * 1024;
const std::string kMarkKey = "mark";

// RocksDB sleeps a second when its background work has failed, in case that passes. Without power it does not.
class Impatient final : public rocksdb::EnvWrapper {
 public:
  explicit Impatient(const std::shared_ptr<rocksdb::Env>& env) : EnvWrapper(env) {
    system_clock_ = std::make_shared<Clock>(env->GetSystemClock());
  }

 private:
  class Clock final : public rocksdb::SystemClockWrapper {
   public:
    using SystemClockWrapper::SystemClockWrapper;
    const char* Name() const override { return "chappe.Impatient"; }
    void SleepForMicroseconds(int us) override { SystemClockWrapper::SleepForMicroseconds(std::min(us, 1000)); }
  };
};

// The store as it will be, as far as it matters here: rows, made durable by one of two logs.
class Machine {
 public:
  Machine(Files& files, bool own_log, Random& random)
      : own_log_(own_log), env_(std::make_shared<Impatient>(make_rocks_env(files))) {
    rocksdb::Options o;
    o.env = env_.get();
    o.create_if_missing = true;
    o.write_buffer_size = 8 * 1024;
    o.arena_block_size = 1024;
    o.level0_file_num_compaction_trigger = 2;
    o.max_background_jobs = 2;
    o.info_log_level = rocksdb::FATAL_LEVEL;
    o.stats_dump_period_sec = o.stats_persist_period_sec = 0;  // else closing waits for their timer
    o.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
    rocksdb::DB* db = nullptr;
    status_ = rocksdb::DB::Open(o, "/store/db", &db);
    db_.reset(db);
    if (!status_.ok() || !own_log) return;
    std::string value;
    LogMark have;
    if (db_->Get({}, kMarkKey, &value).ok()) have = LogMark::decode(value).value();
    auto log = Log::open(
        {.files = &files, .folder = "/store/log", .segment_size = kSegment, .prepare_ahead = false, .random = &random},
        have, [this](const LogMark& mark, ByteView octets) -> Result<void> {
          rocksdb::WriteBatch batch{std::string(octets)};
          return apply(batch, mark) ? Result<void>() : fail(Errc::io, "replaying");
        });
    if (log)
      log_ = std::move(*log);
    else
      status_ = rocksdb::Status::Corruption(log.error().describe());
  }

  const rocksdb::Status& status() const { return status_; }

  bool write(rocksdb::WriteBatch& batch) {
    if (!own_log_) {
      rocksdb::WriteOptions o;
      o.sync = true;
      return db_->Write(o, &batch).ok();
    }
    const ByteView octets = batch.Data();
    const auto mark = log_->append_batch(std::span(&octets, 1));
    return mark && log_->sync() && apply(batch, *mark);
  }
  // What the background does at any time.
  void flush(bool wait) {
    rocksdb::FlushOptions o;
    o.wait = wait;
    o.allow_write_stall = true;
    (void)db_->Flush(o);
    if (!log_) return;
    rocksdb::ReadOptions persisted;
    persisted.read_tier = rocksdb::kPersistedTier;
    std::string value;
    if (!db_->Get(persisted, kMarkKey, &value).ok()) return;
    log_->set_applied(LogMark::decode(value).value());
    for (const auto& s : log_->segments())
      if (s.removable) (void)log_->remove(s.number);
  }
  std::map<Bytes, Bytes> rows() const {
    std::map<Bytes, Bytes> out;
    const std::unique_ptr<rocksdb::Iterator> i(db_->NewIterator({}));
    for (i->SeekToFirst(); i->Valid(); i->Next())
      if (i->key().ToString() != kMarkKey) out.emplace(i->key().ToString(), i->value().ToString());
    EXPECT_TRUE(i->status().ok()) << i->status().ToString();
    return out;
  }

 private:
  bool apply(rocksdb::WriteBatch& batch, const LogMark& mark) {
    rocksdb::WriteOptions o;
    o.disableWAL = true;
    return batch.Put(kMarkKey, mark.encode()).ok() && db_->Write(o, &batch).ok();
  }

  const bool own_log_;
  std::shared_ptr<rocksdb::Env> env_;
  std::unique_ptr<rocksdb::DB> db_;
  std::unique_ptr<Log> log_;
  rocksdb::Status status_;
};

class RocksCrash : public ::testing::TestWithParam<bool> {};

TEST_P(RocksCrash, WhatWasAcknowledgedIsThere) {
  const char* const asked = std::getenv("CHAPPE_ROCKS_CRASH_POINTS");
  const std::uint64_t points = asked && *asked ? std::strtoull(asked, nullptr, 10) : 150;
  for (std::uint64_t point = 1; point <= points; ++point) {
    SeededRandom random(point);
    FaultFiles first;
    first.set_journal(true);
    // RocksDB makes its folder, but nobody would make sure that it stays.
    ASSERT_TRUE(make_folders(first, "/store/db"));
    std::unique_ptr<FaultFiles> owner;
    FaultFiles* files = &first;
    // Row i holds what write i put; so what is there says how many writes there were.
    std::vector<std::map<Bytes, Bytes>> after{{}};
    std::size_t acknowledged = 0;
    for (int power_cuts = 0; power_cuts < 2; ++power_cuts) {
      files->cut_at(files->operations() + 1 + random.below(power_cuts == 0 ? 600 : 200));
      {
        Machine machine(*files, GetParam(), random);
        while (machine.status().ok()) {
          rocksdb::WriteBatch batch;
          auto rows = after.back();
          for (auto n = 1 + random.below(4); n > 0; --n) {
            const Bytes key = "k" + std::to_string(random.below(50));
            if (random.below(4) == 0) {
              ASSERT_TRUE(batch.Delete(key).ok());
              rows.erase(key);
            } else {
              const Bytes value = std::to_string(after.size()) + random.bytes(random.below(400));
              ASSERT_TRUE(batch.Put(key, value).ok());
              rows[key] = value;
            }
          }
          // No two states are alike.
          ASSERT_TRUE(batch.Put("count", std::to_string(after.size())).ok());
          rows["count"] = std::to_string(after.size());
          after.push_back(std::move(rows));
          if (!machine.write(batch)) break;
          acknowledged = after.size() - 1;
          if (random.below(20) == 0) machine.flush(random.below(2));
        }
      }
      auto next = files->survivor(random.u64());
      owner = std::move(next);
      files = owner.get();
      Machine machine(*files, GetParam(), random);
      ASSERT_TRUE(machine.status().ok()) << "point " << point << ": " << machine.status().ToString();
      const auto rows = machine.rows();
      const auto count = rows.find("count");
      const std::size_t found = count == rows.end() ? 0 : std::stoull(count->second);
      ASSERT_GE(found, acknowledged) << "point " << point;
      ASSERT_LT(found, after.size()) << "point " << point;
      ASSERT_TRUE(rows == after[found]) << "point " << point << ": not the state after write " << found;
      // What was found is shown, and stays.
      after.resize(found + 1);
      acknowledged = found;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Logs, RocksCrash, ::testing::Values(false, true),
                         [](const auto& info) { return info.param ? "ours" : "its_own"; });

}  // namespace
}  // namespace chappe::store
