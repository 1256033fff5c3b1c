#include "agents/milter/milter.h"

#include <unistd.h>

#include <filesystem>

#include "agents/milter/testing.h"

namespace chappe::agents::milter::testing {
namespace {

using post::Action;
using post::Verdict;
using Without = post::JudgeSettings::Without;

class MilterTest : public ::testing::Test {
 protected:
  ~MilterTest() override {
    if (server_) server_->stop();
    shards_.stop();
  }
  FakeMilter& server() {
    if (!server_)
      server_ = std::make_unique<FakeMilter>(shards_, *net::ListenSocket::bind(*net::Endpoint::parse("127.0.0.1", 0)));
    port_ = server_->port();
    return *server_;
  }
  // Another one; those before go on until the end.
  FakeMilter& fresh() {
    if (server_) retired_.push_back(std::move(server_));
    return server();
  }
  std::shared_ptr<Milter> make() {
    if (port_ == 0) (void)server();
    options.name = "m";
    if (options.address.endpoints.empty() && options.address.path.empty())
      options.address = *Address::parse(fmt::format("inet:127.0.0.1:{}", port_));
    milter = std::make_shared<Milter>(
        Milter::Parts{.shards = shards_, .clock = clock_, .log = log_, .metrics = metrics_}, options);
    return milter;
  }

