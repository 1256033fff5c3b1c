#include "dns/live.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unbound.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "base/text.h"
#include "dns/message.h"

namespace chappe::dns {
namespace {

struct FreeContext {
  void operator()(ub_ctx* ctx) const { ub_ctx_delete(ctx); }
};
using Context = std::unique_ptr<ub_ctx, FreeContext>;

// The calls of libunbound take strings that they do not change.
class Setup {
 public:
  Setup(ub_ctx* ctx, const LiveOptions& options) : ctx_(ctx), options_(options) {}

  // ub_ctx_zone_add and _data_add make the context final: options, hints and anchors come first.
  Result<void> all() {
    TRY(limits());
    TRY(files());
    TRY(servers());
    return local();
  }

 private:
  Result<void> must(int code, std::string_view what) {
    if (code == 0) return {};
    return fail(Errc::config, "the resolver does not take {}: {}", what, ub_strerror(code));
  }
  Result<void> option(const std::string& name, const std::string& value) {
    return must(ub_ctx_set_option(ctx_, name.c_str(), value.c_str()), name + ' ' + value);
  }

  Result<void> limits() {
    TRY(must(ub_ctx_async(ctx_, 1), "threads"));
    TRY(option("rrset-cache-size:", std::to_string(options_.cache_octets)));
    TRY(option("msg-cache-size:", std::to_string(options_.cache_octets / 2)));
    // As a library it would make do with 16 questions and sockets. One of ours may lead to several.
    TRY(option("num-queries-per-thread:", std::to_string(4 * options_.outstanding)));
    TRY(option("outgoing-range:", std::to_string(4 * options_.outstanding)));
    TRY(option("outgoing-num-tcp:", std::to_string(options_.outstanding)));
    if (options_.ask_loopback) TRY(option("do-not-query-localhost:", "no"));
    return option("module-config:", options_.trust_anchors.empty() ? "iterator" : "validator iterator");
  }

  Result<void> files() {
    // libunbound finds out about a missing file with the first question only, and has no way to say so.
    for (const auto& path : options_.trust_anchors) {
      if (access(path.c_str(), R_OK) != 0) return fail(Errc::config, "cannot read the trust anchor {}", path);
      TRY(must(ub_ctx_add_ta_file(ctx_, path.c_str()), "the trust anchor " + path));
    }
    if (options_.root_hints.empty()) return {};
    if (access(options_.root_hints.c_str(), R_OK) != 0)
      return fail(Errc::config, "cannot read the root hints {}", options_.root_hints);
    return option("root-hints:", options_.root_hints);
  }

  static std::string at_port(const net::Endpoint& to) { return fmt::format("{}@{}", to.ip(), to.port()); }

  Result<void> servers() {
    for (const auto& to : options_.forward)
      TRY(must(ub_ctx_set_fwd(ctx_, at_port(to).c_str()), "the forwarder " + to.describe()));
    for (const auto& stub : options_.stubs)
      TRY(must(ub_ctx_set_stub(ctx_, stub.zone.text().c_str(), at_port(stub.server).c_str(), 0),
               "the server " + stub.server.describe()));
    return {};
  }

  Result<void> local() {
    for (const Name& name : options_.unlocked)
      TRY(must(ub_ctx_zone_add(ctx_, name.text().c_str(), "transparent"), "the zone " + name.text()));
    std::set<Name> made;
    for (const Record& r : options_.overrides) {
      if (made.insert(r.name).second)
        TRY(must(ub_ctx_zone_add(ctx_, r.name.text().c_str(), "static"), "the name " + r.name.text()));
      const std::string line =
          fmt::format("{} {} IN {} {}", r.name.text(), r.ttl, type_name(r.type), rdata_to_text(r.type, r.rdata));
      TRY(must(ub_ctx_data_add(ctx_, line.c_str()), "the record " + line));
    }
    return {};
  }

  ub_ctx* ctx_;
  const LiveOptions& options_;
};

std::string failure_of(const ub_result& result) {
  return fmt::format("no name server gave a usable answer ({})", rcode_name(static_cast<Rcode>(result.rcode)));
}

Answer answer_from(Question question, const ub_result& result, bool validating) {
  if (result.bogus)
    return without_records(std::move(question), Outcome::bogus, result.why_bogus ? result.why_bogus : "");
  if (result.rcode != static_cast<int>(Rcode::noerror) && result.rcode != static_cast<int>(Rcode::nxdomain))
    return without_records(std::move(question), Outcome::servfail, failure_of(result));
  const auto message = parse_message(
      ByteView(static_cast<const char*>(result.answer_packet), static_cast<std::size_t>(result.answer_len)));
  if (!message) return without_records(std::move(question), Outcome::servfail, message.error().text());
  Answer out = answer_of(*message, question);
  if (out || out.absent())
    out.security = result.secure ? Security::secure : validating ? Security::insecure : Security::indeterminate;
  return out;
}

}  // namespace

// The thread, its queue, and the questions that libunbound has. A question is in exactly one place: waiting_, asked_
// (handed to libunbound), or answered.
class LiveResolver::Engine {
 public:
  struct Job {
    Engine* engine = nullptr;
    Question question;
    net::OneShot<Answer>::Sender to;
    int id = 0;                          // libunbound's, once asked
    std::atomic<bool> unwanted = false;  // by whoever asked
  };
  using JobRef = std::shared_ptr<Job>;

