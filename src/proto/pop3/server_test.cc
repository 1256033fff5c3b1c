#include "proto/pop3/server.h"

#include <gtest/gtest.h>

namespace chappe::proto::pop3 {
namespace {

std::shared_ptr<ServerOptions> door() {
  auto o = std::make_shared<ServerOptions>();
  o->login_without_tls = true;
  return o;
}

struct LoggedIn {
  explicit LoggedIn(std::vector<Item> items, std::shared_ptr<const ServerOptions> o = door()) : m(std::move(o)) {
    m.greet();
    m.feed("USER a\r\nPASS b\r\n");
    EXPECT_TRUE(std::holds_alternative<Login>(m.next()));
    m.log_in(std::move(items));
    m.next();
    m.take_output();
  }
  std::string say(ByteView octets) {
    m.feed(octets);
    m.next();
    return m.take_output().flatten();
  }
  ServerMachine m;
};

TEST(Pop3Server, ALongListIsSentInParts) {
  std::vector<Item> items;
  for (int i = 0; i < 20'000; ++i) items.push_back({1000, "u" + std::to_string(i)});
  items[5].deleted = true;
  LoggedIn s(items);
  s.m.feed("UIDL\r\nNOOP\r\n");
  std::string out;
  std::size_t flushes = 0;
  for (Event e = s.m.next(); !std::holds_alternative<NeedInput>(e); e = s.m.next()) {
    ASSERT_TRUE(std::holds_alternative<NeedFlush>(e));
    ++flushes;
    EXPECT_LE(s.m.held(), door()->output + 200);
    out += s.m.take_output().flatten();
  }
  out += s.m.take_output().flatten();
  EXPECT_GE(flushes, 3U);
  EXPECT_TRUE(out.starts_with("+OK\r\n1 u0\r\n2 u1\r\n"));
  EXPECT_FALSE(out.contains("\r\n6 u5\r\n"));
  EXPECT_TRUE(out.ends_with("\r\n20000 u19999\r\n.\r\n+OK\r\n"));
}

TEST(Pop3Server, TopStopsEarlyAndNothingIsCopied) {
  LoggedIn s({{100, "u"}});
  s.m.feed("TOP 1 1\r\n");
  ASSERT_TRUE(std::holds_alternative<Retrieve>(s.m.next()));
  s.m.send_begin();
  const Chunk piece = Chunk::copy_of("A: b\r\n\r\none\r\ntwo\r\n");
  s.m.letter(piece);
  EXPECT_FALSE(s.m.wants_letter());
  s.m.letter(piece);  // ignored
  s.m.letter_end();
  const ChunkList out = s.m.take_output();
  EXPECT_EQ(out.flatten(), "+OK\r\nA: b\r\n\r\none\r\n.\r\n");
  EXPECT_EQ(out.chunks()[1].view().data(), piece.view().data());
}

TEST(Pop3Server, AFailedUpdateIsSaid) {  // RFC 1939 §6
  LoggedIn s({{1, "u"}, {1, "v"}});
  EXPECT_EQ(s.say("DELE 2\r\n"), "+OK Marked\r\n");
  s.m.feed("QUIT\r\n");
  ASSERT_TRUE(std::holds_alternative<Update>(s.m.next()));
  EXPECT_EQ(s.m.deleted(), std::vector<std::size_t>{1});
  s.m.reject("Some letters were not removed", "SYS/TEMP");
  EXPECT_EQ(s.m.take_output().flatten(), "-ERR [SYS/TEMP] Some letters were not removed\r\n");
  EXPECT_TRUE(std::holds_alternative<Close>(s.m.next()));
}

TEST(Pop3Server, ARefusedRetrieveAndTls) {
  LoggedIn s({{1, "u"}});
  s.m.feed("RETR 1\r\n");
  s.m.next();
  s.m.reject("It is gone");
  EXPECT_EQ(s.m.take_output().flatten(), "-ERR It is gone\r\n");
  auto o = door();
  o->tls_available = true;
  ServerMachine m(o);
  m.feed("STLS\r\nNOOP\r\n");
  ASSERT_TRUE(std::holds_alternative<StartTls>(m.next()));
  EXPECT_TRUE(std::holds_alternative<NeedAnswer>(m.next()));
  m.reject("Not now", "SYS/TEMP");
  EXPECT_FALSE(m.session().tls);
}

TEST(Pop3Server, AnAnswerToNothingEndsTheSession) {
  const auto broken = [](auto&& act) {
    ServerMachine m(door());
    act(m);
    EXPECT_EQ(m.take_output().flatten(), "-ERR [SYS/TEMP] Internal error\r\n");
    EXPECT_TRUE(std::holds_alternative<Close>(m.next()));
  };
  broken([](ServerMachine& m) { m.accept(); });
  broken([](ServerMachine& m) { m.log_in({}); });
  broken([](ServerMachine& m) { m.challenge("x"); });
  broken([](ServerMachine& m) { m.send_begin(); });
  broken([](ServerMachine& m) { m.letter_end(); });
  broken([](ServerMachine& m) { m.tls_started(); });
}

TEST(Pop3Server, ClosesWhenTold) {
  LoggedIn s({{1, "u"}});
  s.m.close(CloseReason::timeout, "Waited too long");
  EXPECT_EQ(s.m.take_output().flatten(), "-ERR Waited too long\r\n");
  const Event e = s.m.next();
  ASSERT_TRUE(std::holds_alternative<Close>(e));
  EXPECT_EQ(std::get<Close>(e).reason, CloseReason::timeout);
}

TEST(Pop3Server, Utf8NamesNeedTheOption) {  // RFC 6856 §2.2
  for (const bool utf8 : {true, false}) {
    auto o = door();
    o->utf8 = utf8;
    ServerMachine m(o);
    m.feed("USER caf\xc3\xa9\r\nUTF8\r\n");
    const Event e = m.next();
    EXPECT_EQ(std::holds_alternative<Refused>(e), !utf8);
    while (!std::holds_alternative<NeedInput>(m.next())) {
    }
    EXPECT_EQ(m.session().utf8, utf8);
  }
}

TEST(Pop3Server, SecretsStayOutOfLogs) {
  ServerMachine m(door());
  m.feed("PASS secret\r\n");
  const Event e = m.next();
  ASSERT_TRUE(std::holds_alternative<Refused>(e));
  EXPECT_EQ(std::get<Refused>(e).line, "PASS ...");
}

}  // namespace
}  // namespace chappe::proto::pop3
