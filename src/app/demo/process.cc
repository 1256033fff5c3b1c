#include "app/demo/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <utility>

#include "base/random.h"

extern char** environ;

namespace chappe::app::demo {
namespace {

constexpr int kFirstInherited = 3;  // SD_LISTEN_FDS_START
constexpr int kParked = 200;        // from here on descriptors wait while 3 and those behind it are given out
constexpr auto kLook = std::chrono::milliseconds(10);
constexpr char kOurselves[] = "/proc/self/exe";
constexpr char kPidVariable[] = "LISTEN_PID=";

// Everything that the child needs, made before the fork: behind it, in a process of several threads, nothing may
// allocate.
struct Image {
  std::vector<std::string> words, variables;
  std::vector<char*> argv, envp;
  std::vector<int> sockets;
  char* pid_digits = nullptr;  // within variables
  int output = -1;

  explicit Image(const Command& command) {
    words = {"chappe"};
    words.insert(words.end(), command.words.begin(), command.words.end());
    for (char** variable = environ; *variable; ++variable) {
      const std::string_view text = *variable;
      const auto name = std::string(text.substr(0, text.find('=')));
      if (!name.starts_with("LISTEN_") && name != "NOTIFY_SOCKET" && !command.env.contains(name))
        variables.emplace_back(text);
    }
    for (const auto& [name, value] : command.env) variables.push_back(name + "=" + value);
    if (!command.sockets.empty()) {
      std::string names;
      for (const auto& [fd, name] : command.sockets) {
        sockets.push_back(fd);
        names += (names.empty() ? "" : ":") + name;
      }
      variables.push_back("LISTEN_FDNAMES=" + names);
      variables.push_back(fmt::format("LISTEN_FDS={}", sockets.size()));
      variables.push_back(kPidVariable + std::string(12, '\0'));
    }
    for (std::string& word : words) argv.push_back(word.data());
    for (std::string& variable : variables) {
      if (variable.starts_with(kPidVariable)) pid_digits = variable.data() + std::strlen(kPidVariable);
      envp.push_back(variable.data());
    }
    argv.push_back(nullptr);
    envp.push_back(nullptr);
  }
};

void write_number(char* to, pid_t number) {
  char digits[12];
  int n = 0;
  for (; number > 0; number /= 10) digits[n++] = static_cast<char>('0' + number % 10);
  while (n > 0) *to++ = digits[--n];
  *to = '\0';
}

// In the child; only what is safe after a fork.
[[noreturn]] void become(Image& image, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);  // it died before the line above
  setpgid(0, 0);                      // Ctrl-C is for the parent, who ends us in its way
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const int nothing = open("/dev/null", O_RDONLY);
  dup2(nothing, STDIN_FILENO);
  dup2(image.output, STDOUT_FILENO);
  dup2(image.output, STDERR_FILENO);
  for (int& fd : image.sockets) fd = fcntl(fd, F_DUPFD, kParked);
  int to = kFirstInherited;
  for (const int fd : image.sockets) dup2(fd, to++);
  close_range(static_cast<unsigned>(to), ~0u, 0);
  if (image.pid_digits) write_number(image.pid_digits, getpid());
  execve(kOurselves, image.argv.data(), image.envp.data());
  _exit(127);
}

}  // namespace

Result<Process> Process::start(const Command& command) {
  Image image(command);
  image.output = open(command.output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (image.output < 0) return fail(Errc::io, "cannot write {}: {}", command.output, std::strerror(errno));
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid == 0) become(image, parent);
  const int error = errno;
  ::close(image.output);
  if (pid < 0) return fail(Errc::io, "cannot start a process: {}", std::strerror(error));
  return Process(pid);
}

Process::~Process() { kill(); }
Process::Process(Process&& other) noexcept : pid_(std::exchange(other.pid_, 0)) {}
Process& Process::operator=(Process&& other) noexcept {
  std::swap(pid_, other.pid_);
  return *this;
}

bool Process::alive() {
  if (pid_ > 0 && waitpid(pid_, nullptr, WNOHANG) == pid_) pid_ = 0;
  return pid_ > 0;
}

void Process::kill() {
  if (!alive()) return;
  ::kill(pid_, SIGKILL);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = 0;
}

Result<ReadySocket> ReadySocket::open() {
  const std::string name = fmt::format("@chappe-demo-{:016x}", system_random().u64());
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return fail(Errc::io, "no socket: {}", std::strerror(errno));
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  name.copy(at.sun_path, sizeof at.sun_path - 1);
  at.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  ReadySocket out(fd, name);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&at), size) != 0)
    return fail(Errc::io, "cannot listen for what is ready: {}", std::strerror(errno));
  return out;
}

ReadySocket::~ReadySocket() {
  if (fd_ >= 0) ::close(fd_);
}
ReadySocket::ReadySocket(ReadySocket&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), name_(std::move(other.name_)) {}

Result<void> ReadySocket::wait(Process& process, Duration patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (std::chrono::steady_clock::now() < until) {
    char text[512];
    const ssize_t n = recv(fd_, text, sizeof text, 0);
    if (n > 0 && std::string_view(text, static_cast<std::size_t>(n)).contains("READY=1")) return {};
    if (n > 0) continue;
    if (!process.alive()) return fail(Errc::closed, "it ended before it was ready");
    pollfd wanted{.fd = fd_, .events = POLLIN, .revents = 0};
    (void)poll(&wanted, 1, static_cast<int>(kLook.count()));
  }
  return fail(Errc::timeout, "it is not ready yet");
}

}  // namespace chappe::app::demo
