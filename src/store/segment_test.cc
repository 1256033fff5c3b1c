#include "store/segment.h"

#include <gtest/gtest.h>

#include "store/crc32c.h"
#include "store/fault_files.h"

namespace chappe::store {
namespace {

constexpr SegmentHeader kSegment{.log = 0x1122334455667788,
                                 .number = 3,
                                 .salt = 0x99aabbccddeeff00,
                                 .first_sequence = 70,
                                 .previous_end = {2, 4096}};

RecordHeader some_record() {
  RecordHeader h{.kind = RecordKind::extent, .size = 5, .check = crc32c("hello"), .at = {3, 1024}, .sequence = 70};
  h.durable = 69;
  h.identity[0] = 'i';
  h.part = 2;
  return h;
}

// The octets of docs/formats/segments.md.
TEST(Segment, TheHeaderIsAsWritten) {
  const Bytes octets = encode(kSegment);
  ASSERT_EQ(octets.size(), SegmentHeader::kSize);
  EXPECT_EQ(octets.substr(0, 44), Bytes("CHAPSEG1\x88\x77\x66\x55\x44\x33\x22\x11\x00\xff\xee\xdd\xcc\xbb\xaa\x99"
                                        "F\0\0\0\0\0\0\0\x03\0\0\0\x02\0\0\0\0\x10\0\0",
                                        44));
  EXPECT_EQ(octets.substr(512), octets.substr(0, 512));
  EXPECT_EQ(decode_segment_header(octets), kSegment);
}

TEST(Segment, OneGoodCopyOfTheHeaderIsEnough) {
  const Bytes octets = encode(kSegment);
  for (std::size_t i = 0; i < 64; ++i) {
    Bytes one = octets;
    one[i] ^= 1;
    EXPECT_EQ(decode_segment_header(one), kSegment);
    one[512 + i] ^= 1;
    EXPECT_EQ(decode_segment_header(one), std::nullopt) << i;
  }
  EXPECT_EQ(decode_segment_header(Bytes(SegmentHeader::kSize, '\0')), std::nullopt);
  EXPECT_EQ(decode_segment_header(octets.substr(0, 60)), std::nullopt);
}

TEST(Segment, ARecordIsBelievedWithItsSaltOnly) {
  const auto octets = encode(some_record(), 7);
  const Bytes all(octets.data(), octets.size());
  EXPECT_EQ(all.substr(0, 24), Bytes("CHPR\x01\0\0\0\x05\0\0\0\x4c\xbb\x71\x9a\x03\0\0\0\0\x04\0\0", 24));
  EXPECT_EQ(decode_record_header(all, 7), some_record());
  EXPECT_EQ(decode_record_header(all, 8), std::nullopt);
  for (std::size_t i = 0; i < all.size(); ++i) {
    Bytes one = all;
    one[i] ^= 0x20;
    EXPECT_EQ(decode_record_header(one, 7), std::nullopt) << i;
  }
}

TEST(Segment, IndexAndTrailer) {
  const std::vector<IndexEntry> entries{{RecordKind::extent, 1024, 5, 77, {'a'}}, {RecordKind::batch, 1104, 0, 0, {}}};
  EXPECT_EQ(decode_index(encode(entries)).value(), entries);
  EXPECT_EQ(decode_index("odd").error().code(), Errc::corrupt);
  EXPECT_EQ(decode_index(Bytes(32, '\0')).error().code(), Errc::corrupt);
  const Bytes trailer = encode_trailer(5000, kSegment);
  EXPECT_EQ(decode_trailer(trailer, kSegment), 5000u);
  SegmentHeader other = kSegment;
  other.salt ^= 1;
  EXPECT_EQ(decode_trailer(trailer, other), std::nullopt);
  for (std::size_t i = 0; i < trailer.size(); ++i) {
    Bytes one = trailer;
    one[i] ^= 1;
    EXPECT_EQ(decode_trailer(one, kSegment), std::nullopt) << i;
  }
}

class Walk : public ::testing::Test {
 protected:
  void SetUp() override {
    file_ = std::move(files_.open("/s", Files::Open::create).value());
    ASSERT_TRUE(file_->write(0, encode(kSegment)));
  }
  void add(ByteView payload, std::uint64_t durable = 0, RecordKind kind = RecordKind::batch) {
    const RecordHeader h{.kind = kind,
                         .size = static_cast<std::uint32_t>(payload.size()),
                         .check = crc32c(payload),
                         .at = {kSegment.number, offset_},
                         .sequence = sequence_++,
                         .durable = durable};
    const auto head = encode(h, kSegment.salt);
    const ByteView parts[] = {{head.data(), head.size()}, payload};
    ASSERT_TRUE(file_->write(offset_, parts));
    at_.push_back(offset_);
    offset_ = h.end();
    ASSERT_TRUE(file_->allocate(offset_));
  }
  std::vector<Bytes> read(SegmentWalk& walk) {
    std::vector<Bytes> out;
    while (const auto h = walk.next().value()) {
      auto p = walk.payload(*h);
      out.push_back(p ? std::move(*p) : p.error().describe().substr(0, 7));
    }
    return out;
  }
  SegmentWalk walk() const { return {*file_, kSegment, SegmentHeader::kSize, kSegment.first_sequence}; }

