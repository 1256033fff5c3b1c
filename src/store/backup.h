// Copies of a store, made while it goes on: physical, whole or only what has changed since the last one, and checked as
// they are written. docs/formats/backup.md.
//
// A destination folder has any number of generations; each is a list of files by their names, and the octets stand once
// for all generations, by their sum. A generation that is listed is complete and was read back. Nothing but restore()
// and a copy by hand is needed to use one. What a generation does not know of (other people's files) is not touched.
//
// Everything here blocks: for the offload pool and the command line. All files go through Files.
#pragma once

#include <functional>

#include "store/files.h"
#include "store/frozen.h"

namespace chappe::store {

struct BackupProgress {
  std::uint64_t files = 0, all_files = 0;
  std::uint64_t octets = 0, all_octets = 0;  // done, of all
  std::uint64_t copied = 0;                  // of these; the rest was there from before
};
// False: give up.
using OnBackupProgress = std::function<bool(const BackupProgress&)>;

// A file of the generation that is not of the store: keys, configuration.
struct BackupExtra {
  std::string name;  // within the generation, "config/chappe.toml"
  std::string path;
};

struct BackupOptions {
  Files* files = &posix_files();
  std::string destination;          // made when missing
  std::string generation;           // its name, newer ones sorting last: "20261125T214600Z"
  std::vector<BackupExtra> extras;  // read whole
  std::uint32_t keep = 0;           // so many generations stay; 0: all
  OnBackupProgress progress = {};
};

// Errors: exists (the generation), cancelled, corrupt (what was written did not read back), those of Files. After an
// error the generations that were there are as before.
Result<BackupProgress> backup(const Frozen& frozen, const BackupOptions& options);

struct Generation {
  std::string name;
  std::uint64_t files = 0;
  std::uint64_t octets = 0;
};
// Oldest first. Errors: not_found (no backup there).
Result<std::vector<Generation>> generations(Files& files, const std::string& folder);

struct RestoreOptions {
  Files* files = &posix_files();
  std::string source;
  std::string generation;   // empty: the newest
  std::string destination;  // must not exist; is there when all is in it: `store`, and the extras
  OnBackupProgress progress = {};
};
// Every file is checked against its sum. Errors: exists (the destination), not_found, corrupt, cancelled.
Result<BackupProgress> restore(const RestoreOptions& options);

}  // namespace chappe::store
