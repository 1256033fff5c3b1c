// The files that are the store at one moment: for a copy of it while it goes on. What is listed stays as it is while
// the object lives; the store may be written to meanwhile, but gives no space back: keep it no longer than the copying
// takes. Must not outlive the store.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace chappe::store {

class Frozen {
 public:
  struct File {
    std::string name;        // within the store's folder
    std::uint64_t size = 0;  // octets that belong to it; the file may have more
    bool final = false;      // under this name and size there will never be anything else
    Bytes contents = {};     // instead of the file's, when it is not empty
  };

  virtual ~Frozen() = default;
  // The store's folder, and a number that no other store has.
  virtual const std::string& folder() const = 0;
  virtual std::uint64_t id() const = 0;
  const std::vector<File>& files() const { return files_; }

 protected:
  std::vector<File> files_;
};

}  // namespace chappe::store
