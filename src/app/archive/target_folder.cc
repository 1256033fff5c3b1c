// Exports into a folder: Maildir, mbox and eml.
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>

#include "app/archive/target.h"
#include "base/text.h"
#include "codec/json.h"
#include "post/care/line_ends.h"
#include "post/care/mbox.h"

namespace chappe::app {
namespace {

constexpr std::string_view kState = ".chappe-export";
constexpr std::string_view kTable = "dovecot-keywords";
constexpr std::size_t kMostState = 64 * 1024 * 1024;

std::unexpected<Error> failed(std::string_view what, const std::string& path) {
  const int error = errno;
  return fail(error == ENOSPC || error == EDQUOT ? Errc::no_space : Errc::io, "{} {}: {}", what, printable(path),
              std::strerror(error));
}

Result<void> write_all(int fd, ByteView octets, const std::string& path) {
  while (!octets.empty()) {
    const ssize_t n = ::write(fd, octets.data(), octets.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed("writing", path);
    octets.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

Result<void> make_folder(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) == 0) return {};
  struct stat s{};
  if (errno == EEXIST && ::stat(path.c_str(), &s) == 0 && S_ISDIR(s.st_mode)) return {};
  return failed("making", path);
}

Result<void> write_file(const std::string& path, ByteView octets) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return failed("making", path);
  auto written = write_all(fd, octets, path);
  ::close(fd);
  return written;
}

Result<Bytes> read_file(const std::string& path, std::size_t most) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return errno == ENOENT ? Result<Bytes>(Bytes()) : failed("opening", path);
  Bytes out;
  char buffer[64 * 1024];
  ssize_t n = 0;
  while ((n = ::read(fd, buffer, sizeof buffer)) > 0 && out.size() <= most)
    out.append(buffer, static_cast<std::size_t>(n));
  ::close(fd);
  if (n < 0) return failed("reading", path);
  return out;
}

// The lines of .chappe-export: the last of a mailbox counts.
struct Place {
  std::uint32_t uidvalidity = 0;
  std::uint32_t uid = 0;
  std::uint64_t octets = 0;  // of its file, for mbox
};

// What the three formats share: the folder, and what is remembered of it.
class FolderTarget : public LetterTarget {
 public:
  ~FolderTarget() override {
    if (state_ >= 0) ::close(state_);
  }

  Result<void> open(std::string path, std::string_view format) {
    path_ = std::move(path);
    while (path_.size() > 1 && path_.ends_with('/')) path_.pop_back();
    TRY(make_folder(path_));
    const std::string file = path_ + "/" + std::string(kState);
    const Bytes text = TRY(read_file(file, kMostState));
    if (text.empty() && TRY(has_entries()))
      return fail(Errc::exists, "{} is there and holds something that is no export", printable(path_));
    bool first = true;
    for (const std::string_view line : split(text, '\n')) {
      const auto value = codec::json::parse(line);
      if (!value) break;  // the end was torn
      if (first && value->get_string("format").value_or("") != format)
        return fail(Errc::exists, "{} holds an export of another format", printable(path_));
      if (!first)
        places_[std::string(value->get_string("mailbox").value_or(""))] = {
            static_cast<std::uint32_t>(value->get_int("uidvalidity").value_or(0)),
            static_cast<std::uint32_t>(value->get_int("uid").value_or(0)),
            static_cast<std::uint64_t>(value->get_int("octets").value_or(0))};
      first = false;
    }
    const auto whole = text.rfind('\n');
    state_ = ::open(file.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    const auto size = static_cast<off_t>(whole == text.npos ? 0 : whole + 1);
    if (state_ < 0 || ::ftruncate(state_, size) != 0 || ::lseek(state_, 0, SEEK_END) < 0)
      return failed("writing", file);
    if (size != 0) return {};
    std::string line;
    codec::json::Writer(line).begin_object().field("format", format).end_object();
    return write_all(state_, line + "\n", file);
  }

  Result<post::Uid> begin(const OutgoingMailbox& mailbox) override {
    mailbox_ = mailbox;
    place_ = places_[mailbox.name];
    if (place_.uidvalidity != mailbox.uidvalidity) place_.uid = 0;
    place_.uidvalidity = mailbox.uidvalidity;
    keywords_ = {};
    TRY(enter());
    return post::Uid{place_.uid};
  }
  Result<Inexact> letter(const Outgoing& letter) override {
    const Inexact inexact = TRY(put(letter));
    place_.uid = letter.uid.value;
    changed_ = true;
    return inexact;
  }
  Result<void> keep() override {
    if (!std::exchange(changed_, false)) return {};
    if (::syncfs(state_) != 0) return failed("syncing", path_);
    places_[mailbox_.name] = place_;
    std::string line;
    codec::json::Writer w(line);
    w.begin_object().field("mailbox", mailbox_.name).field("uidvalidity", place_.uidvalidity);
    w.field("uid", place_.uid).field("octets", place_.octets).end_object();
    TRY(write_all(state_, line + "\n", path_));
    return ::fdatasync(state_) == 0 ? Result<void>() : failed("syncing", path_);
  }
  Result<void> finish() override { return keep(); }

 protected:
  // Makes the place of mailbox_ ready, from place_ on.
  virtual Result<void> enter() = 0;
  virtual Result<Inexact> put(const Outgoing& letter) = 0;

  // Takes away what an interrupted export has left: files of ours for letters behind place_.
  Result<void> take_away_behind(const std::string& folder,
                                std::optional<std::uint32_t> (*uid_of)(std::string_view, std::uint32_t)) {
    DIR* dir = ::opendir(folder.c_str());
    if (!dir) return failed("listing", folder);
    while (const dirent* entry = ::readdir(dir)) {
      const auto uid = uid_of(entry->d_name, mailbox_.uidvalidity);
      if (uid && *uid > place_.uid) (void)::unlink((folder + "/" + entry->d_name).c_str());
    }
    ::closedir(dir);
    return {};
  }

  Result<void> make_tree(const std::vector<std::string>& folders) {
    folder_ = path_;
    for (const std::string& folder : folders) {
      folder_ += "/" + folder;
      TRY(make_folder(folder_));
    }
    return {};
  }

  // A new file with the letter's date; its name only when it is whole.
  Result<void> put_file(const std::string& temporary, const std::string& name, Time date,
                        const std::function<Result<void>(int fd)>& write) {
    const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) return failed("making", temporary);
    auto written = write(fd);
    timespec times[2] = {};
    times[0].tv_sec = times[1].tv_sec = date.us / 1'000'000;
    times[0].tv_nsec = times[1].tv_nsec = date.us % 1'000'000 * 1000;
    if (written && ::futimens(fd, times) != 0) written = failed("dating", temporary);
    if (::close(fd) != 0 && written) written = failed("writing", temporary);
    if (written && ::rename(temporary.c_str(), name.c_str()) != 0) written = failed("naming", name);
    if (!written) (void)::unlink(temporary.c_str());
    return written;
  }

