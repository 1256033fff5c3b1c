// Writes a field that is a list of tags, folded so that no line is longer than kColumns wherever blanks may stand (RFC
// 5322 §2.1.1, RFC 6376 §3.2). Pure; of one owner.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "message/field.h"

namespace chappe::trust::dkim {

class FieldWriter {
 public:
  static constexpr std::size_t kColumns = 77;

  FieldWriter(std::string_view name, message::FieldName id);

  FieldWriter& tag(std::string_view name, std::string_view value);
  // A list with colons, folded between its parts.
  FieldWriter& list(std::string_view name, std::span<const std::string> parts);
  // base64, folded anywhere.
  FieldWriter& base64(std::string_view name, ByteView octets);

  // The field so far with `b=` and nothing behind it, which is what is signed: a view until the next call.
  message::Field unsigned_field();
  // Where that value stands in it.
  std::size_t value_place() const { return text_.size() - 2 - value_at_; }
  // The whole field with its signature and its line end. Once, last, after unsigned_field().
  std::string finish(ByteView signature) &&;

 private:
  void put(std::string_view word, bool blank);
  void fill(std::string_view text);

  message::FieldName id_;
  std::string text_;
  std::size_t name_size_;
  std::size_t value_at_;
  std::size_t column_;
  bool first_ = true;
};

// dkim-quoted-printable (RFC 6376 §2.11).
std::string quote(ByteView text);

}  // namespace chappe::trust::dkim
