// What a sender is told, and what is handed on so that others tell him (RFC 3461).
#include <gmock/gmock.h>

#include "agents/mta/testing.h"

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

namespace chappe::agents::mta::testing {
namespace {

using post::Notify;

constexpr std::uint8_t bits(auto... what) { return (static_cast<std::uint8_t>(what) | ...); }

class DsnTest : public MtaTest {
 protected:
  static post::Letter envelope(post::Ret ret = post::Ret::unsaid) {
    post::Letter letter;
    letter.envid = "env 1+2";
    letter.ret = ret;
    return letter;
  }
  static post::Letter old() {
    post::Letter letter;
    letter.arrived = system_clock().now() + (-5h);
    return letter;
  }
  static void refuse(FakeServer& server) {
    server.on_rcpt = [](const std::string&) { return Reply(550, "5.1.1", "No such mailbox"); };
  }
};

TEST_F(DsnTest, WhatWasAskedIsHandedOnToWhoOffersDsn) {
  FakeServer& one = server("127.0.0.21");
  one.offers = [](auto& options) { options.dsn = true; };
  start("one.net. A 127.0.0.21\n");
  notify = bits(Notify::success, Notify::delay);
  orcpt = "rfc822;Bob+2BX@one.net";
  send({"bob@one.net"}, "alice@example.test", envelope(post::Ret::headers));
  EXPECT_THAT(settled(), IsEmpty());
  ASSERT_THAT(one.received(), SizeIs(1));
  const Received got = one.received()[0];
  EXPECT_EQ(got.mail.envid, "env 1+2");
  EXPECT_EQ(got.mail.ret, "HDRS");
  EXPECT_EQ(got.rcpts[0].notify, "SUCCESS,DELAY");
  EXPECT_EQ(got.rcpts[0].orcpt, "rfc822;Bob+2BX@one.net") << "RFC 3461 §5.2.1 (d): identical";
  EXPECT_THAT(inbox(), IsEmpty()) << "the other side tells";
}

TEST_F(DsnTest, WhatWasNotAskedIsNotHandedOn) {
  FakeServer& one = server("127.0.0.21");
  one.offers = [](auto& options) { options.dsn = true; };
  start("one.net. A 127.0.0.21\n");
  send({"bob@one.net"});
  EXPECT_THAT(settled(), IsEmpty());
  const Received got = one.received().at(0);
  EXPECT_FALSE(got.mail.envid || got.mail.ret || got.rcpts[0].notify || got.rcpts[0].orcpt);
}

TEST_F(DsnTest, SuccessIsToldAsRelayedWhereTheWayOfNotificationsEnds) {
  FakeServer& one = server("127.0.0.21");
  one.on_rcpt = [](const std::string& to) {
    return to.starts_with("nobody") ? Reply(550, "5.1.1", "No such mailbox") : Reply(250, "2.1.5", "ok");
  };
  start("one.net. A 127.0.0.21\n");
  notify = bits(Notify::success);
  orcpt = "rfc822;robert+2Bx@one.net";
  send({"bob@one.net", "nobody@one.net"}, "alice@example.test", envelope(post::Ret::full));
  EXPECT_THAT(settled(), IsEmpty());
  EXPECT_THAT(one.received(), SizeIs(1));
  ASSERT_THAT(inbox(), SizeIs(1)) << "nobody asked to hear of a failure";
  EXPECT_THAT(inbox()[0], AllOf(HasSubstr("Original-Envelope-Id: env 1+2\r\n"),
                                HasSubstr("Original-Recipient: rfc822;robert+x@one.net\r\n"),
                                HasSubstr("Final-Recipient: rfc822; bob@one.net\r\nAction: relayed\r\nStatus: 2.0.0"),
                                HasSubstr("passed on"), HasSubstr("transmise"), HasSubstr("text/rfc822-headers")));
  EXPECT_THAT(inbox()[0], Not(HasSubstr("nobody@one.net"))) << "RFC 3461 §5.2.8";
}

TEST_F(DsnTest, SuccessIsNotToldToWhoDidNotAsk) {
  server("127.0.0.21");
  start("one.net. A 127.0.0.21\n");
  for (const std::uint8_t asked : {bits(Notify::never), bits(Notify::failure), bits(Notify::failure, Notify::delay)}) {
    notify = asked;
    send({"bob@one.net"});
    EXPECT_THAT(settled(), IsEmpty());
  }
  EXPECT_THAT(inbox(), IsEmpty());
}

TEST_F(DsnTest, FailureIsNotToldToWhoDoesNotWantToKnow) {
  refuse(server("127.0.0.21"));
  start("one.net. A 127.0.0.21\n");
  for (const std::uint8_t asked : {bits(Notify::never), bits(Notify::success), bits(Notify::delay)}) {
    notify = asked;
    send({"bob@one.net"});
    EXPECT_THAT(settled(), IsEmpty());
  }
  EXPECT_THAT(inbox(), IsEmpty());
  notify = bits(Notify::failure);
  send({"bob@one.net"});
  EXPECT_THAT(settled(), IsEmpty());
  EXPECT_THAT(inbox(), ElementsAre(HasSubstr("Action: failed\r\n")));
}

TEST_F(DsnTest, RetSaysHowMuchOfTheLetterComesBack) {
  refuse(server("127.0.0.21"));
  start("one.net. A 127.0.0.21\n");
  for (const auto ret : {post::Ret::full, post::Ret::headers, post::Ret::unsaid}) {
    send({"bob@one.net"}, "alice@example.test", envelope(ret));
    EXPECT_THAT(settled(), IsEmpty());
  }
  ASSERT_THAT(inbox(), SizeIs(3));
  EXPECT_THAT(inbox()[0], HasSubstr("Content-Type: message/rfc822\r\n\r\nSubject: hello\r\n\r\nHello.\r\n"));
  EXPECT_THAT(inbox()[1], AllOf(HasSubstr("Subject: hello\r\n"), Not(HasSubstr("Hello."))));
  EXPECT_THAT(inbox()[2], Not(HasSubstr("Hello.")));
}

TEST_F(DsnTest, ADelayIsToldOnceAndOnlyToWhoDidNotForbidIt) {
  server("127.0.0.21").on_letter = [] { return Reply(451, "4.7.1", "Come back later"); };
  start("one.net. A 127.0.0.21\n");
  for (const std::uint8_t asked : {bits(Notify::never), bits(Notify::failure), bits(Notify::success)}) {
    notify = asked;
    send({"bob@one.net"}, "alice@example.test", old());
  }
  EXPECT_THAT(settled(), SizeIs(3));
  EXPECT_THAT(inbox(), IsEmpty()) << "RFC 3461 §5.2.5 (c)";
  for (const std::uint8_t asked : {std::uint8_t{0}, bits(Notify::delay)}) {
    notify = asked;
    send({"eve@one.net"}, "alice@example.test", old());
  }
  EXPECT_THAT(settled(), SizeIs(5));
  ASSERT_THAT(inbox(), SizeIs(2));
  EXPECT_THAT(inbox()[0], AllOf(HasSubstr("Action: delayed\r\n"), HasSubstr("Will-Retry-Until: ")));
  retry_all();
  for (int i = 0; i < 1000; ++i) {
    if (std::ranges::all_of(queued(), [](const auto& row) { return row.attempts >= 2; })) break;
    std::this_thread::sleep_for(10ms);
  }
  EXPECT_THAT(settled(), SizeIs(5));
  EXPECT_THAT(inbox(), SizeIs(2)) << "told twice";
}

TEST_F(DsnTest, NoNotificationIsWrittenAboutANotification) {
  FakeServer& one = server("127.0.0.21");
  FakeServer& two = server("127.0.0.22");
  refuse(one);
  two.offers = [](auto& options) { options.dsn = true; };
  std::atomic<int> told = 0;
  two.on_rcpt = [&told](const std::string&) {
    ++told;
    return Reply(550, "5.7.1", "We want to hear nothing");
  };
  start("one.net. A 127.0.0.21\ntwo.net. A 127.0.0.22\n");
  // The sender is elsewhere, and refuses the notification: that is where it ends.
  send({"bob@one.net"}, "carol@two.net");
  EXPECT_THAT(settled(), IsEmpty());
  EXPECT_EQ(told, 1);
  EXPECT_THAT(inbox(), IsEmpty());
  // Success asked for by nobody.
  notify = bits(Notify::success, Notify::failure);
  one.on_rcpt = [](const std::string&) { return Reply(250, "2.1.5", "ok"); };
  send({"bob@one.net"}, "");
  EXPECT_THAT(settled(), IsEmpty());
  EXPECT_EQ(told, 1);
}

TEST_F(DsnTest, ANotificationTravelsFromNobodyAndAsksForNone) {
  refuse(server("127.0.0.21"));
  FakeServer& two = server("127.0.0.22");
  two.offers = [](auto& options) { options.dsn = true; };
  start("one.net. A 127.0.0.21\ntwo.net. A 127.0.0.22\n");
  send({"bob@one.net"}, "carol@two.net");
  EXPECT_THAT(settled(), IsEmpty());
  ASSERT_THAT(two.received(), SizeIs(1));
  EXPECT_EQ(two.received()[0].sender, "");
  EXPECT_EQ(two.received()[0].rcpts[0].notify, "NEVER");
  EXPECT_THAT(two.received()[0].octets, HasSubstr("Final-Recipient: rfc822; bob@one.net\r\n"));
}

}  // namespace
}  // namespace chappe::agents::mta::testing
