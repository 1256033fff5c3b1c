// UTF-8 (RFC 3629): is it, and what can be saved of it when it is not. Pure functions; nothing blocks.
#pragma once

#include <cstddef>
#include <string>

#include "base/bytes.h"

namespace chappe::codec {

inline constexpr char32_t kReplacement = 0xfffd;

// Whether all octets are below 0x80.
bool is_ascii(ByteView bytes);

// Well-formed UTF-8: shortest forms only, no surrogates, nothing above U+10FFFF (RFC 3629 §3, §10).
bool utf8_valid(ByteView bytes);

// How many leading octets of `bytes` are well-formed, whole characters.
std::size_t utf8_valid_prefix(ByteView bytes);

// `bytes` with every ill-formed sequence replaced by U+FFFD, one for each maximal part (Unicode 15 §3.9, U+FFFD
// substitution). Well-formed input comes back as it is.
std::string utf8_repair(ByteView bytes);

// `bytes` cut to at most `limit` octets, not inside a character.
ByteView utf8_cut(ByteView bytes, std::size_t limit);

void append_utf8(std::string& out, char32_t c);

// Takes one character off the front of `bytes`, which must not be empty; an ill-formed part gives kReplacement.
char32_t take_utf8(ByteView& bytes);

}  // namespace chappe::codec
