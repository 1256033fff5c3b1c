#include "message/scanner.h"

#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "base/text.h"
#include "message/content.h"
#include "message/lexer.h"

namespace chappe::message {
namespace {

constexpr std::size_t kNowhere = ByteView::npos;

// The first position after `at` that follows an LF and begins with two dashes.
std::size_t find_dashes(ByteView s, std::size_t at) {
  const char* const base = s.data();
  std::size_t i = at;
#if defined(__SSE2__)
  const __m128i lf = _mm_set1_epi8('\n');
  const __m128i dash = _mm_set1_epi8('-');
  const auto load = [base](std::size_t where) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(base + where));
  };
  const auto test = [&](std::size_t where) {
    return _mm_and_si128(_mm_cmpeq_epi8(load(where), lf), _mm_cmpeq_epi8(load(where + 1), dash));
  };
  while (i + 66 <= s.size()) {
    const __m128i a = test(i), b = test(i + 16), c = test(i + 32), d = test(i + 48);
    if (_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(a, b), _mm_or_si128(c, d))) == 0) {
      i += 64;
      continue;
    }
    const auto bits = [](__m128i v) { return static_cast<std::uint64_t>(static_cast<unsigned>(_mm_movemask_epi8(v))); };
    for (std::uint64_t mask = bits(a) | bits(b) << 16 | bits(c) << 32 | bits(d) << 48; mask != 0; mask &= mask - 1) {
      const std::size_t hit = i + static_cast<std::size_t>(__builtin_ctzll(mask));
      if (base[hit + 2] == '-') return hit + 1;
    }
    i += 64;
  }
#endif
  while (i + 2 < s.size()) {
    const void* hit = std::memchr(base + i, '\n', s.size() - 2 - i);
    if (hit == nullptr) break;
    i = static_cast<std::size_t>(static_cast<const char*>(hit) - base) + 1;
    if (base[i] == '-' && base[i + 1] == '-') return i;
  }
  return kNowhere;
}

}  // namespace

bool OpenBoundaries::push(ByteView boundary, std::uint32_t part) {
  const std::uint32_t outer = lookup(boundary);
  const auto index = static_cast<std::uint32_t>(entries_.size());
  entries_.push_back({boundary, part, outer});
  if (!innermost_.empty()) {
    innermost_[boundary] = index;
  } else if (entries_.size() > kFew) {
    for (std::uint32_t i = 0; i <= index; ++i) innermost_[entries_[i].boundary] = i;
  }
  return outer != kNone;
}

void OpenBoundaries::pop() {
  const Entry gone = entries_.back();
  entries_.pop_back();
  if (innermost_.empty()) return;
  if (gone.outer_same == kNone) {
    innermost_.erase(gone.boundary);
  } else {
    innermost_[gone.boundary] = gone.outer_same;
  }
}

std::uint32_t OpenBoundaries::lookup(ByteView name) const {
  if (!innermost_.empty()) {
    const auto it = innermost_.find(name);
    return it == innermost_.end() ? kNone : it->second;
  }
  for (auto i = static_cast<std::uint32_t>(entries_.size()); i-- > 0;)
    if (entries_[i].boundary == name) return i;
  return kNone;
}

OpenBoundaries::Match OpenBoundaries::match(ByteView name) const {
  Match m{lookup(name), false};
  if (name.ends_with("--")) {
    const std::uint32_t closing = lookup(name.substr(0, name.size() - 2));
    if (closing != kNone && (m.entry == kNone || closing > m.entry)) m = {closing, true};
  }
  return m;
}

std::size_t Scanner::line_end(std::size_t at) const {
  const void* lf = std::memchr(bytes_.data() + at, '\n', bytes_.size() - at);
  return lf == nullptr ? bytes_.size() : static_cast<std::size_t>(static_cast<const char*>(lf) - bytes_.data()) + 1;
}

