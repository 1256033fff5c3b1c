// Whether RocksDB's files still are what it wrote: it keeps a sum of each in its MANIFEST, but looks at it only when it
// is told to, and reads past some kinds of damage (removed ranges, filters) without a word.
#include <fmt/format.h>
#include <rocksdb/file_checksum.h>
#include <rocksdb/sst_file_reader.h>

#include <algorithm>

#include "base/text.h"
#include "store/crc32c.h"
#include "store/rocks_db.h"

namespace chappe::store {
namespace {

constexpr std::size_t kPiece = 1024 * 1024;

// Written by RocksDB's generator in network order.
std::optional<std::uint32_t> sum_of(std::string_view octets, std::string_view function) {
  if (octets.size() != 4 || function != rocksdb::kStandardDbFileChecksumFuncName) return std::nullopt;
  std::uint32_t sum = 0;
  for (const char c : octets) sum = sum << 8 | static_cast<unsigned char>(c);
  return sum;
}

}  // namespace

Result<std::vector<FileSum>> file_sums(rocksdb::DB& db, Files& files, const std::string& folder) {
  const std::unique_ptr<rocksdb::FileChecksumList> list(rocksdb::NewFileChecksumList());
  std::vector<std::uint64_t> numbers;
  std::vector<std::string> sums, functions;
  auto s = db.GetLiveFilesChecksumInfo(list.get());
  if (s.ok()) s = list->GetAllFileChecksums(&numbers, &sums, &functions);
  if (!s.ok()) return std::unexpected(to_error(s, "listing the files of the store"));
  std::vector<FileSum> out;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    std::string name = fmt::format("{:06}.sst", numbers[i]);
    if (!files.status(folder + "/" + name)) name = fmt::format("{:06}.blob", numbers[i]);
    out.push_back({std::move(name), sum_of(sums[i], functions[i])});
  }
  std::ranges::sort(out, {}, &FileSum::name);
  return out;
}

Result<std::uint32_t> sum_of_file(Files& files, const std::string& path,
                                  const std::function<bool(std::uint64_t)>& go_on) {
  const auto file = TRY(files.open(path, Files::Open::read));
  std::uint32_t sum = 0;
  Bytes piece;
  for (std::uint64_t at = 0;; at += piece.size()) {
    piece.resize(kPiece);
    piece.resize(TRY(file->read(at, piece)));
    if (piece.empty()) return sum;
    sum = crc32c(piece, sum);
    if (go_on && !go_on(piece.size())) return fail(Errc::cancelled, "given up");
  }
}

Result<void> check_blocks(rocksdb::Env& env, const std::string& path) {
  rocksdb::Options o;
  o.env = &env;
  rocksdb::SstFileReader reader(o);
  auto s = reader.Open(path);
  if (s.ok()) s = reader.VerifyChecksum();
  if (!s.ok()) return std::unexpected(to_error(s, "reading " + path));
  return {};
}

Result<std::vector<LiveFiles::Damage>> RocksDb::damaged_files(const LiveFiles::GoOn& go_on) {
  std::vector<LiveFiles::Damage> out;
  for (const FileSum& f : TRY(file_sums(*db_, files_, path_))) {
    const std::string path = path_ + "/" + f.name;
    if (f.sum) {
      const auto sum = sum_of_file(files_, path, go_on);
      if (sum && *sum == *f.sum) continue;
      if (sum)
        out.push_back({f.name, fmt::format("its sum is {:08x} instead of {:08x}", *sum, *f.sum)});
      else if (sum.error().code() == Errc::cancelled)
        return std::unexpected(sum.error());
      else
        out.push_back({f.name, sum.error().text()});
    } else if (f.name.ends_with(".sst")) {
      // From before there were sums of whole files.
      if (const auto good = check_blocks(*env_, path); !good) out.push_back({f.name, good.error().text()});
      if (go_on && !go_on(0)) return fail(Errc::cancelled, "given up");
    }
    // A store that is served removes files meanwhile.
    if (!out.empty() && out.back().file == f.name && !files_.status(path)) {
      const auto now = TRY(file_sums(*db_, files_, path_));
      if (std::ranges::find(now, f.name, &FileSum::name) == now.end()) out.pop_back();
    }
  }
  // What names them, as the next opening will find it.
  rocksdb::DBOptions o;
  o.env = env_.get();
  std::vector<std::string> families;
  const auto s = rocksdb::DB::ListColumnFamilies(o, path_, &families);
  if (s.IsCorruption()) out.push_back({"MANIFEST", printable(s.ToString())});
  return out;
}

}  // namespace chappe::store
