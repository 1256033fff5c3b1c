// The log on disks that are well, full, broken or damaged; power cuts are in log_crash_test.cc.
#include "store/log.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>

#include "store/fault_files.h"

namespace chappe::store {
namespace {

using Fate = FaultFiles::Fate;
using Kind = FaultFiles::Kind;

class LogTest : public ::testing::Test {
 protected:
  Result<void> open(LogMark have = {}) {
    log_.reset();
    batches_.clear();
    auto log = Log::open(options_, have, [this](const LogMark& mark, ByteView octets) {
      batches_.emplace_back(octets);
      marks_[batches_.back()] = mark;
      return Result<void>();
    });
    if (!log) return std::unexpected(log.error());
    log_ = std::move(*log);
    return {};
  }
  Result<LogMark> batch(const Bytes& octets) {
    const ByteView v = octets;
    return log_->append_batch({&v, 1});
  }
  LogMark commit(const Bytes& octets) {
    const LogMark mark = batch(octets).value();
    EXPECT_TRUE(log_->sync());
    return mark;
  }
  Result<Extent> extent(const Bytes& octets, char id = 'i') {
    const ByteView v = octets;
    return log_->append({id}, 0, {&v, 1});
  }
  static std::string name(std::uint32_t n) { return "/log/0000000" + std::to_string(n) + ".seg"; }

