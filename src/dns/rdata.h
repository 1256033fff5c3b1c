// What a record holds, by its type. One table (rdata_layout.cc) says of which fields the RDATA of each type is made; it
// drives reading from a message, reading and writing of text, and the form that is signed. A type without a row is
// octets and nothing else, written as RFC 3597 says.
//
// In memory RDATA is always its octets with names written out in full and in the case in which they came, and always
// well-formed for its type. Values and pure functions; any thread; nothing blocks.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dns/name.h"
#include "dns/wire.h"

namespace chappe::dns {

enum class Type : std::uint16_t {
  a = 1,
  ns = 2,
  cname = 5,
  soa = 6,
  ptr = 12,
  hinfo = 13,
  mx = 15,
  txt = 16,
  rp = 17,
  aaaa = 28,
  srv = 33,
  naptr = 35,
  dname = 39,
  opt = 41,
  ds = 43,
  sshfp = 44,
  rrsig = 46,
  nsec = 47,
  dnskey = 48,
  nsec3 = 50,
  nsec3param = 51,
  tlsa = 52,
  smimea = 53,
  cds = 59,
  cdnskey = 60,
  openpgpkey = 61,
  spf = 99,
  ixfr = 251,
  axfr = 252,
  any = 255,
  caa = 257,
};

// "MX"; "TYPE4711" for what has no name here (RFC 3597 §5).
std::string type_name(Type type);
// Either form, in either case.
std::optional<Type> parse_type(std::string_view text);

// A word of a master file, with its escapes still in it.
struct Token {
  std::string text;
  bool quoted = false;
};

// From the words behind the type. Names are relative to `origin`. The form `\# 4 7f000001` fits every type (RFC 3597
// §5). A string longer than 255 octets is cut into several where the type allows that. Errc::invalid says which field
// is wrong.
Result<Bytes> rdata_from_text(Type type, std::span<const Token> words, const Name& origin = {});
// The same from one line, "10 mail.example.org.".
Result<Bytes> rdata_from_text(Type type, std::string_view line, const Name& origin = {});
// Names that are under `origin` are written relative to it, if one is given.
std::string rdata_to_text(Type type, ByteView rdata, const Name* origin = nullptr);

// The next `size` octets of a message. Makes `in` fail if they are not well-formed.
Bytes read_rdata(WireReader& in, Type type, std::size_t size);
// Compresses names in types in which every reader expects that (RFC 3597 §4).
void write_rdata(WireWriter& out, Type type, ByteView rdata);
// With names in lower case where the type says so: the form that is signed (RFC 4034 §6.2) and compared.
Bytes canonical_rdata(Type type, ByteView rdata);

// "1h30m", "2w", "3600" in seconds, as master files of today write times; nothing if it is none or above 2^31-1
// (RFC 2181 §8).
std::optional<std::uint32_t> parse_period(std::string_view text);

}  // namespace chappe::dns
