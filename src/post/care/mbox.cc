#include "post/care/mbox.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/text.h"

namespace chappe::post {
namespace {

constexpr std::string_view kFrom = "From ";
constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
constexpr std::string_view kDays = "ThuFriSatSunMonTueWed";  // 1970-01-01 was a Thursday
constexpr std::string_view kFields[] = {"Status",        "X-Status",   "X-Keywords",       "X-UID",
                                        "X-IMAP",        "X-IMAPbase", "X-Mozilla-Status", "X-Mozilla-Status2",
                                        "X-Mozilla-Keys"};
bool is_folded_field(std::string_view name) { return iequals(name, "X-Keywords") || iequals(name, "X-Mozilla-Keys"); }

constexpr std::size_t kLongestField = 32;
constexpr std::size_t kMostField = 16 * 1024;  // octets of a field with flags; the rest is not looked at

// X-Mozilla-Status
constexpr unsigned kMozillaRead = 0x1, kMozillaReplied = 0x2, kMozillaMarked = 0x4, kMozillaExpunged = 0x8;

std::vector<std::string_view> words(std::string_view s) {
  std::vector<std::string_view> out;
  for (const std::string_view w : split(s, ' '))
    if (!trim(w).empty()) out.push_back(trim(w));
  return out;
}

// The number of a three-letter name in a list of them; -1 if it is none.
int index_in(std::string_view list, std::string_view name) {
  if (name.size() != 3) return -1;
  for (std::size_t i = 0; i < list.size(); i += 3)
    if (iequals(list.substr(i, 3), name)) return static_cast<int>(i / 3);
  return -1;
}

// hh:mm or hh:mm:ss
std::optional<int> seconds_of(std::string_view s) {
  const auto parts = split(s, ':');
  if (parts.size() < 2 || parts.size() > 3) return std::nullopt;
  int out = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    const auto n = i < parts.size() ? to_number<int>(parts[i]) : 0;
    if (!n || *n > (i == 0 ? 23 : 60)) return std::nullopt;
    out = out * 60 + *n;
  }
  return out;
}

// +hhmm
std::optional<int> zone_of(std::string_view s) {
  if (s.size() != 5 || (s[0] != '+' && s[0] != '-')) return std::nullopt;
  const auto n = to_number<int>(s.substr(1));
  if (!n) return std::nullopt;
  const int minutes = *n / 100 * 60 + *n % 100;
  return (s[0] == '-' ? -minutes : minutes) * 60;
}

// The name of the field that a line begins; empty if it begins none.
std::string_view field_name(std::string_view line) {
  const auto colon = line.substr(0, kLongestField + 1).find(':');
  return colon == line.npos ? std::string_view() : trim(line.substr(0, colon));
}

}  // namespace

std::optional<Time> parse_from_line(std::string_view line) {
  if (!line.starts_with(kFrom)) return std::nullopt;
  line = trim(line.substr(kFrom.size()));
  const auto all = words(line);
  // Www Mmm dd hh:mm[:ss] [zone] yyyy [zone]; the sender before it may have blanks
  for (std::size_t i = 0; i + 4 < all.size(); ++i) {
    if (index_in(kDays, all[i]) < 0) continue;
    const int month = index_in(kMonths, all[i + 1]);
    const auto day = to_number<int>(all[i + 2]);
    const auto seconds = seconds_of(all[i + 3]);
    if (month < 0 || !day || !seconds) continue;
    std::optional<int> year;
    int zone = 0;
    for (std::size_t k = i + 4; k < std::min(all.size(), i + 7); ++k) {
      if (const auto z = zone_of(all[k])) zone = *z;
      if (const auto y = to_number<int>(all[k]); y && !year) year = *y;
    }
    if (!year || *year < 1970 || *year > 9999) continue;
    const std::chrono::year_month_day date{std::chrono::year(*year),
                                           std::chrono::month(static_cast<unsigned>(month) + 1),
                                           std::chrono::day(static_cast<unsigned>(*day))};
    if (!date.ok()) continue;
    const auto midnight = std::chrono::sys_days(date).time_since_epoch();
    const auto at = std::chrono::duration_cast<std::chrono::seconds>(midnight).count() + *seconds - zone;
    return Time{at * 1'000'000};
  }
  return std::nullopt;
}

bool looks_like_mbox(ByteView head) {
  return head.starts_with(kFrom) && parse_from_line(head.substr(0, head.find('\n')));
}

bool is_mbox_field(std::string_view name) {
  return std::ranges::any_of(kFields, [name](std::string_view f) { return iequals(f, name); });
}

// --- reading