  FaultFiles files_;
  SeededRandom random_{1};
  Log::Options options_{
      .files = &files_, .folder = "/log", .segment_size = 8192, .prepare_ahead = false, .random = &random_};
  std::unique_ptr<Log> log_;
  std::vector<Bytes> batches_;
  std::map<Bytes, LogMark> marks_;
};

TEST_F(LogTest, BatchesComeBackInOrderFromTheMarkOn) {
  ASSERT_TRUE(open());
  const LogMark one = commit("one");
  const Extent e = extent("of a letter").value();
  const LogMark two = commit("two");
  EXPECT_EQ(one.sequence, 1u);
  EXPECT_EQ(two.sequence, 3u);
  ASSERT_TRUE(open());
  EXPECT_EQ(batches_, (std::vector<Bytes>{"one", "two"}));
  EXPECT_EQ(marks_["two"], two);
  EXPECT_EQ(log_->read(e).value().view(), "of a letter");
  EXPECT_EQ(log_->counts().replayed, 2u);
  commit("three");
  ASSERT_TRUE(open(one));
  EXPECT_EQ(batches_, (std::vector<Bytes>{"two", "three"}));
  ASSERT_TRUE(open(marks_["three"]));
  EXPECT_TRUE(batches_.empty());
}

TEST_F(LogTest, SegmentsAreSealedAndFollowEachOther) {
  ASSERT_TRUE(open());
  std::vector<Extent> extents;
  std::vector<Bytes> all;
  for (int i = 0; i < 40; ++i) {
    extents.push_back(extent(Bytes(500, static_cast<char>('a' + i % 26))).value());
    all.push_back("batch " + std::to_string(i));
    commit(all.back());
  }
  const auto segments = log_->segments();
  EXPECT_GT(segments.size(), 3u);
  for (std::size_t i = 0; i + 1 < segments.size(); ++i) {
    const auto index = log_->index(segments[i].number).value();
    EXPECT_GT(index.size(), 10u);
    EXPECT_LE(files_.status(name(segments[i].number))->size, 8192u) << "the index finds its place";
    for (const IndexEntry& entry : index) {
      if (entry.kind == RecordKind::batch) continue;
      EXPECT_EQ(log_->read({{segments[i].number, entry.offset}, entry.size, entry.check}).value().size(), 500u);
    }
  }
  for (int i = 0; i < 40; ++i)
    EXPECT_EQ(log_->read(extents[i]).value().view(), Bytes(500, static_cast<char>('a' + i % 26)));
  ASSERT_TRUE(open());
  EXPECT_EQ(batches_, all);
  for (int i = 0; i < 40; ++i) EXPECT_TRUE(log_->read(extents[i]));
  // Without its trailer an index is made from the records.
  const auto index = log_->index(segments[0].number).value();
  log_.reset();
  files_.overwrite(name(segments[0].number), files_.status(name(segments[0].number))->size - 1, "x");
  ASSERT_TRUE(open());
  EXPECT_EQ(batches_, all);
}

TEST_F(LogTest, AnEmptyLogLeavesNothingBehind) {
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(open());
  log_.reset();
  EXPECT_EQ(files_.list("/log")->size(), 1u) << "the lock";
}

TEST_F(LogTest, ARecordLargerThanASegmentGetsOneOfItsSize) {
  ASSERT_TRUE(open());
  commit("small");
  const Bytes large = random_.bytes(50'000);
  const Extent e = extent(large).value();
  commit(large);
  EXPECT_EQ(log_->read(e).value().view(), large);
  ASSERT_TRUE(open());
  EXPECT_EQ(batches_, (std::vector<Bytes>{"small", large}));
  const Bytes part(Log::kMaxRecord / 128, 'x');
  const std::vector<ByteView> parts(129, ByteView(part));
  EXPECT_EQ(log_->append_batch(parts).error().code(), Errc::too_large);
}

TEST_F(LogTest, LettersArriveInterleaved) {
  ASSERT_TRUE(open());
  options_.segment_size = 1024 * 1024;
  ASSERT_TRUE(open());
  const Bytes a = random_.bytes(700'000), b = random_.bytes(600'000);
  LetterWriter one(*log_, {'a'}), two(*log_, {'b'});
  for (std::size_t at = 0; at < 700'000; at += 10'000) {
    ASSERT_TRUE(one.append(ChunkList(ByteView(a).substr(at, 10'000))));
    if (at < 600'000) ASSERT_TRUE(two.append(ChunkList(ByteView(b).substr(at, 10'000))));
  }
  const auto whole = [&](LetterWriter& w) {
    Bytes out;
    for (const Extent& e : *w.finish().value()) {
      EXPECT_LE(e.size, LetterWriter::kExtent);
      out += log_->read(e).value().view();
    }
    return out;
  };
  EXPECT_EQ(whole(one), a);
  EXPECT_EQ(whole(two), b);
  EXPECT_EQ(one.finish().value()->size(), 3u);
}

TEST_F(LogTest, ALetterThatIsGivenUpIsGarbageAndOneOnItsWayIsHeld) {
  ASSERT_TRUE(open());
  const auto fill = [&] {
    LogMark mark;
    for (int i = 0; i < 20; ++i) mark = commit(Bytes(1000, 'x'));
    return mark;
  };
  auto letter = std::make_unique<LetterWriter>(*log_, Identity{'a'});
  ASSERT_TRUE(letter->append(ChunkList(Bytes(300, 'a'))));
  ASSERT_TRUE(letter->finish());
  const std::uint32_t segment = (*letter->finish())->front().at.segment;
  EXPECT_EQ(log_->remove(segment).error().code(), Errc::not_found) << "it is written to";
  LogMark mark = fill();
  EXPECT_EQ(log_->remove(segment).error().code(), Errc::busy) << "needed for opening";
  log_->set_applied(mark);
  EXPECT_LT(log_->unapplied(), 8192u);
  EXPECT_EQ(log_->remove(segment).error().code(), Errc::busy) << "a letter is on its way";
  EXPECT_FALSE(log_->segments().front().removable);
  letter.reset();
  EXPECT_EQ(log_->counts().refused, 300u);
  EXPECT_TRUE(log_->segments().front().removable);
  // Whoever reads holds what he reads.
  const IndexEntry entry = log_->index(segment)->front();
  const auto pin = log_->pin(segment).value();
  ASSERT_TRUE(log_->remove(segment));
  EXPECT_EQ(pin.read({{segment, entry.offset}, entry.size, entry.check}).value().view(), Bytes(300, 'a'));
  EXPECT_EQ(log_->read({{segment, entry.offset}, entry.size, entry.check}).error().code(), Errc::not_found);
  ASSERT_TRUE(open(mark));
  EXPECT_TRUE(batches_.empty());
  EXPECT_EQ(open().error().code(), Errc::corrupt) << "the metadata store lost what the log no longer has";
}

TEST_F(LogTest, AFailedSyncIsFinalUntilReopen) {
  ASSERT_TRUE(open());
  commit("one");
  bool fail = true;
  files_.set_plan([&](const FaultFiles::Operation& o) { return o.kind == Kind::sync && fail ? Fate::io : Fate::good; });
  ASSERT_TRUE(batch("two"));
  EXPECT_EQ(log_->sync().error().code(), Errc::io);
  fail = false;
  EXPECT_TRUE(log_->read_only());
  EXPECT_EQ(batch("three").error().code(), Errc::read_only);
  EXPECT_EQ(log_->sync().error().code(), Errc::read_only);
  // What was written is there as long as there is power; shown once, it must stay.
  ASSERT_TRUE(open());
  EXPECT_EQ(batches_, (std::vector<Bytes>{"one", "two"}));
  for (int seed = 0; seed < 50; ++seed) {
    const auto after = files_.survivor(seed);
    Log::Options options = options_;
    options.files = after.get();
    std::size_t n = 0;
    ASSERT_TRUE(Log::open(options, {}, [&](const LogMark&, ByteView) {
      ++n;
      return Result<void>();
    }));
    EXPECT_EQ(n, 2u);
  }
}

TEST_F(LogTest, AFailedWriteIsFinalToo) {
  ASSERT_TRUE(open());
  files_.set_plan([](const FaultFiles::Operation& o) { return o.kind == Kind::write ? Fate::io : Fate::good; });
  EXPECT_EQ(batch("one").error().code(), Errc::io);
  EXPECT_TRUE(log_->read_only());
}

TEST_F(LogTest, AFullDiskIsMetBeforeAnythingIsWrittenAndPasses) {
  files_.set_capacity(64 * 1024);
  options_.reserve = 30'000;
  ASSERT_TRUE(open());
  std::vector<Bytes> all;
  Result<LogMark> last;
  while (all.size() < 1000) {
    last = batch(Bytes(700, static_cast<char>('a' + all.size() % 26)));
    if (!last) break;
    ASSERT_TRUE(log_->sync());
    all.push_back(Bytes(700, static_cast<char>('a' + all.size() % 26)));
  }
  EXPECT_EQ(last.error().code(), Errc::no_space);
  EXPECT_GT(all.size(), 10u);
  EXPECT_FALSE(log_->read_only());
  EXPECT_GE(files_.free_space("/").value(), 30'000u) << "the reserve is there";
  EXPECT_EQ(log_->room(files_.free_space("/").value()).error().code(), Errc::no_space);
  EXPECT_EQ(batch(Bytes(700, 'x')).error().code(), Errc::no_space);
  files_.set_capacity(256 * 1024);
  EXPECT_TRUE(log_->room(1000));
  commit("more");
  all.emplace_back("more");
  ASSERT_TRUE(open());
  EXPECT_EQ(batches_, all);
}

TEST_F(LogTest, DamageIsToldAndNothingIsSkipped) {
  ASSERT_TRUE(open());
  const LogMark one = commit("one");
  const LogMark two = commit("two");
  commit("three");
  log_.reset();
  const Bytes good = files_.contents(name(1));
  const auto with_flip = [&](std::uint32_t offset) {
    files_.overwrite(name(1), 0, good);
    const char flipped = static_cast<char>(good[offset] ^ 4);
    files_.overwrite(name(1), offset, {&flipped, 1});
    const auto opened = open();
    log_.reset();
    return opened ? std::to_string(batches_.size()) : std::string(error_row(opened.error().code()).name);
  };
  EXPECT_EQ(with_flip(1024 + 20), "corrupt") << "a header in the middle";
  EXPECT_EQ(with_flip(one.end.offset + 20), "corrupt");
  EXPECT_EQ(with_flip(one.end.offset + 65), "corrupt") << "a payload in the middle";
  EXPECT_EQ(with_flip(two.end.offset + 65), "corrupt") << "and of the last batch: the segment was sealed behind it";
  EXPECT_EQ(with_flip(10), "3") << "one copy of the header";
}

TEST_F(LogTest, WhatIsMissingIsTold) {
  ASSERT_TRUE(open());
  LogMark mark;
  for (int i = 0; i < 40; ++i) {
    mark = commit(Bytes(1000, 'x'));
    if (i == 20) log_->set_applied(mark);
  }
  log_.reset();
  ASSERT_TRUE(files_.remove(name(2)));
  EXPECT_EQ(open().error().code(), Errc::corrupt);
  EXPECT_TRUE(open(mark)) << "what is older than the mark is not needed";
  mark.log ^= 1;
  EXPECT_EQ(open(mark).error().code(), Errc::corrupt) << "another log";
  mark.log ^= 1;
  mark.end.segment += 9;
  EXPECT_EQ(open(mark).error().code(), Errc::corrupt) << "a mark of what is not there";
}

TEST_F(LogTest, TwoDoNotShareALog) {
  ASSERT_TRUE(open());
  EXPECT_EQ(Log::open(options_, {}, nullptr).error().code(), Errc::busy);
}

TEST(LogThreads, ManyWritersOneSync) {
  std::string folder = (std::filesystem::temp_directory_path() / "chappe-log-XXXXXX").string();
  ASSERT_TRUE(::mkdtemp(folder.data()));
  const Log::Options options{.files = &posix_files(), .folder = folder, .segment_size = 64 * 1024};
  constexpr int kThreads = 8, kEach = 200;
  {
    const auto log = std::move(Log::open(options, {}, nullptr).value());
    std::vector<std::thread> threads;
    std::atomic<int> bad = 0;
    for (int t = 0; t < kThreads; ++t)
      threads.emplace_back([&, t] {
        for (int i = 0; i < kEach; ++i) {
          const Bytes octets(static_cast<std::size_t>(50 + 7 * i), static_cast<char>('a' + t));
          const ByteView v = octets;
          const auto e = log->append({}, 0, {&v, 1});
          const auto m = log->append_batch({&v, 1});
          if (!e || !m || !log->sync() || log->read(*e).value().view() != octets) ++bad;
        }
      });
    for (auto& t : threads) t.join();
    EXPECT_EQ(bad, 0);
    EXPECT_GT(log->segments().size(), 3u);
  }
  std::map<char, int> found;
  int shorter = 0;
  const auto log = Log::open(options, {}, [&](const LogMark&, ByteView octets) {
    // Of one writer, in its order.
    shorter += octets.size() != static_cast<std::size_t>(50 + 7 * found[octets[0]]++);
    return Result<void>();
  });
  ASSERT_TRUE(log);
  EXPECT_EQ(shorter, 0);
  EXPECT_EQ(found.size(), static_cast<std::size_t>(kThreads));
  EXPECT_EQ((*log)->counts().replayed, static_cast<std::uint64_t>(kThreads * kEach));
  std::error_code ec;
  std::filesystem::remove_all(folder, ec);
}

}  // namespace
}  // namespace chappe::store
