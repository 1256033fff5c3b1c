#include "post/policy/opinion.h"

#include <gtest/gtest.h>

#include <set>

namespace chappe::post {
namespace {

using proto::smtp::Reply;
using Kind = HeaderChange::Kind;

// Why the only thing that was asked for is not done; "done" if it is.
template <class Change>
std::string asks(Change change) {
  Opinion opinion;
  opinion.change(std::move(change));
  if (opinion.unheeded().empty()) return "done";
  EXPECT_TRUE(opinion.fields().empty() && opinion.recipients().empty() && !opinion.sender());
  return std::string(unheeded_row(opinion.unheeded().at(0).why).id);
}
std::string field(std::string name, std::string value) {
  return asks(HeaderChange{.kind = Kind::add, .name = std::move(name), .value = std::move(value)});
}
std::string place(Kind kind, std::uint32_t n) {
  return asks(HeaderChange{.kind = kind, .name = "X", .value = " y", .place = n});
}
std::string rcpt(std::string address, std::string parameters = "") {
  return asks(RecipientChange{.address = std::move(address), .parameters = std::move(parameters)});
}

TEST(Opinion, TableIsInOrder) {
  std::set<std::string_view> ids;
  for (std::size_t i = 0; i < unheeded_rows().size(); ++i) {
    const auto& row = unheeded_rows()[i];
    EXPECT_EQ(static_cast<std::size_t>(row.unheeded), i);
    EXPECT_TRUE(ids.insert(row.id).second);
    EXPECT_FALSE(row.en.empty() || row.fr.empty());
  }
  EXPECT_EQ(unheeded_rows().size(), static_cast<std::size_t>(Unheeded::parameters) + 1);
}

TEST(Opinion, CommonReplies) {
  EXPECT_EQ(Opinion(Action::defer).reply().code, 451);
  EXPECT_EQ(Opinion(Action::reject).reply().code, 550);
  EXPECT_TRUE(fits(Action::defer, Opinion(Action::defer).reply()));
  EXPECT_TRUE(fits(Action::reject, Opinion(Action::reject).reply()));
  EXPECT_EQ(Opinion(Action::discard).reply().code, 0);
  EXPECT_EQ(Opinion().action(), Action::nothing);
}

TEST(Opinion, RepliesFitTheirAction) {
  EXPECT_TRUE(fits(Action::reject, Reply(554, "5.7.1", "no")));
  EXPECT_TRUE(fits(Action::reject, Reply(554, "", "no enhanced code")));
  EXPECT_TRUE(fits(Action::reject, Reply(554, "5.7.999", "two\nlines")));
  EXPECT_TRUE(fits(Action::defer, Reply(421, "4.7.0", "later")));
  EXPECT_FALSE(fits(Action::defer, Reply(554, "5.7.1", "no")));
  EXPECT_FALSE(fits(Action::reject, Reply(451, "4.7.1", "later")));
  EXPECT_FALSE(fits(Action::reject, Reply(554, "4.7.1", "RFC 3463: the classes agree")));
  EXPECT_FALSE(fits(Action::reject, Reply(250, "2.0.0", "no refusal")));
  EXPECT_FALSE(fits(Action::reject, Reply(599, "5.7.1", "no such code")));
  EXPECT_FALSE(fits(Action::reject, Reply(554, "5.7", "short")));
  EXPECT_FALSE(fits(Action::reject, Reply(554, "5.7.1.1", "long")));
  EXPECT_FALSE(fits(Action::reject, Reply(554, "5.7.1000", "large")));
  EXPECT_FALSE(fits(Action::reject, Reply(554, "5.7.x", "no number")));
  EXPECT_FALSE(fits(Action::reject, Reply(554, "5.7.1", "a\r\n250 injected")));
  EXPECT_FALSE(fits(Action::reject, Reply(554, "5.7.1", std::string("a\0b", 3))));
  EXPECT_TRUE(fits(Action::reject, Reply(554, "5.7.1", std::string(Opinion::kMaxReplyText, 'x'))));
  EXPECT_FALSE(fits(Action::reject, Reply(554, "5.7.1", std::string(Opinion::kMaxReplyText + 1, 'x'))));
  EXPECT_FALSE(fits(Action::discard, Reply(554, "5.7.1", "no")));
}

TEST(Opinion, ABadReplyIsReplacedAndTold) {
  Opinion opinion;
  opinion.decide(Action::reject, Reply(554, "5.7.1", "a\r\nb"));
  EXPECT_EQ(opinion.action(), Action::reject);
  EXPECT_EQ(opinion.reply(), Opinion(Action::reject).reply());
  ASSERT_EQ(opinion.unheeded().size(), 1u);
  EXPECT_EQ(opinion.unheeded()[0].why, Unheeded::bad_reply);
}

TEST(Opinion, FieldNames) {
  EXPECT_EQ(field("X-Spam", " yes"), "done");
  EXPECT_EQ(field(std::string(Opinion::kMaxFieldName, 'x'), " yes"), "done");
  EXPECT_EQ(field(std::string(Opinion::kMaxFieldName + 1, 'x'), " yes"), "too-large");
  EXPECT_EQ(field("", " yes"), "bad-field");
  EXPECT_EQ(field("X Y", " yes"), "bad-field");
  EXPECT_EQ(field("X:", " yes"), "bad-field");
  EXPECT_EQ(field("X\r\nBcc", " yes"), "bad-field");
  EXPECT_EQ(field("\xc3\xa9", " yes"), "bad-field");
}

TEST(Opinion, FieldValues) {
  EXPECT_EQ(field("X", ""), "done");
  EXPECT_EQ(field("X", " a\r\n\tb\r\n c"), "done");
  EXPECT_EQ(field("X", " \xc3\xa9"), "done");
  EXPECT_EQ(field("X", " a\r\nBcc: b"), "bad-field") << "would be another field";
  EXPECT_EQ(field("X", " a\r\n\r\nbody"), "bad-field");
  EXPECT_EQ(field("X", " a\r\n"), "bad-field");
  EXPECT_EQ(field("X", " a\r\n \r\n b"), "bad-field") << "RFC 5322 3.2.2: no line of blanks";
  EXPECT_EQ(field("X", " a\n b"), "bad-field");
  EXPECT_EQ(field("X", " a\r b"), "bad-field");
  EXPECT_EQ(field("X", std::string(" a\0b", 4)), "bad-field");
  EXPECT_EQ(field("X", " \xe9"), "bad-field");
  EXPECT_EQ(field("X", std::string(996, 'x')), "done");
  EXPECT_EQ(field("X", std::string(997, 'x')), "bad-field") << "RFC 5322 2.1.1: 998 with the name";
  EXPECT_EQ(field("X", " a\r\n " + std::string(997, 'x')), "done");
  EXPECT_EQ(field("X", " a\r\n " + std::string(998, 'x')), "bad-field");
}

TEST(Opinion, Places) {
  EXPECT_EQ(place(Kind::insert, 0), "done");
  EXPECT_EQ(place(Kind::change, 1), "done");
  EXPECT_EQ(place(Kind::change, 0), "bad-place");
  EXPECT_EQ(place(Kind::remove, 0), "bad-place");
  EXPECT_EQ(place(Kind::change, Opinion::kMaxFieldPlace), "done");
  EXPECT_EQ(place(Kind::change, Opinion::kMaxFieldPlace + 1), "bad-place");
  EXPECT_EQ(place(Kind::insert, 0xffffffff), "done") << "below the others";
}

TEST(Opinion, Addresses) {
  EXPECT_EQ(rcpt("bob@example.org"), "done");
  EXPECT_EQ(rcpt("<bob@example.org>"), "done");
  EXPECT_EQ(rcpt("bob@example.org", "NOTIFY=NEVER"), "done");
  EXPECT_EQ(rcpt(""), "bad-recipient");
  EXPECT_EQ(rcpt("<>"), "bad-recipient");
  EXPECT_EQ(rcpt("<bob@example.org> SIZE=1"), "bad-recipient");
  EXPECT_EQ(rcpt("bob@example.org>\r\nRCPT TO:<eve@example.org"), "bad-recipient");
  EXPECT_EQ(rcpt("bob@example.org", "NOTIFY=NEVER\r\nDATA"), "bad-recipient");
  EXPECT_EQ(rcpt("bob@example.org", std::string(Opinion::kMaxParameters + 1, 'x')), "bad-recipient");
  EXPECT_EQ(asks(SenderChange{.address = "<>"}), "done");
  EXPECT_EQ(asks(SenderChange{.address = ""}), "done");
  EXPECT_EQ(asks(SenderChange{.address = "a b"}), "bad-sender");
  Opinion opinion;
  opinion.change(RecipientChange{.address = "<bob@example.org>"});
  EXPECT_EQ(opinion.recipients().at(0).address, "bob@example.org");
}

TEST(Opinion, LimitsOfNumberAndSize) {
  Opinion many;
  for (std::size_t i = 0; i < Opinion::kMaxChanges + 30; ++i)
    i % 2 ? many.change(HeaderChange{.name = "X", .value = " y"}) : many.change(RecipientChange{.address = "b@c.org"});
  EXPECT_EQ(many.fields().size() + many.recipients().size(), Opinion::kMaxChanges);
  EXPECT_EQ(many.unheeded().size(), Opinion::kMaxUnheeded);
  EXPECT_EQ(many.more_unheeded(), 30 - Opinion::kMaxUnheeded);
  EXPECT_EQ(many.unheeded()[0].why, Unheeded::too_many);

  std::string value = " x";
  while (value.size() + 993 <= Opinion::kMaxFieldValue) value += "\r\n " + std::string(990, 'x');
  Opinion large;
  for (int i = 0; i < 6; ++i) large.change(HeaderChange{.name = "X", .value = value});
  EXPECT_EQ(large.fields().size(), Opinion::kMaxOctets / (value.size() + 1));
  EXPECT_EQ(large.unheeded().at(0).why, Unheeded::too_large);
  EXPECT_EQ(field("X", value + "\r\n " + std::string(990, 'x')), "too-large");
}

TEST(Opinion, ReasonsAreShortAndPrintable) {
  Opinion opinion;
  opinion.reason("a\r\nb");
  EXPECT_EQ(opinion.reason(), "a\\x0d\\x0ab");
  opinion.reason(std::string(10'000, 'x'));
  EXPECT_LT(opinion.reason().size(), Opinion::kMaxReason + 10);
}

}  // namespace
}  // namespace chappe::post
