#include "app/serve_notify.h"

#include <fmt/core.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <utility>

#include "base/text.h"

namespace chappe::app {

Notify Notify::from_environment() {
  Notify out;
  const char* pid = std::getenv("WATCHDOG_PID");
  const char* span = std::getenv("WATCHDOG_USEC");
  if (span && (!pid || to_number<pid_t>(pid) == getpid()))
    if (const auto us = to_number<std::int64_t>(span); us && *us > 0) out.watchdog_ = Duration(*us);
  if (const char* name = std::getenv("NOTIFY_SOCKET"); name && (*name == '/' || *name == '@')) {
    out.address_ = name;
    if (*name == '@') out.address_[0] = '\0';
    if (out.address_.size() < sizeof(sockaddr_un::sun_path))
      out.fd_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  }
  for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) unsetenv(name);
  return out;
}

Notify::Notify(Notify&& o) noexcept
    : fd_(std::exchange(o.fd_, -1)), address_(std::move(o.address_)), watchdog_(o.watchdog_) {}

Notify::~Notify() {
  if (fd_ >= 0) ::close(fd_);
}

void Notify::reloading(Steady now) const {
  send(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", now.time_since_epoch().count()));
}

void Notify::send(std::string_view message) const {
  if (fd_ < 0) return;
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  address_.copy(to.sun_path, address_.size());
  // A path ends with a NUL, an abstract name with its length.
  const auto size = offsetof(sockaddr_un, sun_path) + address_.size() + (address_.front() == '\0' ? 0 : 1);
  (void)::sendto(fd_, message.data(), message.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&to),
                 static_cast<socklen_t>(size));
}

}  // namespace chappe::app
