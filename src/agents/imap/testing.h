// For tests: a post office in memory with an IMAP door on a port of 127.0.0.1, and clients that talk to it over TLS.
// alice@example.test and bob@example.test have the password "correct horse".
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "agents/imap/imap.h"
#include "crypto/certificate.h"
#include "net/acceptor.h"
#include "net/offload_pool.h"
#include "post/search/indexer.h"
#include "post/search/search.h"
#include "store/memory.h"

namespace chappe::agents::imap::testing {

inline constexpr Duration kSoon = std::chrono::seconds(30);

class NoLog final : public LogSink {
 public:
  void write(std::string_view) override {}
};

// Threads for work on large letters, and how often they were asked.
class CountingOffload final : public net::Offload {
 public:
  bool try_submit(net::Work work) override {
    ++submitted;
    return pool_.try_submit(std::move(work));
  }
  std::atomic<int> submitted = 0;

 private:
  net::OffloadPool pool_{1};
};

class World {
 public:
  explicit World(Budget::Limits limits = Budget::standard_limits(),
                 std::unique_ptr<store::Store> on = store::make_memory())
      : budget(limits), store(std::move(on)) {
    const std::string base =
        (std::filesystem::temp_directory_path() / fmt::format("chappe-imap-{}-{}", getpid(), static_cast<void*>(this)))
            .string();
    files_ = {base + ".crt", base + ".key"};
    const auto made = crypto::make_self_signed(
        {.names = {"localhost"}, .not_before = system_clock().now() + (-std::chrono::hours(24))});
    std::ofstream(files_.certificate) << made->certificate_pem;
    std::ofstream(files_.key) << made->key_pem.reveal();
    client_tls = *crypto::TlsClient::trusting(files_.certificate);
    auto opened = net::run_on(shards.at(0), open_directory(this));
    if (!opened) std::abort();
    directory = std::move(*opened);
    if (!net::run_on(shards.at(0), populate(this))) std::abort();
    site.reset(new Site{.hostname = "mail.example.test",
                        .limits = {},
                        .clock = system_clock(),
                        .random = system_random(),
                        .log = log,
                        .budget = budget,
                        .shards = shards,
                        .offload = letters,
                        .directory = *directory,
                        .rcpts = *directory,
                        .senders = *directory,
                        .logins = {},
                        .mailboxes = mailboxes,
                        .deliver = deliver,
                        .letter_ids = ids,
                        .trail = trail,
                        .throttle = throttle,
                        .networks = {},
                        .handshakes = {shards.size(), Handshakes(0)},
                        .tls = *crypto::TlsServer::load({files_}, tickets_),
                        .search = &search});
    tls_at = open_door(&tls_door_);
    plain_at = open_door(&plain_door_);
  }
  ~World() {
    for (auto& a : acceptors_) a->stop();
    shards.stop();
    commit.stop();
    std::filesystem::remove(files_.certificate);
    std::filesystem::remove(files_.key);
  }

  // Brings the search index of alice and bob up to date.
  void index() {
    for (const std::uint32_t account : {1u, 2u}) {
      const auto done = net::run_on(shards.at(0), indexer.catch_up({account}));
      EXPECT_TRUE(done) << done.error().describe();
    }
  }

  Log log{std::make_unique<NoLog>(), {}};
  Metrics metrics;
  Budget budget;
  std::unique_ptr<store::Store> store;
  net::InlineOffload offload;
  net::Shards shards{2};
  CountingOffload letters;
  store::Commit commit{*store};
  post::LetterIds ids{system_clock(), system_random()};
  post::Mailboxes mailboxes{*store, commit, ids, system_clock()};
  post::Queue queue{*store, commit, system_clock()};
  post::Deliver deliver{*store, commit, mailboxes, queue, system_clock()};
  post::Trail trail{*store, commit, system_clock()};
  std::unique_ptr<post::Directory> directory;
  Throttle throttle{system_clock(), false};
  post::search::Search search{*store, letters};
  // Runs only in index().
  post::search::Indexer indexer{{.store = store.get(), .commit = &commit, .offload = &offload}};
  std::unique_ptr<Site> site;
  std::shared_ptr<const crypto::TlsClient> client_tls;
  net::Endpoint tls_at, plain_at;

 private:
  static net::Task<Result<std::unique_ptr<post::Directory>>> open_directory(World* w) {
    post::DirectoryOptions options;
    options.argon2 = {.memory_kib = 64, .passes = 1, .lanes = 1};  // quick, not safe
    co_return co_await post::Directory::open(
        {w->store.get(), &w->commit, &w->offload, &system_clock(), &system_random()}, options,
        net::Deadline::in(kSoon));
  }
  static net::Task<Result<void>> populate(World* w) {
    CO_TRY(co_await w->directory->add_domain("test", "example.test", {}, net::Deadline::in(kSoon)));
    for (const char* name : {"alice@example.test", "bob@example.test"})
      CO_TRY(co_await w->directory->add_account("test", name, crypto::Secret("correct horse"), {},
                                                net::Deadline::in(kSoon)));
    co_return Result<void>();
  }
  net::Endpoint open_door(const Door* door) {
    auto socket = net::ListenSocket::bind(*net::Endpoint::parse("127.0.0.1", 0));
    const net::Endpoint at = socket->at();
    Site* to = site.get();
    acceptors_.push_back(
        std::make_unique<net::Acceptor>(shards, std::move(*socket), connections_, "* BYE full\r\n",
                                        [to, door](net::Stream s) { return serve_imap(to, door, std::move(s)); }));
    acceptors_.back()->start();
    return at;
  }

