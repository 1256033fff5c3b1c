#include "post/directory/return_paths.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "post/directory/rows.h"
#include "post/directory/testing.h"

namespace chappe::post {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using trust::SrsFault;

constexpr Duration kDay = std::chrono::hours(24);

class ReturnPathsTest : public testing::DirectoryTest {
 protected:
  ReturnPathsTest() { start(); }
  // As a process does.
  void start() {
    directory_.reset();
    paths_ = std::move(*net::run(ReturnPaths::open(&commit_, &clock_, &random_, testing::soon())));
    options_.return_paths = paths_.get();
    reopen();
  }
  std::string returning(std::string_view address) {
    const auto back = paths_->returning(address);
    return back ? *back : std::string(srs_fault_row(back.error()).id);
  }

  std::unique_ptr<ReturnPaths> paths_;
};

TEST_F(ReturnPathsTest, AStrangerIsRewrittenAndComesBack) {
  const std::string out = paths_->forwarding("Pat@Example.com", "list@example.org");
  EXPECT_THAT(out, StartsWith("SRS0="));
  EXPECT_THAT(out, HasSubstr("=example.com=Pat@example.org"));
  EXPECT_EQ(returning(out), "Pat@example.com");
  const std::string again = paths_->forwarding("SRS0=x=y=bank.test=pat@first.test", "list@example.org");
  EXPECT_THAT(again, StartsWith("SRS1="));
  EXPECT_EQ(returning(again), "SRS0=x=y=bank.test=pat@first.test");
}

TEST_F(ReturnPathsTest, WhatCannotBeRewritten) {
  EXPECT_EQ(paths_->forwarding("", "list@example.org"), "") << "a notification stays one";
  EXPECT_EQ(paths_->forwarding(Bytes(60, 'a') + "@example.com", "list@example.org"), "list@example.org") << "too long";
  EXPECT_EQ(paths_->forwarding("pat@[192.0.2.1]", "list@example.org"), "list@example.org") << "of no domain";
}

TEST_F(ReturnPathsTest, QuotesComeBackAsTheyWere) {
  const std::string out = paths_->forwarding("\"pat smith\"@example.com", "list@example.org");
  EXPECT_THAT(out, StartsWith("\"SRS0="));
  EXPECT_EQ(returning(out), "\"pat smith\"@example.com");
}

TEST_F(ReturnPathsTest, TheSecretOutlivesTheProcessAndIsRenewedAfterAYear) {
  const std::string out = paths_->forwarding("pat@example.com", "list@example.org");
  start();
  EXPECT_EQ(returning(out), "pat@example.com") << "a restart";
  EXPECT_EQ(paths_->forwarding("pat@example.com", "list@example.org"), out);

  clock_.advance(366 * kDay - std::chrono::hours(36));
  const std::string last = paths_->forwarding("pat@example.com", "list@example.org");
  clock_.advance(kDay);
  start();  // a day more than a year
  EXPECT_NE(paths_->forwarding("pat@example.com", "list@example.org").substr(5, 8), last.substr(5, 8));
  EXPECT_EQ(returning(last), "pat@example.com") << "of the secret before";
  EXPECT_EQ(returning(out), "expired") << "but a year ago";

  clock_.advance(366 * kDay);
  start();
  EXPECT_EQ(returning(last), "forged") << "of a secret that is gone";
}

TEST_F(ReturnPathsTest, TheRowIsReadAsItWasWritten) {  // docs/formats/directory.md
  const auto read = rows::decode_return_secrets(Bytes("\x01\x03one\x02\x00", 7));
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(read->current.reveal(), "one");
  EXPECT_EQ(read->since.us, 1);
  EXPECT_TRUE(read->previous.empty());
  EXPECT_EQ(error(rows::decode_return_secrets(Bytes("\x01\x00\x02\x00", 4))), "corrupt") << "nothing would sign";
  EXPECT_EQ(error(rows::decode_return_secrets(Bytes("\x02\x03one\x02\x00", 7))), "unsupported");
}

TEST_F(ReturnPathsTest, TheDirectoryLeadsBackWhatWasRewritten) {
  ASSERT_EQ(add_domain("example.org"), "");
  ASSERT_EQ(add_account("bob@example.org"), "");
  const std::string out = paths_->forwarding("pat@example.com", "list@example.org");
  EXPECT_EQ(resolve(out), "alias pat@example.com");
  const auto answer = net::run(directory_->resolve_rcpt(out, testing::soon()));
  EXPECT_TRUE(answer->notifications_only);

  std::string forged = out;
  forged[5] = forged[5] == 'a' ? 'b' : 'a';
  EXPECT_EQ(resolve(forged), "unknown");
  EXPECT_EQ(net::run(directory_->resolve_rcpt(forged, testing::soon()))->fault, SrsFault::forged);
  EXPECT_EQ(resolve("srs0=short@example.org"), "unknown");
  EXPECT_EQ(resolve("SRS0" + out.substr(4, out.find('@') - 4) + "@example.net"), "remote") << "of another domain";

  ASSERT_EQ(set_alias("*@example.org", {"bob@example.org"}), "");
  EXPECT_EQ(resolve(out), "alias pat@example.com") << "before the catch-all";
  EXPECT_EQ(resolve(forged), "unknown") << "no letter of a stranger's making for the catch-all";
  EXPECT_EQ(resolve("srs0=short@example.org"), "alias bob@example.org") << "which only looks like one";

  clock_.advance((trust::kSrsDays + 1) * kDay);
  EXPECT_EQ(net::run(directory_->resolve_rcpt(out, testing::soon()))->fault, SrsFault::expired);

  ASSERT_EQ(add_account("srs0=a=b=c=d@example.org"), "");
  EXPECT_EQ(resolve("srs0=a=b=c=d@example.org"), "account 2") << "who really has it";
}

}  // namespace
}  // namespace chappe::post
