#include "post/delivery/notice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "post/mailbox/office_for_test.h"

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

namespace chappe::post {
namespace {

using message::DsnAction;
using testing::Office;

// Without the soft line breaks of quoted-printable (RFC 2045 §6.7).
Bytes unbroken(Bytes text) {
  for (std::size_t at = 0; (at = text.find("=\r\n", at)) != Bytes::npos;) text.erase(at, 3);
  return text;
}
using testing::soon;

constexpr AccountId kAlice{1};
constexpr AccountId kBob{2};

class Book final : public RcptSource {
 public:
  net::Task<Result<RcptAnswer>> resolve_rcpt(std::string address, net::Deadline) override {
    if (down) co_return fail(Errc::busy, "later");
    RcptAnswer out;
    out.kind = address.ends_with("@far.test") ? RcptAnswer::Kind::remote : RcptAnswer::Kind::unknown;
    if (address == "alice@here.test") out = {RcptAnswer::Kind::account, kAlice, "", {}};
    co_return out;
  }
  bool down = false;
};

class NoticeTest : public ::testing::Test {
 protected:
  Letter letter(std::string sender, std::uint8_t notify) {
    Letter out;
    out.id = office_.ids().next();
    out.sender = std::move(sender);
    out.envid = "env";
    out.arrived = office_.clock().now();
    out.octets = ChunkList("Subject: hello\r\n\r\nHello.\r\n");
    out.recipients = {{"bob@here.test", {Destination::Kind::mailbox, kBob, ""}, notify, "rfc822;bob+2Bx@here.test"},
                      {"eve@far.test", {Destination::Kind::remote, {}, ""}, notify, ""}};
    return out;
  }
  std::vector<Letter> arrived(const Letter& about, std::vector<message::DsnRecipient> expanded = {}) {
    return office_.wait(notices_.arrived(&about, std::move(expanded), soon())).value();
  }
  std::string inbox(AccountId account) { return office_.text(account, office_.find(account, "INBOX").id, Uid{1}); }

