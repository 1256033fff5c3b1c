// For tests: servers on loopback addresses that take letters, or misbehave as they are told, and a transfer agent with
// a post office in memory that finds them by a zone text.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "agents/mta/mta.h"
#include "dns/zone_resolver.h"
#include "net/acceptor.h"
#include "proto/smtp/server.h"
#include "store/memory.h"

namespace chappe::agents::mta::testing {

using namespace std::chrono_literals;
using proto::smtp::Reply;

inline net::Deadline soon() { return {.when = system_clock().steady() + 60s}; }

struct Received {
  proto::smtp::Mail mail;
  std::vector<proto::smtp::Rcpt> rcpts;
  std::string sender;
  std::vector<std::string> recipients;
  Bytes octets;
};

// One server. What it does is set before letters come.
class FakeServer {
 public:
  // At `ip`, on `port`; 0 takes a free one.
  FakeServer(net::Shards& shards, const char* ip, std::uint16_t port = 0) {
    auto socket = net::ListenSocket::bind(*net::Endpoint::parse(ip, port));
    at_ = socket->at();
    acceptor_ = std::make_unique<net::Acceptor>(shards, std::move(*socket), count_, "421 full\r\n",
                                                [this](net::Stream s) { return serve(this, std::move(s)); });
    acceptor_->start();
  }
  void stop() {
    if (acceptor_) acceptor_->stop();
  }
  // Gives its port free.
  void close() {
    acceptor_->stop();
    acceptor_.reset();
    hang_up();
  }
  // Closes every connection that is open.
  void hang_up() {
    const std::lock_guard lock(mutex_);
    for (auto& [shard, cancel] : open_) shard->post([session = cancel] { session->cancel(); });
  }

  std::function<Reply(const std::string&)> on_rcpt = [](const std::string&) { return Reply(250, "2.1.5", "ok"); };
  bool lmtp = false;
  std::function<Reply(const std::string&)> on_each;  // of LMTP: what a recipient is told after the letter
  std::function<Reply(const proto::smtp::Mail&)> on_mail = [](const auto&) { return Reply(250, "2.1.0", "ok"); };
  std::function<Reply()> on_letter = [] { return Reply(250, "2.0.0", "taken"); };
  Duration thinks{0};                  // before it answers to a letter
  bool mute = false;                   // accepts connections and says nothing
  std::size_t drops_after = SIZE_MAX;  // of LMTP: closes after so many answers to a letter
  bool drops_dot = false;              // closes after the letter, without an answer
  bool breaks_tls = false;             // offers STARTTLS and speaks no TLS
  std::function<void(proto::smtp::ServerOptions&)> offers = [](proto::smtp::ServerOptions&) {};

  std::uint16_t port() const { return at_.port(); }
  std::vector<Received> received() {
    const std::lock_guard lock(mutex_);
    return received_;
  }
  std::atomic<int> connections = 0;
  std::atomic<int> open = 0;  // of them now
  // How many there were each time one was added.
  std::vector<int> opens() {
    const std::lock_guard lock(mutex_);
    return opens_;
  }

 private:
  static net::Task<void> serve(FakeServer* self, net::Stream stream);
  net::Task<bool> handle(net::Stream* stream, proto::smtp::ServerMachine* machine, proto::smtp::Event* event,
                         Received* letter);