  Engine(Context context, const LiveOptions& options)
      : context_(std::move(context)),
        outstanding_(options.outstanding),
        queue_(options.queue),
        validating_(!options.trust_anchors.empty()),
        wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
        thread_([this] { loop(); }) {}

  ~Engine() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake();
    thread_.join();
    ::close(wake_);
  }

  // False: the queue is full.
  bool submit(JobRef job) {
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.size() >= queue_) return false;
      waiting_.push_back(std::move(job));
    }
    wake();
    return true;
  }

  // The asker has gone.
  void abandon(const JobRef& job) {
    job->unwanted = true;
    {
      const std::lock_guard lock(mutex_);
      std::erase(waiting_, job);
    }
    wake();
  }

  std::size_t most_outstanding() const { return most_.load(std::memory_order_relaxed); }

 private:
  void wake() {
    const std::uint64_t one = 1;
    (void)!::write(wake_, &one, sizeof one);
  }

  JobRef next() {
    const std::lock_guard lock(mutex_);
    if (waiting_.empty()) return nullptr;
    JobRef job = std::move(waiting_.front());
    waiting_.pop_front();
    return job;
  }

  void start(JobRef job) {
    job->engine = this;
    asked_.emplace(job.get(), job);
    const int code =
        ub_resolve_async(context_.get(), job->question.name.text().c_str(), static_cast<int>(job->question.type),
                         kClassIn, job.get(), &Engine::answered, &job->id);
    if (code == 0) return;
    asked_.erase(job.get());
    job->to.send(without_records(job->question, Outcome::servfail, ub_strerror(code)));
  }

  static void answered(void* data, int code, ub_result* result) {
    Job* job = static_cast<Job*>(data);
    const std::unique_ptr<ub_result, decltype(&ub_resolve_free)> owned(result, ub_resolve_free);
    job->to.send(code == 0 && result ? answer_from(job->question, *result, job->engine->validating_)
                                     : without_records(job->question, Outcome::servfail, ub_strerror(code)));
    job->engine->asked_.erase(job);
  }

  void take_back_unwanted() {
    std::erase_if(asked_, [&](const auto& entry) {
      return entry.second->unwanted && ub_cancel(context_.get(), entry.second->id) == 0;
    });
  }

  void loop() {
    for (;;) {
      {
        const std::lock_guard lock(mutex_);
        if (stopping_) break;
      }
      take_back_unwanted();
      while (asked_.size() < outstanding_) {
        JobRef job = next();
        if (!job) break;
        start(std::move(job));
      }
      most_.store(std::max(most_.load(), asked_.size()), std::memory_order_relaxed);
      pollfd ready[] = {{wake_, POLLIN, 0}, {ub_fd(context_.get()), POLLIN, 0}};
      ::poll(ready, 2, -1);
      std::uint64_t count;
      (void)!::read(wake_, &count, sizeof count);
      if (ready[1].revents) ub_process(context_.get());
    }
    for (const auto& [job, owner] : asked_) ub_cancel(context_.get(), job->id);
    asked_.clear();
  }

  Context context_;
  const std::size_t outstanding_, queue_;
  const bool validating_;
  const int wake_;
  std::mutex mutex_;
  std::deque<JobRef> waiting_;    // under the mutex
  bool stopping_ = false;         // under the mutex
  std::map<Job*, JobRef> asked_;  // the thread's
  std::atomic<std::size_t> most_ = 0;
  std::thread thread_;
};

std::vector<Name> lab_names() {
  std::vector<Name> out;
  const auto add = [&](const std::string& text) {
    if (auto name = Name::parse(text)) out.push_back(std::move(*name));
  };
  add("test.");
  for (const std::string_view reverse : {"10", "168.192", "2.0.192", "100.51.198", "113.0.203"})
    add(fmt::format("{}.in-addr.arpa.", reverse));
  for (int i = 16; i < 32; ++i) add(fmt::format("{}.172.in-addr.arpa.", i));
  add("8.b.d.0.1.0.0.2.ip6.arpa.");
  add("d.f.ip6.arpa.");
  return out;
}

LiveResolver::LiveResolver(std::unique_ptr<Engine> engine) : engine_(std::move(engine)) {}
LiveResolver::~LiveResolver() = default;

std::size_t LiveResolver::most_outstanding() const { return engine_->most_outstanding(); }

Result<std::unique_ptr<LiveResolver>> LiveResolver::start(const LiveOptions& options) {
  Context context(ub_ctx_create());
  if (!context) return fail(Errc::config, "the resolver cannot be made: out of memory or of randomness");
  TRY(Setup(context.get(), options).all());
  return std::unique_ptr<LiveResolver>(new LiveResolver(std::make_unique<Engine>(std::move(context), options)));
}

net::Task<Answer> LiveResolver::ask(Question question, net::Deadline deadline) {
  net::OneShot<Answer> answer;
  auto job = std::make_shared<Engine::Job>();
  job->question = question;
  job->to = answer.sender();
  if (!engine_->submit(job))
    co_return without_records(std::move(question), Outcome::servfail, "too many questions wait for the resolver");
  auto got = co_await answer.receive(deadline);
  if (got) co_return std::move(*got);
  engine_->abandon(job);
  co_return without_records(std::move(question), Outcome::timeout, got.error().text());
}

}  // namespace chappe::dns
