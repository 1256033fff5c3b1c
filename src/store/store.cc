#include "store/store.h"

namespace chappe::store {

Range after(Range range, const Page& page, bool reverse) {
  if (reverse) {
    range.end = page.rows.back().key;
  } else {
    // The smallest key behind `key` is key + NUL.
    range.begin = page.rows.back().key + '\0';
  }
  return range;
}

void Batch::put(Bytes key, Bytes value) {
  bytes_ += key.size() + value.size();
  ops_.push_back({Kind::put, std::move(key), std::move(value), {}});
}
void Batch::put(Bytes key, ChunkList value) {
  bytes_ += key.size() + value.size();
  ops_.push_back({Kind::put, std::move(key), {}, std::move(value)});
}
void Batch::remove(Bytes key) {
  bytes_ += key.size();
  ops_.push_back({Kind::remove, std::move(key), {}, {}});
}
void Batch::remove(Range range) {
  if (range.empty()) return;
  bytes_ += range.begin.size() + range.end.size();
  ops_.push_back({Kind::remove_range, std::move(range.begin), std::move(range.end), {}});
}

Task<Result<std::vector<Row>>> scan_all(Reader* reader, Range range, Deadline deadline) {
  std::vector<Row> out;
  for (;;) {
    Page page = CO_TRY(co_await reader->scan(range, ScanLimits{}, deadline));
    if (page.more) range = after(std::move(range), page);
    std::move(page.rows.begin(), page.rows.end(), std::back_inserter(out));
    if (!page.more) co_return out;
  }
}

Task<Result<std::vector<Row>>> scan_all(std::shared_ptr<Reader> reader, Range range, Deadline deadline) {
  co_return co_await scan_all(reader.get(), std::move(range), deadline);
}

}  // namespace chappe::store
