#include "app/serve.h"

#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "app/serve_notify.h"
#include "app/serve_user.h"
#include "app/server.h"
#include "app/signals.h"

namespace chappe::app {
namespace {

const Event kReloadFailed("server.reload_failed", Level::error, {"error"},
                          "The configuration could not be read anew; everything stays as it was. `chappe check` tells "
                          "what is wrong with it.");
const Event kStalled(
    "server.stalled", Level::error, {"shards"},
    "So many threads that serve connections have not answered for half of the watchdog's time. If that "
    "goes on, the service manager ends the process and starts it anew.");
const Event kGraceOver("server.grace_over", Level::warning, {"seconds"},
                       "The time that limits.shutdown_grace gives is over, and sessions have not ended: the process "
                       "ends all the same. What was accepted is on disk.");

constexpr Duration kReloadWait = std::chrono::seconds(30);

// Those who asked for a reload over the control socket, and wait to hear how it went. The main thread reloads.
class ReloadOrders {
 public:
  static net::Task<Result<void>> order(std::shared_ptr<ReloadOrders> self) {
    net::OneShot<void> answer;
    self->add(answer.sender());
    kill(getpid(), SIGHUP);
    co_return co_await answer.receive(net::Deadline::in(kReloadWait));
  }
  std::vector<net::OneShot<void>::Sender> take() {
    std::lock_guard lock(mutex_);
    return std::exchange(waiting_, {});
  }

 private:
  void add(net::OneShot<void>::Sender sender) {
    std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(sender));
  }
  std::mutex mutex_;
  std::vector<net::OneShot<void>::Sender> waiting_;
};

// Whether every shard still turns.
class Pulse {
 public:
  explicit Pulse(net::Shards& shards) : shards_(shards) {
    for (std::size_t i = 0; i < shards.size(); ++i) beats_.push_back(std::make_shared<std::atomic<bool>>(true));
  }
  // How many shards have not answered since they were last asked; asks those that have again.
  std::size_t missing() {
    std::size_t out = 0;
    for (std::size_t i = 0; i < beats_.size(); ++i) {
      if (!beats_[i]->exchange(false)) {
        ++out;
        continue;
      }
      shards_.at(i).post([beat = beats_[i]] { *beat = true; });
    }
    return out;
  }

 private:
  net::Shards& shards_;
  std::vector<std::shared_ptr<std::atomic<bool>>> beats_;
};

// Ends the process when stopping takes longer than it may.
class HardStop {
 public:
  HardStop(Log& log, Duration grace) : thread_([this, &log, grace] { wait(log, grace); }) {}
  ~HardStop() {
    {
      std::lock_guard lock(mutex_);
      done_ = true;
    }
    end_.notify_one();
    thread_.join();
  }

 private:
  void wait(Log& log, Duration grace) {
    std::unique_lock lock(mutex_);
    if (end_.wait_for(lock, grace, [this] { return done_; })) return;
    log.event(kGraceOver, std::chrono::duration_cast<std::chrono::seconds>(grace).count());
    log.flush();
    _exit(error_row(Errc::timeout).exit);
  }
  std::mutex mutex_;
  std::condition_variable end_;
  bool done_ = false;
  std::thread thread_;
};

// Between binding and opening the store: the folder is made, the log stays writable, and root is given up.
Result<void> settle(const Config& config, const std::optional<User>& user) {
  TRY(prepare_data_dir(config.server.data_dir.value, user));
  if (!user) return {};
  const std::string& log = config.log.file.value;
  if (!log.empty() && chown(log.c_str(), user->uid, user->gid) != 0)
    return fail(Errc::config, "cannot give {} to {}: {}", log, user->name, std::strerror(errno));
  return become(*user);
}

Result<void> reload(Server& server, const std::string& path) { return server.reload(TRY(load_config(path))); }

void run_until_stopped(Server& server, const std::string& path, const Notify& notify, ReloadOrders& orders) {
  const std::string status = fmt::format("{} ports open", server.bound().size());
  notify.ready(status);
  Pulse pulse(server.shards());
  for (;;) {
    const auto asked = notify.watchdog() ? wait_for_signal(*notify.watchdog() / 2) : std::optional(wait_for_signal());
    if (!asked) {
      if (const std::size_t missing = pulse.missing(); missing > 0) {
        server.log().event(kStalled, missing);
      } else {
        notify.alive();
      }
      continue;
    }
    if (*asked == Asked::stop) return;
    auto waiting = orders.take();  // before the file is read: who comes later has a signal of his own
    notify.reloading(system_clock().steady());
    const auto reloaded = reload(server, path);
    if (!reloaded) server.log().event(kReloadFailed, reloaded.error());
    for (auto& sender : waiting) sender.send(reloaded);
    notify.ready(status);
  }
}

Result<void> serve(const Invocation& invocation) {
  const std::string path = invocation.value("config").value_or(std::string(kStandardConfig));
  Config config = TRY(load_config(path));
  const auto user = TRY(user_to_become(config));
  const Duration grace = config.limits.shutdown_grace;
  umask(0077);
  // Before any thread is started: it is inherited, not shared.
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    return fail(Errc::config, "the kernel refuses no_new_privs: {}", std::strerror(errno));
  const Notify notify = Notify::from_environment();
  auto orders = std::make_shared<ReloadOrders>();
  ServerOptions options;
  options.inherited = TRY(inherited_sockets());
  options.after_bind = [&config, &user] { return settle(config, user); };
  options.reload = [orders] { return ReloadOrders::order(orders); };
  options.stop = [] { kill(getpid(), SIGTERM); };
  auto server = TRY(Server::open(config, std::move(options)));
  server->start();
  run_until_stopped(*server, path, notify, *orders);
  notify.stopping();
  const HardStop hard(server->log(), grace);
  server->stop();
  return {};
}

}  // namespace

int run_serve(const Invocation& invocation) {
  block_signals();
  const auto served = serve(invocation);
  return served ? 0 : invocation.refuse(served.error());
}

}  // namespace chappe::app
