#include "store/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <set>

#include "base/text.h"

namespace chappe::store {

Result<std::size_t> File::read(std::uint64_t offset, std::span<char> into) const {
  std::size_t done = 0;
  while (done < into.size()) {
    const std::size_t n = TRY(read_some(offset + done, into.subspan(done)));
    if (n == 0) break;
    done += n;
  }
  return done;
}

Result<void> File::write(std::uint64_t offset, std::span<const ByteView> parts) {
  std::vector<ByteView> rest;  // after a short write
  for (;;) {
    while (!parts.empty() && parts.front().empty()) parts = parts.subspan(1);
    if (parts.empty()) return {};
    std::size_t n = TRY(write_some(offset, parts));
    offset += n;
    while (!parts.empty() && n >= parts.front().size()) {
      n -= parts.front().size();
      parts = parts.subspan(1);
    }
    if (n == 0) continue;
    rest = std::vector<ByteView>(parts.begin(), parts.end());
    rest.front().remove_prefix(n);
    parts = rest;
  }
}

Result<void> make_folders(Files& files, const std::string& path) {
  const auto there = files.status(path);
  if (there) return there->folder ? Result<void>() : fail(Errc::exists, "{} is not a folder", printable(path));
  if (there.error().code() != Errc::not_found) return std::unexpected(there.error());
  const std::size_t slash = path.find_last_of('/');
  const std::string above = slash == path.npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  if (above != path) TRY(make_folders(files, above));
  if (slash != path.npos && slash + 1 == path.size()) return {};  // "a/": the folder above was it
  TRY(files.make_folder(path));
  return files.sync_folder(above);
}

namespace {

std::unexpected<Error> from_errno(std::string_view doing, const std::string& path) {
  const int e = errno;
  Errc code = Errc::io;
  if (e == ENOENT || e == ENOTDIR) code = Errc::not_found;
  if (e == EEXIST) code = Errc::exists;
  if (e == ENOSPC || e == EDQUOT) code = Errc::no_space;
  std::array<char, 100> text{};
  return fail(code, "{} {}: {}", doing, printable(path), ::strerror_r(e, text.data(), text.size()));
}

class PosixFile final : public File {
 public:
  PosixFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  ~PosixFile() override { ::close(fd_); }

  Result<void> allocate(std::uint64_t size) override {
    int e;
    do e = ::fallocate(fd_, 0, 0, static_cast<off_t>(size)) == 0 ? 0 : errno;
    while (e == EINTR);
    if (e == 0) return {};
    errno = e;
    // A file system that cannot: the size at least.
    if (e == EOPNOTSUPP) {
      const auto now = TRY(this->size());
      return now < size ? truncate(size) : Result<void>();
    }
    return from_errno("allocating", path_);
  }
  Result<void> truncate(std::uint64_t size) override {
    if (::ftruncate(fd_, static_cast<off_t>(size)) != 0) return from_errno("truncating", path_);
    return {};
  }
  Result<void> sync() override {
    if (::fdatasync(fd_) != 0) return from_errno("syncing", path_);
    return {};
  }
  Result<std::uint64_t> size() const override {
    struct stat s;
    if (::fstat(fd_, &s) != 0) return from_errno("asking for the size of", path_);
    return static_cast<std::uint64_t>(s.st_size);
  }
  Result<std::uint64_t> next_data(std::uint64_t offset) const override {
    const off_t at = ::lseek(fd_, static_cast<off_t>(offset), SEEK_DATA);
    if (at >= 0) return static_cast<std::uint64_t>(at);
    if (errno == ENXIO) return std::max(offset, TRY(size()));  // nothing more
    return offset;                                             // a file system that does not know
  }
  void begin_write_back(std::uint64_t offset, std::uint64_t size) override {
    ::sync_file_range(fd_, static_cast<off_t>(offset), static_cast<off_t>(size), SYNC_FILE_RANGE_WRITE);
  }
  void drop_cache(std::uint64_t offset, std::uint64_t size) override {
    ::posix_fadvise(fd_, static_cast<off_t>(offset), static_cast<off_t>(size), POSIX_FADV_DONTNEED);
  }

 protected:
  Result<std::size_t> read_some(std::uint64_t offset, std::span<char> into) const override {
    ssize_t n;
    do n = ::pread(fd_, into.data(), into.size(), static_cast<off_t>(offset));
    while (n < 0 && errno == EINTR);
    if (n < 0) return from_errno("reading", path_);
    return static_cast<std::size_t>(n);
  }
  Result<std::size_t> write_some(std::uint64_t offset, std::span<const ByteView> parts) override {
    std::array<iovec, kParts> some;
    std::size_t count = 0;
    for (; count < std::min(parts.size(), kParts); ++count)
      some[count] = {const_cast<char*>(parts[count].data()), parts[count].size()};
    ssize_t n;
    do n = ::pwritev(fd_, some.data(), static_cast<int>(count), static_cast<off_t>(offset));
    while (n < 0 && errno == EINTR);
    if (n < 0) return from_errno("writing", path_);
    if (n == 0) return fail(Errc::io, "writing {}: nothing was taken", printable(path_));
    return static_cast<std::size_t>(n);
  }

