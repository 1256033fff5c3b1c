#include "store/backup.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "base/text.h"
#include "codec/json.h"
#include "crypto/digest.h"

namespace chappe::store {
namespace {

namespace json = codec::json;

constexpr std::int64_t kVersion = 1;
constexpr std::size_t kPiece = 1024 * 1024;
constexpr std::size_t kMaxList = 256 * 1024 * 1024;  // octets of a generation's list

struct Entry {
  std::string name;
  std::uint64_t size = 0;
  std::string sum;  // SHA-256, hexadecimal
  bool final = false;
};

struct List {
  std::uint64_t store = 0;
  std::vector<Entry> files;
};

std::string object_folder(const std::string& backup, const std::string& sum) {
  return fmt::format("{}/objects/{}", backup, sum.substr(0, 2));
}
std::string object_path(const std::string& backup, const std::string& sum) {
  return object_folder(backup, sum) + "/" + sum;
}
std::string list_path(const std::string& backup, const std::string& generation) {
  return fmt::format("{}/generations/{}.json", backup, generation);
}

// Letters, digits, "-._" and, between them, "/"; no name begins with a dot.
bool is_name(std::string_view name) {
  if (name.empty() || name.size() > 255) return false;
  for (const std::string_view part : split(name, '/')) {
    if (part.empty() || part.front() == '.') return false;
    for (const char c : part)
      if (!is_alnum(c) && c != '-' && c != '.' && c != '_') return false;
  }
  return true;
}
bool is_sum(std::string_view sum) {
  return sum.size() == 2 * crypto::Sum256::kSize && sum.find_first_not_of("0123456789abcdef") == sum.npos;
}

std::string encode(const List& list) {
  std::string out;
  json::Writer w(out, 1);
  w.begin_object().field("version", kVersion).field("store", std::to_string(list.store));
  w.key("files").begin_array();
  for (const Entry& e : list.files)
    w.begin_object()
        .field("name", e.name)
        .field("size", e.size)
        .field("sha256", e.sum)
        .field("final", e.final)
        .end_object();
  w.end_array().end_object();
  return out + "\n";
}

Result<List> decode(ByteView text) {
  const json::Value root = TRY(json::parse(text, {.bytes = kMaxList}));
  const auto version = TRY(root.get_int("version"));
  if (version != kVersion)
    return fail(Errc::unsupported, "the backup has version {}, this program knows {}", version, kVersion);
  List list;
  const auto store = to_number<std::uint64_t>(TRY(root.get_string("store")));
  if (!store) return fail(Errc::corrupt, "the backup does not say of which store it is");
  list.store = *store;
  for (const json::Value& file : TRY(root.get("files"))->items()) {
    Entry e;
    e.name = TRY(file.get_string("name"));
    const auto size = TRY(file.get_int("size"));
    e.size = static_cast<std::uint64_t>(size);
    e.sum = TRY(file.get_string("sha256"));
    e.final = TRY(file.get_bool("final"));
    if (size < 0 || !is_name(e.name) || !is_sum(e.sum)) return fail(Errc::corrupt, "the backup's list has a bad entry");
    list.files.push_back(std::move(e));
  }
  return list;
}

Result<Bytes> read_all(Files& files, const std::string& path) {
  const auto file = TRY(files.open(path, Files::Open::read));
  const std::uint64_t size = TRY(file->size());
  if (size > kMaxList) return fail(Errc::too_large, "{} is too large", path);
  Bytes out(size, '\0');
  out.resize(TRY(file->read(0, out)));
  return out;
}

Result<List> read_list(Files& files, const std::string& backup, const std::string& generation) {
  return decode(TRY(read_all(files, list_path(backup, generation))));
}

// Names of the generations, oldest first; nothing when there is no backup.
Result<std::vector<std::string>> names(Files& files, const std::string& backup) {
  auto listed = files.list(backup + "/generations");
  if (!listed && listed.error().code() == Errc::not_found) return std::vector<std::string>();
  std::vector<std::string> out;
  for (const std::string& name : TRY(std::move(listed)))
    if (name.ends_with(".json") && is_name(name)) out.push_back(name.substr(0, name.size() - 5));
  std::ranges::sort(out);
  return out;
}

// Copies octets, sums them up and reports.
class Copying {
 public:
  Copying(Files& files, const OnBackupProgress& progress) : files_(files), progress_(progress) {}

