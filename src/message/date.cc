#include "message/date.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "base/text.h"
#include "message/lexer.h"

namespace chappe::message {
namespace {

constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

// RFC 5322 §4.3, and a few that are seen often. Minutes east.
constexpr std::pair<std::string_view, int> kZones[] = {
    {"UT", 0},     {"GMT", 0},    {"UTC", 0},     {"Z", 0},       {"EST", -300}, {"EDT", -240}, {"CST", -360},
    {"CDT", -300}, {"MST", -420}, {"MDT", -360},  {"PST", -480},  {"PDT", -420}, {"WET", 0},    {"WEST", 60},
    {"BST", 60},   {"CET", 60},   {"MET", 60},    {"CEST", 120},  {"MEST", 120}, {"EET", 120},  {"EEST", 180},
    {"MSK", 180},  {"IST", 330},  {"JST", 540},   {"KST", 540},   {"HKT", 480},  {"AEST", 600}, {"AEDT", 660},
    {"NZST", 720}, {"NZDT", 780}, {"AKST", -540}, {"AKDT", -480}, {"HST", -600},
};

constexpr std::size_t kMaxDate = 200;  // octets that are looked at

// A run of letters, a run of digits, or one other octet.
struct Token {
  enum Kind { word, number, other } kind;
  ByteView text;
};

class Tokens {
 public:
  explicit Tokens(ByteView value) : lexer_(value) { advance(); }
  bool done() const { return done_; }
  const Token& peek() const { return token_; }
  bool is(char c) const { return !done_ && token_.kind == Token::other && token_.text[0] == c; }
  bool is(Token::Kind kind) const { return !done_ && token_.kind == kind; }
  // Whether blanks or comments stood before the current token.
  bool spaced() const { return spaced_; }
  void advance() {
    const std::size_t before = lexer_.rest().size();
    lexer_.skip_cfws();
    spaced_ = lexer_.rest().size() != before;
    done_ = lexer_.done();
    if (done_) return;
    if (is_digit(lexer_.peek())) {
      token_ = {Token::number, lexer_.take_while(is_digit)};
    } else if (is_alpha(lexer_.peek())) {
      token_ = {Token::word, lexer_.take_while(is_alpha)};
    } else {
      token_ = {Token::other, lexer_.rest().substr(0, 1)};
      lexer_.skip(1);
    }
  }
  std::optional<int> number(std::size_t max_digits) {
    if (!is(Token::number) || token_.text.size() > max_digits) return std::nullopt;
    const auto n = to_number<int>(token_.text);
    advance();
    return n;
  }

