#include "message/field.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/text.h"

namespace chappe::message {
namespace {

// In the order of the enumeration, without `other`.
constexpr std::string_view kSpellings[] = {
    "ARC-Authentication-Results",
    "ARC-Message-Signature",
    "ARC-Seal",
    "Authentication-Results",
    "Bcc",
    "Cc",
    "Content-Description",
    "Content-Disposition",
    "Content-ID",
    "Content-Language",
    "Content-Location",
    "Content-MD5",
    "Content-Transfer-Encoding",
    "Content-Type",
    "Date",
    "Delivered-To",
    "DKIM-Signature",
    "From",
    "In-Reply-To",
    "List-Id",
    "List-Unsubscribe",
    "Message-ID",
    "MIME-Version",
    "Received",
    "Received-SPF",
    "References",
    "Reply-To",
    "Resent-Bcc",
    "Resent-Cc",
    "Resent-Date",
    "Resent-From",
    "Resent-Message-ID",
    "Resent-Sender",
    "Resent-To",
    "Return-Path",
    "Sender",
    "Subject",
    "To",
};
constexpr std::size_t kLongest = 26;
static_assert(std::size(kSpellings) == static_cast<std::size_t>(FieldName::to));

// For each length, the ids of that length, closed by `other`.
constexpr auto make_by_length() {
  std::array<std::array<FieldName, 10>, kLongest + 1> t{};
  for (std::size_t i = 0; i < std::size(kSpellings); ++i) {
    auto& row = t[kSpellings[i].size()];
    std::size_t n = 0;
    while (row[n] != FieldName::other) ++n;
    row[n] = static_cast<FieldName>(i + 1);
  }
  return t;
}
constexpr auto kByLength = make_by_length();

}  // namespace

FieldName field_name(ByteView name) {
  if (name.size() > kLongest) return FieldName::other;
  for (const FieldName id : kByLength[name.size()]) {
    if (id == FieldName::other) break;
    if (iequals(name, kSpellings[static_cast<std::size_t>(id) - 1])) return id;
  }
  return FieldName::other;
}

ByteView field_spelling(FieldName id) {
  return id == FieldName::other ? ByteView() : kSpellings[static_cast<std::size_t>(id) - 1];
}

ByteView Field::value() const {
  ByteView v = raw_.substr(value_at_);
  if (v.ends_with('\n')) v.remove_suffix(1);
  if (v.ends_with('\r')) v.remove_suffix(1);
  return v;
}

bool Field::is(ByteView name) const { return iequals(this->name(), name); }

std::string unfold(ByteView value) {
  value = trim(value);
  std::string out;
  out.reserve(value.size());
  while (!value.empty()) {
    const std::size_t lf = value.find('\n');
    if (lf == ByteView::npos) break;
    std::size_t end = lf;
    if (end > 0 && value[end - 1] == '\r') --end;
    out.append(value.substr(0, end));
    if (lf + 1 < value.size() && !is_wsp(value[lf + 1])) out += ' ';
    value.remove_prefix(lf + 1);
  }
  out.append(value);
  return out;
}

}  // namespace chappe::message
