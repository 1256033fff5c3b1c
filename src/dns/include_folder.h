// The folder that $INCLUDE may read from, held open, so that nothing outside of it can be reached by a path in a zone
// file. Blocks on the disk.
#pragma once

#include <string>
#include <utility>

#include "base/bytes.h"
#include "base/result.h"

namespace chappe::dns {

class IncludeFolder {
 public:
  static Result<IncludeFolder> open(const std::string& path);
  ~IncludeFolder();
  IncludeFolder(IncludeFolder&& o) noexcept : fd_(std::exchange(o.fd_, -1)) {}
  IncludeFolder& operator=(IncludeFolder&&) = delete;

  // A regular file below the folder. No step of `path` may be "..", a symbolic link or a root. Errc::denied, not_found,
  // too_large, io.
  Result<Bytes> read(const std::string& path, std::size_t limit) const;

 private:
  explicit IncludeFolder(int fd) : fd_(fd) {}
  int fd_;
};

// Of the file that the operator named. Errc::not_found, denied, too_large, io.
Result<Bytes> read_whole_file(const std::string& path, std::size_t limit);

}  // namespace chappe::dns
