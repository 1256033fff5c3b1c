#include "post/mailbox/state_page.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <span>

#include "post/mailbox/records.h"
#include "store/record.h"

namespace chappe::post {

using store::RecordReader;
using store::RecordWriter;

static_assert(UidBits::kSize == records::kPageUids);

namespace {

constexpr std::uint8_t kVersion = 1;
// After the flags octet, bit 7 says that keywords follow: how many, and the number of each.
constexpr std::uint8_t kHasKeywords = 0x80;

template <class T>
std::uint64_t load(const char* at, std::size_t n) {
  T v;
  std::memcpy(&v, at + n * sizeof(T), sizeof(T));
  return v;
}

template <class T>
void store_all(Bytes& out, std::span<const std::uint64_t> values) {
  for (const std::uint64_t value : values) {
    const auto v = static_cast<T>(value);
    out.append(reinterpret_cast<const char*>(&v), sizeof(T));
  }
}

KeywordBits read_keywords(RecordReader& r) {
  KeywordBits out;
  const std::uint64_t n = r.number();
  if (n > kMaxKeywords) r.fail_here();
  for (std::uint64_t i = 0; i < n && r.ok(); ++i) {
    const std::uint8_t number = r.u8();
    if (number >= kMaxKeywords)
      r.fail_here();
    else
      out.set(number);
  }
  return out;
}

}  // namespace

Result<StatePage> StatePage::decode(ByteView bytes, std::uint32_t number) {
  RecordReader r(bytes, kVersion);
  StatePage out;
  out.number_ = number;
  out.base_.value = r.number();
  const std::uint64_t n = r.number();
  if (n == 0 || n > UidBits::kSize || number > std::numeric_limits<std::uint32_t>::max() / UidBits::kSize)
    r.fail_here();
  UidBits uids;
  std::array<std::uint64_t, UidBits::kSize> distances;
  std::uint64_t furthest = 0;
  std::uint64_t place = 0;
  if (r.ok()) out.columns_.reserve(n * 3);
  for (std::uint32_t i = 0; i < n && r.ok(); ++i) {
    const std::uint32_t step = r.number32();
    place += step;
    distances[i] = r.number();
    furthest = std::max(furthest, distances[i]);
    const std::uint8_t bits = r.u8();
    if (place >= UidBits::kSize || (place == 0 && number == 0) || (step == 0 && i > 0) ||
        (bits & ~(kAllFlags | kHasKeywords)) != 0) {
      r.fail_here();
      break;
    }
    uids.add(static_cast<std::uint32_t>(place));
    out.columns_.push_back(static_cast<char>(bits & kAllFlags));
    if (bits & kHasKeywords) out.keywords_.emplace_back(static_cast<std::uint16_t>(i), read_keywords(r));
  }
  if (furthest > std::numeric_limits<std::uint64_t>::max() - out.base_.value) r.fail_here();
  TRY(r.finish("a page of flags"));
  out.count_ = static_cast<std::uint32_t>(n);
  out.newest_.value = out.base_.value + furthest;
  out.uids_ = std::make_shared<const UidBits>(uids);
  const std::span<const std::uint64_t> all(distances.data(), n);
  if (furthest == 0) {
    out.width_ = 0;
  } else if (furthest <= std::numeric_limits<std::uint8_t>::max()) {
    out.width_ = 1;
    store_all<std::uint8_t>(out.columns_, all);
  } else if (furthest <= std::numeric_limits<std::uint16_t>::max()) {
    out.width_ = 2;
    store_all<std::uint16_t>(out.columns_, all);
  } else if (furthest <= std::numeric_limits<std::uint32_t>::max()) {
    out.width_ = 4;
    store_all<std::uint32_t>(out.columns_, all);
  } else {
    out.width_ = 8;
    store_all<std::uint64_t>(out.columns_, all);
  }
  return out;
}

ModSeq StatePage::modseq(std::uint32_t rank) const {
  const char* const distances = columns_.data() + count_;
  switch (width_) {
    case 1:
      return {base_.value + load<std::uint8_t>(distances, rank)};
    case 2:
      return {base_.value + load<std::uint16_t>(distances, rank)};
    case 4:
      return {base_.value + load<std::uint32_t>(distances, rank)};
    case 8:
      return {base_.value + load<std::uint64_t>(distances, rank)};
    default:
      return base_;
  }
}

KeywordBits StatePage::keywords(std::uint32_t rank) const {
  const auto at = std::ranges::lower_bound(keywords_, rank, {}, [](const auto& k) { return k.first; });
  return at != keywords_.end() && at->first == rank ? at->second : KeywordBits();
}

namespace records {

Bytes encode_page(const std::vector<MessageState>& states) {
  ModSeq base = states.front().modseq;
  for (const MessageState& s : states) base = std::min(base, s.modseq);
  RecordWriter w(kVersion);
  w.number(base.value).number(states.size());
  std::uint32_t last = states.front().uid.value / kPageUids * kPageUids;
  for (const MessageState& s : states) {
    const bool keywords = s.keywords.any();
    w.number(s.uid.value - last).number(s.modseq.value - base.value);
    w.u8(static_cast<std::uint8_t>(s.flags.bits | (keywords ? kHasKeywords : 0)));
    last = s.uid.value;
    if (!keywords) continue;
    std::vector<std::uint8_t> numbers;
    for (std::size_t k = 0; k < kMaxKeywords; ++k)
      if (s.keywords.has(k)) numbers.push_back(static_cast<std::uint8_t>(k));
    w.number(numbers.size());
    for (const std::uint8_t k : numbers) w.u8(k);
  }
  return w.take();
}

Result<std::vector<MessageState>> decode_page(ByteView bytes, std::uint32_t page) {
  const StatePage p = TRY(StatePage::decode(bytes, page));
  std::vector<MessageState> out;
  out.reserve(p.size());
  p.uids()->each([&](std::uint32_t place, std::uint32_t rank) {
    out.push_back(p.state(place, rank));
    return true;
  });
  return out;
}

}  // namespace records
}  // namespace chappe::post
