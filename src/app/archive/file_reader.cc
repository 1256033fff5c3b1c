// What a file of a source is, and the letters in it.
#include <algorithm>

#include "app/archive/source.h"
#include "base/text.h"
#include "post/care/line_ends.h"
#include "post/care/mbox.h"

namespace chappe::app {
namespace {

constexpr std::size_t kBuffer = 256 * 1024;
constexpr std::size_t kHead = 1024;
constexpr std::size_t kTables = 1000;  // of keywords, that are remembered

// Beside letters, without any in them.
bool is_furniture(std::string_view name) {
  static constexpr std::string_view kNames[] = {"subscriptions", "maildirfolder", "maildirsize",  ".chappe-export",
                                                ".DS_Store",     "Thumbs.db",     ".mbsyncstate", ".uidvalidity"};
  if (std::ranges::find(kNames, name) != std::end(kNames)) return true;
  return name.starts_with("dovecot") || name.starts_with("courierimap") || name.ends_with(".msf");
}

// The mailbox that folders stand for: levels of a tree, or folders of a Maildir. Empty: the top. Nothing: none.
std::optional<std::string> mailbox_of(const std::vector<std::string>& folders) {
  std::string out;
  std::vector<std::string> plain;
  const auto flush = [&] {
    if (plain.empty()) return true;
    for (std::string& p : plain)
      if (p.ends_with(".sbd")) p.resize(p.size() - 4);  // Thunderbird
    const auto name = post::mailbox_of_tree_path(plain);
    if (name) out += (out.empty() ? "" : "/") + *name;
    plain.clear();
    return name.has_value();
  };
  for (const std::string& folder : folders) {
    const auto name = folder.starts_with('.') ? post::mailbox_of_maildir_folder(folder) : std::nullopt;
    if (!name) {
      plain.push_back(folder);
      continue;
    }
    if (!flush()) return std::nullopt;
    out += (out.empty() ? "" : "/") + *name;
  }
  if (!flush()) return std::nullopt;
  return out;
}

}  // namespace

std::string joined(const std::vector<std::string>& path) {
  std::string out;
  for (const std::string& part : path) out += (out.empty() ? "" : "/") + part;
  return out;
}

std::optional<ArchiveFormat> archive_format(std::string_view name) {
  if (name == "maildir") return ArchiveFormat::maildir;
  if (name == "mbox") return ArchiveFormat::mbox;
  if (name == "eml") return ArchiveFormat::eml;
  if (name == "zip") return ArchiveFormat::zip;
  return std::nullopt;
}

Result<Bytes> FileReader::read_head(SourceFile& file) {
  Bytes head(kHead, '\0');
  std::size_t got = 0;
  while (got < kHead) {
    const std::size_t n = TRY(file.read(head.data() + got, kHead - got));
    if (n == 0) break;
    got += n;
  }
  head.resize(got);
  done_ += got;
  return head;
}

Result<void> FileReader::take_table(SourceFile& file) {
  Bytes text;
  char buffer[4096];
  while (text.size() <= kMostKeywordTable) {
    const auto n = file.read(buffer, sizeof buffer);
    if (!n || *n == 0) break;
    text.append(buffer, *n);
  }
  if (text.size() > kMostKeywordTable) {
    sink_.skipped(joined(file.path), "a table of keywords this large is none");
    return {};
  }
  if (tables_.size() == kTables) tables_.erase(tables_.begin());
  tables_.emplace_back(std::vector<std::string>(file.path.begin(), file.path.end() - 1),
                       post::parse_keyword_table(text));
  return {};
}

const std::vector<std::string>& FileReader::keywords_of(const std::vector<std::string>& folder) {
  static const std::vector<std::string> kNone;
  for (auto table = tables_.rbegin(); table != tables_.rend(); ++table)
    if (table->first == folder) return table->second;
  return kNone;
}

Result<void> FileReader::take(SourceFile& file) {
  const std::string where = joined(file.path);
  const std::string name = file.path.back();
  std::vector<std::string> folders(file.path.begin(), file.path.end() - 1);
  if (single_) folders.clear();
  const std::string parent = folders.empty() ? std::string() : folders.back();
  const bool maildir = parent == "cur" || parent == "new";
  if (!maildir && is_furniture(name)) return {};
  if (maildir) folders.pop_back();

  IncomingLetter letter{.mailbox = {}, .date = {}, .modified = file.modified, .flags = {}, .where = where};
  const auto mailbox = mailbox_of(folders);
  if (!mailbox) {
    sink_.skipped(where, "no mailbox can have the name of its folder");
    return {};
  }
  letter.mailbox = *mailbox;
  Bytes head = TRY(read_head(file));

  if (maildir &&
      (format_ == ArchiveFormat::any || format_ == ArchiveFormat::zip || format_ == ArchiveFormat::maildir)) {
    const post::MaildirName parsed = post::parse_maildir_name(name);
    letter.flags.system = parsed.flags;
    if (parent == "new") letter.flags.system = {};
    if (parsed.forwarded) letter.flags.keywords.emplace_back("$Forwarded");  // RFC 9051 §2.3.2
    const auto& table = keywords_of(folders);
    for (const char k : parsed.keywords) {
      const auto number = static_cast<std::size_t>(k - 'a');
      if (k >= 'a' && number < table.size() && !table[number].empty()) letter.flags.keywords.push_back(table[number]);
    }
    // What Dovecot and others take as INTERNALDATE.
    letter.date = file.modified ? file.modified : parsed.arrived;
    return take_letter(file, std::move(letter), std::move(head));
  }
  if (format_ == ArchiveFormat::maildir) {
    sink_.skipped(where, "it is in no folder cur or new");
    return {};
  }
  const bool eml = name.size() > 4 && iequals(std::string_view(name).substr(name.size() - 4), ".eml");
  const bool mbox_name = name.size() > 5 && iequals(std::string_view(name).substr(name.size() - 5), ".mbox");
  if (format_ == ArchiveFormat::mbox || (format_ != ArchiveFormat::eml && !eml && post::looks_like_mbox(head))) {
    if (!post::looks_like_mbox(head)) {
      if (!head.empty()) sink_.skipped(where, "it is no mbox: it does not begin with a From line");
      return {};
    }
    std::vector<std::string> path = folders;
    path.push_back(mbox_name ? name.substr(0, name.size() - 5) : name);
    if (single_ == SingleFile::top) path.clear();
    const auto own = mailbox_of(path);
    if (!own) {
      sink_.skipped(where, "no mailbox can have its name");
      return {};
    }
    return take_mbox(file, *own, std::move(head));
  }
  if (mbox_name && head.empty()) return {};  // an empty mailbox
  if (eml || format_ == ArchiveFormat::eml || single_) {
    if (const auto parsed = post::parse_eml_name(name)) {
      letter.date = parsed->date;
      letter.flags.system = parsed->flags;
      const auto& table = keywords_of(folders);
      for (const std::size_t k : parsed->keywords)
        if (k < table.size() && !table[k].empty()) letter.flags.keywords.push_back(table[k]);
    }
    return take_letter(file, std::move(letter), std::move(head));
  }
  sink_.skipped(where, "it is neither in a Maildir nor an mbox nor named .eml");
  return {};
}

Result<void> FileReader::take_letter(SourceFile& file, IncomingLetter letter, Bytes head) {
  post::LineEndsIn ends;
  Bytes buffer = std::move(head);
  Bytes out;
  std::uint64_t size = 0;
  while (!buffer.empty()) {
    out.clear();
    ends.feed(buffer, out);
    size += out.size();
    if (size > kMostLetterFile) {
      sink_.drop();
      sink_.skipped(letter.where, "it is larger than a letter may be");
      return {};
    }
    TRY(sink_.octets(out));
    buffer.resize(kBuffer);
    const auto n = file.read(buffer.data(), kBuffer);
    if (!n) {
      sink_.drop();
      sink_.skipped(letter.where, n.error().text());
      return {};
    }
    buffer.resize(*n);
    done_ += *n;
  }
  sink_.progress(done_, total_);
  return sink_.letter(std::move(letter));
}

Result<void> FileReader::take_mbox(SourceFile& file, std::string mailbox, Bytes head) {
  using Kind = post::MboxReader::Event::Kind;
  post::MboxReader reader;
  IncomingLetter letter;
  std::uint64_t size = 0;
  bool too_large = false;
  const auto drain = [&]() -> Result<void> {
    while (auto event = reader.next()) {
      switch (event->kind) {
        case Kind::begin:
          letter = {.mailbox = mailbox,
                    .date = event->date,
                    .modified = file.modified,
                    .flags = {},
                    .where = joined(file.path) + " at " + std::to_string(event->place)};
          size = 0;
          too_large = false;
          break;
        case Kind::octets:
          size += event->octets.size();
          if (size > kMostLetterFile && !too_large) {
            too_large = true;
            sink_.drop();
          }
          if (!too_large) TRY(sink_.octets(event->octets));
          break;
        case Kind::end:
          letter.flags = std::move(event->flags);
          if (too_large) {
            sink_.skipped(letter.where, "it is larger than a letter may be");
          } else if (event->removed) {
            sink_.drop();
            sink_.skipped(letter.where, "Thunderbird has deleted it");
          } else {
            TRY(sink_.letter(std::move(letter)));
          }
          break;
      }
    }
    return {};
  };
  Bytes buffer = std::move(head);
  while (!buffer.empty()) {
    reader.feed(buffer);
    TRY(drain());
    sink_.progress(done_, total_);
    buffer.resize(kBuffer);
    const auto n = file.read(buffer.data(), kBuffer);
    if (!n) {
      // What has been read of the letter is not all of it.
      sink_.drop();
      sink_.skipped(joined(file.path), n.error().text());
      return {};
    }
    buffer.resize(*n);
    done_ += *n;
  }
  reader.finish();
  return drain();
}

}  // namespace chappe::app
