#include "agents/mta/relay.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "net/stream.h"
#include "proto/smtp/client.h"

namespace chappe::agents {

using net::Deadline;
using net::Task;
using proto::smtp::ClientEvent;
using proto::smtp::ClientMachine;

namespace {

const Event kHandedOver("relay.delivered", Level::info, {"letter", "recipient", "host", "tls", "answer"},
                        "The next host took the letter for this recipient; answer is what it said.");
const Event kDeferred("relay.deferred", Level::warning, {"letter", "recipient", "host", "error", "next"},
                      "The next host did not take the letter now. It is tried again at the time given.");
const Event kHeld("relay.held", Level::error, {"letter", "recipient", "host", "error"},
                  "The next host refused the letter for good, or it has waited too long. It is held in the queue: look "
                  "at it with `chappe queue show`, then retry or drop it.");

constexpr std::size_t kClaim = 100;
constexpr Duration kLease = std::chrono::minutes(30);
constexpr Duration kIdle = std::chrono::minutes(5);
constexpr Duration kStore = std::chrono::minutes(1);
constexpr Duration kPause = std::chrono::seconds(5);
constexpr std::uint64_t kPiece = 256 * 1024;

}  // namespace

Duration retry_after(std::uint32_t attempts) {
  using std::chrono::minutes;
  static constexpr std::array<minutes, 5> kSteps = {minutes(1), minutes(5), minutes(15), minutes(30), minutes(60)};
  return kSteps[std::min<std::size_t>(attempts ? attempts - 1 : 0, kSteps.size() - 1)];
}

struct RelayState {
  net::Shards& shards;
  post::Queue& queue;
  post::Mailboxes& mailboxes;
  Log& log;
  Clock& clock;
  RelayOptions options;
  std::shared_ptr<const crypto::TlsClient> tls;
  net::Cancel cancel;

  Deadline within(Duration span) { return Deadline::in(span, &cancel); }
};

namespace {

// One connection to the next host, and the machine that speaks on it.
class Connection {
 public:
  Connection(net::Stream stream, proto::smtp::ClientOptions options)
      : stream_(std::move(stream)), machine_(std::move(options)) {}

  ClientMachine& machine() { return machine_; }
  const std::string& tls() const { return tls_; }

  // Runs the operation under way to its next question or end. Errors: those of the connection.
  Task<Result<ClientEvent>> advance(std::shared_ptr<const crypto::TlsClient> tls, Deadline deadline) {
    for (;;) {
      const ClientEvent event = machine_.next();
      if (auto out = machine_.take_output(); !out.empty()) CO_TRY(co_await stream_.write(std::move(out), deadline));
      if (event == ClientEvent::need_tls) {
        const auto facts = CO_TRY(co_await stream_.connect_tls(tls, "", deadline));
        tls_ = facts.version;
        machine_.tls_started();
      } else if (event == ClientEvent::need_input) {
        const Chunk chunk = CO_TRY(co_await stream_.read(deadline));
        if (chunk.empty()) {
          machine_.feed_end();
        } else {
          machine_.feed(chunk.view());
        }
      } else {
        co_return event;
      }
    }
  }
  Task<Result<void>> flush(Deadline deadline) {
    if (auto out = machine_.take_output(); !out.empty()) co_return co_await stream_.write(std::move(out), deadline);
    co_return Result<void>();
  }
  Task<void> close(Deadline deadline) { co_await stream_.shutdown(deadline); }

 private:
  net::Stream stream_;
  ClientMachine machine_;
  std::string tls_ = "none";
};

using Entries = std::vector<post::QueueEntry>;

class Run {
 public:
  explicit Run(RelayState& state) : state_(state) {}

  Task<void> loop();

 private:
  Task<Result<void>> connect();
  Task<void> drop_connection();
  Task<Result<void>> send(const Entries* letter);
  Task<Result<void>> settle(const Entries* letter);
  // Writes down that none of them got through, for a reason that is not about the letter.
  Task<void> defer_all(const Entries* letter, std::string why);
  Task<void> give_back(const post::QueueEntry* entry, std::string why, bool for_good);

