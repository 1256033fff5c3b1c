#include "trust/dkim/tag_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "codec/base64.h"

namespace chappe::trust::dkim {
namespace {

constexpr bool is_blank(char c) { return c <= ' ' && (c == ' ' || c == '\t' || c == '\r' || c == '\n'); }
// RFC 6376 §3.2: ALNUMPUNC
constexpr bool is_name_octet(char c) { return is_alnum(c) || c == '_'; }

// Where the first octet at or behind `at` stands that is no blank; the size of `text` if there is none.
std::size_t skip_blanks(ByteView text, std::size_t at) {
  while (at < text.size() && is_blank(text[at])) ++at;
  return at;
}

ByteView trim_blanks(ByteView text) {
  text.remove_prefix(skip_blanks(text, 0));
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

std::string_view fault_text(TagFault fault) {
  switch (fault) {
    case TagFault::no_tag:
      return "there is no tag where one should be";
    case TagFault::bad_name:
      return "no name of a tag";
    case TagFault::no_equals:
      return "no \"=\" behind the name of a tag";
    case TagFault::bad_octet:
      return "an octet that no value may hold";
    case TagFault::duplicate:
      return "a tag stands twice";
    case TagFault::too_many:
      return "more tags than are read";
    case TagFault::too_large:
      return "more octets than are read";
  }
  return {};
}

// FWS = [*WSP CRLF] 1*WSP (RFC 5322 §3.2.2): a line end has a blank behind it. Where the first octet stands that is
// neither VALCHAR nor part of a blank; npos if there is none.
std::size_t bad_octet(ByteView value) {
  for (auto at = std::ranges::find_if(value, is_ctl); at != value.end();
       at = std::find_if(at + 1, value.end(), is_ctl)) {
    const auto next = at + 1;
    const bool bad = *at == '\r'   ? next == value.end() || *next != '\n'
                     : *at == '\n' ? next != value.end() && !is_wsp(*next)
                                   : *at != '\t';
    if (bad) return static_cast<std::size_t>(at - value.begin());
  }
  return ByteView::npos;
}

}  // namespace

std::string TagError::text() const {
  if (tag.empty()) return fmt::format("{} (octet {})", fault_text(fault), at);
  return fmt::format("{}: {} (octet {})", fault_text(fault), printable(tag, 40), at);
}

std::expected<TagList, TagError> TagList::parse(ByteView text) {
  const auto wrong = [](TagFault fault, std::size_t at, ByteView name = {}) {
    return std::unexpected(TagError{fault, at, std::string(name)});
  };
  if (text.size() > kMaxOctets) return wrong(TagFault::too_large, kMaxOctets);
  TagList list;
  list.tags_.reserve(12);  // a signature has hardly more
  std::size_t at = 0;
  for (;;) {
    const std::size_t name_at = skip_blanks(text, at);
    if (name_at == text.size()) {
      if (list.tags_.empty()) return wrong(TagFault::no_tag, at);
      return list;  // RFC 6376 §3.2: a ";" may close the list
    }
    std::size_t name_end = name_at;
    while (name_end < text.size() && is_name_octet(text[name_end])) ++name_end;
    const ByteView name = text.substr(name_at, name_end - name_at);
    if (name.empty()) return wrong(text[name_at] == ';' ? TagFault::no_tag : TagFault::bad_name, name_at);
    if (!is_alpha(name.front())) return wrong(TagFault::bad_name, name_at, name);
    const std::size_t equals = skip_blanks(text, name_end);
    if (equals == text.size() || text[equals] == ';') return wrong(TagFault::no_equals, name_end, name);
    if (text[equals] != '=') return wrong(equals == name_end ? TagFault::bad_name : TagFault::no_equals, equals, name);
    Tag tag{.name = name, .value = {}, .begin = equals + 1, .end = std::min(text.find(';', equals), text.size())};
    const ByteView written = text.substr(tag.begin, tag.end - tag.begin);
    if (const std::size_t bad = bad_octet(written); bad != ByteView::npos)
      return wrong(TagFault::bad_octet, tag.begin + bad, name);
    tag.value = trim_blanks(written);
    // RFC 6376 §3.2: then the whole list is invalid.
    if (list.find(name) != nullptr) return wrong(TagFault::duplicate, name_at, name);
    if (list.tags_.size() == kMaxTags) return wrong(TagFault::too_many, name_at, name);
    list.tags_.push_back(tag);
    if (tag.end == text.size()) return list;
    at = tag.end + 1;
  }
}

const Tag* TagList::find(std::string_view name) const {
  // Hardly two tags begin with the same letter.
  const auto found = std::ranges::find_if(
      tags_, [name](const Tag& tag) { return name.starts_with(tag.name.front()) && tag.name == name; });
  return found == tags_.end() ? nullptr : &*found;
}

std::optional<ByteView> TagList::value(std::string_view name) const {
  const Tag* tag = find(name);
  if (tag == nullptr) return std::nullopt;
  return tag->value;
}

std::string without_blanks(ByteView value) {
  std::string out;
  out.reserve(value.size());
  for (auto at = value.begin(); at != value.end();) {
    const auto end = std::find_if(at, value.end(), is_blank);
    out.append(at, end);
    at = end == value.end() ? end : end + 1;
  }
  return out;
}

std::optional<Bytes> base64_with_blanks(ByteView value) {
  std::string text = without_blanks(value);
  if (!text.ends_with('=')) text.append((4 - text.size() % 4) % 4, '=');
  return codec::base64_decode(text);
}

std::optional<std::vector<ByteView>> colon_list(ByteView value, std::size_t limit) {
  std::vector<ByteView> out;
  out.reserve(std::min(limit, static_cast<std::size_t>(std::ranges::count(value, ':')) + 1));
  for (;;) {
    const std::size_t colon = value.find(':');
    const ByteView part = trim_blanks(value.substr(0, colon));
    if (part.empty() || out.size() == limit) return std::nullopt;
    out.push_back(part);
    if (colon == ByteView::npos) return out;
    value.remove_prefix(colon + 1);
  }
}

std::optional<std::uint64_t> decimal(ByteView value, std::size_t digits) {
  if (value.empty() || value.size() > digits) return std::nullopt;
  return to_number<std::uint64_t>(value);
}

std::optional<std::string> unquote(ByteView value) {
  // RFC 2045 §6.7: upper case only, which writers of the world do not always keep to.
  const auto digit = [](char c) {
    return is_digit(c) ? c - '0' : lower(c) >= 'a' && lower(c) <= 'f' ? lower(c) - 'a' + 10 : -1;
  };
  std::string out;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (is_blank(value[i])) continue;
    if (value[i] != '=') {
      out += value[i];
      continue;
    }
    const int high = i + 2 < value.size() ? digit(value[i + 1]) : -1;
    const int low = high < 0 ? -1 : digit(value[i + 2]);
    if (low < 0) return std::nullopt;
    out += static_cast<char>(high << 4 | low);
    i += 2;
  }
  return out;
}

}  // namespace chappe::trust::dkim
