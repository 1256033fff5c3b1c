// The lengths of an account's documents, read as they are asked for: which are alive, and for ranking. An octet for
// each document that was near one that was asked for. Pages are read in runs that grow: who asks for many asks in
// order. One thread at a time; may block.
#pragma once

#include <map>
#include <memory>

#include "post/search/segment.h"

namespace chappe::post::search {

class Lengths {
 public:
  Lengths(Blocking* store, AccountId account) : store_(store), account_(account) {}

  // 0: there is no such document (any more).
  Result<std::uint8_t> code(DocId doc) {
    const std::uint32_t number = doc / kLengthsPage;
    if (!page_ || number != number_) TRY(turn_to(number));
    return (*page_)[doc % kLengthsPage];
  }
  // The documents alive of a segment; reads all of their pages.
  Result<std::uint32_t> alive(const Segment& segment);

 private:
  static constexpr std::uint32_t kMostRun = 128;
  Result<void> turn_to(std::uint32_t page);
  Result<void> read(std::uint32_t first);

  Blocking* store_;
  AccountId account_;
  std::map<std::uint32_t, std::unique_ptr<LengthPage>> pages_;
  const LengthPage* page_ = nullptr;  // the last one
  std::uint32_t number_ = 0;
  std::uint32_t run_ = 1;  // how many pages the next reading takes
};

}  // namespace chappe::post::search
