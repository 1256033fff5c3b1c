#include "dns/name.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "codec/idna.h"

namespace chappe::dns {
namespace {

// What a bare word of a master file cannot hold as it is (RFC 1035 §5.1).
constexpr std::string_view kSpecialInName = ".\\\"();@$";

constexpr std::string_view kSpecialInQuotes = "\"\\";

// What is below `least`, or no ASCII, becomes \DDD.
void append_escaped(std::string& out, ByteView octets, std::string_view special, char least) {
  for (const char c : octets) {
    if (c < least || c > '~') {
      out += fmt::format("\\{:03}", static_cast<unsigned char>(c));
    } else {
      if (!is_alnum(c) && special.contains(c)) out += '\\';
      out += c;
    }
  }
}

// Where each label of a wire form begins, the root's left out.
struct Offsets {
  std::array<std::uint8_t, Name::kMaxWire / 2 + 1> at;
  std::size_t count = 0;

  explicit Offsets(ByteView wire) {
    for (std::size_t i = 0; wire[i] != 0; i += 1 + static_cast<unsigned char>(wire[i]))
      at[count++] = static_cast<std::uint8_t>(i);
  }
};

ByteView label_at(ByteView wire, std::size_t offset) {
  return wire.substr(offset + 1, static_cast<unsigned char>(wire[offset]));
}

std::weak_ordering compare_labels(ByteView a, ByteView b) {
  const std::size_t n = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < n; ++i) {
    const auto x = static_cast<unsigned char>(lower(a[i])), y = static_cast<unsigned char>(lower(b[i]));
    if (x != y) return x <=> y;
  }
  return a.size() <=> b.size();
}

// Reads one escape at `at`, which stands on the backslash; leaves `at` behind it.
Result<char> escape(std::string_view text, std::size_t& at) {
  if (at + 1 >= text.size()) return fail(Errc::invalid, "a backslash at the end of {}", printable(text));
  if (!is_digit(text[at + 1])) {
    at += 2;
    return text[at - 1];
  }
  if (at + 3 >= text.size() || !is_digit(text[at + 2]) || !is_digit(text[at + 3]))
    return fail(Errc::invalid, "\\DDD needs three digits in {}", printable(text));
  const int value = (text[at + 1] - '0') * 100 + (text[at + 2] - '0') * 10 + (text[at + 3] - '0');
  if (value > 255) return fail(Errc::invalid, "\\DDD is above 255 in {}", printable(text));
  at += 4;
  return static_cast<char>(value);
}

Result<void> append_label(Bytes& wire, ByteView label, std::string_view text) {
  if (label.empty()) return fail(Errc::invalid, "an empty label in {}", printable(text));
  if (label.size() > Name::kMaxLabel)
    return fail(Errc::too_large, "a label of {} octets in {}; 63 is the limit", label.size(), printable(text));
  wire += static_cast<char>(label.size());
  wire += label;
  if (wire.size() >= Name::kMaxWire)
    return fail(Errc::too_large, "the name {} is too long; 255 octets is the limit", printable(text));
  return {};
}

Result<void> append_text_label(Bytes& wire, ByteView label, bool utf8, std::string_view text) {
  if (!utf8) return append_label(wire, label, text);
  // Mapping may find more dots: the ideographic full stop is one.
  const std::string ascii = TRY(codec::domain_to_ascii(label));
  for (const auto part : split(ascii, '.')) TRY(append_label(wire, part, text));
  return {};
}

}  // namespace

void append_label_text(std::string& out, ByteView octets) { append_escaped(out, octets, kSpecialInName, '!'); }

void append_quoted_text(std::string& out, ByteView octets) {
  out += '"';
  append_escaped(out, octets, kSpecialInQuotes, ' ');
  out += '"';
}

Result<Bytes> unescape(std::string_view text) {
  Bytes out;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '\\') {
      out += TRY(escape(text, at));
    } else {
      out += text[at++];
    }
  }
  return out;
}

Result<Bytes> Name::labels_of(std::string_view text, bool& absolute) {
  absolute = false;
  if (text.empty()) return fail(Errc::invalid, "an empty name");
  Bytes wire, label;
  if (text == ".") {
    absolute = true;
    return wire;
  }
  wire.reserve(text.size() + 2);  // the octet of the first length, and of the root
  bool utf8 = false;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '\\') {
      label += TRY(escape(text, at));
      continue;
    }
    if (c != '.') {
      const auto begin = text.begin() + static_cast<std::ptrdiff_t>(at);
      const auto end = std::find_if(begin, text.end(), [](char x) { return x == '.' || x == '\\'; });
      utf8 = utf8 || std::any_of(begin, end, is_8bit);
      label.append(begin, end);
      at += static_cast<std::size_t>(end - begin);
      continue;
    }
    ++at;
    TRY(append_text_label(wire, label, utf8, text));
    label.clear();
    utf8 = false;
    absolute = at == text.size();
  }
  if (!absolute) TRY(append_text_label(wire, label, utf8, text));
  return wire;
}

