#include "base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>
#include <condition_variable>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/text.h"

namespace chappe {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const Event kTested("test.tested", Level::info, {"who", "count"}, "A test ran.");
const Event kDetail("test.detail", Level::debug, {"what"}, "A test said more.");
const Event kBroke("test.broke", Level::error, {"error"}, "A test broke.");

TEST(Log, WritesLogfmt) {
  ManualClock clock({1'795'286'359'123'456});
  CaptureLog capture(LogFormat::logfmt, Level::debug, clock);
  capture.log().event(kTested, "bob@example.org", 3);
  capture.log().event(kTested, "two words", std::uint64_t{18446744073709551615u});
  capture.log().event(kTested, "", true);
  capture.log().event(kTested, "a=\"b\"", 0.5);
  EXPECT_THAT(
      capture.lines(),
      ElementsAre("time=2026-11-21T18:39:19.123456Z level=info event=test.tested who=bob@example.org count=3",
                  "time=2026-11-21T18:39:19.123456Z level=info event=test.tested who=\"two words\" "
                  "count=18446744073709551615",
                  "time=2026-11-21T18:39:19.123456Z level=info event=test.tested who=\"\" count=true",
                  "time=2026-11-21T18:39:19.123456Z level=info event=test.tested who=\"a=\\\"b\\\"\" count=0.5"));
}

TEST(Log, WritesJson) {
  ManualClock clock({0});
  CaptureLog capture(LogFormat::json, Level::debug, clock);
  capture.log().event(kTested, "é\n", Duration(1500));
  EXPECT_THAT(capture.lines(), ElementsAre(R"({"time":"1970-01-01T00:00:00.000000Z","level":"info",)"
                                           R"("event":"test.tested","who":"é\n","count":1.500})"));
}

TEST(Log, NothingFromOutsideCanForgeALine) {
  CaptureLog capture;
  capture.log().event(kTested, "x\r\ntime=now event=forged\x1b[2J", 1);
  EXPECT_EQ(capture.lines().size(), 1u);
  EXPECT_THAT(capture.lines()[0], HasSubstr(R"(who="x\r\ntime=now event=forged\u001b[2J")"));
}

TEST(Log, LeavesOutWhatIsNotThereAndCutsWhatIsTooLong) {
  CaptureLog capture;
  capture.log().event(kTested, std::optional<std::string>(), std::optional(7));
  EXPECT_THAT(capture.lines()[0], testing::EndsWith("event=test.tested count=7"));
  std::string text(LogLine::kMaxText - 1, 'x');
  capture.log().event(kDetail, text + "éé");
  EXPECT_THAT(capture.lines()[1], testing::EndsWith("xxx…\""));
}

TEST(Log, KeepsToItsLevel) {
  CaptureLog capture(LogFormat::logfmt, Level::info);
  capture.log().event(kDetail, "no");
  capture.log().event(kBroke, Error(Errc::io, "no disk"));
  EXPECT_EQ(capture.count("test.detail"), 0u);
  EXPECT_EQ(capture.count("test.broke"), 1u);
  EXPECT_EQ(capture.count("test"), 0u);
  EXPECT_THAT(capture.lines()[0], HasSubstr("error=\"io: no disk\""));
  capture.log().set_level(Level::debug);
  capture.log().event(kDetail, "yes");
  EXPECT_EQ(capture.count("test.detail"), 1u);
}

struct Secretive {};
static_assert(Loggable<std::string> && Loggable<int> && Loggable<bool> && Loggable<Time> && Loggable<Error>);
static_assert(!Loggable<Secretive> && !Loggable<int*> && !Loggable<void*>);

TEST(Log, EveryEventListsItselfForTheManual) {
  bool found = false;
  for (const EventRow* row = first_event(); row; row = row->next) {
    EXPECT_FALSE(row->manual.empty()) << row->id;
    if (row->id != "test.tested") continue;
    found = true;
    EXPECT_THAT(std::vector(row->fields.begin(), row->fields.end()), ElementsAre("who", "count"));
  }
  EXPECT_TRUE(found);
}

TEST(Log, LevelsHaveNames) {
  for (Level level : {Level::debug, Level::info, Level::warning, Level::error})
    EXPECT_EQ(level_from(level_name(level)), level);
  EXPECT_EQ(level_from("loud"), std::nullopt);
}

TEST(Log, ManyThreadsLoseNothingAndMixNoLines) {
  CaptureLog capture;
  constexpr int kThreads = 4, kEach = 1000;  // fewer than the ring holds
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([&capture, t] {
      for (int i = 0; i < kEach; ++i) capture.log().event(kTested, fmt::format("thread{}", t), i);
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(capture.count("test.tested"), std::size_t{kThreads * kEach});
  EXPECT_EQ(capture.log().dropped(), 0u);
  std::vector<int> next(kThreads);
  for (const std::string& line : capture.lines()) {
    const auto at = line.find("who=thread");
    ASSERT_NE(at, std::string::npos) << line;
    const int t = line[at + 10] - '0';
    EXPECT_THAT(line, testing::EndsWith(fmt::format("count={}", next[static_cast<std::size_t>(t)]++)));
  }
}

// A sink that stands still until it is let go.
class StuckSink final : public LogSink {
 public:
  void write(std::string_view lines) override {
    std::unique_lock lock(mutex_);
    entered_ = true;
    changed_.notify_all();
    changed_.wait(lock, [&] { return free_; });
    text_ += lines;
  }
  void wait_until_stuck() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return entered_; });
  }
  void let_go() {
    std::lock_guard lock(mutex_);
    free_ = true;
    changed_.notify_all();
  }
  std::string text() {
    std::lock_guard lock(mutex_);
    return text_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool entered_ = false, free_ = false;
  std::string text_;
};

TEST(Log, AFullRingDropsCountsAndSaysSo) {
  auto owned = std::make_unique<StuckSink>();
  StuckSink* sink = owned.get();
  Log log(std::move(owned), {.ring_lines = 4});
  log.event(kTested, "first", 0);
  sink->wait_until_stuck();
  for (int i = 1; i <= 7; ++i) log.event(kTested, "more", i);  // returns although the sink does not
  EXPECT_EQ(log.dropped(), 3u);
  sink->let_go();
  log.flush();
  EXPECT_THAT(sink->text(), HasSubstr("level=warning event=log.dropped lines=3"));
  EXPECT_THAT(sink->text(), HasSubstr("who=more count=4"));
  EXPECT_THAT(sink->text(), testing::Not(HasSubstr("count=5")));
}

std::string read(const std::filesystem::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(Log, AFileIsReopenedAfterItWasRenamedAndFlushedAtTheEnd) {
  const auto dir = std::filesystem::temp_directory_path() / fmt::format("chappe-log-test-{}", ::getpid());
  std::filesystem::create_directories(dir);
  {
    auto sink = file_sink(dir / "log");
    ASSERT_TRUE(sink) << sink.error().text();
    Log log(std::move(*sink), {});
    log.event(kTested, "before", 1);
    log.flush();
    std::filesystem::rename(dir / "log", dir / "log.1");
    log.reopen();
    log.event(kTested, "after", 2);
  }
  EXPECT_THAT(read(dir / "log.1"), HasSubstr("who=before"));
  EXPECT_THAT(read(dir / "log"), HasSubstr("who=after"));
  EXPECT_EQ(file_sink(dir / "no" / "such" / "folder").error().code(), Errc::config);
  std::filesystem::remove_all(dir);
}

}  // namespace
}  // namespace chappe
