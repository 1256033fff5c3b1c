#include "post/care/file_names.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "codec/utf7.h"
#include "codec/utf8.h"
#include "post/mailbox/mailbox.h"

namespace chappe::post {
namespace {

struct FlagLetter {
  char letter;
  Flag flag;
};
// https://cr.yp.to/proto/maildir.html; in the order in which they must stand
constexpr FlagLetter kLetters[] = {
    {'D', Flag::draft}, {'F', Flag::flagged}, {'R', Flag::answered}, {'S', Flag::seen}, {'T', Flag::deleted}};

std::string letters_of(Flags flags) {
  std::string out;
  for (const FlagLetter& row : kLetters)
    if (flags.has(row.flag)) out += row.letter;
  return out;
}

int hex(char c) {
  if (is_digit(c)) return c - '0';
  const char l = lower(c);
  return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

// The octet that two hexadecimal digits at `at` stand for; -1 if there are none.
int octet_at(std::string_view s, std::size_t at) {
  if (at + 2 > s.size() || hex(s[at]) < 0 || hex(s[at + 1]) < 0) return -1;
  return hex(s[at]) * 16 + hex(s[at + 1]);
}

std::string from_latin1(std::string_view s) {
  std::string out;
  for (const char c : s) {
    const auto u = static_cast<unsigned char>(c);
    if (u < 0x80) {
      out += c;
    } else {
      out += static_cast<char>(0xc0 | u >> 6);
      out += static_cast<char>(0x80 | (u & 0x3f));
    }
  }
  return out;
}

std::string as_utf8(std::string_view s) { return codec::utf8_valid(s) ? std::string(s) : from_latin1(s); }

std::optional<std::string> canonical(std::string_view name) {
  auto out = canonical_mailbox_name(name);
  if (!out) return std::nullopt;
  return std::move(*out);
}

// Whether some file system, or some program, would not bear the character there.
bool must_escape(std::string_view level, std::size_t i) {
  const char c = level[i];
  if (is_ctl(c) || std::string_view("%/\\:*?\"<>|").find(c) != std::string_view::npos) return true;
  if (i == 0 && c == '.') return true;
  return i + 1 == level.size() && (c == '.' || c == ' ');
}

std::string escape_level(std::string_view level) {
  std::string out;
  for (std::size_t i = 0; i < level.size(); ++i) {
    if (must_escape(level, i))
      out += fmt::format("%{:02X}", static_cast<unsigned char>(level[i]));
    else
      out += level[i];
  }
  // "A.mbox" beside the file of A, and Thunderbird's "A.sbd"
  for (const std::string_view end : {".mbox", ".sbd"})
    if (out.size() >= end.size() && iequals(std::string_view(out).substr(out.size() - end.size()), end))
      out.replace(out.size() - end.size(), 1, "%2E");
  return out;
}

std::string unescape(std::string_view s) {
  std::string out;
  for (std::size_t i = 0; i < s.size(); ++i) {
    const int octet = s[i] == '%' ? octet_at(s, i + 1) : -1;
    out += octet < 0 ? s[i] : static_cast<char>(octet);
    if (octet >= 0) i += 2;
  }
  return out;
}

}  // namespace

// --- mailboxes

Result<std::string> maildir_folder(std::string_view mailbox) {
  if (mailbox == "INBOX") return std::string();
  std::string out;
  for (const std::string_view level : split(mailbox, '/')) {
    std::string escaped;
    for (const char c : level) {
      if (c == '.')
        escaped += "\\2e";
      else if (c == '\\')
        escaped += "\\5c";
      else
        escaped += c;
    }
    const auto encoded = codec::utf7_encode(escaped);
    if (!encoded) return fail(Errc::bug, "the name of a mailbox is not UTF-8");
    out += "." + *encoded;
  }
  if (out.size() > kMaxFileName)
    return fail(Errc::too_large, "the name is too long for a folder of a Maildir (as eml or mbox it can be exported)");
  return out;
}

std::optional<std::string> mailbox_of_maildir_folder(std::string_view folder) {
  if (!folder.starts_with('.')) return std::nullopt;
  std::string out;
  for (const std::string_view level : split(folder.substr(1), '.')) {
    const auto decoded = codec::utf7_decode(level);
    const std::string text = decoded ? *decoded : as_utf8(level);
    if (!out.empty()) out += '/';
    const std::size_t begin = out.size();
    for (std::size_t i = 0; i < text.size(); ++i) {
      const int octet = text[i] == '\\' ? octet_at(text, i + 1) : -1;
      const bool escape = octet == '.' || octet == '\\';
      out += escape ? static_cast<char>(octet) : text[i] == '/' ? '_' : text[i];
      if (escape) i += 2;
    }
    if (out.size() == begin) return std::nullopt;
  }
  return canonical(out);
}

std::vector<std::string> tree_path(std::string_view mailbox) {
  std::vector<std::string> out;
  for (const std::string_view level : split(mailbox, '/')) {
    const std::string whole = escape_level(level);
    std::string_view rest = whole;
    while (rest.size() > kMaxTreeLevel) {
      std::size_t cut = kMaxTreeLevel;
      // Neither within a character nor within an escape.
      while (is_8bit(rest[cut]) && (static_cast<unsigned char>(rest[cut]) & 0xc0) == 0x80) --cut;
      const std::size_t percent = rest.substr(0, cut).rfind('%');
      if (percent != rest.npos && cut - percent < 3) cut = percent;
      out.push_back(std::string(rest.substr(0, cut)) + "%+");
      rest.remove_prefix(cut);
    }
    out.emplace_back(rest);
  }
  return out;
}

std::optional<std::string> mailbox_of_tree_path(const std::vector<std::string>& path) {
  std::string out;
  bool goes_on = false;
  for (const std::string& folder : path) {
    std::string_view level = folder;
    const bool more = level.ends_with("%+");
    if (more) level.remove_suffix(2);
    if (!out.empty() && !goes_on) out += '/';
    std::string text = as_utf8(unescape(level));
    std::ranges::replace(text, '/', '_');
    if (text.empty() && !more && !goes_on) return std::nullopt;
    out += text;
    goes_on = more;
  }
  return canonical(out);
}

// --- Maildir

MaildirName parse_maildir_name(std::string_view name) {
  MaildirName out{.unique = name, .flags = {}, .keywords = {}, .arrived = {}};
  for (const std::string_view mark : {":2,", ";2,", "!2,"}) {
    const auto at = name.rfind(mark);
    if (at == name.npos || at == 0) continue;
    out.unique = name.substr(0, at);
    const std::string_view info = name.substr(at + mark.size());
    for (const char c : info) {
      for (const FlagLetter& row : kLetters)
        if (row.letter == c) out.flags.set(row.flag);
      if (c == 'P') out.forwarded = true;
    }
    const auto first = std::ranges::find_if(info, [](char c) { return c >= 'a' && c <= 'z'; });
    out.keywords = info.substr(static_cast<std::size_t>(first - info.begin()));
    break;
  }
  const auto seconds = to_number<std::int64_t>(out.unique.substr(0, out.unique.find('.')));
  if (seconds && *seconds < 253'402'300'800) out.arrived = Time{*seconds * 1'000'000};
  return out;
}

std::string maildir_name(std::string_view unique, Flags flags, const std::vector<std::size_t>& keywords) {
  std::string out = std::string(unique) + ":2," + letters_of(flags);
  for (const std::size_t k : keywords)
    if (k < kMaildirKeywords) out += static_cast<char>('a' + k);
  return out;
}

std::vector<std::string> parse_keyword_table(std::string_view text) {
  std::vector<std::string> out;
  for (std::string_view line : split(text, '\n')) {
    line = trim(line);
    const auto blank = line.find(' ');
    const auto number = to_number<std::size_t>(line.substr(0, blank));
    if (!number || *number >= kMaxKeywords || blank == line.npos) continue;
    if (out.size() <= *number) out.resize(*number + 1);
    out[*number] = trim(line.substr(blank));
  }
  return out;
}

std::string keyword_table(const std::vector<std::string>& names) {
  std::string out;
  for (std::size_t i = 0; i < names.size(); ++i) out += fmt::format("{} {}\n", i, names[i]);
  return out;
}

// --- trees

std::optional<EmlName> parse_eml_name(std::string_view name) {
  if (!name.ends_with(".eml")) return std::nullopt;
  name.remove_suffix(4);
  const auto parts = split(name, '_');
  if (parts.size() < 3 || parts.size() > 4 || !to_number<std::uint32_t>(parts[0])) return std::nullopt;
  // 20261125T224509.123456Z
  const std::string_view d = parts[1];
  if (d.size() != 23) return std::nullopt;
  const std::string rfc3339 = fmt::format("{}-{}-{}T{}:{}:{}", d.substr(0, 4), d.substr(4, 2), d.substr(6, 2),
                                          d.substr(9, 2), d.substr(11, 2), d.substr(13));
  const auto date = from_rfc3339(rfc3339);
  if (!date || d[8] != 'T') return std::nullopt;
  EmlName out{.date = *date, .flags = {}, .keywords = {}};
  for (const char c : parts[2]) {
    const auto row = std::ranges::find(kLetters, c, &FlagLetter::letter);
    if (row == std::end(kLetters)) return std::nullopt;
    out.flags.set(row->flag);
  }
  if (parts.size() == 3) return out;
  for (const std::string_view k : split(parts[3], '.')) {
    const auto number = to_number<std::size_t>(k);
    if (!number || *number >= kMaxKeywords) return std::nullopt;
    out.keywords.push_back(*number);
  }
  return out;
}

std::string eml_name(Uid uid, const EmlName& name) {
  const std::string date = to_rfc3339(name.date);
  std::string compact;
  for (const char c : date)
    if (c != '-' && c != ':') compact += c;
  std::string out = fmt::format("{:010}_{}_{}", uid.value, compact, letters_of(name.flags));
  if (!name.keywords.empty()) out += fmt::format("_{}", fmt::join(name.keywords, "."));
  return out + ".eml";
}

}  // namespace chappe::post
