#include "store/rebuild.h"

#include "base/text.h"
#include "store/rocks_db.h"
#include "store/walk.h"

namespace chappe::store {
namespace {

// In PATH.rebuilt: all rows are there, and synced.
constexpr std::string_view kWhole = "WHOLE";

std::unexpected<Error> failed(const rocksdb::Status& s) {
  return fail(Errc::io, "writing the store anew: {}", printable(s.ToString()));
}

// Copies every row that can be read.
Task<Result<Rebuilt>> copy(std::shared_ptr<Reader> from, rocksdb::DB* to, RowWalk::OnDamage damaged) {
  Rebuilt out;
  RowWalk walk(std::move(from), {}, [&out, damaged = std::move(damaged)](const Bytes& after, const Error& why) {
    ++out.damaged;
    if (damaged) damaged(after, why);
  });
  rocksdb::WriteOptions o;
  o.disableWAL = true;
  for (;;) {
    const std::vector<Row> rows = CO_TRY(co_await walk.next({Steady::max()}));
    if (rows.empty()) co_return out;
    rocksdb::WriteBatch batch;
    for (const Row& row : rows) {
      const ByteView value = row.value.view();
      if (const auto s = batch.Put(row.key, {value.data(), value.size()}); !s.ok()) co_return failed(s);
    }
    if (const auto s = to->Write(o, &batch); !s.ok()) co_return failed(s);
    out.rows += rows.size();
  }
}

Result<Rebuilt> copy_all(const RocksOptions& options, const std::string& to, const RowWalk::OnDamage& damaged) {
  const auto from = TRY(open_rocks(options));
  RocksOptions target = options;
  target.path = to;
  const auto env = make_env(target);
  rocksdb::Options o = rocks_options(target);
  o.env = env.get();
  o.error_if_exists = true;
  rocksdb::DB* raw = nullptr;
  if (const auto s = rocksdb::DB::Open(o, to, &raw); !s.ok()) return failed(s);
  const std::unique_ptr<rocksdb::DB> db(raw);
  const Rebuilt out = TRY(net::run(copy(from->snapshot(), db.get(), damaged)));
  if (const auto s = db->Flush({}); !s.ok()) return failed(s);
  if (const auto s = db->Close(); !s.ok()) return failed(s);
  return out;
}

// A folder of plain files.
Result<void> remove_all(Files& files, const std::string& folder) {
  for (const std::string& name : TRY(files.list(folder))) TRY(files.remove(folder + "/" + name));
  return files.remove_folder(folder);
}

}  // namespace

Result<Rebuilt> rebuild(RocksOptions options, std::function<void(const Bytes&, const Error&)> damaged) {
  Files& files = *options.files;
  options.offload = nullptr;
  const std::string& path = options.path;
  const std::string fresh = path + ".rebuilt";
  const std::string old = path + ".damaged";
  const std::string whole = fresh + "/" + std::string(kWhole);
  Rebuilt out;
  if (!files.status(whole)) {
    if (files.status(old)) return fail(Errc::exists, "{} is what an earlier repair left: move it away", old);
    if (files.status(fresh)) TRY(remove_all(files, fresh));
    TRY(make_folders(files, fresh));
    out = TRY(copy_all(options, fresh, damaged));
    const auto mark = TRY(files.open(whole, Files::Open::create));
    TRY(mark->sync());
    TRY(files.sync_folder(fresh));
  }
  // The segments go over, then the folders change their names.
  if (files.status(path + "/log")) TRY(files.rename(path + "/log", fresh + "/log"));
  TRY(files.sync_folder(fresh));
  const std::string above = path.find('/') == path.npos ? "." : path.substr(0, path.rfind('/') + 1);
  if (files.status(path)) TRY(files.rename(path, old));
  TRY(files.rename(fresh, path));
  TRY(files.sync_folder(above));
  TRY(files.remove(path + "/" + std::string(kWhole)));
  return out;
}

}  // namespace chappe::store
