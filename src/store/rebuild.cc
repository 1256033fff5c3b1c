#include "store/rebuild.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "store/crc32c.h"
#include "store/flipped_bit.h"
#include "store/log_salvage.h"
#include "store/rocks_db.h"
#include "store/walk.h"

namespace chappe::store {
namespace {

using Told = std::function<void(const std::string&)>;

constexpr std::size_t kPiece = 1024 * 1024;
// What stays beside a file that was put right.
constexpr std::string_view kDamaged = ".damaged";

Result<void> ok(const rocksdb::Status& s, std::string_view doing) {
  return s.ok() ? Result<void>() : std::unexpected(to_error(s, doing));
}

// The rows of a database that is not written to.
class Rows final : public Reader {
 public:
  explicit Rows(std::shared_ptr<rocksdb::DB> db) : db_(std::move(db)) {}
  Task<Result<std::optional<Value>>> get(Bytes key, Deadline) override {
    std::string value;
    const auto s = db_->Get({}, key, &value);
    if (s.IsNotFound()) co_return std::optional<Value>();
    if (!s.ok()) co_return corrupt(to_error(s, "reading the store"));
    co_return std::optional<Value>(Chunk::copy_of(value));
  }
  Task<Result<Page>> scan(Range range, ScanLimits limits, Deadline) override {
    auto page = *scan_db(*db_, range, limits, nullptr, false);
    if (!page) co_return corrupt(page.error());
    co_return page;
  }

 private:
  // A file that is missing, too, is a place that cannot be read.
  static std::unexpected<Error> corrupt(const Error& e) { return std::unexpected(Error(Errc::corrupt, e.text())); }
  std::shared_ptr<rocksdb::DB> db_;
};

// A folder of plain files.
Result<void> remove_all(Files& files, const std::string& folder) {
  for (const std::string& name : TRY(files.list(folder))) TRY(files.remove(folder + "/" + name));
  return files.remove_folder(folder);
}

Result<void> write_file(Files& files, const std::string& path, ByteView octets) {
  const auto file = TRY(files.open(path, Files::Open::replace));
  TRY(file->write(0, octets));
  return file->sync();
}

class Rebuild {
 public:
  Rebuild(RocksOptions options, const Told& told, const std::function<bool(const Rebuilt&)>& go_on)
      : options_(std::move(options)), files_(*options_.files), told_(told), go_on_(go_on), env_(make_env()) {}

  Result<Rebuilt> run() {
    if (!files_.status(path() + "/log") && !files_.status(path() + "/CURRENT"))
      return fail(Errc::not_found, "there is no store in {}", path());
    TRY(lock());
    TRY(open_best());
    TRY(copy());
    return std::move(out_);
  }

 private:
  const std::string& path() const { return options_.path; }
  std::string log() const { return path() + "/log"; }
  std::string fresh() const { return path() + std::string(kRebuilt); }
  std::shared_ptr<rocksdb::Env> make_env() const { return make_rocks_env(files_, options_.hasty); }
  Result<void> lock() {
    lock_ = TRY(files_.lock(path() + "/LOCK"));
    return {};
  }
  void damage(const std::string& what) {
    ++out_.damaged;
    if (told_) told_(what);
  }

  // --- the old files

  // Past damage of single files if `lenient`.
  Result<std::shared_ptr<rocksdb::DB>> open(bool lenient) {
    rocksdb::Options o = rocks_options(options_);
    o.env = env_.get();
    o.create_if_missing = false;
    o.paranoid_checks = !lenient;
    rocksdb::DB* raw = nullptr;
    TRY(ok(rocksdb::DB::OpenForReadOnly(o, path(), &raw), "opening the store " + path()));
    return std::shared_ptr<rocksdb::DB>(raw, [env = env_](rocksdb::DB* db) { delete db; });
  }
  bool good() const { return db_ && reaches(); }
  // A database of which the end was lost is older than what the log still has; then its other files know more.
  bool reaches() const {
    const auto mark = mark_in(*db_, rocksdb::kReadAllTier);
    if (!mark) return true;  // the row is damaged, not the list of files
    const auto there = log_reaches(files_, log(), *mark);
    return !there || *there;
  }

  Result<void> open_best() {
    if (auto db = open(true); !db) TRY(name_manifest());
    if (auto db = open(true)) {
      db_ = std::move(*db);
      TRY(mend_files());
      db_.reset();
      // A file that was put right may be needed to open.
      if (auto again = open(true)) db_ = std::move(*again);
    }
    if (good()) return {};
    db_.reset();
    return from_all_files();
  }

