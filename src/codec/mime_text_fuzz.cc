// Everything between octets and UTF-8: the transfer decoders in pieces, charsets, modified UTF-7.
#include <string>

#include "../../tests/fuzz/fuzzing.h"
#include "codec/base64.h"
#include "codec/charset.h"
#include "codec/transfer.h"
#include "codec/utf7.h"
#include "codec/utf8.h"

using chappe::Bytes;
using chappe::ByteView;
using chappe::fuzz::check;

namespace {

template <class Decoder>
Bytes in_pieces(ByteView text, std::size_t piece) {
  Decoder decoder;
  Bytes out;
  for (std::size_t i = 0; i < text.size(); i += piece) decoder.feed(text.substr(i, piece), out);
  decoder.finish(out);
  return out;
}

}  // namespace

// First octet: piece size; up to a NUL: a charset name; the rest: text.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  namespace fuzz = chappe::fuzz;
  const std::size_t piece = 1 + data[0] % 16;
  ByteView rest = fuzz::view(data, size).substr(1);
  const std::size_t nul = rest.find('\0');
  const ByteView name = nul == ByteView::npos ? ByteView("utf-8") : rest.substr(0, nul);
  if (nul != ByteView::npos) rest.remove_prefix(nul + 1);

  namespace codec = chappe::codec;
  check(codec::mime_base64_decode(rest) == in_pieces<codec::Base64Decoder>(rest, piece));
  check(codec::quoted_printable_decode(rest) == in_pieces<codec::QuotedPrintableDecoder>(rest, piece));
  check(codec::mime_base64_decode(codec::mime_base64_encode(rest)) == rest);
  if (const auto strict = codec::base64_decode(rest)) check(codec::base64_encode(*strict) == rest);
  check(codec::base64_decode(codec::base64_encode(rest)) == rest);
  if (const auto strict = codec::base64url_decode(rest)) check(rest.starts_with(codec::base64url_encode(*strict)));
  check(codec::base64url_decode(codec::base64url_encode(rest)) == rest);
  codec::quoted_printable_decode(codec::quoted_printable_encode(rest));

  const auto converted = codec::to_utf8(rest, name);
  check(codec::utf8_valid(converted.text));
  // No name at all is a guess, not an unknown charset.
  check(converted.known == (codec::charset_known(name) || codec::charset_canonical(name).empty()));
  check(codec::utf8_valid(codec::utf8_repair(rest)));

  if (const auto decoded = codec::utf7_decode(rest)) check(codec::utf7_encode(*decoded) == rest);
  if (const auto coded = codec::utf7_encode(rest)) check(codec::utf7_decode(*coded) == rest);
  return 0;
}
