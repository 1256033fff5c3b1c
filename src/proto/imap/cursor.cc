#include "proto/imap/cursor.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <utility>

#include "base/text.h"
#include "proto/imap/mailbox_name.h"

namespace chappe::proto::imap {
namespace {

constexpr std::array<std::string_view, 12> kMonths = {"jan", "feb", "mar", "apr", "may", "jun",
                                                      "jul", "aug", "sep", "oct", "nov", "dec"};
// RFC 9051 §9 flag; \Recent is the server's alone (RFC 3501 §2.3.2).
constexpr std::array<std::string_view, 5> kSystemFlags = {"\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft"};

bool is_astring_char(char c) { return is_atom_char(c) || c == ']'; }
bool is_list_char(char c) { return is_astring_char(c) || c == '%' || c == '*'; }

}  // namespace

// RFC 9051 §9 atom-specials, and everything that is not a 7-bit character.
bool is_atom_char(char c) {
  if (is_ctl(c) || is_8bit(c)) return false;
  switch (c) {
    case '(':
    case ')':
    case '{':
    case ' ':
    case '%':
    case '*':
    case '"':
    case '\\':
    case ']':
      return false;
    default:
      return true;
  }
}

std::int64_t to_days(Date date) {
  using namespace std::chrono;
  const year_month_day ymd{year(date.year), month(static_cast<unsigned>(date.month)),
                           day(static_cast<unsigned>(date.day))};
  return sys_days(ymd).time_since_epoch().count();
}

std::unexpected<Error> Cursor::unexpected(ByteView wanted) const {
  if (done()) return fail(Errc::invalid, "the command ends where {} should stand", wanted);
  return fail(Errc::invalid, "octet {} of the command: \"{}\" where {} should stand", at_ + 1,
              printable(in_.substr(at_, 20)), wanted);
}

bool Cursor::take(char c) {
  if (done() || in_[at_] != c) return false;
  ++at_;
  return true;
}

bool Cursor::take_text(ByteView text) {
  if (!istarts_with(in_.substr(at_), text)) return false;
  at_ += text.size();
  return true;
}

bool Cursor::take_word(ByteView word) {
  const std::size_t start = at_;
  if (!take_text(word)) return false;
  if (done() || !is_atom_char(in_[at_])) return true;
  at_ = start;
  return false;
}

Result<> Cursor::expect(char c) {
  if (take(c)) return {};
  if (c == ' ') return unexpected("a space");
  return unexpected(fmt::format("\"{}\"", c));
}

Result<> Cursor::end() const {
  if (done()) return {};
  return unexpected("the end");
}

Result<ByteView> Cursor::atom() {
  const std::size_t start = at_;
  while (at_ < in_.size() && is_atom_char(in_[at_])) ++at_;
  if (at_ == start) return unexpected("an atom");
  return in_.substr(start, at_ - start);
}

ByteView Cursor::name() {
  const std::size_t start = at_;
  while (at_ < in_.size() && (is_alnum(in_[at_]) || in_[at_] == '.' || in_[at_] == '-' || in_[at_] == '_')) ++at_;
  return in_.substr(start, at_ - start);
}

Result<Bytes> Cursor::quoted() {
  TRY(expect('"'));
  Bytes out;
  while (at_ < in_.size()) {
    char c = in_[at_];
    if (c == '"') {
      ++at_;
      return out;
    }
    if (c == '\0' || c == '\r' || c == '\n') return unexpected("a character of a quoted string");
    if (c == '\\') {
      // RFC 9051 §9 QUOTED-CHAR: only the quote and the backslash are escaped.
      ++at_;
      if (peek() != '"' && peek() != '\\') return unexpected("an escaped quote or backslash");
      c = in_[at_];
    }
    out += c;
    ++at_;
  }
  return unexpected("the closing quote");
}

Result<Bytes> Cursor::literal() {
  TRY(expect('{'));
  const std::uint64_t size = TRY(number64());
  take('+');  // RFC 7888 §3
  TRY(expect('}'));
  if (!take_text("\r\n")) return unexpected("a line end");
  if (size > in_.size() - at_) return unexpected("the whole of the literal");
  const ByteView octets = in_.substr(at_, size);
  if (octets.contains('\0')) return fail(Errc::invalid, "NUL in a literal");  // RFC 9051 §9 CHAR8
  at_ += size;
  return Bytes(octets);
}

Result<Bytes> Cursor::string() {
  if (peek() == '"') return quoted();
  if (peek() == '{') return literal();
  return unexpected("a string");
}

Result<Bytes> Cursor::astring() {
  if (peek() == '"' || peek() == '{') return string();
  const std::size_t start = at_;
  while (at_ < in_.size() && is_astring_char(in_[at_])) ++at_;
  if (at_ == start) return unexpected("an atom or a string");
  return Bytes(in_.substr(start, at_ - start));
}

Result<std::optional<Bytes>> Cursor::nstring() {
  if (take_word("NIL")) return std::optional<Bytes>();
  return std::optional<Bytes>(TRY(astring()));
}

Result<std::uint64_t> Cursor::number64() {
  std::uint64_t n = 0;
  if (!is_digit(peek())) return unexpected("a number");
  const char* const from = in_.data() + at_;
  const auto [end, ec] = std::from_chars(from, in_.data() + in_.size(), n);
  // RFC 9051 §9 number64: an unsigned 63-bit integer.
  if (ec != std::errc() || n > (std::uint64_t{1} << 63) - 1) return unexpected("a number below 2^63");
  at_ += static_cast<std::size_t>(end - from);
  return n;
}

Result<std::uint32_t> Cursor::number() {
  const std::size_t start = at_;
  const std::uint64_t n = TRY(number64());
  if (n > 0xffff'ffff) {
    at_ = start;
    return unexpected("a number below 2^32");
  }
  return static_cast<std::uint32_t>(n);
}

Result<std::uint32_t> Cursor::nz_number() {
  if (peek() == '0') return unexpected("a number that is not 0");
  return number();
}

Result<std::uint64_t> Cursor::mod_sequence(bool zero) {
  if (peek() == '0' && !zero) return unexpected("a mod-sequence above 0");
  return number64();
}

Result<SequenceSet> Cursor::sequence_set() {
  const std::size_t start = at_;
  while (at_ < in_.size() && (is_digit(in_[at_]) || ByteView("*:,$").contains(in_[at_]))) ++at_;
  auto set = SequenceSet::parse(in_.substr(start, at_ - start), limits_.set_items);
  if (!set) at_ = start;
  return set;
}

Result<Bytes> Cursor::to_mailbox(Bytes raw) const {
  Bytes name = TRY(decode_mailbox(raw, utf8_));
  if (iequals(name, "INBOX")) return Bytes("INBOX");
  return name;
}

Result<Bytes> Cursor::mailbox() { return to_mailbox(TRY(astring())); }

Result<Bytes> Cursor::list_mailbox() {
  if (peek() == '"' || peek() == '{') return to_mailbox(TRY(string()));
  const std::size_t start = at_;
  while (at_ < in_.size() && is_list_char(in_[at_])) ++at_;
  if (at_ == start) return unexpected("a mailbox pattern");
  return to_mailbox(Bytes(in_.substr(start, at_ - start)));
}

Result<Bytes> Cursor::keyword() {
  const ByteView word = TRY(atom());
  if (word.size() > limits_.flag) return fail(Errc::too_large, "a keyword longer than {} octets", limits_.flag);
  return Bytes(word);
}

Result<Bytes> Cursor::flag() {
  if (peek() != '\\') return keyword();
  const std::size_t start = at_++;
  const ByteView word = TRY(atom());
  for (const std::string_view known : kSystemFlags)
    if (iequals(known.substr(1), word)) return Bytes(known);
  at_ = start;
  return unexpected("a flag that a client may set");
}

Result<std::vector<Bytes>> Cursor::flag_list() {
  std::vector<Bytes> out;
  TRY(each_in_list(*this, true, [&]() -> Result<> {
    out.push_back(TRY(flag()));
    return {};
  }));
  return out;
}

std::optional<int> Cursor::digits(int least, int most) {
  int value = 0;
  int count = 0;
  for (; count < most && is_digit(peek()); ++count) value = value * 10 + (in_[at_++] - '0');
  if (count < least) return std::nullopt;
  return value;
}

Result<Date> Cursor::date_text(bool fixed) {
  Date out;
  const std::size_t start = at_;
  // RFC 9051 §9 date-day-fixed: two places, the first may be a space.
  const bool padded = fixed && take(' ');
  const auto day = digits(fixed && !padded ? 2 : 1, padded ? 1 : 2);
  if (day && take('-')) {
    out.day = *day;
    const auto month = std::ranges::find(kMonths, to_lower(in_.substr(at_, 3)));
    if (month != kMonths.end()) {
      at_ += 3;
      out.month = static_cast<int>(month - kMonths.begin()) + 1;
      if (take('-')) {
        const auto year = digits(4, 4);
        using namespace std::chrono;
        if (year && year_month_day{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(out.month)),
                                   std::chrono::day(static_cast<unsigned>(out.day))}
                        .ok()) {
          out.year = *year;
          return out;
        }
      }
    }
  }
  at_ = start;
  return unexpected("a date like 17-Jul-1996");
}