  BackupProgress counts;

  // `size` octets of `from`, or `contents` instead, to `to`, synced. The sum.
  Result<std::string> copy(const std::string& from, std::uint64_t size, ByteView contents, const std::string& to) {
    std::unique_ptr<File> source;
    if (contents.empty()) source = TRY(files_.open(from, Files::Open::read));
    const auto target = TRY(files_.open(to, Files::Open::replace));
    crypto::Sha256 sum;
    Bytes piece;
    for (std::uint64_t at = 0; at < size; at += piece.size()) {
      piece.resize(std::min<std::uint64_t>(size - at, kPiece));
      if (source) {
        if (TRY(source->read(at, piece)) != piece.size()) return fail(Errc::io, "{} is shorter than it was", from);
        source->drop_cache(at, piece.size());
      } else {
        piece = contents.substr(at, piece.size());
      }
      TRY(target->write(at, piece));
      sum.update(piece);
      counts.copied += piece.size();
      TRY(done(piece.size()));
    }
    TRY(target->sync());
    target->drop_cache(0, size);
    return sum.finish().hex();
  }

  // What stands in a file.
  Result<std::string> sum_of(const std::string& path) {
    const auto file = TRY(files_.open(path, Files::Open::read));
    crypto::Sha256 sum;
    Bytes piece;
    for (std::uint64_t at = 0;; at += piece.size()) {
      piece.resize(kPiece);
      piece.resize(TRY(file->read(at, piece)));
      if (piece.empty()) return sum.finish().hex();
      sum.update(piece);
    }
  }

  Result<void> done(std::uint64_t octets) {
    counts.octets += octets;
    if (progress_ && !progress_(counts)) return fail(Errc::cancelled, "given up");
    return {};
  }

