#include <algorithm>
#include <vector>

#include "base/text.h"
#include "message/content.h"
#include "message/lexer.h"
#include "proto/imap/envelope.h"
#include "proto/imap/write.h"

namespace chappe::proto::imap {
namespace {

using message::Field;
using message::FieldName;
using message::Letter;
using message::Part;

class Structure {
 public:
  Structure(Bytes& out, const Letter& letter, bool extended, bool utf8)
      : out_(out), letter_(letter), lines_(letter.body_lines()), extended_(extended), utf8_(utf8) {}

  // RFC 9051 §9 body
  void write(const Part& part) {
    out_ += '(';
    if (part.kind == Part::Kind::multipart)
      multipart(part);
    else
      single(part);
    out_ += ')';
  }

 private:
  // body-type-mpart
  void multipart(const Part& part) {
    for (std::uint32_t child = part.first_child; child != message::kNone; child = letter_.part(child).next)
      write(letter_.part(child));
    out_ += ' ';
    string(to_upper(part.subtype));
    if (!extended_) return;
    out_ += ' ';
    type_parameters(part);
    extension(part);
  }

  // body-type-1part
  void single(const Part& part) {
    string(to_upper(part.type));
    out_ += ' ';
    string(to_upper(part.subtype));
    out_ += ' ';
    type_parameters(part);
    out_ += ' ';
    text(part, FieldName::content_id);
    out_ += ' ';
    text(part, FieldName::content_description);
    out_ += ' ';
    encoding(part);
    out_ += ' ';
    write_number(out_, part.end - part.body);
    if (const Part* message = letter_.inner(part)) {
      out_ += ' ';
      write_envelope(out_, letter_, *message, utf8_);
      out_ += ' ';
      write(*message);
    }
    if (part.kind == Part::Kind::message || part.is_text()) {
      out_ += ' ';
      write_number(out_, lines_[part.index]);
    }
    if (!extended_) return;
    out_ += ' ';
    text(part, FieldName::content_md5);
    extension(part);
  }

  // What ends both kinds: disposition, language, location.
  void extension(const Part& part) {
    out_ += ' ';
    disposition(part);
    out_ += ' ';
    languages(part);
    out_ += ' ';
    text(part, FieldName::content_location);
  }

  void string(ByteView s) { write_string(out_, s, utf8_); }

  void text(const Part& part, FieldName name) {
    const Field* field = letter_.find(part, name);
    if (field)
      string(message::unfold(field->value()));
    else
      out_ += "NIL";
  }

  void encoding(const Part& part) {
    const Field* field = letter_.find(part, FieldName::content_transfer_encoding);
    if (!field) return string("7BIT");
    const auto encoding = message::parse_encoding(field->value());
    if (encoding == message::Encoding::unknown) return string(to_upper(message::unfold(field->value())));
    string(to_upper(message::encoding_name(encoding)));
  }

  // body-fld-param; nothing but NIL for none.
  void parameters(ByteView rest) {
    message::ParameterScanner scanner(rest);
    message::RawParameter parameter;
    bool first = true;
    for (std::size_t n = 0; n < message::Parameters::kMax && scanner.next(parameter); ++n) {
      out_ += first ? '(' : ' ';
      first = false;
      string(to_upper(parameter.name));
      out_ += ' ';
      string(parameter.quoted ? message::unquote(parameter.value) : message::unfold(parameter.value));
    }
    out_ += first ? "NIL" : ")";
  }

  void type_parameters(const Part& part) {
    const Field* field = letter_.content_type(part);
    const auto type = field ? message::scan_media_type(field->value()) : std::nullopt;
    if (type) return parameters(type->rest);
    // RFC 2045 §5.2: without a Content-Type, text is US-ASCII.
    out_ += part.is_text() ? "(\"CHARSET\" \"US-ASCII\")" : "NIL";
  }

  void disposition(const Part& part) {
    const Field* field = letter_.find(part, FieldName::content_disposition);
    if (!field) {
      out_ += "NIL";
      return;
    }
    message::Lexer lexer(field->value());
    lexer.skip_cfws();
    const ByteView kind = lexer.take_while(message::is_token);
    out_ += '(';
    string(kind.empty() ? Bytes("ATTACHMENT") : to_upper(kind));  // RFC 2183 §2.8
    out_ += ' ';
    parameters(lexer.rest());
    out_ += ')';
  }

  // body-fld-lang: one string, or several in a list (RFC 3282)
  void languages(const Part& part) {
    const Field* field = letter_.find(part, FieldName::content_language);
    if (!field) {
      out_ += "NIL";
      return;
    }
    bool first = true;
    for (const ByteView tag : split(field->value(), ',')) {
      const ByteView name = trim(tag);
      if (name.empty()) continue;
      out_ += first ? '(' : ' ';
      first = false;
      string(message::unfold(name));
    }
    out_ += first ? "NIL" : ")";
  }

  Bytes& out_;
  const Letter& letter_;
  const std::vector<std::size_t> lines_;  // of each part's body
  const bool extended_;
  const bool utf8_;
};

}  // namespace

void write_body_structure(Bytes& out, const Letter& letter, bool extended, bool utf8) {
  Structure(out, letter, extended, utf8).write(letter.root());
}

}  // namespace chappe::proto::imap