void Scanner::run() {
  letter_.fields_.reserve(24);
  letter_.parts_.reserve(4);
  current_ = enter(kNone, 0);
  std::size_t at = letter_.parts_[current_].body;
  Delimiter d;
  while (!open_.empty() && find_delimiter(at, d)) {
    const std::uint32_t container = open_[d.match.entry].part;
    while (open_.size() > d.match.entry + 1) {
      letter_.findings_.add(Finding::multipart_unterminated, letter_.parts_[open_.innermost().part].begin,
                            open_.innermost().part);
      open_.pop();
    }
    close_up_to(container, d.cut);
    current_ = container;
    Part& multipart = letter_.parts_[container];
    if (multipart.children == 0 && !multipart.closed) multipart.preamble_end = std::max(d.cut, multipart.body);
    at = d.next;
    if (d.match.closing) {
      multipart.closed = true;
      multipart.epilogue_begin = d.next;
      open_.pop();
    } else if (letter_.parts_.size() >= limits_.parts) {
      letter_.findings_.add(Finding::too_many_parts, d.begin, container);
      break;
    } else {
      current_ = enter(container, d.next);
      at = letter_.parts_[current_].body;
    }
  }
  for (; !open_.empty(); open_.pop())
    letter_.findings_.add(Finding::multipart_unterminated, letter_.parts_[open_.innermost().part].begin,
                          open_.innermost().part);
  close_up_to(kNone, bytes_.size());
  // A multipart without parts is no container: what stands in it is shown as text.
  for (Part& p : letter_.parts_) {
    if (p.kind != Part::Kind::multipart || p.children != 0) continue;
    letter_.findings_.add(Finding::multipart_empty, p.begin, p.index);
    p.kind = Part::Kind::leaf;
    p.type = "text";
    p.subtype = "plain";
  }
}

void Scanner::close_up_to(std::uint32_t until, std::size_t end) {
  for (; current_ != until; current_ = letter_.parts_[current_].parent) {
    Part& p = letter_.parts_[current_];
    p.end = end = std::max(end, p.body);  // a part without body may reach past the line end before the boundary
    if (p.kind != Part::Kind::multipart) continue;
    if (!p.closed) p.epilogue_begin = p.end;
    p.epilogue_begin = std::min(p.epilogue_begin, p.end);
    if (p.children == 0 && !p.closed) p.preamble_end = p.end;
  }
}

std::uint32_t Scanner::open_part(std::uint32_t parent, std::size_t begin) {
  const auto index = static_cast<std::uint32_t>(letter_.parts_.size());
  Part& p = letter_.parts_.emplace_back();
  p.index = index;
  p.parent = parent;
  p.begin = p.body = p.end = begin;
  p.type = "text";
  p.subtype = "plain";
  if (parent == kNone) return index;
  Part& up = letter_.parts_[parent];
  p.depth = up.depth + 1;
  p.number = ++up.children;
  if (up.first_child == kNone) {
    up.first_child = index;
  } else {
    letter_.parts_[last_child_[parent]].next = index;
  }
  last_child_[parent] = index;
  // RFC 2046 §5.1.5
  if (up.kind == Part::Kind::multipart && iequals(up.subtype, "digest")) {
    p.type = "message";
    p.subtype = "rfc822";
  }
  return index;
}

std::uint32_t Scanner::enter(std::uint32_t parent, std::size_t begin) {
  for (;;) {
    last_child_.push_back(kNone);
    const std::uint32_t index = open_part(parent, begin);
    Part& p = letter_.parts_[index];
    p.body = scan_header(p);
    p.end = p.body;
    decide_kind(p);
    if (p.kind != Part::Kind::message) return index;
    parent = index;
    begin = p.body;
  }
}

