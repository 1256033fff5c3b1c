#include "store/log_salvage.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "store/fault_files.h"

namespace chappe::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class SalvageTest : public ::testing::Test {
 protected:
  // Batches "0", "1", …, each synced, with an extent before each; `marks` and `places` say where they stand.
  void write(int batches, bool close = true) {
    log_ = Log::open(options_, {}, [](const LogMark&, ByteView) { return Result<void>(); }).value();
    for (int n = 0; n < batches; ++n) {
      const Bytes extent(500, 'x');
      const ByteView view = extent;
      ASSERT_TRUE(log_->append({'L'}, 0, std::span(&view, 1)));
      const Bytes batch = std::to_string(n);
      const ByteView octets = batch;
      marks_.push_back(log_->append_batch(std::span(&octets, 1)).value());
      ASSERT_TRUE(log_->sync());
    }
    if (close) log_.reset();
  }
  std::vector<std::string> salvaged(const LogMark& have = {}) {
    std::vector<std::string> out;
    told_.clear();
    last_ = salvage_log(
                files_, "/log", have,
                [&](ByteView batch) {
                  out.emplace_back(batch);
                  return Result<void>();
                },
                [&](const std::string& why) { told_.push_back(why); })
                .value();
    EXPECT_EQ(last_.batches, out.size());
    EXPECT_EQ(last_.damaged, told_.size());
    return out;
  }
  std::string segment(std::size_t batch) const { return fmt::format("/log/{:08}.seg", marks_[batch].end.segment); }
  // Octets of the record's header from its end: 8 of the batch, padded, and 64.
  std::uint64_t header(std::size_t batch) const { return marks_[batch].end.offset - 72; }
  std::uint64_t payload(std::size_t batch) const { return marks_[batch].end.offset - 8; }
  void flip(std::size_t batch, std::uint64_t at, int mask) {
    const char c = static_cast<char>(files_.contents(segment(batch))[at] ^ mask);
    files_.overwrite(segment(batch), at, {&c, 1});
  }
  // What is salvaged is a log that goes on behind its end.
  void opens_at(const LogMark& end) {
    int handed = 0;
    auto log = Log::open(options_, end, [&](const LogMark&, ByteView) {
      ++handed;
      return Result<void>();
    });
    ASSERT_TRUE(log) << log.error().describe();
    EXPECT_EQ(handed, 0);
    const ByteView more = "more";
    EXPECT_GT((*log)->append_batch(std::span(&more, 1)).value().sequence, end.sequence);
  }

  FaultFiles files_;
  SeededRandom random_{1};
  Log::Options options_{
      .files = &files_, .folder = "/log", .segment_size = 8192, .prepare_ahead = false, .random = &random_};
  std::unique_ptr<Log> log_;
  std::vector<LogMark> marks_;
  std::vector<std::string> told_;
  LogSalvage last_;
};

TEST_F(SalvageTest, AWellLogGivesAllItsBatches) {
  write(40);
  EXPECT_GT(marks_.back().end.segment, 2u);
  EXPECT_EQ(salvaged().size(), 40u);
  EXPECT_THAT(told_, IsEmpty());
  EXPECT_EQ(last_.end.sequence, 40u * 2 + marks_.back().end.segment) << "and an index for each segment";
  opens_at(last_.end);
  EXPECT_TRUE(log_reaches(files_, "/log", marks_[3]).value());
}

TEST_F(SalvageTest, OneFlippedBitOfABatchIsPutRight) {
  write(5);
  flip(2, payload(2), 4);
  EXPECT_THAT(salvaged(), ElementsAre("0", "1", "2", "3", "4"));
  EXPECT_EQ(last_.mended, 1u);
  opens_at(last_.end);
}

TEST_F(SalvageTest, WhatIsDamagedIsPassedOver) {
  write(6, false);
  flip(2, header(2) + 20, 0xff);
  flip(4, payload(4), 0x55);
  EXPECT_THAT(salvaged(), ElementsAre("0", "1", "3", "5"));
  EXPECT_EQ(last_.damaged, 2u);
}

TEST_F(SalvageTest, WhatIsBeforeDamageThatIsKnownAlreadyIsLeftOut) {
  write(6, false);
  flip(2, header(2) + 20, 0xff);
  EXPECT_THAT(salvaged(marks_[3]), ElementsAre("3", "4", "5")) << "0 and 1 would undo what 2 said";
  EXPECT_THAT(salvaged(marks_[1]), ElementsAre("0", "1", "3", "4", "5"));
}

TEST_F(SalvageTest, BehindASegmentThatIsGoneItBeginsAnew) {
  write(40);
  ASSERT_TRUE(files_.remove(segment(15)));
  const auto got = salvaged();
  EXPECT_EQ(got.back(), "39");
  EXPECT_LT(got.size(), 25u);
  EXPECT_FALSE(log_reaches(files_, "/log", marks_[3]).value());
  EXPECT_TRUE(log_reaches(files_, "/log", marks_[39]).value());
  opens_at(last_.end);
}

TEST_F(SalvageTest, OfNothingNothing) {
  EXPECT_THAT(salvaged(), IsEmpty());
  EXPECT_EQ(last_.end, LogMark());
  EXPECT_TRUE(log_reaches(files_, "/log", {}).value());
}

}  // namespace
}  // namespace chappe::store
