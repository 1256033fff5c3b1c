#include "app/admin_office.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "agents/control/control.h"
#include "app/backup_files.h"
#include "app/config.h"
#include "app/serve_user.h"
#include "base/text.h"
#include "crypto/secret.h"
#include "post/policy/rules.h"
#include "store/rocks.h"

namespace chappe::app {

namespace control = agents::control;

namespace {

constexpr Duration kOfflineWait = std::chrono::minutes(10);
constexpr std::size_t kOfflineMemory = 16 * 1024 * 1024;
constexpr std::string_view kAnswered = "{\"id\":1,\"result\":";

// The server's, over its socket.
class RemoteOffice final : public AdminOffice {
 public:
  explicit RemoteOffice(int fd) : fd_(fd) {}
  ~RemoteOffice() override { ::close(fd_); }
  bool served() const override { return true; }

  Result<std::string> call(std::string method, std::string params) override {
    const Steady until = system_clock().steady() + kAnswerWait;
    std::string line;
    line.reserve(method.size() + params.size() + 64);
    line.append("{\"id\":1,\"method\":\"").append(method).append("\",\"params\":").append(params).append("}\n");
    crypto::wipe(params.data(), params.size());
    if (line.size() > control::kMaxLine) return fail(Errc::too_large, "more than the server takes at a time");
    auto sent = send(line, until);
    crypto::wipe(line.data(), line.size());
    TRY(std::move(sent));
    return read_answer(TRY(receive(until)));
  }

 private:
  Result<void> wait(short what, Steady until) {
    for (;;) {
      const Duration left = until - system_clock().steady();
      if (left <= Duration::zero()) return fail(Errc::timeout, "the server does not answer");
      pollfd one{fd_, what, 0};
      const int n = poll(&one, 1, static_cast<int>(left.count() / 1000 + 1));
      if (n > 0) return {};
      if (n < 0 && errno != EINTR) return fail(Errc::io, "waiting for the server: {}", std::strerror(errno));
    }
  }
  Result<void> send(ByteView bytes, Steady until) {
    while (!bytes.empty()) {
      TRY(wait(POLLOUT, until));
      const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n < 0 && (errno == EAGAIN || errno == EINTR)) continue;
      if (n < 0) break;  // why, its last words tell
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return {};
  }
  Result<Bytes> receive(Steady until) {
    char piece[64 * 1024];
    for (;;) {
      if (auto line = TRY(lines_.next())) return std::move(*line);
      TRY(wait(POLLIN, until));
      const ssize_t n = ::recv(fd_, piece, sizeof piece, MSG_DONTWAIT);
      if (n < 0 && (errno == EAGAIN || errno == EINTR)) continue;
      if (n <= 0) return fail(Errc::closed, "the server has closed the connection without an answer");
      lines_.feed({piece, static_cast<std::size_t>(n)});
    }
  }

  int fd_;
  control::LineReader lines_{kMaxAnswer};
};

// The same methods, in this process.
class OwnOffice final : public AdminOffice {
 public:
  static Result<std::unique_ptr<AdminOffice>> open(const std::string& data_dir, std::string who, const Config& config) {
    std::unique_ptr<OwnOffice> own(new OwnOffice(std::move(who)));
    OwnOffice& o = *own;
    store::RocksOptions rocks;
    rocks.path = data_dir + "/store";
    rocks.reserve = config.limits.free_space.bytes;
    rocks.block_cache = kOfflineMemory;
    rocks.memtable = kOfflineMemory;
    auto opened = store::open_rocks(std::move(rocks));
    if (!opened && opened.error().code() == Errc::busy)
      return fail(
          Errc::busy,
          "another process owns the store in {}, but does not answer at {}: if it is just starting or stopping, "
          "try again in a moment",
          data_dir, control::socket_path(data_dir));
    o.store_ = TRY(std::move(opened));
    o.commit_ =
        std::make_unique<store::Commit>(*o.store_, store::Commit::Options{.mode = store::Commit::Mode::in_line});
    o.mailboxes_ =
        std::make_unique<post::Mailboxes>(*o.store_, *o.commit_, o.letter_ids_, system_clock(), config.history());
    o.care_ = std::make_unique<post::Care>(*o.store_, *o.commit_, *o.mailboxes_, system_clock());
    o.drafts_ = std::make_unique<post::Drafts>(*o.mailboxes_, system_clock());
    Config about = config;
    about.server.data_dir.value = data_dir;
    o.jobs_ = std::make_unique<post::Jobs>(*o.store_, *o.commit_, system_clock(),
                                           [about = std::move(about)] { return beside_store(about); });
    o.queue_ = std::make_unique<post::Queue>(*o.store_, *o.commit_, system_clock());
    o.trail_ = std::make_unique<post::Trail>(*o.store_, *o.commit_, system_clock());
    o.rules_ =
        std::make_unique<post::LocalRules>(post::LocalRules::Parts{o.store_.get(), o.commit_.get(), &system_clock()});
    o.directory_ = TRY(net::run(open_directory(&o)));
    o.keys_ =
        std::make_unique<post::Keys>(post::Keys::Parts{o.store_.get(), o.commit_.get(), &o.offload_, &system_clock()});
    o.reputation_ =
        std::make_unique<post::Reputation>(post::Reputation::Parts{o.store_.get(), o.commit_.get(), &system_clock()},
                                           post::ReputationOptions{.half_life = config.mx.reputation_half_life});
    o.search_ = std::make_unique<post::search::Search>(*o.store_, o.offload_);
    o.indexer_ = std::make_unique<post::search::Indexer>(
        post::search::Indexer::Parts{.store = o.store_.get(), .commit = o.commit_.get(), .offload = &o.offload_});
    o.office_ = {o.directory_.get(), o.mailboxes_.get(), o.queue_.get(), o.trail_.get(),
                 o.care_.get(),      o.drafts_.get(),    o.jobs_.get(),  {},
                 o.search_.get(),    o.indexer_.get(),   o.keys_.get(),  o.reputation_.get(),
                 o.rules_.get()};
    return own;
  }
  ~OwnOffice() override {
    jobs_.reset();
    if (commit_) commit_->stop();
  }
  bool served() const override { return false; }

