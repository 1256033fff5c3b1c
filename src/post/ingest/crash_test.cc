// The power goes at any write. Whatever was acknowledged must be there when the store is opened again; what was not may
// be there or not, but only whole; and the counts, references and indexes must agree with the rows.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "post/mailbox/office_for_test.h"
#include "post/mailbox/records.h"
#include "post/queue/record.h"

namespace chappe::post {
namespace {

using store::MemoryDisk;
using store::testing::MemoryPlace;
using testing::Office;
using testing::soon;

constexpr AccountId kAccounts[] = {{7}, {8}};

// Everything in the store agrees with everything else.
void check_whole(Office& office) {
  std::map<store::BodyId, std::uint32_t> references;
  for (const AccountId account : kAccounts) {
    std::uint64_t size = 0;
    std::uint64_t count = 0;
    for (const MailboxInfo& m : office.wait(office.mailboxes().list(account, soon())).value()) {
      const auto records =
          office.wait(office.mailboxes().messages(account, m.id, {1}, {~0u}, 1'000'000, soon())).value();
      auto view = office.wait(office.mailboxes().open(account, m.id, soon())).value();
      ASSERT_EQ(view->size(), records.size());
      ASSERT_EQ(m.messages, records.size());
      std::uint64_t mine = 0;
      for (std::size_t i = 0; i < records.size(); ++i) {
        ASSERT_EQ(view->uid(static_cast<std::uint32_t>(i) + 1), records[i].uid);
        ASSERT_LT(records[i].uid.value, m.uidnext);
        ++references[records[i].body.id];
        mine += records[i].body.size;
        ASSERT_EQ(office.text(account, m.id, records[i].uid).size(), records[i].body.size);
      }
      ASSERT_EQ(m.size, mine);
      size += mine;
      count += records.size();
    }
    const Usage u = office.wait(office.mailboxes().usage(account, soon())).value();
    ASSERT_EQ(u.size, size);
    ASSERT_EQ(u.messages, count);
  }
  const auto queue = office.wait(office.queue().list({}, 1'000'000, soon())).value();
  for (const QueueEntry& e : queue) ++references[e.body.id];
  ASSERT_EQ(office.rows({}, store::Space::queue_due), queue.size());
  ASSERT_EQ(office.bodies(), references.size());
}

TEST(Crash, WhatWasAcknowledgedIsThere) {
  for (std::uint64_t round = 0; round < 50; ++round) {
    SeededRandom random(round);
    auto place = std::make_unique<MemoryPlace>();
    MemoryDisk& disk = place->disk;
    Office office(std::move(place));
    // What a client was told exists: account, mailbox, uid -> text.
    std::map<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>, std::string> promised;
    std::set<LetterId> queued;
    for (int life = 0; life < 3; ++life) {
      for (const AccountId a : kAccounts) office.find(a, "INBOX");
      const std::uint64_t last = disk.writes() + 1 + random.below(40);
      const auto fate = random.below(2) ? MemoryDisk::Fate::lost : MemoryDisk::Fate::kept;
      disk.set_fate([=](std::uint64_t n) { return n == last ? fate : MemoryDisk::Fate::good; });
      // What the operation that fails might have done.
      std::set<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>> doubtful;
      std::optional<LetterId> doubtful_row;
      while (!office.store().read_only()) {
        const AccountId account = kAccounts[random.below(2)];
        const char* const names[] = {"INBOX", "Sent", "Trash"};
        const auto from = office.wait(office.mailboxes().find(account, names[random.below(3)], soon())).value();
        const auto to = office.wait(office.mailboxes().find(account, names[random.below(3)], soon())).value();
        const auto uid = static_cast<std::uint32_t>(1 + random.below(from.uidnext));
        const std::string text(1 + random.below(100), static_cast<char>('a' + random.below(26)));
        const auto key = std::tuple(account.value, from.id.value, uid);
        switch (random.below(6)) {
          case 0: {
            std::vector<NewMessage> one(1);
            one[0].octets = ChunkList(text);
            const auto r = office.wait(office.mailboxes().append(account, from.id, std::move(one), soon()));
            if (r) promised[{account.value, from.id.value, r->uids[0].value}] = text;
            break;
          }
          case 1: {
            Letter l;
            l.id = office.ids().next();
            const LetterId id = l.id;
            l.octets = ChunkList(text);
            l.arrived = office.clock().now();
            l.recipients.push_back({"x", {Destination::Kind::mailbox, account, "Sent"}, 0, ""});
            l.recipients.push_back({"y", {Destination::Kind::remote, {}, ""}, 0, ""});
            if (office.wait(office.deliver().take(std::move(l), soon()))) queued.insert(id);
            break;
          }
          case 2: {
            const auto r = office.wait(office.mailboxes().copy(account, from.id, {uid}, to.id, soon()));
            if (r)
              for (const auto& [s, t] : r->uids)
                if (promised.contains(key)) promised[{account.value, to.id.value, t.value}] = promised[key];
            break;
          }
          case 3: {
            const auto r = office.wait(office.mailboxes().move(account, from.id, {uid}, to.id, soon()));
            if (!r) doubtful.insert(key);
            if (r)
              for (const auto& [s, t] : r->uids)
                if (promised.contains(key)) {
                  promised[{account.value, to.id.value, t.value}] = promised[key];
                  promised.erase(key);
                }
            break;
          }
          case 4: {
            const auto r = office.wait(office.mailboxes().expunge(account, from.id, {uid}, Expunge::all, soon()));
            if (r)
              promised.erase(key);
            else
              doubtful.insert(key);
            break;
          }
          case 5: {
            if (queued.empty()) break;
            const LetterId id = *queued.begin();
            if (office.wait(office.queue().done({id, 1}, {}, soon())))
              queued.erase(id);
            else
              doubtful_row = id;
            break;
          }
        }
      }
      disk.cut_power();
      office.reopen();
      for (const auto& gone : doubtful) {
        const auto& [account, mailbox, uid] = gone;
        if (office.text({account}, {mailbox}, {uid}) == "-") promised.erase(gone);
      }
      for (const auto& [key, text] : promised) {
        const auto& [account, mailbox, uid] = key;
        ASSERT_EQ(office.text({account}, {mailbox}, {uid}), text) << "round " << round << " uid " << uid;
      }
      for (auto i = queued.begin(); i != queued.end();) {
        const bool there = office.wait(office.queue().show(*i, soon())).has_value();
        ASSERT_TRUE(there || *i == doubtful_row) << "round " << round;
        i = there ? std::next(i) : queued.erase(i);
      }
      ASSERT_NO_FATAL_FAILURE(check_whole(office)) << "round " << round;
    }
  }
}

// A removal that was cut off in the middle is finished at the next start.
TEST(Crash, ReapGoesOnAfterARestart) {
  auto place = std::make_unique<MemoryPlace>();
  MemoryDisk& disk = place->disk;
  Office office(std::move(place));
  const AccountId bob{7};
  const MailboxId made = office.wait(office.mailboxes().create(bob, "big", SpecialUse::none, soon())).value().id;
  std::vector<NewMessage> many(2 * Mailboxes::kPortion);
  for (auto& m : many) m.octets = ChunkList("x");
  ASSERT_TRUE(office.wait(office.mailboxes().append(bob, made, std::move(many), soon())));
  const std::uint64_t before = disk.writes();
  disk.set_fate([=](std::uint64_t n) { return n == before + 3 ? MemoryDisk::Fate::lost : MemoryDisk::Fate::good; });
  ASSERT_TRUE(office.wait(office.mailboxes().remove(bob, "big", soon())));
  EXPECT_TRUE(office.store().read_only());
  disk.cut_power();
  office.reopen();
  EXPECT_EQ(office.bodies(), Mailboxes::kPortion);
  ASSERT_TRUE(office.wait(office.mailboxes().reap(soon())));
  EXPECT_EQ(office.bodies(), 0u);
  EXPECT_EQ(office.rows({}, store::Space::reap), 0u);
  EXPECT_EQ(office.rows(bob, store::Space::flag_page), 0u);
}

}  // namespace
}  // namespace chappe::post
