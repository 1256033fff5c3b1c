// An address as a key: what makes two spellings name the same mailbox here. The local part is compared caselessly in
// Normalization Form C and without the quotes it may be written in (RFC 5321 §4.1.2), the domain as A-labels. The
// written form is kept beside it, for showing and for sending on: other hosts may know a difference (RFC 5321 §2.4).
//
// A plain value, pure functions, nothing blocks. RFC 6531 §3.3 for addresses outside ASCII.
#pragma once

#include <compare>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace chappe::post {

inline constexpr std::size_t kMaxLocalPart = 64;  // octets without quotes (RFC 5321 §4.5.3.1.1)

class AddressKey {
 public:
  AddressKey() = default;

  // From `local@domain` or `"quoted local"@domain`, without angle brackets, comments or blanks. Dots may stand anywhere
  // in the local part: other people's addresses are not ours to correct. Errc::invalid, Errc::too_large.
  static Result<AddressKey> parse(std::string_view written);
  // From the parts of a parsed path: `local` without quotes and backslashes. An address literal is Errc::invalid.
  static Result<AddressKey> of(std::string_view local, std::string_view domain);

  // From what local(), domain() and written() gave out before; not checked again, so that a stored address stays one
  // when the rules of Unicode move on.
  static AddressKey stored(std::string local, std::string domain, std::string written);

  // The local part as key, without quotes.
  const std::string& local() const { return local_; }
  // The domain as key: A-labels, lower case.
  const std::string& domain() const { return domain_; }
  // local() '@' domain(): one text for one key, since a domain holds no '@'. Not for a message: see written().
  std::string text() const { return local_ + "@" + domain_; }
  // As somebody wrote it, with the quotes that it needs. Printable, without white space outside quotes.
  const std::string& written() const { return written_; }

  // `bob@…` for `bob+lists@…`: what stands before the first `separator`, unless that is nothing. Nothing if there is no
  // such separator (RFC 5233 §4 names the parts).
  std::optional<AddressKey> without_detail(char separator) const;

  // By key; the written form does not count.
  bool operator==(const AddressKey& o) const { return local_ == o.local_ && domain_ == o.domain_; }
  std::strong_ordering operator<=>(const AddressKey& o) const {
    const auto by_domain = domain_ <=> o.domain_;
    return by_domain != 0 ? by_domain : local_ <=> o.local_;
  }

 private:
  std::string local_;
  std::string domain_;
  std::string written_;
};

}  // namespace chappe::post

template <>
struct std::hash<chappe::post::AddressKey> {
  std::size_t operator()(const chappe::post::AddressKey& a) const { return std::hash<std::string>()(a.text()); }
};
