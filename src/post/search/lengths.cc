#include "post/search/lengths.h"

namespace chappe::post::search {

Result<void> Lengths::turn_to(std::uint32_t page) {
  auto& at = pages_[page];
  if (!at) {
    auto fresh = std::make_unique<LengthPage>();
    fresh->fill(0);
    if (const auto row = TRY(store_->get(length_key(account_, page)))) *fresh = TRY(decode_lengths(row->view()));
    at = std::move(fresh);
  }
  page_ = at.get();
  number_ = page;
  return {};
}

Result<std::uint32_t> Lengths::alive(const Segment& segment) {
  std::uint32_t out = 0;
  for (std::uint64_t doc = segment.first; doc <= segment.last; ++doc) out += TRY(code(static_cast<DocId>(doc))) != 0;
  return out;
}

}  // namespace chappe::post::search
