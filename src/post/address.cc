#include "post/address.h"

#include "base/text.h"
#include "codec/idna.h"

namespace chappe::post {
namespace {

// RFC 5322 §3.2.3, and RFC 6531 §3.3 for what is not ASCII.
bool is_atext(char c) {
  return is_alnum(c) || is_8bit(c) || std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

bool is_dot_atom(std::string_view local) {
  for (const auto atom : split(local, '.')) {
    if (atom.empty()) return false;
    for (const char c : atom)
      if (!is_atext(c)) return false;
  }
  return true;
}

// The local part as a message must write it.
std::string spelled(std::string_view local) {
  if (is_dot_atom(local)) return std::string(local);
  std::string out = "\"";
  for (const char c : local) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

// Takes a quoted string off the front of `text`; nothing if it has no end.
std::optional<std::string> take_quoted(std::string_view& text) {
  std::string out;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      text.remove_prefix(i + 1);
      return out;
    }
    if (text[i] == '\\' && ++i == text.size()) break;
    out += text[i];
  }
  return std::nullopt;
}

}  // namespace

Result<AddressKey> AddressKey::parse(std::string_view written) {
  const std::string_view all = written;
  if (written.starts_with('"')) {
    const auto local = take_quoted(written);
    if (!local || !written.starts_with('@')) return fail(Errc::invalid, "not an address: {}", printable(all));
    return of(*local, written.substr(1));
  }
  const auto at = written.find('@');
  if (at == std::string_view::npos) return fail(Errc::invalid, "an address without domain: {}", printable(all));
  for (const char c : written.substr(0, at))
    if (!is_atext(c) && c != '.') return fail(Errc::invalid, "not an address: {}", printable(all));
  return of(written.substr(0, at), written.substr(at + 1));
}

Result<AddressKey> AddressKey::of(std::string_view local, std::string_view domain) {
  if (local.empty()) return fail(Errc::invalid, "an address without local part");
  if (local.size() > kMaxLocalPart) return fail(Errc::too_large, "local part over {} octets", kMaxLocalPart);
  for (const char c : local)
    if (is_ctl(c)) return fail(Errc::invalid, "a control character in a local part: {}", printable(local));
  AddressKey key;
  key.local_ = TRY(codec::fold_case(local));
  key.domain_ = TRY(codec::domain_to_ascii(domain));
  key.written_ = fmt::format("{}@{}", spelled(local), domain);
  return key;
}

AddressKey AddressKey::stored(std::string local, std::string domain, std::string written) {
  AddressKey key;
  key.local_ = std::move(local);
  key.domain_ = std::move(domain);
  key.written_ = std::move(written);
  return key;
}

std::optional<AddressKey> AddressKey::without_detail(char separator) const {
  const auto at = local_.find(separator);
  if (at == std::string::npos || at == 0) return std::nullopt;
  const std::string local = local_.substr(0, at);
  return stored(local, domain_, fmt::format("{}@{}", spelled(local), domain_));
}

}  // namespace chappe::post
