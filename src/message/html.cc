#include "message/html.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "base/text.h"
#include "codec/utf8.h"

namespace chappe::message {
namespace {

struct Name {
  std::string_view name;
  char32_t c;
};

// The references of HTML 4 that mail really has (WHATWG HTML §13.5), in order of octets.
constexpr Name kNames[] = {
    {"AElig", 0xc6},    {"Aacute", 0xc1},   {"Acirc", 0xc2},    {"Agrave", 0xc0},  {"Aring", 0xc5},
    {"Atilde", 0xc3},   {"Auml", 0xc4},     {"Ccedil", 0xc7},   {"ETH", 0xd0},     {"Eacute", 0xc9},
    {"Ecirc", 0xca},    {"Egrave", 0xc8},   {"Euml", 0xcb},     {"Iacute", 0xcd},  {"Icirc", 0xce},
    {"Igrave", 0xcc},   {"Iuml", 0xcf},     {"Ntilde", 0xd1},   {"OElig", 0x152},  {"Oacute", 0xd3},
    {"Ocirc", 0xd4},    {"Ograve", 0xd2},   {"Oslash", 0xd8},   {"Otilde", 0xd5},  {"Ouml", 0xd6},
    {"Scaron", 0x160},  {"THORN", 0xde},    {"Uacute", 0xda},   {"Ucirc", 0xdb},   {"Ugrave", 0xd9},
    {"Uuml", 0xdc},     {"Yacute", 0xdd},   {"Yuml", 0x178},    {"aacute", 0xe1},  {"acirc", 0xe2},
    {"acute", 0xb4},    {"aelig", 0xe6},    {"agrave", 0xe0},   {"amp", '&'},      {"apos", '\''},
    {"aring", 0xe5},    {"atilde", 0xe3},   {"auml", 0xe4},     {"bdquo", 0x201e}, {"brvbar", 0xa6},
    {"bull", 0x2022},   {"ccedil", 0xe7},   {"cedil", 0xb8},    {"cent", 0xa2},    {"copy", 0xa9},
    {"curren", 0xa4},   {"dagger", 0x2020}, {"deg", 0xb0},      {"divide", 0xf7},  {"eacute", 0xe9},
    {"ecirc", 0xea},    {"egrave", 0xe8},   {"emsp", 0x2003},   {"ensp", 0x2002},  {"eth", 0xf0},
    {"euml", 0xeb},     {"euro", 0x20ac},   {"frac12", 0xbd},   {"frac14", 0xbc},  {"frac34", 0xbe},
    {"gt", '>'},        {"hellip", 0x2026}, {"iacute", 0xed},   {"icirc", 0xee},   {"iexcl", 0xa1},
    {"igrave", 0xec},   {"iquest", 0xbf},   {"iuml", 0xef},     {"laquo", 0xab},   {"larr", 0x2190},
    {"ldquo", 0x201c},  {"lsaquo", 0x2039}, {"lsquo", 0x2018},  {"lt", '<'},       {"macr", 0xaf},
    {"mdash", 0x2014},  {"micro", 0xb5},    {"middot", 0xb7},   {"nbsp", 0xa0},    {"ndash", 0x2013},
    {"not", 0xac},      {"ntilde", 0xf1},   {"oacute", 0xf3},   {"ocirc", 0xf4},   {"oelig", 0x153},
    {"ograve", 0xf2},   {"ordf", 0xaa},     {"ordm", 0xba},     {"oslash", 0xf8},  {"otilde", 0xf5},
    {"ouml", 0xf6},     {"para", 0xb6},     {"permil", 0x2030}, {"plusmn", 0xb1},  {"pound", 0xa3},
    {"quot", '"'},      {"raquo", 0xbb},    {"rarr", 0x2192},   {"rdquo", 0x201d}, {"reg", 0xae},
    {"rsaquo", 0x203a}, {"rsquo", 0x2019},  {"sbquo", 0x201a},  {"scaron", 0x161}, {"sect", 0xa7},
    {"shy", 0xad},      {"sup1", 0xb9},     {"sup2", 0xb2},     {"sup3", 0xb3},    {"szlig", 0xdf},
    {"thinsp", 0x2009}, {"thorn", 0xfe},    {"times", 0xd7},    {"trade", 0x2122}, {"uacute", 0xfa},
    {"ucirc", 0xfb},    {"ugrave", 0xf9},   {"uml", 0xa8},      {"uuml", 0xfc},    {"yacute", 0xfd},
    {"yen", 0xa5},      {"yuml", 0xff},     {"zwj", 0x200d},    {"zwnj", 0x200c},
};
static_assert(std::ranges::is_sorted(kNames, {}, &Name::name));
constexpr std::size_t kLongestName = 8;

// What numbers 128 to 159 mean to browsers (WHATWG HTML §13.2.5.80).
constexpr std::array<char16_t, 32> kWindows = {0x20ac, 0x81,   0x201a, 0x192,  0x201e, 0x2026, 0x2020, 0x2021,
                                               0x2c6,  0x2030, 0x160,  0x2039, 0x152,  0x8d,   0x17d,  0x8f,
                                               0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
                                               0x2dc,  0x2122, 0x161,  0x203a, 0x153,  0x9d,   0x17e,  0x178};

// Elements that do something to the text around them, in order of octets.
struct Element {
  std::string_view name;
  bool line;    // begins and ends a line of its own
  bool apart;   // only keeps words apart
  bool hidden;  // its content is not shown
};
constexpr Element kElements[] = {
    {"address", true, false, false},    {"article", true, false, false}, {"aside", true, false, false},
    {"blockquote", true, false, false}, {"body", true, false, false},    {"br", true, false, false},
    {"center", true, false, false},     {"dd", true, false, false},      {"div", true, false, false},
    {"dl", true, false, false},         {"dt", true, false, false},      {"fieldset", true, false, false},
    {"footer", true, false, false},     {"form", true, false, false},    {"h1", true, false, false},
    {"h2", true, false, false},         {"h3", true, false, false},      {"h4", true, false, false},
    {"h5", true, false, false},         {"h6", true, false, false},      {"header", true, false, false},
    {"hr", true, false, false},         {"html", true, false, false},    {"img", false, true, false},
    {"li", true, false, false},         {"main", true, false, false},    {"nav", true, false, false},
    {"ol", true, false, false},         {"option", true, false, false},  {"p", true, false, false},
    {"pre", true, false, false},        {"script", false, false, true},  {"section", true, false, false},
    {"style", false, false, true},      {"table", true, false, false},   {"tbody", true, false, false},
    {"td", false, true, false},         {"tfoot", true, false, false},   {"th", false, true, false},
    {"thead", true, false, false},      {"title", true, false, true},    {"tr", true, false, false},
    {"ul", true, false, false},
};
static_assert(std::ranges::is_sorted(kElements, {}, &Element::name));

// Shown as nothing: they are in mail to pad a preview or to say where a word may be broken.
bool invisible(char32_t c) { return c == 0xad || (c >= 0x200b && c <= 0x200f) || c == 0x2060 || c == 0xfeff; }

class Stripper {
 public:
  Stripper(ByteView html, std::size_t limit) : left_(html), limit_(limit) {}

