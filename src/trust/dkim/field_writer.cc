#include "trust/dkim/field_writer.h"

#include <algorithm>

#include "codec/base64.h"

namespace chappe::trust::dkim {

FieldWriter::FieldWriter(std::string_view name, message::FieldName id)
    : id_(id),
      text_(std::string(name) + ':'),
      name_size_(name.size()),
      value_at_(text_.size()),
      column_(text_.size()) {}

void FieldWriter::put(std::string_view word, bool blank) {
  // One column is left for the ";" that may follow.
  if (column_ + word.size() + (blank ? 1 : 0) > kColumns - 1 && column_ > 1) {
    text_ += "\r\n ";
    column_ = 1;
  } else if (blank) {
    text_ += ' ';
    ++column_;
  }
  text_ += word;
  column_ += word.size();
}

FieldWriter& FieldWriter::tag(std::string_view name, std::string_view value) {
  if (!first_) text_ += ';';
  column_ += first_ ? 0 : 1;
  first_ = false;
  put(std::string(name) + '=' + std::string(value), true);
  return *this;
}

FieldWriter& FieldWriter::list(std::string_view name, std::span<const std::string> parts) {
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::string word = parts[i] + (i + 1 < parts.size() ? ":" : "");
    if (i == 0)
      tag(name, word);
    else
      put(word, false);
  }
  return *this;
}

void FieldWriter::fill(std::string_view text) {
  constexpr std::size_t kLeast = 8;  // that is worth being put at the end of a line
  while (!text.empty()) {
    if (column_ + std::min(kLeast, text.size()) > kColumns - 1) {
      text_ += "\r\n ";
      column_ = 1;
    }
    const std::string_view piece = text.substr(0, kColumns - 1 - column_);
    text_ += piece;
    column_ += piece.size();
    text.remove_prefix(piece.size());
  }
}

FieldWriter& FieldWriter::base64(std::string_view name, ByteView octets) {
  tag(name, "");
  fill(codec::base64_encode(octets));
  return *this;
}

message::Field FieldWriter::unsigned_field() {
  tag("b", "");
  text_ += "\r\n";
  return {text_, 0, name_size_, value_at_, id_};
}

std::string FieldWriter::finish(ByteView signature) && {
  text_.resize(text_.size() - 2);
  fill(codec::base64_encode(signature));
  text_ += "\r\n";
  return std::move(text_);
}

std::string quote(ByteView text) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (c > ' ' && c < '\x7f' && c != ';' && c != '=') {
      out += c;
      continue;
    }
    out += '=';
    out += kDigits[static_cast<unsigned char>(c) >> 4];
    out += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

}  // namespace chappe::trust::dkim