  net::ConnectionCount count_{net::ConnectionLimits{1000, 1000}};
  net::Endpoint at_;
  std::unique_ptr<net::Acceptor> acceptor_;
  std::mutex mutex_;
  std::vector<Received> received_;
  std::vector<std::pair<net::Shard*, std::shared_ptr<net::Cancel>>> open_;
  std::vector<int> opens_;
};

inline net::Task<void> FakeServer::serve(FakeServer* self, net::Stream stream) {
  using namespace proto::smtp;
  ++self->connections;
  const auto shared = std::make_shared<net::Cancel>();
  net::Cancel& cancel = *shared;
  {
    const std::lock_guard lock(self->mutex_);
    self->open_.emplace_back(net::Shard::current(), shared);
    self->opens_.push_back(++self->open);
  }
  const std::unique_ptr<std::atomic<int>, void (*)(std::atomic<int>*)> leave(&self->open,
                                                                             [](std::atomic<int>* n) { --*n; });
  const net::Shard::Member member(*net::Shard::current(), cancel);
  const auto within = [&cancel](Duration span) { return net::Deadline::in(span, &cancel); };
  if (self->mute) {
    (void)co_await stream.read(within(60s));
    co_return;
  }
  auto options = std::make_shared<ServerOptions>(default_options(self->lmtp ? Role::lmtp : Role::exchanger));
  if (self->lmtp) options->auth_mechanisms = {"PLAIN"};
  options->auth_without_tls = true;
  options->hostname = "fake.test";
  options->tls_available = self->breaks_tls;
  options->dsn = false;
  self->offers(*options);
  ServerMachine machine(options);
  machine.greet();
  Received letter;
  for (;;) {
    proto::smtp::Event event = machine.next();
    if (std::holds_alternative<NeedInput>(event) || std::holds_alternative<NeedFlush>(event)) {
      if (!co_await stream.write(machine.take_output(), within(10s))) co_return;
      if (std::holds_alternative<NeedFlush>(event)) continue;
      const auto chunk = co_await stream.read(within(60s));
      if (!chunk) co_return;
      chunk->empty() ? machine.feed_end() : machine.feed(*chunk);
    } else if (std::holds_alternative<NeedTls>(event)) {
      (void)co_await stream.write(machine.take_output(), within(10s));
      (void)co_await stream.read(within(10s));
      (void)co_await stream.write("no TLS here\r\n", within(10s));
      co_return;
    } else if (std::holds_alternative<Close>(event)) {
      (void)co_await stream.write(machine.take_output(), within(10s));
      co_return;
    } else if (!co_await self->handle(&stream, &machine, &event, &letter)) {
      co_return;
    }
  }
}

inline net::Task<bool> FakeServer::handle(net::Stream* stream, proto::smtp::ServerMachine* machine,
                                          proto::smtp::Event* event, Received* letter) {
  using namespace proto::smtp;
  const auto answer = [machine](const Reply& reply) {
    reply.positive() ? machine->accept(reply) : machine->reject(reply);
  };
  if (std::holds_alternative<Hello>(*event) || std::holds_alternative<StartTls>(*event) ||
      std::holds_alternative<DataBegin>(*event)) {
    machine->accept();
  } else if (auto* mail = std::get_if<Mail>(event)) {
    *letter = {.mail = *mail, .rcpts = {}, .sender = mail->path.address(), .recipients = {}, .octets = {}};
    answer(on_mail(*mail));
  } else if (auto* rcpt = std::get_if<Rcpt>(event)) {
    const Reply reply = on_rcpt(rcpt->path.address());
    if (reply.positive()) {
      letter->recipients.push_back(rcpt->path.address());
      letter->rcpts.push_back(*rcpt);
    }
    answer(reply);
  } else if (auto* data = std::get_if<Data>(event)) {
    letter->octets += data->bytes.view();
  } else if (std::holds_alternative<DataEnd>(*event)) {
    if (thinks.count() > 0) (void)co_await net::sleep(net::Deadline::in(thinks));
    if (drops_dot) co_return false;
    if (on_each) {
      std::vector<Reply> each;
      for (const auto& address : letter->recipients) each.push_back(on_each(address));
      if (drops_after < each.size()) {
        Bytes said;
        for (std::size_t i = 0; i < drops_after; ++i) proto::smtp::append_reply(said, each[i]);
        (void)co_await stream->write(std::move(said), net::Deadline::in(10s));
        co_return false;
      }
      machine->answer_each(each);
      const std::lock_guard lock(mutex_);
      received_.push_back(std::move(*letter));
      co_return true;
    }
    const Reply reply = on_letter();
    if (reply.positive()) {
      const std::lock_guard lock(mutex_);
      received_.push_back(std::move(*letter));
    }
    answer(reply);
  }
  co_return true;
}

// A server of few words, for what a well-behaved one never says: it greets, and answers each line by how it begins.
// What stands behind DATA is taken as a letter if the answer was 354.
class PlainServer {
 public:
  // `answers`: "MAIL" → "250 ok"; CRLF is added, and lines may be several. Nothing for a line: 250. "" closes.
  PlainServer(net::Shards& shards, const char* ip, std::uint16_t port, std::map<std::string, std::string> answers)
      : answers_(std::move(answers)) {
    auto socket = net::ListenSocket::bind(*net::Endpoint::parse(ip, port));
    at_ = socket->at();
    acceptor_ = std::make_unique<net::Acceptor>(shards, std::move(*socket), count_, "421 full\r\n",
                                                [this](net::Stream s) { return serve(this, std::move(s)); });
    acceptor_->start();
  }
  void stop() { acceptor_->stop(); }
  std::uint16_t port() const { return at_.port(); }
  std::atomic<int> connections = 0;
  // The lines that it was sent, each with what came in one piece with it: "MAIL…\nRCPT…" when they were pipelined.
  std::vector<std::string> said() {
    const std::lock_guard lock(mutex_);
    return said_;
  }
  std::vector<std::string> letters() {
    const std::lock_guard lock(mutex_);
    return letters_;
  }