 private:
  Files& files_;
  const OnBackupProgress& progress_;
};

// The objects that lists name; those of generations that are not kept go, and the generations with them.
Result<void> forget(Files& files, const std::string& backup, std::uint32_t keep) {
  std::vector<std::string> all = TRY(names(files, backup));
  if (keep == 0 || all.size() <= keep) return {};
  const auto first = all.end() - keep;
  std::set<std::string> needed;
  for (auto i = first; i != all.end(); ++i)
    for (const Entry& e : TRY(read_list(files, backup, *i)).files) needed.insert(e.sum);
  // First the lists: what is listed must be whole at any time.
  std::set<std::string> gone;
  for (auto i = all.begin(); i != first; ++i) {
    if (const auto list = read_list(files, backup, *i))
      for (const Entry& e : list->files)
        if (!needed.contains(e.sum)) gone.insert(e.sum);
    TRY(files.remove(list_path(backup, *i)));
  }
  TRY(files.sync_folder(backup + "/generations"));
  for (const std::string& sum : gone)
    if (const auto removed = files.remove(object_path(backup, sum));
        !removed && removed.error().code() != Errc::not_found)
      return removed;
  return {};
}

}  // namespace

Result<BackupProgress> backup(const Frozen& frozen, const BackupOptions& options) {
  Files& files = *options.files;
  const std::string& to = options.destination;
  if (!is_name(options.generation)) return fail(Errc::invalid, "{} cannot name a generation", options.generation);
  TRY(make_folders(files, to + "/objects"));
  TRY(make_folders(files, to + "/generations"));
  const auto lock = TRY(files.lock(to + "/LOCK"));
  const std::vector<std::string> before = TRY(names(files, to));
  if (std::ranges::find(before, options.generation) != before.end())
    return fail(Errc::exists, "the backup has a generation {} already", options.generation);

  // What is there from the last time, and can only be the same.
  std::map<std::pair<std::string, std::uint64_t>, std::string> known;
  if (!before.empty()) {
    const List last = TRY(read_list(files, to, before.back()));
    if (last.store == frozen.id())
      for (const Entry& e : last.files)
        if (e.final) known[{e.name, e.size}] = e.sum;
  }

  struct Source {
    Entry entry;
    std::string path;
    ByteView contents;
  };
  std::vector<Source> sources;
  for (const Frozen::File& f : frozen.files())
    sources.push_back({{"store/" + f.name, f.size, {}, f.final}, frozen.folder() + "/" + f.name, f.contents});
  for (const BackupExtra& extra : options.extras)
    sources.push_back({{extra.name, TRY(files.status(extra.path)).size, {}, false}, extra.path, {}});

  Copying copying(files, options.progress);
  for (const Source& s : sources) {
    ++copying.counts.all_files;
    copying.counts.all_octets += s.entry.size;
  }
  List list{.store = frozen.id(), .files = {}};
  const std::string arriving = to + "/objects/arriving";
  std::set<std::string> folders;
  for (Source& s : sources) {
    Entry& e = s.entry;
    if (!is_name(e.name)) return fail(Errc::invalid, "{} cannot stand in a backup", e.name);
    const auto same = known.find({e.name, e.size});
    if (same != known.end()) {
      const auto there = files.status(object_path(to, same->second));
      if (there && there->size == e.size) e.sum = same->second;
    }
    if (e.sum.empty()) {
      e.sum = TRY(copying.copy(s.path, e.size, s.contents, arriving));
      if (TRY(copying.sum_of(arriving)) != e.sum)
        return fail(Errc::corrupt, "what was written of {} does not read back: the disk of {} is not to be trusted",
                    e.name, to);
      const std::string folder = object_folder(to, e.sum);
      TRY(make_folders(files, folder));
      TRY(files.rename(arriving, object_path(to, e.sum)));
      folders.insert(folder);
    } else {
      TRY(copying.done(e.size));
    }
    ++copying.counts.files;
    list.files.push_back(std::move(e));
  }
  for (const std::string& folder : folders) TRY(files.sync_folder(folder));
  const Bytes text = encode(list);
  TRY(copying.copy({}, text.size(), text, arriving));
  TRY(files.rename(arriving, list_path(to, options.generation)));
  TRY(files.sync_folder(to + "/generations"));
  copying.counts.octets -= text.size();
  copying.counts.copied -= text.size();
  TRY(forget(files, to, options.keep));
  return copying.counts;
}

Result<std::vector<Generation>> generations(Files& files, const std::string& folder) {
  std::vector<Generation> out;
  for (const std::string& name : TRY(names(files, folder))) {
    const List list = TRY(read_list(files, folder, name));
    Generation g{name, list.files.size(), 0};
    for (const Entry& e : list.files) g.octets += e.size;
    out.push_back(std::move(g));
  }
  if (out.empty()) return fail(Errc::not_found, "{} holds no backup", folder);
  return out;
}

Result<BackupProgress> restore(const RestoreOptions& options) {
  Files& files = *options.files;
  const std::string& to = options.destination;
  if (files.status(to)) return fail(Errc::exists, "{} is there already: name a folder that does not exist yet", to);
  std::string generation = options.generation;
  if (generation.empty()) {
    const std::vector<std::string> all = TRY(names(files, options.source));
    if (all.empty()) return fail(Errc::not_found, "{} holds no backup", options.source);
    generation = all.back();
  } else if (!is_name(generation)) {
    return fail(Errc::invalid, "{} cannot name a generation", generation);
  }
  const List list = TRY(read_list(files, options.source, generation));

  Copying copying(files, options.progress);
  copying.counts.all_files = list.files.size();
  for (const Entry& e : list.files) copying.counts.all_octets += e.size;
  // It gets its name when it is whole.
  const std::string arriving = to + ".arriving";
  if (files.status(arriving)) return fail(Errc::exists, "{} is what an earlier restore left: remove it", arriving);
  TRY(make_folders(files, arriving));
  std::set<std::string> folders{arriving};
  for (const Entry& e : list.files) {
    const std::string path = arriving + "/" + e.name;
    const std::string folder = path.substr(0, path.rfind('/'));
    if (folders.insert(folder).second) TRY(make_folders(files, folder));
    const std::string from = object_path(options.source, e.sum);
    if (TRY(files.status(from)).size != e.size || TRY(copying.copy(from, e.size, {}, path)) != e.sum)
      return fail(Errc::corrupt, "{} of the backup is damaged ({}): try an older generation", e.name, from);
    ++copying.counts.files;
  }
  for (const std::string& folder : folders) TRY(files.sync_folder(folder));
  TRY(files.rename(arriving, to));
  const std::string above = to.find('/') == to.npos ? "." : to.substr(0, to.rfind('/'));
  TRY(files.sync_folder(above.empty() ? "/" : above));
  return copying.counts;
}

}  // namespace chappe::store