Result<Name> Name::parse(std::string_view text) {
  bool absolute;
  Bytes wire = TRY(labels_of(text, absolute));
  wire += '\0';
  return Name(std::move(wire));
}

Result<Name> Name::parse(std::string_view text, const Name& origin) {
  if (text == "@") return origin;
  bool absolute;
  Bytes wire = TRY(labels_of(text, absolute));
  if (absolute) {
    wire += '\0';
  } else {
    wire += origin.wire_;
  }
  if (wire.size() > kMaxWire)
    return fail(Errc::too_large, "the name {} below {} is too long; 255 octets is the limit", printable(text),
                printable(origin.text()));
  return Name(std::move(wire));
}

Result<Name> Name::from_wire(Bytes wire) {
  std::size_t at = 0;
  while (at < wire.size() && wire[at] != 0) {
    const auto size = static_cast<unsigned char>(wire[at]);
    if (size > kMaxLabel) return fail(Errc::invalid, "a label that is none in a name");
    at += 1u + size;
  }
  if (at + 1 != wire.size() || wire.size() > kMaxWire) return fail(Errc::invalid, "octets that are no name");
  return Name(std::move(wire));
}

std::string Name::text() const {
  if (is_root()) return ".";
  std::string out;
  out.reserve(wire_.size());
  const Offsets offsets(wire_);
  for (std::size_t i = 0; i < offsets.count; ++i) {
    append_label_text(out, label_at(wire_, offsets.at[i]));
    out += '.';
  }
  return out;
}

std::string Name::text(const Name& origin) const {
  if (wire_ == origin.wire_) return "@";
  // What is left out must come back as it was, in case too: NSEC records are signed with it.
  if (origin.is_root() || !under(origin) || !wire_.ends_with(origin.wire_)) return text();
  std::string out;
  const auto all = labels();
  const std::size_t own = all.size() - origin.label_count();
  for (std::size_t i = 0; i < own; ++i) {
    if (i) out += '.';
    append_label_text(out, all[i]);
  }
  return out;
}

std::string Name::domain() const {
  std::string out = to_lower(text());
  if (!is_root()) out.pop_back();
  return out;
}

std::vector<ByteView> Name::labels() const {
  std::vector<ByteView> out;
  const Offsets offsets(wire_);
  out.reserve(offsets.count);
  for (std::size_t i = 0; i < offsets.count; ++i) out.push_back(label_at(wire_, offsets.at[i]));
  return out;
}

std::size_t Name::label_count() const { return Offsets(wire_).count; }

bool Name::under(const Name& ancestor) const {
  if (ancestor.wire_.size() > wire_.size()) return false;
  const std::size_t begin = wire_.size() - ancestor.wire_.size();
  std::size_t at = 0;
  while (at < begin) at += 1u + static_cast<unsigned char>(wire_[at]);
  return at == begin && iequals(ByteView(wire_).substr(begin), ancestor.wire_);
}

Name Name::parent() const { return is_root() ? *this : Name(wire_.substr(1u + static_cast<unsigned char>(wire_[0]))); }

Name Name::suffix(std::size_t labels) const {
  const Offsets offsets(wire_);
  if (labels >= offsets.count) return *this;
  if (labels == 0) return {};
  return Name(wire_.substr(offsets.at[offsets.count - labels]));
}

std::size_t Name::common_labels(const Name& other) const {
  const Offsets a(wire_), b(other.wire_);
  std::size_t n = 0;
  while (n < a.count && n < b.count &&
         iequals(label_at(wire_, a.at[a.count - 1 - n]), label_at(other.wire_, b.at[b.count - 1 - n])))
    ++n;
  return n;
}

Result<Name> Name::child(ByteView label) const {
  Bytes wire;
  TRY(append_label(wire, label, label));
  wire += wire_;
  if (wire.size() > kMaxWire) return fail(Errc::too_large, "a name below {} is too long", printable(text()));
  return Name(std::move(wire));
}

Result<Name> Name::with_suffix(const Name& from, const Name& to) const {
  Bytes wire = wire_.substr(0, wire_.size() - from.wire_.size()) + to.wire_;
  if (wire.size() > kMaxWire)
    return fail(Errc::too_large, "{} redirected to {} is too long", printable(text()), printable(to.text()));
  return Name(std::move(wire));
}

// The octet of a label's length is at most 63 and so no letter: the whole wire form can be folded.
Name Name::lower() const { return Name(to_lower(wire_)); }

bool Name::operator==(const Name& other) const { return wire_ == other.wire_ || iequals(wire_, other.wire_); }

std::weak_ordering Name::operator<=>(const Name& other) const {
  // RFC 4034 §6.1: label by label from the right, as lower-case octets; a name comes before those below it.
  const Offsets a(wire_), b(other.wire_);
  for (std::size_t i = 1; i <= a.count && i <= b.count; ++i) {
    const auto order = compare_labels(label_at(wire_, a.at[a.count - i]), label_at(other.wire_, b.at[b.count - i]));
    if (order != 0) return order;
  }
  return a.count <=> b.count;
}

}  // namespace chappe::dns
