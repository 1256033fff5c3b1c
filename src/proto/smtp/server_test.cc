#include "proto/smtp/server.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/text.h"

namespace chappe::proto::smtp {
namespace {

std::shared_ptr<ServerOptions> plain_door(Role role = Role::exchanger) {
  auto o = std::make_shared<ServerOptions>(default_options(role));
  o->hostname = "mx.example.test";
  return o;
}

// Says yes to everything and keeps the letters.
struct Yes {
  explicit Yes(std::shared_ptr<const ServerOptions> options) : machine(std::move(options)) { machine.greet(); }

  std::string say(ByteView octets) {
    machine.feed(octets);
    return run();
  }
  std::string run() {
    std::string out;
    for (int i = 0; i < 1'000'000; ++i) {
      Event e = machine.next();
      if (auto* d = std::get_if<Data>(&e)) letter += d->bytes.view();
      if (auto* d = std::get_if<DataEnd>(&e)) {
        facts = d->facts;
        letters.push_back(std::exchange(letter, {}));
      }
      if (std::holds_alternative<DataRefused>(e) || std::holds_alternative<Reset>(e)) letter.clear();
      if (auto* r = std::get_if<Refused>(&e)) refused.push_back(r->rule);
      if (auto* c = std::get_if<Close>(&e)) closed = *c;
      const bool question = e.index() >= Event(Hello{}).index() && e.index() <= Event(Vrfy{}).index();
      if (question) machine.accept();
      if (closed || std::holds_alternative<NeedInput>(e) || std::holds_alternative<NeedTls>(e)) break;
      if (std::holds_alternative<NeedFlush>(e)) out += machine.take_output();
    }
    return out + machine.take_output();
  }
  std::string begin() {
    run();
    return say("EHLO client.example\r\n") + say("MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.test>\r\n");
  }

