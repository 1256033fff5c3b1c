// Opening a mailbox of a million messages, as the first SELECT after a restart does, and walking over its flags.
//
//   open_cold   the store opened anew, its files out of the page cache; then Mailboxes::open and the first one not seen
//   open_warm   the same with the files in the page cache, and nothing in that of the store
//   walk        each message's flags, through a view
//   update      one changed flag, heard by a view
//
// The counters: octets in memory for each message, and for all. Where: CHAPPE_BENCH_DIR, or the folder for temporary
// files. CHAPPE_BENCH_MESSAGES: how many (1,000,000).
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "base/random.h"
#include "post/mailbox/mailbox.h"
#include "post/mailbox/records.h"
#include "store/rocks.h"

namespace chappe::post {
namespace {

constexpr AccountId kBob{7};
Deadline soon() { return Deadline{system_clock().steady() + std::chrono::minutes(2)}; }

std::uint32_t messages() {
  const char* const n = std::getenv("CHAPPE_BENCH_MESSAGES");
  return n ? static_cast<std::uint32_t>(std::strtoul(n, nullptr, 10)) : 1'000'000;
}

std::size_t in_use() { return mallinfo2().uordblks + mallinfo2().hblkhd; }

// A post office whose store can be closed and opened.
class Place {
 public:
  Place() {
    const char* const where = std::getenv("CHAPPE_BENCH_DIR");
    folder_ = ((where ? std::filesystem::path(where) : std::filesystem::temp_directory_path()) / "chappe-open-XXXXXX")
                  .string();
    if (!::mkdtemp(folder_.data())) std::abort();
    open();
    inbox_ = net::run(parts_->mailboxes.find(kBob, "INBOX", soon())).value().id;
    fill();
  }
  ~Place() {
    close();
    std::error_code ec;
    std::filesystem::remove_all(folder_, ec);
  }
  void close() {
    parts_.reset();
    store_.reset();
  }
  void open() {
    store_ = store::open_rocks({.path = folder_, .reserve = 0}).value();
    parts_ = std::make_unique<Parts>(*store_);
  }
  // Takes the files out of the page cache.
  void chill() {
    for (const auto& file : std::filesystem::directory_iterator(folder_)) {
      const int fd = ::open(file.path().c_str(), O_RDONLY);
      if (fd < 0) continue;
      ::fdatasync(fd);
      ::posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
      ::close(fd);
    }
  }
  Mailboxes& mailboxes() { return parts_->mailboxes; }
  MailboxId inbox() const { return inbox_; }

 private:
  struct Parts {
    explicit Parts(store::Store& store)
        : commit(store, {.mode = store::Commit::Mode::in_line}),
          ids(system_clock(), system_random()),
          mailboxes(store, commit, ids, system_clock()) {}
    store::Commit commit;
    LetterIds ids;
    Mailboxes mailboxes;
  };

  // The rows that a million deliveries over the years leave behind: one change for each, one in nine expunged, half a
  // thousand with a keyword.
  void fill() {
    SeededRandom random(4);
    const std::uint32_t n = messages();
    MailboxInfo info = net::run(parts_->mailboxes.status(kBob, inbox_, soon())).value();
    std::vector<MessageState> page;
    store::Batch batch;
    const auto flush = [&](bool last) {
      if (!page.empty()) {
        batch.put(records::page_key(kBob, inbox_, records::page_of(page.front().uid)), records::encode_page(page));
        page.clear();
      }
      if (batch.bytes() < 4 * 1024 * 1024 && !last) return;
      if (!net::run(store_->write(std::exchange(batch, {}), soon()))) std::abort();
    };
    for (std::uint32_t uid = 1; info.messages < n; ++uid) {
      if (uid % records::kPageUids == 0) flush(false);
      if (random.below(9) == 0) continue;
      MessageRecord r;
      r.uid = {uid};
      r.letter.octets[0] = 1;
      for (int i = 0; i < 4; ++i)
        r.letter.octets[static_cast<std::size_t>(12 + i)] = static_cast<char>(uid >> (24 - 8 * i));
      r.email = r.letter;
      r.body = {.id = r.letter.body(), .size = 4000 + random.below(1000)};
      batch.put(records::message_key(kBob, inbox_, {uid}), records::encode(r));
      MessageState s{{uid}, {}, {uid + random.below(500)}, {}};
      s.flags.bits = static_cast<std::uint8_t>(random.below(4) ? 8 | random.below(4) : 0);
      if (random.below(2000) == 0) s.keywords.set(random.below(5));
      page.push_back(s);
      ++info.messages;
      info.unseen += !s.flags.has(Flag::seen);
      info.uidnext = uid + 1;
    }
    info.highestmodseq = {std::uint64_t{info.uidnext} + 500};
    batch.put(records::mailbox_key(kBob, inbox_), records::encode(info));
    const auto row = net::run(store_->get(records::account_key(kBob), soon())).value();
    records::AccountRow account = records::decode_account(row->view()).value();
    account.modseq = info.highestmodseq;
    account.history.forgotten = account.modseq;
    batch.put(records::account_key(kBob), records::encode(account));
    flush(true);
  }