  Office office_{"memory"};
  Book book_;
  SeededRandom random_{1};
  Notices notices_{{.directory = book_,
                    .ids = office_.ids(),
                    .clock = office_.clock(),
                    .random = random_,
                    .hostname = "mx.here.test"}};
};

TEST_F(NoticeTest, WhoAskedHearsOfMailboxesAtOnce) {
  Letter taken = letter("alice@here.test", static_cast<std::uint8_t>(Notify::success));
  taken.notices = arrived(taken);
  ASSERT_THAT(taken.notices, SizeIs(1));
  const LetterId notice = taken.notices[0].id;
  EXPECT_EQ(taken.notices[0].sender, "");
  EXPECT_EQ(taken.notices[0].recipients.at(0).notify, static_cast<std::uint8_t>(Notify::never));
  const LetterId id = taken.id;
  ASSERT_TRUE(office_.wait(office_.deliver().take(std::move(taken), soon())));
  office_.reopen();
  EXPECT_THAT(inbox(kAlice), AllOf(HasSubstr("Final-Recipient: rfc822; bob@here.test\r\nAction: delivered\r\n"),
                                   HasSubstr("Original-Recipient: rfc822;bob+x@here.test\r\n"),
                                   HasSubstr("Original-Envelope-Id: env\r\n"), HasSubstr("Subject: hello\r\n"),
                                   Not(HasSubstr("eve@far.test")), Not(HasSubstr("Hello.\r\n"))));
  EXPECT_THAT(inbox(kBob), HasSubstr("Hello."));
  const auto found = office_.wait(office_.trail().show(notice, soon()));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->head.about, id);
}

// Signs with what it was given.
class Stamp final : public Signer {
 public:
  Task<Result<Bytes>> sign(ToSign letter, Deadline) override {
    asked = std::move(letter);
    if (ill) co_return fail(Errc::unavailable, "ill");
    co_return Bytes("DKIM-Signature: ours\r\n");
  }
  ToSign asked;
  bool ill = false;
};

TEST_F(NoticeTest, IsSignedWhereThatIsPossibleNow) {
  Stamp stamp;
  const Notices notices({.directory = book_,
                         .ids = office_.ids(),
                         .clock = office_.clock(),
                         .random = random_,
                         .hostname = "mx.here.test",
                         .signer = &stamp});
  const Letter about = letter("alice@here.test", static_cast<std::uint8_t>(Notify::success));
  const auto signed_ones = office_.wait(notices.arrived(&about, {}, soon())).value();
  ASSERT_THAT(signed_ones, SizeIs(1));
  const Bytes octets = signed_ones[0].octets.flatten();
  ASSERT_TRUE(octets.starts_with("DKIM-Signature: ours\r\nDate: ")) << octets.substr(0, 60);
  EXPECT_EQ(stamp.asked.account, "") << "nobody of our people";
  EXPECT_THAT(stamp.asked.header, HasSubstr("From: Mail Delivery System <MAILER-DAEMON@mx.here.test>\r\n"));
  // The letter is what was asked about.
  const message::Letter whole(octets);
  EXPECT_EQ("DKIM-Signature: ours\r\n" + stamp.asked.header + "\r\n" + Bytes(whole.body_bytes(whole.root())), octets);
  const trust::dkim::BodyHashKind kinds[] = {signed_body()};
  trust::dkim::BodyHashes hashes(kinds);
  hashes.feed(whole.body_bytes(whole.root()));
  hashes.finish();
  EXPECT_EQ(stamp.asked.body_hash, hashes.find(kinds[0])->hash);
  stamp.ill = true;
  EXPECT_THAT(office_.wait(notices.arrived(&about, {}, soon())).value(), SizeIs(1)) << "told all the same";
}

TEST_F(NoticeTest, NobodyElseDoes) {
  for (const std::uint8_t notify : {0, 1, 4, 8, 4 | 8})
    EXPECT_THAT(arrived(letter("alice@here.test", notify)), IsEmpty());
  EXPECT_THAT(arrived(letter("", 2)), IsEmpty()) << "nobody sent it";
  EXPECT_THAT(arrived(letter("ghost@here.test", 2)), IsEmpty()) << "its sender leads nowhere";
}

TEST_F(NoticeTest, AnAliasForSeveralIsToldAsExpanded) {
  Letter taken = letter("carol@far.test", static_cast<std::uint8_t>(Notify::never));
  const auto notices = arrived(taken, {{.address = "team@here.test", .status = "2.0.0"}});
  ASSERT_THAT(notices, SizeIs(1));
  EXPECT_EQ(notices[0].recipients.at(0).destination.kind, Destination::Kind::remote);
  EXPECT_THAT(unbroken(notices[0].octets.flatten()),
              AllOf(HasSubstr("Final-Recipient: rfc822; team@here.test\r\nAction: expanded\r\n"),
                    HasSubstr("stands for several others"), HasSubstr("en repr=C3=A9sente plusieurs autres")));
}

TEST_F(NoticeTest, ADirectoryThatDoesNotAnswerIsNoSenderThatLeadsNowhere) {
  book_.down = true;
  const Letter about = letter("alice@here.test", static_cast<std::uint8_t>(Notify::success));
  EXPECT_EQ(office_.wait(notices_.arrived(&about, {}, soon())).error().code(), Errc::busy);
}

TEST_F(NoticeTest, AHeaderIsWholeLines) {
  EXPECT_EQ(to_header("A: b\r\nC: d\r\n\r\nbody\r\n"), "A: b\r\nC: d\r\n");
  EXPECT_EQ(to_header("A: b\r\nC: d\r\n"), "A: b\r\nC: d\r\n");
  EXPECT_EQ(to_header("A: b\r\nC: d"), "A: b\r\n");
  EXPECT_EQ(to_header(""), "");
  const Bytes large = to_header("A: b\r\nC: " + Bytes(2 * kHeaderShown, 'x') + "\r\n\r\nbody");
  EXPECT_EQ(large, "A: b\r\n");
}

TEST_F(NoticeTest, OrcptIsDecodedForReports) {
  EXPECT_EQ(decoded_orcpt("rfc822;bob+2Bx+3D@here.test"), "rfc822;bob+x=@here.test");
  EXPECT_EQ(decoded_orcpt("utf-8;b\xc3\xb6"
                          "b@here.test"),
            "utf-8;b\xc3\xb6"
            "b@here.test");
  EXPECT_EQ(decoded_orcpt(""), "");
}

}  // namespace
}  // namespace chappe::post
