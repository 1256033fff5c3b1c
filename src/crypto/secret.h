// Secret: bytes that must not leak (passwords, private keys). It can be moved, not copied by accident; it is wiped when
// it ends; it has no formatter, so that a log line with one in it does not compile.
//
// Owned by whoever holds it, one thread at a time. Nothing here blocks.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "base/bytes.h"

namespace chappe::crypto {

// Overwrites `size` bytes with zeros in a way that the compiler keeps.
void wipe(void* data, std::size_t size);

// Whether two byte strings are equal, in a time that depends on their lengths only.
bool equal_constant_time(ByteView a, ByteView b);

class Secret {
 public:
  Secret() = default;
  // Copies `bytes`; the caller's copy is the caller's to wipe.
  explicit Secret(ByteView bytes);
  // Takes the bytes over and wipes the string that held them.
  static Secret take(std::string&& bytes);

  Secret(Secret&& o) noexcept : data_(std::move(o.data_)), size_(std::exchange(o.size_, 0)) {}
  Secret& operator=(Secret&& o) noexcept {
    std::swap(data_, o.data_);
    std::swap(size_, o.size_);
    return *this;
  }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret();

  // A second copy, where one is really wanted.
  Secret clone() const { return Secret(reveal()); }
  // The bytes, valid while this Secret is; every call of it is a place to look at in a review.
  ByteView reveal() const { return {data_.get(), size_}; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  // In constant time (equal_constant_time).
  bool equals(ByteView other) const { return equal_constant_time(reveal(), other); }

 private:
  std::unique_ptr<char[]> data_;
  std::size_t size_ = 0;
};

}  // namespace chappe::crypto
