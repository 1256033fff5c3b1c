// The table of RDATA fields by type, and what can be done with one field. Private to rdata*.cc.
#pragma once

#include <initializer_list>

#include "dns/rdata.h"

namespace chappe::dns {

enum class Field : std::uint8_t {
  u8,
  u16,
  u32,
  period,  // u32, seconds
  time,    // u32, seconds since 1970 modulo 2^32; YYYYMMDDHHmmSS in text (RFC 4034 §3.2)
  type,    // u16, a mnemonic in text
  ipv4,
  ipv6,
  name,
  string,   // <character-string>: an octet of length, and as many (RFC 1035 §3.3)
  strings,  // one or more of them, to the end
  tag,      // a <character-string> of letters and digits, never quoted (RFC 8659 §4.1)
  value,    // octets to the end, quoted in text (RFC 8659 §4.1)
  hex,      // octets to the end
  base64,   // octets to the end
  salt,     // an octet of length, and as many; hexadecimal or "-" in text (RFC 5155 §3.3)
  hash,     // an octet of length, and as many; base 32 in text (RFC 5155 §3.3)
  types,    // a bitmap of types, to the end (RFC 4034 §4.1.2)
};

enum class Names : std::uint8_t {
  plain,       // as they are
  folded,      // in lower case when signed (RFC 4034 §6.2, RFC 6840 §5.1)
  compressed,  // that, and compressed in messages (RFC 3597 §4)
};

struct Layout {
  Type type;
  std::string_view mnemonic;
  Names names;
  std::array<Field, 9> fields{};
  std::size_t count = 0;

  constexpr Layout(Type t, std::string_view m, Names n, std::initializer_list<Field> list)
      : type(t), mnemonic(m), names(n) {
    for (const Field f : list) fields[count++] = f;
  }
  std::span<const Field> all() const { return {fields.data(), count}; }
};

// Null for a type without a row.
const Layout* layout_of(Type type);
std::span<const Layout> layouts();

// How many octets the field takes at the begin of `rest`; nothing if it is not well-formed there.
std::optional<std::size_t> field_size(Field field, ByteView rest);
// `octets` is as field_size() measured it.
std::string field_to_text(Field field, ByteView octets, const Name* origin);
// Takes the words of the field off `words`, and appends its octets.
Result<void> field_from_text(Field field, std::span<const Token>& words, const Name& origin, Bytes& out);

}  // namespace chappe::dns
