// Files, as far as the store uses them: everything that segments and RocksDB do with a disk goes through this one
// interface, so that a test can cut the power (store/fault_files.h) under the very code that runs in production.
//
// What is promised is what POSIX promises, and no more. What was written is seen by every reader at once, and is on the
// disk for certain only after sync() of the file; a name (made, renamed, removed) only after sync_folder() of its
// folder, even when the file it names was synced. After a sync that failed, what was written before it may be on the
// disk or not, and a later sync that succeeds proves nothing about it.
//
// Every call may block: they are for commit threads, the offload pool and tools, never for a shard. Files may be used
// from any thread; calls on different parts of one File may run at the same time. Errors: not_found, exists, no_space
// (ENOSPC, EDQUOT), busy (a lock), io.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"

namespace chappe::store {

class File {
 public:
  virtual ~File() = default;

  // Fills `into` from `offset` on; less only where the file ends. How much.
  Result<std::size_t> read(std::uint64_t offset, std::span<char> into) const;
  // All of `parts`, one behind the other. When it fails, any part of it may have been written.
  Result<void> write(std::uint64_t offset, std::span<const ByteView> parts);
  Result<void> write(std::uint64_t offset, ByteView octets) { return write(offset, std::span(&octets, 1)); }

  // Gives the file this size, if it has less, and the disk space for all of it. What was never written reads as zeros;
  // writing there needs no further space.
  virtual Result<void> allocate(std::uint64_t size) = 0;
  virtual Result<void> truncate(std::uint64_t size) = 0;
  // Data and size are on the disk.
  virtual Result<void> sync() = 0;
  virtual Result<std::uint64_t> size() const = 0;
  // Where, from `offset` on, something may have been written; at the end of the file: its size. What lies before reads
  // as zeros.
  virtual Result<std::uint64_t> next_data(std::uint64_t offset) const = 0;

  // Hints. The next sync will come; this much may begin to be written.
  virtual void begin_write_back(std::uint64_t offset, std::uint64_t size) = 0;
  // Will not be read soon.
  virtual void drop_cache(std::uint64_t offset, std::uint64_t size) = 0;

 protected:
  // Like pread() and pwritev(): some of it, at least one octet; of read_some, 0 at the end of the file.
  virtual Result<std::size_t> read_some(std::uint64_t offset, std::span<char> into) const = 0;
  virtual Result<std::size_t> write_some(std::uint64_t offset, std::span<const ByteView> parts) = 0;
};

class Files {
 public:
  enum class Open : std::uint8_t {
    read,     // must exist
    update,   // must exist
    create,   // must not exist
    replace,  // emptied, or made
    append,   // as it is, or made
  };
  struct Status {
    bool folder = false;
    std::uint64_t size = 0;
    Time modified;
  };
  // Held while it lives.
  class Lock {
   public:
    virtual ~Lock() = default;
  };

  virtual ~Files() = default;

  // A new file may be read and written by its owner only: other people's mail.
  virtual Result<std::unique_ptr<File>> open(const std::string& path, Open how) = 0;
  virtual Result<Status> status(const std::string& path) const = 0;
  // Names, in no order, without "." and "..".
  virtual Result<std::vector<std::string>> list(const std::string& folder) const = 0;
  virtual Result<void> make_folder(const std::string& path) = 0;
  virtual Result<void> remove_folder(const std::string& path) = 0;
  virtual Result<void> remove(const std::string& path) = 0;
  // What had the name `to` is replaced. Within one folder this is one step also when the power goes.
  virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
  virtual Result<void> sync_folder(const std::string& path) = 0;
  // Against other processes and this one. Makes the file. Errors: busy.
  virtual Result<std::unique_ptr<Lock>> lock(const std::string& path) = 0;
  // For us, on the file system where `path` is.
  virtual Result<std::uint64_t> free_space(const std::string& path) const = 0;
};

// The system's files; live for ever.
Files& posix_files();

// Makes `path` and the folders above it that are missing, so that they are there when the power comes back.
Result<void> make_folders(Files& files, const std::string& path);

}  // namespace chappe::store
