// Plays tests/transcripts/smtp to the server machine, cut in every way.
#include <gtest/gtest.h>

#include <algorithm>

#include "../../../tests/transcripts/cut.h"
#include "base/text.h"
#include "proto/smtp/server.h"

namespace chappe::proto::smtp {
namespace {

using transcripts::known;
using transcripts::kPassword;
using transcripts::Transcript;

LineFault line_fault(const std::string& word) {
  return word == "repair" ? LineFault::repair : word == "keep" ? LineFault::keep : LineFault::refuse;
}

std::shared_ptr<const ServerOptions> options_of(const Transcript& t) {
  const std::string door = t.get("door");
  const Role role = door == "submission" ? Role::submission : door == "lmtp" ? Role::lmtp : Role::exchanger;
  auto o = std::make_shared<ServerOptions>(default_options(role));
  o->hostname = "mx.example.test";
  o->tls_available = t.get("tls") == "available" || (role == Role::submission && !t.has("tls"));
  if (role == Role::submission) o->auth_mechanisms = {"PLAIN", "LOGIN"};
  o->auth_without_tls = t.has("cleartext-auth");
  if (o->auth_without_tls) o->tls_required = false;
  if (t.has("no-dsn")) o->dsn = false;
  o->binarymime = t.has("binarymime");
  o->chunking = !t.has("no-chunking");
  o->smtputf8 = !t.has("no-utf8");
  o->refuse_early_commands = t.get("early") == "refuse";
  o->limits.letter = t.number("size", o->limits.letter);
  o->limits.errors = t.number("errors", o->limits.errors);
  o->limits.recipients = t.number("recipients", o->limits.recipients);
  o->limits.refused_data = t.number("refused", o->limits.refused_data);
  o->limits.line_flood = t.number("flood", o->limits.line_flood);
  o->limits.header = t.number("header", o->limits.header);
  o->limits.letter_line = t.number("linelength", o->limits.letter_line);
  if (t.has("bare-lf")) o->bare_lf = o->bare_lf_chunk = line_fault(t.get("bare-lf"));
  if (t.has("bare-cr")) o->bare_cr = o->bare_cr_chunk = line_fault(t.get("bare-cr"));
  return o;
}

// The world of tests/transcripts/README.md behind one server machine.
class World final : public transcripts::Subject {
 public:
  explicit World(const Transcript& t)
      : options_(options_of(t)),
        machine_(options_, t.get("tls", options_->role == Role::submission ? "active" : "none") == "active") {}

  std::string start() override {
    machine_.greet();
    return run();
  }
  std::string send(std::string_view octets) override {
    machine_.feed(octets);
    return run();
  }
  bool tls() override {
    if (!wants_tls_) return false;
    wants_tls_ = false;
    machine_.tls_started();
    return true;
  }
  std::string end_of_input() override {
    machine_.feed_end();
    return run();
  }
  bool closed() const override { return closed_; }
  const std::vector<std::string>& letters() const override { return letters_; }
  std::size_t most_held() const { return most_held_; }

 private:
  std::string run() {
    std::string out;
    for (int i = 0; i < 1'000'000 && !stop_; ++i) {
      Event e = machine_.next();
      std::visit([&](auto& event) { on(event, out); }, e);
      most_held_ = std::max(most_held_, machine_.held());
    }
    stop_ = false;
    return out + machine_.take_output();
  }

  void on(NeedInput&, std::string&) { stop_ = true; }
  void on(NeedFlush&, std::string& out) { out += machine_.take_output(); }
  void on(NeedAnswer&, std::string&) { FAIL() << "a question was left open"; }
  void on(NeedTls&, std::string&) { stop_ = wants_tls_ = true; }
  void on(Close&, std::string&) { stop_ = closed_ = true; }
  void on(Hello&, std::string&) { machine_.accept(); }
  void on(StartTls&, std::string&) { machine_.accept(); }
  void on(AuthBegin& e, std::string&) {
    mechanism_ = e.mechanism;
    user_.clear();
    if (e.initial) return respond(*e.initial);
    machine_.challenge(mechanism_ == "LOGIN" ? "Username:" : "");
  }
  void on(AuthResponse& e, std::string&) { respond(e.response); }
  void respond(const std::string& response) {
    std::string password;
    if (mechanism_ == "LOGIN") {
      if (user_.empty()) {
        user_ = response;
        return machine_.challenge("Password:");
      }
      password = response;
    } else {
      const auto parts = split(response, '\0');
      if (parts.size() == 3) {
        user_ = parts[1];
        password = parts[2];
      }
    }
    if (known(user_) && password == kPassword) return machine_.accept();
    machine_.reject({535, "5.7.8", "Authentication failed"});
  }
  void on(Mail&, std::string&) { machine_.accept(); }
  void on(Rcpt& e, std::string&) {
    const bool ours = iequals(e.path.domain, "example.test") || e.path.domain.empty();
    if (ours && (known(e.path.address()) || iequals(e.path.local, "postmaster"))) return machine_.accept();
    if (ours) return machine_.reject({550, "5.1.1", "No such mailbox here"});
    if (options_->role == Role::submission) return machine_.accept();
    machine_.reject({550, "5.7.1", "Relaying denied"});
  }
  void on(DataBegin&, std::string&) {
    letter_.clear();
    machine_.accept();
  }
  void on(Data& e, std::string&) { letter_ += e.bytes.view(); }
  void on(DataRefused&, std::string&) { letter_.clear(); }
  void on(Reset&, std::string&) { letter_.clear(); }
  void on(DataEnd& e, std::string&) {
    EXPECT_EQ(e.facts.size, letter_.size());
    letters_.push_back(std::exchange(letter_, {}));
    machine_.accept();
  }
  void on(Vrfy&, std::string&) { machine_.accept(); }
  void on(AuthCancel&, std::string&) { mechanism_.clear(); }
  void on(Refused&, std::string&) {}
  void on(Help&, std::string&) {}
  void on(Noop&, std::string&) {}

  std::shared_ptr<const ServerOptions> options_;
  ServerMachine machine_;
  std::string mechanism_, user_, letter_;
  std::vector<std::string> letters_;
  std::size_t most_held_ = 0;
  bool stop_ = false, closed_ = false, wants_tls_ = false;
};

class SmtpTranscript : public testing::TestWithParam<Transcript> {};

TEST_P(SmtpTranscript, SaysTheSameHoweverItIsCut) { transcripts::expect_same_however_cut<World>(GetParam()); }

INSTANTIATE_TEST_SUITE_P(Files, SmtpTranscript, testing::ValuesIn(transcripts::read_folder("tests/transcripts/smtp")),
                         transcripts::test_name);

}  // namespace
}  // namespace chappe::proto::smtp
