#include "post/trail/trail.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "post/mailbox/office_for_test.h"
#include "post/trail/record.h"

namespace chappe::post {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using ::testing::ElementsAre;
using testing::form_name;
using ::testing::IsEmpty;
using testing::kForms;
using testing::Office;
using ::testing::SizeIs;
using testing::soon;

TEST(TrailRecord, ComesBackAsItWas) {
  TrailHead head{.at = {123},
                 .origin = {"mx", "a1b2", "192.0.2.1", "mail.example", "", "TLSv1.3 X"},
                 .sender = "a@b",
                 .taken = true,
                 .reply = {554, "5.4.6", "loop"},
                 .size = 99,
                 .about = {},
                 .rcpts = {{"x@y", {}}, {"z@y", {550, "5.1.1", "who?"}}},
                 .more_rcpts = 7,
                 .ends = {{"x@y", TrailEnd::Kind::mailbox, "Lists"}, {"q@r", TrailEnd::Kind::queue, ""}}};
  head.about.octets[3] = 'q';
  const Bytes bytes = records::encode(head);
  const auto back = records::decode_trail_head(bytes);
  ASSERT_TRUE(back);
  EXPECT_EQ(records::encode(*back), bytes);
  EXPECT_EQ(back->rcpts[1].reply.text, "who?");
  EXPECT_EQ(back->ends[0].mailbox, "Lists");
  // Version 1 ends before the verdict, version 2 before what was known of the sender, version 3 before the grounds.
  for (const auto& [version, later] : {std::pair(1, 13u), std::pair(2, 10u), std::pair(3, 6u)}) {
    Bytes old = bytes.substr(0, bytes.size() - later);
    old[0] = static_cast<char>(version);
    ASSERT_TRUE(records::decode_trail_head(old)) << version;
    EXPECT_EQ(records::decode_trail_head(old)->ends[1].address, "q@r");
  }
  head.verdict = {.authentication = "mx.example; dmarc=fail",
                  .action = "reject",
                  .reason = "reject-with-evidence",
                  .overrides = "local_policy: x",
                  .apart = {{"x@y", "junk", "overridden", ""}, {"z@y", "accept", "passes", "mailing_list: l"}}};
  head.verdict.judges = {{"rspamd", "junk", "end", "-7.50", "GTUBE", "", milliseconds(12), {"forged X", "body"}},
                         {"clamav", "defer", "body", "", "", "timeout", hours(1), {}}};
  head.taken = false;
  head.discarded = true;
  const auto judged = records::decode_trail_head(records::encode(head));
  ASSERT_TRUE(judged);
  EXPECT_EQ(judged->verdict.authentication, "mx.example; dmarc=fail");
  EXPECT_EQ(judged->verdict.reason, "reject-with-evidence");
  EXPECT_EQ(judged->verdict.overrides, "local_policy: x");
  ASSERT_THAT(judged->verdict.apart, SizeIs(2));
  EXPECT_EQ(judged->verdict.apart[1].address, "z@y");
  EXPECT_EQ(judged->verdict.apart[1].overrides, "mailing_list: l");
  ASSERT_THAT(judged->verdict.judges, SizeIs(2));
  EXPECT_EQ(judged->verdict.judges[0].score, "-7.50");
  EXPECT_EQ(judged->verdict.judges[0].took, Duration(milliseconds(12)));
  EXPECT_THAT(judged->verdict.judges[0].undone, ElementsAre("forged X", "body"));
  EXPECT_EQ(judged->verdict.judges[1].failure, "timeout");
  EXPECT_FALSE(judged->taken);
  EXPECT_EQ(trail_state({.id = {}, .head = *judged, .steps = {}}), "discarded");
  EXPECT_EQ(records::encode(*judged), records::encode(head));
  head.verdict.standings = {{"dkim", "a.example", 1000, 0}, {"network", "192.0.2.0/24", 7, 999}};
  const Bytes known = records::encode(head);
  const auto remembered = records::decode_trail_head(known);
  ASSERT_TRUE(remembered);
  ASSERT_EQ(remembered->verdict.standings.size(), 2u);
  EXPECT_EQ(remembered->verdict.standings[1].name, "192.0.2.0/24");
  EXPECT_EQ(remembered->verdict.standings[1].score, 7);
  EXPECT_EQ(remembered->verdict.standings[1].confidence, 999);
  EXPECT_EQ(records::encode(*remembered), known);
  head.verdict.standings[0].score = 1001;
  EXPECT_FALSE(records::decode_trail_head(records::encode(head))) << "no share";
  for (std::size_t n = 0; n < bytes.size(); ++n) EXPECT_FALSE(records::decode_trail_head(bytes.substr(0, n))) << n;
  head.verdict.standings.clear();
  head.verdict.grounds = {.evidence = {"no-indirect-flow", "content"},
                          .author = "bank.example",
                          .record = "_dmarc.bank.example",
                          .spf_term = "-all",
                          .spf_domain = "spf.bank.example",
                          .signatures = {"verified", "body-differs"}};
  head.verdict.apart[1].evidence = {"local-block"};
  const Bytes whole = records::encode(head);
  const auto grounded = records::decode_trail_head(whole);
  ASSERT_TRUE(grounded);
  EXPECT_EQ(grounded->verdict.grounds, head.verdict.grounds);
  EXPECT_THAT(grounded->verdict.apart[0].evidence, IsEmpty());
  EXPECT_THAT(grounded->verdict.apart[1].evidence, ElementsAre("local-block"));
  EXPECT_EQ(records::encode(*grounded), whole);
  for (std::size_t n = 0; n < whole.size(); ++n) EXPECT_FALSE(records::decode_trail_head(whole.substr(0, n))) << n;

  LetterId id;
  id.octets[0] = 'x';
  const TrailStep step{.event = TrailEvent::bounced,
                       .at = {5'000},
                       .recipient = 3,
                       .address = "x@y",
                       .host = "mx.y",
                       .peer = "192.0.2.2",
                       .tls = "none",
                       .status = "5.1.1",
                       .words = "550 no",
                       .next = {7},
                       .notice = id,
                       .who = "root"};
  const auto key = records::trail_of(records::trail_step_key(id, step));
  ASSERT_TRUE(key);
  EXPECT_EQ(key->letter, id);
  EXPECT_FALSE(key->head);
  const Bytes row = records::encode(step);
  const auto read = records::decode_trail_step(row, *key);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->at, step.at);
  EXPECT_EQ(read->recipient, 3u);
  EXPECT_EQ(read->notice, id);
  EXPECT_EQ(records::encode(*read), row);
  for (std::size_t n = 0; n < row.size(); ++n) EXPECT_FALSE(records::decode_trail_step(row.substr(0, n), *key)) << n;
  Bytes unknown = row;
  unknown[1] = 10;
  EXPECT_FALSE(records::decode_trail_step(unknown, *key)) << "an event that there is not";
}

class TrailTest : public ::testing::TestWithParam<std::string> {
 protected:
  template <class T>
  T wait(net::Task<T> task) {
    return office_.wait(std::move(task));
  }
  Trail& trail() { return office_.trail(); }
  // A letter for `to` in the queue.
  LetterId send(std::vector<std::string> to, std::string from = "alice@example.org") {
    Letter l;
    l.id = office_.ids().next();
    l.sender = std::move(from);
    l.octets = ChunkList("letter");
    l.arrived = office_.clock().now();
    l.trail.origin.door = "submissions";
    for (auto& address : to) {
      l.trail.rcpts.push_back({address, {}});
      l.recipients.push_back({std::move(address), {Destination::Kind::remote, {}, ""}, 0, ""});
    }
    office_.clock().advance(milliseconds(2));
    return wait(office_.deliver().take(std::move(l), soon())).value();
  }
  // One that was refused.
  LetterId refuse(const std::string& network = "192.0.2.1") {
    const LetterId id = office_.ids().next();
    trail().note(
        id, {.at = office_.clock().now(), .origin = {.door = "mx"}, .sender = "spam@x", .reply = {550, "5.7.1", "no"}},
        network);
    office_.clock().advance(milliseconds(2));
    return id;
  }
  TrailStep step(TrailEvent event) {
    office_.clock().advance(milliseconds(2));
    return {.event = event, .at = office_.clock().now()};
  }
  std::vector<LetterId> found(TrailQuery query, std::size_t limit = 100) {
    std::vector<LetterId> out;
    for (const auto& letter : wait(trail().find(std::move(query), limit, soon())).value().letters)
      out.push_back(letter.id);
    return out;
  }
  std::string state(LetterId id) { return std::string(trail_state(wait(trail().show(id, soon())).value())); }