  RelayState& state_;
  std::optional<Connection> connection_;
};

Task<void> Run::loop() {
  net::Event wake;
  const auto watch = state_.queue.watch(*net::Shard::current(), [&wake] { wake.set(); });
  while (!state_.cancel.cancelled()) {
    wake.reset();
    auto due = co_await state_.queue.claim(kClaim, kLease, state_.within(kStore));
    if (!due) {
      (void)co_await net::sleep(state_.within(kPause));
      continue;
    }
    if (due->empty()) {
      co_await drop_connection();
      const auto next = co_await state_.queue.next_due(state_.within(kStore));
      Duration patience = kIdle;
      if (next && *next) patience = std::clamp(**next - state_.clock.now(), Duration(1000), Duration(kIdle));
      (void)co_await wake.wait(state_.within(patience));
      continue;
    }
    // The recipients of one letter come together; they are one transaction.
    for (std::size_t i = 0; i < due->size();) {
      std::size_t end = i + 1;
      while (end < due->size() && (*due)[end].key.letter == (*due)[i].key.letter) ++end;
      const Entries letter(due->begin() + static_cast<std::ptrdiff_t>(i),
                           due->begin() + static_cast<std::ptrdiff_t>(end));
      auto sent = co_await connect();
      if (sent) sent = co_await send(&letter);
      if (!sent) {
        connection_.reset();
        co_await defer_all(&letter, sent.error().text());
      }
      i = end;
    }
  }
  co_await drop_connection();
}

Task<void> relay_until_cancelled(std::shared_ptr<RelayState> state) {
  const net::Shard::Member member(*net::Shard::current(), state->cancel);
  Run run(*state);
  co_await run.loop();
}

Task<Result<void>> Run::connect() {
  if (connection_) co_return Result<void>();
  net::Stream stream = CO_TRY(co_await net::Stream::connect(state_.options.to, state_.within(state_.options.connect)));
  proto::smtp::ClientOptions options;
  options.name = state_.options.hostname;
  connection_.emplace(std::move(stream), std::move(options));
  const auto answer = [this] { return state_.within(state_.options.answer); };
  ClientMachine& machine = connection_->machine();
  ClientEvent event = CO_TRY(co_await connection_->advance(state_.tls, answer()));
  if (event != ClientEvent::done || !machine.ok())
    co_return fail(Errc::unavailable, "{}", printable(machine.answer().words));
  if (!machine.extensions().starttls) co_return Result<void>();
  CO_TRY(machine.starttls());
  event = CO_TRY(co_await connection_->advance(state_.tls, answer()));
  if (event != ClientEvent::done || !machine.ok())
    co_return fail(Errc::unavailable, "STARTTLS: {}", printable(machine.answer().words));
  co_return Result<void>();
}

Task<void> Run::drop_connection() {
  if (!connection_) co_return;
  const auto deadline = Deadline::in(std::chrono::seconds(2));
  connection_->machine().quit();
  (void)co_await connection_->advance(state_.tls, deadline);
  co_await connection_->close(deadline);
  connection_.reset();
}

Task<Result<void>> Run::send(const Entries* letter) {
  const post::QueueEntry& first = letter->front();
  ClientMachine& machine = connection_->machine();
  proto::smtp::Envelope envelope;
  envelope.from = first.sender;
  for (const auto& entry : *letter) envelope.recipients.push_back({entry.recipient, std::nullopt, std::nullopt});
  envelope.size = first.body.size - first.front_size;
  envelope.smtputf8 = first.smtputf8;
  if (first.eight_bit) envelope.body = proto::smtp::Body::eight_bit;
  if (auto begun = machine.send(std::move(envelope)); !begun) {
    for (const auto& entry : *letter) co_await give_back(&entry, begun.error().text(), !begun.error().temporary());
    co_return Result<void>();
  }
  for (std::uint64_t at = first.front_size;;) {
    const auto deadline = state_.within(state_.options.answer);
    const ClientEvent event = CO_TRY(co_await connection_->advance(state_.tls, deadline));
    if (event == ClientEvent::need_letter) {
      if (at >= first.body.size) {
        machine.letter_end();
        continue;
      }
      const ChunkList piece = CO_TRY(co_await state_.mailboxes.read(first.body, at, kPiece, deadline));
      for (const Chunk& chunk : piece.chunks()) machine.letter(chunk);
      at += piece.size();
      CO_TRY(co_await connection_->flush(deadline));
    } else if (event == ClientEvent::done) {
      break;
    } else {
      co_return fail(Errc::closed, "{}", printable(machine.answer().words));
    }
  }
  co_return co_await settle(letter);
}

Task<Result<void>> Run::settle(const Entries* letter) {
  const auto results = connection_->machine().results();
  for (std::size_t i = 0; i < letter->size(); ++i) {
    const post::QueueEntry& entry = (*letter)[i];
    const std::string words = printable(results[i].words, 500);
    if (results[i].reply.positive()) {
      state_.log.event(kHandedOver, entry.key.letter.text(), entry.recipient, state_.options.to.describe(),
                       connection_->tls(), words);
      // Settled whatever happens to the process's wish to end: the letter has been taken by the next host.
      CO_TRY(co_await state_.queue.done(entry.key, Deadline::in(kStore)));
    } else {
      co_await give_back(&entry, words, results[i].reply.permanent());
    }
  }
  co_return Result<void>();
}

Task<void> Run::give_back(const post::QueueEntry* entry, std::string why, bool for_good) {
  const Time now = state_.clock.now();
  const std::string host = state_.options.to.describe();
  const Time next = now + retry_after(entry->attempts);
  (void)co_await state_.queue.defer(entry->key, next, why, false, Deadline::in(kStore));
  if (for_good || now >= entry->expires) {
    (void)co_await state_.queue.hold(entry->key, Deadline::in(kStore));
    state_.log.event(kHeld, entry->key.letter.text(), entry->recipient, host, why);
  } else {
    state_.log.event(kDeferred, entry->key.letter.text(), entry->recipient, host, why, next);
  }
}

Task<void> Run::defer_all(const Entries* letter, std::string why) {
  for (const auto& entry : *letter) co_await give_back(&entry, why, false);
}

}  // namespace

Relay::Relay(net::Shards& shards, post::Queue& queue, post::Mailboxes& mailboxes, Log& log, Clock& clock,
             RelayOptions options)
    : state_(new RelayState{shards, queue, mailboxes, log, clock, std::move(options), {}, {}}) {}

Relay::~Relay() = default;

void Relay::start() {
  net::Shard& shard = state_->shards.at(0);
  // The system's library has been initialised by the doors; a context cannot fail for any other reason.
  if (auto tls = crypto::TlsClient::opportunistic()) state_->tls = *tls;
  shard.post([state = state_, &shard] { shard.tasks().spawn(relay_until_cancelled(state)); });
}

void Relay::stop() {
  state_->shards.at(0).post([state = state_] { state->cancel.cancel(); });
}

}  // namespace chappe::agents
