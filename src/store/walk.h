// All rows of a range, one after another, past what cannot be read: where the store says "corrupt", the walk goes on
// behind the damage, as near as it can find a place that can be read.
#pragma once

#include <functional>

#include "store/store.h"

namespace chappe::store {

class RowWalk {
 public:
  // `damaged` is told the last key before each place that cannot be read, and why.
  using OnDamage = std::function<void(const Bytes& after, const Error& why)>;

  RowWalk(std::shared_ptr<Reader> at, Range range, OnDamage damaged)
      : at_(std::move(at)), range_(std::move(range)), damaged_(std::move(damaged)) {}

  // The next rows; none at the end. Errors: those of the store but corrupt.
  Task<Result<std::vector<Row>>> next(Deadline deadline);

 private:
  static constexpr std::size_t kRows = 512;

  Task<Result<bool>> skip(Deadline deadline);

  std::shared_ptr<Reader> at_;
  Range range_;
  OnDamage damaged_;
  Bytes last_;  // key that was read
  std::size_t rows_ = kRows;
  bool done_ = false;
};

}  // namespace chappe::store