  std::string run() {
    while (!left_.empty() && out_.size() < limit_) {
      const std::size_t plain = std::min(left_.find_first_of("<&"), left_.size());
      text(left_.substr(0, plain));
      left_.remove_prefix(plain);
      if (left_.empty()) break;
      if (left_.front() == '&')
        reference();
      else
        markup();
    }
    if (out_.size() > limit_) out_.resize(codec::utf8_cut(out_, limit_).size());
    return std::move(out_);
  }

 private:
  void put(char32_t c) {
    if (invisible(c)) return;
    if (c == ' ' || (c >= '\t' && c <= '\r') || c == 0xa0) {
      space_ = true;
      return;
    }
    if (!out_.empty() && out_.back() != '\n') {
      if (line_)
        out_ += '\n';
      else if (space_)
        out_ += ' ';
    }
    space_ = line_ = false;
    codec::append_utf8(out_, c);
  }

  void text(ByteView t) {
    while (!t.empty() && out_.size() < limit_) put(codec::take_utf8(t));
  }

  // WHATWG HTML §13.2.5.72: what is no reference is text.
  void reference() {
    left_.remove_prefix(1);
    if (left_.starts_with('#')) {
      ByteView digits = left_.substr(1);
      const bool hex = !digits.empty() && lower(digits.front()) == 'x';
      if (hex) digits.remove_prefix(1);
      char32_t c = 0;
      std::size_t n = 0;
      for (; n < digits.size(); ++n) {
        const char d = lower(digits[n]);
        const bool decimal = is_digit(d);
        if (!decimal && !(hex && d >= 'a' && d <= 'f')) break;
        const auto value = static_cast<char32_t>(decimal ? d - '0' : d - 'a' + 10);
        c = std::min<char32_t>(c * (hex ? 16 : 10) + value, 0x110000);
      }
      if (n == 0) return put('&');
      left_ = digits.substr(n);
      if (left_.starts_with(';')) left_.remove_prefix(1);
      if (c >= 0x80 && c < 0xa0) c = kWindows[c - 0x80];
      return put(c == 0 || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) ? codec::kReplacement : c);
    }
    // The longest name that fits, with or without its semicolon.
    std::size_t longest = 0;
    while (longest < std::min(kLongestName, left_.size()) && is_alnum(left_[longest])) ++longest;
    for (std::size_t n = longest; n >= 2; --n) {
      const ByteView name = left_.substr(0, n);
      const auto* at = std::ranges::lower_bound(kNames, name, {}, &Name::name);
      if (at == std::end(kNames) || at->name != name) continue;
      left_.remove_prefix(n);
      if (left_.starts_with(';')) left_.remove_prefix(1);
      return put(at->c);
    }
    put('&');
  }

