#include "agents/door/quota.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "store/memory.h"

namespace chappe::agents {
namespace {

using post::AccountId;
using post::Destination;

net::Deadline soon() { return {system_clock().steady() + std::chrono::seconds(30)}; }

class QuotaTest : public ::testing::Test {
 protected:
  // An account that has used some of what it may keep.
  AccountId account(std::uint64_t used, std::uint64_t limit) {
    const AccountId id{++last_};
    const auto inbox = net::run(mailboxes_.find(id, "INBOX", soon()))->id;
    if (used > 0) {
      std::vector<post::NewMessage> one(1);
      one[0].octets = ChunkList(Bytes(used, 'x'));
      EXPECT_TRUE(net::run(mailboxes_.append(id, inbox, std::move(one), soon())));
    }
    EXPECT_TRUE(net::run(mailboxes_.set_quota(id, {limit}, soon())));
    return id;
  }
  // "452 4.2.2", or "" when there is room.
  std::string ask(std::vector<AccountId> accounts, std::optional<std::uint64_t> size, bool remote = false) {
    post::Route route;
    for (const AccountId id : accounts) route.ends.push_back({"a@b", {Destination::Kind::mailbox, id, ""}});
    if (remote) route.ends.push_back({"c@d", {Destination::Kind::remote, {}, ""}});
    const auto reply = net::run(no_room(&mailboxes_, &route, size, soon()));
    return reply ? std::to_string(reply->code) + " " + reply->enhanced : "";
  }

  std::unique_ptr<store::Store> store_ = store::make_memory();
  store::Commit commit_{*store_, {.mode = store::Commit::Mode::in_line}};
  SeededRandom random_{7};
  post::LetterIds ids_{system_clock(), random_};
  post::Mailboxes mailboxes_{*store_, commit_, ids_, system_clock()};
  std::uint32_t last_ = 0;
};

TEST_F(QuotaTest, AFullMailboxIsRefusedForNow) {
  EXPECT_EQ(ask({account(100, 0)}, {}), "") << "no quota";
  EXPECT_EQ(ask({account(99, 100)}, {}), "");
  EXPECT_EQ(ask({account(100, 100)}, {}), "452 4.2.2");
  EXPECT_EQ(ask({account(200, 100)}, {}), "452 4.2.2") << "the quota was made smaller";
}

TEST_F(QuotaTest, ADeclaredSizeMustFit) {
  const AccountId bob = account(60, 100);
  EXPECT_EQ(ask({bob}, 40), "");
  EXPECT_EQ(ask({bob}, 41), "452 4.2.2");
  EXPECT_EQ(ask({bob}, 100), "452 4.2.2");
  EXPECT_EQ(ask({bob}, 101), "552 5.2.2") << "it will never fit";
  EXPECT_EQ(ask({bob}, 0), "") << "SIZE=0 says nothing";
}

TEST_F(QuotaTest, AnAliasIsNotStoppedByOneOfItsTargets) {
  const AccountId full = account(100, 100);
  const AccountId roomy = account(10, 100);
  EXPECT_EQ(ask({full, roomy}, {}), "");
  EXPECT_EQ(ask({full}, {}, true), "") << "it also goes elsewhere";
  EXPECT_EQ(ask({full, full}, {}), "452 4.2.2");
  EXPECT_EQ(ask({full, roomy}, 91), "452 4.2.2");
  EXPECT_EQ(ask({full, roomy}, 101), "552 5.2.2");
}

TEST_F(QuotaTest, OfWhatTheMdaKeepsItKnows) {
  post::Route route;
  route.ends.push_back({"a@b", {Destination::Kind::mda, {}, ""}});
  EXPECT_FALSE(net::run(no_room(&mailboxes_, &route, {}, soon())));
  route.full = true;
  EXPECT_EQ(net::run(no_room(&mailboxes_, &route, {}, soon()))->enhanced, "4.2.2");
}

}  // namespace
}  // namespace chappe::agents