  FaultFiles files_;
  std::unique_ptr<File> file_;
  std::uint32_t offset_ = SegmentHeader::kSize;
  std::uint64_t sequence_ = kSegment.first_sequence;
  std::vector<std::uint32_t> at_;
};

TEST_F(Walk, GoesFromRecordToRecord) {
  const Bytes large(1'000'000, 'x');
  add("one");
  add(large);
  add("");
  add("three", 71);
  auto w = walk();
  EXPECT_EQ(read(w), (std::vector<Bytes>{"one", large, "", "three"}));
  EXPECT_EQ(w.offset(), offset_);
  EXPECT_EQ(w.sequence(), 74u);
  EXPECT_EQ(w.durable_beyond().value(), 0u);
}

TEST_F(Walk, NeverBelievesWhatDoesNotBelongHere) {
  add("one");
  const std::uint32_t end = offset_;
  // The same record again: the right salt and sum, the wrong place and number.
  Bytes copy(RecordHeader::total(3), ' ');
  ASSERT_TRUE(file_->read(at_[0], copy));
  files_.overwrite("/s", end, copy);
  auto w = walk();
  EXPECT_EQ(read(w), (std::vector<Bytes>{"one"}));
  // The right place and number, of the file that had this disk space before.
  const RecordHeader h{.kind = RecordKind::batch, .at = {kSegment.number, end}, .sequence = sequence_, .durable = 99};
  const auto head = encode(h, kSegment.salt + 1);
  files_.overwrite("/s", end, {head.data(), head.size()});
  auto v = walk();
  EXPECT_EQ(read(v), (std::vector<Bytes>{"one"}));
  EXPECT_EQ(v.durable_beyond().value(), 0u);
  // A number that is not the next.
  ++sequence_;
  add("late");
  auto u = walk();
  EXPECT_EQ(read(u), (std::vector<Bytes>{"one"}));
}

TEST_F(Walk, TellsDamageFromATornEnd) {
  add("one");
  add("two");
  add("three", 70);
  add("four", 72);
  const auto broken = [&](std::size_t record) {
    files_.overwrite("/s", at_[record] + 20, "x");
    auto w = walk();
    EXPECT_EQ(read(w).size(), record);
    EXPECT_EQ(w.offset(), at_[record]);
    return w.durable_beyond().value() > w.sequence();
  };
  EXPECT_FALSE(broken(3)) << "nothing behind it";
  EXPECT_FALSE(broken(2)) << "nothing says that 72 was synced";
  EXPECT_FALSE(broken(1)) << "what said so was broken before";
}

TEST_F(Walk, DamageThatALaterRecordProves) {
  add("one");
  add("two");
  add(Bytes(300'000, 'x'), 70);
  add("four", 72);
  files_.overwrite("/s", at_[1] + 20, "x");
  auto w = walk();
  EXPECT_EQ(read(w).size(), 1u);
  EXPECT_EQ(w.sequence(), 71u);
  EXPECT_EQ(w.durable_beyond().value(), 72u);
}

TEST_F(Walk, AFlippedOctetInAPayloadIsSeen) {
  add("one");
  add("two");
  files_.overwrite("/s", at_[0] + RecordHeader::kSize + 1, "N");
  auto w = walk();
  EXPECT_EQ(read(w), (std::vector<Bytes>{"corrupt", "two"}));
}

TEST_F(Walk, ASizeTheFileDoesNotHaveIsNotTaken) {
  const RecordHeader h{
      .kind = RecordKind::batch, .size = 0x7000'0000, .at = {kSegment.number, offset_}, .sequence = sequence_};
  const auto head = encode(h, kSegment.salt);
  ASSERT_TRUE(file_->write(offset_, {head.data(), head.size()}));
  auto w = walk();
  EXPECT_EQ(read(w), (std::vector<Bytes>{"corrupt"}));
}

TEST_F(Walk, TheIndexIsReadOrMadeAnew) {
  add("one", 0, RecordKind::extent);
  add("two");
  std::vector<IndexEntry> entries{{RecordKind::extent, at_[0], 3, crc32c("one"), {}},
                                  {RecordKind::batch, at_[1], 3, crc32c("two"), {}}};
  EXPECT_EQ(read_index(*file_, kSegment, offset_).value(), entries);
  EXPECT_EQ(read_index(*file_, kSegment, offset_ + 8).error().code(), Errc::corrupt);
  const std::uint32_t index = offset_;
  entries[1].check = 1;  // so that the test sees which one was read
  add(encode(entries), 72, RecordKind::index);
  add("not read", 73);
  auto w = walk();
  EXPECT_EQ(read(w).size(), 3u) << "an index is the end";
  ASSERT_TRUE(file_->truncate(w.offset()));
  ASSERT_TRUE(file_->write(w.offset(), encode_trailer(index, kSegment)));
  EXPECT_EQ(read_index(*file_, kSegment, w.offset()).value(), entries);
  files_.overwrite("/s", index + 70, "x");
  EXPECT_EQ(read_index(*file_, kSegment, w.offset())->back().check, crc32c("two"));
}

}  // namespace
}  // namespace chappe::store
