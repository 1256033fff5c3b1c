#include "store/keys.h"

namespace chappe::store {
namespace {

template <class T>
void put_be(Bytes& out, T v) {
  for (int shift = 8 * (sizeof(T) - 1); shift >= 0; shift -= 8) out.push_back(static_cast<char>(v >> shift));
}

template <class T>
Result<T> get_be(ByteView& left) {
  if (left.size() < sizeof(T)) return fail(Errc::corrupt, "a stored key ends too early");
  std::uint64_t v = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) v = v << 8 | static_cast<unsigned char>(left[i]);
  left.remove_prefix(sizeof(T));
  return static_cast<T>(v);
}

}  // namespace

Range Range::prefix(Bytes prefix) {
  Bytes end = prefix;
  while (!end.empty() && end.back() == '\xff') end.pop_back();
  if (!end.empty()) end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  return {std::move(prefix), std::move(end)};
}

KeyWriter& KeyWriter::u8(std::uint8_t v) {
  put_be(key_, v);
  return *this;
}
KeyWriter& KeyWriter::u32(std::uint32_t v) {
  put_be(key_, v);
  return *this;
}
KeyWriter& KeyWriter::u64(std::uint64_t v) {
  put_be(key_, v);
  return *this;
}
KeyWriter& KeyWriter::text(ByteView v) {
  for (const char c : v) {
    key_.push_back(c);
    if (c == '\0') key_.push_back('\xff');
  }
  key_.push_back('\0');
  key_.push_back('\x01');
  return *this;
}
KeyWriter& KeyWriter::rest(ByteView v) {
  key_.append(v);
  return *this;
}

Result<std::uint8_t> KeyReader::u8() { return get_be<std::uint8_t>(left_); }
Result<std::uint32_t> KeyReader::u32() { return get_be<std::uint32_t>(left_); }
Result<std::uint64_t> KeyReader::u64() { return get_be<std::uint64_t>(left_); }

Result<Bytes> KeyReader::text() {
  Bytes out;
  for (std::size_t i = 0; i < left_.size(); ++i) {
    if (left_[i] != '\0') {
      out.push_back(left_[i]);
      continue;
    }
    if (++i == left_.size()) break;
    if (left_[i] == '\x01') {
      left_.remove_prefix(i + 1);
      return out;
    }
    if (left_[i] != '\xff') return fail(Errc::corrupt, "a stored key has a bad escape in a text");
    out.push_back('\0');
  }
  return fail(Errc::corrupt, "a text in a stored key has no end");
}

Result<ByteView> KeyReader::octets(std::size_t size) {
  if (left_.size() < size) return fail(Errc::corrupt, "a stored key ends too early");
  const ByteView out = left_.substr(0, size);
  left_.remove_prefix(size);
  return out;
}

ByteView KeyReader::rest() { return std::exchange(left_, ByteView()); }

Result<void> KeyReader::expect(std::uint32_t account, Space space) {
  const ByteView before = left_;
  const auto a = u32();
  const auto s = a ? u8() : Result<std::uint8_t>(0);
  if (a && s && *a == account && *s == static_cast<std::uint8_t>(space)) return {};
  left_ = before;
  return fail(Errc::corrupt, "a stored key belongs to another key space");
}

}  // namespace chappe::store
