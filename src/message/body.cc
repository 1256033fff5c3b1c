#include "message/body.h"

#include "base/text.h"
#include "codec/charset.h"
#include "codec/transfer.h"
#include "codec/utf8.h"

namespace chappe::message {
namespace {

constexpr std::size_t kPiece = 64 * 1024;

// Feeds `body` until it ends or `limit` octets have come out.
template <class Decoder>
Bytes run(Decoder& decoder, ByteView body, std::size_t limit) {
  Bytes out;
  if (limit >= body.size()) {
    decoder.feed(body, out);
    decoder.finish(out);
    return out;
  }
  for (; !body.empty() && out.size() < limit; body.remove_prefix(std::min(kPiece, body.size())))
    decoder.feed(body.substr(0, kPiece), out);
  if (body.empty()) decoder.finish(out);
  if (out.size() > limit) out.resize(limit);
  return out;
}

}  // namespace

Encoding encoding_of(const Letter& letter, const Part& part) {
  const Field* field = letter.find(part, FieldName::content_transfer_encoding);
  if (field == nullptr) return Encoding::seven_bit;
  const Encoding encoding = parse_encoding(field->value());
  if (part.kind != Part::Kind::leaf && encoding > Encoding::binary) return Encoding::binary;
  return encoding;
}

Bytes decode_body(const Letter& letter, const Part& part, Findings* findings, std::size_t limit) {
  return decode_octets(letter, part, letter.body_bytes(part), findings, limit);
}

Bytes decode_octets(const Letter& letter, const Part& part, ByteView body, Findings* findings, std::size_t limit) {
  const auto found = [&](Finding id) {
    if (findings != nullptr) findings->add(id, part.body, part.index);
  };
  switch (encoding_of(letter, part)) {
    case Encoding::base64: {
      codec::Base64Decoder decoder;
      Bytes out = run(decoder, body, limit);
      if (!decoder.clean()) found(Finding::base64_damaged);
      return out;
    }
    case Encoding::quoted_printable: {
      codec::QuotedPrintableDecoder decoder;
      Bytes out = run(decoder, body, limit);
      if (!decoder.clean()) found(Finding::quoted_printable_damaged);
      return out;
    }
    case Encoding::unknown:
      found(Finding::encoding_unknown);
      break;
    case Encoding::seven_bit:
    case Encoding::eight_bit:
    case Encoding::binary:
      break;
  }
  return Bytes(body.substr(0, limit));
}

std::string decode_text_body(const Letter& letter, const Part& part, Findings* findings, std::size_t limit) {
  return decode_text_octets(letter, part, letter.body_bytes(part), findings, limit);
}

std::string decode_text_octets(const Letter& letter, const Part& part, ByteView body, Findings* findings,
                               std::size_t limit) {
  const ContentType type = content_type_of(letter, part);
  const std::string* charset = type.parameters.find("charset");
  Bytes bytes = decode_octets(letter, part, body, findings, limit);
  // A cut may split a character; so that this does not count as damage, whole lines are kept.
  if (bytes.size() == limit && bytes.size() < part.end - part.body) {
    const std::size_t line = bytes.rfind('\n');
    if (line != Bytes::npos) bytes.resize(line + 1);
  }
  codec::Converted c = codec::to_utf8(bytes, charset == nullptr ? ByteView() : ByteView(*charset));
  if (findings != nullptr && !c.known) findings->add(Finding::charset_unknown, part.begin, part.index);
  if (findings != nullptr && c.known && c.errors != 0) findings->add(Finding::charset_mismatch, part.body, part.index);
  // Each CR before an LF goes, the stretches between them move together.
  std::string out = std::move(c.text);
  std::size_t end = 0;
  for (std::size_t from = 0; from < out.size();) {
    const std::size_t cr = std::min(out.find("\r\n", from), out.size());
    std::char_traits<char>::move(out.data() + end, out.data() + from, cr - from);
    end += cr - from;
    from = cr + 1;
  }
  out.resize(end);
  return out;
}

ContentType content_type_of(const Letter& letter, const Part& part) {
  if (const Field* field = letter.content_type(part)) {
    ContentType type = parse_content_type(field->value());
    // Where the structure that the field promises is missing, the part is what it is treated as.
    type.type = to_lower(part.type);
    type.subtype = to_lower(part.subtype);
    return type;
  }
  return {to_lower(part.type), to_lower(part.subtype), true, {}};
}

Disposition disposition_of(const Letter& letter, const Part& part) {
  const Field* field = letter.find(part, FieldName::content_disposition);
  return field == nullptr ? Disposition{} : parse_disposition(field->value());
}

std::string file_name_of(const Letter& letter, const Part& part) {
  const Disposition disposition = disposition_of(letter, part);
  if (const std::string* name = disposition.parameters.find("filename")) return *name;
  const ContentType type = content_type_of(letter, part);
  const std::string* name = type.parameters.find("name");
  return name == nullptr ? std::string() : *name;
}

}  // namespace chappe::message
