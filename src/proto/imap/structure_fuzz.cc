// Any letter at all: its envelope and structure must keep the grammar of RFC 9051 §9, as a reader of that grammar sees
// it.

#include "../../../tests/fuzz/fuzzing.h"
#include "base/text.h"
#include "proto/imap/envelope.h"
#include "proto/imap/section.h"

using namespace chappe;
using namespace chappe::proto::imap;
using fuzz::check;

namespace {

// Reads nested lists of strings, numbers and NIL; false when the text is anything else. `depth` bounds the recursion.
bool list(ByteView& in, int depth) {
  if (depth > 1000 || in.empty() || in.front() != '(') return false;
  in.remove_prefix(1);
  while (!in.empty()) {
    const char c = in.front();
    if (c == ')') {
      in.remove_prefix(1);
      return true;
    }
    if (c == ' ') {
      in.remove_prefix(1);
    } else if (c == '(') {
      if (!list(in, depth + 1)) return false;
    } else if (c == '"') {
      std::size_t at = 1;
      for (; at < in.size() && in[at] != '"'; ++at) {
        if (in[at] == '\r' || in[at] == '\n' || in[at] == '\0') return false;
        if (in[at] == '\\') ++at;
      }
      if (at >= in.size()) return false;
      in.remove_prefix(at + 1);
    } else if (c == '{') {
      const std::size_t close = in.find("}\r\n");
      if (close == ByteView::npos) return false;
      const auto n = to_number<std::size_t>(in.substr(1, close - 1));
      if (!n || *n > in.size() - close - 3 || in.substr(close + 3, *n).contains('\0')) return false;
      in.remove_prefix(close + 3 + *n);
    } else if (in.starts_with("NIL")) {
      in.remove_prefix(3);
    } else if (is_digit(c)) {
      while (!in.empty() && is_digit(in.front())) in.remove_prefix(1);
    } else {
      return false;
    }
  }
  return false;
}

void expect_list(ByteView text) { check(list(text, 0) && text.empty()); }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView octets = fuzz::view(data, size);
  const message::Letter letter(octets);
  for (const bool utf8 : {false, true}) {
    Bytes out;
    write_envelope(out, letter, letter.root(), utf8);
    expect_list(out);
    for (const bool extended : {false, true}) {
      out.clear();
      write_body_structure(out, letter, extended, utf8);
      expect_list(out);
    }
  }
  using What = Section::What;
  for (const What what :
       {What::all, What::header, What::header_fields, What::header_fields_not, What::text, What::mime}) {
    for (const std::vector<std::uint32_t>& part : {std::vector<std::uint32_t>{}, {1}, {2}, {1, 1}, {2, 1, 1}}) {
      const Section section{.part = part, .what = what, .fields = {"Subject", "From"}};
      const auto found = find_octets(letter, section);
      if (!found) continue;
      if (const auto* place = std::get_if<Place>(&*found)) {
        check(place->offset <= size && place->size <= size - place->offset);
        const Place part_of = clip(place->size, Partial{size / 2, 10});
        check(part_of.size <= 10 && part_of.offset <= place->size && part_of.size <= place->size - part_of.offset);
      }
      if (const auto encoded = find_encoded(letter, section); encoded && *encoded)
        check((*encoded)->place.offset <= size && (*encoded)->place.size <= size - (*encoded)->place.offset);
    }
  }
  return 0;
}
