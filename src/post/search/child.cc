#include "post/search/child.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

namespace chappe::post::search {
namespace {

constexpr int kLook = 100;             // milliseconds, at most, until `stop` is looked at
constexpr std::size_t kPiece = 65536;  // octets that are read at once
constexpr rlim_t kDescriptors = 64;    // of the program
constexpr int kNotStarted = 127;       // its status when there is no such program, as shells have it
constexpr const char* kEnvironment[] = {"PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8", nullptr};

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { close(); }
  void take(int fd) {
    close();
    fd_ = fd;
  }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  int get() const { return fd_; }

 private:
  int fd_ = -1;
};

struct Pipe {
  Fd read, write;
  Result<void> open() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return fail(Errc::io, "no pipe: {}", std::strerror(errno));
    read.take(ends[0]);
    write.take(ends[1]);
    return {};
  }
};

void limit(int resource, rlim_t most) {
  rlimit now{};
  if (getrlimit(static_cast<__rlimit_resource>(resource), &now) != 0) return;
  const rlim_t value = std::min(most, now.rlim_max);
  const rlimit to{value, value};
  (void)setrlimit(static_cast<__rlimit_resource>(resource), &to);
}

// What the new process has to do before it is the program. Everything that allocates was made before the fork: a lock
// that another thread held then is held here for ever.
struct Birth {
  std::vector<char*> argv;
  int input, output, report;  // descriptors
  pid_t parent;
  rlim_t memory, seconds;

  [[noreturn]] void run() const {
    setsid();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(kNotStarted);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    for (int signal = 1; signal < NSIG; ++signal) std::signal(signal, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    // If memory is short, this is what the system should end, and not the server.
    if (const int score = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC); score >= 0)
      (void)!::write(score, "1000", 4);
    // Clear of 0, 1 and 2, wherever they came from.
    const int in = fcntl(input, F_DUPFD_CLOEXEC, 3), out = fcntl(output, F_DUPFD_CLOEXEC, 3);
    const int say = fcntl(report, F_DUPFD_CLOEXEC, 3);
    const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    const int error = fcntl(null, F_DUPFD_CLOEXEC, 3);
    if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(error, 2) < 0 || chdir("/") != 0) give_up(say);
    (void)syscall(SYS_close_range, 3U, ~0U, 4U);  // CLOSE_RANGE_CLOEXEC; ours have it anyway
    limit(RLIMIT_AS, memory);
    limit(RLIMIT_CPU, seconds);
    limit(RLIMIT_FSIZE, 0);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_NOFILE, kDescriptors);
    execve(argv.front(), argv.data(), const_cast<char* const*>(kEnvironment));
    give_up(say);
  }
  [[noreturn]] static void give_up(int say) {
    const int error = errno;
    (void)!::write(say, &error, sizeof error);
    _exit(kNotStarted);
  }
};

// A process, from its start to its end; what it has started goes with it.
class Child {
 public:
  explicit Child(pid_t pid) : pid_(pid), handle_(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))) {}
  ~Child() { (void)end(); }
  int handle() const { return handle_.get(); }  // readable once it has ended
  // Kills what is left of its session; its status. Its number is nobody else's until it has been waited for.
  int end() {
    if (pid_ <= 0) return status_;
    ::kill(-pid_, SIGKILL);
    ::kill(pid_, SIGKILL);
    while (waitpid(pid_, &status_, 0) < 0 && errno == EINTR) {
    }
    pid_ = 0;
    return status_;
  }
  // What it has started, once it has ended itself.
  void kill_others() const { ::kill(-pid_, SIGKILL); }

 private:
  pid_t pid_;
  Fd handle_;
  int status_ = -1;
};

class Run {
 public:
  Run(const ChildLimits& limits, const ChildInput& input, const std::atomic<bool>& stop)
      : limits_(limits), input_(input), stop_(stop) {}

  Result<ChildOutcome> run(const std::vector<std::string>& command);

 private:
  using Ended = std::optional<ChildEnd>;
  Result<pid_t> start(const std::vector<std::string>& command);
  Result<Ended> turn(Child& child);
  Result<Ended> write_some();
  Ended read_some();
  Ended ended(Child& child);

  const ChildLimits& limits_;
  const ChildInput& input_;
  const std::atomic<bool>& stop_;
  const Steady until_ = system_clock().steady() + limits_.time;
  Pipe in_, out_, report_;
  Bytes pending_;            // of the input
  std::size_t written_ = 0;  // of it
  std::uint64_t taken_ = 0;  // of the input so far
  ChildOutcome outcome_;
};

Result<pid_t> Run::start(const std::vector<std::string>& command) {
  TRY(in_.open());
  TRY(out_.open());
  TRY(report_.open());
  (void)fcntl(in_.write.get(), F_SETFL, O_NONBLOCK);
  (void)fcntl(out_.read.get(), F_SETFL, O_NONBLOCK);
  (void)fcntl(report_.read.get(), F_SETFL, O_NONBLOCK);
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(limits_.time).count();
  Birth birth{.argv = {},
              .input = in_.read.get(),
              .output = out_.write.get(),
              .report = report_.write.get(),
              .parent = getpid(),
              .memory = limits_.memory,
              .seconds = static_cast<rlim_t>(seconds) + 1};
  for (const std::string& word : command) birth.argv.push_back(const_cast<char*>(word.c_str()));
  birth.argv.push_back(nullptr);
  const pid_t pid = fork();
  if (pid == 0) birth.run();
  if (pid < 0) return fail(Errc::io, "no process: {}", std::strerror(errno));
  in_.read.close();
  out_.write.close();
  report_.write.close();
  return pid;
}