std::size_t Scanner::scan_header(Part& part) {
  part.first_field = static_cast<std::uint32_t>(letter_.fields_.size());
  std::size_t at = part.begin;
  Delimiter d;
  while (at < bytes_.size()) {
    const char first = bytes_[at];
    if (first == '\n' || (first == '\r' && at + 1 < bytes_.size() && bytes_[at + 1] == '\n')) {
      part.blank_line = true;
      return at + (first == '\n' ? 1 : 2);
    }
    if (first == '-' && !open_.empty() && bytes_.substr(at, 2) == "--" && match_line(at, d)) {
      letter_.findings_.add(Finding::part_header_cut, at, part.index);
      return at;
    }
    // RFC 5322 §2.2: printable ASCII up to the colon; §4.5.8: old fields may have blanks before it.
    std::size_t name_end = at;
    while (name_end < bytes_.size() && bytes_[name_end] > ' ' && bytes_[name_end] < 0x7f && bytes_[name_end] != ':')
      ++name_end;
    std::size_t colon = name_end;
    while (colon < bytes_.size() && is_wsp(bytes_[colon])) ++colon;
    if (name_end == at || colon == bytes_.size() || bytes_[colon] != ':') {
      const ByteView line = bytes_.substr(at, 6);
      if (at == part.begin && (line.starts_with("From ") || line == ">From ")) {
        letter_.findings_.add(Finding::mbox_from, at, part.index);
        at = line_end(at);
        continue;
      }
      letter_.findings_.add(part.parent == kNone ? Finding::header_cut : Finding::part_header_cut, at, part.index);
      return at;
    }
    std::size_t end = line_end(colon);
    // RFC 5322 §2.2.3: lines that begin with a blank go on with the field.
    while (end < bytes_.size() && is_wsp(bytes_[end])) {
      const std::size_t from = end;
      end = line_end(from);
      if (trim(bytes_.substr(from, end - from)).empty())
        letter_.findings_.add(Finding::blank_fold, from, part.index);  // RFC 5322 §4.2
    }
    if (colon != name_end) letter_.findings_.add(Finding::spaced_colon, at, part.index);
    take_field(part, at, name_end, colon, end);
    at = end;
  }
  return at;
}

void Scanner::take_field(Part& part, std::size_t begin, std::size_t name_end, std::size_t colon, std::size_t end) {
  if (letter_.fields_.size() >= limits_.fields) {
    if (!letter_.findings_.has(Finding::too_many_fields))
      letter_.findings_.add(Finding::too_many_fields, begin, part.index);
    return;
  }
  const FieldName id = field_name(bytes_.substr(begin, name_end - begin));
  if (id == FieldName::content_type && part.type_field == kNone)
    part.type_field = static_cast<std::uint32_t>(letter_.fields_.size());
  letter_.fields_.emplace_back(bytes_.substr(begin, end - begin), begin, name_end - begin, colon + 1 - begin, id);
  ++part.field_count;
}

void Scanner::decide_kind(Part& p) {
  if (p.type_field != kNone) {
    const Field& field = letter_.fields_[p.type_field];
    const auto media = scan_media_type(field.value());
    if (!media) {
      // RFC 2045 §5.2: as if it were text/plain, in a digest too.
      letter_.findings_.add(Finding::content_type_invalid, field.offset(), p.index);
      p.type = "text";
      p.subtype = "plain";
      return;
    }
    p.type = media->type;
    p.subtype = media->subtype;
    if (iequals(p.type, "multipart")) {
      if (!open_multipart(p, media->rest)) {
        p.type = "text";
        p.subtype = "plain";
      }
      return;
    }
  }
  const bool global = p.is("message", "global");
  if (!global && !p.is("message", "rfc822")) return;
  if (const Field* f = letter_.find(p, FieldName::content_transfer_encoding)) {
    const Encoding encoding = parse_encoding(f->value());
    if (encoding == Encoding::base64 || encoding == Encoding::quoted_printable || encoding == Encoding::unknown) {
      // RFC 6532 §3.7 lets message/global be encoded; RFC 2046 §5.2.1 forbids it for message/rfc822.
      if (!global) letter_.findings_.add(Finding::encoded_container, f->offset(), p.index);
      return;
    }
  }
  if (p.depth + 1 >= limits_.depth) {
    letter_.findings_.add(Finding::too_deep, p.begin, p.index);
  } else if (letter_.parts_.size() >= limits_.parts) {
    letter_.findings_.add(Finding::too_many_parts, p.begin, p.index);
  } else {
    p.kind = Part::Kind::message;
  }
}