Result<Date> Cursor::date() {
  const bool quoted = take('"');
  const Date out = TRY(date_text(false));
  if (quoted) TRY(expect('"'));
  return out;
}

Result<Time> Cursor::date_time() {
  const std::size_t start = at_;
  TRY(expect('"'));
  const Date date = TRY(date_text(true));
  TRY(space());
  const auto hour = digits(2, 2);
  const bool first = take(':');
  const auto minute = digits(2, 2);
  const bool second_colon = take(':');
  const auto second = digits(2, 2);
  const bool blank = take(' ');
  const bool west = peek() == '-';
  const bool sign = take('+') || take('-');
  const auto zone_hour = digits(2, 2);
  const auto zone_minute = digits(2, 2);
  if (!hour || !first || !minute || !second_colon || !second || !blank || !sign || !zone_hour || !zone_minute ||
      !take('"') || *hour > 23 || *minute > 59 || *second > 60 || *zone_hour > 23 || *zone_minute > 59) {
    at_ = start;
    return unexpected("a time like \"17-Jul-1996 02:44:25 -0700\"");
  }
  const std::int64_t zone = (west ? -1 : 1) * (*zone_hour * 3600 + *zone_minute * 60);
  const std::int64_t seconds = to_days(date) * 86400 + *hour * 3600 + *minute * 60 + *second - zone;
  return Time{seconds * 1'000'000};
}

}  // namespace chappe::proto::imap
