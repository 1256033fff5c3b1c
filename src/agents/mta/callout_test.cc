#include "agents/mta/callout.h"

#include <gmock/gmock.h>

#include "agents/door/rules_question.h"
#include "agents/mta/callout_lane.h"
#include "agents/mta/testing.h"

using ::testing::HasSubstr;

namespace chappe::agents::mta::testing {
namespace {

using Kind = post::RcptAnswer::Kind;

// An mda that knows bob, and eve whose mailbox is full, at example.test; and who asks it.
class CalloutTest : public ::testing::Test {
 protected:
  ~CalloutTest() override {
    if (callout_) callout_->stop();
    if (mda_) mda_->stop();
    shards_.stop();
  }
  void SetUp() override { open_mda(); }

  void open_mda() {
    mda_ = std::make_unique<FakeServer>(shards_, "127.0.0.31", port_);
    mda_->lmtp = true;
    mda_->on_rcpt = [this](const std::string& to) { return rcpt(to); };
    mda_->on_mail = [](const proto::smtp::Mail& mail) {
      if (mail.path.address() == "boss@example.test") return Reply(550, "5.7.1", "on behalf only");
      const bool fine = !mail.auth || mail.path.null() || mail.path.address() == *mail.auth;
      return fine ? Reply(250, "2.1.0", "ok") : Reply(553, "5.7.1", "not yours");
    };
    port_ = mda_->port();
  }
  Reply rcpt(const std::string& to) {
    ++asked_;
    if (slow_) std::this_thread::sleep_for(100ms);
    if (ill_) return {451, "4.3.0", "ill"};
    if (!to.ends_with("@example.test") && !parse_rules_address(to)) return {550, "5.7.1", "no relaying"};
    if (to == "eve@example.test") return {452, "4.2.2", "full"};
    if (const auto name = parse_rules_address(to)) {
      ++rules_asked_;
      return {250, "2.1.5", written_rules(rules_)};
    }
    if (to == known_) return {250, "2.1.5", "ok" + named_rules(chains_)};
    return {550, "5.1.1", "nobody"};
  }
  void make(CalloutLimits limits = {}) {
    CalloutOptions options{.hostname = "mx.test", .mda = {"127.0.0.31", port_}, .limits = limits};
    options.times.connect = 1s;
    options.times.greeting = options.times.command = 1s;
    callout_ = std::move(*Callout::make(
        {.shards = shards_, .resolver = *resolver_, .clock = clock_, .log = log_, .metrics = metrics_}, options));
    callout_->start();
  }
  Result<post::RcptAnswer> ask(const std::string& address) {
    return net::run_on(shards_.at(0), callout_->resolve_rcpt(address, soon()));
  }
  // "mda", "mda full", "remote", "unknown", or the name of the error.
  std::string kind(const std::string& address) {
    const auto answer = ask(address);
    if (!answer) return std::string(error_row(answer.error().code()).name);
    if (answer->kind == Kind::mda) return answer->full ? "mda full" : "mda";
    return answer->kind == Kind::remote ? "remote" : answer->kind == Kind::unknown ? "unknown" : "?";
  }
  std::string may(const std::string& who, const std::string& as) {
    const auto answer = net::run_on(shards_.at(0), callout_->may_send({{}, who}, as, soon()));
    if (!answer) return std::string(error_row(answer.error().code()).name);
    return *answer == post::SendRight::as ? "yes" : *answer == post::SendRight::on_behalf ? "on behalf" : "no";
  }
  // "block a.example; block b.example | ": the rules of each chain, or the name of the error.
  std::string rules(const std::string& address) {
    const auto chains = net::run_on(shards_.at(1), callout_->rules_for(address, {}, soon()));
    if (!chains) return std::string(error_row(chains.error().code()).name);
    std::string out;
    for (const post::KnownChain& chain : *chains) {
      if (&chain != &chains->front()) out += "| ";
      for (const auto& known : chain)
        for (const post::Acquaintance& one : known->rules().known) out += in_words(one) + "; ";
    }
    return out;
  }
  // bob's account and the site have the same rules now, and so have others behind his address.
  void lay_down(std::string_view blocked, int others = 0) {
    rules_ = {};
    rules_.known.insert(*post::parse_acquaintance(post::Acquaintance::Kind::block, blocked));
    const auto known = [this](post::Scope scope) { return std::make_shared<const post::Known>(scope, rules_); };
    chains_.assign(1, {known(post::Scope::account({7})), known(post::Scope::site())});
    for (int i = 0; i < others; ++i) chains_.push_back({known(post::Scope::site())});
  }
  void close_mda() {
    mda_->close();
    retired_.push_back(std::move(mda_));
    std::this_thread::sleep_for(50ms);
  }

  // What the callout calls now: the system's time, and as much more as a test says.
  class Later final : public Clock {
   public:
    Time now() const override { return system_clock().now(); }
    Steady steady() const override { return system_clock().steady() + Duration(ahead.load()); }
    std::atomic<std::int64_t> ahead = 0;
  };

