#include "proto/imap/fetch_item.h"

#include "proto/imap/write.h"

namespace chappe::proto::imap {
namespace {

void write_section(Bytes& out, const Section& section) {
  out += '[';
  for (std::size_t i = 0; i < section.part.size(); ++i) {
    if (i > 0) out += '.';
    write_number(out, section.part[i]);
  }
  if (!section.part.empty() && section.what != Section::What::all) out += '.';
  switch (section.what) {
    case Section::What::all:
      break;
    case Section::What::header:
      out += "HEADER";
      break;
    case Section::What::header_fields:
      out += "HEADER.FIELDS";
      break;
    case Section::What::header_fields_not:
      out += "HEADER.FIELDS.NOT";
      break;
    case Section::What::text:
      out += "TEXT";
      break;
    case Section::What::mime:
      out += "MIME";
      break;
  }
  if (!section.fields.empty()) {
    out += " (";
    for (std::size_t i = 0; i < section.fields.size(); ++i) {
      if (i > 0) out += ' ';
      write_astring(out, section.fields[i], false);
    }
    out += ')';
  }
  out += ']';
}

}  // namespace

void write_item_name(Bytes& out, const FetchItem& item) {
  using Kind = FetchItem::Kind;
  switch (item.kind) {
    case Kind::envelope:
      out += "ENVELOPE";
      break;
    case Kind::flags:
      out += "FLAGS";
      break;
    case Kind::internaldate:
      out += "INTERNALDATE";
      break;
    case Kind::rfc822_size:
      out += "RFC822.SIZE";
      break;
    case Kind::uid:
      out += "UID";
      break;
    case Kind::body_structure:
      out += "BODYSTRUCTURE";
      break;
    case Kind::body:
      out += "BODY";
      break;
    case Kind::section:
      out += "BODY";
      write_section(out, item.section);
      break;
    case Kind::rfc822:
      out += "RFC822";
      break;
    case Kind::rfc822_header:
      out += "RFC822.HEADER";
      break;
    case Kind::rfc822_text:
      out += "RFC822.TEXT";
      break;
    case Kind::binary:
      out += "BINARY";
      write_section(out, item.section);
      break;
    case Kind::binary_size:
      out += "BINARY.SIZE";
      write_section(out, item.section);
      break;
    case Kind::modseq:
      out += "MODSEQ";
      break;
    case Kind::emailid:
      out += "EMAILID";
      break;
    case Kind::threadid:
      out += "THREADID";
      break;
    case Kind::preview:
      out += "PREVIEW";
      break;
    case Kind::savedate:
      out += "SAVEDATE";
      break;
  }
  if (item.partial) {
    out += '<';
    write_number(out, item.partial->offset);
    out += '>';
  }
}

}  // namespace chappe::proto::imap
