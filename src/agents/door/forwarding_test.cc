#include "agents/door/forwarding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chappe::agents {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Kind = post::Destination::Kind;

post::LetterRecipient leading(std::string address, std::string via) {
  return {std::move(address), {Kind::remote, {}, {}}, 0, {}, std::move(via)};
}

trust::authres::Results found(std::string_view text) { return trust::authres::parse(text).results; }

std::string refused(std::vector<std::string> vias, std::string_view text) {
  const auto reply = may_not_go_on(vias, found(text));
  return reply ? fmt::format("{} {} {}", reply->code, reply->enhanced, reply->text) : "";
}

TEST(Forwarding, AForwardIsWhatAnAddressOfOursLeadsElsewhere) {
  EXPECT_EQ(via_of("list@ours.test", {"bob@there.test", {Kind::remote, {}, {}}}), "list@ours.test");
  EXPECT_EQ(via_of("list@ours.test", {"bob@ours.test", {Kind::mailbox, {1}, {}}}), "");
  EXPECT_EQ(via_of("list@ours.test", {"list@ours.test", {Kind::mda, {}, {}}}), "");
  EXPECT_EQ(via_of("bob@there.test", {"bob@there.test", {Kind::remote, {}, {}}}), "") << "of one of our own people";
  EXPECT_EQ(via_of("postmaster", {"bob@there.test", {Kind::remote, {}, {}}}), "") << "of no domain";

  std::vector<post::LetterRecipient> all = {leading("a@x", ""), leading("b@x", "")};
  EXPECT_FALSE(forwards(all));
  EXPECT_THAT(vias(all), IsEmpty());
  all.push_back(leading("c@x", "list@ours.test"));
  all.push_back(leading("d@x", "all@ours.test"));
  all.push_back(leading("e@x", "list@ours.test"));
  EXPECT_TRUE(forwards(all));
  EXPECT_THAT(vias(all), ElementsAre("list@ours.test", "all@ours.test"));
}

TEST(Forwarding, WhoOnlyClaimsToBeOneOfUsIsNotForwarded) {
  constexpr auto kFailed = "mx.ours.test; dmarc=fail header.from=ours.test";
  EXPECT_THAT(refused({"list@ours.test"}, kFailed),
              HasSubstr("550 5.7.1 This letter does not prove to be from ours.test"));
  EXPECT_NE(refused({"list@there.test", "list@OURS.test"}, kFailed), "") << "by one of several";
  EXPECT_NE(refused({"list@sub.ours.test"}, kFailed), "") << "aligned by its organization";
  EXPECT_NE(refused({"list@ours.test"}, "mx.ours.test; dmarc=fail header.from=SUB.ours.test"), "");
  EXPECT_NE(refused({"list@ours.test"}, "mx; dmarc=pass header.from=bank.test; dmarc=fail header.from=ours.test"), "")
      << "one author of two";
  EXPECT_NE(refused({"list@ours.test"}, "mx.ours.test; dmarc=permerror"), "") << "no author at all";
  EXPECT_THAT(refused({"list@ours.test"}, "mx.ours.test; dmarc=temperror header.from=ours.test"),
              HasSubstr("451 4.7.0"));

  EXPECT_EQ(refused({"list@ours.test"}, "mx.ours.test; dmarc=pass header.from=ours.test"), "");
  EXPECT_EQ(refused({"list@ours.test"}, "mx.ours.test; dmarc=none header.from=ours.test"), "") << "it asks for nothing";
  EXPECT_EQ(refused({"list@ours.test"}, "mx.ours.test; dmarc=fail header.from=bank.test"), "")
      << "the next host judges";
  EXPECT_EQ(refused({"list@ours.test"}, "mx.ours.test; dmarc=fail header.from=yours.test"), "");
  EXPECT_EQ(refused({}, kFailed), "") << "into a mailbox";
}

}  // namespace
}  // namespace chappe::agents