 private:
  static net::Task<void> serve(PlainServer* self, net::Stream stream);
  std::string answer(const std::string& verb) const {
    const auto found = answers_.find(verb);
    return found == answers_.end() ? std::string("250 ok") : found->second;
  }

  std::map<std::string, std::string> answers_;
  net::ConnectionCount count_{net::ConnectionLimits{1000, 1000}};
  net::Endpoint at_;
  std::unique_ptr<net::Acceptor> acceptor_;
  std::mutex mutex_;
  std::vector<std::string> said_, letters_;
};

inline net::Task<void> PlainServer::serve(PlainServer* self, net::Stream stream) {
  ++self->connections;
  net::Cancel cancel;
  const net::Shard::Member member(*net::Shard::current(), cancel);
  const net::Deadline deadline = net::Deadline::in(60s, &cancel);
  const auto found = self->answers_.find("greeting");
  if (!co_await stream.write((found == self->answers_.end() ? "220 plain" : found->second) + "\r\n", deadline))
    co_return;
  std::string rest;
  bool in_letter = false;
  for (;;) {
    const auto chunk = co_await stream.read(deadline);
    if (!chunk || chunk->empty()) co_return;
    rest += chunk->view();
    if (!in_letter) {
      const std::lock_guard lock(self->mutex_);
      self->said_.emplace_back(chunk->view());
    }
    for (;;) {
      const std::size_t end = in_letter ? rest.find("\r\n.\r\n") : rest.find("\r\n");
      if (end == std::string::npos) break;
      const std::string line = rest.substr(0, end);
      rest.erase(0, end + (in_letter ? 5 : 2));
      const std::string verb = in_letter ? "." : line.substr(0, 4);
      const std::string answer = self->answer(verb);
      if (in_letter && answer.starts_with("2")) {
        const std::lock_guard lock(self->mutex_);
        self->letters_.push_back(line);
      }
      in_letter = verb == "DATA" && answer.starts_with("354");
      if (answer.empty() || !co_await stream.write(answer + "\r\n", deadline)) co_return;
    }
  }
}

class NoLog final : public LogSink {
 public:
  void write(std::string_view) override {}
};

// alice@example.test has account 1; everybody else is elsewhere.
class OneAccount final : public post::RcptSource {
 public:
  net::Task<Result<post::RcptAnswer>> resolve_rcpt(std::string address, net::Deadline) override {
    post::RcptAnswer out;
    out.kind = address == "alice@example.test"      ? post::RcptAnswer::Kind::account
               : address.ends_with("@example.test") ? post::RcptAnswer::Kind::unknown
                                                    : post::RcptAnswer::Kind::remote;
    out.account = kAlice;
    co_return out;
  }
  static constexpr post::AccountId kAlice{1};
};

class MtaTest : public ::testing::Test {
 protected:
  ~MtaTest() override {
    if (mta_) mta_->stop();
    for (auto& server : servers_) server->stop();
    for (auto& server : plain_) server->stop();
    shards_.stop();
    commit_.stop();
  }

