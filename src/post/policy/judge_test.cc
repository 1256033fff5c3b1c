#include "post/policy/judge.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>

namespace chappe::post {
namespace {

using namespace std::chrono_literals;
using proto::smtp::Reply;
using Without = JudgeSettings::Without;

// A judge whose answers are written down, and who writes down what it is asked.
class Scripted final : public Judge {
 public:
  struct Answer {
    Opinion opinion = {};
    std::optional<Errc> fails = {};
    Duration takes = Duration::zero();
  };
  Scripted(std::string name, ManualClock& clock, std::string& log) : name_(std::move(name)), clock_(clock), log_(log) {}

  std::string_view name() const override { return name_; }
  const JudgeSettings& settings() const override { return settings_; }
  std::unique_ptr<Hearing> hear() override { return std::make_unique<Ear>(this); }

  std::map<Step, Answer> at;
  JudgeSettings settings_;

 private:
  class Ear final : public Hearing {
   public:
    explicit Ear(Scripted* judge) : judge_(judge) {}
    Task<Result<Opinion>> connect(ConnectionFacts, Deadline d) override { return judge_->say(Step::connect, "", d); }
    Task<Result<Opinion>> hello(HelloFacts, Deadline d) override { return judge_->say(Step::hello, "", d); }
    Task<Result<Opinion>> mail(MailFacts, Deadline d) override { return judge_->say(Step::mail, "", d); }
    Task<Result<Opinion>> rcpt(RcptFacts f, Deadline d) override {
      return judge_->say(Step::rcpt, f.refused ? "!" : "", d);
    }
    Task<Result<Opinion>> data(Deadline d) override { return judge_->say(Step::data, "", d); }
    Task<Result<Opinion>> header(HeaderOctets, Deadline d) override { return judge_->say(Step::header, "", d); }
    Task<Result<Opinion>> body(ChunkList b, Deadline d) override {
      return judge_->say(Step::body, std::to_string(b.size()), d);
    }
    Task<Result<Opinion>> end(Deadline d) override { return judge_->say(Step::end, "", d); }
    Task<void> abort(Deadline) override {
      judge_->log_ += judge_->name_ + ".abort ";
      co_return;
    }
    Task<void> close(Deadline) override {
      judge_->log_ += judge_->name_ + ".close ";
      co_return;
    }

   private:
    Scripted* judge_;
  };

  Task<Result<Opinion>> say(Step step, std::string more, Deadline deadline) {
    log_ += name_ + "." + std::string(step_id(step)) + more + " ";
    const auto found = at.find(step);
    if (found == at.end()) co_return Opinion();
    const Answer answer = found->second;
    const Steady ready = clock_.steady() + answer.takes;
    if (ready > deadline.when) {
      clock_.advance(std::max(Duration::zero(), deadline.when - clock_.steady()));
      co_return fail(Errc::timeout, "{} took too long", name_);
    }
    clock_.advance(answer.takes);
    if (answer.fails) co_return fail(*answer.fails, "{} is broken", name_);
    co_return answer.opinion;
  }

  std::string name_;
  ManualClock& clock_;
  std::string& log_;
};

class JudgesTest : public testing::Test {
 protected:
  void make(Duration all = Judges::kAll) {
    judges = std::make_unique<Judges>(std::vector<std::shared_ptr<Judge>>{a, b, c}, clock, all);
  }
  template <class T>
  T run(Task<T> task) {
    return executor.run(std::move(task));
  }
  Deadline late() { return {.when = clock.steady() + 1h}; }
  // A whole letter to `rcpts` recipients, as far as it comes; what is said to it.
  std::string letter(int rcpts = 1) {
    auto said = [](const Ruling& r) { return std::to_string(r.reply.code) + " by " + r.judge; };
    if (auto r = run(judges->mail({}, late())); r.refuses()) return "mail " + said(r);
    int taken = 0;
    std::string out;
    for (int i = 0; i < rcpts; ++i) {
      const auto r = run(judges->rcpt({}, late()));
      if (r.refuses()) out += "rcpt " + said(r) + "; ";
      taken += r.refuses() ? 0 : 1;
    }
    if (taken == 0) {
      run(judges->abort(late()));
      return out;
    }
    if (auto r = run(judges->data(late())); r.refuses()) return out + "data " + said(r);
    (void)run(judges->header(std::make_shared<const Bytes>("A: b\r\n\r\n"), late()));
    (void)run(judges->body(ChunkList("12345"), late()));
    const auto r = run(judges->end(late()));
    const auto verdict = judges->verdict();
    EXPECT_EQ(r.refuses(), verdict.action == Action::defer || verdict.action == Action::reject);
    out += action_id(verdict.action);
    if (verdict.by) out += " by " + verdict.heard[*verdict.by].judge;
    return out;
  }
  std::string asked() { return std::exchange(log, ""); }