  Result<std::vector<std::size_t>> keyword_numbers(const Outgoing& letter, const std::string& folder) {
    const std::size_t before = keywords_.names().size();
    auto numbers = keywords_.of(letter.flags.keywords);
    if (keywords_.names().size() != before)
      TRY(write_file(folder + "/" + std::string(kTable), post::keyword_table(keywords_.names())));
    return numbers;
  }
  Result<void> read_keywords(const std::string& folder) {
    keywords_.set(post::parse_keyword_table(TRY(read_file(folder + "/" + std::string(kTable), kMostKeywordTable))));
    return {};
  }

  std::string path_, folder_;
  OutgoingMailbox mailbox_;
  Place place_;
  KeywordNumbers keywords_;

 private:
  Result<bool> has_entries() {
    DIR* dir = ::opendir(path_.c_str());
    if (!dir) return failed("listing", path_);
    bool out = false;
    while (const dirent* entry = ::readdir(dir))
      if (const std::string_view name = entry->d_name; name != "." && name != ".." && name != kState) out = true;
    ::closedir(dir);
    return out;
  }

  int state_ = -1;
  bool changed_ = false;
  std::map<std::string, Place> places_;
};

class MaildirTarget final : public FolderTarget {
 private:
  Result<void> enter() override {
    const std::string name = TRY(post::maildir_folder(mailbox_.name));
    TRY(make_tree(name.empty() ? std::vector<std::string>() : std::vector<std::string>{name}));
    for (const char* sub : {"/cur", "/new", "/tmp"}) TRY(make_folder(folder_ + sub));
    // Maildir++: says that it is a folder of another Maildir.
    if (!name.empty()) TRY(write_file(folder_ + "/maildirfolder", ""));
    TRY(read_keywords(folder_));
    return take_away_behind(folder_ + "/cur", [](std::string_view file, std::uint32_t uidvalidity) {
      const std::string mine = fmt::format("V{}.chappe", uidvalidity);
      const std::string_view unique = post::parse_maildir_name(file).unique;
      const auto u = unique.find(".U");
      if (u == unique.npos || !unique.ends_with(mine)) return std::optional<std::uint32_t>();
      return to_number<std::uint32_t>(unique.substr(u + 2, unique.size() - u - 2 - mine.size()));
    });
  }