  // Behind `end`, or at the end of everything.
  void skip_past(ByteView end) {
    const std::size_t at = left_.find(end);
    left_.remove_prefix(at == ByteView::npos ? left_.size() : at + end.size());
  }

  void markup() {
    if (left_.starts_with("<!--")) {
      left_.remove_prefix(4);
      // §13.2.5.43: "<!-->" and "<!--->" are comments too
      if (left_.starts_with(">")) return left_.remove_prefix(1);
      if (left_.starts_with("->")) return left_.remove_prefix(2);
      return skip_past("-->");
    }
    const char next = left_.size() > 1 ? left_[1] : '\0';
    if (next == '!' || next == '?') return skip_past(">");
    const bool closing = next == '/';
    const ByteView after = left_.substr(closing ? 2 : 1);
    if (after.empty() || !is_alpha(after.front())) {
      // §13.2.5.7: "</" before anything else is a comment
      if (closing && !after.empty()) return skip_past(">");
      put('<');
      return left_.remove_prefix(1);
    }
    left_ = after;
    std::size_t n = 0;
    while (n < left_.size() && left_[n] != '>' && left_[n] != '/' && !blank(left_[n])) ++n;
    const std::string name = to_lower(left_.substr(0, std::min<std::size_t>(n, 16)));
    left_.remove_prefix(n);
    const std::string alt = attributes();
    const auto* element = std::ranges::lower_bound(kElements, name, {}, &Element::name);
    const bool known = element != std::end(kElements) && element->name == name;
    if (known && element->line) line_ = true;
    if (known && element->apart) space_ = true;
    if (name == "img" && !closing && !alt.empty()) {
      Stripper inner(alt, kLongestAlt);
      text(inner.run_references());
      space_ = true;
    }
    if (!closing && known && element->hidden) skip_hidden(name);
  }

  // To behind the ">" of the tag; the value of `alt`. Quotes hide a ">" (§13.2.5.32 to §13.2.5.40).
  std::string attributes() {
    std::string alt;
    while (!left_.empty()) {
      if (left_.front() == '>') {
        left_.remove_prefix(1);
        return alt;
      }
      if (blank(left_.front()) || left_.front() == '/') {
        left_.remove_prefix(1);
        continue;
      }
      std::size_t n = 1;  // "=" may begin a name
      while (n < left_.size() && left_[n] != '=' && left_[n] != '>' && left_[n] != '/' && !blank(left_[n])) ++n;
      const bool is_alt = iequals(left_.substr(0, n), "alt");
      left_.remove_prefix(n);
      skip_blanks();
      if (!left_.starts_with('=')) continue;
      left_.remove_prefix(1);
      skip_blanks();
      ByteView value;
      if (left_.starts_with('"') || left_.starts_with('\'')) {
        const std::size_t end = left_.find(left_.front(), 1);
        value = left_.substr(1, end == ByteView::npos ? end : end - 1);
        left_.remove_prefix(end == ByteView::npos ? left_.size() : end + 1);
      } else {
        std::size_t end = 0;
        while (end < left_.size() && left_[end] != '>' && !blank(left_[end])) ++end;
        value = left_.substr(0, end);
        left_.remove_prefix(end);
      }
      if (is_alt) alt = std::string(codec::utf8_cut(value, kLongestAlt));
    }
    return {};  // a tag that nobody ends is none
  }

  // Text in which only references mean something.
  std::string run_references() {
    while (!left_.empty() && out_.size() < limit_) {
      const std::size_t plain = std::min(left_.find('&'), left_.size());
      text(left_.substr(0, plain));
      left_.remove_prefix(plain);
      if (!left_.empty()) reference();
    }
    return std::move(out_);
  }

  // To the end tag of an element whose content is no markup (§13.2.5.2, §13.2.5.4).
  void skip_hidden(const std::string& name) {
    for (std::size_t at = left_.find("</"); at != ByteView::npos; at = left_.find("</", at + 2)) {
      if (!iequals(left_.substr(at + 2, name.size()), name)) continue;
      return left_.remove_prefix(at);
    }
    left_ = {};
  }

  void skip_blanks() {
    while (!left_.empty() && blank(left_.front())) left_.remove_prefix(1);
  }
  static bool blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }

  static constexpr std::size_t kLongestAlt = 1000;

  ByteView left_;
  const std::size_t limit_;
  std::string out_;
  bool space_ = false;  // a blank is owed before the next character
  bool line_ = false;   // the end of a line is
};

}  // namespace

std::string html_text(ByteView html, std::size_t limit) { return Stripper(html, limit).run(); }

}  // namespace chappe::message