 private:
  static constexpr std::size_t kParts = 256;
  int fd_;
  std::string path_;
};

class PosixFiles final : public Files {
 public:
  Result<std::unique_ptr<File>> open(const std::string& path, Open how) override {
    static constexpr std::array kFlags = {O_RDONLY, O_RDWR, O_RDWR | O_CREAT | O_EXCL, O_RDWR | O_CREAT | O_TRUNC,
                                          O_RDWR | O_CREAT};
    const int fd = ::open(path.c_str(), kFlags[static_cast<std::size_t>(how)] | O_CLOEXEC, 0600);
    if (fd < 0) return from_errno("opening", path);
    return std::make_unique<PosixFile>(fd, path);
  }
  Result<Status> status(const std::string& path) const override {
    struct stat s;
    if (::stat(path.c_str(), &s) != 0) return from_errno("looking for", path);
    return Status{S_ISDIR(s.st_mode), static_cast<std::uint64_t>(s.st_size),
                  Time{s.st_mtim.tv_sec * 1'000'000 + s.st_mtim.tv_nsec / 1000}};
  }
  Result<std::vector<std::string>> list(const std::string& folder) const override {
    DIR* const dir = ::opendir(folder.c_str());
    if (!dir) return from_errno("listing", folder);
    std::vector<std::string> out;
    errno = 0;
    while (const dirent* e = ::readdir(dir)) {  // NOLINT(concurrency-mt-unsafe): a stream of our own
      const std::string_view name = e->d_name;
      if (name != "." && name != "..") out.emplace_back(name);
    }
    const int e = errno;
    ::closedir(dir);
    errno = e;
    if (e != 0) return from_errno("listing", folder);
    return out;
  }
  Result<void> make_folder(const std::string& path) override {
    if (::mkdir(path.c_str(), 0700) != 0) return from_errno("making the folder", path);
    return {};
  }
  Result<void> remove_folder(const std::string& path) override {
    if (::rmdir(path.c_str()) != 0) return from_errno("removing the folder", path);
    return {};
  }
  Result<void> remove(const std::string& path) override {
    if (::unlink(path.c_str()) != 0) return from_errno("removing", path);
    return {};
  }
  Result<void> rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return from_errno("renaming", from);
    return {};
  }
  Result<void> sync_folder(const std::string& path) override {
    const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return from_errno("opening the folder", path);
    const int e = ::fsync(fd) == 0 ? 0 : errno;
    ::close(fd);
    errno = e;
    if (e != 0) return from_errno("syncing the folder", path);
    return {};
  }
  Result<std::unique_ptr<Lock>> lock(const std::string& path) override {
    // The kernel's record locks, as RocksDB takes them, so that an older program and this one exclude each other. They
    // do not exclude within a process: the set does. It is asked first, because closing any descriptor of the file
    // would drop the lock that this process has on it.
    std::lock_guard guard(held_.mutex);
    struct stat s;
    if (::stat(path.c_str(), &s) == 0 && held_.ids.contains({s.st_dev, s.st_ino}))
      return fail(Errc::busy, "{} is locked by this process already", printable(path));
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return from_errno("opening the lock", path);
    struct flock region = {};
    region.l_type = F_WRLCK;
    region.l_whence = SEEK_SET;
    if (::fcntl(fd, F_SETLK, &region) != 0 || ::fstat(fd, &s) != 0) {
      const bool other = errno == EACCES || errno == EAGAIN;
      auto error = from_errno("locking", path);
      ::close(fd);
      if (other) return fail(Errc::busy, "{} is locked by another process", printable(path));
      return error;
    }
    const Held::Id id{s.st_dev, s.st_ino};
    held_.ids.insert(id);
    return std::make_unique<PosixLock>(fd, id, &held_);
  }
  Result<std::uint64_t> free_space(const std::string& path) const override {
    struct statvfs v;
    if (::statvfs(path.c_str(), &v) != 0) return from_errno("asking for the free space of", path);
    return static_cast<std::uint64_t>(v.f_bavail) * v.f_frsize;
  }

 private:
  struct Held {
    using Id = std::pair<dev_t, ino_t>;
    std::mutex mutex;
    std::set<Id> ids;
  };
  class PosixLock final : public Lock {
   public:
    PosixLock(int fd, Held::Id id, Held* held) : fd_(fd), id_(id), held_(held) {}
    ~PosixLock() override {
      std::lock_guard guard(held_->mutex);
      held_->ids.erase(id_);
      ::close(fd_);
    }

   private:
    int fd_;
    Held::Id id_;
    Held* held_;
  };
  Held held_;
};

}  // namespace

Files& posix_files() {
  static auto* const files = new PosixFiles;
  return *files;
}

}  // namespace chappe::store