// Gives the program what it takes now, of one piece.
Result<Run::Ended> Run::write_some() {
  if (written_ == pending_.size()) {
    pending_.clear();
    written_ = 0;
    const bool more = TRY(input_(pending_));
    taken_ += pending_.size();
    if (taken_ > limits_.input) return ChildEnd::too_large;
    if (!more && pending_.empty()) in_.write.close();
    if (pending_.empty()) return Ended();
  }
  const ssize_t n = ::write(in_.write.get(), pending_.data() + written_, pending_.size() - written_);
  if (n > 0)
    written_ += static_cast<std::size_t>(n);
  else if (errno != EAGAIN && errno != EINTR)
    in_.write.close();  // it wants no more
  return Ended();
}

Run::Ended Run::read_some() {
  std::array<char, kPiece> piece;
  while (out_.read.get() >= 0) {
    const ssize_t n = ::read(out_.read.get(), piece.data(), piece.size());
    if (n > 0) {
      const std::size_t room = limits_.output - outcome_.output.size();
      outcome_.output.append(piece.data(), std::min(room, static_cast<std::size_t>(n)));
      if (static_cast<std::size_t>(n) > room) return ChildEnd::cut;
    } else if (n < 0 && errno == EAGAIN) {
      return {};
    } else if (n == 0 || errno != EINTR) {
      out_.read.close();
    }
  }
  return {};
}

// What it came to, of a program that has ended by itself.
Run::Ended Run::ended(Child& child) {
  child.kill_others();  // nobody writes any more
  const Ended cut = read_some();
  const int status = child.end();
  int error = 0;
  if (::read(report_.read.get(), &error, sizeof error) == sizeof error)
    outcome_.how = std::string("cannot be started: ") + std::strerror(error);
  else if (WIFSIGNALED(status))
    outcome_.how = fmt::format("ended by signal {}", WTERMSIG(status));
  else if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    outcome_.how = fmt::format("ended with status {}", WIFEXITED(status) ? WEXITSTATUS(status) : status);
  if (!outcome_.how.empty()) return ChildEnd::failed;
  return cut ? cut : ChildEnd::ok;
}

// Waits for something to happen and does what is to be done then; how it ended, if it did.
Result<Run::Ended> Run::turn(Child& child) {
  if (stop_) return fail(Errc::cancelled, "no longer wanted");
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until_ - system_clock().steady()).count();
  if (left <= 0) return ChildEnd::timeout;
  // A descriptor of -1 is one that poll() does not look at.
  std::array<pollfd, 3> fds{{{child.handle(), POLLIN, 0}, {out_.read.get(), POLLIN, 0}, {in_.write.get(), POLLOUT, 0}}};
  // What fails here is tried again until the time is over.
  if (::poll(fds.data(), fds.size(), static_cast<int>(std::min<std::int64_t>(left, kLook))) <= 0) return Ended();
  if (fds[1].revents)
    if (const Ended end = read_some()) return end;
  if (fds[0].revents) return ended(child);
  if (fds[2].revents) return write_some();
  return Ended();
}

Result<ChildOutcome> Run::run(const std::vector<std::string>& command) {
  const auto started = start(command);
  if (!started) {
    outcome_.how = started.error().text();
    return std::move(outcome_);
  }
  Child child(*started);
  Ended end;
  if (child.handle() < 0) {
    outcome_.how = std::string("no handle of a process: ") + std::strerror(errno);
    end = ChildEnd::failed;
  }
  while (!end) end = TRY(turn(child));
  outcome_.end = *end;
  if (outcome_.end != ChildEnd::ok && outcome_.end != ChildEnd::cut) outcome_.output.clear();
  return std::move(outcome_);
}

// A write to a program that does not read any more must not end this process.
class NoSigpipe {
 public:
  NoSigpipe() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &set_, &before_);
  }
  NoSigpipe(const NoSigpipe&) = delete;
  NoSigpipe& operator=(const NoSigpipe&) = delete;
  ~NoSigpipe() {
    if (sigismember(&before_, SIGPIPE)) return;
    constexpr timespec kNow{};
    while (sigtimedwait(&set_, nullptr, &kNow) < 0 && errno == EINTR) {
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  sigset_t set_{}, before_{};
};

}  // namespace

std::string_view child_end_name(ChildEnd end) {
  static constexpr std::string_view kNames[kChildEnds] = {"ok", "cut", "failed", "timeout", "too_large"};
  return kNames[static_cast<std::size_t>(end)];
}

Result<ChildOutcome> run_child(const std::vector<std::string>& command, const ChildLimits& limits,
                               const ChildInput& input, const std::atomic<bool>& stop) {
  const NoSigpipe guard;
  return Run(limits, input, stop).run(command);
}

}  // namespace chappe::post::search
