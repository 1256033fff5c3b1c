#include "proto/smtp/parameters.h"

#include <fmt/core.h>

#include "base/text.h"

namespace chappe::proto::smtp {
namespace {

bool is_value_char(char c) { return (!is_ctl(c) && c != ' ' && c != '=') || is_8bit(c); }  // RFC 6531 §3.3
bool is_xchar(char c) { return c > 32 && c < 127 && c != '+' && c != '='; }
int hex(char c) { return is_digit(c) ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1; }

std::optional<Parameter> parse_one(std::string_view word) {
  Parameter p;
  const std::size_t eq = word.find('=');
  p.keyword = word.substr(0, eq);
  if (p.keyword.empty() || !is_alnum(p.keyword.front())) return std::nullopt;
  for (const char c : p.keyword)
    if (!is_alnum(c) && c != '-') return std::nullopt;
  if (eq == std::string_view::npos) return p;
  p.value = word.substr(eq + 1);
  if (p.value->empty()) return std::nullopt;
  // AUTH=<> and addr-spec values hold no "=", but xtext of old clients does; only controls and blanks end the game.
  for (const char c : *p.value)
    if (!is_value_char(c) && c != '=') return std::nullopt;
  return p;
}

}  // namespace

Result<std::vector<Parameter>> parse_parameters(std::string_view s) {
  std::vector<Parameter> out;
  if (!s.empty() && s.front() != ' ') return fail(Errc::invalid, "parameters are set off by a space");
  while (!(s = trim(s, " ")).empty()) {
    const std::string_view word = s.substr(0, s.find(' '));
    s.remove_prefix(word.size());
    const auto p = parse_one(word);
    if (!p) return fail(Errc::invalid, "a parameter is not well formed");
    for (const Parameter& earlier : out)
      if (iequals(earlier.keyword, p->keyword)) return fail(Errc::invalid, "a parameter is given twice");
    if (out.size() == kMaxParameters) return fail(Errc::invalid, "too many parameters");
    out.push_back(*p);
  }
  return out;
}

std::optional<std::string> xtext_decode(std::string_view s) {
  std::string out;
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (s[i] != '+') {
      if (!is_xchar(s[i])) return std::nullopt;
      out += s[i];
      continue;
    }
    if (i + 2 >= s.size() || hex(s[i + 1]) < 0 || hex(s[i + 2]) < 0) return std::nullopt;
    out += static_cast<char>(hex(s[i + 1]) * 16 + hex(s[i + 2]));
    i += 2;
  }
  return out;
}

std::string xtext_encode(std::string_view s) {
  std::string out;
  for (const char c : s) {
    if (is_xchar(c)) {
      out += c;
    } else {
      out += fmt::format("+{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

}  // namespace chappe::proto::smtp