  // CURRENT, if it does not name a MANIFEST, is written anew: with the newest one.
  Result<void> name_manifest() {
    const std::string path_of_it = path() + "/CURRENT";
    Bytes named;
    if (const auto file = files_.open(path_of_it, Files::Open::read)) {
      named.resize(64);
      named.resize(TRY((*file)->read(0, named)));
    }
    std::pair<std::uint64_t, std::string> newest;
    constexpr std::string_view kManifest = "MANIFEST-";
    for (const std::string& name : TRY(files_.list(path()))) {
      if (!name.starts_with(kManifest)) continue;
      const auto number = to_number<std::uint64_t>(std::string_view(name).substr(kManifest.size()));
      if (number) newest = std::max(newest, std::pair(*number, name));
    }
    if (newest.second.empty() || named == newest.second + "\n") return {};
    damage("CURRENT does not name a MANIFEST");
    if (files_.status(path_of_it)) TRY(files_.rename(path_of_it, path_of_it + std::string(kDamaged)));
    TRY(write_file(files_, path_of_it, newest.second + "\n"));
    return files_.sync_folder(path());
  }

  // Puts the files right in which one bit is wrong.
  Result<void> mend_files() {
    for (const FileSum& f : TRY(file_sums(*db_, files_, path()))) {
      const std::string from = path() + "/" + f.name;
      const auto status = files_.status(from);
      if (!f.sum || !status) continue;
      const std::uint32_t sum = TRY(sum_of_file(files_, from, {}));
      if (sum == *f.sum) continue;
      const auto bit = find_flipped_bit(status->size, sum, *f.sum);
      if (!bit || !TRY(mend_file(from, *bit, status->size))) {
        damage(fmt::format("{} is damaged", f.name));
        continue;
      }
      ++out_.mended;
      if (told_) told_(fmt::format("{}: a bit of octet {} was wrong", f.name, bit->octet));
    }
    return {};
  }

  // False: it makes no sense then.
  Result<bool> mend_file(const std::string& from, FlippedBit bit, std::uint64_t size) {
    const std::string to = from + ".mended";
    {
      const auto source = TRY(files_.open(from, Files::Open::read));
      const auto target = TRY(files_.open(to, Files::Open::replace));
      Bytes piece;
      for (std::uint64_t at = 0; at < size; at += piece.size()) {
        piece.resize(std::min<std::uint64_t>(kPiece, size - at));
        if (TRY(source->read(at, piece)) != piece.size()) return fail(Errc::io, "{} shrinks", from);
        if (bit.octet >= at && bit.octet - at < piece.size()) {
          char& c = piece[bit.octet - at];
          c = static_cast<char>(c ^ bit.mask);
        }
        TRY(target->write(at, piece));
      }
      TRY(target->sync());
    }
    if (from.ends_with(".sst") && !check_blocks(*env_, to)) {
      TRY(files_.remove(to));
      return false;
    }
    TRY(files_.rename(from, from + std::string(kDamaged)));
    TRY(files_.rename(to, from));
    TRY(files_.sync_folder(path()));
    return true;
  }

  // Without a list of the files: all of them. RocksDB puts what it cannot read into "lost".
  Result<void> from_all_files() {
    damage("the list of files of the store cannot be used: all that are there are taken");
    rocksdb::Options o = rocks_options(options_);
    o.env = env_.get();
    lock_.reset();  // it takes it itself
    TRY(ok(rocksdb::RepairDB(path(), o), "finding the files of the store"));
    TRY(lock());
    if (const auto lost = files_.list(path() + "/lost"))
      for (const std::string& name : *lost)
        if (name.ends_with(".sst")) damage(fmt::format("{} cannot be read", name));
    db_ = TRY(open(true));
    return {};
  }

  // --- the new ones

