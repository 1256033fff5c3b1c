#include "codec/idna.h"

#include <idn2.h>
#include <unicode/bytestream.h>
#include <unicode/casemap.h>
#include <unicode/normalizer2.h>
#include <unicode/stringoptions.h>

#include <memory>

#include "base/text.h"
#include "codec/utf8.h"

namespace chappe::codec {
namespace {

using Idn2Text = std::unique_ptr<char, decltype(&idn2_free)>;

bool is_ldh_label(ByteView label) {
  if (label.empty() || label.size() > kMaxLabel || label.front() == '-' || label.back() == '-') return false;
  for (const char c : label)
    if (!is_alnum(c) && c != '-') return false;
  return true;
}

bool all_digits(ByteView label) {
  for (const char c : label)
    if (!is_digit(c)) return false;
  return true;
}

// `text` without NUL, any UTF-8.
Result<std::string> idn2_ascii(const std::string& text) {
  char* out = nullptr;
  const int rc = idn2_to_ascii_8z(text.c_str(), &out, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
  const Idn2Text owned(out, idn2_free);
  if (rc != IDN2_OK) return fail(Errc::invalid, "not a domain name: {}: {}", printable(text), idn2_strerror(rc));
  return std::string(out);
}

std::string label_to_unicode(ByteView label) {
  const std::string ascii = to_lower(label);
  if (!ascii.starts_with("xn--")) return std::string(label);
  char* out = nullptr;
  const int rc = idn2_to_unicode_8z8z(ascii.c_str(), &out, 0);
  const Idn2Text owned(out, idn2_free);
  if (rc != IDN2_OK) return std::string(label);
  std::string text(out);
  // A label that decodes to something with a dot, or to what would be encoded otherwise, could look like another name.
  const auto back = idn2_ascii(text);
  return back && *back == ascii ? text : std::string(label);
}

Result<std::string> normalized(const icu::Normalizer2* form, UErrorCode status, ByteView text) {
  std::string out;
  icu::StringByteSink<std::string> sink(&out);
  if (U_SUCCESS(status))
    form->normalizeUTF8(0, icu::StringPiece(text.data(), static_cast<int>(text.size())), sink, nullptr, status);
  if (U_FAILURE(status)) return fail(Errc::bug, "normalization: {}", u_errorName(status));
  return out;
}

Result<std::string> nfc(ByteView text) {
  UErrorCode status = U_ZERO_ERROR;
  const auto* form = icu::Normalizer2::getNFCInstance(status);
  return normalized(form, status, text);
}

Result<std::string> nfd(ByteView text) {
  UErrorCode status = U_ZERO_ERROR;
  const auto* form = icu::Normalizer2::getNFDInstance(status);
  return normalized(form, status, text);
}

}  // namespace

bool valid_domain(ByteView name) {
  if (name.empty() || name.size() > kMaxDomain) return false;
  for (;;) {
    const std::size_t dot = name.find('.');
    const ByteView label = name.substr(0, dot);
    if (!is_ldh_label(label)) return false;
    if (dot == ByteView::npos) return !all_digits(label);
    name.remove_prefix(dot + 1);
  }
}

Result<std::string> domain_to_ascii(ByteView name) {
  if (name.size() > kMaxDomainText) return fail(Errc::too_large, "domain name over {} octets", kMaxDomainText);
  std::string ascii = to_lower(name);
  if (!is_ascii(name)) {
    if (!utf8_valid(name) || name.find('\0') != ByteView::npos)
      return fail(Errc::invalid, "not a domain name: {}", printable(name));
    ascii = to_lower(TRY(idn2_ascii(std::string(name))));
  }
  if (ascii.size() > kMaxDomain) return fail(Errc::too_large, "domain name over {} octets", kMaxDomain);
  if (!valid_domain(ascii)) return fail(Errc::invalid, "not a domain name: {}", printable(name));
  return ascii;
}

std::string domain_to_unicode(ByteView name) {
  if (!valid_domain(name)) return std::string(name);
  std::string out;
  for (const auto label : split(name, '.')) {
    if (!out.empty()) out += '.';
    out += label_to_unicode(label);
  }
  // Labels that are fine alone may not be so together: the rule for directions is about the whole name (RFC 5893 §2).
  const auto back = domain_to_ascii(out);
  return back && *back == to_lower(name) ? out : std::string(name);
}

Result<std::string> to_nfc(ByteView text) {
  if (is_ascii(text)) return std::string(text);
  if (!utf8_valid(text)) return fail(Errc::invalid, "not UTF-8: {}", printable(text));
  return nfc(text);
}

Result<std::string> fold_case(ByteView text) {
  if (is_ascii(text)) return to_lower(text);
  if (!utf8_valid(text)) return fail(Errc::invalid, "not UTF-8: {}", printable(text));
  const std::string parts = TRY(nfd(text));
  std::string folded;
  icu::StringByteSink<std::string> sink(&folded);
  UErrorCode status = U_ZERO_ERROR;
  icu::CaseMap::utf8Fold(0, icu::StringPiece(parts.data(), static_cast<int>(parts.size())), sink, nullptr, status);
  if (U_FAILURE(status)) return fail(Errc::bug, "case folding: {}", u_errorName(status));
  return nfc(folded);
}

}  // namespace chappe::codec