  Office office_{GetParam()};
};

TEST_P(TrailTest, FollowsALetterToItsEnd) {
  const LetterId id = send({"bob@example.net", "eve@example.net"});
  EXPECT_EQ(state(id), "waiting");
  ASSERT_TRUE(wait(office_.queue().done({id, 0}, step(TrailEvent::delivered), soon())));
  EXPECT_EQ(state(id), "waiting");
  TrailStep later = step(TrailEvent::deferred);
  later.words = "451 wait";
  later.next = office_.clock().now() + minutes(5);
  ASSERT_TRUE(wait(office_.queue().defer({id, 1}, later, false, soon())));
  ASSERT_TRUE(wait(office_.queue().hold({id, 1}, "root", soon())));
  office_.clock().advance(milliseconds(1));
  ASSERT_TRUE(wait(office_.queue().drop({id, 1}, "root", soon())));
  office_.reopen();
  const TrailLetter letter = wait(trail().show(id, soon())).value();
  EXPECT_EQ(trail_state(letter), "failed");
  EXPECT_EQ(letter.head.ends.size(), 2u);
  std::vector<std::string> events;
  for (const auto& s : letter.steps) events.push_back(std::string(trail_event_name(s.event)) + " " + s.address);
  EXPECT_THAT(events, ElementsAre("delivered bob@example.net", "deferred eve@example.net", "held eve@example.net",
                                  "dropped eve@example.net"));
  EXPECT_EQ(letter.steps[1].words, "451 wait");
  EXPECT_EQ(wait(office_.queue().show(id, soon())).error().code(), Errc::not_found);
}

TEST_P(TrailTest, WhatFailsLeavesNoStep) {
  const LetterId id = send({"bob@example.net"});
  EXPECT_EQ(wait(office_.queue().done({id, 5}, step(TrailEvent::delivered), soon())).error().code(), Errc::not_found);
  EXPECT_THAT(wait(trail().show(id, soon())).value().steps, IsEmpty());
}

TEST_P(TrailTest, FindsByPatternAndTimeInPages) {
  const LetterId first = send({"bob@octo.com"});
  const LetterId second = send({"bob@octo.com", "Carol@Example.net"}, "dave@example.org");
  const Time between = office_.clock().now();
  office_.clock().advance(minutes(1));
  const LetterId third = send({"carol@example.net"});
  const LetterId refused = refuse();
  ASSERT_TRUE(wait(trail().write_notes(soon())));
  EXPECT_THAT(found({}), ElementsAre(refused, third, second, first));
  EXPECT_THAT(found({.to = "carol@example.net"}), ElementsAre(third, second));
  EXPECT_THAT(found({.to = "*@OCTO.com"}), ElementsAre(second, first));
  EXPECT_THAT(found({.from = "dave@*"}), ElementsAre(second));
  EXPECT_THAT(found({.from = "alice@*", .to = "carol@*"}), ElementsAre(third));
  EXPECT_THAT(found({.since = between}), ElementsAre(refused, third));
  EXPECT_THAT(found({.until = between}), ElementsAre(second, first));
  EXPECT_THAT(found({.refused = true}), ElementsAre(refused));
  EXPECT_EQ(state(refused), "refused");
  // Page by page, a letter a page.
  std::vector<LetterId> all;
  TrailQuery query;
  for (;;) {
    const TrailPage page = wait(trail().find(query, 1, soon())).value();
    for (const auto& letter : page.letters) all.push_back(letter.id);
    if (!page.next) break;
    query.before = page.next;
  }
  EXPECT_THAT(all, ElementsAre(refused, third, second, first));
}

TEST_P(TrailTest, WhatWasRefusedIsShownBeforeItIsWritten) {
  const LetterId first = send({"bob@b.example"});
  const LetterId second = refuse();
  const LetterId third = send({"bob@b.example"});
  const LetterId fourth = refuse();
  EXPECT_EQ(state(second), "refused");
  EXPECT_THAT(found({}), ElementsAre(fourth, third, second, first)) << "in the order of time";
  EXPECT_THAT(found({.from = "spam@*"}), ElementsAre(fourth, second));
  // In pages, wherever a page ends.
  for (std::size_t limit = 1; limit <= 4; ++limit) {
    std::vector<LetterId> all;
    std::optional<LetterId> before;
    do {
      const TrailPage page = wait(trail().find({.before = before}, limit, soon())).value();
      EXPECT_LE(page.letters.size(), limit);
      for (const TrailLetter& letter : page.letters) all.push_back(letter.id);
      before = page.next;
    } while (before);
    EXPECT_THAT(all, ElementsAre(fourth, third, second, first)) << limit;
  }
  ASSERT_TRUE(wait(trail().write_notes(soon())));
  EXPECT_THAT(found({}), ElementsAre(fourth, third, second, first)) << "and none twice";
  EXPECT_EQ(state(fourth), "refused");
}

TEST_P(TrailTest, ManyStepsAreCutAndCounted) {
  const LetterId id = send({"bob@example.net"});
  ASSERT_TRUE(wait(office_.commit().submit(
      [&](store::Txn& txn) -> Result<void> {
        for (std::size_t i = 0; i < Trail::kMostSteps + 5; ++i) Trail::add(txn, id, step(TrailEvent::deferred));
        return {};
      },
      soon())));
  const TrailLetter letter = wait(trail().show(id, soon())).value();
  EXPECT_THAT(letter.steps, SizeIs(Trail::kMostSteps));
  EXPECT_EQ(letter.more_steps, 5u);
  EXPECT_THAT(found({}), ElementsAre(id));
}

TEST_P(TrailTest, ForgetsWhatIsOld) {
  const LetterId old = send({"bob@example.net"});
  refuse();
  trail().note_refused("mx", "192.0.2.1", "tls");
  ASSERT_TRUE(wait(trail().write_notes(soon())));
  office_.clock().advance(TrailLimits().age - minutes(5));
  const LetterId young = send({"bob@example.net"});
  ASSERT_TRUE(wait(trail().write_notes(soon())));
  EXPECT_THAT(found({}), SizeIs(3));
  office_.clock().advance(hours(2));
  ASSERT_TRUE(wait(trail().write_notes(soon())));
  EXPECT_THAT(found({}), ElementsAre(young));
  EXPECT_EQ(wait(trail().show(old, soon())).error().code(), Errc::not_found);
  EXPECT_THAT(wait(trail().refused({}, 10, soon())).value(), IsEmpty());
}

TEST_P(TrailTest, RefusedConnectionsAreCountedByTheHour) {
  for (int i = 0; i < 3; ++i) trail().note_refused("mx", "192.0.2.1", "limit");
  trail().note_refused("imaps", "192.0.2.1", "login");
  ASSERT_TRUE(wait(trail().write_notes(soon())));
  trail().note_refused("mx", "192.0.2.1", "limit");
  ASSERT_TRUE(wait(trail().write_notes(soon())));
  office_.clock().advance(hours(1));
  trail().note_refused("mx", "192.0.2.1", "limit");
  ASSERT_TRUE(wait(trail().write_notes(soon())));
  std::vector<std::string> rows;
  for (const auto& row : wait(trail().refused({}, 10, soon())).value())
    rows.push_back(row.door + " " + row.network + " " + row.reason + " " + std::to_string(row.count));
  EXPECT_THAT(rows, ElementsAre("mx 192.0.2.1 limit 1", "mx 192.0.2.1 limit 4", "imaps 192.0.2.1 login 1"));
  EXPECT_THAT(wait(trail().refused(office_.clock().now(), 10, soon())).value(), SizeIs(1));
}

TEST_P(TrailTest, AFloodOfRefusalsIsCountedInsteadOfWrittenDown) {
  const TrailLimits limits;
  for (std::uint32_t i = 0; i < limits.refused_per_network + 40; ++i) {
    const LetterId id = office_.ids().next();
    trail().note(id, {.at = office_.clock().now(), .origin = {.door = "mx"}}, "192.0.2.1");
  }
  refuse("192.0.2.2");
  ASSERT_TRUE(wait(trail().write_notes(soon())));
  EXPECT_THAT(found({}, 5000), SizeIs(limits.refused_per_network + 1));
  const auto rows = wait(trail().refused({}, 10, soon())).value();
  ASSERT_THAT(rows, SizeIs(1));
  EXPECT_EQ(rows[0].reason, "letters");
  EXPECT_EQ(rows[0].count, 40u);
  // The next minute has room again; and from all networks together there is a limit, too.
  office_.clock().advance(minutes(2));
  for (std::uint32_t i = 0; i < limits.refused_per_minute + 10; ++i) {
    const LetterId id = office_.ids().next();
    trail().note(id, {.at = office_.clock().now(), .origin = {.door = "mx"}}, "net" + std::to_string(i));
  }
  ASSERT_TRUE(wait(trail().write_notes(soon())));
  EXPECT_THAT(found({}, 5000), SizeIs(limits.refused_per_network + 1 + limits.refused_per_minute));
}

TEST_P(TrailTest, NetworksBeyondTheBoundShareARow) {
  for (std::size_t i = 0; i < Trail::kCountedNetworks + 7; ++i)
    trail().note_refused("mx", "net" + std::to_string(i), "rules");
  ASSERT_TRUE(wait(trail().write_notes(soon())));
  const auto rows = wait(trail().refused({}, 20'000, soon())).value();
  EXPECT_THAT(rows, SizeIs(Trail::kCountedNetworks + 1));
  const auto shared = std::ranges::find(rows, "*", &TrailRefused::network);
  ASSERT_NE(shared, rows.end());
  EXPECT_EQ(shared->count, 7u);
}

INSTANTIATE_TEST_SUITE_P(Forms, TrailTest, kForms, form_name);

}  // namespace
}  // namespace chappe::post
