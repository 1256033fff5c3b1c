// Telling the service manager how the server is: the datagrams of sd_notify(3), sent to the socket that $NOTIFY_SOCKET
// names. Without one, every call does nothing. Main thread only; never blocks.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace chappe::app {

class Notify {
 public:
  // Reads $NOTIFY_SOCKET, $WATCHDOG_USEC and $WATCHDOG_PID, and takes them out of the environment.
  static Notify from_environment();
  ~Notify();
  Notify(Notify&& o) noexcept;
  Notify& operator=(Notify&&) = delete;

  void ready(std::string_view status) const { send("READY=1\nSTATUS=" + std::string(status)); }
  void reloading(Steady now) const;
  void stopping() const { send("STOPPING=1"); }
  void alive() const { send("WATCHDOG=1"); }
  // How often the manager wants to hear alive() at the least; nothing: it does not listen.
  std::optional<Duration> watchdog() const { return watchdog_; }

 private:
  Notify() = default;
  void send(std::string_view message) const;

  int fd_ = -1;
  std::string address_;  // as in sun_path, an abstract name with its leading NUL
  std::optional<Duration> watchdog_;
};

}  // namespace chappe::app
