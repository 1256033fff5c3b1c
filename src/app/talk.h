// One conversation of a mail program with a server, as a person could have it: lines are said, lines are heard, and
// whoever wants to may listen. For the walk and the demo, which show what really goes over the wire.
//
// Belongs to the main thread, which blocks; the connection lives on a shard. Every wait has an end. What the other side
// may say is bounded: a line, and what is asked for by number.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/stream.h"

namespace chappe::app {

class Talk {
 public:
  static constexpr Duration kPatience = std::chrono::seconds(20);
  static constexpr std::size_t kMaxLine = 1024 * 1024;

  // Told of every line: ours, or the server's. A line that holds a secret is told as asterisks.
  using Listener = std::function<void(bool ours, std::string_view line)>;

  // `shard` must outlive it. `from`: an address of this machine to come from. Errc::unavailable, timeout.
  static Result<Talk> connect(net::Shard& shard, net::Endpoint at, Listener listener = {},
                              std::optional<net::Endpoint> from = {});
  ~Talk();
  Talk(Talk&& other) noexcept;
  Talk& operator=(Talk&& other) noexcept;

  // `name`: whom we mean to reach.
  Result<net::TlsFacts> start_tls(std::shared_ptr<const crypto::TlsClient> trust, std::string name);

  // A line, without its end. `shown` instead of it, where it holds a secret.
  Result<void> say(std::string_view line, std::string_view shown = {});
  // Octets as they are; nobody is told.
  Result<void> send(Bytes octets);
  // The next line, without its end. Errc::closed, timeout, too_large.
  Result<std::string> hear(Duration patience = kPatience);
  // So many octets; nobody is told.
  Result<Bytes> hear_octets(std::size_t n);

  // Nobody is told, until this is taken back.
  void hush(bool on) { hushed_ = on; }

  // Says goodbye to the connection.
  void close();

 private:
  struct State {
    net::Stream stream;
  };
  Talk(net::Shard& shard, std::unique_ptr<State> state, Listener listener)
      : shard_(&shard), state_(std::move(state)), listener_(std::move(listener)) {}
  Result<void> more(Duration patience);
  static net::Task<Result<std::unique_ptr<State>>> open(net::Endpoint at, std::optional<net::Endpoint> from);
  static net::Task<Result<net::TlsFacts>> encrypt(State* state, std::shared_ptr<const crypto::TlsClient> trust,
                                                  std::string name);
  static net::Task<Result<void>> write(State* state, Bytes octets);
  static net::Task<Result<Chunk>> read(State* state, Duration patience);
  static net::Task<void> part(std::unique_ptr<State> state, bool politely);

  net::Shard* shard_;
  std::unique_ptr<State> state_;  // on the shard
  void tell(bool ours, std::string_view line) const {
    if (listener_ && !hushed_) listener_(ours, line);
  }

  Listener listener_;
  bool hushed_ = false;
  std::string heard_;  // from `at_` on not yet given out
  std::size_t at_ = 0;
};

// A line as a terminal may show it: text in any language, but no controls, and not too much of it.
std::string shown_line(std::string_view line);

}  // namespace chappe::app
