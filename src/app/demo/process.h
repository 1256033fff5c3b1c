// A child process of the demo: this same program with another verb. It ends with us, however we end (PR_SET_PDEATHSIG),
// and writes its output into a file of its own. Used by the main thread only, which must be the one that lives longest;
// blocks.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace chappe::app::demo {

struct Command {
  std::vector<std::string> words;            // behind the program's name
  std::string output;                        // a file, appended to
  std::map<int, std::string> sockets{};      // that it inherits (app/inherited.h): descriptor, name
  std::map<std::string, std::string> env{};  // added to ours
};

class Process {
 public:
  // Errc::io.
  static Result<Process> start(const Command& command);
  ~Process();  // kills
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;

  pid_t pid() const { return pid_; }
  // Whether it still runs. One that has ended by itself is reaped.
  bool alive();
  // SIGKILL, and gone when this returns.
  void kill();

 private:
  explicit Process(pid_t pid) : pid_(pid) {}
  pid_t pid_ = 0;  // 0: none, or reaped
};

// The manager's end of $NOTIFY_SOCKET (app/serve_notify.h): hears when a server is ready.
class ReadySocket {
 public:
  // Errc::io.
  static Result<ReadySocket> open();
  ~ReadySocket();
  ReadySocket(ReadySocket&& other) noexcept;
  ReadySocket& operator=(ReadySocket&&) = delete;

  // For the environment of the server.
  const std::string& name() const { return name_; }
  // Until it says so. Errc::timeout; Errc::closed when the process ends before.
  Result<void> wait(Process& process, Duration patience);

 private:
  ReadySocket(int fd, std::string name) : fd_(fd), name_(std::move(name)) {}
  int fd_;
  std::string name_;
};

}  // namespace chappe::app::demo
