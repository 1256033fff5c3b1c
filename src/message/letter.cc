#include "message/letter.h"

#include <algorithm>
#include <cstring>

#include "base/text.h"
#include "message/scanner.h"

namespace chappe::message {

bool Part::is(ByteView type_name, ByteView subtype_name) const {
  return iequals(type, type_name) && iequals(subtype, subtype_name);
}

bool Part::is_text() const { return kind == Kind::leaf && iequals(type, "text"); }

Letter::Letter(ByteView bytes, Limits limits) : bytes_(bytes.substr(0, kMaxSize)) {
  if (bytes.size() > kMaxSize) findings_.add(Finding::too_large, kMaxSize);
  Scanner(*this, limits, false).feed(bytes_, 0, true);
}

const Field* Letter::find(const Part& part, FieldName id) const {
  for (const Field& f : fields(part))
    if (f.id() == id) return &f;
  return nullptr;
}

const Field* Letter::find(const Part& part, ByteView name) const {
  for (const Field& f : fields(part))
    if (f.is(name)) return &f;
  return nullptr;
}

std::size_t Letter::count(const Part& part, FieldName id) const {
  const auto all = fields(part);
  return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [id](const Field& f) { return f.id() == id; }));
}

ByteView Letter::preamble(const Part& p) const {
  return p.kind == Part::Kind::multipart ? bytes_.substr(p.body, p.preamble_end - p.body) : ByteView();
}

ByteView Letter::epilogue(const Part& p) const {
  return p.kind == Part::Kind::multipart ? bytes_.substr(p.epilogue_begin, p.end - p.epilogue_begin) : ByteView();
}

const Part* Letter::find_section(std::span<const std::uint32_t> path) const {
  const Part* at = &root();
  bool entered = false;  // `at` was named by a number, so that its own message is gone into for the next one
  for (const std::uint32_t number : path) {
    if (entered && at->kind == Part::Kind::message) {
      at = inner(*at);
    } else if (entered && at->kind == Part::Kind::leaf) {
      return nullptr;
    }
    entered = true;
    if (at->kind != Part::Kind::multipart) {
      // A message that is no multipart has one part, number 1: its body (RFC 9051 §6.4.5.1).
      if (number != 1) return nullptr;
      continue;
    }
    if (number == 0 || number > at->children) return nullptr;
    std::uint32_t child = at->first_child;
    for (std::uint32_t i = 1; i < number; ++i) child = parts_[child].next;
    at = &parts_[child];
  }
  return at;
}

std::string Letter::section_of(const Part& part) const {
  // The body of a message (the letter, or one inside a part) is number 1 of it, unless it is a multipart, which has no
  // number of its own (RFC 9051 §6.4.5.1).
  const auto is_message_body = [this](const Part& x) {
    return x.parent == kNone || parts_[x.parent].kind == Part::Kind::message;
  };
  if (is_message_body(part) && part.kind == Part::Kind::multipart) return {};
  std::vector<std::uint32_t> path;
  for (const Part* p = &part;; p = &parts_[p->parent]) {
    if (!is_message_body(*p)) {
      path.push_back(p->number);
    } else if (p->kind != Part::Kind::multipart) {
      path.push_back(1);
    }
    if (p->parent == kNone) break;
  }
  std::string out;
  for (auto it = path.rbegin(); it != path.rend(); ++it) {
    if (!out.empty()) out += '.';
    out += std::to_string(*it);
  }
  return out;
}

std::vector<std::size_t> Letter::lines_between(std::span<const Part> parts, std::span<const LineMark> marks) {
  const auto before = [marks](std::size_t at) {
    return std::ranges::lower_bound(marks, at, {}, &LineMark::at)->before;
  };
  std::vector<std::size_t> out;
  out.reserve(parts.size());
  for (const Part& p : parts) out.push_back(before(p.end) - before(p.body));
  return out;
}

std::vector<std::size_t> Letter::body_lines() const {
  if (outline_) return body_lines_;
  // In one pass over the places where bodies begin and end: nested messages are not counted again on every level.
  std::vector<LineMark> marks;
  for (const Part& p : parts_) {
    marks.push_back({p.body});
    marks.push_back({p.end});
  }
  std::ranges::sort(marks, {}, &LineMark::at);
  std::size_t at = 0;
  std::size_t lines = 0;
  for (LineMark& mark : marks) {
    lines += count_lines(bytes_.substr(at, mark.at - at));
    at = mark.at;
    mark.before = lines;
  }
  return lines_between(parts_, marks);
}

std::size_t count_lines(ByteView bytes) {
  // std::count is turned into vector code by the compiler.
  return static_cast<std::size_t>(std::count(bytes.begin(), bytes.end(), '\n'));
}

}  // namespace chappe::message
