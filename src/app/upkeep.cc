#include "app/upkeep.h"

namespace chappe::app {
namespace {

const Event kReclaimed("store.reclaimed", Level::info, {"segments", "moved"},
                       "Files of the store were given back: their letters have gone, or were moved (so many octets).");
const Event kUnreadable("store.unreadable", Level::error, {"segments"},
                        "So many files of the store cannot be read as a whole, and keep their space. `chappe store "
                        "verify` says which letters are damaged.");
const Event kNotReclaimed("store.not_reclaimed", Level::warning, {"error"},
                          "Space of the store could not be given back. It is tried again.");

constexpr Duration kEvery = std::chrono::minutes(1);
constexpr Duration kOnce = std::chrono::hours(1);           // what is left then is for the next time
constexpr Duration kPause = std::chrono::milliseconds(50);  // after each MiB that is moved
// When the disk is short of space, segments are worth emptying that are less dead.
constexpr double kAliveWhenShort = 0.9;

}  // namespace

net::Task<void> keep_space(store::Store* store, store::Commit* commit, Log* log, net::Cancel* cancel) {
  std::uint32_t unreadable = 0;
  for (;;) {
    (void)co_await net::sleep(net::Deadline::in(kEvery, cancel));
    if (cancel->cancelled()) co_return;
    store::ReclaimOptions options{.pause = kPause};
    if (!store->room(0)) options = {.alive = kAliveWhenShort, .saving = {}};  // a copy takes space first
    const auto done = co_await store::reclaim(store, commit, options, net::Deadline::in(kOnce, cancel));
    if (cancel->cancelled()) co_return;
    if (!done) {
      log->event(kNotReclaimed, done.error().describe());
      continue;
    }
    if (done->segments > 0) log->event(kReclaimed, done->segments, done->moved);
    if (done->failed > unreadable) log->event(kUnreadable, done->failed);
    unreadable = done->failed;
  }
}

}  // namespace chappe::app