void MboxReader::feed(ByteView octets) {
  while (!octets.empty()) {
    const std::size_t lf = octets.find('\n');
    const ByteView line = octets.substr(0, lf == octets.npos ? lf : lf + 1);
    if (prefix_.empty() && !passing_ && !dropping_) line_at_ = at_;
    at_ += line.size();
    line_goes_on(line);
    if (lf == octets.npos) return;
    line_ends();
    octets.remove_prefix(lf + 1);
  }
}

// Decides what the line is as soon as enough of it is there.
void MboxReader::line_goes_on(ByteView octets) {
  if (!passing_ && !dropping_) {
    const std::size_t take = std::min(octets.size(), kPrefix - prefix_.size());
    prefix_.append(octets.substr(0, take));
    octets.remove_prefix(take);
    if (prefix_.size() < kPrefix && !prefix_.ends_with('\n')) return;
    line_begins();
  }
  if (passing_) put(octets);
  if (dropping_ && dropped_field_ && field_.size() < kMostField) field_.append(octets);
}

void MboxReader::line_begins() {
  const std::string_view line = prefix_;
  const std::string_view text = trim(line, "\r\n");
  const bool first = state_ == State::outside;
  // RFC 4155 appendix A; a line in the body that only looks like one has no date.
  if (line.starts_with(kFrom) && (first || blank_before_) && parse_from_line(text)) {
    blank_.clear();
    end_letter();
    begin_letter();
    prefix_.clear();
    dropping_ = true;
    return;
  }
  if (first) {
    // Empty lines before the first letter do no harm.
    if (!text.empty()) foreign_ = true;
    prefix_.clear();
    dropping_ = true;
    return;
  }
  if (!blank_.empty()) put(std::exchange(blank_, {}));
  blank_before_ = text.empty() && prefix_.ends_with('\n');
  if (state_ == State::header) {
    const bool continues = !text.empty() && is_wsp(line.front());
    if (!continues && dropped_field_) {
      take_field(field_);
      dropped_field_ = false;
      field_.clear();
    }
    if (continues && dropped_field_) {
      field_.append(line);
      prefix_.clear();
      dropping_ = true;
      return;
    }
    if (!continues && is_mbox_field(field_name(line))) {
      // Only lists of keywords are folded: what is indented after another one is the letter's.
      dropped_field_ = is_folded_field(field_name(line));
      field_ = line;
      if (!dropped_field_) take_field(std::exchange(field_, {}));
      prefix_.clear();
      dropping_ = true;
      return;
    }
    if (text.empty()) state_ = State::body;
  }
  if (blank_before_) {
    blank_ = std::exchange(prefix_, {});
    dropping_ = true;
    return;
  }
  ByteView rest = prefix_;
  const auto from = rest.find_first_not_of('>');
  if (from != rest.npos && from > 0 && from <= kMostQuotes && rest.substr(from).starts_with(kFrom))
    rest.remove_prefix(1);
  put(rest);
  prefix_.clear();
  passing_ = true;
}

void MboxReader::line_ends() { passing_ = dropping_ = false; }

void MboxReader::begin_letter() {
  const std::string_view line = prefix_;
  events_.push_back({.kind = Event::Kind::begin, .date = parse_from_line(trim(line, "\r\n")), .place = line_at_});
  state_ = State::header;
  ends_ = {};
  flags_ = {};
  expunged_ = told_ = false;
  blank_before_ = false;
}

void MboxReader::end_letter() {
  if (state_ == State::outside) return;
  if (dropped_field_) take_field(field_);
  dropped_field_ = false;
  field_.clear();
  events_.push_back({.kind = Event::Kind::end, .flags = std::move(flags_), .removed = expunged_ && !told_});
  state_ = State::outside;
}

void MboxReader::finish() {
  if (!prefix_.empty()) {
    line_begins();
    line_ends();
  }
  blank_.clear();
  end_letter();
}

void MboxReader::put(ByteView octets) {
  if (octets.empty()) return;
  if (events_.empty() || events_.back().kind != Event::Kind::octets) events_.push_back({.kind = Event::Kind::octets});
  ends_.feed(octets, events_.back().octets);
}

std::optional<MboxReader::Event> MboxReader::next() {
  if (events_.empty()) return std::nullopt;
  Event out = std::move(events_.front());
  events_.pop_front();
  return out;
}

