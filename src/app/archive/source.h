// Letters outside the store, as they are read for an import: Maildir with its folders, mbox files, trees of .eml, and
// zips of these. A source hands its letters to a sink, one after another, octets in pieces, so that neither a large
// letter nor a large file is held; names of files are held kNames at a time, in order.
//
// What it reads may be hostile. It follows no link, opens nothing but regular files, goes kMaxDepth folders deep, reads
// no more of a zip than kMostRatio times what the zip has, and says of everything that it leaves out, why.
//
// Main thread only; blocks.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "post/care/file_names.h"
#include "post/mailbox/types.h"

namespace chappe::app {

enum class ArchiveFormat : std::uint8_t { any, maildir, mbox, eml, zip };
// Nothing for a name that is none.
std::optional<ArchiveFormat> archive_format(std::string_view name);

inline constexpr std::size_t kMaxDepth = 128;
inline constexpr std::size_t kNames = 50'000;
inline constexpr std::uint64_t kMostRatio = 200;                      // octets for one of a zip
inline constexpr std::uint64_t kRatioFree = 64 * 1024 * 1024;         // octets of one file, before that is looked at
inline constexpr std::uint64_t kMostKeywordTable = 64 * 1024;         // octets of a dovecot-keywords
inline constexpr std::uint64_t kMostLetterFile = 1024 * 1024 * 1024;  // octets of a letter

struct IncomingLetter {
  std::string mailbox;           // empty: what is at the top of the source
  std::optional<Time> date;      // when it came
  std::optional<Time> modified;  // the file was; for want of anything better
  post::FlagList flags;
  std::string where;  // for people
};

class LetterSink {
 public:
  virtual ~LetterSink() = default;
  // Octets of the next letter, as the store is to have them. Errors end the import.
  virtual Result<void> octets(ByteView octets) = 0;
  // That was all of it.
  virtual Result<void> letter(IncomingLetter letter) = 0;
  // It was none after all: what octets() brought is forgotten.
  virtual void drop() = 0;
  // Left out, and why. `where` and `why` may hold anything.
  virtual void skipped(std::string where, std::string why) = 0;
  // How far the source has been read: octets of a file, or files of a tree.
  virtual void progress(std::uint64_t done, std::uint64_t total) = 0;
};

// Everything of `path`. A single mbox file is a mailbox of its name, unless its letters are wanted at the top. Errors:
// usage (it cannot be read, or is not what `format` says), and those of the sink.
enum class SingleFile : std::uint8_t { named, top };
Result<void> read_archive(const std::string& path, ArchiveFormat format, SingleFile single, LetterSink& sink);

// --- inside

// One file of a source: where it lies below the top, and its octets.
struct SourceFile {
  std::vector<std::string> path;  // folders and name; of a single file its name alone
  std::optional<Time> modified;
  std::uint64_t size = 0;
  // Some octets into the buffer; 0 at the end.
  std::function<Result<std::size_t>(char* buffer, std::size_t size)> read;
};

// Takes files apart into letters, for all kinds of sources.
class FileReader {
 public:
  FileReader(ArchiveFormat format, LetterSink& sink) : format_(format), sink_(sink) {}
  // Whether the file is a table of keywords, which has to come before the letters beside it.
  static bool is_table(const std::vector<std::string>& path) { return path.back() == "dovecot-keywords"; }
  Result<void> take_table(SourceFile& file);
  Result<void> take(SourceFile& file);
  // There is nothing but this file.
  void set_single(SingleFile single) { single_ = single; }
  // Octets read since the beginning.
  std::uint64_t done() const { return done_; }
  void set_total(std::uint64_t total) { total_ = total; }

 private:
  Result<void> take_letter(SourceFile& file, IncomingLetter letter, Bytes head);
  Result<void> take_mbox(SourceFile& file, std::string mailbox, Bytes head);
  Result<Bytes> read_head(SourceFile& file);
  const std::vector<std::string>& keywords_of(const std::vector<std::string>& folder);

  const ArchiveFormat format_;
  LetterSink& sink_;
  std::optional<SingleFile> single_;
  std::uint64_t done_ = 0, total_ = 0;
  std::vector<std::pair<std::vector<std::string>, std::vector<std::string>>> tables_;  // of folders, newest last
};

Result<void> read_zip(const std::string& path, FileReader& reader, LetterSink& sink);
bool looks_like_zip(ByteView head);
// "a/b/c" for people.
std::string joined(const std::vector<std::string>& path);

}  // namespace chappe::app
