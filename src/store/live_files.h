// What a form of the store that keeps rows in files can say of them: whether each still is what was written. That rows
// read back does not say so: a damaged file may also show rows that were removed, or not open the next time.
//
// A face that a form has beside Store, or has not; it lives as long as the store.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "store/store.h"

namespace chappe::store {

class LiveFiles {
 public:
  struct Damage {
    std::string file;  // its name within the store's folder
    std::string why;
  };
  // Asked after every megabyte. False: give up.
  using GoOn = std::function<bool(std::uint64_t octets)>;

  virtual ~LiveFiles() = default;
  // Reads all of them, on the calling thread: for who may block. Errors: cancelled, and those of Files.
  virtual Result<std::vector<Damage>> damaged(const GoOn& go_on) = 0;

  // Nothing: the form has no files.
  static LiveFiles* of(Store& store) { return dynamic_cast<LiveFiles*>(&store); }
};

}  // namespace chappe::store
