#include "app/inherited.h"

#include <unistd.h>

#include <cstdlib>

#include "base/text.h"

namespace chappe::app {
namespace {

constexpr int kFirst = 3;  // SD_LISTEN_FDS_START
constexpr int kMost = 256;

std::string taken(const char* name) {
  const char* value = std::getenv(name);
  std::string out = value ? value : "";
  unsetenv(name);
  return out;
}

}  // namespace

Result<std::vector<InheritedSocket>> inherited_sockets() {
  const std::string pid = taken("LISTEN_PID"), count = taken("LISTEN_FDS"), all = taken("LISTEN_FDNAMES");
  std::vector<InheritedSocket> out;
  if (to_number<int>(pid) != getpid()) return out;
  const auto fds = to_number<int>(count);
  if (!fds || *fds > kMost) return fail(Errc::config, "LISTEN_FDS is '{}'", printable(count, 40));
  const auto names = split(all, ':');
  for (int i = 0; i < *fds; ++i) {
    auto socket = TRY(net::ListenSocket::adopt(kFirst + i));
    const std::string_view name = static_cast<std::size_t>(i) < names.size() ? names[i] : std::string_view();
    const auto role = role_named(name);
    if (!role)
      return fail(Errc::config, "the socket {} that was handed over is named '{}', which is no role such as imaps",
                  socket.at().describe(), printable(name, 40));
    out.push_back({*role, std::move(socket)});
  }
  return out;
}

}  // namespace chappe::app