  Result<void> copy() {
    const std::string whole = fresh() + std::string(kWhole);
    if (files_.status(fresh())) TRY(remove_all(files_, fresh()));
    TRY(make_folders(files_, fresh()));
    rocksdb::Options o = rocks_options(options_);
    o.env = env_.get();
    o.error_if_exists = true;
    rocksdb::DB* raw = nullptr;
    TRY(ok(rocksdb::DB::Open(o, fresh(), &raw), "writing the store anew"));
    const std::unique_ptr<rocksdb::DB> to(raw);
    TRY(net::run(copy_rows(this, std::make_shared<Rows>(db_), to.get())));
    LogMark have;
    // Of a damaged row the log tells as well.
    if (const auto mark = mark_in(*db_, rocksdb::kReadAllTier)) have = *mark;
    db_.reset();
    TRY(apply_log(to.get(), have));
    TRY(ok(to->Flush({}), "writing the store anew"));
    TRY(ok(to->Close(), "writing the store anew"));
    TRY(write_file(files_, whole, {}));
    return files_.sync_folder(fresh());
  }

  static Result<void> write(rocksdb::DB* to, rocksdb::WriteBatch* batch) {
    rocksdb::WriteOptions o;
    o.disableWAL = true;
    return ok(to->Write(o, batch), "writing the store anew");
  }

  static Task<Result<void>> copy_rows(Rebuild* self, std::shared_ptr<Reader> from, rocksdb::DB* to) {
    RowWalk walk(std::move(from), {}, [self](const Bytes& after, const Error& why) {
      self->damage(fmt::format("rows behind {} cannot be read: {}", hex(after), why.text()));
    });
    for (;;) {
      const std::vector<Row> rows = CO_TRY(co_await walk.next({Steady::max()}));
      if (rows.empty()) co_return Result<void>();
      rocksdb::WriteBatch batch;
      for (const Row& row : rows) {
        const ByteView value = row.value.view();
        CO_TRY(ok(batch.Put(row.key, {value.data(), value.size()}), "writing the store anew"));
      }
      CO_TRY(write(to, &batch));
      self->out_.rows += rows.size();
      if (self->go_on_ && !self->go_on_(self->out_)) co_return fail(Errc::cancelled, "given up");
    }
  }

  Result<void> apply_log(rocksdb::DB* to, const LogMark& have) {
    const LogSalvage log_says = TRY(salvage_log(
        files_, log(), have,
        [to](ByteView octets) -> Result<void> {
          rocksdb::WriteBatch batch;
          TRY(gather(&batch, octets));
          return write(to, &batch);
        },
        [this](const std::string& why) { damage(why); }));
    out_.batches = log_says.batches;
    out_.mended += log_says.mended;
    // The store goes on behind all that stands in the log now.
    rocksdb::WriteBatch batch;
    TRY(put_mark(&batch, log_says.end));
    return write(to, &batch);
  }

  static std::string hex(ByteView key) {
    std::string out;
    for (const char c : key.substr(0, 40)) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
    return out;
  }

  const RocksOptions options_;
  Files& files_;
  const Told& told_;
  const std::function<bool(const Rebuilt&)>& go_on_;
  std::shared_ptr<rocksdb::Env> env_;
  std::unique_ptr<Files::Lock> lock_;
  std::shared_ptr<rocksdb::DB> db_;
  Rebuilt out_;
};

// The segments go over, then the folders change their names.
Result<std::string> put_in_place(Files& files, const std::string& path) {
  const std::string fresh = path + std::string(kRebuilt);
  std::string aside = path + std::string(kDamaged);
  for (int n = 2; files.status(aside); ++n) aside = fmt::format("{}{}.{}", path, kDamaged, n);
  if (files.status(path + "/log")) TRY(files.rename(path + "/log", fresh + "/log"));
  TRY(files.sync_folder(fresh));
  const std::string above = path.find('/') == path.npos ? "." : path.substr(0, path.rfind('/') + 1);
  if (files.status(path)) TRY(files.rename(path, aside));
  TRY(files.sync_folder(above));
  TRY(files.rename(fresh, path));
  TRY(files.sync_folder(above));
  TRY(files.remove(path + std::string(kWhole)));
  return aside;
}

}  // namespace

Result<Rebuilt> rebuild(RocksOptions options, const std::function<void(const std::string&)>& damaged,
                        const std::function<bool(const Rebuilt&)>& go_on) {
  options.offload = nullptr;
  Files& files = *options.files;
  const std::string path = options.path;
  Rebuilt out;
  if (!files.status(path + std::string(kRebuilt) + std::string(kWhole)))
    out = TRY(Rebuild(std::move(options), damaged, go_on).run());
  out.aside = TRY(put_in_place(files, path));
  return out;
}

}  // namespace chappe::store