void MboxReader::take_field(std::string_view field) {
  const std::string_view name = field_name(field);
  std::string value(trim(field.substr(std::min(field.size(), field.find(':') + 1))));
  std::ranges::replace_if(value, [](char c) { return is_ctl(c); }, ' ');
  if (iequals(name, "Status") || iequals(name, "X-Status")) {
    told_ = true;
    for (const char c : value) {
      if (c == 'R') flags_.system.set(Flag::seen);
      if (c == 'A') flags_.system.set(Flag::answered);
      if (c == 'F') flags_.system.set(Flag::flagged);
      if (c == 'D') flags_.system.set(Flag::deleted);
      if (c == 'T') flags_.system.set(Flag::draft);
    }
  } else if (iequals(name, "X-Keywords") || iequals(name, "X-Mozilla-Keys")) {
    for (const std::string_view word : words(value)) flags_.keywords.emplace_back(word);
  } else if (iequals(name, "X-Mozilla-Status")) {
    unsigned bits = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), bits, 16);
    if (error != std::errc()) return;
    if (bits & kMozillaRead) flags_.system.set(Flag::seen);
    if (bits & kMozillaReplied) flags_.system.set(Flag::answered);
    if (bits & kMozillaMarked) flags_.system.set(Flag::flagged);
    if (bits & kMozillaExpunged) expunged_ = true;
  }
}

// --- writing

Bytes MboxWriter::begin(Time date, const FlagList& flags) {
  using namespace std::chrono;
  const auto at = floor<seconds>(sys_time<microseconds>(
      microseconds(std::clamp<std::int64_t>(date.us, 0, 253'402'300'799'000'000))));  // the years 1970 to 9999
  const auto day = floor<days>(at);
  const year_month_day ymd(day);
  const hh_mm_ss time(at - day);
  const auto weekday = static_cast<std::size_t>(day.time_since_epoch().count() % 7);
  // RFC 4155 appendix A: asctime, in UTC
  Bytes out =
      fmt::format("From MAILER-DAEMON {} {} {:2} {:02}:{:02}:{:02} {}\n", kDays.substr(weekday * 3, 3),
                  kMonths.substr((static_cast<unsigned>(ymd.month()) - 1) * 3, 3), static_cast<unsigned>(ymd.day()),
                  time.hours().count(), time.minutes().count(), time.seconds().count(), static_cast<int>(ymd.year()));
  // Status comes last: it is not folded, so that a letter may begin with a blank.
  if (!flags.keywords.empty()) out += fmt::format("X-Keywords: {}\n", fmt::join(flags.keywords, " "));
  std::string more;
  if (flags.system.has(Flag::answered)) more += 'A';
  if (flags.system.has(Flag::flagged)) more += 'F';
  if (flags.system.has(Flag::deleted)) more += 'D';
  if (flags.system.has(Flag::draft)) more += 'T';
  if (!more.empty()) out += "X-Status: " + more + "\n";
  out += flags.system.has(Flag::seen) ? "Status: RO\n" : "Status: O\n";
  return out;
}

// A line that begins with any number of ">" and "From " gets one ">" more.
void MboxWriter::quote(ByteView octets, Bytes& out) {
  for (const char c : octets) {
    if (line_start_) {
      const std::size_t from = start_.find_first_not_of('>');
      const std::size_t got = from == start_.npos ? 0 : start_.size() - from;
      const bool goes_on = (got == 0 && c == '>' && start_.size() < kMostQuotes) || c == kFrom[got];
      if (goes_on) {
        start_.push_back(c);
        if (got + 1 < kFrom.size() || c == '>') continue;
        out.push_back('>');
        out.append(std::exchange(start_, {}));
        line_start_ = false;
        continue;
      }
      out.append(std::exchange(start_, {}));
      line_start_ = false;
    }
    out.push_back(c);
    if (c == '\n') line_start_ = true;
  }
}

Bytes MboxWriter::feed(ByteView octets) {
  Bytes lines, out;
  if (plain_)
    ends_.feed(octets, lines);
  else
    lines = octets;
  if (!lines.empty()) last_ = lines.back();
  quote(lines, out);
  return out;
}

Bytes MboxWriter::finish() {
  Bytes lines, out;
  if (plain_) ends_.finish(lines);
  if (!lines.empty()) last_ = lines.back();
  quote(lines, out);
  out.append(std::exchange(start_, {}));
  if (last_ != '\n') out.push_back('\n');
  out.push_back('\n');
  *this = {};
  return out;
}

void MboxFieldLook::feed(ByteView octets) {
  for (const char c : octets) {
    if (!header_ || found_) return;
    if (c != '\n') {
      if (line_.size() <= kLongestField) line_.push_back(c);
      continue;
    }
    if (trim(line_, "\r").empty()) header_ = false;
    if (is_mbox_field(field_name(line_))) found_ = true;
    line_.clear();
  }
}

}  // namespace chappe::post
