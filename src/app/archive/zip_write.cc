// An export into a zip, by libarchive: a tree of .eml, as EmlTarget writes it into a folder.
#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "app/archive/target.h"
#include "app/archive/zip_locale.h"
#include "base/text.h"
#include "post/care/line_ends.h"

namespace chappe::app {
namespace {

class ZipTarget final : public LetterTarget {
 public:
  explicit ZipTarget(std::string path) : path_(std::move(path)), part_(path_ + ".part"), zip_(archive_write_new()) {}
  ~ZipTarget() override {
    if (entry_) archive_entry_free(entry_);
    archive_write_free(zip_);
    if (!done_ && mine_) (void)::unlink(part_.c_str());
  }

  Result<void> open() {
    struct stat s{};
    if (::lstat(path_.c_str(), &s) == 0) return fail(Errc::exists, "{} is there already", printable(path_));
    fd_ = ::open(part_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd_ < 0) return fail(Errc::usage, "{}: {}", printable(part_), std::strerror(errno));
    mine_ = true;
    entry_ = archive_entry_new();
    if (archive_write_set_format_zip(zip_) != ARCHIVE_OK || archive_write_open_fd(zip_, fd_) != ARCHIVE_OK)
      return broken();
    return {};
  }

  Result<post::Uid> begin(const OutgoingMailbox& mailbox) override {
    TRY(write_table());
    folder_.clear();
    for (const std::string& part : post::tree_path(mailbox.name)) folder_ += part + "/";
    keywords_ = {};
    TRY(start(folder_, 0, {}, true));
    return post::Uid{0};
  }

  Result<Inexact> letter(const Outgoing& letter) override {
    // Once it has a place in the zip it must fill it.
    TRY(letter.read([](ByteView) { return Result<void>(); }));
    post::LineEndsLook look;
    const auto numbers = keywords_.of(letter.flags.keywords);
    TRY(start(folder_ + post::eml_name(letter.uid, {letter.date, letter.flags.system, numbers}), letter.size,
              letter.date, false));
    std::uint64_t written = 0;
    auto read = letter.read([&](ByteView octets) -> Result<void> {
      look.feed(octets);
      written += octets.size();
      return add(octets);
    });
    // Its place in the zip is taken.
    if (!read && read.error().code() == Errc::not_found)
      return fail(Errc::conflict, "a letter was deleted while it was written: begin the export anew");
    TRY(std::move(read));
    if (written != letter.size) return fail(Errc::corrupt, "a letter has another size than its record says");
    return look.exact() ? Inexact() : Inexact("it has line ends of more than one kind");
  }

  Result<void> keep() override { return {}; }

  Result<void> finish() override {
    TRY(write_table());
    if (archive_write_close(zip_) != ARCHIVE_OK) return broken();
    if (::fsync(fd_) != 0 || ::close(fd_) != 0) return fail(Errc::io, "{}: {}", printable(part_), std::strerror(errno));
    // Not over a file that has come meanwhile.
    if (::link(part_.c_str(), path_.c_str()) != 0)
      return fail(errno == EEXIST ? Errc::exists : Errc::io, "{}: {}", printable(path_), std::strerror(errno));
    (void)::unlink(part_.c_str());
    done_ = true;
    return {};
  }

 private:
  std::unexpected<Error> broken() {
    const char* text = archive_error_string(zip_);
    return fail(archive_errno(zip_) == ENOSPC ? Errc::no_space : Errc::io, "writing {}: {}", printable(path_),
                text ? text : "no reason given");
  }
  Result<void> start(const std::string& name, std::uint64_t size, Time date, bool folder) {
    archive_entry_clear(entry_);
    archive_entry_set_pathname(entry_, name.c_str());
    archive_entry_set_filetype(entry_, folder ? AE_IFDIR : AE_IFREG);
    archive_entry_set_perm(entry_, folder ? 0700 : 0600);
    archive_entry_set_size(entry_, static_cast<la_int64_t>(size));
    archive_entry_set_mtime(entry_, date.us / 1'000'000, static_cast<long>(date.us % 1'000'000 * 1000));
    if (archive_write_header(zip_, entry_) != ARCHIVE_OK) return broken();
    return {};
  }
  Result<void> add(ByteView octets) {
    while (!octets.empty()) {
      const la_ssize_t n = archive_write_data(zip_, octets.data(), octets.size());
      if (n <= 0) return broken();
      octets.remove_prefix(static_cast<std::size_t>(n));
    }
    return {};
  }
  // Behind the letters of a mailbox: only then all its keywords are known.
  Result<void> write_table() {
    if (keywords_.names().empty()) return {};
    const std::string table = post::keyword_table(keywords_.names());
    TRY(start(folder_ + "dovecot-keywords", table.size(), {}, false));
    return add(table);
  }

  const Utf8Locale utf8_;  // for as long as it writes
  const std::string path_, part_;
  archive* zip_;
  archive_entry* entry_ = nullptr;
  int fd_ = -1;
  bool mine_ = false, done_ = false;
  std::string folder_;
  KeywordNumbers keywords_;
};

}  // namespace

Result<std::unique_ptr<LetterTarget>> open_zip_target(const std::string& path) {
  auto target = std::make_unique<ZipTarget>(path);
  TRY(target->open());
  return target;
}

}  // namespace chappe::app
