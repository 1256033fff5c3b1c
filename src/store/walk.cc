#include "store/walk.h"

namespace chappe::store {

Task<Result<std::vector<Row>>> RowWalk::next(Deadline deadline) {
  while (!done_) {
    auto page = co_await at_->scan(range_, {.rows = rows_}, deadline);
    if (page) {
      done_ = !page->more;
      if (!page->rows.empty()) {
        last_ = page->rows.back().key;
        range_ = after(std::move(range_), *page);
      }
      // Row by row up to the damage, then at full speed again.
      rows_ = std::min(rows_ * 2, kRows);
      if (!page->rows.empty()) co_return std::move(page->rows);
      continue;
    }
    if (page.error().code() != Errc::corrupt) co_return std::unexpected(page.error());
    if (rows_ > 1) {
      rows_ = 1;
      continue;
    }
    damaged_(last_, page.error());
    done_ = !CO_TRY(co_await skip(deadline));
  }
  co_return std::vector<Row>();
}

// Finds a place behind the damage: first among the nearest possible keys, then further and further away.
Task<Result<bool>> RowWalk::skip(Deadline deadline) {
  const Bytes from = range_.begin.empty() ? Bytes(8, '\0') : range_.begin;
  for (std::size_t size = from.size(); size > 0; --size) {
    for (unsigned step = 1; step < 256; step *= 2) {
      Bytes key = from.substr(0, size);
      const unsigned octet = static_cast<unsigned char>(key.back()) + step;
      if (octet > 255) break;
      key.back() = static_cast<char>(octet);
      if (!range_.end.empty() && key >= range_.end) break;
      const auto page = co_await at_->scan({key, range_.end}, {.rows = 1}, deadline);
      if (page) {
        range_.begin = std::move(key);
        co_return true;
      }
      if (page.error().code() != Errc::corrupt) co_return std::unexpected(page.error());
    }
  }
  co_return false;
}

}  // namespace chappe::store
