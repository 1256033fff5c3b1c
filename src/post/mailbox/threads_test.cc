#include "post/mailbox/threads.h"

#include <gtest/gtest.h>

#include "post/mailbox/base_subject.h"
#include "post/mailbox/office_for_test.h"

namespace chappe::post {
namespace {

using namespace std::chrono_literals;
using testing::Office;
using testing::soon;

constexpr AccountId kBob{7};

TEST(BaseSubject, IsWhatTheTalkIsAbout) {  // RFC 5256 §2.1
  EXPECT_EQ(base_subject("Hello"), "hello");
  EXPECT_EQ(base_subject(" Re: Hello "), "hello");
  EXPECT_EQ(base_subject("RE: re : Fwd: Hello  World"), "hello world");
  EXPECT_EQ(base_subject("[list] Re: [list] Hello (fwd) (fwd)"), "hello");
  EXPECT_EQ(base_subject("Re[2]: Hello"), "hello");
  EXPECT_EQ(base_subject("[Fwd: Re: Hello]"), "hello");
  EXPECT_EQ(base_subject("[only]"), "[only]");
  EXPECT_EQ(base_subject("Re:"), "");
  EXPECT_EQ(base_subject("Regards"), "regards");
  EXPECT_EQ(base_subject("=?utf-8?q?Re=3A_R=C3=89UNION?="), "réunion");
  EXPECT_EQ(base_subject("TR : Réunion"), "réunion");
  EXPECT_EQ(base_subject(""), "");
  EXPECT_LE(base_subject(std::string(100'000, '[')).size(), 1000u);
}

class ThreadsTest : public ::testing::Test {
 protected:
  std::uint64_t append(std::string header, AccountId account = kBob) {
    const MailboxId inbox = office_.find(account, "INBOX").id;
    const Uid uid = office_.append(account, inbox, header + "\r\ntext\r\n");
    return office_.wait(office_.mailboxes().message(account, inbox, uid, soon())).value()->thread;
  }
  Office office_{"memory"};
};

TEST_F(ThreadsTest, LettersThatNameEachOther) {
  const std::uint64_t first = append("Message-ID: <a@x>\r\nSubject: Plan\r\n");
  EXPECT_NE(first, 0u);
  EXPECT_EQ(append("Message-ID: <b@x>\r\nIn-Reply-To: <a@x>\r\nSubject: Re: Plan\r\n"), first);
  EXPECT_EQ(append("Message-ID: <d@x>\r\nReferences: <a@x> <c@x>\r\nSubject: RE: plan\r\n"), first);
  EXPECT_EQ(append("Message-ID: <c@x>\r\nSubject: Plan\r\n"), first) << "it comes late, and was named before";
  EXPECT_NE(append("Message-ID: <e@x>\r\nIn-Reply-To: <a@x>\r\nSubject: Something else\r\n"), first);
  EXPECT_NE(append("Message-ID: <f@x>\r\nSubject: Plan\r\n"), first) << "the subject alone is nothing";
  const std::uint64_t lonely = append("Subject: Plan\r\n");
  EXPECT_NE(lonely, first);
  EXPECT_NE(append("Subject: Plan\r\n"), lonely);
  EXPECT_NE(append("Message-ID: <g@x>\r\nIn-Reply-To: <a@x>\r\nSubject: Plan\r\n", {8}), first) << "another account";
  office_.reopen();
  EXPECT_EQ(append("Message-ID: <h@x>\r\nReferences: <zz@x>\r\n <b@x>\r\nSubject: Plan\r\n"), first);
}

TEST_F(ThreadsTest, DeliveriesAndCopiesHaveThem) {
  const std::uint64_t first = append("Message-ID: <a@x>\r\nSubject: Plan\r\n");
  Letter l;
  l.id = office_.ids().next();
  l.octets = ChunkList("Message-ID: <b@x>\r\nReferences: <a@x>\r\nSubject: Re: Plan\r\n\r\n");
  l.arrived = office_.clock().now();
  l.recipients.push_back({"x", {Destination::Kind::mailbox, kBob, "Sent"}, 0, ""});
  ASSERT_TRUE(office_.wait(office_.deliver().take(std::move(l), soon())));
  const MailboxId sent = office_.find(kBob, "Sent").id;
  EXPECT_EQ(office_.wait(office_.mailboxes().message(kBob, sent, {1}, soon())).value()->thread, first);
  const MailboxId trash = office_.find(kBob, "Trash").id;
  ASSERT_TRUE(office_.wait(office_.mailboxes().copy(kBob, sent, {1}, trash, soon())));
  EXPECT_EQ(office_.wait(office_.mailboxes().message(kBob, trash, {1}, soon())).value()->thread, first);
}

TEST_F(ThreadsTest, RowsThatNobodyNamesGo) {
  for (int i = 0; i < 300; ++i) append(fmt::format("Message-ID: <old{}@x>\r\n", i));
  EXPECT_EQ(office_.rows(kBob, store::Space::thread), 300u);
  office_.clock().advance(kThreadMemory + 48h);
  for (int i = 0; i < 600; ++i) append(fmt::format("Message-ID: <new{}@x>\r\n", i));
  EXPECT_LT(office_.rows(kBob, store::Space::thread), 700u);
}

TEST_F(ThreadsTest, OfManyReferencesTheNearestCount) {
  std::string references = "References:";
  for (int i = 0; i < 5000; ++i) references += fmt::format(" <r{}@x>\r\n", i);
  append("Message-ID: <a@x>\r\n" + references);
  EXPECT_EQ(office_.rows(kBob, store::Space::thread), kMaxReferences + 1);
}

}  // namespace
}  // namespace chappe::post
