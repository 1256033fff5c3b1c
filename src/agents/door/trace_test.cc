#include "agents/door/trace.h"

#include <gtest/gtest.h>

namespace chappe::agents {
namespace {

TEST(MailDate, IsRfc5322InUtc) {
  EXPECT_EQ(mail_date({0}), "Thu, 1 Jan 1970 00:00:00 +0000");
  EXPECT_EQ(mail_date({1'795'285'959'999'999}), "Sat, 21 Nov 2026 18:32:39 +0000");
  EXPECT_EQ(mail_date({951'782'400'000'000}), "Tue, 29 Feb 2000 00:00:00 +0000");
}

}  // namespace
}  // namespace chappe::agents
