// A letter as a view: its header fields and its tree of MIME parts, as places in bytes that somebody else owns
// (RFC 5322, RFC 2045, RFC 2046). This is the only parser of letters in Chappe: transport, authentication, storage and
// display all read this view.
//
// Building it takes one pass and never fails; where bytes can be read in two ways, one is chosen and findings() says
// so. Values (addresses, dates, texts) are decoded only when asked for, by message/address.h, date.h, words.h,
// content.h, body.h. A Letter is read-only after construction and may be shared by threads; the bytes must outlive it.
// Nothing blocks; the time is linear in the size of the letter.
//
// Choices: lines end with LF, with or without CR before it. A header ends at its empty line, or before the first line
// that is neither field nor continuation. A boundary matches a line that holds nothing else but blanks after it; among
// nested multiparts with one boundary, the innermost.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "message/field.h"
#include "message/findings.h"

namespace chappe::message {

inline constexpr std::uint32_t kNone = 0xffff'ffff;

// One entity: the letter itself, a body part, or the message inside a message/rfc822 part. Offsets count from the
// start of the letter.
struct Part {
  enum class Kind : std::uint8_t {
    leaf,       // a body without structure
    multipart,  // has at least one child
    message,    // message/rfc822 or message/global: its one child is the message's own header and body (RFC 6532 §3.7)
  };

  Kind kind = Kind::leaf;
  bool closed = false;      // a multipart whose closing boundary was seen
  bool blank_line = false;  // an empty line ended the header
  std::uint32_t index = 0;  // in Letter::parts(), which is in document order: parents first
  std::uint32_t parent = kNone;
  std::uint32_t first_child = kNone;
  std::uint32_t next = kNone;  // the next child of the same parent
  std::uint32_t children = 0;
  std::uint32_t number = 1;       // among the children of its parent, from 1
  std::uint32_t depth = 0;        // 0 for the letter itself
  std::uint32_t first_field = 0;  // see Letter::fields()
  std::uint32_t field_count = 0;
  std::uint32_t type_field = kNone;  // the Content-Type field that counts, an index into Letter::all_fields()

  // The media type the part is treated as (any case): what Content-Type says, or the default of its place when there
  // is none (RFC 2045 §5.2, RFC 2046 §5.1.5), or text/plain when it cannot be read or its structure is missing.
  ByteView type, subtype;
  ByteView boundary;  // of a multipart; decoded

  std::size_t begin = 0;  // first octet of the header
  std::size_t body = 0;   // first octet after the header and its empty line
  std::size_t end = 0;    // after the last octet of the body; the line end before a boundary belongs to the boundary
  std::size_t preamble_end = 0;    // multipart: where the first boundary's line end and dashes begin
  std::size_t epilogue_begin = 0;  // multipart: after the closing boundary's line; `end` when there is none

  bool is(ByteView type_name, ByteView subtype_name) const;
  bool is_text() const;
};

class Letter {
 public:
  // What a letter may cost. Beyond a limit the rest stays unparsed and a finding says so.
  struct Limits {
    std::size_t fields = 20'000;  // in all headers together
    std::size_t parts = 10'000;
    std::size_t depth = 100;                // of parts within each other
    std::size_t field = 1024 * 1024;        // octets of one field; a longer one is left out
    std::size_t headers = 8 * 1024 * 1024;  // octets of all fields together
  };
  static constexpr std::size_t kMaxSize = 0xffff'fff0;  // octets
  static constexpr std::size_t kMaxBoundary = 1000;     // RFC 2046 §5.1.1 allows 70

  // An outline of nothing, to be assigned to.
  Letter() : outline_(true) {}
  explicit Letter(ByteView bytes) : Letter(bytes, Limits{}) {}
  Letter(ByteView bytes, Limits limits);
  Letter(Letter&&) noexcept = default;
  Letter& operator=(Letter&&) noexcept = default;
  Letter(const Letter&) = delete;
  Letter& operator=(const Letter&) = delete;

  // None in an outline (message/letter_stream.h), whose fields and places are as those of the letter: what looks at
  // fields() and parts() works with both.
  ByteView bytes() const { return bytes_; }
  bool is_outline() const { return outline_; }
  // What reading the structure found. check() in message/check.h looks at the values too.
  const Findings& findings() const { return findings_; }

