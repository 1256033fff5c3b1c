// Makes a store anew from what can be read of it: for damage to RocksDB's files, which no write to the store can mend,
// and for stores that do not open. In this order:
//
//   a file with one flipped bit (RocksDB knows the sum of each) is put right
//   CURRENT that names nothing is written anew; without a MANIFEST that can be read, all files of rows are taken
//   the rows go into new files, past what cannot be read
//   over them go the batches of the log, which has what was written last (log_salvage.h)
//
// The segments stay as they are; the old files are kept beside, in PATH.damaged. What is lost then, and what was said
// about it elsewhere, is a matter for post/care/repair.h.
//
// Blocks, for as long as reading everything takes; nobody may have the store open. What it was interrupted in is taken
// up by calling it again; until then the store does not open.
#pragma once

#include <functional>

#include "store/rocks.h"

namespace chappe::store {

struct Rebuilt {
  std::uint64_t rows = 0;
  std::uint64_t batches = 0;  // of the log
  std::uint64_t mended = 0;   // bits
  std::uint64_t damaged = 0;  // places that could not be read
  std::string aside;          // the folder of the old files
};

// `damaged` hears of each place. Errors: busy, cancelled (`go_on` said no; asked after each portion of rows), not_found
// (there is no store), and those of Files.
Result<Rebuilt> rebuild(RocksOptions options, const std::function<void(const std::string& what)>& damaged,
                        const std::function<bool(const Rebuilt&)>& go_on = {});

}  // namespace chappe::store
