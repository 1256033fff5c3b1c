#include "app/signals.h"

#include <csignal>

namespace chappe::app {
namespace {

sigset_t ours() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, signal);
  return set;
}

}  // namespace

void block_signals() {
  const sigset_t set = ours();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

Asked wait_for_signal() {
  const sigset_t set = ours();
  int signal = 0;
  while (sigwait(&set, &signal) != 0) {
  }
  return signal == SIGHUP ? Asked::reload : Asked::stop;
}

std::optional<Asked> wait_for_signal(Duration at_most) {
  const sigset_t set = ours();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(at_most);
  const timespec span{.tv_sec = seconds.count(), .tv_nsec = std::chrono::nanoseconds(at_most - seconds).count()};
  const int signal = sigtimedwait(&set, nullptr, &span);
  if (signal < 0) return std::nullopt;
  return signal == SIGHUP ? Asked::reload : Asked::stop;
}

}  // namespace chappe::app
