#include "post/mailbox/records.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "post/queue/record.h"

namespace chappe::post::records {
namespace {

TEST(Records, PagesReadBack) {
  SeededRandom random(9);
  for (int round = 0; round < 200; ++round) {
    const auto page = static_cast<std::uint32_t>(random.below(random.below(2) ? 3 : 4'194'303));
    std::vector<MessageState> states;
    const auto density = 1 + random.below(4);
    for (std::uint32_t i = page == 0 ? 1 : 0; i < kPageUids; ++i) {
      if (random.below(density) != 0) continue;
      MessageState s;
      s.uid = {page * kPageUids + i};
      s.flags.bits = static_cast<std::uint8_t>(random.below(kAllFlags + 1));
      s.modseq = {1 + random.below(1'000'000)};
      if (random.below(5) == 0)
        for (auto n = random.below(5); n > 0; --n) s.keywords.set(random.below(kMaxKeywords));
      states.push_back(s);
    }
    if (states.empty()) continue;
    const Bytes bytes = encode_page(states);
    const auto back = decode_page(bytes, page).value();
    ASSERT_EQ(back.size(), states.size());
    for (std::size_t i = 0; i < back.size(); ++i) {
      ASSERT_EQ(back[i].uid, states[i].uid);
      ASSERT_EQ(back[i].flags, states[i].flags);
      ASSERT_EQ(back[i].modseq, states[i].modseq);
      ASSERT_EQ(back[i].keywords, states[i].keywords);
    }
    ASSERT_EQ(decode_page(ByteView(bytes).substr(0, bytes.size() - 1), page).error().code(), Errc::corrupt);
  }
}

TEST(Records, PagesThatCannotBe) {
  using store::RecordWriter;
  const auto page = [](std::uint64_t n, std::initializer_list<std::uint64_t> steps) {
    RecordWriter w(1);
    w.number(5).number(n);
    for (const auto step : steps) w.number(step).number(0).u8(0);
    return w.take();
  };
  EXPECT_TRUE(decode_page(page(2, {1, 1}), 0));
  EXPECT_FALSE(decode_page(page(0, {}), 0));         // empty pages are not written
  EXPECT_FALSE(decode_page(page(1, {0}), 0));        // UID 0
  EXPECT_TRUE(decode_page(page(1, {0}), 1));         // UID 1024
  EXPECT_FALSE(decode_page(page(2, {1, 0}), 0));     // twice the same
  EXPECT_FALSE(decode_page(page(1, {1024}), 0));     // of the next page
  EXPECT_FALSE(decode_page(page(5000, {1, 1}), 0));  // more than a page holds
  EXPECT_FALSE(decode_page(page(1, {1}), ~0u));      // a page that no UID has
}

TEST(Records, EveryPrefixIsCorrupt) {
  MailboxInfo m;
  m.name = "name";
  m.uidvalidity = 77;
  const Bytes mailbox = encode(m);
  MessageRecord r;
  r.body.size = 12345;
  r.internal_date = {-5};
  const Bytes message = encode(r);
  FeedRow::Touched t;
  t.mailbox = {3};
  t.added = {1, 2, 9};
  t.expunged = {4};
  const Bytes change = encode_change({t, t});
  QueueEntry e;
  e.sender = "a@b";
  const Bytes queue = encode(e);
  const Bytes account = encode(AccountRow{});
  const Bytes words = encode_keywords({"a", "b"});
  const auto every_prefix = [](const Bytes& whole, auto decode) {
    for (std::size_t n = 0; n < whole.size(); ++n)
      EXPECT_EQ(decode(ByteView(whole).substr(0, n)).error().code(), Errc::corrupt) << n;
    EXPECT_TRUE(decode(whole));
    EXPECT_EQ(decode(whole + "x").error().code(), Errc::corrupt);
    EXPECT_EQ(decode("\x7f" + whole.substr(1)).error().code(), Errc::unsupported);
  };
  every_prefix(mailbox, [](ByteView b) { return decode_mailbox(b, {1}); });
  every_prefix(message, [](ByteView b) { return decode_message(b, {1}); });
  every_prefix(queue, [](ByteView b) { return decode_queue(b, {}); });
  every_prefix(change, [](ByteView b) { return decode_change(b); });
  every_prefix(account, [](ByteView b) { return decode_account(b); });
  every_prefix(words, [](ByteView b) { return decode_keywords(b); });
  EXPECT_EQ(decode_change(change).value()[1].added, t.added);
  EXPECT_EQ(decode_message(message, {4})->internal_date, Time{-5});
}

TEST(Records, AnAccountOfTheFirstVersionIsRead) {
  const Bytes old =
      store::RecordWriter(1).number(9).number(77).number(6).number(1234).number(5).number(6000).number(10'000).take();
  const AccountRow row = decode_account(old).value();
  EXPECT_EQ(row.modseq, ModSeq{1234});
  EXPECT_EQ(row.quota, Quota{10'000});
  EXPECT_FALSE(row.removed);
  EXPECT_EQ(row.history, History{});
  AccountRow now = row;
  now.removed = true;
  now.history = {{5}, {6}, {7}, {-8}};
  EXPECT_EQ(decode_account(encode(now)).value().history, now.history);
  EXPECT_TRUE(decode_account(encode(now)).value().removed);
}

TEST(Records, AChangeOfTheFirstVersionHasNoIds) {
  const Bytes old = store::RecordWriter(1).number(1).number(3).u8(8).number(1).number(4).number(0).take();
  const auto touched = decode_change(old).value();
  ASSERT_EQ(touched.size(), 1u);
  EXPECT_EQ(touched[0].expunged, UidSet{4});
  EXPECT_TRUE(touched[0].gone.empty());
}

TEST(Records, KeysReadBackAndStayInTheirRanges) {
  const AccountId a{7};
  const MailboxId m{3};
  EXPECT_EQ(message_of(a, m, message_key(a, m, {99})).value(), Uid{99});
  EXPECT_FALSE(message_of(a, {4}, message_key(a, m, {99})));
  EXPECT_FALSE(message_of({8}, m, message_key(a, m, {99})));
  EXPECT_EQ(change_of(a, change_key(a, {1ull << 40})).value(), ModSeq{1ull << 40});
  EXPECT_TRUE(changes_after(a, {5}).contains(change_key(a, {6})));
  EXPECT_FALSE(changes_after(a, {5}).contains(change_key(a, {5})));
  EXPECT_TRUE(changes_between(a, {5}, {6}).contains(change_key(a, {6})));
  EXPECT_FALSE(changes_between(a, {5}, {6}).contains(change_key(a, {7})));
  EXPECT_FALSE(all_but_row_of(a).contains(account_key(a)));
  EXPECT_TRUE(all_but_row_of(a).contains(mailbox_key(a, {1})));
  EXPECT_TRUE(all_but_row_of(a).contains(expunged_key(a, {~0u}, {~0ull})));
  EXPECT_FALSE(all_but_row_of(a).contains(account_key({8})));
  EXPECT_TRUE(reap_range(a).contains(reap_key(a, {})));
  EXPECT_FALSE(reap_range(a).contains(reap_key({8}, {})));
  EXPECT_TRUE(message_range(a, m).contains(message_key(a, m, {~0u})));
  EXPECT_FALSE(message_range(a, m).contains(message_key(a, {4}, {1})));
  EXPECT_FALSE(message_range(a, m, {5}, {6}).contains(message_key(a, m, {7})));
  EXPECT_TRUE(names_below(a, "x").contains(name_key(a, "x/y")));
  EXPECT_FALSE(names_below(a, "x").contains(name_key(a, "x")));
  EXPECT_FALSE(names_below(a, "x").contains(name_key(a, "xy")));
  const QueueKey q{{{'L'}}, 4};
  EXPECT_EQ(queue_of(queue_key(q)).value(), q);
  EXPECT_EQ(due_of(due_key({55}, q)).value().when, Time{55});
  EXPECT_LT(due_key({55}, q), due_key({56}, {}));
}

}  // namespace
}  // namespace chappe::post::records
