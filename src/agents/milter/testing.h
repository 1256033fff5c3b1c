// For tests: a milter at the other end of a socket, which does as it is told.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "agents/milter/milter.h"
#include "base/text.h"
#include "net/acceptor.h"

namespace chappe::agents::milter::testing {

using namespace std::chrono_literals;
using namespace std::string_literals;

class NoLog final : public LogSink {
 public:
  void write(std::string_view) override {}
};

inline Bytes number(std::uint32_t n) {
  return {static_cast<char>(n >> 24), static_cast<char>(n >> 16), static_cast<char>(n >> 8), static_cast<char>(n)};
}
inline Bytes packet(ByteView data) { return number(static_cast<std::uint32_t>(data.size())) + Bytes(data); }

class FakeMilter {
 public:
  FakeMilter(net::Shards& shards, net::ListenSocket socket) : at_(socket.at()) {
    acceptor_ = std::make_unique<net::Acceptor>(shards, std::move(socket), count_, "",
                                                [this](net::Stream s) { return serve(this, std::move(s)); });
    acceptor_->start();
  }
  void stop() { acceptor_->stop(); }
  std::uint16_t port() const { return at_.port(); }

  // Set before connections come.
  std::uint32_t version = 6, actions = 0x1ff, steps = 0;
  std::map<char, Bytes> answers;       // octets to the command; else it goes on
  std::map<char, Duration> thinks;     // before it answers
  std::string closes;                  // commands at which it closes instead of an answer
  std::atomic<bool> hangs_up = false;  // connections end after QUIT_NC
  std::atomic<bool> mute = false;      // reads, never answers
  bool works = false;                  // says that it is at work while it thinks

  // What it was told, by command, macros left out: "OCHMRTLNBEK". Waits for so many: not all are answered.
  std::string heard(std::size_t commands) {
    for (int i = 0;; ++i) {
      {
        const std::lock_guard lock(mutex_);
        if (heard_.size() >= commands || i > 500) return std::exchange(heard_, "");
      }
      std::this_thread::sleep_for(10ms);
    }
  }
  // The data of the last command of that kind.
  Bytes last(char command) {
    const std::lock_guard lock(mutex_);
    return last_[command];
  }
  // All that came of a kind, one after the other.
  Bytes all(char command) {
    const std::lock_guard lock(mutex_);
    return all_[command];
  }
  std::atomic<int> connections = 0;

 private:
  static net::Task<void> serve(FakeMilter* self, net::Stream stream) {
    ++self->connections;
    net::Cancel cancel;
    const net::Shard::Member member(*net::Shard::current(), cancel);
    Bytes input;
    for (;;) {
      const auto chunk = co_await stream.read(net::Deadline::in(60s, &cancel));
      if (!chunk || chunk->empty()) co_return;
      input += chunk->view();
      while (input.size() > 4) {
        std::size_t size = 0;
        for (std::size_t i = 0; i < 4; ++i) size = size << 8 | static_cast<unsigned char>(input[i]);
        if (input.size() < 4 + size) break;
        const Bytes data = input.substr(4, size);
        input.erase(0, 4 + size);
        if (!co_await self->answer(&stream, data, &cancel)) co_return;
      }
    }
  }

