// A domain name as the DNS has it: labels of any octets, compared without regard to ASCII case, in the wire form
// inside. A value; immutable; any thread. Nothing blocks.
//
// Text is the presentation form: `\.` and `\DDD` escape (RFC 1035 §5.1), U-labels become A-labels (codec/idna.h).
// Limits: 63 octets a label, 255 octets the wire form (RFC 1035 §2.3.4). The order is the canonical one (RFC 4034
// §6.1).
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace chappe::dns {

class Name {
 public:
  static constexpr std::size_t kMaxLabel = 63;
  static constexpr std::size_t kMaxWire = 255;

  // The root.
  Name() : wire_(1, '\0') {}

  // An absolute name; the final dot may be left out. Errc::invalid says what is wrong; Errc::too_large.
  static Result<Name> parse(std::string_view text);
  // As in a master file: "@" is the origin, and without a final dot the name is relative to it (RFC 1035 §5.1).
  static Result<Name> parse(std::string_view text, const Name& origin);
  // The whole of `wire` as an uncompressed name. Errc::invalid.
  static Result<Name> from_wire(Bytes wire);

  ByteView wire() const { return wire_; }
  // "www.example.org."; "." is the root.
  std::string text() const;
  // "www" below "example.org.", "@" for the origin itself; the absolute form if the name is not under it, or is so only
  // in another case. parse(text, origin) gives the very octets back.
  std::string text(const Name& origin) const;
  // "www.example.org": lower case, without the final dot, as mail writes a domain.
  std::string domain() const;

  bool is_root() const { return wire_.size() == 1; }
  bool is_wildcard() const { return wire_.starts_with("\1*"); }
  // Labels without the root's, the leftmost first.
  std::vector<ByteView> labels() const;
  std::size_t label_count() const;

  // Equal to `ancestor` or below it.
  bool under(const Name& ancestor) const;
  // Without the leftmost label; of the root: the root.
  Name parent() const;
  // The last `labels` labels; all of them if there are fewer.
  Name suffix(std::size_t labels) const;
  // How many labels, from the right, are the same.
  std::size_t common_labels(const Name& other) const;
  // This name with one more label on the left. Errc::too_large; Errc::invalid: the label is empty or too long.
  Result<Name> child(ByteView label) const;
  // "*" below this name. Errc::too_large.
  Result<Name> wildcard() const { return child("*"); }
  // The name with its end `from`, which it must be under, replaced by `to` (RFC 6672 §2.2). Errc::too_large.
  Result<Name> with_suffix(const Name& from, const Name& to) const;
  // In lower case, which is the form that is signed (RFC 4034 §6.2).
  Name lower() const;

  bool operator==(const Name& other) const;
  std::weak_ordering operator<=>(const Name& other) const;

 private:
  explicit Name(Bytes wire) : wire_(std::move(wire)) {}
  static Result<Bytes> labels_of(std::string_view text, bool& absolute);

  Bytes wire_;
};

// Octets as a master file writes them, escaped where they must be (RFC 1035 §5.1): a label, or a string in its quotes.
void append_label_text(std::string& out, ByteView octets);
void append_quoted_text(std::string& out, ByteView octets);
// The inverse: undoes `\X` and `\DDD`. Errc::invalid.
Result<Bytes> unescape(std::string_view text);

}  // namespace chappe::dns
