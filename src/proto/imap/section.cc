#include "proto/imap/section.h"

#include <algorithm>

#include "base/text.h"

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

Result<std::optional<EncodedPlace>> find_encoded(const Letter& letter, const Section& section) {
  const Part* part = letter.find_section(section.part);
  if (!part) return std::optional<EncodedPlace>();
  EncodedPlace out{{part->body, part->end - part->body}};
  if (section.part.empty()) {
    out.place = {0, letter.root().end};
    return std::optional(out);
  }
  const auto* field = letter.find(*part, message::FieldName::content_transfer_encoding);
  // RFC 2045 §6.4: what has structure is not encoded, whatever it says.
  if (!field || part->kind != Part::Kind::leaf) return std::optional(out);
  out.encoding = message::parse_encoding(field->value());
  if (out.encoding == message::Encoding::unknown)
    return fail(Errc::unsupported, "the part's transfer encoding is not known: {}",
                printable(field->value().substr(0, 40)));
  return std::optional(out);
}

Place clip(std::size_t whole, const std::optional<Partial>& partial) {
  if (!partial) return {0, whole};
  const auto offset = static_cast<std::size_t>(std::min<std::uint64_t>(partial->offset, whole));
  return {offset, static_cast<std::size_t>(std::min<std::uint64_t>(partial->size, whole - offset))};
}

}  // namespace chappe::proto::imap
