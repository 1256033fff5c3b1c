// Files in memory that remember what was synced: for tests. The same behaviour as the system's files, checked by the
// same suite (files_test.cc), and faults to order.
//
// Every call that touches the disk is an operation with a number, from 1 on. `plan` is asked before each and says what
// becomes of it; so it may also look, or take survivors, at every operation there is. When the power is cut, every
// call on every open file fails from then on (Errc::io), and survivor() tells what a machine finds when the power comes
// back: all that was synced, and of the rest what the seed chooses:
//
//   data     each sector of 512 octets has the contents that it had after some write since the sync, each on its own or
//            in order, as the seed says; the last write to a sector may have stopped at any octet
//   size     the size of any moment since the sync; what was never written reads as zeros
//   names    each step (made, removed, renamed) since the last sync of its folder is there or not
//
// With set_journal() somewhat more is promised, as file systems with a journal do and RocksDB relies on: a step of a
// folder is there only with those before it (one sync is for the name of a new MANIFEST and for the CURRENT that points
// to it), and a file has grown only over what was written (ext4: data=ordered), so that an append is not torn inside.
//
// After a failed sync, what it should have synced stays in doubt for good: a later sync does not save it. One survivor
// is a FaultFiles of its own, so that one run of a script gives any number of crash points. Thread-safe.
#pragma once

#include <functional>

#include "base/random.h"
#include "store/files.h"

namespace chappe::store {

class FaultFiles final : public Files {
 public:
  enum class Kind : std::uint8_t { read, write, resize, sync, open, name, sync_folder };
  struct Operation {
    std::uint64_t number;
    Kind kind;
    const std::string& path;
    std::uint64_t offset;
    std::uint64_t size;
  };
  enum class Fate : std::uint8_t {
    good,
    cut,         // the power goes
    io,          // EIO; of a write, a part may have been taken
    no_space,    // ENOSPC; the same
    short_write  // takes a part of it, and says so
  };
  using Plan = std::function<Fate(const Operation&)>;

  // `capacity`: octets of the disk, all files together.
  explicit FaultFiles(std::uint64_t capacity = std::uint64_t{1} << 40);
  ~FaultFiles() override;

  void set_plan(Plan plan);
  void cut_at(std::uint64_t operation);
  void cut_power();
  void set_capacity(std::uint64_t octets);
  void set_journal(bool journal);
  std::uint64_t operations() const;
  // The disk as it may be found after a power cut at this moment. It has this one's capacity and
  // journal, and no plan.
  std::unique_ptr<FaultFiles> survivor(std::uint64_t seed) const;
  // Puts `octets` there behind everybody's back: on the disk, and in what is read.
  void overwrite(const std::string& path, std::uint64_t offset, ByteView octets);
  Bytes contents(const std::string& path) const;

  Result<std::unique_ptr<File>> open(const std::string& path, Open how) override;
  Result<Status> status(const std::string& path) const override;
  Result<std::vector<std::string>> list(const std::string& folder) const override;
  Result<void> make_folder(const std::string& path) override;
  Result<void> remove_folder(const std::string& path) override;
  Result<void> remove(const std::string& path) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> sync_folder(const std::string& path) override;
  Result<std::unique_ptr<Lock>> lock(const std::string& path) override;
  Result<std::uint64_t> free_space(const std::string& path) const override;

 private:
  struct State;
  struct Node;
  class OpenFile;
  class HeldLock;
  std::shared_ptr<State> state_;
};

}  // namespace chappe::store