bool Scanner::open_multipart(Part& p, ByteView parameters) {
  ByteView boundary;
  ParameterScanner scanner(parameters);
  RawParameter parameter;
  while (boundary.empty() && scanner.next(parameter)) {
    if (!istarts_with(parameter.name, "boundary")) continue;
    if (parameter.name.size() != 8) {
      // A boundary in pieces or with a charset (RFC 2231): rare enough to be read the long way.
      const std::string* value = nullptr;
      const Parameters all = decode_parameters(parameters);
      if ((value = all.find("boundary")) != nullptr) boundary = letter_.owned_.emplace_back(*value);
      break;
    }
    boundary = parameter.value;
    if (boundary.find_first_of("\\\r\n") != ByteView::npos) boundary = letter_.owned_.emplace_back(unquote(boundary));
  }
  boundary = boundary.substr(0, boundary.find_last_not_of(" \t") + 1);  // RFC 2046 §5.1.1: cannot end with a blank
  if (boundary.empty()) {
    letter_.findings_.add(Finding::boundary_missing, p.begin, p.index);
    return false;
  }
  if (boundary.size() > Letter::kMaxBoundary) {
    letter_.findings_.add(Finding::boundary_invalid, p.begin, p.index);
    return false;
  }
  constexpr std::string_view kAllowed = "'()+_,-./:=? ";  // RFC 2046 §5.1.1
  for (const char c : boundary) {
    if (!is_alnum(c) && kAllowed.find(c) == kAllowed.npos) {
      letter_.findings_.add(Finding::boundary_invalid, p.begin, p.index);
      break;
    }
  }
  if (p.depth + 1 >= limits_.depth) {
    letter_.findings_.add(Finding::too_deep, p.begin, p.index);
    return false;
  }
  if (const Field* f = letter_.find(p, FieldName::content_transfer_encoding)) {
    const Encoding encoding = parse_encoding(f->value());
    if (encoding > Encoding::binary)  // RFC 2045 §6.4
      letter_.findings_.add(Finding::encoded_container, f->offset(), p.index);
  }
  p.kind = Part::Kind::multipart;
  p.boundary = boundary;
  if (open_.push(boundary, p.index)) letter_.findings_.add(Finding::boundary_reused, p.begin, p.index);
  return true;
}

bool Scanner::find_delimiter(std::size_t at, Delimiter& out) {
  if (bytes_.substr(at, 2) == "--" && match_line(at, out)) return true;
  // `at` is the start of a line, so the search may begin at its first octet.
  for (std::size_t dashes = find_dashes(bytes_, at); dashes != kNowhere; dashes = find_dashes(bytes_, dashes)) {
    if (match_line(dashes, out)) return true;
  }
  return false;
}

bool Scanner::match_line(std::size_t at, Delimiter& out) {
  const std::size_t next = line_end(at);
  ByteView line = bytes_.substr(at + 2, next - at - 2);
  if (line.size() > Letter::kMaxBoundary + 100) return false;
  line = line.substr(0, line.find_last_not_of(" \t\r\n") + 1);  // RFC 2046 §5.1.1: transport padding
  out.match = open_.match(line);
  if (out.match.entry == kNone) {
    if (line.starts_with(open_.innermost().boundary) && line.size() > open_.innermost().boundary.size())
      letter_.findings_.add(Finding::boundary_extended, at, current_);
    return false;
  }
  out.begin = at;
  out.next = next;
  // The line end before the boundary belongs to it (RFC 2046 §5.1.1).
  out.cut = at;
  if (out.cut > 0 && bytes_[out.cut - 1] == '\n') --out.cut;
  if (out.cut > 0 && out.cut < at && bytes_[out.cut - 1] == '\r') --out.cut;
  return true;
}

}  // namespace chappe::message