  Door tls_door_{metrics, "imaps", true}, plain_door_{metrics, "imap", false};
  crypto::TicketKeys tickets_;
  crypto::CertificateFiles files_;
  net::ConnectionCount connections_{net::ConnectionLimits{}};
  std::vector<std::unique_ptr<net::Acceptor>> acceptors_;
};

// A client on the test's thread: every call blocks until its answer is there.
class Client {
 public:
  explicit Client(World& world, bool tls = true) : world_(world) {
    net::run_on(shard(), open(this, tls));
    EXPECT_TRUE(stream_) << "cannot connect";
    greeting = line();
  }
  ~Client() {
    // The stream belongs to its shard.
    if (stream_) net::run_on(shard(), close(this));
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void send(std::string octets) { EXPECT_TRUE(net::run_on(shard(), write(this, std::move(octets)))); }
  // The next line without its CRLF; "<end>" when the server has closed.
  std::string line() {
    while (got_.find("\r\n") == std::string::npos)
      if (!more()) return "<end>";
    const std::size_t at = got_.find("\r\n");
    std::string out = got_.substr(0, at);
    got_.erase(0, at + 2);
    return out;
  }
  // Sends a command with a tag of its own; all lines of the answer, the last one without its tag.
  std::string command(const std::string& text) {
    const std::string tag = fmt::format("t{}", ++tags_);
    send(tag + " " + text + "\r\n");
    return answer(tag);
  }
  // All that comes up to the tagged line; literals stand in it as they are.
  std::string answer(const std::string& tag) {
    std::string out;
    for (;;) {
      std::string l = line();
      if (l == "<end>") return out + l;
      if (l.starts_with(tag + " ")) return out + l.substr(tag.size() + 1);
      out += l + "\n";
      if (!l.ends_with('}')) continue;
      const std::size_t open = l.rfind('{');
      const std::size_t size = std::strtoull(l.c_str() + open + 1, nullptr, 10);
      while (got_.size() < size)
        if (!more()) return out + "<end>";
      out += got_.substr(0, size);
      got_.erase(0, size);
    }
  }
  // Sends a command and throws its answer away; how many octets it had.
  std::size_t discard(const std::string& text) {
    const std::string tag = fmt::format("t{}", ++tags_);
    send(tag + " " + text + "\r\n");
    return net::run_on(shard(), swallow(this, "\r\n" + tag + " "));
  }
  void log_in(const std::string& user = "alice@example.test") {
    const std::string got = command("LOGIN " + user + " \"correct horse\"");
    EXPECT_TRUE(got.starts_with("OK [CAPABILITY ")) << got;
  }
  // Appends a letter (LF becomes CRLF); the answer.
  std::string append(const std::string& mailbox, const std::string& letter, const std::string& options = "") {
    std::string octets;
    for (const char c : letter) octets += c == '\n' ? "\r\n" : std::string(1, c);
    return command(fmt::format("APPEND {} {}{{{}+}}\r\n{}", mailbox, options, octets.size(), octets));
  }
  bool start_tls() { return net::run_on(shard(), handshake(this)); }

  std::string greeting;

 private:
  net::Shard& shard() { return world_.shards.at(0); }
  bool more() {
    const Result<Chunk> chunk = net::run_on(shard(), read(this));
    if (!chunk || chunk->empty()) return false;
    got_ += chunk->view();
    return true;
  }
  static net::Task<void> open(Client* c, bool tls) {
    auto s = co_await net::Stream::connect(tls ? c->world_.tls_at : c->world_.plain_at, net::Deadline::in(kSoon));
    if (!s) co_return;
    c->stream_.emplace(std::move(*s));
    if (tls) (void)co_await c->stream_->connect_tls(c->world_.client_tls, "localhost", net::Deadline::in(kSoon));
  }
  static net::Task<bool> handshake(Client* c) {
    const auto facts = co_await c->stream_->connect_tls(c->world_.client_tls, "localhost", net::Deadline::in(kSoon));
    co_return facts.has_value();
  }
  static net::Task<Result<void>> write(Client* c, std::string octets) {
    co_return co_await c->stream_->write(Bytes(std::move(octets)), net::Deadline::in(kSoon));
  }
  static net::Task<Result<Chunk>> read(Client* c) { co_return co_await c->stream_->read(net::Deadline::in(kSoon)); }
  static net::Task<std::size_t> swallow(Client* c, std::string end) {
    std::size_t octets = 0;
    std::string tail;
    for (;;) {
      const Result<Chunk> chunk = co_await c->stream_->read(net::Deadline::in(kSoon));
      if (!chunk || chunk->empty()) co_return 0;
      octets += chunk->size();
      tail = tail.substr(tail.size() - std::min<std::size_t>(tail.size(), 200)).append(chunk->view());
      const std::size_t at = tail.rfind(end);
      if (at != std::string::npos && tail.ends_with("\r\n") && tail.size() > at + end.size()) co_return octets;
    }
  }
  static net::Task<void> close(Client* c) {
    c->stream_.reset();
    co_return;
  }

  World& world_;
  std::optional<net::Stream> stream_;
  std::string got_;
  int tags_ = 0;
};

}  // namespace chappe::agents::imap::testing
