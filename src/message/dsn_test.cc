#include "message/dsn.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "message/content.h"
#include "message/letter.h"

using testing::HasSubstr;
using testing::Not;

namespace chappe::message {
namespace {

Dsn failure() {
  return {.action = DsnAction::failed,
          .hostname = "mx.example.org",
          .id = "1@mx.example.org",
          .to = "alice@example.org",
          .letter = "01M86GRDKR000C9NSMD2KVACER",
          .envid = "",
          .now = {1'700'000'000'000'000},
          .arrived = {1'699'999'000'000'000},
          .gives_up = {},
          .recipients = {{.address = "nobody@example.net",
                          .original = "rfc822;nobody@example.net",
                          .status = "5.1.1",
                          .remote = "mx.example.net",
                          .words = "550 5.1.1 No such mailbox here",
                          .last_attempt = Time{1'700'000'000'000'000}}},
          .original = "Subject: hello\r\nMessage-ID: <x@example.org>\r\n"};
}

TEST(Dsn, IsAReportOfThreeParts) {
  SeededRandom random(1);
  const Bytes octets = build_dsn(failure(), random);
  const Letter letter(octets);
  ASSERT_EQ(letter.parts().size(), 4u);
  EXPECT_THAT(octets, HasSubstr("Content-Type: multipart/report; report-type=delivery-status;"));
  EXPECT_THAT(octets, HasSubstr("Auto-Submitted: auto-replied\r\n"));
  EXPECT_THAT(octets, HasSubstr("To: <alice@example.org>\r\n"));
  EXPECT_THAT(octets, HasSubstr("Content-Type: message/delivery-status"));
  EXPECT_THAT(octets, HasSubstr("Reporting-MTA: dns; mx.example.org\r\n"));
  EXPECT_THAT(octets, HasSubstr("Final-Recipient: rfc822; nobody@example.net\r\nAction: failed\r\nStatus: 5.1.1\r\n"
                                "Remote-MTA: dns; mx.example.net\r\n"
                                "Diagnostic-Code: smtp; 550 5.1.1 No such mailbox here\r\n"));
  EXPECT_THAT(octets, HasSubstr("Content-Type: text/rfc822-headers"));
  EXPECT_THAT(octets, HasSubstr("Message-ID: <x@example.org>"));
  EXPECT_THAT(octets, Not(HasSubstr("Will-Retry-Until")));
}

TEST(Dsn, ADelaySaysUntilWhen) {
  SeededRandom random(1);
  Dsn dsn = failure();
  dsn.action = DsnAction::delayed;
  dsn.gives_up = Time{1'700'400'000'000'000};
  dsn.recipients[0].remote.clear();
  dsn.recipients[0].words = "nobody answers";
  const Bytes octets = build_dsn(dsn, random);
  EXPECT_THAT(octets, HasSubstr("Action: delayed\r\n"));
  EXPECT_THAT(octets, HasSubstr("Will-Retry-Until: Sun, 19 Nov 2023 13:20:00 +0000\r\n"));
  EXPECT_THAT(octets, HasSubstr("Diagnostic-Code: X-Chappe; nobody answers\r\n"));
}

TEST(Dsn, WhatOthersSaidStartsNoFieldOfItsOwn) {
  SeededRandom random(1);
  Dsn dsn = failure();
  dsn.recipients[0].words = "550 a\r\nAction: delivered\r\n\r\nx\x01\xff";
  const Bytes octets = build_dsn(dsn, random);
  EXPECT_THAT(octets, Not(HasSubstr("\nAction: delivered")));
}

TEST(Dsn, AddressesBeyondAsciiMakeItGlobal) {
  SeededRandom random(1);
  Dsn dsn = failure();
  dsn.recipients[0].address = "zoé@example.net";
  const Bytes octets = build_dsn(dsn, random);
  EXPECT_THAT(octets, HasSubstr("Content-Type: message/global-delivery-status"));  // RFC 6533 §3
  EXPECT_THAT(octets, HasSubstr("Content-Type: message/global-headers"));
}

}  // namespace
}  // namespace chappe::message
