// Plays tests/transcripts/pop3 to the machine, cut in every way.
#include <gtest/gtest.h>

#include "../../../tests/transcripts/cut.h"
#include "base/text.h"
#include "proto/pop3/server.h"

namespace chappe::proto::pop3 {
namespace {

using transcripts::known;
using transcripts::kPassword;
using transcripts::Transcript;

std::shared_ptr<const ServerOptions> options_of(const Transcript& t) {
  auto o = std::make_shared<ServerOptions>();
  o->hostname = "mail.example.test";
  o->tls_available = t.get("tls") == "available";
  o->login_without_tls = t.has("cleartext-auth");
  o->auth_mechanisms = {"PLAIN", "LOGIN"};
  o->utf8 = !t.has("no-utf8");
  o->errors = t.number("errors", o->errors);
  return o;
}

class World final : public transcripts::Subject {
 public:
  explicit World(const Transcript& t) : mail_(t.mail), machine_(options_of(t), t.get("tls", "active") == "active") {}

  std::string start() override {
    machine_.greet();
    return run();
  }
  std::string send(std::string_view octets) override {
    machine_.feed(octets);
    return run();
  }
  bool tls() override {
    if (!std::exchange(wants_tls_, false)) return false;
    machine_.tls_started();
    return true;
  }
  std::string end_of_input() override {
    machine_.feed_end();
    return run();
  }
  bool closed() const override { return closed_; }
  // What is left in the mailbox when the session is over.
  const std::vector<std::string>& letters() const override { return mail_; }

 private:
  std::string run() {
    std::string out;
    for (int i = 0; i < 1'000'000 && !stop_; ++i) {
      Event e = machine_.next();
      std::visit([&](auto& event) { on(event, out); }, e);
    }
    stop_ = false;
    return out + machine_.take_output().flatten();
  }
  void on(NeedInput&, std::string&) { stop_ = true; }
  void on(NeedFlush&, std::string& out) { out += machine_.take_output().flatten(); }
  void on(NeedAnswer&, std::string&) { FAIL() << "a question was left open"; }
  void on(NeedTls&, std::string&) { stop_ = wants_tls_ = true; }
  void on(Close&, std::string&) { stop_ = closed_ = true; }
  void on(StartTls&, std::string&) { machine_.accept(); }
  void on(Login& e, std::string&) { judge(e.user, e.password); }
  void on(AuthBegin& e, std::string&) {
    if (e.initial) return plain(*e.initial);
    machine_.challenge("");
  }
  void on(AuthResponse& e, std::string&) { plain(e.response); }
  void plain(const std::string& response) {
    const auto parts = split(response, '\0');
    if (parts.size() != 3) return machine_.reject("Not PLAIN", "AUTH");
    judge(parts[1], parts[2]);
  }
  void judge(std::string_view user, std::string_view password) {
    if (!known(user) || password != kPassword) return machine_.reject("Wrong name or password", "AUTH");
    std::vector<Item> items;
    if (iequals(user, "alice@example.test"))
      for (std::size_t i = 0; i < mail_.size(); ++i) items.push_back({mail_[i].size(), "uid-" + std::to_string(i + 1)});
    machine_.log_in(std::move(items));
  }
  void on(Retrieve& e, std::string&) {
    machine_.send_begin();
    const std::string& letter = mail_[e.number];
    // In pieces of different sizes.
    for (std::size_t at = 0, n = 1; at < letter.size() && machine_.wants_letter(); at += n, n = n % 7 + 1)
      machine_.letter(Chunk::copy_of(ByteView(letter).substr(at, n)));
    machine_.letter_end();
  }
  void on(Update&, std::string&) {
    const auto gone = machine_.deleted();
    for (auto i = gone.rbegin(); i != gone.rend(); ++i) mail_.erase(mail_.begin() + static_cast<long>(*i));
    machine_.accept();
  }
  void on(AuthCancel&, std::string&) {}
  void on(Refused&, std::string&) {}

  std::vector<std::string> mail_;
  ServerMachine machine_;
  bool stop_ = false, closed_ = false, wants_tls_ = false;
};

class Pop3Transcript : public testing::TestWithParam<Transcript> {};

TEST_P(Pop3Transcript, SaysTheSameHoweverItIsCut) { transcripts::expect_same_however_cut<World>(GetParam()); }

INSTANTIATE_TEST_SUITE_P(Files, Pop3Transcript, testing::ValuesIn(transcripts::read_folder("tests/transcripts/pop3")),
                         transcripts::test_name);

}  // namespace
}  // namespace chappe::proto::pop3
