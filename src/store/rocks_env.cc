#include "store/rocks_env.h"

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/system_clock.h>

#include <algorithm>
#include <utility>

namespace chappe::store {
namespace {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

IOStatus to_status(const Error& e) {
  switch (e.code()) {
    case Errc::not_found:
      return IOStatus::PathNotFound(e.text());
    case Errc::no_space:
      return IOStatus::NoSpace(e.text());
    case Errc::busy:
      // The words by which open_rocks() knows it.
      return IOStatus::IOError("lock file", e.text());
    default:
      return IOStatus::IOError(e.text());
  }
}
template <class T>
IOStatus to_status(const Result<T>& r) {
  return r ? IOStatus::OK() : to_status(r.error());
}
// For questions whose answer may be that there is no such file.
IOStatus to_answer(const Error& e) { return e.code() == Errc::not_found ? IOStatus::NotFound(e.text()) : to_status(e); }

IOStatus read_at(const File& file, std::uint64_t offset, std::size_t size, Slice* result, char* scratch) {
  const auto n = file.read(offset, {scratch, size});
  *result = Slice(scratch, n ? *n : 0);
  return to_status(n);
}

class Sequential final : public rocksdb::FSSequentialFile {
 public:
  explicit Sequential(std::unique_ptr<File> file) : file_(std::move(file)) {}
  IOStatus Read(std::size_t n, const IOOptions&, Slice* result, char* scratch, IODebugContext*) override {
    const auto s = read_at(*file_, offset_, n, result, scratch);
    offset_ += result->size();
    return s;
  }
  IOStatus Skip(std::uint64_t n) override {
    const auto size = file_->size();
    if (size) offset_ = std::min(offset_ + n, std::max(offset_, *size));
    return to_status(size);
  }

 private:
  std::unique_ptr<File> file_;
  std::uint64_t offset_ = 0;
};

class RandomAccess final : public rocksdb::FSRandomAccessFile {
 public:
  explicit RandomAccess(std::unique_ptr<File> file) : file_(std::move(file)) {}
  IOStatus Read(std::uint64_t offset, std::size_t n, const IOOptions&, Slice* result, char* scratch,
                IODebugContext*) const override {
    return read_at(*file_, offset, n, result, scratch);
  }
  IOStatus InvalidateCache(std::size_t offset, std::size_t length) override {
    file_->drop_cache(offset, length);
    return IOStatus::OK();
  }

 private:
  std::unique_ptr<File> file_;
};

class Writable final : public rocksdb::FSWritableFile {
 public:
  Writable(std::unique_ptr<File> file, std::uint64_t size, const FileOptions& options)
      : FSWritableFile(options), file_(std::move(file)), size_(size) {}
  using FSWritableFile::Append;
  IOStatus Append(const Slice& data, const IOOptions&, IODebugContext*) override {
    const auto s = to_status(file_->write(size_, ByteView(data.data(), data.size())));
    if (s.ok()) size_ += data.size();
    return s;
  }
  IOStatus Truncate(std::uint64_t size, const IOOptions&, IODebugContext*) override {
    const auto s = to_status(file_->truncate(size));
    if (s.ok()) size_ = size;
    return s;
  }
  IOStatus Close(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus Flush(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }  // there is no buffer
  IOStatus Sync(const IOOptions&, IODebugContext*) override { return to_status(file_->sync()); }
  bool IsSyncThreadSafe() const override { return true; }
  std::uint64_t GetFileSize(const IOOptions&, IODebugContext*) override { return size_; }
  IOStatus RangeSync(std::uint64_t offset, std::uint64_t size, const IOOptions&, IODebugContext*) override {
    file_->begin_write_back(offset, size);
    return IOStatus::OK();
  }
  IOStatus InvalidateCache(std::size_t offset, std::size_t length) override {
    file_->drop_cache(offset, length);
    return IOStatus::OK();
  }

 private:
  std::unique_ptr<File> file_;
  std::uint64_t size_;
};

class Folder final : public rocksdb::FSDirectory {
 public:
  Folder(Files& files, std::string path) : files_(files), path_(std::move(path)) {}
  IOStatus Fsync(const IOOptions&, IODebugContext*) override { return to_status(files_.sync_folder(path_)); }
  IOStatus Close(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }

