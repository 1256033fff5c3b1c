#include "app/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "app/admin_print.h"

namespace chappe::app {
namespace {

constexpr Duration kEvery = std::chrono::milliseconds(200);
constexpr std::uint64_t kWidth = 30;
constexpr std::size_t kText = 100;  // columns, more or less

}  // namespace

Progress::Progress(const Invocation& invocation) : on_(!invocation.json() && isatty(STDERR_FILENO) == 1) {}
Progress::~Progress() { clear(); }

void Progress::show(std::uint64_t done, std::uint64_t total, const std::string& text) {
  if (!on_ || system_clock().steady() < next_) return;
  next_ = system_clock().steady() + kEvery;
  std::string bar;
  if (total > 0) {
    const auto part = static_cast<double>(std::min(done, total)) / static_cast<double>(total);
    const auto full = static_cast<std::uint64_t>(part * kWidth);
    for (std::uint64_t i = 0; i < kWidth; ++i) bar += i < full ? "█" : "░";
    bar += fmt::format(" {:3.0f} %  ", part * 100);
  }
  std::fprintf(stderr, "\r\x1b[K%s%s", bar.c_str(), one_line(text).substr(0, kText).c_str());
  std::fflush(stderr);
  drawn_ = true;
}

void Progress::clear() {
  if (!std::exchange(drawn_, false)) return;
  std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
}

}  // namespace chappe::app
