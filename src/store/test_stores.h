// For tests: every form of the store behind one face, so that one suite runs over all of them.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>

#include "store/fault_files.h"
#include "store/memory.h"
#include "store/rocks.h"

namespace chappe::store::testing {

// A place where a store lives, and can be opened again and again.
class Place {
 public:
  virtual ~Place() = default;
  virtual Result<std::unique_ptr<Store>> open() = 0;
};

class MemoryPlace final : public Place {
 public:
  Result<std::unique_ptr<Store>> open() override { return open_memory(disk); }
  MemoryDisk disk;
};

class RocksPlace final : public Place {
 public:
  RocksPlace() {
    std::string name = (std::filesystem::temp_directory_path() / "chappe-store-XXXXXX").string();
    if (!::mkdtemp(name.data())) std::abort();
    options.path = folder_ = name;
    options.block_cache = 8 * 1024 * 1024;
    options.memtable = 4 * 1024 * 1024;
    options.reserve = 0;
    options.segment = 4 * 1024 * 1024;
  }
  ~RocksPlace() override {
    std::error_code ec;
    std::filesystem::remove_all(folder_, ec);
  }
  Result<std::unique_ptr<Store>> open() override { return open_rocks(options); }
  RocksOptions options;  // a test may name a path further down

 private:
  std::string folder_;
};

// On files that can be made to fail.
class FaultPlace final : public Place {
 public:
  FaultPlace() {
    files.set_journal(true);
    options.path = "/store";
    options.block_cache = 1024 * 1024;
    options.memtable = 1024 * 1024;
    options.reserve = 0;
    options.segment = 1024 * 1024;
    options.files = &files;
    options.hasty = true;
  }
  Result<std::unique_ptr<Store>> open() override { return open_rocks(options); }
  // So much is free from now on.
  void leave(std::uint64_t octets) {
    files.set_capacity(kCapacity);
    files.set_capacity(kCapacity - files.free_space("/").value() + octets);
  }
  FaultFiles files;
  RocksOptions options;

 private:
  static constexpr std::uint64_t kCapacity = std::uint64_t{1} << 40;
};

inline std::unique_ptr<Place> make_place(const std::string& form) {
  if (form == "memory") return std::make_unique<MemoryPlace>();
  return std::make_unique<RocksPlace>();
}

// INSTANTIATE_TEST_SUITE_P(Forms, SuiteName, kForms, form_name);
inline const auto kForms = ::testing::Values(std::string("memory"), std::string("rocks"));
inline std::string form_name(const ::testing::TestParamInfo<std::string>& info) { return info.param; }

// A task on a local executor, with half a minute.
template <class T>
T wait(Task<T> task) {
  return net::run(std::move(task));
}
inline Deadline soon() { return Deadline{system_clock().steady() + std::chrono::seconds(30)}; }

}  // namespace chappe::store::testing