  net::Task<bool> answer(net::Stream* stream, Bytes data, net::Cancel* cancel) {
    const char command = data[0];
    {
      const std::lock_guard lock(mutex_);
      const Bytes rest = data.substr(1);
      last_[command] = rest;
      all_[command] += rest;
      if (command == 'D') {
        last_[static_cast<char>(lower(rest[0]))] = rest.substr(1);
        co_return true;
      }
      heard_ += command;
    }
    if (closes.find(command) != std::string::npos || command == 'Q' || (command == 'K' && hangs_up)) co_return false;
    if (command == 'A' || command == 'K' || mute) co_return true;
    if (const auto t = thinks.find(command); t != thinks.end()) {
      for (int i = 0; i < 10; ++i) {
        (void)co_await net::sleep(net::Deadline::in(t->second / 10, cancel));
        if (works) (void)co_await stream->write(packet("p"), net::Deadline::in(5s, cancel));
      }
    }
    Bytes out = command == 'O' ? packet("O" + number(version) + number(actions) + number(steps)) : packet("c");
    if (const auto a = answers.find(command); a != answers.end()) out = a->second;
    // What does not answer a step says nothing there.
    constexpr std::string_view kCommands = "LCHMRTNB";
    constexpr std::uint32_t kSilent[] = {0x80, 0x1000, 0x2000, 0x4000, 0x8000, 0x10000, 0x40000, 0x80000};
    if (const auto i = kCommands.find(command); i != std::string_view::npos && (steps & kSilent[i])) out.clear();
    if (!out.empty() && !co_await stream->write(std::move(out), net::Deadline::in(5s, cancel))) co_return false;
    co_return true;
  }

  net::ConnectionCount count_{net::ConnectionLimits{1000, 1000}};
  net::Endpoint at_;
  std::unique_ptr<net::Acceptor> acceptor_;
  std::mutex mutex_;
  std::string heard_;
  std::map<char, Bytes> last_, all_;
};

// A letter as it comes, to be told to a judge.
struct SampleLetter {
  post::ConnectionFacts client = {.ip = "192.0.2.1",
                                  .port = 4321,
                                  .name = "client.example.net",
                                  .ptr = "client.example.net",
                                  .local_ip = "198.51.100.1",
                                  .local_port = 25,
                                  .hostname = "mx.example.org",
                                  .door = "mx"};
  std::string hello = "client.example.net";
  std::string from = "a@example.net";
  std::vector<std::string> to = {"b@example.org"};
  Bytes header = "From: a@example.net\r\nSubject: one\r\n two\r\n\r\n";
  Bytes body = "Hello\r\n";
};

inline proto::smtp::Path path_of(const std::string& address) {
  return address.empty() ? proto::smtp::Path() : *proto::smtp::parse_mailbox(address);
}

// Tells the whole letter, as far as the judges want it, in chunks of `chunk` octets. "mail: 451 ..." when it is refused
// there; "" when it came to its end.
inline net::Task<std::string> tell(post::Judges* judges, SampleLetter letter, Duration patience = 30s,
                                   std::size_t chunk = 16'384) {
  const net::Deadline until = net::Deadline::in(patience);
  const auto said = [](std::string_view at, const post::Ruling& r) {
    return fmt::format("{}: {} {} {}", at, r.reply.code, r.reply.enhanced, r.reply.text);
  };
  proto::smtp::Mail mail;
  mail.path = path_of(letter.from);
  mail.size = 1000;
  mail.body = proto::smtp::Body::eight_bit;
  const auto at_mail = co_await judges->mail({.letter = "L1", .mail = mail, .login = {}}, until);
  if (at_mail.refuses()) co_return said("mail", at_mail);
  std::string refused;
  std::size_t taken = 0;
  for (const std::string& to : letter.to) {
    proto::smtp::Rcpt rcpt;
    rcpt.path = path_of(to);
    const auto r = co_await judges->rcpt({.rcpt = rcpt, .refused = {}}, until);
    if (r.refuses()) refused += said("rcpt", r) + ";";
    taken += r.refuses() ? 0 : 1;
  }
  if (taken == 0) {
    co_await judges->abort(until);
    co_return refused;
  }
  if (const auto r = co_await judges->data(until); r.refuses()) co_return refused + said("data", r);
  (void)co_await judges->header(std::make_shared<const Bytes>(letter.header), until);
  for (std::size_t at = 0; at < letter.body.size(); at += chunk)
    (void)co_await judges->body(ChunkList(ByteView(letter.body).substr(at, chunk)), until);
  (void)co_await judges->end(until);
  co_return refused;
}

}  // namespace chappe::agents::milter::testing
