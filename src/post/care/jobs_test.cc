#include "post/care/jobs.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <semaphore>
#include <thread>

#include "store/body_rows.h"
#include "store/keys.h"
#include "store/memory.h"
#include "store/rocks.h"

namespace chappe::post {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

// Looks until it has ended.
JobNews end_of(Jobs& jobs, std::uint64_t job) {
  for (;;) {
    const JobNews news = jobs.look(job, 0).value();
    if (news.ended) return news;
    std::this_thread::sleep_for(1ms);
  }
}

Task<Result<void>> written(store::Store* store, store::Batch batch) {
  co_return co_await store->write(std::move(batch), Deadline::in(10s));
}

TEST(Jobs, VerifyEndsWithItsCounts) {
  const auto store = store::make_memory();
  store::Commit commit(*store, {.mode = store::Commit::Mode::in_line});
  Jobs jobs(*store, commit, system_clock(), [] { return Beside(); });
  EXPECT_EQ(jobs.look(0, 0).error().code(), Errc::not_found);
  EXPECT_EQ(jobs.look(1, 0).error().code(), Errc::not_found);
  const std::uint64_t first = jobs.verify({}).value();
  const JobNews news = end_of(jobs, first);
  EXPECT_FALSE(news.error);
  EXPECT_EQ(std::get<VerifyCounts>(news.state).faults, 0u);
  const std::uint64_t second = jobs.verify({}).value();
  EXPECT_NE(second, first);
  EXPECT_EQ(jobs.look(first, 0).error().code(), Errc::not_found) << "it is over and forgotten";
  EXPECT_FALSE(end_of(jobs, second).error);
}

TEST(Jobs, WhatIsFoundAtTheVeryEndIsCounted) {
  const auto store = store::make_memory();
  store::Commit commit(*store, {.mode = store::Commit::Mode::in_line});
  // A segment that counts what nobody has: that is known when all rows have been seen.
  store::Batch batch;
  batch.put(store::KeyWriter(store::kSystemAccount, store::Space::segment).u32(7).take(), store::encode_segment_row(9));
  ASSERT_TRUE(net::run(written(store.get(), std::move(batch))));
  Jobs jobs(*store, commit, system_clock(), [] { return Beside(); });
  const JobNews news = end_of(jobs, jobs.verify({}).value());
  EXPECT_EQ(news.findings.size(), 1u);
  EXPECT_EQ(std::get<VerifyCounts>(news.state).faults, news.findings.size());
}

TEST(Jobs, OneAtATimeAndErrorsAreTold) {
  const auto store = store::make_memory();
  store::Commit commit(*store, {.mode = store::Commit::Mode::in_line});
  std::binary_semaphore begun(0), go(0);
  Jobs jobs(*store, commit, system_clock(), [&]() -> Result<Beside> {
    begun.release();
    go.acquire();
    return fail(Errc::io, "no such certificate");
  });
  const std::uint64_t job = jobs.backup({"/nowhere", 0}).value();
  begun.acquire();
  EXPECT_FALSE(jobs.look(job, 0)->ended);
  EXPECT_EQ(jobs.verify({}).error().code(), Errc::busy);
  go.release();
  const JobNews news = end_of(jobs, job);
  ASSERT_TRUE(news.error);
  EXPECT_THAT(news.error->text(), HasSubstr("no such certificate"));
  EXPECT_TRUE(jobs.verify({})) << "the next one may begin";
}

class Folder : public ::testing::Test {
 protected:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "chappe-jobs-XXXXXX").string();
    if (!mkdtemp(name.data())) std::abort();
    path = name;
    store::RocksOptions options;
    options.path = path + "/store";
    options.reserve = 0;
    store = store::open_rocks(std::move(options)).value();
    in_line.emplace(*store, store::Commit::Options{.mode = store::Commit::Mode::in_line});
  }
  ~Folder() override {
    in_line->stop();
    in_line.reset();
    store.reset();
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  std::string path;
  std::unique_ptr<store::Store> store;
  std::optional<store::Commit> in_line;
};
using JobsOnDisk = Folder;

TEST_F(JobsOnDisk, ABackupIsMadeAndNamed) {
  Jobs jobs(*store, *in_line, system_clock(), [] { return Beside(); });
  const JobNews news = end_of(jobs, jobs.backup({path + "/backup", 0}).value());
  EXPECT_FALSE(news.error) << news.error->describe();
  const auto& told = std::get<BackupNews>(news.state);
  const auto there = store::generations(store::posix_files(), path + "/backup").value();
  ASSERT_EQ(there.size(), 1u);
  EXPECT_EQ(there[0].name, told.generation);
  EXPECT_EQ(there[0].octets, told.progress.octets);
}

TEST_F(JobsOnDisk, WhereNothingIsWrongARepairTakesNothing) {
  Jobs jobs(*store, *in_line, system_clock(), [] { return Beside(); });
  const JobNews news = end_of(jobs, jobs.repair(path + "/aside").value());
  EXPECT_FALSE(news.error);
  const auto& told = std::get<RepairNews>(news.state);
  EXPECT_EQ(told.faults, 0u);
  EXPECT_EQ(told.taken, 0u);
  EXPECT_FALSE(std::filesystem::exists(path + "/aside"));
}

TEST_F(JobsOnDisk, WhatNobodyLooksAtIsGivenUp) {
  for (const bool alone : {false, true}) {
    ManualClock clock;
    std::binary_semaphore begun(0), go(0);
    Jobs jobs(*store, *in_line, clock, [&] {
      begun.release();
      go.acquire();
      return Beside();
    });
    ASSERT_TRUE(jobs.backup({path + "/backup", 0}));
    begun.acquire();
    clock.advance(alone ? Jobs::kAlone : Jobs::kAlone - 1us);
    go.release();
    while (!jobs.verify({})) std::this_thread::sleep_for(1ms);  // it has ended
    const auto made = store::generations(store::posix_files(), path + "/backup");
    EXPECT_EQ(made.has_value(), !alone);
    std::filesystem::remove_all(path + "/backup");
  }
}

}  // namespace
}  // namespace chappe::post
