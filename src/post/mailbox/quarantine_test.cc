#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "post/mailbox/office_for_test.h"

namespace chappe::post {
namespace {

using std::chrono::minutes;
using ::testing::ElementsAre;
using testing::form_name;
using testing::kForms;
using testing::Office;
using testing::soon;

constexpr AccountId kAnn{1};
constexpr AccountId kBob{2};

class QuarantineTest : public ::testing::TestWithParam<std::string> {
 protected:
  template <class T>
  T wait(net::Task<T> task) {
    return office_.wait(std::move(task));
  }
  static LetterRecipient here(AccountId account, std::string held, std::string mailbox = {}) {
    return {.address = "a" + std::to_string(account.value) + "@x",
            .destination = {Destination::Kind::mailbox, account, std::move(mailbox)},
            .orcpt = {},
            .held = std::move(held)};
  }
  LetterId send(std::vector<LetterRecipient> recipients) {
    Letter l;
    l.id = office_.ids().next();
    l.sender = "s@y";
    l.octets = ChunkList("Message-ID: <b@x>\r\nIn-Reply-To: <a@x>\r\nSubject: Re: Plan\r\n\r\ntext\r\n");
    l.arrived = office_.clock().now();
    l.recipients = std::move(recipients);
    return wait(office_.deliver().take(std::move(l), soon())).value();
  }
  std::uint64_t letters(AccountId account, std::string mailbox = "INBOX") {
    return office_.find(account, std::move(mailbox)).messages;
  }
  // "" or the error's name.
  std::string file(QueueKey key, AccountId account) {
    const auto filed = wait(office_.mailboxes().file_held(key, account, "root", soon()));
    return filed ? std::string() : std::string(error_row(filed.error().code()).name);
  }
  std::vector<std::string> steps(LetterId id) {
    std::vector<std::string> out;
    for (const TrailStep& step : wait(office_.trail().show(id, soon())).value().steps)
      out.push_back(std::string(trail_event_name(step.event)) + " " + step.words + " " + step.who);
    return out;
  }
  std::string state(LetterId id) { return std::string(trail_state(wait(office_.trail().show(id, soon())).value())); }

  Office office_{GetParam()};
};

TEST_P(QuarantineTest, IsOutOfReachUntilItIsReleased) {
  const MailboxId inbox = office_.find(kAnn, "INBOX").id;
  const Uid first = office_.append(kAnn, inbox, "Message-ID: <a@x>\r\nSubject: Plan\r\n\r\n");
  const LetterId id = send({here(kAnn, "quarantine-wanted"), here(kBob, "")});
  EXPECT_EQ(letters(kAnn), 1u);
  EXPECT_EQ(letters(kBob), 1u);
  EXPECT_EQ(state(id), "waiting");
  office_.reopen();
  const QueueEntry row = wait(office_.queue().show(id, soon())).value().at(0);
  EXPECT_EQ(row.state, QueueState::held);
  EXPECT_EQ(row.here, kAnn);
  EXPECT_EQ(row.reason, "quarantine-wanted");
  EXPECT_EQ(row.recipient, "a1@x");
  EXPECT_TRUE(wait(office_.queue().claim(10, minutes(5), soon())).value().empty()) << "for no other host";
  EXPECT_EQ(wait(office_.queue().release(row.key, "root", soon())).error().code(), Errc::conflict);

  office_.clock().advance(minutes(5));
  EXPECT_EQ(file(row.key, kBob), "conflict");
  EXPECT_EQ(file(row.key, kAnn), "");
  EXPECT_EQ(letters(kAnn), 2u);
  EXPECT_THAT(office_.text(kAnn, inbox, {2}), ::testing::HasSubstr("Subject: Re: Plan"));
  const auto thread = [&](Uid uid) {
    return wait(office_.mailboxes().message(kAnn, inbox, uid, soon())).value()->thread;
  };
  EXPECT_EQ(thread({2}), thread(first)) << "it is in the thread that it was sent to";
  EXPECT_EQ(wait(office_.queue().show(id, soon())).error().code(), Errc::not_found);
  EXPECT_THAT(steps(id), ElementsAre("held quarantine-wanted ", "filed INBOX root"));
  EXPECT_EQ(state(id), "done");
  EXPECT_EQ(file(row.key, kAnn), "not_found");
  EXPECT_EQ(office_.bodies(), 2u);
}

TEST_P(QuarantineTest, WhatIsDroppedLeavesNothing) {
  const LetterId id = send({here(kAnn, "local-block")});
  EXPECT_EQ(office_.bodies(), 1u);
  EXPECT_TRUE(wait(office_.queue().drop({id, 0}, "root", soon())));
  EXPECT_EQ(office_.bodies(), 0u);
  EXPECT_EQ(office_.rows({}, store::Space::body_summary), 0u);
  EXPECT_EQ(state(id), "failed");
}

TEST_P(QuarantineTest, AMailboxGetsALetterOnce) {
  const LetterId id = send({here(kAnn, "x", "Junk"), here(kAnn, "x", "Junk"), here(kAnn, "x", "Gone")});
  EXPECT_EQ(file({id, 1}, kAnn), "");
  EXPECT_EQ(letters(kAnn, "Junk"), 1u);
  EXPECT_EQ(file({id, 0}, kAnn), "not_found");
  EXPECT_EQ(file({id, 2}, kAnn), "");
  EXPECT_EQ(letters(kAnn), 1u) << "a mailbox that is gone: INBOX";
  EXPECT_EQ(state(id), "done");
  for (const auto* const mailbox : {"Junk", "INBOX"}) {
    const MailboxId m = office_.find(kAnn, mailbox).id;
    ASSERT_TRUE(wait(office_.mailboxes().expunge(kAnn, m, UidSet::all(), Expunge::all, soon())));
  }
  EXPECT_EQ(office_.bodies(), 0u) << "each entry has its reference, and nobody else";
}

TEST_P(QuarantineTest, AnAccountThatIsGoneGetsNothing) {
  const LetterId id = send({here(kAnn, "x")});
  ASSERT_TRUE(wait(office_.mailboxes().remove_account(kAnn, soon())));
  EXPECT_EQ(file({id, 0}, kAnn), "not_found");
  EXPECT_EQ(wait(office_.queue().show(id, soon())).value().size(), 1u);
}

TEST_P(QuarantineTest, WhatIsForElsewhereIsOnlyHeld) {
  LetterRecipient away{.address = "r@z", .destination = {Destination::Kind::remote, {}, ""}, .orcpt = {}, .held = "x"};
  const LetterId id = send({std::move(away)});
  EXPECT_TRUE(wait(office_.queue().claim(10, minutes(5), soon())).value().empty());
  EXPECT_EQ(file({id, 0}, kAnn), "conflict");
  EXPECT_TRUE(wait(office_.queue().release({id, 0}, "root", soon())));
  EXPECT_EQ(wait(office_.queue().claim(10, minutes(5), soon())).value().size(), 1u);
}

INSTANTIATE_TEST_SUITE_P(Forms, QuarantineTest, kForms, form_name);

}  // namespace
}  // namespace chappe::post
