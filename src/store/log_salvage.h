// What can be read of a log that does not open, because a record is damaged that opening needs (log.h). Batches that
// fail their sum are mended where one flipped bit explains it, else passed over and told. Nothing is written.
//
// Blocks; nobody may have the log open. For store/rebuild.h. docs/formats/segments.md, "Salvage".
#pragma once

#include <functional>
#include <string>

#include "store/log.h"

namespace chappe::store {

struct LogSalvage {
  LogMark end;  // where a metadata store that has all of this stands
  std::uint64_t batches = 0;
  std::uint64_t mended = 0;
  std::uint64_t damaged = 0;  // places that could not be read
};

// Hands over the batches, in order. What is handed over may stand before `have`, how far the metadata store has come
// (sequence 0: unknown): the rows that it writes are the same again, or those that were lost. Batches before a place
// that is damaged and that the metadata store has already are left out: they would bring back what was changed there.
Result<LogSalvage> salvage_log(Files& files, const std::string& folder, const LogMark& have,
                               const std::function<Result<void>(ByteView batch)>& batch,
                               const std::function<void(const std::string& why)>& damaged);
// Whether all batches behind `have` are there, as far as segments tell: no segment that is needed is missing.
Result<bool> log_reaches(Files& files, const std::string& folder, const LogMark& have);

}  // namespace chappe::store
