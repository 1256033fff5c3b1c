// How fast the server machine takes commands and letters, on one core, with a driver that says yes.
#include <benchmark/benchmark.h>

#include "proto/smtp/server.h"

namespace chappe::proto::smtp {
namespace {

struct Yes {
  explicit Yes(std::shared_ptr<const ServerOptions> o) : machine(std::move(o)) { machine.greet(); }
  void run() {
    for (;;) {
      Event e = machine.next();
      if (const auto* d = std::get_if<Data>(&e)) taken += d->bytes.size();
      const bool question = e.index() >= Event(Hello{}).index() && e.index() <= Event(Vrfy{}).index();
      if (question) machine.accept();
      if (std::holds_alternative<NeedFlush>(e) || std::holds_alternative<NeedInput>(e)) machine.take_output();
      if (std::holds_alternative<NeedInput>(e) || std::holds_alternative<Close>(e)) return;
    }
  }
  void say(ByteView octets) {
    machine.feed(octets);
    run();
  }
  ServerMachine machine;
  std::uint64_t taken = 0;
};

std::shared_ptr<ServerOptions> door() {
  auto o = std::make_shared<ServerOptions>(default_options(Role::exchanger));
  o->limits.letter = 1ULL << 40;
  o->refuse_early_commands = false;
  o->limits.idle_commands = 1ULL << 40;
  return o;
}

// One letter of endless lines of `line` octets, fed in chunks of 16 KiB as a socket would.
void letter(benchmark::State& state, const std::string& line, bool chunked) {
  std::string text;
  while (text.size() + line.size() <= Buffer::kSize) text += line;
  const Chunk chunk = Chunk::copy_of(text);
  Yes yes(door());
  yes.say("EHLO client.example\r\n");
  yes.say("MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.test>\r\n");
  yes.say(chunked ? "BDAT 1000000000000\r\n" : "DATA\r\n");
  yes.say("A: b\r\n\r\n");
  for (auto _ : state) {
    yes.machine.feed(chunk);
    yes.run();
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * static_cast<std::int64_t>(chunk.size()));
  benchmark::DoNotOptimize(yes.taken);
}
void BM_DataBase64Lines(benchmark::State& state) { letter(state, std::string(76, 'A') + "\r\n", false); }
void BM_DataShortLines(benchmark::State& state) { letter(state, "short\r\n", false); }
void BM_DataUtf8Lines(benchmark::State& state) { letter(state, std::string(60, '\xc3') + "\r\n", false); }
void BM_DataAllDots(benchmark::State& state) { letter(state, "..\r\n", false); }
void BM_Bdat(benchmark::State& state) { letter(state, std::string(76, 'A') + "\r\n", true); }
BENCHMARK(BM_DataBase64Lines);
BENCHMARK(BM_DataShortLines);
BENCHMARK(BM_DataUtf8Lines);
BENCHMARK(BM_DataAllDots);
BENCHMARK(BM_Bdat);

// A pipelined envelope and a small letter: 5 commands.
void BM_SmallLetters(benchmark::State& state) {
  Yes yes(door());
  yes.say("EHLO client.example\r\n");
  for (auto _ : state) {
    yes.say("MAIL FROM:<carol@example.org> SIZE=100\r\nRCPT TO:<alice@example.test>\r\nDATA\r\n");
    yes.say("From: carol@example.org\r\nSubject: x\r\n\r\nhello\r\n.\r\n");
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * 4);
}
BENCHMARK(BM_SmallLetters);

void BM_Recipients(benchmark::State& state) {
  auto o = door();
  o->limits.recipients = 1ULL << 40;
  Yes yes(o);
  yes.say("EHLO client.example\r\n");
  yes.say("MAIL FROM:<carol@example.org>\r\n");
  std::string group;
  for (int i = 0; i < 100; ++i) group += "RCPT TO:<alice" + std::to_string(i) + "@example.test>\r\n";
  const Chunk chunk = Chunk::copy_of(group);
  for (auto _ : state) {
    yes.machine.feed(chunk);
    yes.run();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * 100);
}
BENCHMARK(BM_Recipients);

void BM_Noop(benchmark::State& state) {
  Yes yes(door());
  yes.say("EHLO client.example\r\n");
  std::string group;
  for (int i = 0; i < 100; ++i) group += "NOOP\r\n";
  const Chunk chunk = Chunk::copy_of(group);
  for (auto _ : state) {
    yes.machine.feed(chunk);
    yes.run();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * 100);
}
BENCHMARK(BM_Noop);

}  // namespace
}  // namespace chappe::proto::smtp