  ManualClock clock;
  net::LocalExecutor executor{clock};
  std::string log;
  std::shared_ptr<Scripted> a = std::make_shared<Scripted>("a", clock, log);
  std::shared_ptr<Scripted> b = std::make_shared<Scripted>("b", clock, log);
  std::shared_ptr<Scripted> c = std::make_shared<Scripted>("c", clock, log);
  std::unique_ptr<Judges> judges;
};

TEST_F(JudgesTest, EachHearsAllInOrder) {
  judges = std::make_unique<Judges>(std::vector<std::shared_ptr<Judge>>{a, b}, clock);
  EXPECT_FALSE(run(judges->connect({}, late())).refuses());
  EXPECT_FALSE(run(judges->hello({}, late())).refuses());
  EXPECT_EQ(letter(), "nothing");
  run(judges->close(late()));
  EXPECT_EQ(asked(),
            "a.connect b.connect a.hello b.hello a.mail b.mail a.rcpt b.rcpt a.data b.data a.header b.header "
            "a.body5 b.body5 a.end b.end a.close b.close ");
}

TEST_F(JudgesTest, WithoutJudgesNothingIsRefused) {
  judges = std::make_unique<Judges>(std::vector<std::shared_ptr<Judge>>{}, clock);
  EXPECT_TRUE(judges->empty());
  EXPECT_FALSE(run(judges->connect({}, late())).refuses());
  EXPECT_EQ(letter(), "nothing");
}

TEST_F(JudgesTest, TheHarshestActionWins) {
  constexpr Action kMildToHarsh[] = {Action::nothing, Action::junk,   Action::quarantine,
                                     Action::defer,   Action::reject, Action::discard};
  for (const Action x : kMildToHarsh) {
    for (const Action y : kMildToHarsh) {
      a->at[Step::end].opinion = Opinion(x);
      b->at[Step::end].opinion = Opinion(y);
      make();
      const bool early = x == Action::reject || x == Action::discard;
      const Action wins = early ? x : std::max(x, y);
      std::string expected(action_id(wins));
      if (wins != Action::nothing) expected += x == wins ? " by a" : " by b";
      EXPECT_EQ(letter(), expected) << action_id(x) << " and " << action_id(y);
    }
  }
}

TEST_F(JudgesTest, AcceptEndsItForThoseBehind) {
  b->at[Step::header].opinion = Opinion(Action::accept);
  c->at[Step::end].opinion = Opinion(Action::reject);
  a->at[Step::end].opinion = Opinion(Action::junk);
  make();
  EXPECT_EQ(letter(), "junk by a");
  EXPECT_EQ(asked(),
            "a.mail b.mail c.mail a.rcpt b.rcpt c.rcpt a.data b.data c.data a.header b.header c.abort "
            "a.body5 a.end ");
  const auto verdict = judges->verdict();
  EXPECT_EQ(verdict.heard[1].at, Step::header);
  EXPECT_EQ(verdict.heard[1].opinion.action(), Action::accept);
  EXPECT_TRUE(verdict.heard[2].excused);
  EXPECT_FALSE(verdict.heard[0].excused);
  // The next letter begins anew.
  b->at.clear();
  EXPECT_EQ(letter(), "reject by c");
  EXPECT_FALSE(judges->verdict().heard[2].excused);
}

TEST_F(JudgesTest, AcceptedAtRcptAtOnce) {
  a->at[Step::rcpt].opinion = Opinion(Action::accept);
  make();
  (void)run(judges->mail({}, late()));
  (void)run(judges->rcpt({}, late()));
  EXPECT_EQ(asked(), "a.mail b.mail c.mail a.rcpt b.abort c.abort ");
  (void)run(judges->rcpt({}, late()));
  (void)run(judges->end(late()));
  EXPECT_EQ(asked(), "");
}

TEST_F(JudgesTest, AcceptOfAConnectionHoldsForItsLetters) {
  a->at[Step::connect].opinion = Opinion(Action::accept);
  c->at[Step::end].opinion = Opinion(Action::reject);
  make();
  EXPECT_FALSE(run(judges->connect({}, late())).refuses());
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(letter(), "nothing");
    const auto verdict = judges->verdict();
    EXPECT_EQ(verdict.heard[0].at, Step::connect);
    EXPECT_TRUE(verdict.heard[1].excused && verdict.heard[2].excused);
  }
  EXPECT_EQ(asked(), "a.connect ");
}

TEST_F(JudgesTest, ARefusedConnectionRefusesEachLetter) {
  b->at[Step::hello].opinion.decide(Action::reject, Reply(554, "5.7.1", "not you"));
  make();
  EXPECT_FALSE(run(judges->connect({}, late())).refuses());
  const auto ruling = run(judges->hello({}, late()));
  EXPECT_EQ(ruling.reply, Reply(554, "5.7.1", "not you"));
  EXPECT_EQ(ruling.judge, "b");
  EXPECT_EQ(letter(), "mail 554 by b");
  EXPECT_EQ(letter(), "mail 554 by b");
  EXPECT_EQ(asked(), "a.connect b.connect c.connect a.hello b.hello ");
}

TEST_F(JudgesTest, RefusedAtMailTheOthersAreTold) {
  b->at[Step::mail].opinion = Opinion(Action::defer);
  make();
  EXPECT_EQ(letter(), "mail 451 by b");
  EXPECT_EQ(asked(), "a.mail b.mail a.abort ");
  b->at.clear();
  EXPECT_EQ(letter(), "nothing");
}

TEST_F(JudgesTest, OneRecipientIsRefused) {
  b->at[Step::rcpt].opinion.decide(Action::reject, Reply(550, "5.1.1", "nobody"));
  make();
  EXPECT_FALSE(run(judges->mail({}, late())).refuses());
  EXPECT_EQ(run(judges->rcpt({}, late())).reply.text, "nobody");
  b->at.clear();
  EXPECT_FALSE(run(judges->rcpt({}, late())).refuses());
  EXPECT_FALSE(run(judges->rcpt({.rcpt = {}, .refused = Reply(550, "5.1.1", "x")}, late())).refuses())
      << "what is refused already";
  EXPECT_EQ(asked(), "a.mail b.mail c.mail a.rcpt b.rcpt c.rcpt! a.rcpt b.rcpt c.rcpt a.rcpt! b.rcpt! c.rcpt! ");
  const auto verdict = judges->verdict();
  EXPECT_EQ(verdict.action, Action::nothing);
  EXPECT_EQ(verdict.heard[1].refused, 1u);
}

TEST_F(JudgesTest, NobodyIsAskedFurtherAboutARejectedLetter) {
  a->at[Step::body].opinion = Opinion(Action::reject);
  make();
  EXPECT_EQ(letter(), "reject by a");
  EXPECT_EQ(asked(),
            "a.mail b.mail c.mail a.rcpt b.rcpt c.rcpt a.data b.data c.data a.header b.header c.header a.body5 "
            "b.abort c.abort ");
}

TEST_F(JudgesTest, ADeferredLetterMayStillBeRejected) {
  a->at[Step::body].fails = Errc::closed;
  c->at[Step::end].opinion = Opinion(Action::reject);
  make();
  EXPECT_EQ(letter(), "reject by c");
  const auto verdict = judges->verdict();
  ASSERT_TRUE(verdict.heard[0].failure);
  EXPECT_EQ(verdict.heard[0].failure->code(), Errc::closed);
  EXPECT_EQ(verdict.heard[0].opinion.action(), Action::defer);
}

TEST_F(JudgesTest, WhoFailsIsASettingAtEveryStep) {
  for (const Step step : {Step::mail, Step::rcpt, Step::data, Step::header, Step::body, Step::end}) {
    b->at = {{step, {.fails = Errc::unavailable}}};
    b->settings_.without = Without::accept;
    make();
    EXPECT_EQ(letter(), "nothing") << step_id(step);
    EXPECT_TRUE(judges->verdict().heard[1].failure);
    EXPECT_EQ(asked().find("b.abort"), std::string::npos);
    b->settings_.without = Without::defer;
    make();
    EXPECT_NE(letter().find(step == Step::mail || step == Step::data ? " 451 by b"
                            : step == Step::rcpt                     ? "rcpt 451 by b"
                                                                     : "defer by b"),
              std::string::npos)
        << step_id(step);
    asked();
    b->at.clear();
    EXPECT_EQ(letter(), "nothing") << "the next letter";
    asked();
  }
}

TEST_F(JudgesTest, AFailureAtConnectIsForTheLetterToSuffer) {
  a->at = {{Step::connect, {.fails = Errc::unavailable}}, {Step::hello, {.fails = Errc::unavailable}}};
  make();
  EXPECT_FALSE(run(judges->connect({}, late())).refuses());
  EXPECT_FALSE(run(judges->hello({}, late())).refuses());
  EXPECT_EQ(letter(), "nothing");
  EXPECT_NE(asked().find("a.mail"), std::string::npos);
}

TEST_F(JudgesTest, EachHasItsTimeAndAllHaveTheirs) {
  a->at[Step::end] = {.opinion = Opinion(Action::junk), .takes = 3s};
  b->at[Step::end] = {.opinion = Opinion(Action::reject), .takes = 20s};
  b->settings_.verdict = 10s;
  c->at[Step::end] = {.opinion = Opinion(Action::quarantine), .takes = 9s};
  for (auto& judge : {a, b, c}) judge->settings_.without = Without::accept;
  make();
  EXPECT_EQ(letter(), "quarantine by c");
  auto verdict = judges->verdict();
  EXPECT_EQ(verdict.heard[0].took, 3s);
  EXPECT_EQ(verdict.heard[1].took, 10s);
  EXPECT_EQ(verdict.heard[1].failure->code(), Errc::timeout);
  EXPECT_EQ(verdict.heard[2].took, 9s);
  make(15s);
  EXPECT_EQ(letter(), "junk by a");
  verdict = judges->verdict();
  EXPECT_EQ(verdict.heard[1].took, 10s);
  EXPECT_EQ(verdict.heard[2].took, 2s) << "what the others had left of the time of all";
  EXPECT_EQ(verdict.heard[2].failure->code(), Errc::timeout);
}

TEST_F(JudgesTest, ALetterThatIsGivenUp) {
  make();
  (void)run(judges->mail({}, late()));
  (void)run(judges->rcpt({}, late()));
  run(judges->abort(late()));
  run(judges->abort(late()));
  EXPECT_EQ(asked(), "a.mail b.mail c.mail a.rcpt b.rcpt c.rcpt a.abort b.abort c.abort ");
  (void)run(judges->mail({}, late()));
  (void)run(judges->mail({}, late()));
  EXPECT_EQ(asked(), "a.mail b.mail c.mail a.abort b.abort c.abort a.mail b.mail c.mail ");
  run(judges->close(late()));
  EXPECT_EQ(asked(), "a.abort b.abort c.abort a.close b.close c.close ");
}

TEST_F(JudgesTest, AGreetingAfterALetterIsHeardByAll) {
  make();
  a->at[Step::data] = {Opinion(Action::accept)};
  run(judges->connect({}, late()));
  run(judges->hello({}, late()));
  run(judges->mail({}, late()));
  run(judges->data(late()));
  log.clear();
  EXPECT_FALSE(run(judges->hello({}, late())).refuses());
  EXPECT_EQ(log, "a.hello b.hello c.hello ");
  run(judges->mail({}, late()));
  log.clear();
  run(judges->hello({}, late()));
  EXPECT_EQ(log, "a.abort b.abort c.abort a.hello b.hello c.hello ") << "the letter is given up";
}

TEST_F(JudgesTest, ChangesOfAllAreKeptInOrder) {
  a->at[Step::end].opinion.change({.kind = HeaderChange::Kind::add, .name = "X-A", .value = " 1"});
  b->at[Step::end].opinion = Opinion(Action::accept);
  b->at[Step::end].opinion.change(RecipientChange{.kind = RecipientChange::Kind::add, .address = "x@example.org"});
  make();
  EXPECT_EQ(letter(), "nothing");
  const auto verdict = judges->verdict();
  EXPECT_EQ(verdict.heard[0].opinion.fields().at(0).name, "X-A");
  EXPECT_EQ(verdict.heard[1].opinion.recipients().at(0).address, "x@example.org");
}

}  // namespace
}  // namespace chappe::post
