#include "store/crc32c.h"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#elif defined(__aarch64__)
#include <arm_acle.h>
#include <sys/auxv.h>
#endif

namespace chappe::store {
namespace {

constexpr std::uint32_t kPolynomial = 0x82f63b78;  // reflected

constexpr auto kTables = [] {
  std::array<std::array<std::uint32_t, 256>, 8> t{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t c = i;
    for (int bit = 0; bit < 8; ++bit) c = c & 1 ? c >> 1 ^ kPolynomial : c >> 1;
    t[0][i] = c;
  }
  for (std::uint32_t i = 0; i < 256; ++i)
    for (std::size_t n = 1; n < 8; ++n) t[n][i] = t[n - 1][i] >> 8 ^ t[0][t[n - 1][i] & 0xff];
  return t;
}();

using Sum = std::uint32_t(ByteView, std::uint32_t);

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t by_instruction(ByteView octets, std::uint32_t before) {
  std::uint64_t c = ~before;
  const char* p = octets.data();
  std::size_t left = octets.size();
  for (; left >= 8; p += 8, left -= 8) {
    std::uint64_t v;
    std::memcpy(&v, p, 8);
    c = _mm_crc32_u64(c, v);
  }
  auto c32 = static_cast<std::uint32_t>(c);
  for (; left > 0; ++p, --left) c32 = _mm_crc32_u8(c32, static_cast<std::uint8_t>(*p));
  return ~c32;
}
Sum* choose() { return __builtin_cpu_supports("sse4.2") ? by_instruction : crc32c_by_table; }
#elif defined(__aarch64__)
__attribute__((target("crc"))) std::uint32_t by_instruction(ByteView octets, std::uint32_t before) {
  std::uint32_t c = ~before;
  const char* p = octets.data();
  std::size_t left = octets.size();
  for (; left >= 8; p += 8, left -= 8) {
    std::uint64_t v;
    std::memcpy(&v, p, 8);
    c = __crc32cd(c, v);
  }
  for (; left > 0; ++p, --left) c = __crc32cb(c, static_cast<std::uint8_t>(*p));
  return ~c;
}
Sum* choose() {
  constexpr unsigned long kCrc32 = 1ul << 7;  // HWCAP_CRC32
  return getauxval(AT_HWCAP) & kCrc32 ? by_instruction : crc32c_by_table;
}
#else
Sum* choose() { return crc32c_by_table; }
#endif

}  // namespace

std::uint32_t crc32c(ByteView octets, std::uint32_t before) {
  static Sum* const sum = choose();
  return sum(octets, before);
}

std::uint32_t crc32c_by_table(ByteView octets, std::uint32_t before) {
  std::uint32_t c = ~before;
  const auto* p = reinterpret_cast<const unsigned char*>(octets.data());
  std::size_t left = octets.size();
  for (; left >= 8; p += 8, left -= 8) {
    const std::uint32_t low = c ^ (p[0] | p[1] << 8 | p[2] << 16 | static_cast<std::uint32_t>(p[3]) << 24);
    c = kTables[7][low & 0xff] ^ kTables[6][low >> 8 & 0xff] ^ kTables[5][low >> 16 & 0xff] ^ kTables[4][low >> 24] ^
        kTables[3][p[4]] ^ kTables[2][p[5]] ^ kTables[1][p[6]] ^ kTables[0][p[7]];
  }
  for (; left > 0; ++p, --left) c = c >> 8 ^ kTables[0][(c ^ *p) & 0xff];
  return ~c;
}

}  // namespace chappe::store
