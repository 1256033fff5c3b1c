#include "trust/dkim/canon.h"

#include <algorithm>

#include "base/text.h"

namespace chappe::trust::dkim {
namespace {

// Appends a value, or a part of one, by RFC 6376 §3.4.2: folds undone, runs of blanks made one space, none at the start
// or the end. `blank` holds whether blanks came last, and are to be written if something follows.
void append_relaxed(std::string& out, ByteView text, std::size_t start, bool& blank) {
  const auto stops = [](char c) { return c <= ' ' && (is_wsp(c) || c == '\r'); };
  std::size_t i = 0;
  while (i < text.size()) {
    const char c = text[i];
    if (is_wsp(c)) {
      blank = true;
      ++i;
      continue;
    }
    // CRLF with a blank behind it is a fold (RFC 5322 §2.2.3).
    if (c == '\r' && i + 2 < text.size() && text[i + 1] == '\n' && is_wsp(text[i + 2])) {
      i += 2;
      continue;
    }
    const auto stop = std::find_if(text.begin() + static_cast<std::ptrdiff_t>(i) + 1, text.end(), stops);
    const auto end = static_cast<std::size_t>(stop - text.begin());
    if (blank && out.size() > start) out += ' ';
    blank = false;
    out += text.substr(i, end - i);
    i = end;
  }
}

void append_relaxed(std::string& out, ByteView name, ByteView first, ByteView second) {
  const auto name_at = static_cast<std::ptrdiff_t>(out.size());
  out += name;
  std::transform(out.begin() + name_at, out.end(), out.begin() + name_at, lower);
  out += ':';
  const std::size_t start = out.size();
  bool blank = false;
  append_relaxed(out, first, start, blank);
  append_relaxed(out, second, start, blank);
}

}  // namespace

std::string_view canon_name(Canon canon) { return canon == Canon::simple ? "simple" : "relaxed"; }

void append_canonical(std::string& out, Canon canon, const message::Field& field) {
  if (canon == Canon::relaxed) {
    append_relaxed(out, field.name(), field.value(), {});
    out += "\r\n";
  } else {
    // RFC 6376 §3.4.1: as it is.
    out += field.raw();
    if (!field.raw().ends_with('\n')) out += "\r\n";
  }
}

void append_own(std::string& out, Canon canon, const message::Field& field, std::size_t begin, std::size_t end) {
  const ByteView value = field.value();
  if (canon == Canon::relaxed) {
    append_relaxed(out, field.name(), value.substr(0, begin), value.substr(end));
  } else {
    out += field.raw().substr(0, field.value_at() + begin);
    out += value.substr(end);
  }
}

namespace detail {

std::size_t unchanged_blanks(ByteView chunk) {
  // In blocks, which the compiler turns into vector code; only a block that holds what is looked for is looked at
  // octet by octet. Everything that makes a space change is at most a space: blank, CR, nothing.
  constexpr std::size_t kBlock = 64;
  const char* const data = chunk.data();
  const std::size_t size = chunk.size();
  const auto changes = [](char a, char b) {
    return static_cast<unsigned char>(a == '\t') |
           (static_cast<unsigned char>(a == ' ') & static_cast<unsigned char>((b == ' ') | (b == '\t') | (b == '\r')));
  };
  std::size_t at = 0;
  while (at + kBlock + 1 <= size) {
    unsigned char any = 0;
    for (std::size_t i = 0; i < kBlock; ++i) any |= changes(data[at + i], data[at + i + 1]);
    if (any != 0) break;
    at += kBlock;
  }
  for (; at + 1 < size; ++at)
    if (changes(data[at], data[at + 1]) != 0) return at;
  return at < size && is_wsp(data[at]) ? at : size;
}

}  // namespace detail

}  // namespace chappe::trust::dkim
