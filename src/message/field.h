// One header field as it stands in a letter: name, value with its folding, place (RFC 5322 §2.2). A view: the letter's
// bytes must outlive it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"

namespace chappe::message {

// Fields whose meaning somebody in this program knows. Everything else is `other` and found by its name.
enum class FieldName : std::uint8_t {
  other,
  arc_authentication_results,
  arc_message_signature,
  arc_seal,
  authentication_results,
  bcc,
  cc,
  content_description,
  content_disposition,
  content_id,
  content_language,
  content_location,
  content_md5,
  content_transfer_encoding,
  content_type,
  date,
  delivered_to,
  dkim_signature,
  from,
  in_reply_to,
  list_id,
  list_unsubscribe,
  message_id,
  mime_version,
  received,
  received_spf,
  references,
  reply_to,
  resent_bcc,
  resent_cc,
  resent_date,
  resent_from,
  resent_message_id,
  resent_sender,
  resent_to,
  return_path,
  sender,
  subject,
  to,
};

// The constant of a name in any case; `other` if there is none.
FieldName field_name(ByteView name);
// The name as RFCs write it ("Message-ID"); empty for `other`.
ByteView field_spelling(FieldName id);

class Field {
 public:
  Field(ByteView raw, std::size_t offset, std::size_t name_size, std::size_t value_at, FieldName id)
      : raw_(raw),
        offset_(offset),
        name_size_(static_cast<std::uint32_t>(name_size)),
        value_at_(static_cast<std::uint32_t>(value_at)),
        id_(id) {}

  FieldName id() const { return id_; }
  // As written, without blanks before the colon.
  ByteView name() const { return raw_.substr(0, name_size_); }
  // The whole field with its final line end, exactly as written (what DKIM's simple form hashes).
  ByteView raw() const { return raw_; }
  // What follows the colon up to the final line end: folding, leading and trailing blanks and all.
  ByteView value() const;
  // Of raw()'s first octet, from the start of the letter; value() starts value_at() further on.
  std::size_t offset() const { return offset_; }
  std::size_t value_at() const { return value_at_; }
  bool is(ByteView name) const;

 private:
  ByteView raw_;
  std::size_t offset_;
  std::uint32_t name_size_;
  std::uint32_t value_at_;
  FieldName id_;
};

// A value without its folding: line ends that blanks follow are dropped, the blanks kept (RFC 5322 §2.2.3), and the
// ends trimmed. Line ends that no blank follows (a caller's own text) become one space.
std::string unfold(ByteView value);

}  // namespace chappe::message
