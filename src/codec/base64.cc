#include "codec/base64.h"

#include <array>
#include <cstdint>

namespace chappe::codec {
namespace {

constexpr char kStandard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr char kUrl[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::uint32_t kBad = 0x8000'0000;

// For each position in a group of four, what a character contributes to the 24 bits; kBad if it is none of ours.
using Tables = std::array<std::array<std::uint32_t, 256>, 4>;
constexpr Tables make_tables(const char* alphabet) {
  Tables t{};
  for (auto& position : t) position.fill(kBad);
  for (std::uint32_t v = 0; v < 64; ++v)
    for (std::uint32_t p = 0; p < 4; ++p) t[p][static_cast<unsigned char>(alphabet[v])] = v << (18 - 6 * p);
  return t;
}
constexpr Tables kStandardTables = make_tables(kStandard);
constexpr Tables kUrlTables = make_tables(kUrl);

std::string encode(ByteView in, const char* alphabet, bool pad) {
  const auto at = [&in](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(in[i])); };
  std::string out((in.size() + 2) / 3 * 4, '=');
  char* o = out.data();
  std::size_t i = 0;
  for (; i + 3 <= in.size(); i += 3, o += 4) {
    const std::uint32_t v = at(i) << 16 | at(i + 1) << 8 | at(i + 2);
    o[0] = alphabet[v >> 18];
    o[1] = alphabet[v >> 12 & 63];
    o[2] = alphabet[v >> 6 & 63];
    o[3] = alphabet[v & 63];
  }
  const std::size_t rest = in.size() - i;
  if (rest == 0) return out;
  const std::uint32_t v = at(i) << 16 | (rest == 2 ? at(i + 1) << 8 : 0);
  o[0] = alphabet[v >> 18];
  o[1] = alphabet[v >> 12 & 63];
  if (rest == 2) o[2] = alphabet[v >> 6 & 63];
  if (!pad) out.resize(out.size() - (3 - rest));
  return out;
}

// `in` without padding.
std::optional<Bytes> decode(ByteView in, const Tables& t) {
  const std::size_t rest = in.size() % 4;
  if (rest == 1) return std::nullopt;
  const auto at = [octets = in.data()](std::size_t i) { return static_cast<unsigned char>(octets[i]); };
  Bytes out(in.size() / 4 * 3 + (rest ? rest - 1 : 0), '\0');
  char* o = out.data();
  std::uint32_t bad = 0;
  std::size_t i = 0;
  for (; i + 4 <= in.size(); i += 4, o += 3) {
    const std::uint32_t v = t[0][at(i)] | t[1][at(i + 1)] | t[2][at(i + 2)] | t[3][at(i + 3)];
    bad |= v;
    o[0] = static_cast<char>(v >> 16);
    o[1] = static_cast<char>(v >> 8);
    o[2] = static_cast<char>(v);
  }
  if (rest != 0) {
    const std::uint32_t v = t[0][at(i)] | t[1][at(i + 1)] | (rest == 3 ? t[2][at(i + 2)] : 0);
    bad |= v;
    if ((v & (rest == 3 ? 0xff : 0xffff)) != 0) return std::nullopt;  // RFC 4648 §3.5
    o[0] = static_cast<char>(v >> 16);
    if (rest == 3) o[1] = static_cast<char>(v >> 8);
  }
  if (bad & kBad) return std::nullopt;
  return out;
}

// How many '=' end `in`; at most two belong to a group.
std::size_t padding(ByteView in) {
  std::size_t n = 0;
  while (n < 2 && n < in.size() && in[in.size() - 1 - n] == '=') ++n;
  return n;
}

}  // namespace

std::string base64_encode(ByteView bytes) { return encode(bytes, kStandard, true); }
std::string base64url_encode(ByteView bytes) { return encode(bytes, kUrl, false); }

std::optional<Bytes> base64_decode(ByteView text) {
  if (text.size() % 4 != 0) return std::nullopt;
  return decode(text.substr(0, text.size() - padding(text)), kStandardTables);
}

std::optional<Bytes> base64url_decode(ByteView text) {
  const std::size_t n = padding(text);
  if (n != 0 && text.size() % 4 != 0) return std::nullopt;
  return decode(text.substr(0, text.size() - n), kUrlTables);
}

}  // namespace chappe::codec