 private:
  Files& files_;
  std::string path_;
};

class Lock final : public rocksdb::FileLock {
 public:
  explicit Lock(std::unique_ptr<Files::Lock> lock) : lock_(std::move(lock)) {}

 private:
  std::unique_ptr<Files::Lock> lock_;
};

class RocksFiles final : public rocksdb::FileSystem {
 public:
  RocksFiles(Files& files, std::shared_ptr<Removals> removals) : files_(files), removals_(std::move(removals)) {}
  const char* Name() const override { return "chappe.Files"; }

  IOStatus NewSequentialFile(const std::string& name, const FileOptions&,
                             std::unique_ptr<rocksdb::FSSequentialFile>* out, IODebugContext*) override {
    auto file = files_.open(name, Files::Open::read);
    if (file) *out = std::make_unique<Sequential>(std::move(*file));
    return to_status(file);
  }
  IOStatus NewRandomAccessFile(const std::string& name, const FileOptions&,
                               std::unique_ptr<rocksdb::FSRandomAccessFile>* out, IODebugContext*) override {
    auto file = files_.open(name, Files::Open::read);
    if (file) *out = std::make_unique<RandomAccess>(std::move(*file));
    return to_status(file);
  }
  IOStatus NewWritableFile(const std::string& name, const FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* out, IODebugContext*) override {
    if (removals_) removals_->forget(name);
    auto file = files_.open(name, Files::Open::replace);
    if (file) *out = std::make_unique<Writable>(std::move(*file), 0, options);
    return to_status(file);
  }
  IOStatus ReopenWritableFile(const std::string& name, const FileOptions& options,
                              std::unique_ptr<rocksdb::FSWritableFile>* out, IODebugContext*) override {
    auto file = files_.open(name, Files::Open::append);
    if (!file) return to_status(file);
    const auto size = (*file)->size();
    if (size) *out = std::make_unique<Writable>(std::move(*file), *size, options);
    return to_status(size);
  }
  IOStatus NewDirectory(const std::string& name, const IOOptions&, std::unique_ptr<rocksdb::FSDirectory>* out,
                        IODebugContext*) override {
    const auto status = files_.status(name);
    if (!status) return to_status(status);
    if (!status->folder) return IOStatus::IOError(name + " is not a folder");
    *out = std::make_unique<Folder>(files_, name);
    return IOStatus::OK();
  }
  IOStatus FileExists(const std::string& name, const IOOptions&, IODebugContext*) override {
    const auto status = files_.status(name);
    return status ? IOStatus::OK() : to_answer(status.error());
  }
  IOStatus GetChildren(const std::string& folder, const IOOptions&, std::vector<std::string>* out,
                       IODebugContext*) override {
    out->clear();
    auto names = files_.list(folder);
    if (!names) return to_answer(names.error());
    *out = std::move(*names);
    return IOStatus::OK();
  }
  IOStatus DeleteFile(const std::string& name, const IOOptions&, IODebugContext*) override {
    if (removals_ && removals_->hold(name)) return IOStatus::OK();
    return to_status(files_.remove(name));
  }
  IOStatus Truncate(const std::string& name, std::size_t size, const IOOptions&, IODebugContext*) override {
    const auto file = files_.open(name, Files::Open::update);
    return file ? to_status((*file)->truncate(size)) : to_status(file);
  }
  IOStatus CreateDir(const std::string& name, const IOOptions&, IODebugContext*) override {
    return to_status(files_.make_folder(name));
  }
  IOStatus CreateDirIfMissing(const std::string& name, const IOOptions&, IODebugContext*) override {
    const auto made = files_.make_folder(name);
    if (!made && made.error().code() == Errc::exists) {
      const auto status = files_.status(name);
      if (status && status->folder) return IOStatus::OK();
    }
    return to_status(made);
  }
  IOStatus DeleteDir(const std::string& name, const IOOptions&, IODebugContext*) override {
    return to_status(files_.remove_folder(name));
  }
  IOStatus GetFileSize(const std::string& name, const IOOptions&, std::uint64_t* size, IODebugContext*) override {
    const auto status = files_.status(name);
    *size = status ? status->size : 0;
    return to_status(status);
  }
  IOStatus GetFileModificationTime(const std::string& name, const IOOptions&, std::uint64_t* time,
                                   IODebugContext*) override {
    const auto status = files_.status(name);
    *time = status ? static_cast<std::uint64_t>(status->modified.us / 1'000'000) : 0;
    return to_status(status);
  }
  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions&, IODebugContext*) override {
    return to_status(files_.rename(from, to));
  }
  IOStatus LockFile(const std::string& name, const IOOptions&, rocksdb::FileLock** out, IODebugContext*) override {
    auto lock = files_.lock(name);
    *out = lock ? new Lock(std::move(*lock)) : nullptr;
    return to_status(lock);
  }
  IOStatus UnlockFile(rocksdb::FileLock* lock, const IOOptions&, IODebugContext*) override {
    delete static_cast<Lock*>(lock);
    return IOStatus::OK();
  }
  IOStatus GetTestDirectory(const IOOptions&, std::string* path, IODebugContext*) override {
    *path = "/tmp";
    return IOStatus::OK();
  }
  IOStatus GetAbsolutePath(const std::string& name, const IOOptions& options, std::string* out,
                           IODebugContext* debug) override {
    if (!name.starts_with('/')) return rocksdb::FileSystem::Default()->GetAbsolutePath(name, options, out, debug);
    *out = name;
    return IOStatus::OK();
  }
  IOStatus GetFreeSpace(const std::string& path, const IOOptions&, std::uint64_t* free, IODebugContext*) override {
    const auto space = files_.free_space(path);
    *free = space ? *space : 0;
    return to_status(space);
  }
  IOStatus IsDirectory(const std::string& path, const IOOptions&, bool* is_folder, IODebugContext*) override {
    const auto status = files_.status(path);
    if (status) *is_folder = status->folder;
    return to_status(status);
  }