  // One SMTP connection with so many letters, on a shard.
  static net::Task<std::string> session(std::shared_ptr<Milter> judge, Clock* clock, SampleLetter letter, int letters,
                                        Verdict* verdict) {
    post::Judges judges({judge}, *clock);
    const auto until = net::Deadline::in(30s);
    std::string out;
    if (const auto r = co_await judges.connect(letter.client, until); r.refuses())
      out += fmt::format("connect {};", r.reply.code);
    if (const auto r =
            co_await judges.hello({.hello = {.name = letter.hello}, .tls = post::TlsSeen{"TLSv1.3", "AES"}}, until);
        r.refuses())
      out += fmt::format("hello {};", r.reply.code);
    for (int i = 0; i < letters; ++i) {
      out += co_await tell(&judges, letter);
      *verdict = judges.verdict();
    }
    co_await judges.close(until);
    co_return out;
  }
  // What came of one session; `verdict` is that of its last letter.
  std::string run(int letters = 1, std::size_t shard = 0) {
    return net::run_on(shards_.at(shard), session(milter, &clock_, letter, letters, &verdict));
  }
  const post::Heard& heard() const { return verdict.heard.at(0); }
  std::string failure() const {
    return heard().failure ? std::string(error_row(heard().failure->code()).name) : "none";
  }
  std::uint64_t count(std::string_view series) {
    const std::string all = metrics_.expose();
    const auto at = all.find("\n" + std::string(series) + " ");
    return at == std::string::npos ? 0 : std::stoull(all.substr(at + series.size() + 2));
  }

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
  std::uint16_t port_ = 0;
  std::unique_ptr<FakeMilter> server_;
  std::vector<std::unique_ptr<FakeMilter>> retired_;
  MilterOptions options;
  SampleLetter letter;
  std::shared_ptr<Milter> milter;
  Verdict verdict;
};

TEST_F(MilterTest, HearsAWholeLetter) {
  auto& s = server();
  s.answers['E'] = packet("hX-Seen\0yes\n\tindeed\0"s) + packet("c");
  make();
  EXPECT_EQ(run(), "");
  EXPECT_EQ(failure(), "none");
  EXPECT_EQ(verdict.action, Action::nothing);
  ASSERT_EQ(heard().opinion.fields().size(), 1u);
  EXPECT_EQ(heard().opinion.fields()[0].value, " yes\r\n\tindeed");
  EXPECT_EQ(s.heard(12), "OCHMRTLLNBEK");
  EXPECT_EQ(s.last('C'),
            "client.example.net\0004\x10\xe1"
            "192.0.2.1\0"s);
  EXPECT_EQ(s.last('H'), "client.example.net\0"s);
  EXPECT_EQ(s.last('M'), "<a@example.net>\0SIZE=1000\0BODY=8BITMIME\0"s);
  EXPECT_EQ(s.last('R'), "<b@example.org>\0"s);
  EXPECT_EQ(s.all('L'), "From\0a@example.net\0Subject\0one\n two\0"s);
  EXPECT_EQ(s.last('B'), "Hello\r\n");
  const Bytes connect = s.last('c');
  for (const Bytes& macro : {"j\0mx.example.org\0"s, "_\0client.example.net [192.0.2.1]\0"s, "{daemon_name}\0mx\0"s,
                             "{daemon_addr}\000198.51.100.1\0"s, "{client_addr}\000192.0.2.1\0"s,
                             "{client_name}\0client.example.net\0"s, "{client_port}\0004321\0"s})
    EXPECT_NE(connect.find(macro), Bytes::npos) << macro;
  EXPECT_EQ(s.last('h'), "{tls_version}\0TLSv1.3\0{cipher}\0AES\0"s);
  EXPECT_NE(s.last('m').find("i\0L1\0{mail_addr}\0a@example.net\0{mail_host}\0example.net\0"s), Bytes::npos);
  EXPECT_EQ(s.last('r'), "i\0L1\0{rcpt_addr}\0b@example.org\0{rcpt_host}\0example.org\0{rcpt_mailer}\0local\0"s);
}

TEST_F(MilterTest, EveryDecisionAtEveryStep) {
  struct Case {
    const char* answer;
    Action action;
  };
  for (const auto& [answer, action] :
       {Case{"a", Action::accept}, Case{"r", Action::reject}, Case{"t", Action::defer}, Case{"d", Action::discard},
        Case{"4", Action::defer}, Case{"y554 5.7.1 own words", Action::reject},
        Case{"y451 own words", Action::defer}}) {
    for (const char at : "MTLNBE"s) {
      options = {};
      auto& s = fresh();
      options.address = *Address::parse(fmt::format("inet:127.0.0.1:{}", s.port()));
      s.answers[at] = packet(answer);
      make();
      const std::string refused = run();
      EXPECT_EQ(heard().opinion.action(), action) << answer << " at " << at;
      const bool early = at == 'M' || at == 'T';
      EXPECT_EQ(refused.empty(), !early || (action != Action::reject && action != Action::defer))
          << answer << " at " << at;
      if (answer[0] == 'y') EXPECT_EQ(heard().opinion.reply().text, "own words");
      if (answer[0] == '4') EXPECT_EQ(heard().opinion.reply().code, 421);
      EXPECT_EQ(failure(), "none");
      s.stop();
    }
  }
}

TEST_F(MilterTest, AConnectionOrAGreetingIsRefused) {
  server().answers['C'] = packet("y554 5.7.1 not you");
  make();
  EXPECT_EQ(run(2), "connect 554;hello 554;mail: 554 5.7.1 not youmail: 554 5.7.1 not you");
  EXPECT_EQ(server().heard(3), "OCQ");
  server().answers.clear();
  server().answers['H'] = packet("t");
  EXPECT_EQ(run().substr(0, 19), "hello 451;mail: 451");
}

TEST_F(MilterTest, OneRecipientIsRefused) {
  server().answers['R'] = packet("y550 5.1.1 nobody");
  letter.to = {"b@example.org", "c@example.org"};
  make();
  EXPECT_EQ(run(), "rcpt: 550 5.1.1 nobody;rcpt: 550 5.1.1 nobody;");
  EXPECT_EQ(server().heard(8), "OCHMRRAK");
}

TEST_F(MilterTest, ChangesThatAreNotDoneAreTold) {
  server().actions = 0x01;
  server().answers['E'] = packet("bnew body") + packet("bmore of it") + packet("+<x@example.org>\0"s) +
                          packet("hX-Bad\0a\nBcc: b\0"s) + packet("hX-Good\0a\0"s) + packet("c");
  make();
  EXPECT_EQ(run(), "");
  EXPECT_EQ(heard().opinion.fields().size(), 1u);
  const auto& left = heard().opinion.unheeded();
  ASSERT_EQ(left.size(), 3u);
  EXPECT_EQ(left[0].why, post::Unheeded::body);
  EXPECT_EQ(left[1].why, post::Unheeded::not_agreed);
  EXPECT_EQ(left[2].why, post::Unheeded::bad_field);
}

TEST_F(MilterTest, EveryChange) {
  server().answers['E'] = packet("i" + number(0) + "X-I\0i\0"s) + packet("m" + number(2) + "X-M\0m\0"s) +
                          packet("m" + number(1) + "X-D\0\0"s) + packet("e<new@example.org>\0"s) +
                          packet("2<x@example.org>\0NOTIFY=NEVER\0"s) + packet("-<b@example.org>\0"s) +
                          packet("qa reason\0"s) + packet("c");
  make();
  EXPECT_EQ(run(), "");
  const auto& o = heard().opinion;
  using HKind = post::HeaderChange::Kind;
  EXPECT_EQ(o.fields(),
            (std::vector<post::HeaderChange>{
                {HKind::insert, "X-I", " i", 0}, {HKind::change, "X-M", " m", 2}, {HKind::remove, "X-D", "", 1}}));
  using RKind = post::RecipientChange::Kind;
  EXPECT_EQ(o.recipients(), (std::vector<post::RecipientChange>{{RKind::add, "x@example.org", "NOTIFY=NEVER"},
                                                                {RKind::remove, "b@example.org", ""}}));
  EXPECT_EQ(o.sender()->address, "new@example.org");
  EXPECT_EQ(o.action(), Action::quarantine);
  EXPECT_EQ(o.reason(), "a reason");
  server().answers['E'] = packet("qa reason\0"s) + packet("r");
  EXPECT_EQ(run(), "");
  EXPECT_EQ(heard().opinion.action(), Action::reject) << "harsher than quarantine";
}

TEST_F(MilterTest, MarksOfSpam) {
  struct Case {
    Bytes field;
    Action action;
    std::optional<double> score;
  };
  server();
  make();
  for (const auto& [field, action, score] : {
           Case{"X-Spam\0Yes\0"s, Action::junk, {}},
           Case{"x-spam-FLAG\0YES\0"s, Action::junk, {}},
           Case{"X-Spam-Status\0Yes, score=7.1 required=5.0\0"s, Action::junk, 7.1},
           Case{"X-Spam-Status\0No, score=-0.5\0"s, Action::nothing, -0.5},
           Case{"X-Spam-Score\0 12\0"s, Action::nothing, 12},
           Case{"X-Spam\0No\0"s, Action::nothing, {}},
           Case{"Subject\0Yes\0"s, Action::nothing, {}},
       }) {
    server().answers['E'] = packet("h" + field) + packet("c");
    EXPECT_EQ(run(), "");
    EXPECT_EQ(heard().opinion.action(), action) << field;
    EXPECT_EQ(heard().opinion.score(), score) << field;
  }
  server().answers['E'] = packet("hX-Spam\0Yes\0"s) + packet("r");
  EXPECT_EQ(run(), "");
  EXPECT_EQ(heard().opinion.action(), Action::reject) << "harsher than a mark";
}

TEST_F(MilterTest, ClosingAtEachStep) {
  for (const Without without : {Without::accept, Without::defer}) {
    for (const char at : "OCHMRTLNBE"s) {
      options = {};
      auto& s = fresh();
      options.address = *Address::parse(fmt::format("inet:127.0.0.1:{}", s.port()));
      options.settings.without = without;
      s.closes = at;
      make();
      const std::string refused = run();
      // After a failure at connect or hello, the letter tries again.
      EXPECT_EQ(failure(), "closed") << at;
      const bool early = "OCHMRT"s.find(at) != std::string::npos;
      if (without == Without::accept)
        EXPECT_EQ(refused + std::string(post::action_id(verdict.action)), "nothing") << at;
      else
        EXPECT_EQ(verdict.action, Action::defer) << at;
      EXPECT_EQ(refused.empty(), without == Without::accept || !early) << at << refused;
      s.stop();
    }
  }
}

TEST_F(MilterTest, Nonsense) {
  for (const Bytes& nonsense : {packet("Z"), packet("c?"), number(0), number(0x7fffffff),
                                "HTTP/1.1 400 Bad Request\r\n\r\n"s, packet("hX\0y\0"s)}) {
    for (const char at : "OCMB"s) {
      options = {};
      auto& s = fresh();
      options.address = *Address::parse(fmt::format("inet:127.0.0.1:{}", s.port()));
      s.answers[at] = nonsense;
      make();
      (void)run();
      EXPECT_TRUE(failure() == "invalid" || failure() == "too_large") << at << failure();
      EXPECT_EQ(verdict.action, Action::defer);
      s.stop();
    }
  }
}

TEST_F(MilterTest, SlowAtEachStep) {
  options.times.command = 50ms;
  options.times.verdict = 50ms;
  for (const char at : "OCHMRTLNBE"s) {
    auto& s = fresh();
    options.address = *Address::parse(fmt::format("inet:127.0.0.1:{}", s.port()));
    s.thinks[at] = 400ms;
    make();
    (void)run();
    EXPECT_EQ(failure(), "timeout") << at;
    s.stop();
  }
  EXPECT_GE(count("chappe_milter_failures_total{milter=\"m\",why=\"timeout\"}"), 10u);
}

TEST_F(MilterTest, WhoSaysThatItWorksHasMoreTime) {
  options.times.verdict = 200ms;
  server().thinks['E'] = 600ms;
  server().works = true;
  make();
  (void)run();
  EXPECT_EQ(failure(), "none");
  options.settings.verdict = 300ms;
  make();
  (void)run();
  EXPECT_EQ(failure(), "timeout") << "but not more than the judge has";
}

TEST_F(MilterTest, NobodyListens) {
  port_ = server().port();
  server_->stop();
  server_.reset();
  make();
  EXPECT_EQ(run().substr(0, 9), "mail: 451");
  EXPECT_EQ(failure(), "unavailable");
  options.settings.without = Without::accept;
  make();
  EXPECT_EQ(run(), "");
  EXPECT_EQ(verdict.action, Action::nothing);
  EXPECT_GE(count("chappe_milter_connections_total{milter=\"m\",how=\"failed\"}"), 3u);
}

TEST_F(MilterTest, ALetterAfterAFailureBeginsAnew) {
  server().closes = "B";
  make();
  EXPECT_EQ(run(2), "");
  EXPECT_EQ(server().heard(20), "OCHMRTLLNBOCHMRTLLNB");
  EXPECT_EQ(failure(), "closed");
}

TEST_F(MilterTest, IsLeftAloneAfterFailuresInARow) {
  server().closes = "E";
  options.breaker = {.failures = 3, .pause = 30s};
  make();
  for (int i = 0; i < 3; ++i) {
    (void)run();
    EXPECT_EQ(failure(), "closed");
  }
  (void)server().heard(0);
  for (int i = 0; i < 3; ++i) {
    (void)run();
    EXPECT_EQ(failure(), "unavailable");
    EXPECT_EQ(verdict.action, Action::defer);
  }
  EXPECT_EQ(server().heard(0), "");
  EXPECT_EQ(count("chappe_milter_left_alone_total{milter=\"m\"}"), 6u) << "at connect and at MAIL";
  clock_.ahead = Duration(31s).count();
  (void)run();
  EXPECT_EQ(failure(), "closed") << "asked again";
  (void)run();
  EXPECT_EQ(failure(), "unavailable") << "and left alone again";
  clock_.ahead = Duration(70s).count();
  server().closes = "";
  (void)run();
  EXPECT_EQ(failure(), "none");
  (void)run();
  EXPECT_EQ(failure(), "none") << "back for all";
}

TEST_F(MilterTest, AConnectionIsKeptForTheNextSession) {
  make();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(run(), "");
  EXPECT_EQ(server().connections, 1);
  EXPECT_EQ(server().heard(34), "OCHMRTLLNBEKCHMRTLLNBEKCHMRTLLNBEK");
  EXPECT_EQ(count("chappe_milter_connections_total{milter=\"m\",how=\"kept\"}"), 2u);
  EXPECT_EQ(count("chappe_milter_connections_open{milter=\"m\"}"), 1u);
  EXPECT_EQ(run(1, 1), "") << "another shard has its own";
  EXPECT_EQ(server().connections, 2);
}

TEST_F(MilterTest, OlderOnesAndASettingHaveOneForEachSession) {
  server().version = 5;
  make();
  EXPECT_EQ(run(), "");
  EXPECT_EQ(run(), "");
  EXPECT_EQ(server().connections, 2);
  EXPECT_EQ(server().heard(24), "OCHMRTLLNBEQOCHMRTLLNBEQ");
  server().version = 6;
  options.pool.kept = 0;
  make();
  EXPECT_EQ(run(), "");
  EXPECT_EQ(server().heard(12), "OCHMRTLLNBEQ");
  EXPECT_EQ(count("chappe_milter_connections_open{milter=\"m\"}"), 0u);
}

TEST_F(MilterTest, WhereItIsNotSafeAConnectionIsNotKept) {
  server().answers['E'] = packet("a");
  make();
  EXPECT_EQ(run(), "");
  EXPECT_EQ(run(0), "");
  EXPECT_EQ(server().heard(16), "OCHMRTLLNBEQOCHQ");
}

TEST_F(MilterTest, AKeptConnectionOutlivesItsMilter) {
  options.pool.idle = 50ms;
  make();
  EXPECT_EQ(run(), "");
  milter.reset();
  EXPECT_EQ(server().heard(13), "OCHMRTLLNBEKQ");
}

TEST_F(MilterTest, AKeptConnectionThatTheMilterCloses) {
  server().hangs_up = true;
  make();
  EXPECT_EQ(run(), "");
  for (int i = 0; i < 100 && count("chappe_milter_connections_open{milter=\"m\"}") > 0; ++i)
    std::this_thread::sleep_for(10ms);
  EXPECT_EQ(count("chappe_milter_connections_open{milter=\"m\"}"), 0u) << "thrown away";
  EXPECT_EQ(run(), "");
  EXPECT_EQ(failure(), "none");
  EXPECT_EQ(server().connections, 2);
}

TEST_F(MilterTest, AKeptConnectionClosesWhenItIsUsed) {
  make();
  EXPECT_EQ(run(), "");
  server().closes = "C";
  // The first to be told CONNECT on the kept connection finds it closed, and takes a new one, where it is closed too.
  (void)run();
  EXPECT_EQ(failure(), "closed");
  server().closes = "";
  EXPECT_EQ(run(), "");
  EXPECT_EQ(failure(), "none");
}

TEST_F(MilterTest, AKeptConnectionIsNotKeptForEver) {
  options.pool.idle = 30ms;
  make();
  EXPECT_EQ(run(), "");
  for (int i = 0; i < 100 && count("chappe_milter_connections_open{milter=\"m\"}") > 0; ++i)
    std::this_thread::sleep_for(10ms);
  EXPECT_EQ(count("chappe_milter_connections_open{milter=\"m\"}"), 0u);
  EXPECT_EQ(server().heard(13), "OCHMRTLLNBEKQ");
}

TEST_F(MilterTest, ASilentMilterWithLargeLetters) {
  server().steps = 0x80 | 0x1000 | 0x2000 | 0x4000 | 0x8000 | 0x10000 | 0x40000 | 0x80000;
  for (int i = 0; i < 50'000; ++i) letter.body += "A line of a large letter, number " + std::to_string(i) + "\r\n";
  make();
  EXPECT_EQ(run(), "");
  EXPECT_EQ(failure(), "none");
  EXPECT_EQ(server().all('B'), letter.body);
}

TEST_F(MilterTest, SkipsTheRestOfABody) {
  server().steps = 0x400;
  server().answers['B'] = packet("s");
  letter.body = Bytes(300'000, 'x');
  make();
  EXPECT_EQ(run(), "");
  EXPECT_EQ(server().all('B').size(), 65535u);
}

TEST_F(MilterTest, ALineThatIsNoFieldEndsTheHeader) {
  letter.header = "From: a@example.net\r\nno field\r\nSubject: x\r\n\r\n";
  make();
  EXPECT_EQ(run(), "");
  EXPECT_EQ(server().all('L'), "From\0a@example.net\0"s);
  EXPECT_EQ(server().all('B'), "no field\r\nSubject: x\r\n\r\nHello\r\n");
}

TEST_F(MilterTest, OverAUnixSocket) {
  std::string dir = (std::filesystem::temp_directory_path() / "chappe-milter-XXXXXX").string();
  ASSERT_NE(mkdtemp(dir.data()), nullptr);
  server_ = std::make_unique<FakeMilter>(shards_, *net::ListenSocket::bind_unix(dir + "/m.sock"));
  options.address = *Address::parse("unix:" + dir + "/m.sock");
  make();
  EXPECT_EQ(run(), "");
  EXPECT_EQ(failure(), "none");
  EXPECT_EQ(server_->heard(12), "OCHMRTLLNBEK");
  std::filesystem::remove_all(dir);
}

TEST_F(MilterTest, ArgumentsAndLoginsAreToldAndForgotten) {
  struct Once {
    static net::Task<void> go(std::shared_ptr<Milter> judge, FakeMilter* server) {
      const auto until = net::Deadline::in(10s);
      auto hearing = judge->hear();
      (void)co_await hearing->connect({.ip = "2001:db8::1", .port = 4321}, until);
      proto::smtp::Mail mail;
      mail.body = proto::smtp::Body::seven_bit;
      mail.smtputf8 = true;
      mail.auth = "a b";
      mail.ret = "HDRS";
      mail.envid = "x+y";
      (void)co_await hearing->mail({.letter = "L2", .mail = mail, .login = post::LoginSeen{"PLAIN", "carol"}}, until);
      EXPECT_EQ(server->last('M'), "<>\0BODY=7BIT\0SMTPUTF8\0AUTH=a+20b\0RET=HDRS\0ENVID=x+2By\0"s);
      EXPECT_NE(server->last('m').find("{auth_type}\0PLAIN\0{auth_authen}\0carol\0"s), Bytes::npos);
      proto::smtp::Rcpt rcpt;
      rcpt.path = path_of("b@example.org");
      rcpt.notify = "NEVER";
      rcpt.orcpt = "rfc822;c@example.org";
      (void)co_await hearing->rcpt({.rcpt = rcpt, .refused = {}}, until);
      EXPECT_EQ(server->last('R'), "<b@example.org>\0NOTIFY=NEVER\0ORCPT=rfc822;c@example.org\0"s);
      co_await hearing->abort(until);
      mail = {};
      mail.auth = "";
      (void)co_await hearing->mail({.letter = "L3", .mail = mail, .login = {}}, until);
      EXPECT_EQ(server->last('M'), "<>\0AUTH=<>\0"s);
      EXPECT_EQ(server->last('m').find("auth_"), Bytes::npos) << "of the letter before";
      co_await hearing->close(until);
    }
  };
  net::run_on(shards_.at(0), Once::go(make(), &server()));
  EXPECT_EQ(server().last('C'),
            "[2001:db8::1]\0006\x10\xe1"
            "2001:db8::1\0"s);
  EXPECT_NE(server().last('c').find("_\0unknown [2001:db8::1]\0"s), Bytes::npos);
  EXPECT_NE(server().last('c').find("{client_name}\0unknown\0"s), Bytes::npos);
}

TEST_F(MilterTest, WhoIsToldOfRefusedRecipients) {
  const auto refused = [this](std::size_t commands) {
    struct Once {
      static net::Task<void> go(std::shared_ptr<Milter> judge) {
        const auto until = net::Deadline::in(10s);
        auto hearing = judge->hear();
        (void)co_await hearing->connect({.ip = "192.0.2.1"}, until);
        (void)co_await hearing->mail({}, until);
        proto::smtp::Rcpt rcpt;
        rcpt.path = path_of("b@example.org");
        (void)co_await hearing->rcpt({.rcpt = rcpt, .refused = proto::smtp::Reply(550, "5.1.1", "nobody")}, until);
        co_await hearing->abort(until);
        co_await hearing->close(until);
      }
    };
    net::run_on(shards_.at(0), Once::go(make()));
    return server().heard(commands);
  };
  (void)server();
  EXPECT_EQ(refused(5), "OCMAK");
  server().steps = 0x800;
  EXPECT_EQ(refused(6), "OCMRAK");
  EXPECT_NE(server().last('r').find("{rcpt_addr}\0nobody\0{rcpt_host}\0005.1.1\0{rcpt_mailer}\0error\0"s), Bytes::npos);
}

}  // namespace
}  // namespace chappe::agents::milter::testing
