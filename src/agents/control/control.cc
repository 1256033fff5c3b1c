#include "agents/control/control.h"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <vector>

#include "crypto/secret.h"

namespace chappe::agents::control {
namespace {

const Event kCalled("control.called", Level::info, {"who", "method", "error", "ms"},
                    "Somebody used a method of the control socket. What the directory became is in its audit.");
const Event kRefused("control.refused", Level::warning, {"uid", "pid", "error"},
                     "A process that is neither root's nor the server's own connected to the control socket.");

// Beyond this, parsing a request takes longer than a turn of a shard may.
constexpr std::size_t kSmall = 64 * 1024;
constexpr Duration kLastWords = std::chrono::seconds(2);

// Asks the system's user database, which may block.
std::string name_of(unsigned uid) {
  std::vector<char> space(16 * 1024);
  passwd entry{};
  passwd* found = nullptr;
  if (getpwuid_r(uid, &entry, space.data(), space.size(), &found) == 0 && found) return found->pw_name;
  return fmt::format("uid {}", uid);
}

struct Parsed {
  Result<Request> request;
  std::string id;
};

Parsed parse(Bytes line) {
  std::string id = "null";
  auto request = parse_request(line, id);
  crypto::wipe(line.data(), line.size());
  return {std::move(request), std::move(id)};
}

}  // namespace

std::string socket_path(const std::string& data_dir) { return data_dir + "/control.sock"; }

struct Control::State {
  Parts parts;
  ControlOptions options;
  Handler handler;
  std::string own_name, root_name;
  net::ConnectionCount count;
  std::optional<net::Acceptor> acceptor;
  ino_t inode = 0;

  State(Parts p, ControlOptions o, Handler h)
      : parts(p), options(std::move(o)), handler(std::move(h)), count({options.connections, options.connections}) {}
};

Result<std::unique_ptr<Control>> Control::open(Parts parts, ControlOptions options, Handler handler) {
  auto state = std::make_shared<State>(parts, std::move(options), std::move(handler));
  auto socket = TRY(net::ListenSocket::bind_unix(state->options.path));
  struct stat made{};
  if (lstat(state->options.path.c_str(), &made) == 0) state->inode = made.st_ino;
  state->own_name = name_of(state->options.uid);
  state->root_name = name_of(0);
  std::weak_ptr<State> weak = state;  // the acceptor is the state's
  state->acceptor.emplace(
      *parts.shards, std::move(socket), state->count,
      error_line("null", Error(Errc::busy, "too many connections to the control socket; try again later")),
      [weak](net::Stream stream) { return serve(weak.lock(), std::move(stream)); });
  return std::unique_ptr<Control>(new Control(std::move(state)));
}

Control::~Control() { stop(); }

void Control::start() { state_->acceptor->start(); }

void Control::stop() {
  if (state_->inode == 0) return;
  state_->acceptor->stop();
  struct stat there{};
  if (lstat(state_->options.path.c_str(), &there) == 0 && there.st_ino == state_->inode)
    (void)::unlink(state_->options.path.c_str());
  state_->inode = 0;
}

Task<void> Control::serve(std::shared_ptr<State> state, net::Stream stream) {
  if (!state) co_return;
  net::Cancel cancel;
  const net::Shard::Member member(*net::Shard::current(), cancel);
  const ControlOptions& options = state->options;
  auto peer = stream.unix_peer();
  if (!peer || (peer->uid != 0 && peer->uid != options.uid)) {
    const Error error =
        peer ? Error(Errc::denied, "only root and the user of the server may use the control socket") : peer.error();
    state->parts.log->event(kRefused, peer ? peer->uid : 0u, peer ? peer->pid : 0, error);
    (void)co_await stream.write(error_line("null", error), Deadline::in(kLastWords, &cancel));
    co_await stream.shutdown(Deadline::in(kLastWords));
    co_return;
  }
  const std::string who = peer->uid == options.uid ? state->own_name : state->root_name;
  LineReader lines(options.line);
  while (!cancel.cancelled()) {
    auto line = lines.next();
    if (!line) {
      (void)co_await stream.write(error_line("null", line.error()), Deadline::in(kLastWords, &cancel));
      break;
    }
    if (!*line) {
      auto more = co_await stream.read(Deadline::in(options.idle, &cancel));
      if (!more || more->empty()) break;
      lines.feed(more->view());
      continue;
    }
    if ((*line)->empty()) continue;
    std::string reply = co_await answer(state, std::move(**line), who, Deadline::in(options.request, &cancel));
    // Whoever asked the server to stop is still told that it will.
    const Deadline until = cancel.cancelled() ? Deadline::in(kLastWords) : Deadline::in(options.reply, &cancel);
    if (!co_await stream.write(std::move(reply), until)) co_return;
  }
  co_await stream.shutdown(Deadline::in(kLastWords));
}

Task<std::string> Control::answer(std::shared_ptr<State> state, Bytes line, std::string who, Deadline deadline) {
  const Steady began = state->parts.clock->steady();
  Parsed parsed{fail(Errc::bug, "not parsed"), "null"};
  if (line.size() <= kSmall) {
    parsed = parse(std::move(line));
  } else {
    auto elsewhere = co_await net::offload(
        *state->parts.offload, [text = std::move(line)]() mutable { return parse(std::move(text)); }, deadline);
    if (!elsewhere) co_return error_line("null", elsewhere.error());
    parsed = std::move(*elsewhere);
  }
  if (!parsed.request) co_return error_line(parsed.id, parsed.request.error());
  const std::string method = parsed.request->method;
  auto result = co_await state->handler(method, std::move(parsed.request->params), who, deadline);
  const std::optional<std::string> error = result ? std::nullopt : std::optional(result.error().describe());
  state->parts.log->event(kCalled, who, method, error, state->parts.clock->steady() - began);
  co_return result ? result_line(parsed.id, *result) : error_line(parsed.id, result.error());
}

}  // namespace chappe::agents::control
