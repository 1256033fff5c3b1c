#include "proto/imap/envelope.h"

#include "message/address.h"
#include "proto/imap/write.h"

namespace chappe::proto::imap {
namespace {

using message::Address;
using message::Field;
using message::FieldName;
using message::Letter;
using message::Part;

void write_text(Bytes& out, const Field* field, bool utf8) {
  if (field)
    write_string(out, message::unfold(field->value()), utf8);
  else
    out += "NIL";
}

void write_or_nil(Bytes& out, const std::string& text, bool utf8) {
  if (text.empty())
    out += "NIL";
  else
    write_string(out, text, utf8);
}

// RFC 9051 §9 address
void write_address(Bytes& out, const Address& address, bool utf8) {
  out += '(';
  switch (address.kind) {
    case Address::Kind::mailbox:
      write_or_nil(out, address.raw_name.empty() ? address.comment : address.raw_name, utf8);
      out += ' ';
      write_or_nil(out, address.route, utf8);
      out += ' ';
      // NIL would say that a group begins or ends here, so what is missing is empty.
      write_string(out, address.local, utf8);
      out += ' ';
      write_string(out, address.domain, utf8);
      break;
    case Address::Kind::group_begin:
      out += "NIL NIL ";
      write_string(out, address.raw_name, utf8);
      out += " NIL";
      break;
    case Address::Kind::group_end:
      out += "NIL NIL NIL NIL";
      break;
  }
  out += ')';
}

// False, and nothing written, when the field names nobody.
bool write_addresses(Bytes& out, const Field* field, bool utf8) {
  if (!field) return false;
  const auto list = message::parse_addresses(field->value());
  if (list.entries.empty()) return false;
  out += '(';
  for (const Address& address : list.entries) write_address(out, address, utf8);
  out += ')';
  return true;
}

}  // namespace

void write_envelope(Bytes& out, const Letter& letter, const Part& message, bool utf8) {
  const auto field = [&](FieldName name) { return letter.find(message, name); };
  out += '(';
  write_text(out, field(FieldName::date), utf8);
  out += ' ';
  write_text(out, field(FieldName::subject), utf8);
  Bytes from;
  if (!write_addresses(from, field(FieldName::from), utf8)) from = "NIL";
  out += ' ';
  out += from;
  // RFC 9051 §7.5.2: Sender and Reply-To that are absent or empty are the From.
  for (const FieldName name : {FieldName::sender, FieldName::reply_to}) {
    out += ' ';
    if (!write_addresses(out, field(name), utf8)) out += from;
  }
  for (const FieldName name : {FieldName::to, FieldName::cc, FieldName::bcc}) {
    out += ' ';
    if (!write_addresses(out, field(name), utf8)) out += "NIL";
  }
  for (const FieldName name : {FieldName::in_reply_to, FieldName::message_id}) {
    out += ' ';
    write_text(out, field(name), utf8);
  }
  out += ')';
}

}  // namespace chappe::proto::imap
