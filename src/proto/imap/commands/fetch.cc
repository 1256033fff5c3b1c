#include "base/text.h"
#include "proto/imap/commands/parsers.h"

namespace chappe::proto::imap {
namespace {

using Kind = FetchItem::Kind;
using What = Section::What;

// RFC 9051 §9 section-part. True when a name has to follow: behind a last dot, or because no number stands here.
Result<bool> part(Cursor& c, std::vector<std::uint32_t>& out) {
  if (!is_digit(c.peek())) return true;
  for (;;) {
    if (out.size() == static_cast<std::size_t>(c.limits().depth))
      return fail(Errc::too_large, "a part deeper than {}", c.limits().depth);
    out.push_back(TRY(c.nz_number()));
    if (!c.take('.')) return false;
    if (!is_digit(c.peek())) return true;
  }
}

// section-text, what stands after the part's numbers.
Result<> text(Cursor& c, Section& out) {
  const ByteView name = c.name();
  const auto is = [&](ByteView word) { return iequals(name, word); };
  if (is("HEADER")) {
    out.what = What::header;
  } else if (is("TEXT")) {
    out.what = What::text;
  } else if (is("MIME") && !out.part.empty()) {
    out.what = What::mime;
  } else if (is("HEADER.FIELDS") || is("HEADER.FIELDS.NOT")) {
    out.what = is("HEADER.FIELDS") ? What::header_fields : What::header_fields_not;
    TRY(c.space());
    return each_in_list(c, false, [&]() -> Result<> {
      out.fields.push_back(TRY(c.astring()));
      return {};
    });
  } else {
    return c.unexpected("HEADER, HEADER.FIELDS, TEXT or MIME");
  }
  return {};
}

// RFC 9051 §9 section, behind "["
Result<Section> section(Cursor& c) {
  Section out;
  if (c.take(']')) return out;
  const bool name_follows = TRY(part(c, out.part));
  if (name_follows) TRY(text(c, out));
  TRY(c.expect(']'));
  return out;
}

// RFC 9051 §9 section-binary
Result<Section> section_binary(Cursor& c) {
  Section out;
  TRY(c.expect('['));
  if (c.take(']')) return out;
  const bool name_follows = TRY(part(c, out.part));
  if (name_follows) return c.unexpected("a part number");
  TRY(c.expect(']'));
  return out;
}

Result<std::optional<Partial>> partial(Cursor& c) {
  if (!c.take('<')) return std::optional<Partial>();
  Partial out;
  out.offset = TRY(c.number64());
  TRY(c.expect('.'));
  if (c.peek() == '0') return c.unexpected("a size above 0");
  out.size = TRY(c.number64());
  TRY(c.expect('>'));
  return std::optional<Partial>(out);
}

Result<FetchItem> body(Cursor& c, bool peek) {
  FetchItem out;
  out.kind = Kind::section;
  out.peek = peek;
  TRY(c.expect('['));
  out.section = TRY(section(c));
  out.partial = TRY(partial(c));
  return out;
}

Result<FetchItem> binary(Cursor& c, bool peek) {
  FetchItem out;
  out.kind = Kind::binary;
  out.peek = peek;
  out.section = TRY(section_binary(c));
  out.partial = TRY(partial(c));
  return out;
}

Result<FetchItem> preview(Cursor& c) {
  FetchItem out;
  out.kind = Kind::preview;
  // RFC 8970 §6: PREVIEW [SP "(" "LAZY" ")"]
  out.lazy = c.take_text(" (LAZY)");
  return out;
}

struct Simple {
  ByteView name;
  Kind kind;
};
constexpr Simple kSimple[] = {
    {"ENVELOPE", Kind::envelope},
    {"FLAGS", Kind::flags},
    {"INTERNALDATE", Kind::internaldate},
    {"RFC822.SIZE", Kind::rfc822_size},
    {"UID", Kind::uid},
    {"BODYSTRUCTURE", Kind::body_structure},
    {"RFC822", Kind::rfc822},
    {"RFC822.HEADER", Kind::rfc822_header},
    {"RFC822.TEXT", Kind::rfc822_text},
    {"MODSEQ", Kind::modseq},
    {"EMAILID", Kind::emailid},
    {"THREADID", Kind::threadid},
    {"SAVEDATE", Kind::savedate},
};

// RFC 9051 §9 fetch-att
Result<FetchItem> item(Cursor& c) {
  const ByteView name = c.name();
  const auto is = [&](ByteView word) { return iequals(name, word); };
  for (const Simple& row : kSimple)
    if (is(row.name)) return FetchItem{.kind = row.kind};
  if (is("BODY") && c.peek() != '[') return FetchItem{.kind = Kind::body};
  if (is("BODY") || is("BODY.PEEK")) return body(c, !is("BODY"));
  if (is("BINARY") || is("BINARY.PEEK")) return binary(c, !is("BINARY"));
  if (is("BINARY.SIZE")) {
    FetchItem out{.kind = Kind::binary_size};
    out.section = TRY(section_binary(c));
    return out;
  }
  if (is("PREVIEW")) return preview(c);
  if (name.empty()) return c.unexpected("a FETCH item");
  return fail(Errc::invalid, "no such FETCH item: {}", printable(name.substr(0, 40)));
}

// RFC 9051 §6.4.5: the three macros stand alone, never in a list.
bool macro(Cursor& c, std::vector<FetchItem>& out) {
  const bool fast = c.take_word("FAST");
  const bool all = !fast && c.take_word("ALL");
  const bool full = !fast && !all && c.take_word("FULL");
  if (!fast && !all && !full) return false;
  for (const Kind kind : {Kind::flags, Kind::internaldate, Kind::rfc822_size}) out.push_back({.kind = kind});
  if (all || full) out.push_back({.kind = Kind::envelope});
  if (full) out.push_back({.kind = Kind::body});
  return true;
}

}  // namespace

// RFC 9051 §9 fetch; fetch-modifiers of RFC 7162 §7
Result<Args> parse_fetch(Cursor& c, bool uid) {
  Fetch out;
  TRY(c.space());
  out.set = TRY(c.sequence_set());
  TRY(c.space());
  if (c.peek() == '(') {
    TRY(each_in_list(c, false, [&]() -> Result<> {
      out.items.push_back(TRY(item(c)));
      return {};
    }));
  } else if (!macro(c, out.items)) {
    out.items.push_back(TRY(item(c)));
  }
  if (c.take(' ')) {
    TRY(each_in_list(c, false, [&]() -> Result<> {
      if (c.take_word("CHANGEDSINCE")) {
        TRY(c.space());
        out.changed_since = TRY(c.mod_sequence(true));
      } else if (uid && c.take_word("VANISHED")) {
        out.vanished = true;
      } else {
        return c.unexpected("a FETCH modifier");
      }
      return {};
    }));
    // RFC 7162 §3.2.6: VANISHED goes with CHANGEDSINCE only.
    if (out.vanished && !out.changed_since) return fail(Errc::invalid, "VANISHED needs CHANGEDSINCE beside it");
  }
  return Args(std::move(out));
}

}  // namespace chappe::proto::imap
