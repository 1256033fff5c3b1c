#include "agents/msa/repairs.h"

#include <gtest/gtest.h>

namespace chappe::agents {
namespace {

RepairFacts facts() {
  return {.account = "alice@example.test", .unique = "01ABC", .hostname = "mail.example.test", .now = {0}};
}

TEST(Repairs, ACompleteLetterIsLeftAlone) {
  const auto r =
      repairs_of(message::Letter("From: alice@example.test\r\nDate: x\r\nMessage-ID: <1@x>\r\n\r\nhi\r\n"), facts());
  EXPECT_EQ(r.fields, "");
  EXPECT_TRUE(r.rules.empty());
}

TEST(Repairs, WhatIsMissingIsAddedByRule) {
  RepairFacts f = facts();
  f.bare_lf = true;
  const auto r = repairs_of(message::Letter("Subject: hi\r\n\r\nhi\r\n"), f);
  EXPECT_EQ(r.fields,
            "Date: Thu, 1 Jan 1970 00:00:00 +0000\r\n"
            "Message-ID: <01ABC@mail.example.test>\r\n"
            "From: <alice@example.test>\r\n");
  EXPECT_EQ(r.list(), "letter.bare-lf, header.date-added, header.message-id-added, header.from-added");
}

TEST(Repairs, WhoWritesForOthersIsNamedInSenderUnlessThereIsOne) {
  const std::string rest = "From: boss@example.test\r\nDate: x\r\nMessage-ID: <1@x>\r\n\r\n";
  RepairFacts f = facts();
  f.wants_sender = true;
  EXPECT_EQ(repairs_of(message::Letter(rest), f).fields, "Sender: <alice@example.test>\r\n");
  EXPECT_EQ(repairs_of(message::Letter("Sender: a@example.test\r\n" + rest), f).fields, "");
  EXPECT_EQ(repairs_of(message::Letter(rest), facts()).fields, "");
}

}  // namespace
}  // namespace chappe::agents
