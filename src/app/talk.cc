#include "app/talk.h"

#include "base/text.h"
#include "codec/utf8.h"
#include "net/connect.h"

namespace chappe::app {

using net::Deadline;
using net::Task;

namespace {

constexpr std::size_t kShown = 110;  // octets of a line
constexpr std::string_view kEnd = "\r\n";

}  // namespace

Result<Talk> Talk::connect(net::Shard& shard, net::Endpoint at, Listener listener, std::optional<net::Endpoint> from) {
  return Talk(shard, TRY(net::run_on(shard, open(at, from))), std::move(listener));
}

Talk::Talk(Talk&& other) noexcept = default;
Talk& Talk::operator=(Talk&& other) noexcept {
  std::swap(shard_, other.shard_);
  std::swap(state_, other.state_);
  std::swap(listener_, other.listener_);
  std::swap(hushed_, other.hushed_);
  std::swap(heard_, other.heard_);
  std::swap(at_, other.at_);
  return *this;
}
Talk::~Talk() {
  if (state_) net::run_on(*shard_, part(std::move(state_), false));
}

void Talk::close() {
  if (state_) net::run_on(*shard_, part(std::move(state_), true));
}

Result<net::TlsFacts> Talk::start_tls(std::shared_ptr<const crypto::TlsClient> trust, std::string name) {
  return net::run_on(*shard_, encrypt(state_.get(), std::move(trust), std::move(name)));
}

Result<void> Talk::say(std::string_view line, std::string_view shown) {
  tell(true, shown.empty() ? line : shown);
  return send(Bytes(line) + Bytes(kEnd));
}

Result<void> Talk::send(Bytes octets) { return net::run_on(*shard_, write(state_.get(), std::move(octets))); }

Result<std::string> Talk::hear(Duration patience) {
  std::size_t from = at_;
  for (;;) {
    const auto end = heard_.find(kEnd, from);
    if (end != std::string::npos) {
      std::string line = heard_.substr(at_, end - at_);
      at_ = end + kEnd.size();
      tell(false, line);
      return line;
    }
    if (heard_.size() - at_ > kMaxLine) return fail(Errc::too_large, "the server's line has no end");
    const std::size_t unseen = heard_.size() - at_;
    TRY(more(patience));
    from = at_ + (unseen > 0 ? unseen - 1 : 0);
  }
}

Result<Bytes> Talk::hear_octets(std::size_t n) {
  while (heard_.size() - at_ < n) TRY(more(kPatience));
  Bytes out = heard_.substr(at_, n);
  at_ += n;
  return out;
}

Result<void> Talk::more(Duration patience) {
  heard_.erase(0, std::exchange(at_, 0));
  const Chunk chunk = TRY(net::run_on(*shard_, read(state_.get(), patience)));
  if (chunk.empty()) return fail(Errc::closed, "the server closed the connection");
  heard_ += chunk.view();
  return {};
}

Task<Result<std::unique_ptr<Talk::State>>> Talk::open(net::Endpoint at, std::optional<net::Endpoint> from) {
  auto stream = CO_TRY(co_await net::connect_from(from, at, Deadline::in(kPatience)));
  co_return std::make_unique<State>(std::move(stream));
}

Task<Result<net::TlsFacts>> Talk::encrypt(State* state, std::shared_ptr<const crypto::TlsClient> trust,
                                          std::string name) {
  co_return co_await state->stream.connect_tls(std::move(trust), std::move(name), Deadline::in(kPatience));
}

Task<Result<void>> Talk::write(State* state, Bytes octets) {
  co_return co_await state->stream.write(std::move(octets), Deadline::in(kPatience));
}

Task<Result<Chunk>> Talk::read(State* state, Duration patience) {
  co_return co_await state->stream.read(Deadline::in(patience));
}

Task<void> Talk::part(std::unique_ptr<State> state, bool politely) {
  if (politely) co_await state->stream.shutdown(Deadline::in(kPatience));
  state.reset();  // on this shard, where its descriptor is watched
}

std::string shown_line(std::string_view line) {
  std::string out(codec::utf8_repair(line.substr(0, kShown)));
  for (char& c : out)
    if (is_ctl(c)) c = ' ';
  return line.size() > kShown ? out + "…" : out;
}

}  // namespace chappe::app
