#include "trust/spf/macro.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace chappe::trust::spf {
namespace {

constexpr std::string_view kLetters = "slodiphcrtv";
constexpr std::string_view kExpOnly = "crt";  // RFC 7208 §7.2
constexpr std::string_view kDelimiters = ".-+,/_=";
// More than there can be labels; "%{d500}" keeps as many (RFC 7208 §7.3).
constexpr unsigned kMaxKeep = 128;

std::unexpected<SyntaxFault> fault(Flaw flaw, std::size_t at, std::size_t size) {
  return std::unexpected(SyntaxFault{flaw, at, size});
}

// `text` from "%{" at `at` on; moves `at` behind the "}".
std::expected<Macro, SyntaxFault> parse_macro(ByteView text, std::size_t& at, MacroString::Kind kind) {
  const std::size_t begin = at;
  const std::size_t end = text.find('}', begin);
  if (end == text.npos) return fault(Flaw::open_macro, begin, text.size() - begin);
  const std::size_t size = end + 1 - begin;
  std::size_t i = begin + 2;
  Macro out;
  out.letter = lower(text[i]);
  out.escape = text[i] != out.letter;
  if (!kLetters.contains(out.letter)) return fault(Flaw::bad_macro_letter, begin, size);
  if (kExpOnly.contains(out.letter) && kind != MacroString::Kind::explain_string)
    return fault(Flaw::exp_only_macro, begin, size);
  bool counted = false;
  for (++i; is_digit(text[i]); ++i, counted = true)
    out.keep = std::min(kMaxKeep, out.keep * 10 + static_cast<unsigned>(text[i] - '0'));
  if (counted && out.keep == 0) return fault(Flaw::bad_transformer, begin, size);  // RFC 7208 §7.3
  if (lower(text[i]) == 'r') {
    out.reverse = true;
    ++i;
  }
  const ByteView delimiters = text.substr(i, end - i);
  if (delimiters.find_first_not_of(kDelimiters) != delimiters.npos) return fault(Flaw::bad_transformer, begin, size);
  if (!delimiters.empty()) {
    out.delimiters.clear();
    for (const char c : delimiters)
      if (!out.delimiters.contains(c)) out.delimiters += c;
  }
  at = end + 1;
  return out;
}

// RFC 7208 §7.1: toplabel.
bool is_top_label(std::string_view label) {
  if (label.empty() || label.front() == '-' || label.back() == '-') return false;
  bool other_than_digits = false;
  for (const char c : label) {
    if (!is_alnum(c) && c != '-') return false;
    if (!is_digit(c)) other_than_digits = true;
  }
  return other_than_digits;
}

// RFC 7208 §7.1: domain-end, of the text behind the last macro-expand.
bool ends_domain(std::string_view tail) {
  if (tail.ends_with('.')) tail.remove_suffix(1);
  const std::size_t dot = tail.rfind('.');
  return dot != tail.npos && is_top_label(tail.substr(dot + 1));
}

bool unreserved(char c) { return is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~'; }  // RFC 3986 §2.3

std::string url_escaped(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (unreserved(c))
      out += c;
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::string value_of(char letter, const MacroValues& values) {
  switch (letter) {
    case 's':
      return values.local + '@' + values.sender_domain;
    case 'l':
      return values.local;
    case 'o':
      return values.sender_domain;
    case 'd':
      return values.domain;
    case 'i':
      return to_upper(values.ip.dotted());  // in upper case as the test suite has it; names have no case
    case 'p':
      return values.validated.empty() ? "unknown" : values.validated;
    case 'v':
      return values.ip.v4() ? "in-addr" : "ip6";
    case 'h':
      return values.helo;
    case 'c':
      return values.ip.text();
    case 'r':
      return values.receiver.empty() ? "unknown" : values.receiver;
    default:
      return fmt::format("{}", values.now.us / 1'000'000);  // t
  }
}

}  // namespace

std::expected<MacroString, SyntaxFault> MacroString::parse(ByteView text, Kind kind) {
  MacroString out;
  out.text_ = text;
  std::size_t behind_macro = 0;
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] != '%') {
      const std::size_t end = std::min(text.find('%', i), text.size());
      out.add(text.substr(i, end - i));
      for (; i < end; ++i) {
        const bool space = text[i] == ' ' && kind == Kind::explain_string;
        if (!space && (is_ctl(text[i]) || is_8bit(text[i]) || text[i] == ' ')) return fault(Flaw::bad_character, i, 1);
      }
      continue;
    }
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    if (next == '{') {
      auto macro = parse_macro(text, i, kind);
      if (!macro) return std::unexpected(macro.error());
      out.parts_.emplace_back(std::move(*macro));
    } else if (next == '%' || next == '_' || next == '-') {
      out.add(next == '%' ? "%" : next == '_' ? " " : "%20");
      i += 2;
    } else {
      return fault(Flaw::bad_percent, i, 1);
    }
    behind_macro = i;
  }
  if (kind != Kind::domain_spec) return out;
  if (text.empty()) return fault(Flaw::argument_missing, 0, 0);
  const ByteView tail = text.substr(behind_macro);
  if (tail.empty() || ends_domain(tail)) return out;
  return fault(Ip::parse(text) ? Flaw::address_as_domain : Flaw::bad_domain_end, 0, text.size());
}

