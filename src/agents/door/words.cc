#include "agents/door/words.h"

#include "codec/base64.h"

namespace chappe::agents {
namespace {

constexpr std::size_t kColumns = 76;

}  // namespace

std::string folded_base64(ByteView octets, std::string_view before_each) {
  const std::string text = codec::base64_encode(octets);
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += kColumns) {
    out += before_each;
    out += std::string_view(text).substr(at, kColumns);
  }
  return out;
}

Result<Bytes> unfolded_base64(std::string_view text) {
  std::string whole;
  for (const char c : text)
    if (c != ' ' && c != '\t' && c != '\r' && c != '\n') whole += c;
  auto octets = codec::base64_decode(whole);
  if (!octets) return fail(Errc::invalid, "not base64");
  return std::move(*octets);
}

std::string as_words(std::string_view what, ByteView octets) { return std::string(what) + folded_base64(octets, "\n"); }

Result<Bytes> read_words(std::string_view what, std::string_view words) {
  if (!words.starts_with(what)) return fail(Errc::invalid, "words that do not begin with {}", what);
  return unfolded_base64(words.substr(what.size()));
}

}  // namespace chappe::agents
