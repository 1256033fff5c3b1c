// Folders and single files as sources.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <queue>

#include "app/archive/source.h"
#include "base/text.h"

namespace chappe::app {
namespace {

class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() {
    if (fd_ >= 0) ::close(fd_);
  }
  Fd(Fd&& o) noexcept : fd_(std::exchange(o.fd_, -1)) {}
  Fd& operator=(Fd&&) = delete;
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

std::string why() { return std::strerror(errno); }

Time modified_of(const struct stat& s) {
  return Time{static_cast<std::int64_t>(s.st_mtim.tv_sec) * 1'000'000 + s.st_mtim.tv_nsec / 1000};
}

Result<std::size_t> read_some(int fd, char* buffer, std::size_t size) {
  for (;;) {
    const ssize_t n = ::read(fd, buffer, size);
    if (n >= 0) return static_cast<std::size_t>(n);
    if (errno != EINTR) return fail(Errc::io, "it cannot be read: {}", why());
  }
}

// The names in a folder behind `after`, in order, kNames at most; of more, the first ones.
Result<std::vector<std::string>> names(int folder, const std::string& after) {
  const int again = ::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (again < 0) return fail(Errc::io, "the folder cannot be listed: {}", why());
  std::unique_ptr<DIR, int (*)(DIR*)> dir(::fdopendir(again), ::closedir);
  if (!dir) {
    ::close(again);
    return fail(Errc::io, "the folder cannot be listed: {}", why());
  }
  std::priority_queue<std::string> first;
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(dir.get());
    if (!entry && errno != 0) return fail(Errc::io, "the folder cannot be listed: {}", why());
    if (!entry) break;
    std::string name = entry->d_name;
    if (name == "." || name == ".." || name <= after) continue;
    if (first.size() == kNames && name >= first.top()) continue;
    first.push(std::move(name));
    if (first.size() > kNames) first.pop();
  }
  std::vector<std::string> out;
  for (; !first.empty(); first.pop()) out.push_back(first.top());
  std::ranges::reverse(out);
  return out;
}

class Tree {
 public:
  Tree(FileReader& reader, LetterSink& sink) : reader_(reader), sink_(sink) {}

  Result<void> walk(int folder) {
    const Fd table(::openat(folder, "dovecot-keywords", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat s{};
    if (table && ::fstat(table.get(), &s) == 0 && S_ISREG(s.st_mode)) {
      path_.emplace_back("dovecot-keywords");
      SourceFile file = source(table.get(), s);
      TRY(reader_.take_table(file));
      path_.pop_back();
    }
    for (std::string after;;) {
      auto list = names(folder, after);
      if (!list) {
        sink_.skipped(joined(path_), list.error().text());
        return {};
      }
      for (const std::string& name : *list) {
        path_.push_back(name);
        TRY(take(folder, name));
        path_.pop_back();
      }
      if (list->size() < kNames) return {};
      after = list->back();
    }
  }

 private:
  SourceFile source(int fd, const struct stat& s) {
    return {.path = path_,
            .modified = modified_of(s),
            .size = static_cast<std::uint64_t>(s.st_size),
            .read = [fd](char* buffer, std::size_t size) { return read_some(fd, buffer, size); }};
  }

  Result<void> take(int folder, const std::string& name) {
    const Fd fd(::openat(folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!fd) {
      sink_.skipped(joined(path_), errno == ELOOP ? "it is a symbolic link" : "it cannot be opened: " + why());
      return {};
    }
    struct stat s{};
    if (::fstat(fd.get(), &s) != 0) {
      sink_.skipped(joined(path_), "it cannot be looked at: " + why());
      return {};
    }
    if (S_ISREG(s.st_mode)) {
      if (FileReader::is_table(path_)) return {};
      SourceFile file = source(fd.get(), s);
      return reader_.take(file);
    }
    if (!S_ISDIR(s.st_mode)) {
      sink_.skipped(joined(path_), "it is neither a file nor a folder");
      return {};
    }
    if (path_.size() >= kMaxDepth) {
      sink_.skipped(joined(path_).substr(0, 200), "it is too deep");
      return {};
    }
    // What a Maildir has not finished receiving. Elsewhere it is a folder like others.
    if (name == "tmp" && ::faccessat(folder, "cur", F_OK, AT_SYMLINK_NOFOLLOW) == 0) return {};
    return walk(fd.get());
  }

  FileReader& reader_;
  LetterSink& sink_;
  std::vector<std::string> path_;
};

// Files below a folder, to know how far one is; links are not followed here either.
std::uint64_t octets_below(int folder, std::size_t depth) {
  std::uint64_t out = 0;
  const int again = ::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (again < 0) return 0;
  std::unique_ptr<DIR, int (*)(DIR*)> dir(::fdopendir(again), ::closedir);
  if (!dir) {
    ::close(again);
    return 0;
  }
  while (const dirent* entry = ::readdir(dir.get())) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    struct stat s{};
    if (::fstatat(folder, entry->d_name, &s, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (S_ISREG(s.st_mode)) out += static_cast<std::uint64_t>(s.st_size);
    if (!S_ISDIR(s.st_mode) || depth >= kMaxDepth) continue;
    const Fd below(::openat(folder, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (below) out += octets_below(below.get(), depth + 1);
  }
  return out;
}

}  // namespace

Result<void> read_archive(const std::string& path, ArchiveFormat format, SingleFile single, LetterSink& sink) {
  // What the operator names may be a link, or a pipe.
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail(Errc::usage, "{}: {}", printable(path), why());
  struct stat s{};
  if (::fstat(fd.get(), &s) != 0) return fail(Errc::usage, "{}: {}", printable(path), why());
  FileReader reader(format, sink);
  if (S_ISDIR(s.st_mode)) {
    if (format == ArchiveFormat::zip) return fail(Errc::usage, "{} is a folder and no zip", printable(path));
    reader.set_total(octets_below(fd.get(), 1));
    return Tree(reader, sink).walk(fd.get());
  }
  reader.set_total(S_ISREG(s.st_mode) ? static_cast<std::uint64_t>(s.st_size) : 0);
  char head[8] = {};
  const ssize_t n = S_ISREG(s.st_mode) ? ::pread(fd.get(), head, sizeof head, 0) : 0;
  const bool zip = looks_like_zip({head, static_cast<std::size_t>(std::max<ssize_t>(n, 0))});
  if (format == ArchiveFormat::zip && !zip) return fail(Errc::usage, "{} is no zip", printable(path));
  if (format == ArchiveFormat::maildir) return fail(Errc::usage, "{} is no folder", printable(path));
  if (zip && (format == ArchiveFormat::any || format == ArchiveFormat::zip)) return read_zip(path, reader, sink);
  reader.set_single(single);
  SourceFile file{.path = {path.substr(path.rfind('/') + 1)},
                  .modified = S_ISREG(s.st_mode) ? std::optional(modified_of(s)) : std::nullopt,
                  .size = static_cast<std::uint64_t>(s.st_size),
                  .read = [&fd](char* buffer, std::size_t size) { return read_some(fd.get(), buffer, size); }};
  return reader.take(file);
}

}  // namespace chappe::app
