#include "app/walk.h"

#include <unistd.h>

#include <cstdio>

#include "app/local.h"
#include "app/signals.h"
#include "app/talk.h"
#include "base/text.h"
#include "codec/base64.h"
#include "codec/json.h"

namespace chappe::app {

namespace {

constexpr int kPortBases[] = {1000, 11000, 21000, 31000};

// What is told, to people as it happens, and collected for --json.
class Teller {
 public:
  explicit Teller(const Invocation& invocation) : invocation_(invocation) {}

  void step(Text what) {
    steps_.push_back({std::string(invocation_.say(what)), {}});
    if (!invocation_.json()) std::printf("\n%zu. %s\n", steps_.size(), steps_.back().what.c_str());
    std::fflush(stdout);
  }
  void line(char who, std::string_view text) {
    std::string shown = fmt::format("{}: {}", who, shown_line(text));
    if (!invocation_.json()) std::printf("     %s\n", shown.c_str());
    steps_.back().lines.push_back(std::move(shown));
  }
  std::string json(bool arrived) const {
    std::string out;
    codec::json::Writer w(out, 2);
    w.begin_object().field("arrived", arrived).key("steps").begin_array();
    for (const Step& step : steps_) {
      w.begin_object().field("step", step.what).key("lines").begin_array();
      for (const auto& text : step.lines) w.value(text);
      w.end_array().end_object();
    }
    w.end_array().end_object();
    return out + "\n";
  }

 private:
  struct Step {
    std::string what;
    std::vector<std::string> lines;
  };
  const Invocation& invocation_;
  std::vector<Step> steps_;
};

// A conversation of which every line is told.
class Client {
 public:
  static Result<Client> connect(net::Shard& shard, std::uint16_t port, Teller& teller, char name) {
    auto listen = [&teller, name](bool ours, std::string_view line) { teller.line(ours ? name : 'S', line); };
    const auto at = TRY(net::Endpoint::parse("127.0.0.1", port));
    return Client(TRY(Talk::connect(shard, at, std::move(listen))), teller, name);
  }

  Result<void> start_tls(std::shared_ptr<const crypto::TlsClient> trust) {
    const auto facts = TRY(talk_.start_tls(std::move(trust), "localhost"));
    teller_.line(name_, fmt::format("({}, {})", facts.version, facts.cipher));
    return {};
  }
  Result<void> say(std::string_view line, std::string_view shown = {}) { return talk_.say(line, shown); }
  // Lines up to the one that begins with `prefix`; everything that was heard. What does not succeed is an error.
  Result<std::string> hear_until(std::string_view prefix) {
    std::string all;
    for (;;) {
      const std::string line = TRY(talk_.hear());
      all += line + "\n";
      if (line.starts_with(prefix)) return all;
      const bool smtp_no = prefix.size() == 4 && line.size() > 3 && line[3] == ' ';
      const bool imap_no = line.starts_with(prefix.substr(0, prefix.find(' ') + 1));
      if (smtp_no || imap_no) return fail(Errc::unavailable, "the server said: {}", printable(line));
    }
  }
  void close() { talk_.close(); }