  net::Shards shards_{2};
  Later clock_;
  Log log_{std::make_unique<NoLog>(), {}};
  Metrics metrics_;
  std::unique_ptr<dns::ZoneResolver> resolver_ = std::move(*dns::ZoneResolver::from_text(""));
  std::uint16_t port_ = 0;
  std::unique_ptr<FakeServer> mda_;
  std::vector<std::unique_ptr<FakeServer>> retired_;
  std::unique_ptr<Callout> callout_;
  std::atomic<int> asked_ = 0, rules_asked_ = 0;
  std::atomic<bool> slow_ = false, ill_ = false;
  std::string known_ = "bob@example.test";
  post::ScopeRules rules_;
  std::vector<post::KnownChain> chains_;
};

TEST_F(CalloutTest, TellsOursFromNobodysFromOthers) {
  make();
  EXPECT_EQ(kind("bob@example.test"), "mda");
  EXPECT_EQ(kind("nobody@example.test"), "unknown");
  EXPECT_EQ(kind("eve@example.test"), "mda full");
  EXPECT_EQ(kind("bob@elsewhere.test"), "remote");
  EXPECT_EQ(kind("bob"), "invalid");
  EXPECT_EQ(kind("b ob@example.test"), "unknown") << "what cannot even be asked";
  EXPECT_EQ(may("bob@example.test", "bob@example.test"), "yes");
  EXPECT_EQ(may("bob@example.test", "eve@example.test"), "no");
  EXPECT_EQ(may("bob@example.test", "boss@example.test"), "on behalf");
}

TEST_F(CalloutTest, AnswersAreRememberedForATime) {
  make();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(kind("bob@example.test"), "mda");
    EXPECT_EQ(kind("BOB@Example.test"), "mda") << "another spelling of the same";
    EXPECT_EQ(kind("nobody@example.test"), "unknown");
  }
  EXPECT_EQ(asked_, 2);
  clock_.ahead += Duration(2min).count();  // a no has ended, a yes has not
  EXPECT_EQ(kind("bob@example.test"), "mda");
  EXPECT_EQ(kind("nobody@example.test"), "unknown");
  EXPECT_EQ(asked_, 3);
  clock_.ahead += Duration(4min).count();
  EXPECT_EQ(kind("bob@example.test"), "mda");
  EXPECT_EQ(asked_, 4);
  EXPECT_EQ(kind("eve@example.test"), "mda full");
  EXPECT_EQ(kind("eve@example.test"), "mda full");
  EXPECT_EQ(asked_, 6) << "full is for now only";
}

TEST_F(CalloutTest, ADomainThatIsNotOursIsAskedForOnce) {
  make();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(kind(fmt::format("bob{}@elsewhere.test", i)), "remote");
  EXPECT_EQ(asked_, 1);
}

TEST_F(CalloutTest, TheSameQuestionsWaitForOneAnswer) {
  make();
  slow_ = true;
  std::vector<std::thread> askers;
  std::atomic<int> good = 0;
  for (int i = 0; i < 20; ++i)
    askers.emplace_back([this, &good] { good += kind("bob@example.test") == "mda" ? 1 : 0; });
  for (auto& one : askers) one.join();
  EXPECT_EQ(good, 20);
  EXPECT_EQ(asked_, 1);
}

TEST_F(CalloutTest, WithoutAnAnswerItIsNeitherYesNorNo) {
  make();
  EXPECT_EQ(kind("bob@example.test"), "mda");
  EXPECT_EQ(kind("nobody@example.test"), "unknown");
  close_mda();
  EXPECT_EQ(kind("carol@example.test"), "unavailable");
  EXPECT_EQ(may("bob@example.test", "bob@example.test"), "unavailable");
  clock_.ahead += Duration(10min).count();
  EXPECT_EQ(kind("bob@example.test"), "mda") << "who was known a while ago";
  EXPECT_EQ(kind("nobody@example.test"), "unavailable");
  clock_.ahead += Duration(4h).count();
  EXPECT_EQ(kind("bob@example.test"), "unavailable");
  open_mda();
  EXPECT_EQ(kind("bob@example.test"), "unavailable") << "it is left alone for a second";
  clock_.ahead += Duration(2s).count();
  EXPECT_EQ(kind("bob@example.test"), "mda");
  known_ = "none";
  clock_.ahead += Duration(6min).count();
  EXPECT_EQ(kind("bob@example.test"), "unknown") << "an answer counts more than what was remembered";
}

TEST_F(CalloutTest, ARefusalForNowIsNoAnswer) {
  make();
  ill_ = true;
  EXPECT_EQ(kind("bob@example.test"), "unavailable");
  ill_ = false;
  EXPECT_EQ(kind("bob@example.test"), "mda");
}

TEST_F(CalloutTest, AnMdaThatSaysNothingIsGivenUp) {
  mda_->mute = true;
  make();
  EXPECT_EQ(kind("bob@example.test"), "unavailable");
}

TEST_F(CalloutTest, AConnectionIsKeptAndOpenedAnewWhenItHasGone) {
  make();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(kind(fmt::format("b{}@example.test", i)), "unknown");
  EXPECT_EQ(mda_->connections, 1);
  mda_->hang_up();
  EXPECT_EQ(kind("bob@example.test"), "mda");
  for (int i = 0; i < 10; ++i) EXPECT_EQ(kind(fmt::format("c{}@example.test", i)), "unknown");
}

TEST_F(CalloutTest, MemoryAndConnectionsAreBounded) {
  make({.answers = 3, .connections = 1});
  known_ = "";
  for (int i = 0; i < 50; ++i) EXPECT_EQ(kind(fmt::format("b{}@example.test", i)), "unknown");
  for (int i = 0; i < 50; ++i) EXPECT_EQ(kind(fmt::format("b{}@example.test", i)), "unknown");
  EXPECT_GE(asked_, 94) << "all but those that are remembered are asked again";
  slow_ = true;
  std::vector<std::thread> askers;
  for (int i = 0; i < 8; ++i)
    askers.emplace_back([this, i] { EXPECT_EQ(kind(fmt::format("d{}@example.test", i)), "unknown"); });
  for (auto& one : askers) one.join();
  EXPECT_LE(mda_->connections, 2);
}

TEST_F(CalloutTest, RulesAreAskedForOnce) {
  lay_down("a.example", 1);
  make();
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(rules("bob@example.test"), "block a.example; block a.example; | block a.example; ");
  EXPECT_EQ(kind("bob@example.test"), "mda");
  EXPECT_EQ(rules_asked_, 2) << "of two scopes";
  EXPECT_EQ(asked_, 3) << "and who that is, with it";
  clock_.ahead += Duration(6min).count();
  EXPECT_EQ(rules("bob@example.test"), "block a.example; block a.example; | block a.example; ");
  EXPECT_EQ(rules_asked_, 2) << "what has the same name is the same";
  EXPECT_EQ(asked_, 4);
}

TEST_F(CalloutTest, RulesThatChangedAreHeardOfWithTheAddress) {
  lay_down("a.example");
  make();
  EXPECT_EQ(rules("bob@example.test"), "block a.example; block a.example; ");
  lay_down("b.example");
  EXPECT_EQ(rules("bob@example.test"), "block a.example; block a.example; ") << "for five minutes";
  clock_.ahead += Duration(6min).count();
  EXPECT_EQ(rules("bob@example.test"), "block b.example; block b.example; ");
  // What a name stood for may have gone by the time that it is asked for: what is there now is told.
  lay_down("c.example");
  rules_.known.insert(*post::parse_acquaintance(post::Acquaintance::Kind::block, "d.example"));
  clock_.ahead += Duration(6min).count();
  EXPECT_EQ(rules("bob@example.test"), "block c.example; block d.example; block c.example; block d.example; ");
}

TEST_F(CalloutTest, WhoHasNoRulesIsAskedForNone) {
  make();
  EXPECT_EQ(rules("bob@example.test"), "");
  EXPECT_EQ(rules_asked_, 0);
}

TEST_F(CalloutTest, WithoutAnswersRulesAreThoseOfAWhileAgo) {
  lay_down("a.example");
  make();
  EXPECT_EQ(rules("bob@example.test"), "block a.example; block a.example; ");
  close_mda();
  clock_.ahead += Duration(10min).count();
  EXPECT_EQ(rules("bob@example.test"), "block a.example; block a.example; ");
  EXPECT_EQ(rules("carol@example.test"), "unavailable") << "never as if there were none";
  clock_.ahead += Duration(4h).count();
  EXPECT_EQ(rules("bob@example.test"), "unavailable");
}

TEST_F(CalloutTest, RulesThatCannotBeReadAreNoRules) {
  lay_down("a.example", static_cast<int>(kMaxChains));
  make();
  EXPECT_EQ(rules("bob@example.test"), "unavailable");
  EXPECT_EQ(rules("eve@example.test"), "unavailable") << "who is full may have some";
}

TEST_F(CalloutTest, AllTheRulesThatThereMayBeArrive) {
  lay_down("a.example");
  while (rules_.known.size() < post::kMaxAcquaintances) {
    std::string id = fmt::format("{:04}", rules_.known.size());
    id.resize(post::kMaxAcquaintanceName - 12, 'x');
    rules_.known.insert(*post::parse_acquaintance(post::Acquaintance::Kind::list, id + "/example.org"));
  }
  make();
  EXPECT_GT(rules("bob@example.test").size(), 2 * post::kMaxAcquaintances * 500);
}

TEST_F(CalloutTest, RulesInMemoryAreBounded) {
  make({.rules = 1});
  lay_down("a.example");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(rules("bob@example.test"), "block a.example; block a.example; ");
  EXPECT_EQ(rules_asked_, 6);
}

TEST_F(CalloutTest, TooManyQuestionsAreRefused) {
  make({.questions = 0});
  EXPECT_EQ(kind("bob@example.test"), "busy");
}

TEST_F(CalloutTest, WhoIsStoppedAnswersNothing) {
  make();
  callout_->stop();
  std::this_thread::sleep_for(50ms);
  EXPECT_EQ(kind("bob@example.test"), "unavailable");
}

}  // namespace
}  // namespace chappe::agents::mta::testing
