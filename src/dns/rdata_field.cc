#include <arpa/inet.h>

#include <algorithm>

#include "base/text.h"
#include "codec/base64.h"
#include "dns/base32.h"
#include "dns/calendar.h"
#include "dns/rdata_layout.h"

namespace chappe::dns {
namespace {

constexpr std::size_t kMaxString = 255;
constexpr std::string_view kHexDigits = "0123456789abcdef";

unsigned octet(ByteView b, std::size_t at) { return static_cast<unsigned char>(b[at]); }

std::uint32_t number(ByteView octets) {
  std::uint32_t v = 0;
  for (std::size_t i = 0; i < octets.size(); ++i) v = v << 8 | octet(octets, i);
  return v;
}

void append_number(Bytes& out, std::uint32_t v, int octets) {
  for (int shift = 8 * (octets - 1); shift >= 0; shift -= 8) out += static_cast<char>(v >> shift);
}

std::string hex_text(ByteView octets) {
  std::string out;
  for (std::size_t i = 0; i < octets.size(); ++i) {
    out += kHexDigits[octet(octets, i) >> 4];
    out += kHexDigits[octet(octets, i) & 15];
  }
  return out;
}

std::optional<Bytes> hex_octets(std::string_view text) {
  if (text.size() % 2) return std::nullopt;
  Bytes out;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const auto high = kHexDigits.find(lower(text[i])), low = kHexDigits.find(lower(text[i + 1]));
    if (high == kHexDigits.npos || low == kHexDigits.npos) return std::nullopt;
    out += static_cast<char>(high << 4 | low);
  }
  return out;
}

std::string quoted(ByteView octets) {
  std::string out;
  append_quoted_text(out, octets);
  return out;
}

std::optional<std::size_t> name_size(ByteView rest) {
  std::size_t at = 0;
  while (at < rest.size() && at < Name::kMaxWire) {
    const unsigned n = octet(rest, at);
    if (n > Name::kMaxLabel) return std::nullopt;
    at += 1 + n;
    if (n == 0) return at <= Name::kMaxWire ? std::optional(at) : std::nullopt;
  }
  return std::nullopt;
}

std::optional<std::size_t> string_size(ByteView rest) {
  if (rest.empty() || rest.size() < 1 + octet(rest, 0)) return std::nullopt;
  return 1 + octet(rest, 0);
}

bool strings_fit(ByteView rest) {
  if (rest.empty()) return false;
  while (!rest.empty()) {
    const auto n = string_size(rest);
    if (!n) return false;
    rest.remove_prefix(*n);
  }
  return true;
}

// Windows in ascending order, none of them empty or longer than it need be (RFC 4034 §4.1.2).
bool bitmap_fits(ByteView rest) {
  int last = -1;
  while (!rest.empty()) {
    if (rest.size() < 3) return false;
    const int window = static_cast<int>(octet(rest, 0));
    const std::size_t n = octet(rest, 1);
    if (window <= last || n == 0 || n > 32 || rest.size() < 2 + n || rest[1 + n] == 0) return false;
    last = window;
    rest.remove_prefix(2 + n);
  }
  return true;
}

std::string bitmap_text(ByteView rest) {
  std::string out;
  while (!rest.empty()) {
    const std::size_t n = octet(rest, 1);
    for (unsigned bit = 0; bit < 8 * n; ++bit) {
      if (!(octet(rest, 2 + bit / 8) & (0x80u >> bit % 8))) continue;
      if (!out.empty()) out += ' ';
      out += type_name(static_cast<Type>(octet(rest, 0) << 8 | bit));
    }
    rest.remove_prefix(2 + n);
  }
  return out;
}

Result<void> bitmap_from_text(std::span<const Token> words, Bytes& out) {
  std::vector<std::uint16_t> types;
  for (const Token& word : words) {
    const auto type = parse_type(word.text);
    if (!type) return fail(Errc::invalid, "no such type: {}", printable(word.text));
    types.push_back(static_cast<std::uint16_t>(*type));
  }
  std::ranges::sort(types);
  for (std::size_t i = 0; i < types.size();) {
    const unsigned window = types[i] >> 8;
    Bytes bits;
    for (; i < types.size() && types[i] >> 8 == window; ++i) {
      const unsigned bit = types[i] & 0xffu;
      bits.resize(bit / 8 + 1);
      bits.back() = static_cast<char>(bits.back() | (0x80 >> bit % 8));
    }
    out += static_cast<char>(window);
    out += static_cast<char>(bits.size());
    out += bits;
  }
  return {};
}

Result<std::uint32_t> number_of(std::string_view text, std::uint32_t max) {
  const auto v = to_number<std::uint32_t>(text);
  if (!v || *v > max) return fail(Errc::invalid, "{} is no number up to {}", printable(text), max);
  return *v;
}

template <class Address>
Result<void> address_from_text(int family, const std::string& text, Bytes& out) {
  Address address;
  if (text.contains('\0') || inet_pton(family, text.c_str(), &address) != 1)
    return fail(Errc::invalid, "{} is no IPv{} address", printable(text), family == AF_INET ? 4 : 6);
  out.append(reinterpret_cast<const char*>(&address), sizeof address);
  return {};
}

template <std::size_t kSize>
std::string address_text(int family, ByteView octets) {
  std::array<char, kSize> text{};
  inet_ntop(family, octets.data(), text.data(), kSize);
  return text.data();
}

std::string joined(std::span<const Token> words) {
  std::string out;
  for (const Token& word : words) out += word.text;
  return out;
}

Result<void> counted(ByteView octets, Bytes& out) {
  if (octets.size() > kMaxString) return fail(Errc::too_large, "{} octets where 255 is the limit", octets.size());
  out += static_cast<char>(octets.size());
  out += octets;
  return {};
}

// A field of one word.
Result<void> word_from_text(Field field, const std::string& word, const Name& origin, Bytes& out) {
  switch (field) {
    case Field::u8:
      append_number(out, TRY(number_of(word, 0xff)), 1);
      return {};
    case Field::u16:
      append_number(out, TRY(number_of(word, 0xffff)), 2);
      return {};
    case Field::u32:
      append_number(out, TRY(number_of(word, 0xffffffff)), 4);
      return {};
    case Field::period: {
      // Serials and times of an SOA may use all 32 bits.
      const auto seconds = parse_period(word);
      append_number(out, seconds ? *seconds : TRY(number_of(word, 0xffffffff)), 4);
      return {};
    }
    case Field::time: {
      const auto seconds = parse_calendar(word);
      if (!seconds) return fail(Errc::invalid, "{} is no time; write YYYYMMDDHHmmSS", printable(word));
      append_number(out, *seconds, 4);
      return {};
    }
    case Field::type: {
      const auto type = parse_type(word);
      if (!type) return fail(Errc::invalid, "no such type: {}", printable(word));
      append_number(out, static_cast<std::uint16_t>(*type), 2);
      return {};
    }
    case Field::ipv4:
      return address_from_text<in_addr>(AF_INET, word, out);
    case Field::ipv6:
      return address_from_text<in6_addr>(AF_INET6, word, out);
    case Field::name:
      out += TRY(Name::parse(word, origin)).wire();
      return {};
    case Field::string:
      return counted(TRY(unescape(word)), out);
    case Field::tag:
      if (word.empty() || !std::ranges::all_of(word, is_alnum))
        return fail(Errc::invalid, "{} is no tag of letters and digits", printable(word));
      return counted(word, out);
    case Field::value:
      out += TRY(unescape(word));
      return {};
    case Field::salt: {
      const auto octets = word == "-" ? Bytes() : hex_octets(word);
      if (!octets) return fail(Errc::invalid, "{} is not hexadecimal", printable(word));
      return counted(*octets, out);
    }
    case Field::hash: {
      const auto octets = base32hex_decode(word);
      if (!octets || octets->empty()) return fail(Errc::invalid, "{} is not base 32", printable(word));
      return counted(*octets, out);
    }
    default:
      return fail(Errc::bug, "a field of several words");
  }
}

}  // namespace

