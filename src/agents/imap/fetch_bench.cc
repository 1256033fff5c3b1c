// FETCH 1:* FLAGS over TLS, to a client that throws away what it reads and runs on the other core: messages a second,
// of a mailbox in memory. CHAPPE_BENCH_MESSAGES: how many (1,000,000).
#include <benchmark/benchmark.h>

#include <cstdlib>

#include "agents/imap/testing.h"
#include "post/mailbox/records.h"

namespace chappe::agents::imap {
namespace {

std::uint32_t messages() {
  const char* const n = std::getenv("CHAPPE_BENCH_MESSAGES");
  return n ? static_cast<std::uint32_t>(std::strtoul(n, nullptr, 10)) : 1'000'000;
}

// The pages of a mailbox that holds them; there are no letters behind them.
void fill(testing::World* world, post::AccountId account) {
  namespace records = post::records;
  const auto soon = [] { return net::Deadline{system_clock().steady() + testing::kSoon}; };
  post::MailboxInfo info = net::run(world->mailboxes.find(account, "INBOX", soon())).value();
  store::Batch batch;
  std::vector<post::MessageState> page;
  const auto flush = [&] {
    if (page.empty()) return;
    batch.put(records::page_key(account, info.id, records::page_of(page.front().uid)), records::encode_page(page));
    page.clear();
  };
  for (std::uint32_t uid = 1; uid <= messages(); ++uid) {
    if (uid % records::kPageUids == 0) flush();
    page.push_back({{uid}, {}, {1 + uid % 500}, {}});
    page.back().flags.bits = static_cast<std::uint8_t>(uid % 5 ? 8 : uid % 3);
  }
  flush();
  info.messages = messages();
  info.uidnext = messages() + 1;
  batch.put(records::mailbox_key(account, info.id), records::encode(info));
  if (!net::run(world->store->write(std::move(batch), soon()))) std::abort();
}

net::Task<post::AccountId> alice(testing::World* world) {
  const auto found = co_await world->directory->show_account("alice@example.test", net::Deadline::in(testing::kSoon));
  co_return found->id;
}

void fetch_flags(benchmark::State& state) {
  testing::World world;
  fill(&world, net::run_on(world.shards.at(0), alice(&world)));
  testing::Client client(world);
  client.log_in();
  client.command("SELECT INBOX");
  std::size_t octets = 0;
  for (auto _ : state) octets += client.discard("FETCH 1:* FLAGS");
  state.SetItemsProcessed(state.iterations() * messages());
  state.SetBytesProcessed(static_cast<std::int64_t>(octets));
}
BENCHMARK(fetch_flags)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace chappe::agents::imap
