// Small things with ASCII text that every floor needs. Nothing here knows a locale: case is A-Z only.
#pragma once

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chappe {

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
constexpr char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_alpha(char c) { return lower(c) >= 'a' && lower(c) <= 'z'; }
constexpr bool is_alnum(char c) { return is_digit(c) || is_alpha(c); }
constexpr bool is_wsp(char c) { return c == ' ' || c == '\t'; }
constexpr bool is_ctl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }
constexpr bool is_8bit(char c) { return static_cast<unsigned char>(c) >= 0x80; }

inline bool iequals(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}
inline bool istarts_with(std::string_view s, std::string_view prefix) {
  return s.size() >= prefix.size() && iequals(s.substr(0, prefix.size()), prefix);
}
inline std::string to_lower(std::string_view s) {
  std::string out(s);
  for (char& c : out) c = lower(c);
  return out;
}
inline std::string to_upper(std::string_view s) {
  std::string out(s);
  for (char& c : out) c = upper(c);
  return out;
}
inline std::string_view trim(std::string_view s, std::string_view set = " \t\r\n") {
  const auto b = s.find_first_not_of(set);
  if (b == std::string_view::npos) return {};
  return s.substr(b, s.find_last_not_of(set) - b + 1);
}
inline std::vector<std::string_view> split(std::string_view s, char separator) {
  std::vector<std::string_view> out;
  for (;;) {
    const auto at = s.find(separator);
    out.push_back(s.substr(0, at));
    if (at == std::string_view::npos) return out;
    s.remove_prefix(at + 1);
  }
}
// The whole of `s` as a decimal number, without sign or blanks; nothing if it is not one or does not fit.
template <class T>
std::optional<T> to_number(std::string_view s) {
  T v{};
  if (s.empty() || !is_digit(s.front())) return std::nullopt;
  const auto [end, ec] = std::from_chars(s.data(), s.data() + s.size(), v);
  if (ec != std::errc() || end != s.data() + s.size()) return std::nullopt;
  return v;
}
// Bytes from outside made fit for a log line, a terminal or an error text: everything but printable ASCII
// becomes \xNN, and what is longer than `limit` bytes is cut with "…".
std::string printable(std::string_view s, std::size_t limit = 200);
// Whether all of `text` is as `pattern` says, where "*" stands for anything, nothing included, and the case of ASCII
// letters does not matter. Takes time in proportion to both at most, one after the other for each star.
bool matches_pattern(std::string_view pattern, std::string_view text);

}  // namespace chappe
