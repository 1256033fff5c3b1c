#include "message/scanner.h"

#include <algorithm>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "base/text.h"
#include "message/content.h"
#include "message/lexer.h"

namespace chappe::message {
namespace {

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
  return ByteView::npos;
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

std::size_t Scanner::line_end(std::size_t position) const {
  const ByteView rest = octets(position, ByteView::npos);
  const void* lf = std::memchr(rest.data(), '\n', rest.size());
  if (lf == nullptr) return last_ ? end() : kNowhere;
  return position + static_cast<std::size_t>(static_cast<const char*>(lf) - rest.data()) + 1;
}

std::size_t Scanner::feed(ByteView window, std::size_t base, bool last) {
  window_ = window;
  base_ = base;
  last_ = last;
  if (state_ == State::start) {
    letter_.fields_.reserve(24);
    letter_.parts_.reserve(4);
    open_part(kNone);
  }
  Delimiter d;
  for (;;) {
    if (state_ == State::header) {
      if (scan_header() == Found::more) break;
      end_header();
    } else if (state_ == State::body && !open_.empty()) {
      const Found found = find_delimiter(d);
      if (found == Found::more) break;
      if (found == Found::yes)
        pass(d);
      else
        state_ = State::rest;  // only at the letter's end
    } else {
      at_ = end();  // nothing is looked for any more
      break;
    }
  }
  if (last_) {
    finish();
    return end();
  }
  // The line end before a boundary belongs to it.
  const std::size_t needed = std::max(base_, at_ - std::min<std::size_t>(at_, 2));
  count_up_to(needed);
  return needed;
}

void Scanner::pass(const Delimiter& d) {
  const std::uint32_t container = open_[d.match.entry].part;
  while (open_.size() > d.match.entry + 1) {
    letter_.findings_.add(Finding::multipart_unterminated, letter_.parts_[open_.innermost().part].begin,
                          open_.innermost().part);
    open_.pop();
  }
  mark(d.cut);
  close_up_to(container, d.cut);
  current_ = container;
  Part& multipart = letter_.parts_[container];
  if (multipart.children == 0 && !multipart.closed) multipart.preamble_end = std::max(d.cut, multipart.body);
  at_ = d.next;
  line_start_ = true;
  if (d.match.closing) {
    multipart.closed = true;
    multipart.epilogue_begin = d.next;
    open_.pop();
  } else if (letter_.parts_.size() >= limits_.parts) {
    letter_.findings_.add(Finding::too_many_parts, d.begin, container);
    state_ = State::rest;
  } else {
    open_part(container);
  }
}

void Scanner::finish() {
  for (; !open_.empty(); open_.pop())
    letter_.findings_.add(Finding::multipart_unterminated, letter_.parts_[open_.innermost().part].begin,
                          open_.innermost().part);
  mark(end());
  close_up_to(kNone, end());
  // A multipart without parts is no container: what stands in it is shown as text.
  for (Part& p : letter_.parts_) {
    if (p.kind != Part::Kind::multipart || p.children != 0) continue;
    letter_.findings_.add(Finding::multipart_empty, p.begin, p.index);
    p.kind = Part::Kind::leaf;
    p.type = "text";
    p.subtype = "plain";
  }
}

void Scanner::count_up_to(std::size_t position) {
  if (!copies_ || position <= counted_) return;
  lines_ += count_lines(octets(counted_, position - counted_));
  counted_ = position;
}

void Scanner::mark(std::size_t position) {
  // A cut before the end of a header: the part ends with its header, where there is a mark.
  if (!copies_ || position < counted_) return;
  count_up_to(position);
  letter_.line_marks_.push_back({position, lines_});
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

void Scanner::open_part(std::uint32_t parent) {
  state_ = State::header;
  current_ = static_cast<std::uint32_t>(letter_.parts_.size());
  last_child_.push_back(kNone);
  Part& p = letter_.parts_.emplace_back();
  p.index = current_;
  p.parent = parent;
  p.begin = p.body = p.end = at_;
  p.first_field = static_cast<std::uint32_t>(letter_.fields_.size());
  p.type = "text";
  p.subtype = "plain";
  if (parent == kNone) return;
  Part& up = letter_.parts_[parent];
  p.depth = up.depth + 1;
  p.number = ++up.children;
  if (up.first_child == kNone) {
    up.first_child = current_;
  } else {
    letter_.parts_[last_child_[parent]].next = current_;
  }
  last_child_[parent] = current_;
  // RFC 2046 §5.1.5
  if (up.kind == Part::Kind::multipart && iequals(up.subtype, "digest")) {
    p.type = "message";
    p.subtype = "rfc822";
  }
}

void Scanner::end_header() {
  Part& p = letter_.parts_[current_];
  p.body = p.end = at_;
  mark(at_);
  decide_kind(p);
  if (copies_) consider_lead(p);
  line_start_ = true;
  if (p.kind == Part::Kind::message)
    open_part(current_);
  else
    state_ = State::body;
}

// Whether the part is what people would read first.
void Scanner::consider_lead(const Part& part) {
  constexpr std::size_t kNothing = 2;  // octets: an empty line
  const bool html = part.is("text", "html");
  if (part.kind != Part::Kind::leaf || !(html || part.is("text", "plain"))) return;
  if (letter_.lead_part_ != kNone) {
    // RFC 2046 §5.1.4: the same in a richer form comes last.
    const Part& lead = letter_.parts_[letter_.lead_part_];
    if (!html || lead.parent != part.parent || lead.is("text", "html") || lead.end - lead.body > kNothing) return;
  }
  letter_.lead_part_ = current_;
  letter_.lead_.clear();
}

Scanner::Found Scanner::scan_header() {
  for (;;) {
    const Found field = skip_ == Skip::nothing ? scan_field() : skip();
    if (field != Found::yes) return field;
  }
}

Scanner::Found Scanner::skip() {
  const std::size_t next = line_end(at_);
  if (next == kNowhere) {
    at_ = end();
    return Found::more;
  }
  if (skip_ == Skip::field) {
    at_ = next - 1;  // whether the field goes on may only be seen in the next window
    if (next == end() && !last_) return Found::more;
    if (next < end() && is_wsp(at(next))) {
      at_ = next;
      return Found::yes;
    }
  }
  at_ = next;
  skip_ = Skip::nothing;
  return Found::yes;
}

// `no`: the header has ended at at_.
Scanner::Found Scanner::scan_field() {
  Part& part = letter_.parts_[current_];
  const std::size_t here = end() - at_;  // octets that can be seen
  const auto too_early = [&](std::size_t needed) { return here < needed && !last_; };
  // A field that has more than that is not kept, whether all of it can be seen or not.
  const auto wait = [&] {
    if (here <= limits_.field) return Found::more;
    letter_.findings_.add(Finding::too_many_fields, at_, part.index);
    skip_ = Skip::field;
    return Found::yes;
  };
  if (here == 0) return last_ ? Found::no : Found::more;
  const char first = at(at_);
  if (first == '\r' && too_early(2)) return Found::more;
  if (first == '\n' || (first == '\r' && here > 1 && at(at_ + 1) == '\n')) {
    part.blank_line = true;
    at_ += first == '\n' ? 1 : 2;
    return Found::no;
  }
  if (first == '-' && !open_.empty()) {
    if (too_early(2)) return Found::more;
    Delimiter d;
    const Found boundary = octets(at_, 2) == "--" ? match_line(at_, d) : Found::no;
    if (boundary == Found::more) return Found::more;
    if (boundary == Found::yes) {
      letter_.findings_.add(Finding::part_header_cut, at_, part.index);
      return Found::no;
    }
  }
  // RFC 5322 §2.2: printable ASCII up to the colon; §4.5.8: old fields may have blanks before it.
  const std::size_t limit = std::min(end(), at_ + limits_.field);
  const ByteView seen = octets(at_, limit - at_);
  const auto name = std::ranges::find_if(seen, [](char c) { return c <= ' ' || c >= 0x7f || c == ':'; });
  const std::size_t name_end = at_ + static_cast<std::size_t>(name - seen.begin());
  std::size_t colon = name_end;
  while (colon < limit && is_wsp(at(colon))) ++colon;
  if (colon == end() && !last_) return Found::more;
  if (name_end == at_ || colon == limit || at(colon) != ':') {
    if (at_ == part.begin && too_early(6)) return Found::more;
    const ByteView line = octets(at_, 6);
    if (at_ == part.begin && (line.starts_with("From ") || line == ">From ")) {
      letter_.findings_.add(Finding::mbox_from, at_, part.index);
      at_ += line.size() - 1;  // no second time
      skip_ = Skip::line;
      return Found::yes;
    }
    letter_.findings_.add(part.parent == kNone ? Finding::header_cut : Finding::part_header_cut, at_, part.index);
    return Found::no;
  }
  std::size_t next = line_end(colon);
  // RFC 5322 §2.2.3: lines that begin with a blank go on with the field.
  for (;;) {
    if (next == kNowhere || (next == end() && !last_)) return wait();
    if (next == end() || !is_wsp(at(next))) break;
    next = line_end(next);
  }
  if (next - at_ > limits_.field) {
    letter_.findings_.add(Finding::too_many_fields, at_, part.index);
    at_ = next;
    return Found::yes;
  }
  for (std::size_t from = line_end(colon); from < next;) {
    const std::size_t to = line_end(from);
    if (trim(octets(from, to - from)).empty())
      letter_.findings_.add(Finding::blank_fold, from, part.index);  // RFC 5322 §4.2
    from = to;
  }
  if (colon != name_end) letter_.findings_.add(Finding::spaced_colon, at_, part.index);
  take_field(part, at_, name_end, colon, next);
  at_ = next;
  return Found::yes;
}

void Scanner::take_field(Part& part, std::size_t begin, std::size_t name_end, std::size_t colon, std::size_t after) {
  const std::size_t size = after - begin;
  if (letter_.fields_.size() >= limits_.fields || size > limits_.headers - kept_) {
    if (!letter_.findings_.has(Finding::too_many_fields))
      letter_.findings_.add(Finding::too_many_fields, begin, part.index);
    return;
  }
  kept_ += size;
  ByteView raw = octets(begin, size);
  if (copies_) raw = letter_.owned_.emplace_back(raw);
  const FieldName id = field_name(raw.substr(0, name_end - begin));
  if (id == FieldName::content_type && part.type_field == kNone)
    part.type_field = static_cast<std::uint32_t>(letter_.fields_.size());
  letter_.fields_.emplace_back(raw, begin, name_end - begin, colon + 1 - begin, id);
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

Scanner::Found Scanner::find_delimiter(Delimiter& out) {
  if (line_start_) {
    if (end() - at_ < 2 && !last_) return Found::more;
    if (octets(at_, 2) == "--") {
      const Found found = match_line(at_, out);
      if (found != Found::no) return found;
    }
  }
  // at_ is the start of a line, or in one that is none, so the search may begin at its first octet.
  for (;;) {
    const std::size_t dashes = find_dashes(window_, at_ - base_);
    if (dashes == kNowhere) {
      if (last_) return Found::no;
      // An LF among the last two octets may be followed by dashes.
      at_ = std::max(at_, end() - std::min<std::size_t>(2, end()));
      line_start_ = false;
      return Found::more;
    }
    at_ = base_ + dashes;
    line_start_ = true;
    const Found found = match_line(at_, out);
    if (found != Found::no) return found;
  }
}

Scanner::Found Scanner::match_line(std::size_t position, Delimiter& out) {
  const std::size_t next = line_end(position);
  // What is longer is no boundary, however it ends.
  constexpr std::size_t kLongest = 2 + Letter::kMaxBoundary + 100;
  if ((next == kNowhere ? end() : next) - position > kLongest) return Found::no;
  if (next == kNowhere) return Found::more;
  ByteView line = octets(position + 2, next - position - 2);
  line = line.substr(0, line.find_last_not_of(" \t\r\n") + 1);  // RFC 2046 §5.1.1: transport padding
  out.match = open_.match(line);
  if (out.match.entry == kNone) {
    if (line.starts_with(open_.innermost().boundary) && line.size() > open_.innermost().boundary.size())
      letter_.findings_.add(Finding::boundary_extended, position, current_);
    return Found::no;
  }
  out.begin = position;
  out.next = next;
  // The line end before the boundary belongs to it (RFC 2046 §5.1.1).
  out.cut = position;
  if (out.cut > base_ && at(out.cut - 1) == '\n') --out.cut;
  if (out.cut > base_ && out.cut < position && at(out.cut - 1) == '\r') --out.cut;
  return Found::yes;
}

}  // namespace chappe::message
