// A segment file is octets from a disk that may be anybody's. The first octet chooses: a file to walk and to index, or
// one part of it to read and to write again. Sums would keep a fuzzer out: the input says where records begin, and gets
// good ones there.
#include "store/segment.h"

#include "../../tests/fuzz/fuzzing.h"
#include "store/crc32c.h"
#include "store/fault_files.h"
#include "store/log.h"

using namespace chappe;         // NOLINT
using namespace chappe::store;  // NOLINT
using fuzz::check;

namespace {

constexpr SegmentHeader kSegment{.log = 1, .number = 3, .salt = 5, .first_sequence = 7, .previous_end = {2, 1024}};

void walk(ByteView in) {
  Bytes octets = encode(kSegment);
  // Of each record: what its header says, then its octets; every second input octet decides what is wrong with it.
  std::uint64_t sequence = kSegment.first_sequence;
  while (in.size() >= 4) {
    const unsigned how = fuzz::choose(in);
    RecordHeader h;
    h.kind = static_cast<RecordKind>(1 + how % 3);
    h.sequence = sequence++;
    h.size = fuzz::choose(in);
    if (how & 4) h.size |= fuzz::choose(in) << 24;
    h.durable = h.sequence - fuzz::choose(in) % 4 + (how & 8 ? 4 : 0);
    h.at = {kSegment.number, static_cast<std::uint32_t>(octets.size())};
    if (how & 16) h.at.offset += 8;
    const ByteView payload = in.substr(0, h.size & 0xff);
    h.check = crc32c(payload) ^ (how & 32);
    in.remove_prefix(payload.size());
    auto head = encode(h, kSegment.salt);
    if (how & 64) head[how & 63] ^= 1;
    octets.append(head.data(), head.size());
    octets.append(payload);
    octets.resize((octets.size() + 7) & ~std::size_t{7}, '\0');
    if (how & 128) octets += encode_trailer(static_cast<std::uint32_t>(h.at.offset), kSegment);
  }
  octets.append(in);

  FaultFiles files;
  auto file = files.open("/s", Files::Open::create).value();
  check(file->write(0, octets).has_value());
  SegmentWalk walk(*file, kSegment, SegmentHeader::kSize, kSegment.first_sequence);
  std::uint32_t at = SegmentHeader::kSize;
  std::uint64_t records = 0;
  while (const auto h = walk.next().value()) {
    check(h->at.offset == at && h->sequence == kSegment.first_sequence + records++);
    at = h->end();
    const auto payload = walk.payload(*h);
    check(payload ? payload->size() == h->size : payload.error().code() == Errc::corrupt);
  }
  check(walk.offset() == at);
  check(walk.durable_beyond().has_value());
  const std::uint32_t end = walk.offset();
  // Past what is damaged: each time it goes on, there is a record further on.
  while (walk.go_on().value()) {
    const auto h = walk.next().value();
    check(h && h->at.offset >= at);
    at = h->end();
    while (const auto next = walk.next().value()) at = next->end();
  }
  const auto index = read_index(*file, kSegment, end);
  check(index.has_value() || index.error().code() == Errc::corrupt);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteView in = fuzz::view(data, size);
  switch (fuzz::choose(in) % 6) {
    case 0:
      if (const auto h = decode_segment_header(in)) check(decode_segment_header(encode(*h)) == h);
      break;
    case 1:
      if (const auto h = decode_record_header(in, 5)) {
        const auto again = encode(*h, 5);
        check(decode_record_header({again.data(), again.size()}, 5) == h);
      }
      break;
    case 2:
      if (const auto index = decode_index(in)) check(encode(*index) == in);
      break;
    case 3:
      if (const auto at = decode_trailer(in, kSegment)) check(encode_trailer(*at, kSegment) == in);
      break;
    case 4:
      if (const auto mark = LogMark::decode(in)) check(LogMark::decode(mark->encode()) == mark);
      break;
    default:
      walk(in);
  }
  return 0;
}
