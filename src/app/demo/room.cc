#include "app/demo/room.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

namespace chappe::app::demo {
namespace {

constexpr unsigned kSomebody = 1000;  // who root is, inside
constexpr int kRemovals = 100;        // tries, while those that write there are dying
constexpr useconds_t kPause = 20'000;

Result<void> refuse(std::string_view what) { return fail(Errc::unsupported, "{}: {}", what, std::strerror(errno)); }

bool write_text(const char* path, const std::string& text) {
  const int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool written = write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const int error = errno;
  close(fd);
  errno = error;
  return written;
}

bool raise_loopback() {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP;
  const bool up = ioctl(fd, SIOCSIFFLAGS, &request) == 0;
  const int error = errno;
  close(fd);
  errno = error;
  return up;
}

// So that what we start may bind the low ports, too, without being root.
bool keep_low_ports() {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, 2> sets{};
  if (syscall(SYS_capget, &header, sets.data()) != 0) return false;
  sets[0].inheritable |= 1u << CAP_NET_BIND_SERVICE;
  if (syscall(SYS_capset, &header, sets.data()) != 0) return false;
  return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_BIND_SERVICE, 0, 0) == 0;
}

Result<void> enter() {
  const unsigned uid = geteuid(), gid = getegid();
  const auto map = [](unsigned inside, unsigned outside) { return fmt::format("{} {} 1\n", inside, outside); };
  if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) return refuse("the system gives no namespace of our own");
  if (!write_text("/proc/self/setgroups", "deny")) return refuse("the namespace takes no groups");
  if (!write_text("/proc/self/uid_map", map(uid == 0 ? kSomebody : uid, uid)) ||
      !write_text("/proc/self/gid_map", map(gid == 0 ? kSomebody : gid, gid)))
    return refuse("the namespace takes no user");
  if (!raise_loopback()) return refuse("the namespace has no loopback");
  if (!keep_low_ports()) return refuse("the namespace gives no right to the ports below 1024");
  return {};
}

// The caretaker's whole life.
[[noreturn]] void remove_when_alone(const std::string& dir, int lifeline) {
  setsid();
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) std::signal(signal, SIG_IGN);
  dup2(lifeline, STDIN_FILENO);
  const int nothing = open("/dev/null", O_WRONLY);
  dup2(nothing, STDOUT_FILENO);
  dup2(nothing, STDERR_FILENO);
  close_range(3, ~0u, 0);
  char ignored;
  while (read(STDIN_FILENO, &ignored, 1) < 0 && errno == EINTR) {
  }
  std::error_code error;
  for (int i = 0; i < kRemovals; ++i) {
    std::filesystem::remove_all(dir, error);
    if (!error && !std::filesystem::exists(dir, error)) break;
    usleep(kPause);
  }
  _exit(0);
}

}  // namespace

Result<void> enter_own_network() {
  int words[2];
  if (pipe2(words, O_CLOEXEC) != 0) return refuse("no pipe");
  const pid_t pid = fork();
  if (pid < 0) return refuse("no process");
  if (pid == 0) {
    const auto entered = enter();
    if (!entered) (void)!write(words[1], entered.error().text().data(), entered.error().text().size());
    _exit(entered ? 0 : 1);
  }
  close(words[1]);
  std::string why;
  char piece[512];
  for (ssize_t n; (n = read(words[0], piece, sizeof piece)) > 0;) why.append(piece, static_cast<std::size_t>(n));
  close(words[0]);
  int status = 0;
  waitpid(pid, &status, 0);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    return fail(Errc::unsupported, "{}", why.empty() ? "the system gives no namespace of our own" : why);
  return enter();
}

Result<Room> Room::open() {
  const char* base = std::getenv("TMPDIR");
  std::string dir = std::string(base && *base ? base : "/tmp") + "/chappe-demo-XXXXXX";
  if (!mkdtemp(dir.data())) return fail(Errc::io, "cannot make {}: {}", dir, std::strerror(errno));
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return fail(Errc::io, "no pipe: {}", std::strerror(errno));
  const pid_t pid = fork();
  if (pid == 0) remove_when_alone(dir, ends[0]);
  close(ends[0]);
  if (pid < 0) {
    rmdir(dir.c_str());
    close(ends[1]);
    return fail(Errc::io, "cannot start a process: {}", std::strerror(errno));
  }
  return Room(std::move(dir), ends[1], pid);
}

Room::Room(Room&& other) noexcept
    : dir_(std::move(other.dir_)),
      lifeline_(std::exchange(other.lifeline_, -1)),
      caretaker_(std::exchange(other.caretaker_, 0)) {}

Room::~Room() {
  if (lifeline_ < 0) return;
  close(lifeline_);
  while (waitpid(caretaker_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace chappe::app::demo