  Result<std::string> call(std::string method, std::string params) override {
    auto value = TRY(codec::json::parse(params, {.bytes = control::kMaxLine, .depth = control::kMaxDepth}));
    crypto::wipe(params.data(), params.size());
    return net::run(run(&office_, std::move(method), std::move(value), who_));
  }

 private:
  explicit OwnOffice(std::string who) : who_(std::move(who)) {}
  static net::Task<Result<std::unique_ptr<post::Directory>>> open_directory(OwnOffice* o) {
    co_return co_await post::Directory::open({o->store_.get(), o->commit_.get(), &o->offload_, &system_clock(),
                                              &system_random(), [rules = o->rules_.get()] { rules->forget(); }},
                                             {}, net::Deadline::in(kOfflineWait));
  }
  static net::Task<Result<std::string>> run(const control::Office* office, std::string method, control::Value params,
                                            std::string who) {
    co_return co_await control::call(office, std::move(method), std::move(params), std::move(who),
                                     net::Deadline::in(kOfflineWait));
  }

  std::string who_;
  net::InlineOffload offload_;
  post::LetterIds letter_ids_{system_clock(), system_random()};
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<store::Commit> commit_;
  std::unique_ptr<post::Mailboxes> mailboxes_;
  std::unique_ptr<post::Care> care_;
  std::unique_ptr<post::Drafts> drafts_;
  std::unique_ptr<post::Jobs> jobs_;
  std::unique_ptr<post::Queue> queue_;
  std::unique_ptr<post::Trail> trail_;
  std::unique_ptr<post::LocalRules> rules_;
  std::unique_ptr<post::Directory> directory_;
  std::unique_ptr<post::Keys> keys_;
  std::unique_ptr<post::Reputation> reputation_;
  std::unique_ptr<post::search::Search> search_;
  std::unique_ptr<post::search::Indexer> indexer_;
  control::Office office_{};
};

// Root would leave files in the store that the server cannot read.
Result<void> become_owner(const std::string& data_dir) {
  struct stat there{};
  if (stat(data_dir.c_str(), &there) != 0)
    return fail(Errc::config, "there is no store: {}: {}", data_dir, std::strerror(errno));
  if (geteuid() != 0 || there.st_uid == 0) return {};
  return become(User{user_name(there.st_uid), there.st_uid, there.st_gid});
}

}  // namespace

Error error_of(const codec::json::Value& told) {
  const auto name = told.get_string("code").value_or("");
  const auto text = told.get_string("text").value_or("");
  for (int i = 0; i < kErrcCount; ++i)
    if (error_row(static_cast<Errc>(i)).name == name) return Error(static_cast<Errc>(i), std::string(text));
  return Error(Errc::bug, std::string(text));
}

Result<std::string> read_answer(std::string_view line) {
  if (line.starts_with(kAnswered) && line.ends_with('}'))
    return std::string(line.substr(kAnswered.size(), line.size() - kAnswered.size() - 1));
  const auto whole = codec::json::parse(line);
  const codec::json::Value* error = whole ? whole->find("error") : nullptr;
  if (!error) return fail(Errc::closed, "the server answers in a way that is not understood");
  return std::unexpected(error_of(*error));
}

Result<std::unique_ptr<AdminOffice>> AdminOffice::open(const std::string& data_dir, const Config& config) {
  auto connected = net::connect_unix(control::socket_path(data_dir));
  if (connected) return std::make_unique<RemoteOffice>(*connected);
  if (connected.error().code() == Errc::denied)
    return fail(Errc::denied, "{}: only root and the user of the server may do that", connected.error().text());
  std::string who = user_name(getuid());
  TRY(become_owner(data_dir));
  return OwnOffice::open(data_dir, std::move(who), config);
}

Result<std::unique_ptr<AdminOffice>> AdminOffice::open(const Invocation& invocation) {
  for (const char* option : {"data", "dir"})
    if (const auto data = invocation.value(option)) return open(*data, Config());
  const Config config = TRY(load_config(invocation.value("config").value_or(std::string(kStandardConfig))));
  // The folder of a server that has never run may have to be made.
  std::optional<User> owner;
  if (geteuid() == 0 && !config.server.user.empty()) owner = TRY(find_user(config.server.user));
  TRY(prepare_data_dir(config.server.data_dir.value, owner));
  return open(config.server.data_dir.value, config);
}

}  // namespace chappe::app