std::optional<std::size_t> field_size(Field field, ByteView rest) {
  const auto fixed = [&](std::size_t n) { return rest.size() >= n ? std::optional(n) : std::nullopt; };
  const auto all = [&](bool fits) { return fits ? std::optional(rest.size()) : std::nullopt; };
  switch (field) {
    case Field::u8:
      return fixed(1);
    case Field::u16:
    case Field::type:
      return fixed(2);
    case Field::u32:
    case Field::period:
    case Field::time:
    case Field::ipv4:
      return fixed(4);
    case Field::ipv6:
      return fixed(16);
    case Field::name:
      return name_size(rest);
    case Field::string:
    case Field::salt:
      return string_size(rest);
    case Field::hash: {
      const auto n = string_size(rest);
      return n && *n > 1 ? n : std::nullopt;
    }
    case Field::tag: {
      const auto n = string_size(rest);
      return n && *n > 1 && std::ranges::all_of(rest.substr(1, *n - 1), is_alnum) ? n : std::nullopt;
    }
    case Field::strings:
      return all(strings_fit(rest));
    case Field::value:
      return all(true);
    case Field::hex:
    case Field::base64:
      return all(!rest.empty());
    case Field::types:
      return all(bitmap_fits(rest));
  }
  return std::nullopt;
}