 private:
  Lexer lexer_;
  Token token_{};
  bool done_ = false;
  bool spaced_ = false;
};

template <std::size_t N>
int index_of(const std::array<std::string_view, N>& names, ByteView word) {
  if (word.size() < 3) return -1;
  for (std::size_t i = 0; i < N; ++i)
    if (iequals(names[i], word.substr(0, 3))) return static_cast<int>(i);
  return -1;
}

struct Parsed {
  int year = 0, month = -1, day = 0, hour = 0, minute = 0, second = 0;
  bool exact = true;
};

// RFC 5322 §4.3: two and three digits.
int full_year(int year, std::size_t digits, bool& exact) {
  if (digits >= 4) return year;
  exact = false;
  if (digits == 3) return year + 1900;
  return year < 50 ? year + 2000 : year + 1900;
}

bool take_year(Tokens& t, Parsed& p) {
  const std::size_t digits = t.is(Token::number) ? t.peek().text.size() : 0;
  const auto year = t.number(4);
  if (!year || digits < 2) return false;
  p.year = full_year(*year, digits, p.exact);
  return true;
}

bool take_clock(Tokens& t, Parsed& p) {
  const auto hour = t.number(2);
  if (!hour || !(t.is(':') || t.is('.'))) return false;
  p.exact = p.exact && t.is(':');
  t.advance();
  const auto minute = t.number(2);
  if (!minute) return false;
  p.hour = *hour;
  p.minute = *minute;
  if (t.is(':') || t.is('.')) {
    t.advance();
    const auto second = t.number(2);
    if (!second) return false;
    p.second = *second;
    if (t.is('.')) {  // fractions
      t.advance();
      if (t.is(Token::number)) t.advance();
      p.exact = false;
    }
  }
  return p.hour < 24 && p.minute < 60 && p.second <= 60;  // RFC 5322 §3.3: leap seconds
}

// Minutes east; the zone was not understood if `known` is false.
int take_zone(Tokens& t, bool& known, bool& exact) {
  known = true;
  if (t.is('+') || t.is('-')) {
    const int sign = t.is('-') ? -1 : 1;
    t.advance();
    if (t.is(Token::number)) {
      const ByteView digits = t.peek().text;
      int hours = 0, minutes = 0;
      if (digits.size() == 4) {
        hours = *to_number<int>(digits.substr(0, 2));
        minutes = *to_number<int>(digits.substr(2));
        t.advance();
      } else if (digits.size() <= 2) {
        exact = false;
        hours = *to_number<int>(digits);
        t.advance();
        if (t.is(':')) {
          t.advance();
          minutes = t.number(2).value_or(0);
        }
      } else if (digits.size() == 3) {
        exact = false;
        hours = digits[0] - '0';
        minutes = *to_number<int>(digits.substr(1));
        t.advance();
      } else {
        known = exact = false;
        return 0;
      }
      if (hours > 24 || minutes > 59) {
        known = exact = false;
        return 0;
      }
      if (sign < 0 && hours == 0 && minutes == 0) known = false;  // RFC 5322 §3.3
      return sign * (hours * 60 + minutes);
    }
  } else if (t.is(Token::word)) {
    const ByteView name = t.peek().text;
    t.advance();
    exact = false;
    for (const auto& [zone, minutes] : kZones) {
      if (!iequals(zone, name)) continue;
      exact = minutes == 0 || zone.size() == 3;
      // "GMT+0200"
      if (minutes == 0 && (t.is('+') || t.is('-')) && !t.spaced()) return take_zone(t, known, exact);
      return minutes;
    }
    known = false;  // RFC 5322 §4.3: unknown names are -0000
    return 0;
  }
  known = exact = false;
  return 0;
}

}  // namespace

std::optional<Date> parse_date(ByteView value) {
  Tokens t(value.substr(0, kMaxDate));
  Parsed p;
  // Day of the week: believed by nobody.
  if (t.is(Token::word) && index_of(kMonths, t.peek().text) < 0) {
    p.exact = index_of(kDays, t.peek().text) >= 0 && t.peek().text.size() == 3;
    t.advance();
    if (t.is(',') || t.is('.')) {
      t.advance();
    } else {
      p.exact = false;
    }
    if (t.is(',')) t.advance();
  }
  bool known = true;
  int offset = 0;
  if (t.is(Token::word)) {
    // asctime: "Nov 21 18:46:00 2026", the zone before or after the year, or nowhere.
    p.exact = false;
    p.month = index_of(kMonths, t.peek().text);
    t.advance();
    const auto day = t.number(2);
    if (!day) return std::nullopt;
    p.day = *day;
    if (t.is(',')) t.advance();
    bool zoned = false;
    if (t.is(Token::number) && t.peek().text.size() == 4) {
      if (!take_year(t, p) || !take_clock(t, p)) return std::nullopt;
    } else {
      if (!take_clock(t, p)) return std::nullopt;
      if (!t.is(Token::number)) {
        offset = take_zone(t, known, p.exact);
        zoned = true;
      }
      if (!take_year(t, p)) return std::nullopt;
    }
    if (!zoned) offset = t.done() ? (known = false, 0) : take_zone(t, known, p.exact);
  } else {
    const auto first = t.is(Token::number) ? t.peek().text.size() : 0;
    const auto day = t.number(4);
    if (!day) return std::nullopt;
    const bool dashed = t.is('-');
    if (dashed) t.advance();
    if (t.is(Token::number)) {
      // RFC 3339: "2026-11-21T18:46:00Z"
      if (first != 4 || !dashed) return std::nullopt;
      p.exact = false;
      p.year = *day;
      p.month = t.number(2).value_or(0) - 1;
      if (!t.is('-')) return std::nullopt;
      t.advance();
      p.day = t.number(2).value_or(0);
      if (t.is(Token::word) && iequals(t.peek().text, "T")) t.advance();
    } else {
      if (first > 2 || !t.is(Token::word)) return std::nullopt;
      p.day = *day;
      p.exact = p.exact && !dashed && t.peek().text.size() == 3;
      p.month = index_of(kMonths, t.peek().text);
      t.advance();
      if (t.is('-') || t.is(',') || t.is('.')) {
        p.exact = false;
        t.advance();
      }
      if (!take_year(t, p)) return std::nullopt;
      if (t.is(',')) {
        p.exact = false;
        t.advance();
      }
    }
    if (t.done()) {
      known = p.exact = false;
    } else {
      if (!take_clock(t, p)) return std::nullopt;
      offset = take_zone(t, known, p.exact);
    }
  }
  if (!t.done()) p.exact = false;
  if (p.month < 0 || p.month > 11) return std::nullopt;
  const std::chrono::year_month_day ymd{std::chrono::year(p.year),
                                        std::chrono::month(static_cast<unsigned>(p.month) + 1),
                                        std::chrono::day(static_cast<unsigned>(p.day))};
  if (!ymd.ok() || p.year < 1) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days(ymd).time_since_epoch().count();
  const std::int64_t seconds = days * 86400 + p.hour * 3600 + p.minute * 60 + p.second - offset * 60LL;
  return Date{{seconds * 1'000'000}, offset, known, p.exact};
}

std::string format_date(Time time, int offset_minutes) {
  constexpr std::int64_t kFirst = -2'208'988'800, kLast = 253'402'300'799;  // 1900-01-01, 9999-12-31T23:59:59
  offset_minutes = std::clamp(offset_minutes, -5999, 5999);
  std::int64_t seconds = time.us / 1'000'000 - (time.us % 1'000'000 < 0 ? 1 : 0);
  seconds = std::clamp<std::int64_t>(seconds + offset_minutes * 60, kFirst, kLast);
  const std::int64_t days = seconds / 86400 - (seconds % 86400 < 0 ? 1 : 0);
  const std::int64_t rest = seconds - days * 86400;
  const std::chrono::sys_days date{std::chrono::days(days)};
  const std::chrono::year_month_day ymd(date);
  const int zone = std::abs(offset_minutes);
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} {}{:02}{:02}",
                     kDays[std::chrono::weekday(date).c_encoding()], static_cast<unsigned>(ymd.day()),
                     kMonths[static_cast<unsigned>(ymd.month()) - 1], static_cast<int>(ymd.year()), rest / 3600,
                     rest % 3600 / 60, rest % 60, offset_minutes < 0 ? '-' : '+', zone / 60, zone % 60);
}

}  // namespace chappe::message