void MacroString::add(std::string_view literal) {
  if (parts_.empty() || !std::holds_alternative<std::string>(parts_.back())) parts_.emplace_back(std::string());
  std::get<std::string>(parts_.back()) += literal;
}

bool MacroString::uses(char letter) const {
  return std::any_of(parts_.begin(), parts_.end(), [letter](const auto& part) {
    const Macro* macro = std::get_if<Macro>(&part);
    return macro != nullptr && macro->letter == letter;
  });
}

bool MacroString::literal() const {
  return std::none_of(parts_.begin(), parts_.end(),
                      [](const auto& part) { return std::holds_alternative<Macro>(part); });
}

std::string expand(const Macro& macro, const MacroValues& values) {
  const std::string value = value_of(macro.letter, values);
  std::vector<std::string_view> parts;
  std::string_view rest = value;
  for (;;) {
    const std::size_t at = rest.find_first_of(macro.delimiters);
    parts.push_back(rest.substr(0, at));
    if (at == rest.npos) break;
    rest.remove_prefix(at + 1);
  }
  if (macro.reverse) std::reverse(parts.begin(), parts.end());
  if (macro.keep != 0 && macro.keep < parts.size())
    parts.erase(parts.begin(), parts.end() - static_cast<std::ptrdiff_t>(macro.keep));
  std::string out;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i != 0) out += '.';
    out += parts[i];
  }
  return macro.escape ? url_escaped(out) : out;
}

std::string expand_text(const MacroString& string, const MacroValues& values, std::size_t limit) {
  std::string out;
  for (const auto& part : string.parts()) {
    if (out.size() >= limit) break;
    const Macro* macro = std::get_if<Macro>(&part);
    out += macro != nullptr ? expand(*macro, values) : std::get<std::string>(part);
  }
  return out.substr(0, limit);
}

std::string expand_domain(const MacroString& string, const MacroValues& values) {
  std::string out;
  // From the right, and no further than the cut below: with a final dot, what is kept has kMaxTarget + 1 octets.
  for (auto part = string.parts().rbegin(); part != string.parts().rend() && out.size() <= kMaxTarget + 1; ++part) {
    const Macro* macro = std::get_if<Macro>(&*part);
    out.insert(0, macro != nullptr ? expand(*macro, values) : std::get<std::string>(*part));
  }
  if (out.ends_with('.')) out.pop_back();
  if (out.size() <= kMaxTarget) return out;
  // RFC 7208 §7.3: labels on the left go, with the dot behind each.
  const std::size_t dot = out.find('.', out.size() - kMaxTarget - 1);
  return dot == out.npos ? std::string() : out.substr(dot + 1);
}

std::optional<dns::Name> query_name(std::string_view target) {
  if (target.empty() || target.size() > kMaxTarget) return std::nullopt;
  Bytes wire;
  wire.reserve(target.size() + 2);
  for (std::size_t dot = 0; dot != target.npos;) {
    dot = target.find('.');
    const std::string_view label = target.substr(0, dot);
    if (label.empty() || label.size() > dns::Name::kMaxLabel) return std::nullopt;
    wire += static_cast<char>(label.size());
    wire += label;
    target.remove_prefix(std::min(label.size() + 1, target.size()));
  }
  wire += '\0';
  auto name = dns::Name::from_wire(std::move(wire));
  if (!name) return std::nullopt;
  return std::move(*name);
}

}  // namespace chappe::trust::spf