 private:
  Files& files_;
  std::shared_ptr<Removals> removals_;
};

// Sleeps a millisecond at most.
class Hasty final : public rocksdb::EnvWrapper {
 public:
  explicit Hasty(const std::shared_ptr<rocksdb::Env>& env) : EnvWrapper(env) {
    system_clock_ = std::make_shared<Clock>(env->GetSystemClock());
  }

 private:
  class Clock final : public rocksdb::SystemClockWrapper {
   public:
    using SystemClockWrapper::SystemClockWrapper;
    const char* Name() const override { return "chappe.Hasty"; }
    void SleepForMicroseconds(int us) override { SystemClockWrapper::SleepForMicroseconds(std::min(us, 1000)); }
  };
};

}  // namespace

bool Removals::hold(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (!holding_ || !(path.ends_with(".sst") || path.ends_with(".blob"))) return false;
  held_.push_back(path);
  return true;
}

void Removals::forget(const std::string& path) {
  const std::lock_guard lock(mutex_);
  std::erase(held_, path);
}

void Removals::release(Files& files) {
  const std::lock_guard lock(mutex_);
  holding_ = false;
  // What stays is found by RocksDB when it opens the next time.
  for (const std::string& path : std::exchange(held_, {})) (void)files.remove(path);
}

std::shared_ptr<rocksdb::Env> make_rocks_env(Files& files, bool hasty, std::shared_ptr<Removals> removals) {
  std::shared_ptr<rocksdb::Env> env =
      rocksdb::NewCompositeEnv(std::make_shared<RocksFiles>(files, std::move(removals)));
  if (hasty) env = std::make_shared<Hasty>(std::move(env));
  return env;
}

}  // namespace chappe::store
