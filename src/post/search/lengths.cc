#include "post/search/lengths.h"

#include <algorithm>

namespace chappe::post::search {

Result<void> Lengths::turn_to(std::uint32_t page) {
  if (!pages_.contains(page)) TRY(read(page));
  page_ = pages_.at(page).get();
  number_ = page;
  return {};
}

Result<void> Lengths::read(std::uint32_t first) {
  store::Range range = length_range(account_);
  range.begin = length_key(account_, first);
  const store::Page rows = TRY(store_->scan(std::move(range), {.rows = run_}));
  for (const store::Row& row : rows.rows) {
    const std::uint32_t number = TRY(page_of(account_, row.key));
    pages_.try_emplace(number, std::make_unique<LengthPage>(TRY(decode_lengths(row.value.view()))));
  }
  pages_.try_emplace(first, std::make_unique<LengthPage>(LengthPage{}));  // what is not there has no documents
  run_ = std::min(2 * run_, kMostRun);
  return {};
}

Result<std::uint32_t> Lengths::alive(const Segment& segment) {
  std::uint32_t out = 0;
  for (std::uint64_t doc = segment.first; doc <= segment.last; ++doc) out += TRY(code(static_cast<DocId>(doc))) != 0;
  return out;
}

}  // namespace chappe::post::search