  Result<Inexact> put(const Outgoing& letter) override {
    post::LineEndsLook look;
    TRY(letter.read([&look](ByteView octets) -> Result<void> {
      look.feed(octets);
      return {};
    }));
    const auto numbers = TRY(keyword_numbers(letter, folder_));
    const std::string unique =
        fmt::format("{}.U{:010}V{}.chappe", letter.date.us / 1'000'000, letter.uid.value, mailbox_.uidvalidity);
    const std::string name = folder_ + "/cur/" + post::maildir_name(unique, letter.flags.system, numbers);
    TRY(put_file(folder_ + "/tmp/" + unique, name, letter.date, [&](int fd) -> Result<void> {
      post::LineEndsOut ends;
      Bytes out;
      TRY(letter.read([&](ByteView octets) -> Result<void> {
        if (!look.plain()) return write_all(fd, octets, unique);
        out.clear();
        ends.feed(octets, out);
        return write_all(fd, out, unique);
      }));
      out.clear();
      ends.finish(out);
      return write_all(fd, out, unique);
    }));
    if (std::ranges::any_of(numbers, [](std::size_t n) { return n >= post::kMaildirKeywords; }))
      return "a Maildir has room for 26 keywords in a folder";
    return look.exact() ? Inexact() : Inexact("it has line ends of more than one kind");
  }
};

class EmlTarget final : public FolderTarget {
 private:
  Result<void> enter() override {
    TRY(make_tree(post::tree_path(mailbox_.name)));
    TRY(read_keywords(folder_));
    return take_away_behind(folder_, [](std::string_view file, std::uint32_t) {
      if (!post::parse_eml_name(file)) return std::optional<std::uint32_t>();
      return to_number<std::uint32_t>(file.substr(0, file.find('_')));
    });
  }
  Result<Inexact> put(const Outgoing& letter) override {
    const auto numbers = TRY(keyword_numbers(letter, folder_));
    const std::string name = post::eml_name(letter.uid, {letter.date, letter.flags.system, numbers});
    post::LineEndsLook look;
    TRY(put_file(folder_ + "/.part", folder_ + "/" + name, letter.date, [&](int fd) -> Result<void> {
      return letter.read([&](ByteView octets) -> Result<void> {
        look.feed(octets);
        return write_all(fd, octets, name);
      });
    }));
    return look.exact() ? Inexact() : Inexact("it has line ends of more than one kind");
  }
};

class MboxTarget final : public FolderTarget {
 public:
  ~MboxTarget() override {
    if (fd_ >= 0) ::close(fd_);
  }

 private:
  Result<void> enter() override {
    std::vector<std::string> path = post::tree_path(mailbox_.name);
    const std::string file = path.back() + ".mbox";
    path.pop_back();
    TRY(make_tree(path));
    name_ = folder_ + "/" + file;
    if (fd_ >= 0) ::close(fd_);
    fd_ = ::open(name_.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd_ < 0) return failed("making", name_);
    if (::ftruncate(fd_, static_cast<off_t>(place_.octets)) != 0 || ::lseek(fd_, 0, SEEK_END) < 0)
      return failed("writing", name_);
    return {};
  }
  Result<Inexact> put(const Outgoing& letter) override {
    post::LineEndsLook look;
    post::MboxFieldLook fields;
    TRY(letter.read([&](ByteView octets) -> Result<void> {
      look.feed(octets);
      fields.feed(octets);
      return {};
    }));
    const std::uint64_t before = place_.octets;
    if (auto written = write(letter, look.plain()); !written) {
      // Half a letter would swallow the next.
      place_.octets = before;
      (void)!::ftruncate(fd_, static_cast<off_t>(before));
      (void)::lseek(fd_, 0, SEEK_END);
      return std::unexpected(written.error());
    }
    if (fields.found()) return "its header has fields that say flags in an mbox (Status and the like)";
    if (!look.closed()) return "its last line has no end";
    return look.exact() ? Inexact() : Inexact("it has line ends of more than one kind");
  }
  Result<void> write(const Outgoing& letter, bool plain) {
    post::MboxWriter writer;
    writer.set_plain(plain);
    TRY(add(post::MboxWriter::begin(letter.date, letter.flags)));
    TRY(letter.read([&](ByteView octets) { return add(writer.feed(octets)); }));
    return add(writer.finish());
  }
  Result<void> add(const Bytes& octets) {
    TRY(write_all(fd_, octets, name_));
    place_.octets += octets.size();
    return {};
  }

  std::string name_;
  int fd_ = -1;
};

template <class T>
Result<std::unique_ptr<LetterTarget>> opened(const std::string& path, std::string_view format) {
  auto target = std::make_unique<T>();
  TRY(target->open(path, format));
  return target;
}

}  // namespace

std::vector<std::size_t> KeywordNumbers::of(const std::vector<std::string>& keywords) {
  std::vector<std::size_t> out;
  for (const std::string& keyword : keywords) {
    const auto at = std::ranges::find_if(names_, [&](const std::string& n) { return iequals(n, keyword); });
    out.push_back(static_cast<std::size_t>(at - names_.begin()));
    if (at == names_.end()) names_.push_back(keyword);
  }
  std::ranges::sort(out);
  return out;
}

Result<std::unique_ptr<LetterTarget>> open_target(const std::string& path, ArchiveFormat format) {
  switch (format) {
    case ArchiveFormat::mbox:
      return opened<MboxTarget>(path, "mbox");
    case ArchiveFormat::eml:
      return opened<EmlTarget>(path, "eml");
    case ArchiveFormat::zip:
      return open_zip_target(path);
    default:
      return opened<MaildirTarget>(path, "maildir");
  }
}

}  // namespace chappe::app