 private:
  Client(Talk talk, Teller& teller, char name) : talk_(std::move(talk)), teller_(teller), name_(name) {}
  Talk talk_;
  Teller& teller_;
  char name_;
};

std::string plain(const LocalAccount& account) {
  const std::string_view password = account.password.reveal();
  return codec::base64_encode(std::string(1, '\0') + account.address + std::string(1, '\0') + std::string(password));
}

Result<bool> walk(const LocalServer& server, net::Shard& shard, Teller& tell) {
  const LocalAccount& alice = server.accounts()[0];
  const LocalAccount& bob = server.accounts()[1];
  const auto trust = TRY(crypto::TlsClient::trusting(server.certificate()));

  tell.step(
      {"Bob's mail program asks the delivery agent (MDA) by IMAP to be told of new letters.",
       "Le logiciel de Bob demande par IMAP à l'agent de distribution (MDA) d'être prévenu des nouvelles lettres."});
  Client b = TRY(Client::connect(shard, server.port(Role::imaps), tell, 'B'));
  TRY(b.start_tls(trust));
  TRY(b.hear_until("* OK"));
  TRY(b.say("b1 AUTHENTICATE PLAIN " + plain(bob), "b1 AUTHENTICATE PLAIN ********"));
  TRY(b.hear_until("b1 OK"));
  TRY(b.say("b2 SELECT INBOX"));
  TRY(b.hear_until("b2 OK"));
  TRY(b.say("b3 IDLE"));
  TRY(b.hear_until("+ "));

  tell.step({"Alice's mail program (MUA) reaches the submission agent (MSA) and turns encryption on.",
             "Le logiciel d'Alice (MUA) joint l'agent de dépôt (MSA) et passe en chiffré."});
  Client a = TRY(Client::connect(shard, server.port(Role::submission), tell, 'A'));
  TRY(a.hear_until("220 "));
  TRY(a.say("EHLO alice.localhost"));
  TRY(a.hear_until("250 "));
  TRY(a.say("STARTTLS"));
  TRY(a.hear_until("220 "));
  TRY(a.start_tls(trust));
  TRY(a.say("EHLO alice.localhost"));
  TRY(a.hear_until("250 "));

  tell.step({"Alice proves who she is, and only then may hand in a letter.",
             "Alice prouve qui elle est ; alors seulement elle peut déposer une lettre."});
  TRY(a.say("AUTH PLAIN " + plain(alice), "AUTH PLAIN ********"));
  TRY(a.hear_until("235 "));

  tell.step({"The envelope, then the letter. The 250 at its end is a promise: the letter is on disk.",
             "L'enveloppe, puis la lettre. Le 250 final est une promesse : la lettre est sur le disque."});
  TRY(a.say(fmt::format("MAIL FROM:<{}>", alice.address)));
  TRY(a.hear_until("250 "));
  TRY(a.say(fmt::format("RCPT TO:<{}>", bob.address)));
  TRY(a.hear_until("250 "));
  TRY(a.say("DATA"));
  TRY(a.hear_until("354 "));
  const std::string words = "Le télégraphe de Chappe porte cette lettre.";
  for (const std::string& line :
       {fmt::format("From: Alice <{}>", alice.address), fmt::format("To: Bob <{}>", bob.address),
        std::string("Subject: Bonjour"), std::string("MIME-Version: 1.0"),
        std::string("Content-Type: text/plain; charset=utf-8"), std::string("Content-Transfer-Encoding: 8bit"),
        std::string(), words, std::string(".")})
    TRY(a.say(line, line.empty() ? " " : line));
  TRY(a.hear_until("250 "));
  TRY(a.say("QUIT"));
  TRY(a.hear_until("221 "));
  a.close();

  tell.step({"The delivery agent tells Bob's program at once, without being asked.",
             "L'agent de distribution prévient aussitôt le logiciel de Bob, sans qu'il ait rien demandé."});
  TRY(b.hear_until("* 1 EXISTS"));
  TRY(b.say("DONE"));
  TRY(b.hear_until("b3 OK"));

  tell.step({"Bob reads. On top of the letter stands where it came from: Return-Path and Received.",
             "Bob lit. En tête de la lettre figure d'où elle vient : Return-Path et Received."});
  TRY(b.say("b4 FETCH 1 BODY[]"));
  const std::string seen = TRY(b.hear_until("b4 OK"));
  TRY(b.say("b5 LOGOUT"));
  TRY(b.hear_until("b5 OK"));
  b.close();
  return seen.contains(words);
}

Result<std::unique_ptr<LocalServer>> start_somewhere() {
  std::optional<Error> last;
  for (const int base : kPortBases) {
    LocalOptions options;
    options.port_base = base;
    for (const std::string name : {"alice", "bob"}) {
      auto password = fmt::format("{}-{:06x}", name, system_random().below(1 << 24));
      options.accounts.push_back({name, crypto::Secret(password)});
    }
    auto server = LocalServer::start(std::move(options));
    if (server) return server;
    last = std::move(server.error());
    // Somebody else's ports: the next base may be free.
    if (last->code() != Errc::config) break;
  }
  return std::unexpected(std::move(*last));
}

Result<bool> walk_and_stay(const Invocation& invocation) {
  auto server = TRY(start_somewhere());
  Teller teller(invocation);
  const bool people = !invocation.json();
  if (people) {
    std::puts(
        std::string(invocation.say({"A letter from Alice to Bob. A: and B: are their mail programs, S: is Chappe.",
                                    "Une lettre d'Alice à Bob. A : et B : sont leurs logiciels, S : est Chappe."}))
            .c_str());
  }
  net::Shards clients(1);
  auto arrived = walk(*server, clients.at(0), teller);
  clients.stop();
  if (!people) {
    std::fputs(teller.json(arrived && *arrived).c_str(), stdout);
    if (!arrived) return std::unexpected(std::move(arrived.error()));
    return *arrived;
  }
  if (!arrived) return std::unexpected(std::move(arrived.error()));
  std::printf("\n%s\n\n", std::string(*arrived ? invocation.say({"The letter arrived as it was written.",
                                                                 "La lettre est arrivée telle qu'elle fut écrite."})
                                               : invocation.say({"The letter arrived changed: this is a fault.",
                                                                 "La lettre est arrivée altérée : c'est un défaut."}))
                              .c_str());
  if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)) {
    std::printf("%s\n", server->describe(invocation.french()).c_str());
    for (const auto& account : server->accounts())
      std::printf("  %s  %s\n", account.address.c_str(), std::string(account.password.reveal()).c_str());
    std::printf("\n%s\n", std::string(invocation.say({"Ctrl-C ends it.", "Ctrl-C pour terminer."})).c_str());
    std::fflush(stdout);
    while (wait_for_signal() != Asked::stop) {
    }
  }
  return *arrived;
}

}  // namespace

int run_walk(const Invocation& invocation) {
  block_signals();
  const auto arrived = walk_and_stay(invocation);
  if (!arrived) return invocation.refuse(arrived.error());
  return *arrived ? 0 : 70;  // EX_SOFTWARE
}

}  // namespace chappe::app
