#include "dns/include_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/text.h"

namespace chappe::dns {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  void reset(int fd) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

std::unexpected<Error> refused(int error) {
  switch (error) {
    case ENOENT:
      return fail(Errc::not_found, "there is no such file");
    case EACCES:
    case EPERM:
      return fail(Errc::denied, "this user may not read it");
    case ELOOP:
    case ENOTDIR:
      return fail(Errc::denied, "a symbolic link or a file stands in its path; name the file itself");
    default:
      return fail(Errc::io, "{}", std::strerror(error));
  }
}

Result<Bytes> read_all(int fd, std::size_t limit) {
  struct stat there{};
  if (fstat(fd, &there) != 0) return refused(errno);
  if (!S_ISREG(there.st_mode)) return fail(Errc::denied, "it is no regular file");
  Bytes out;
  std::array<char, 64 * 1024> piece;
  for (;;) {
    const ssize_t n = ::read(fd, piece.data(), piece.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return refused(errno);
    if (n == 0) return out;
    out.append(piece.data(), static_cast<std::size_t>(n));
    if (out.size() > limit) return fail(Errc::too_large, "it is larger than {} octets; split the zone", limit);
  }
}

}  // namespace

Result<IncludeFolder> IncludeFolder::open(const std::string& path) {
  const int fd = ::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return fail(Errc::not_found, "cannot open the folder {}: {}", printable(path), std::strerror(errno));
  return IncludeFolder(fd);
}

IncludeFolder::~IncludeFolder() {
  if (fd_ >= 0) ::close(fd_);
}

Result<Bytes> IncludeFolder::read(const std::string& path, std::size_t limit) const {
  if (path.empty() || path.front() == '/' || path.contains('\0'))
    return fail(Errc::denied, "only files below the folder of the zone file can be included; give the path from there");
  Descriptor at(::openat(fd_, ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
  const auto steps = split(path, '/');
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const std::string step(steps[i]);
    if (step.empty() || step == "." || step == "..")
      return fail(Errc::denied, "\"{}\" cannot be a step of the path; move the file below the zone file", step);
    const int kind = i + 1 < steps.size() ? O_PATH | O_DIRECTORY : O_RDONLY | O_NONBLOCK;
    const int next = ::openat(at.get(), step.c_str(), kind | O_NOFOLLOW | O_CLOEXEC);
    if (next < 0) return refused(errno);
    at.reset(next);
  }
  return read_all(at.get(), limit);
}

Result<Bytes> read_whole_file(const std::string& path, std::size_t limit) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  auto text = file.get() < 0 ? refused(errno) : read_all(file.get(), limit);
  if (!text) return std::unexpected(std::move(text.error()).within(printable(path)));
  return text;
}

}  // namespace chappe::dns