  std::string folder_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<Parts> parts_;
  MailboxId inbox_;
};

Place& place() {
  static Place p;
  return p;
}

// What SELECT does.
net::Task<std::unique_ptr<View>> select(Mailboxes* mailboxes) {
  const auto info = co_await mailboxes->find(kBob, "INBOX", soon());
  auto view = co_await mailboxes->open(kBob, info->id, soon());
  std::uint32_t unseen = 0;
  (*view)->each(1, (*view)->size(), [&](std::uint32_t seq, const MessageState* s) {
    if (s && !s->flags.has(Flag::seen)) unseen = seq;
    return unseen == 0;
  });
  benchmark::DoNotOptimize(unseen);
  co_return std::move(*view);
}

void open_after_restart(benchmark::State& state, bool cold) {
  Place& p = place();
  double held = 0;
  for (auto _ : state) {
    state.PauseTiming();
    p.close();
    if (cold) p.chill();
    p.open();
    state.ResumeTiming();
    auto view = net::run(select(&p.mailboxes()));
    state.PauseTiming();
    if (view->size() != messages()) state.SkipWithError("messages are missing");
    // The first has filled the store's cache, too; a second open is the mailbox alone.
    view.reset();
    const std::size_t before = in_use();
    view = net::run(select(&p.mailboxes()));
    held = static_cast<double>(in_use() - before);
    view.reset();
    state.ResumeTiming();
  }
  state.counters["held_MB"] = held / 1e6;
  state.counters["octets/message"] = held / messages();
}
void open_cold(benchmark::State& state) { open_after_restart(state, true); }
void open_warm(benchmark::State& state) { open_after_restart(state, false); }
BENCHMARK(open_cold)->Unit(benchmark::kMillisecond)->UseRealTime()->Iterations(5);
BENCHMARK(open_warm)->Unit(benchmark::kMillisecond)->UseRealTime()->Iterations(5);

void walk(benchmark::State& state) {
  const auto view = net::run(select(&place().mailboxes()));
  for (auto _ : state) {
    std::uint32_t seen = 0;
    view->each(1, view->size(), [&](std::uint32_t, const MessageState* s) {
      seen += s && s->flags.has(Flag::seen);
      return true;
    });
    benchmark::DoNotOptimize(seen);
  }
  state.SetItemsProcessed(state.iterations() * messages());
}
BENCHMARK(walk)->Unit(benchmark::kMillisecond);

void update(benchmark::State& state) {
  Mailboxes& m = place().mailboxes();
  const auto view = net::run(select(&m));
  SeededRandom random(5);
  for (auto _ : state) {
    state.PauseTiming();
    const Uid uid = view->uid(1 + static_cast<std::uint32_t>(random.below(view->size())));
    const auto how =
        view->state(view->seq(uid))->flags.has(Flag::flagged) ? FlagChange::How::remove : FlagChange::How::add;
    UidSet one;
    one.add(uid);
    if (!net::run(m.store_flags(kBob, place().inbox(), {one, how, {{Flag::flagged}, {}}, {}}, soon()))) std::abort();
    state.ResumeTiming();
    if (net::run(view->update(View::Expunges::announce, soon()))->flags.size() != 1) std::abort();
  }
}
BENCHMARK(update)->Unit(benchmark::kMicrosecond)->Iterations(200);

}  // namespace
}  // namespace chappe::post