std::string field_to_text(Field field, ByteView octets, const Name* origin) {
  switch (field) {
    case Field::u8:
    case Field::u16:
    case Field::u32:
    case Field::period:
      return std::to_string(number(octets));
    case Field::time:
      return calendar_text(number(octets));
    case Field::type:
      return type_name(static_cast<Type>(number(octets)));
    case Field::ipv4:
      return address_text<INET_ADDRSTRLEN>(AF_INET, octets);
    case Field::ipv6:
      return address_text<INET6_ADDRSTRLEN>(AF_INET6, octets);
    case Field::name: {
      const auto name = Name::from_wire(Bytes(octets));
      return !name ? "." : origin ? name->text(*origin) : name->text();
    }
    case Field::string:
      return quoted(octets.substr(1));
    case Field::strings: {
      std::string out;
      while (!octets.empty()) {
        const std::size_t n = 1 + octet(octets, 0);
        if (!out.empty()) out += ' ';
        out += quoted(octets.substr(1, n - 1));
        octets.remove_prefix(n);
      }
      return out;
    }
    case Field::tag:
      return std::string(octets.substr(1));
    case Field::value:
      return quoted(octets);
    case Field::hex:
      return hex_text(octets);
    case Field::base64:
      return codec::base64_encode(octets);
    case Field::salt:
      return octets.size() == 1 ? "-" : hex_text(octets.substr(1));
    case Field::hash:
      return base32hex_encode(octets.substr(1));
    case Field::types:
      return bitmap_text(octets);
  }
  return {};
}

Result<void> field_from_text(Field field, std::span<const Token>& words, const Name& origin, Bytes& out) {
  if (field == Field::types) {
    TRY(bitmap_from_text(words, out));
    words = {};
    return {};
  }
  if (words.empty()) return fail(Errc::invalid, "a field is missing at the end");
  switch (field) {
    case Field::strings:
      for (const Token& word : words) {
        const Bytes octets = TRY(unescape(word.text));
        ByteView text = octets;
        do {
          TRY(counted(text.substr(0, kMaxString), out));
          text.remove_prefix(std::min(text.size(), kMaxString));
        } while (!text.empty());
      }
      words = {};
      return {};
    case Field::hex:
    case Field::base64: {
      const std::string text = joined(words);
      const auto octets = field == Field::hex ? hex_octets(text) : codec::base64_decode(text);
      if (!octets || octets->empty())
        return fail(Errc::invalid, "{} is not {}", printable(text, 40),
                    field == Field::hex ? "hexadecimal" : "base 64");
      out += *octets;
      words = {};
      return {};
    }
    default:
      TRY(word_from_text(field, words.front().text, origin, out));
      words = words.subspan(1);
      return {};
  }
}

}  // namespace chappe::dns
