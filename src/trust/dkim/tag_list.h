// Lists of `tag=value` as DKIM writes its signatures and keys (RFC 6376 §3.2) and ARC its fields (RFC 8617 §4.1). A list
// is read as a whole: one wrong tag makes it no list, and the fault says what is wrong and where. A DMARC record goes by
// other rules (RFC 9989 §4.8): a wrong tag is left out, names have no case, and there are no folds; dmarc/record.h reads
// it.
//
// A TagList is a view: the text must outlive it. Pure; linear in the text, within the limits below; nothing blocks.
//
// Where RFC 6376 leaves a choice: values may hold octets above 127 (the note in §3.2, RFC 8616 §4); a line may end with
// LF alone, as letters are stored; blanks behind the last ";" are let pass; ";;" is not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace chappe::trust::dkim {

struct Tag {
  ByteView name;
  ByteView value;  // without blanks at its ends; folds and blanks inside are as written
  // The place of all that stands between "=" and ";", counted from the start of the text.
  std::size_t begin = 0, end = 0;
};

enum class TagFault : std::uint8_t {
  no_tag,     // nothing at all, or nothing between two ";"
  bad_name,   // not a letter, then letters, digits and "_"
  no_equals,  // a name without "="
  bad_octet,  // a value holds a control character, or a line end that is no fold
  duplicate,  // a name stands twice
  too_many,   // more tags than TagList::kMaxTags
  too_large,  // more octets than TagList::kMaxOctets
};

struct TagError {
  TagFault fault{};
  std::size_t at = 0;  // of the octet in question
  std::string tag;     // the name concerned, as far as it is one
  // A sentence for people: "the tag d stands twice (octet 17)".
  std::string text() const;
};

class TagList {
 public:
  static constexpr std::size_t kMaxTags = 64;
  static constexpr std::size_t kMaxOctets = 64 * 1024;

  static std::expected<TagList, TagError> parse(ByteView text);

  // In order; names are all different.
  const std::vector<Tag>& tags() const { return tags_; }
  // Names are told apart by case (RFC 6376 §3.2). nullptr: there is none.
  const Tag* find(std::string_view name) const;
  // Its value; nothing if there is no such tag. An empty value is a value.
  std::optional<ByteView> value(std::string_view name) const;

 private:
  std::vector<Tag> tags_;
};

// A value without its blanks and folds.
std::string without_blanks(ByteView value);
// base64 with blanks and folds anywhere in it; its padding may be left out (RFC 6376 §2.10). Nothing: it is none.
std::optional<Bytes> base64_with_blanks(ByteView value);
// The parts between colons, without blanks around them. Nothing: a part is empty, or there are more than `limit`.
std::optional<std::vector<ByteView>> colon_list(ByteView value, std::size_t limit);
// 1*DIGIT, at most `digits` of them, as a number. Nothing: it is none, or too large for 64 bits.
std::optional<std::uint64_t> decimal(ByteView value, std::size_t digits);
// What dkim-quoted-printable stands for (RFC 6376 §2.11). Nothing: a "=" without its two digits.
std::optional<std::string> unquote(ByteView value);

}  // namespace chappe::trust::dkim
