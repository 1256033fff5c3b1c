#include "post/mailbox/base_subject.h"

#include "base/text.h"
#include "codec/idna.h"
#include "codec/utf8.h"
#include "message/words.h"

namespace chappe::post {
namespace {

// Octets of a subject that are looked at.
constexpr std::size_t kMaxSubject = 1000;

// RFC 5256 §5 subj-blob: "[" *BLOBCHAR "]" *WSP; its size, 0 for none.
std::size_t blob(ByteView s) {
  if (!s.starts_with('[')) return 0;
  const std::size_t end = s.find_first_of("[]", 1);
  if (end == s.npos || s[end] != ']') return 0;
  const std::size_t after = s.find_first_not_of(' ', end + 1);
  return after == s.npos ? s.size() : after;
}

// subj-refwd: ("re" / ("fw" ["d"])) *WSP [subj-blob] ":"; with the marks that French and German mailers write ("TR",
// "AW", "WG", "Réf."), which are of the same kind.
std::size_t refwd(ByteView s) {
  for (const ByteView mark : {"re", "fwd", "fw", "tr", "aw", "wg", "sv", "vs"}) {
    if (!s.starts_with(mark)) continue;
    std::size_t at = mark.size();
    while (at < s.size() && s[at] == ' ') ++at;
    at += blob(s.substr(at));
    if (at < s.size() && s[at] == ':') return at + 1;
  }
  return 0;
}

// subj-leader: *subj-blob subj-refwd, or a blank; its size, 0 for none.
std::size_t leader(ByteView s) {
  if (s.starts_with(' ')) return 1;
  std::size_t at = 0;
  while (const std::size_t n = blob(s.substr(at))) at += n;
  const std::size_t mark = refwd(s.substr(at));
  return mark ? at + mark : 0;
}

}  // namespace

std::string base_subject(ByteView value) {
  // (1) of the algorithm: to UTF-8, blanks to one
  const std::string decoded = message::decode_text(value.substr(0, kMaxSubject));
  std::string line;
  for (const char c : codec::is_ascii(decoded) ? to_lower(decoded) : codec::fold_case(decoded).value_or(decoded)) {
    if (c != ' ' && c != '\t' && c != '\r' && c != '\n')
      line += c;
    else if (!line.ends_with(' '))
      line += ' ';
  }
  ByteView s = line;
  for (;;) {
    // (2) trailers
    for (;;) {
      if (s.ends_with(' '))
        s.remove_suffix(1);
      else if (s.ends_with("(fwd)"))
        s.remove_suffix(5);
      else
        break;
    }
    // (3) to (5): leaders, and marks that something stands behind
    for (;;) {
      if (const std::size_t n = leader(s)) {
        s.remove_prefix(n);
        continue;
      }
      const std::size_t n = blob(s);
      if (n == 0 || n == s.size()) break;
      s.remove_prefix(n);
    }
    // (6) "[fwd: x]"
    if (!s.starts_with("[fwd:") || !s.ends_with(']')) break;
    s = s.substr(5, s.size() - 6);
  }
  return std::string(s);
}

}  // namespace chappe::post