  // All listen on one port, which is the one that the agent goes to.
  FakeServer& server(const char* ip) {
    servers_.push_back(std::make_unique<FakeServer>(shards_, ip, port_));
    port_ = servers_.back()->port();
    return *servers_.back();
  }
  std::uint16_t server_port() const { return port_; }
  PlainServer& plain(const char* ip, std::map<std::string, std::string> answers) {
    plain_.push_back(std::make_unique<PlainServer>(shards_, ip, port_, std::move(answers)));
    port_ = plain_.back()->port();
    return *plain_.back();
  }
  void start(const std::string& zone, MtaOptions options = {}) {
    auto made = dns::ZoneResolver::from_text("$TTL 60\n" + zone);
    ASSERT_TRUE(made) << made.error().text();
    if (mta_) {
      mta_->stop();
      std::this_thread::sleep_for(100ms);
      retired_.push_back(std::move(mta_));
    }
    retired_resolvers_.push_back(std::move(resolver_));
    resolver_ = std::move(*made);
    options.hostname = "mail.example.test";
    options.port = port_;
    options.self.loopback = loopback;
    options.times.connect = std::min<Duration>(options.times.connect, 2s);
    if (options.limits.idle == OutboundLimits().idle) options.limits.idle = 200ms;
    mta_ = std::move(*Mta::make({.shards = shards_,
                                 .resolver = *resolver_,
                                 .queue = queue_,
                                 .deliver = deliver_,
                                 .mailboxes = mailboxes_,
                                 .directory = directory_,
                                 .ids = ids_,
                                 .clock = system_clock(),
                                 .random = system_random(),
                                 .log = log_,
                                 .metrics = metrics_},
                                std::move(options)));
    mta_->start();
  }
  post::LetterId send(std::vector<std::string> to, std::string sender = "alice@example.test",
                      post::Letter letter = {}) {
    letter.id = ids_.next();
    letter.sender = std::move(sender);
    if (letter.arrived.us == 0) letter.arrived = system_clock().now();
    if (letter.octets.empty()) letter.octets = ChunkList("Subject: hello\r\n\r\nHello.\r\n");
    for (auto& address : to)
      letter.recipients.push_back({address, {post::Destination::Kind::remote, {}, ""}, notify, orcpt});
    return net::run_on(shards_.at(0), deliver_.take(std::move(letter), soon())).value();
  }
  // As an operator does it, for the first recipient.
  bool retry(post::LetterId letter) {
    return net::run_on(shards_.at(0), queue_.retry_now({letter, 0}, "root", soon())).has_value();
  }
  std::vector<post::QueueEntry> queued() {
    return net::run_on(shards_.at(0), queue_.list(std::nullopt, 1000, soon())).value();
  }
  void send_to_mda(std::vector<std::string> to) {
    post::Letter letter;
    letter.id = ids_.next();
    letter.sender = "alice@example.test";
    letter.arrived = system_clock().now();
    letter.octets = ChunkList("Subject: hello\r\n\r\nHello.\r\n");
    for (auto& address : to) letter.recipients.push_back({address, {post::Destination::Kind::mda, {}, ""}, 0, ""});
    ASSERT_TRUE(net::run_on(shards_.at(0), deliver_.take(std::move(letter), soon())));
  }
  void drop(post::QueueKey key) { ASSERT_TRUE(net::run_on(shards_.at(0), queue_.drop(key, "test", soon()))); }
  // Syncs so far.
  std::uint64_t groups() const { return commit_.counts().groups; }
  // The queue once nothing is on its way.
  std::vector<post::QueueEntry> settled() {
    for (int i = 0; i < 2000; ++i) {
      auto now = queued();
      if (std::ranges::none_of(
              now, [](const auto& e) { return e.state == post::QueueState::leased || e.attempts == 0 || e.asked; }))
        return now;
      std::this_thread::sleep_for(10ms);
    }
    ADD_FAILURE() << "letters are under way for ever";
    return {};
  }
  // Makes everything due that waits.
  void retry_all() {
    for (const auto& row : queued()) (void)net::run_on(shards_.at(0), queue_.retry_now(row.key, "a test", soon()));
  }
  // A domain whose letters the same shard carries as those of `other`.
  std::string neighbour_of(const std::string& other, const std::string& prefix) {
    for (int i = 0;; ++i) {
      std::string name = prefix + std::to_string(i) + ".net";
      if (&shards_.home(std::hash<std::string>()(name)) == &shards_.home(std::hash<std::string>()(other))) return name;
    }
  }
  // What alice was sent.
  std::vector<Bytes> inbox() {
    std::vector<Bytes> out;
    const auto box = net::run_on(shards_.at(0), mailboxes_.find(OneAccount::kAlice, "INBOX", soon()));
    if (!box) return out;
    const auto rows = net::run_on(
        shards_.at(0), mailboxes_.messages(OneAccount::kAlice, box->id, post::Uid{1}, post::Uid{1000}, 1000, soon()));
    for (const auto& row : *rows)
      out.push_back(net::run_on(shards_.at(0), mailboxes_.read(row.body, 0, 1 << 20, soon()))->flatten());
    return out;
  }

  bool loopback = true;     // Self::loopback
  std::uint8_t notify = 0;  // of the recipients of letters that are sent
  std::string orcpt;
  net::Shards shards_{2};

 private:
  Metrics metrics_;
  Log log_{std::make_unique<NoLog>(), {}};
  std::unique_ptr<store::Store> store_ = store::make_memory();
  store::Commit commit_{*store_};
  post::LetterIds ids_{system_clock(), system_random()};
  post::Mailboxes mailboxes_{*store_, commit_, ids_, system_clock()};
  post::Queue queue_{*store_, commit_, system_clock()};
  post::Deliver deliver_{*store_, commit_, mailboxes_, queue_, system_clock()};
  OneAccount directory_;
  std::unique_ptr<dns::ZoneResolver> resolver_;
  std::vector<std::unique_ptr<FakeServer>> servers_;
  std::vector<std::unique_ptr<PlainServer>> plain_;
  std::uint16_t port_ = 0;
  std::unique_ptr<Mta> mta_;
  // Of earlier calls of start(): what they have begun may not have ended yet.
  std::vector<std::unique_ptr<Mta>> retired_;
  std::vector<std::unique_ptr<dns::ZoneResolver>> retired_resolvers_;
};

}  // namespace chappe::agents::mta::testing
