// The control socket: where operators reach the running server. A Unix-domain socket in the data folder, mode 0600; who
// is neither the server's own user nor root is refused whatever the mode says (SO_PEERCRED). Lines are those of
// request.h, one request of a connection at a time.
//
// Owned by app/. Connections live on any shard; nothing here blocks one: great requests are parsed in the offload pool.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "agents/control/methods.h"
#include "agents/control/request.h"
#include "base/log.h"
#include "net/acceptor.h"

namespace chappe::agents::control {

// Of `data_dir`.
std::string socket_path(const std::string& data_dir);

struct ControlOptions {
  std::string path;
  std::size_t line = kMaxLine;
  std::size_t connections = 8;
  Duration idle = std::chrono::minutes(5);     // between two requests
  Duration request = std::chrono::minutes(2);  // for one
  Duration reply = std::chrono::seconds(30);   // for the answer to be taken
  // Who may connect beside root.
  unsigned uid = 0;
};

class Control {
 public:
  // What answers: call() with an Office. On any shard.
  using Handler =
      std::function<Task<Result<std::string>>(std::string method, Value params, std::string who, Deadline deadline)>;
  struct Parts {
    net::Shards* shards;
    net::Offload* offload;
    Log* log;
    Clock* clock;
  };

  // Binds. All of `parts` must outlive it. Errc::busy: another process answers there; Errc::config.
  static Result<std::unique_ptr<Control>> open(Parts parts, ControlOptions options, Handler handler);
  ~Control();  // the shards must have ended by then

  void start();
  // Accepts nothing more, and takes the name away.
  void stop();

 private:
  struct State;
  explicit Control(std::shared_ptr<State> state) : state_(std::move(state)) {}
  static Task<void> serve(std::shared_ptr<State> state, net::Stream stream);
  static Task<std::string> answer(std::shared_ptr<State> state, Bytes line, std::string who, Deadline deadline);

  std::shared_ptr<State> state_;
};

}  // namespace chappe::agents::control
