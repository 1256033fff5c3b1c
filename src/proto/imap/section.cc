#include "proto/imap/section.h"

#include <algorithm>

#include "base/text.h"
#include "codec/transfer.h"
#include "message/content.h"

namespace chappe::proto::imap {
namespace {

using message::Letter;
using message::Part;
using What = Section::What;

// RFC 9051 §6.4.5.1: the fields named, or all others, then the empty line that ends a header.
Bytes some_fields(const Letter& letter, const Part& part, const Section& section) {
  Bytes out;
  const bool wanted = section.what == What::header_fields;
  for (const message::Field& field : letter.fields(part)) {
    const bool named = std::ranges::any_of(section.fields, [&](const Bytes& name) { return field.is(name); });
    if (named == wanted) out += field.raw();
  }
  out += "\r\n";
  return out;
}

}  // namespace

std::optional<SectionOctets> find_octets(const Letter& letter, const Section& section) {
  const Part* part = letter.find_section(section.part);
  if (!part) return std::nullopt;
  const bool top = section.part.empty();
  if (section.what == What::all) {
    const std::size_t begin = top ? part->begin : part->body;
    return Place{begin, part->end - begin};
  }
  if (section.what == What::mime) return Place{part->begin, part->body - part->begin};
  // HEADER and TEXT of a part are those of the message in it.
  if (!top) part = letter.inner(*part);
  if (!part) return std::nullopt;
  switch (section.what) {
    case What::header:
      return Place{part->begin, part->body - part->begin};
    case What::text:
      return Place{part->body, part->end - part->body};
    default:
      return some_fields(letter, *part, section);
  }
}

Result<std::optional<Bytes>> decode_part(const Letter& letter, const Section& section) {
  const Part* part = letter.find_section(section.part);
  if (!part) return std::optional<Bytes>();
  if (section.part.empty()) return std::optional<Bytes>(letter.bytes());
  const ByteView body = letter.body_bytes(*part);
  const auto* field = letter.find(*part, message::FieldName::content_transfer_encoding);
  // RFC 2045 §6.4: what has structure is not encoded, whatever it says.
  if (!field || part->kind != Part::Kind::leaf) return std::optional<Bytes>(body);
  switch (message::parse_encoding(field->value())) {
    case message::Encoding::base64:
      return std::optional<Bytes>(codec::mime_base64_decode(body));
    case message::Encoding::quoted_printable:
      return std::optional<Bytes>(codec::quoted_printable_decode(body));
    case message::Encoding::unknown:
      return fail(Errc::unsupported, "the part's transfer encoding is not known: {}",
                  printable(field->value().substr(0, 40)));
    default:
      return std::optional<Bytes>(body);
  }
}

bool only_header(const Section& section) {
  return section.part.empty() && (section.what == What::header || section.what == What::header_fields ||
                                  section.what == What::header_fields_not);
}

Place clip(std::size_t whole, const std::optional<Partial>& partial) {
  if (!partial) return {0, whole};
  const auto offset = static_cast<std::size_t>(std::min<std::uint64_t>(partial->offset, whole));
  return {offset, static_cast<std::size_t>(std::min<std::uint64_t>(partial->size, whole - offset))};
}

}  // namespace chappe::proto::imap
