#include "store/bodies.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "store/test_stores.h"

namespace chappe::store {
namespace {

using namespace testing;  // NOLINT

class BodiesTest : public ::testing::TestWithParam<std::string> {
 protected:
  Result<BodyRef> add(BodyId id, ChunkList octets, std::uint32_t references = 1) {
    const auto draft = TRY(wait(draft_of(store_.get(), id, std::move(octets), soon())));
    return wait(commit_.submit<BodyRef>([=](Txn& txn) { return Bodies::add(txn, draft, {}, references); }, soon()));
  }
  Result<void> release(BodyId id, std::uint32_t n = 1) {
    return wait(commit_.submit([=](Txn& txn) { return Bodies::release(txn, id, n); }, soon()));
  }
  Result<Bytes> read(BodyRef ref, std::uint64_t offset, std::uint64_t size) {
    const ChunkList list = TRY(wait(bodies_.read(ref, offset, size, soon())));
    return list.flatten();
  }
  std::size_t rows() {
    return wait(scan_all(store_.get(), KeyWriter(kSystemAccount, Space::body).range(), soon())).value().size() +
           wait(scan_all(store_.get(), KeyWriter(kSystemAccount, Space::body_piece).range(), soon())).value().size() +
           wait(scan_all(store_.get(), KeyWriter(kSystemAccount, Space::body_extents).range(), soon())).value().size() +
           wait(scan_all(store_.get(), KeyWriter(kSystemAccount, Space::segment).range(), soon())).value().size();
  }

  std::unique_ptr<Place> place_ = make_place(GetParam());
  std::unique_ptr<Store> store_ = std::move(place_->open().value());
  Commit commit_{*store_, {.mode = Commit::Mode::in_line}};
  Bodies bodies_{*store_};
};

TEST_P(BodiesTest, ReadsBackWholeAndInParts) {
  SeededRandom random(3);
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, Bodies::kRow, Bodies::kRow + 1,
                                 std::size_t{Flow::kExtent}, std::size_t{Flow::kExtent} + 1, std::size_t{3'012'345}}) {
    const Bytes whole = random.bytes(size);
    ChunkList list;
    for (std::size_t at = 0; at < size; at += 70'000) list.append(Chunk::copy_of(ByteView(whole).substr(at, 70'000)));
    BodyId id;
    id.octets[0] = static_cast<char>(random.u64());
    id.octets[1] = static_cast<char>(size % 251);
    const BodyRef ref = add(id, list).value();
    EXPECT_EQ(ref.size, size);
    EXPECT_EQ(read(ref, 0, size).value(), whole);
    EXPECT_EQ(wait(bodies_.read(ref, soon())).value().size(), size);
    for (int i = 0; i < 20; ++i) {
      const std::uint64_t offset = random.below(size + 10);
      const std::uint64_t n = random.below(size + 10);
      EXPECT_EQ(read(ref, offset, n).value(), offset >= size ? Bytes() : whole.substr(offset, n));
    }
    EXPECT_EQ(read(ref, 0, ~std::uint64_t{0}).value().size(), size);
  }
}

TEST_P(BodiesTest, ALargeLetter) {
  // One buffer, fifty megabytes by reference.
  const Chunk chunk = Chunk::copy_of(Bytes(Buffer::kSize, 'm'));
  ChunkList list;
  while (list.size() < 50 * 1000 * 1000) list.append(chunk);
  const BodyRef ref = add({{'L'}}, list).value();
  EXPECT_EQ(read(ref, 49'999'990, 10'000).value().size(), list.size() - 49'999'990);
  EXPECT_EQ(read(ref, 25'000'000, 10).value(), "mmmmmmmmmm");
  ASSERT_TRUE(release(ref.id));
  EXPECT_EQ(rows(), 0u);
}

TEST_P(BodiesTest, WhatIsPutBeforeALetterHasALimit) {
  const auto with_front = [&](char name, std::size_t size) {
    const auto draft = wait(draft_of(store_.get(), {{name}}, ChunkList(Bytes(20'000, 'x')), soon())).value();
    return wait(commit_.submit<BodyRef>(
        [=](Txn& txn) { return Bodies::add(txn, draft, ChunkList(Bytes(size, 'f')), 1); }, soon()));
  };
  const auto most = with_front('a', Bodies::kMaxFront);
  ASSERT_TRUE(most);
  EXPECT_EQ(read(*most, Bodies::kMaxFront - 1, 2).value(), "fx");
  EXPECT_EQ(with_front('b', Bodies::kMaxFront + 1).error().code(), Errc::too_large);
}

TEST_P(BodiesTest, GoesWithItsLastReference) {
  const BodyId id{{'a'}};
  const BodyRef ref = add(id, ChunkList("letter"), 2).value();
  EXPECT_EQ(add(id, ChunkList("other")).error().code(), Errc::exists);
  ASSERT_TRUE(wait(commit_.submit([=](Txn& txn) { return Bodies::retain(txn, id); }, soon())));
  ASSERT_TRUE(release(id, 2));
  EXPECT_EQ(read(ref, 0, 9).value(), "letter");
  ASSERT_TRUE(release(id));
  EXPECT_EQ(read(ref, 0, 9).error().code(), Errc::not_found);
  EXPECT_EQ(release(id).error().code(), Errc::not_found);
  EXPECT_EQ(rows(), 0u);
}

TEST_P(BodiesTest, RefusesWhatItDoesNotKnow) {
  BodyRef ref = add({{'a'}}, ChunkList("letter")).value();
  BodyRef other = ref;
  other.codec = 1;
  EXPECT_EQ(read(other, 0, 9).error().code(), Errc::unsupported);
  other = ref;
  other.key = 1;
  EXPECT_EQ(read(other, 0, 9).error().code(), Errc::unsupported);
  other = ref;
  other.size = 7;
  EXPECT_EQ(read(other, 0, 9).error().code(), Errc::corrupt);
}

INSTANTIATE_TEST_SUITE_P(Forms, BodiesTest, kForms, form_name);

}  // namespace
}  // namespace chappe::store