  // There is always a first part: the letter itself.
  std::span<const Part> parts() const { return parts_; }
  const Part& root() const { return parts_.front(); }
  const Part& part(std::uint32_t index) const { return parts_[index]; }

  // Fields in order, duplicates and all.
  std::span<const Field> fields() const { return fields(root()); }
  std::span<const Field> fields(const Part& part) const {
    return std::span(fields_).subspan(part.first_field, part.field_count);
  }
  std::span<const Field> all_fields() const { return fields_; }
  // The first field of that name; nullptr if there is none.
  const Field* find(FieldName id) const { return find(root(), id); }
  const Field* find(const Part& part, FieldName id) const;
  const Field* find(const Part& part, ByteView name) const;
  std::size_t count(const Part& part, FieldName id) const;
  // The Content-Type field that the part's type was taken from; nullptr when the default applies.
  const Field* content_type(const Part& part) const {
    return part.type_field == kNone ? nullptr : &fields_[part.type_field];
  }

  // Header with its empty line; body; both (RFC 9051 §6.4.5: MIME or HEADER, TEXT or the part itself).
  ByteView header_bytes(const Part& p) const { return bytes_.substr(p.begin, p.body - p.begin); }
  ByteView body_bytes(const Part& p) const { return bytes_.substr(p.body, p.end - p.body); }
  ByteView whole_bytes(const Part& p) const { return bytes_.substr(p.begin, p.end - p.begin); }
  ByteView preamble(const Part& p) const;
  ByteView epilogue(const Part& p) const;

  // The part with that IMAP section number; nullptr if there is none (RFC 9051 §6.4.5.1). An empty path is the letter.
  // A message part and the message in it are two: for `1.HEADER` and `1.TEXT` take inner(*find_section({1})).
  const Part* find_section(std::span<const std::uint32_t> path) const;
  const Part* find_section(std::initializer_list<std::uint32_t> path) const {
    return find_section(std::span(path.begin(), path.size()));
  }
  // The inverse: "2.1"; empty for a letter, or a message inside a part, that is a multipart: it has no number.
  std::string section_of(const Part& part) const;
  // Of an outline from a LetterStream: the first part that is plain text or HTML, nullptr if there is none, and the
  // beginning of its body, at most kLead octets; of HTML kHtmlLead, for its styles come first. HTML beside a plain text
  // that says nothing counts instead of it.
  static constexpr std::size_t kLead = 16 * 1024;
  static constexpr std::size_t kHtmlLead = 32 * 1024;
  static std::size_t most_lead(const Part& part) { return part.is("text", "html") ? kHtmlLead : kLead; }
  const Part* lead_part() const { return lead_part_ == kNone ? nullptr : &parts_[lead_part_]; }
  ByteView lead_octets() const { return lead_; }

  // LFs in the body of each part: what BODYSTRUCTURE tells of texts and messages (RFC 9051 §7.5.2). Linear in the
  // letter; an outline has them at hand.
  std::vector<std::size_t> body_lines() const;

  // The message inside a message part; nullptr for other kinds.
  const Part* inner(const Part& part) const {
    return part.kind == Part::Kind::message ? &parts_[part.first_child] : nullptr;
  }

 private:
  friend class Scanner;
  friend class LetterStream;
  friend class OutlineBuilder;
  struct LineMark {
    std::size_t at = 0;
    std::size_t before = 0;  // LFs in front of it
  };
  static std::vector<std::size_t> lines_between(std::span<const Part> parts, std::span<const LineMark> marks);

  bool outline_ = false;
  std::uint32_t lead_part_ = kNone;
  std::string lead_;
  ByteView bytes_;
  std::vector<Field> fields_;
  std::vector<Part> parts_;
  std::deque<std::string> owned_;        // boundaries that are not written as they are meant; an outline's fields
  std::vector<LineMark> line_marks_;     // while an outline is made, ascending
  std::vector<std::size_t> body_lines_;  // of an outline
  Findings findings_;
};

// LFs in `bytes`. Linear, at memory speed.
std::size_t count_lines(ByteView bytes);

}  // namespace chappe::message
