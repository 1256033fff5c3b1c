// A zip as a source, by libarchive. Only its zip format is switched on.
#include <archive.h>
#include <archive_entry.h>

#include <memory>

#include "app/archive/source.h"
#include "app/archive/zip_locale.h"
#include "base/text.h"

namespace chappe::app {
namespace {

constexpr std::size_t kBlock = 64 * 1024;

using Reading = std::unique_ptr<archive, int (*)(archive*)>;

Result<Reading> open(const std::string& path) {
  Reading a(archive_read_new(), archive_read_free);
  if (!a) return fail(Errc::busy, "no memory for reading a zip");
  archive_read_support_format_zip_seekable(a.get());
  if (archive_read_open_filename(a.get(), path.c_str(), kBlock) != ARCHIVE_OK)
    return fail(Errc::usage, "{} cannot be read as a zip: {}", printable(path), archive_error_string(a.get()));
  return a;
}

// The folders and the name; nothing, and why, for one that leads elsewhere.
Result<std::vector<std::string>> path_of(archive_entry* entry) {
  const char* name = archive_entry_pathname(entry);
  if (!name || !*name) return fail(Errc::invalid, "it has no name");
  std::vector<std::string> out;
  const std::string_view whole = name;
  if (whole.starts_with('/')) return fail(Errc::invalid, "its name leads out of the zip");
  if (whole.find('\\') != whole.npos) return fail(Errc::invalid, "its name has a backslash");
  for (const std::string_view part : split(whole, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == "..") return fail(Errc::invalid, "its name leads out of the zip");
    out.emplace_back(part);
  }
  if (out.empty()) return fail(Errc::invalid, "it has no name");
  if (out.size() > kMaxDepth) return fail(Errc::invalid, "it is too deep");
  return out;
}

std::string error_of(archive* a) {
  const char* text = archive_error_string(a);
  return std::string("it cannot be read: ") + (text ? text : "damaged");
}

// Both passes: the tables of keywords, then everything else. True: there is another entry.
Result<void> pass(const std::string& path, bool tables, FileReader& reader, LetterSink& sink) {
  const Reading a = TRY(open(path));
  for (;;) {
    archive_entry* entry = nullptr;
    const int got = archive_read_next_header(a.get(), &entry);
    if (got == ARCHIVE_EOF) return {};
    if (got < ARCHIVE_WARN) {
      if (!tables) sink.skipped(printable(path), error_of(a.get()));
      return {};
    }
    const auto kind = archive_entry_filetype(entry);
    if (kind == AE_IFDIR) continue;
    const auto name = path_of(entry);
    const char* raw = archive_entry_pathname(entry);
    if (!name || kind != AE_IFREG) {
      if (!tables) sink.skipped(raw ? raw : "", name ? "it is no regular file" : name.error().text());
      continue;
    }
    if (FileReader::is_table(*name) != tables) continue;
    if (archive_entry_is_data_encrypted(entry)) {
      sink.skipped(joined(*name), "it is encrypted");
      continue;
    }
    SourceFile file{.path = *name, .modified = {}, .size = 0, .read = {}};
    if (archive_entry_mtime_is_set(entry))
      file.modified = Time{static_cast<std::int64_t>(archive_entry_mtime(entry)) * 1'000'000 +
                           archive_entry_mtime_nsec(entry) / 1000};
    std::uint64_t unpacked = 0;
    const auto packed_before = static_cast<std::uint64_t>(archive_filter_bytes(a.get(), -1));
    file.read = [&](char* buffer, std::size_t size) -> Result<std::size_t> {
      const la_ssize_t n = archive_read_data(a.get(), buffer, size);
      if (n < 0) return fail(Errc::io, "{}", error_of(a.get()));
      unpacked += static_cast<std::uint64_t>(n);
      const auto packed = static_cast<std::uint64_t>(archive_filter_bytes(a.get(), -1));
      // Seeking back and forth may make the count of what was read smaller.
      const std::uint64_t used = (packed > packed_before ? packed - packed_before : 0) + kBlock;
      if (unpacked > kRatioFree && unpacked / kMostRatio > used)
        return fail(Errc::too_large, "it unpacks to more than {} times its size", kMostRatio);
      return static_cast<std::size_t>(n);
    };
    if (tables)
      TRY(reader.take_table(file));
    else
      TRY(reader.take(file));
  }
}

}  // namespace

bool looks_like_zip(ByteView head) {
  // a local file header; or the end of an empty archive (APPNOTE.TXT §4.3.7, §4.3.16)
  return head.starts_with(std::string_view("PK\x03\x04", 4)) || head.starts_with(std::string_view("PK\x05\x06", 4));
}

Result<void> read_zip(const std::string& path, FileReader& reader, LetterSink& sink) {
  const Utf8Locale utf8;
  reader.set_total(0);  // of what it unpacks to, nobody has told
  TRY(pass(path, true, reader, sink));
  return pass(path, false, reader, sink);
}

}  // namespace chappe::app
