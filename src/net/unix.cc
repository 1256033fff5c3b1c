// Unix-domain sockets: what ListenSocket and Stream can do with them.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "net/acceptor.h"
#include "net/stream.h"

namespace chappe::net {
namespace {

struct UnixAddress {
  sockaddr_un raw{};
  socklen_t size = 0;
  int folder = -1;  // held open while the address is used

  UnixAddress() = default;
  UnixAddress(UnixAddress&& o) noexcept : raw(o.raw), size(o.size), folder(std::exchange(o.folder, -1)) {}
  UnixAddress& operator=(UnixAddress&&) = delete;
  ~UnixAddress() {
    if (folder >= 0) ::close(folder);
  }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&raw); }
};

// A path takes part in an address only up to 107 octets: the folder is named by an open descriptor instead.
Result<UnixAddress> unix_address(const std::string& folder, const std::string& name) {
  UnixAddress out;
  out.folder = ::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (out.folder < 0) return fail(Errc::config, "cannot open the folder {}: {}", folder, std::strerror(errno));
  const std::string path = fmt::format("/proc/self/fd/{}/{}", out.folder, name);
  if (path.size() >= sizeof out.raw.sun_path) return fail(Errc::invalid, "the name {} is too long for a socket", name);
  out.raw.sun_family = AF_UNIX;
  path.copy(out.raw.sun_path, path.size());
  out.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  return out;
}

std::pair<std::string, std::string> split_path(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return {".", path};
  return {slash == 0 ? "/" : path.substr(0, slash), path.substr(slash + 1)};
}

// Why no connection came about.
std::unexpected<Error> not_connected(const std::string& path, int error) {
  if (error == ENOENT || error == ECONNREFUSED)
    return fail(Errc::unavailable, "nobody listens at {}: {}", path, std::strerror(error));
  return fail(error == EACCES || error == EPERM ? Errc::denied : Errc::io, "cannot connect to {}: {}", path,
              std::strerror(error));
}

// Between two attempts at a socket whose queue is full: nothing tells when there is room.
constexpr Duration kQueueFull = std::chrono::milliseconds(20);

}  // namespace

Result<int> connect_unix(const std::string& path) {
  const auto [folder, name] = split_path(path);
  const UnixAddress at = TRY(unix_address(folder, name));
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return fail(Errc::io, "no socket: {}", std::strerror(errno));
  if (::connect(fd, at.get(), at.size) == 0) return fd;
  const int error = errno;
  ::close(fd);
  return not_connected(path, error);
}

Task<Result<Stream>> Stream::connect_unix(std::string path, Deadline deadline) {
  const auto [folder, name] = split_path(path);
  const UnixAddress at = CO_TRY(unix_address(folder, name));
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) co_return fail(Errc::io, "no socket: {}", std::strerror(errno));
  Stream stream(*Shard::current(), fd, Endpoint(), Endpoint());
  while (::connect(fd, at.get(), at.size) != 0) {
    if (errno != EAGAIN) co_return not_connected(path, errno);
    if (deadline.passed()) co_return fail(Errc::timeout, "the queue at {} is full", path);
    CO_TRY(co_await sleep(deadline.at_most(kQueueFull)));
  }
  co_return std::move(stream);
}

Result<ListenSocket> ListenSocket::bind_unix(const std::string& path) {
  const auto [folder, name] = split_path(path);
  struct stat there{};
  if (lstat(path.c_str(), &there) == 0) {
    if (!S_ISSOCK(there.st_mode)) return fail(Errc::config, "{} is in the way: it is no socket", path);
    if (auto other = connect_unix(path)) {
      ::close(*other);
      return fail(Errc::busy, "another process listens at {}", path);
    }
  }
  // Made under another name and moved there once it is private and listens: it is never half made, and what a process
  // that died has left behind is replaced in one step.
  const std::string fresh = fmt::format("{}.{}", name, getpid());
  const UnixAddress at = TRY(unix_address(folder, fresh));
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return fail(Errc::config, "{}: no socket: {}", path, std::strerror(errno));
  ListenSocket socket(fd, Endpoint());
  (void)unlinkat(at.folder, fresh.c_str(), 0);
  const auto refuse = [&](const char* doing) -> std::unexpected<Error> {
    const int error = errno;
    (void)unlinkat(at.folder, fresh.c_str(), 0);
    return fail(Errc::config, "cannot {} {}: {}", doing, path, std::strerror(error));
  };
  if (::bind(fd, at.get(), at.size) != 0) return refuse("make the socket");
  if (fchmodat(at.folder, fresh.c_str(), 0600, 0) != 0) return refuse("protect the socket");
  if (listen(fd, SOMAXCONN) != 0) return refuse("listen at");
  if (renameat(at.folder, fresh.c_str(), at.folder, name.c_str()) != 0) return refuse("name the socket");
  return socket;
}

Result<UnixPeer> Stream::unix_peer() const {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  // Other families answer too, with nobody.
  if (fd_ < 0 || getsockopt(fd_, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0 ||
      credentials.uid == static_cast<uid_t>(-1))
    return fail(Errc::denied, "who is at the other end cannot be told");
  return UnixPeer{credentials.uid, credentials.gid, credentials.pid};
}

}  // namespace chappe::net
