// Random operations against a model (model_for_test.h): what a client could read of every account must be what the
// model says, after every so many steps, after the store was opened anew, and after the power was cut.
//
// CHAPPE_SEED: where chance begins. CHAPPE_MODEL_STEPS: how many operations (20,000 in memory, a part of them
// elsewhere).
#include <gtest/gtest.h>

#include <cstdlib>

#include "post/mailbox/model_for_test.h"

namespace chappe::post {
namespace {

// Under a sanitizer everything takes its time.
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr std::uint64_t kSteps = 2'000;
#else
constexpr std::uint64_t kSteps = 20'000;
#endif

using store::MemoryDisk;
using store::testing::MemoryPlace;
using testing::Office;
using testing::soon;
using testing::model::Model;

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* const value = std::getenv(name);
  return value ? std::strtoull(value, nullptr, 10) : otherwise;
}

TEST(Model, TwentyThousandStepsInMemory) {
  const std::uint64_t seed = from_environment("CHAPPE_SEED", 1);
  const std::uint64_t steps = from_environment("CHAPPE_MODEL_STEPS", kSteps);
  Office office("memory");
  Model model(office, seed);
  for (std::uint64_t i = 1; i <= steps; ++i) {
    ASSERT_NO_FATAL_FAILURE(model.step()) << "seed " << seed << " step " << i;
    if (i % 97 == 0) ASSERT_NO_FATAL_FAILURE(model.compare()) << "seed " << seed << " step " << i;
    if (i % 1500 == 0) office.reopen();
  }
  ASSERT_NO_FATAL_FAILURE(model.compare()) << "seed " << seed;
}

TEST(Model, OnRocks) {
  const std::uint64_t seed = from_environment("CHAPPE_SEED", 2);
  const std::uint64_t steps = from_environment("CHAPPE_MODEL_STEPS", kSteps) / 10;
  Office office("rocks");
  Model model(office, seed);
  for (std::uint64_t i = 1; i <= steps; ++i) {
    ASSERT_NO_FATAL_FAILURE(model.step()) << "seed " << seed << " step " << i;
    if (i % 211 == 0) ASSERT_NO_FATAL_FAILURE(model.compare()) << "seed " << seed << " step " << i;
    if (i % 700 == 0) office.reopen();
  }
  ASSERT_NO_FATAL_FAILURE(model.compare()) << "seed " << seed;
}

// The power goes at a write that chance names, whose outcome nobody was told; all before it is there, whole.
TEST(Model, ThroughPowerCuts) {
  const std::uint64_t seed = from_environment("CHAPPE_SEED", 3);
  const std::uint64_t steps = from_environment("CHAPPE_MODEL_STEPS", kSteps) / 4;
  auto place = std::make_unique<MemoryPlace>();
  MemoryDisk& disk = place->disk;
  Office office(std::move(place));
  Model model(office, seed, true);
  SeededRandom random(seed + 1);
  std::uint64_t step = 0;
  while (step < steps) {
    const std::uint64_t last = disk.writes() + 1 + random.below(60);
    const auto fate = random.below(2) ? MemoryDisk::Fate::lost : MemoryDisk::Fate::kept;
    disk.set_fate([=](std::uint64_t n) { return n == last ? fate : MemoryDisk::Fate::good; });
    for (; !office.store().read_only(); ++step)
      ASSERT_NO_FATAL_FAILURE(model.step()) << "seed " << seed << " step " << step;
    disk.cut_power();
    office.reopen();
    disk.set_fate([](std::uint64_t) { return MemoryDisk::Fate::good; });
    ASSERT_TRUE(office.wait(office.mailboxes().reap(soon())));
    ASSERT_NO_FATAL_FAILURE(model.settle()) << "seed " << seed << " step " << step;
    ASSERT_NO_FATAL_FAILURE(model.compare()) << "seed " << seed << " step " << step;
  }
}

}  // namespace
}  // namespace chappe::post