  ServerMachine machine;
  std::string letter;
  std::vector<std::string> letters;
  std::vector<Rule> refused;
  LetterFacts facts;
  std::optional<Close> closed;
};

TEST(SmtpServer, AFolderMayBeNamedWhereHostsAreBelieved) {
  const auto rcpt = [](Role role, const std::string& parameter) {
    ServerMachine m(plain_door(role));
    m.greet();
    (void)m.next();
    m.feed(role == Role::lmtp ? "LHLO client.example\r\n" : "EHLO client.example\r\n");
    EXPECT_TRUE(std::holds_alternative<Hello>(m.next()));
    m.accept();
    const Bytes offers = m.take_output();
    EXPECT_EQ(offers.find("XFOLDER") != Bytes::npos, role == Role::lmtp);
    m.feed("MAIL FROM:<a@example.org>\r\n");
    EXPECT_TRUE(std::holds_alternative<Mail>(m.next()));
    m.accept();
    (void)m.take_output();
    m.feed("RCPT TO:<b@example.test>" + parameter + "\r\n");
    const Event e = m.next();
    if (const auto* taken = std::get_if<Rcpt>(&e)) return taken->folder.value_or("none");
    return std::string(rule_row(std::get<Refused>(e).rule).id);
  };
  EXPECT_EQ(rcpt(Role::lmtp, ""), "none");
  EXPECT_EQ(rcpt(Role::lmtp, " XFOLDER=Junk"), "Junk");
  EXPECT_EQ(rcpt(Role::lmtp, " xfolder=Entw+C3+BCrfe+20x"), "Entw\xc3\xbcrfe x");
  const std::string syntax(rule_row(Rule::parameter_syntax).id);
  EXPECT_EQ(rcpt(Role::lmtp, " XFOLDER"), syntax);
  EXPECT_EQ(rcpt(Role::lmtp, " XFOLDER=+zz"), syntax);
  EXPECT_EQ(rcpt(Role::lmtp, " XFOLDER=" + std::string(500, 'a')), std::string(500, 'a'));
  EXPECT_EQ(rcpt(Role::lmtp, " XFOLDER=" + std::string(501, 'a')), syntax);
  EXPECT_EQ(rcpt(Role::exchanger, " XFOLDER=Junk"), rule_row(Rule::parameter_unknown).id);
}

TEST(SmtpServer, TakesALetter) {
  Yes y(plain_door());
  EXPECT_EQ(y.run(), "220 mx.example.test ESMTP Chappe\r\n");
  EXPECT_EQ(y.say("HELO client.example\r\n"), "250 mx.example.test\r\n");
  EXPECT_EQ(y.say("MAIL FROM:<a@example.org>\r\n"), "250 2.1.0 Sender noted\r\n");
  EXPECT_EQ(y.say("RCPT TO:<b@example.test>\r\n"), "250 2.1.5 Recipient accepted\r\n");
  EXPECT_EQ(y.say("DATA\r\n"), "354 Send the letter, end it with <CRLF>.<CRLF>\r\n");
  EXPECT_EQ(y.say("Subject: x\r\n\r\n..dot\r\nend\r\n.\r\nQUIT\r\n"),
            "250 2.0.0 Letter accepted\r\n221 2.0.0 Goodbye\r\n");
  ASSERT_EQ(y.letters.size(), 1U);
  EXPECT_EQ(y.letters[0], "Subject: x\r\n\r\n.dot\r\nend\r\n");
  EXPECT_EQ(y.facts.size, y.letters[0].size());
  EXPECT_EQ(y.facts.header_size, 14U);
  EXPECT_EQ(y.facts.lines, 4U);
  EXPECT_EQ(y.facts.longest_line, 10U);
  ASSERT_TRUE(y.closed);
  EXPECT_EQ(y.closed->reason, CloseReason::quit);
}

TEST(SmtpServer, TakesALetterInChunks) {
  Yes y(plain_door());
  y.begin();
  EXPECT_EQ(y.say("BDAT 12\r\nSubject: x\r\nBDAT 7 LAST\r\n\r\n.\r\nhi"),
            "250 2.0.0 Chunk received\r\n250 2.0.0 Letter accepted\r\n");
  ASSERT_EQ(y.letters.size(), 1U);
  EXPECT_EQ(y.letters[0], "Subject: x\r\n\r\n.\r\nhi");
  EXPECT_FALSE(y.facts.ends_in_crlf);
}

TEST(SmtpServer, HoldsLittleWhateverComes) {
  auto o = plain_door();
  o->limits.errors = 1'000'000;
  o->limits.refused_data = 1ULL << 40;
  o->limits.letter = 1000;
  std::string many_rcpts;
  for (int i = 0; i < 10'000; ++i) many_rcpts += "RCPT TO:<alice@example.test>\r\n";
  std::string dots = "DATA\r\n";
  for (int i = 0; i < 100'000; ++i) dots += "..\r\n";
  const std::string cases[] = {std::string(100'000, 'x'),
                               many_rcpts,
                               dots,
                               std::string(100'000, '\n'),
                               std::string(100'000, '\0'),
                               "AUTH PLAIN " + std::string(100'000, 'A'),
                               "BDAT 100000\r\n" + std::string(100'000, 'x')};
  for (const std::string& octets : cases) {
    Yes y(o);
    y.begin();
    std::size_t most = 0;
    for (std::size_t at = 0; at < octets.size(); at += 1000) {
      y.say(ByteView(octets).substr(at, 1000));
      y.letter.clear();
      most = std::max(most, y.machine.held());
    }
    EXPECT_LE(most, o->limits.auth_line + 1000);
  }
}

TEST(SmtpServer, TenThousandRecipients) {
  Yes y(plain_door());
  y.begin();
  std::size_t yes = 0, later = 0;
  for (int i = 0; i < 10'000; ++i) {
    const std::string reply = y.say("RCPT TO:<alice@example.test>\r\n");
    yes += reply.starts_with("250 2.1.5") ? 1 : 0;
    later += reply.starts_with("452 4.5.3") ? 1 : 0;  // RFC 5321 §4.5.3.1.10
  }
  EXPECT_EQ(yes, plain_door()->limits.recipients - 1);
  EXPECT_EQ(yes + later, 10'000U);
  EXPECT_FALSE(y.closed);
  EXPECT_GE(plain_door()->limits.recipients, 100U);  // RFC 5321 §4.5.3.1.8
}

TEST(SmtpServer, LettersAreNotCopied) {
  auto o = plain_door();
  ServerMachine m(o);
  const Chunk chunk = Chunk::copy_of("a\r\n..b\r\nc\r\n.\r\n");
  Yes y(o);
  y.begin();
  y.say("DATA\r\n");
  y.machine.feed(chunk);
  std::vector<const char*> places;
  for (;;) {
    const Event e = y.machine.next();
    if (const auto* d = std::get_if<Data>(&e)) places.push_back(d->bytes.view().data());
    if (std::holds_alternative<DataEnd>(e)) break;
  }
  ASSERT_EQ(places.size(), 2U);
  EXPECT_EQ(places[0], chunk.view().data());
  EXPECT_EQ(places[1], chunk.view().data() + 4);  // behind the stuffed dot
}

TEST(SmtpServer, ManyDotsDoNotMakeManySlices) {
  Yes y(plain_door());
  y.begin();
  y.say("DATA\r\n");
  std::string dots;
  for (int i = 0; i < 4000; ++i) dots += "..\r\n";
  y.machine.feed(dots);
  std::size_t pieces = 0;
  while (std::holds_alternative<Data>(y.machine.next())) ++pieces;
  EXPECT_LE(pieces, LetterScanner::kMaxSlices + 1);
}

TEST(SmtpServer, FactsOfALetter) {
  auto o = plain_door();
  o->bare_lf = o->bare_cr = LineFault::keep;
  Yes y(o);
  y.begin();
  y.say("DATA\r\n");
  y.say(ByteView("A: b\xc3\r\n\r\nx\ny\rz\0\r\n\xc3\r\n.\r\n", 23));
  EXPECT_EQ(y.facts.size, 20U);
  EXPECT_EQ(y.facts.header_size, 9U);
  EXPECT_EQ(y.facts.lines, 4U);
  EXPECT_EQ(y.facts.bare_lf, 1U);
  EXPECT_EQ(y.facts.bare_cr, 1U);
  EXPECT_EQ(y.facts.nul, 1U);
  EXPECT_TRUE(y.facts.eight_bit_header && y.facts.eight_bit_body && y.facts.ends_in_crlf);
  EXPECT_EQ(y.facts.longest_line, 6U);
}

TEST(SmtpServer, ANetworkIsTurnedAway) {
  ServerMachine busy(plain_door());
  busy.greet({421, "4.3.2", "Too busy"});
  EXPECT_EQ(busy.take_output(), "421 4.3.2 Too busy\r\n");
  EXPECT_TRUE(std::holds_alternative<Close>(busy.next()));
  Yes y(plain_door());
  y.run();
  ServerMachine no(plain_door());
  no.greet({554, "5.7.1", "Not you"});  // RFC 5321 §3.1
  no.feed("EHLO x\r\nQUIT\r\n");
  EXPECT_TRUE(std::holds_alternative<Refused>(no.next()));
  EXPECT_TRUE(std::holds_alternative<Close>(no.next()));
  EXPECT_EQ(no.take_output(),
            "554 5.7.1 Not you\r\n503 5.5.1 This server said no; QUIT is all that is left\r\n221 2.0.0 Goodbye\r\n");
}

TEST(SmtpServer, WhoSpeaksBeforeTheGreetingIsSentAway) {
  ServerMachine m(plain_door());
  m.feed("EHLO x\r\n");
  m.greet();
  EXPECT_TRUE(m.take_output().starts_with("421 4.7.0 "));
  EXPECT_TRUE(std::holds_alternative<Close>(m.next()));
}

TEST(SmtpServer, TheDriverMaySayNo) {
  const Reply no(450, "4.7.1", "Later");
  auto o = plain_door();
  ServerMachine m(o);
  m.greet();
  m.take_output();
  const auto ask = [&](ByteView line) {
    m.feed(line);
    Event e = m.next();
    EXPECT_TRUE(std::holds_alternative<NeedAnswer>(m.next())) << line;
    m.reject(no);
    EXPECT_EQ(m.take_output(), "450 4.7.1 Later\r\n") << line;
    return e;
  };
  const auto yes = [&](ByteView line) {
    m.feed(line);
    m.next();
    m.accept();
    m.take_output();
  };
  EXPECT_TRUE(std::holds_alternative<Hello>(ask("EHLO x\r\n")));
  yes("EHLO x\r\n");
  EXPECT_TRUE(std::holds_alternative<Vrfy>(ask("VRFY x\r\n")));
  EXPECT_TRUE(std::holds_alternative<Mail>(ask("MAIL FROM:<a@b>\r\n")));
  yes("MAIL FROM:<a@b>\r\n");
  EXPECT_TRUE(std::holds_alternative<Rcpt>(ask("RCPT TO:<a@b>\r\n")));
  yes("RCPT TO:<a@b>\r\n");
  EXPECT_TRUE(std::holds_alternative<DataBegin>(ask("DATA\r\n")));
  yes("DATA\r\n");
  EXPECT_TRUE(std::holds_alternative<DataEnd>(ask(".\r\n")));
  EXPECT_FALSE(m.session().in_mail);
  // A refused first chunk is said after it was read.
  yes("MAIL FROM:<a@b>\r\n");
  yes("RCPT TO:<a@b>\r\n");
  m.feed("BDAT 3\r\nab");
  EXPECT_TRUE(std::holds_alternative<DataBegin>(m.next()));
  m.reject(no);
  EXPECT_TRUE(std::holds_alternative<NeedInput>(m.next()));
  EXPECT_EQ(m.take_output(), "");
  m.feed("cBDAT 1 LAST\r\nx");
  EXPECT_TRUE(std::holds_alternative<Refused>(m.next()));
  EXPECT_EQ(m.take_output(), "450 4.7.1 Later\r\n503 5.5.1 An earlier chunk was refused; RSET starts anew\r\n");
}

TEST(SmtpServer, TheDriverSpeaksItsOwnWords) {
  Yes y(plain_door());
  y.run();
  ServerMachine& m = y.machine;
  const auto answer = [&](ByteView line, const Reply& reply) {
    m.feed(line);
    m.next();
    m.accept(reply);
    return m.take_output();
  };
  y.say("EHLO x\r\n");
  EXPECT_EQ(answer("VRFY x\r\n", {250, "2.0.0", "x@y"}), "250 2.0.0 x@y\r\n");
  EXPECT_EQ(answer("MAIL FROM:<a@b>\r\n", {250, "2.1.0", "m"}), "250 2.1.0 m\r\n");
  EXPECT_EQ(answer("RCPT TO:<a@b>\r\n", {251, "2.1.5", "r"}), "251 2.1.5 r\r\n");
  y.say("DATA\r\n");
  EXPECT_EQ(answer(".\r\n", {250, "2.0.0", "kept"}), "250 2.0.0 kept\r\n");
  EXPECT_TRUE(answer("MAIL FROM:<a@b>\r\n", {550, "5.0.0", "no yes"}).starts_with("421 4.3.0"));
}

TEST(SmtpServer, AnAnswerToNothingEndsTheSession) {
  const auto broken = [](auto&& act) {
    ServerMachine m(plain_door());
    m.greet();
    m.take_output();
    act(m);
    EXPECT_TRUE(m.take_output().starts_with("421 4.3.0 "));
    EXPECT_TRUE(std::holds_alternative<Close>(m.next()));
  };
  broken([](ServerMachine& m) { m.accept(); });
  broken([](ServerMachine& m) { m.reject({550, "5.0.0", "x"}); });
  broken([](ServerMachine& m) { m.challenge("x"); });
  broken([](ServerMachine& m) { m.tls_started(); });
  broken([](ServerMachine& m) { m.answer_each({}); });
}

TEST(SmtpServer, TimeoutAndShutdown) {
  Yes y(plain_door());
  y.begin();
  y.say("DATA\r\n");
  y.say("half a letter");
  y.machine.close(Rule::timeout);
  EXPECT_TRUE(std::holds_alternative<Reset>(y.machine.next()));
  EXPECT_TRUE(y.run().starts_with("421 4.4.2 "));
  EXPECT_EQ(y.closed->reason, CloseReason::timeout);
  Yes z(plain_door());
  z.run();
  z.machine.close(Rule::shutdown);
  EXPECT_TRUE(z.run().starts_with("421 4.3.2 "));
  EXPECT_EQ(z.closed->reason, CloseReason::shutdown);
  z.machine.feed("NOOP\r\n");
  EXPECT_EQ(z.run(), "");
}

TEST(SmtpServer, LimitsOfASession) {
  auto o = plain_door();
  o->limits.idle_commands = 3;
  Yes idle(o);
  idle.run();
  EXPECT_TRUE(idle.say("NOOP\r\nNOOP\r\nNOOP\r\nNOOP\r\n")
                  .ends_with("421 4.7.0 Too many commands without a letter; closing\r\n"));
  EXPECT_TRUE(idle.closed);

  auto p = plain_door();
  p->limits.refused_rcpts = 2;
  ServerMachine m(p);
  m.greet();
  m.feed("HELO x\r\n");
  m.next();
  m.accept();
  m.next();
  m.feed("MAIL FROM:<>\r\n");
  m.next();
  m.accept();
  for (int i = 0; i < 3; ++i) {
    m.feed("RCPT TO:<a@b>\r\n");
    m.next();
    m.reject({550, "5.1.1", "no"});
    EXPECT_EQ(std::holds_alternative<Close>(m.next()), i == 2);
  }
}

TEST(SmtpServer, OutputIsBounded) {
  auto o = plain_door();
  o->limits.idle_commands = 1'000'000;
  o->refuse_early_commands = false;
  ServerMachine m(o);
  m.greet();
  std::string many;
  for (int i = 0; i < 20'000; ++i) many += "HELP\r\nEHLO x\r\n";
  m.feed(many);
  std::size_t most = 0, flushes = 0;
  for (Event e = m.next(); !std::holds_alternative<NeedInput>(e) && !std::holds_alternative<Close>(e); e = m.next()) {
    if (std::holds_alternative<Hello>(e)) m.accept();
    most = std::max(most, m.output().size());
    if (std::holds_alternative<NeedFlush>(e)) {
      ++flushes;
      m.take_output();
    }
  }
  EXPECT_GT(flushes, 3U);
  EXPECT_LE(most, o->limits.output + 2 * kMaxReplyLine);
}

TEST(SmtpServer, LmtpAnswersEach) {  // RFC 2033 §4.2
  Yes y(plain_door(Role::lmtp));
  y.run();
  y.say("LHLO x\r\n");
  y.say("MAIL FROM:<>\r\nRCPT TO:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n");
  y.machine.feed(".\r\n");
  ASSERT_TRUE(std::holds_alternative<DataEnd>(y.machine.next()));
  const Reply replies[] = {{250, "2.0.0", "one"}, {452, "4.2.2", "two"}};
  y.machine.answer_each(replies);
  EXPECT_EQ(y.machine.take_output(), "250 2.0.0 one\r\n452 4.2.2 two\r\n");
}

TEST(SmtpServer, WhoHasLoggedInMayBeToldSo) {
  auto o = plain_door(Role::lmtp);
  o->auth_mechanisms = {"PLAIN"};
  o->auth_without_tls = true;
  ServerMachine m(o);
  m.greet();
  m.feed("LHLO x\r\n");
  m.next();
  m.accept();
  m.next();
  m.feed("AUTH PLAIN AGEAYg==\r\n");
  ASSERT_TRUE(std::holds_alternative<AuthBegin>(m.next()));
  m.take_output();
  m.accept({235, "2.7.0", "<a@example.test>"});
  EXPECT_EQ(m.take_output(), "235 2.7.0 <a@example.test>\r\n");
  EXPECT_TRUE(m.session().authenticated);
}

TEST(SmtpServer, ChallengesAreBase64) {
  auto o = plain_door(Role::submission);
  o->auth_mechanisms = {"SCRAM-SHA-256"};
  ServerMachine m(o, true);
  m.greet();
  m.feed("EHLO x\r\n");
  m.next();
  m.accept();
  m.take_output();
  m.next();
  m.feed("AUTH scram-sha-256 bg==\r\n");
  const Event begin = m.next();
  ASSERT_TRUE(std::holds_alternative<AuthBegin>(begin));
  EXPECT_EQ(std::get<AuthBegin>(begin).mechanism, "SCRAM-SHA-256");
  EXPECT_EQ(std::get<AuthBegin>(begin).initial, "n");
  m.challenge("r=1");
  EXPECT_EQ(m.take_output(), "334 cj0x\r\n");
  m.feed("YQ==\r\n");
  const Event response = m.next();
  ASSERT_TRUE(std::holds_alternative<AuthResponse>(response));
  EXPECT_EQ(std::get<AuthResponse>(response).response, "a");
  m.accept();
  EXPECT_EQ(m.take_output(), "235 2.7.0 Authentication succeeded\r\n");
  EXPECT_TRUE(m.session().authenticated);
}

TEST(SmtpServer, SecretsStayOutOfLogs) {
  auto o = plain_door(Role::submission);
  o->auth_mechanisms = {"PLAIN"};
  Yes y(o);
  ServerMachine m(o, true);
  m.greet();
  m.feed("AUTH PLAIN c2VjcmV0\r\n");
  const Event e = m.next();
  ASSERT_TRUE(std::holds_alternative<Refused>(e));
  EXPECT_EQ(std::get<Refused>(e).line, "AUTH PLAIN ...");
}
}  // namespace
}  // namespace chappe::proto::smtp
