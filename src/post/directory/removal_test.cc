// Removing an account while the power goes at any write: at the next start the account is there with all its mail, or
// gone with all of it.
#include <gtest/gtest.h>

#include "post/directory/testing.h"
#include "post/ingest/ingest.h"
#include "store/test_stores.h"

namespace chappe::post {
namespace {

using store::MemoryDisk;
using store::Space;
using testing::kCheap;
using testing::soon;

constexpr std::size_t kMany = Mailboxes::kPortion + 50;

// A post office with a directory, on a disk that outlives it.
class Life {
 public:
  explicit Life(MemoryDisk& disk) : store_(std::move(*store::open_memory(disk))) {
    DirectoryOptions options;
    options.argon2 = kCheap;
    directory = std::move(*net::run(Directory::open(
        {.store = store_.get(), .commit = &commit, .offload = &offload_, .clock = &clock_, .random = &random_}, options,
        soon())));
  }
  ~Life() { commit.stop(); }

  std::size_t rows(store::Range range) {
    return net::run(store::scan_all(store_.get(), std::move(range), soon())).value().size();
  }
  std::size_t rows(Space space) { return rows(store::KeyWriter(store::kSystemAccount, space).range()); }
  Result<Appended> append(AccountId account, const char* mailbox, std::size_t n) {
    const auto info = net::run(mailboxes.find(account, mailbox, soon()));
    if (!info) return std::unexpected(info.error());
    std::vector<NewMessage> messages(n);
    for (auto& m : messages) m.octets = ChunkList("letter");
    return net::run(mailboxes.append(account, info->id, std::move(messages), soon()));
  }
  Result<LetterId> deliver_to(std::vector<LetterRecipient> recipients) {
    Letter l;
    l.id = ids_.next();
    l.sender = "bob@example.org";
    l.octets = ChunkList("letter");
    l.arrived = clock_.now();
    l.recipients = std::move(recipients);
    return net::run(deliver.take(std::move(l), soon()));
  }

 private:
  ManualClock clock_;
  SeededRandom random_{7};
  LetterIds ids_{clock_, random_};
  testing::CountingOffload offload_;
  std::unique_ptr<store::Store> store_;

 public:
  store::Commit commit{*store_, {.mode = store::Commit::Mode::in_line}};
  Mailboxes mailboxes{*store_, commit, ids_, clock_};
  Queue queue{*store_, commit, clock_};
  Deliver deliver{*store_, commit, mailboxes, queue, clock_};
  std::unique_ptr<Directory> directory;
};

const LetterRecipient kRemote{"x@example.net", {Destination::Kind::remote, {}, ""}, 0, ""};
LetterRecipient to(AccountId account) { return {"local", {Destination::Kind::mailbox, account, ""}, 0, ""}; }

TEST(AccountRemoval, IsWholeWhereverThePowerGoes) {
  bool finished = false;
  for (std::uint64_t step = 1; !finished; ++step) {
    ASSERT_LT(step, 20u);
    for (const auto fate : {MemoryDisk::Fate::lost, MemoryDisk::Fate::kept}) {
      SCOPED_TRACE(::testing::Message() << "write " << step << (fate == MemoryDisk::Fate::lost ? " lost" : " kept"));
      MemoryDisk disk;
      AccountId bob;
      AccountId eve;
      {
        Life life(disk);
        ASSERT_TRUE(net::run(life.directory->add_domain("test", "example.org", {}, soon())));
        const auto add = [&](const char* address) {
          return net::run(life.directory->add_account("test", address, crypto::Secret("secret"), {}, soon()))->id;
        };
        bob = add("bob@example.org");
        eve = add("eve@example.org");
        ASSERT_TRUE(life.append(bob, "Sent", kMany));
        ASSERT_TRUE(life.append(bob, "Trash", 10));
        ASSERT_TRUE(life.append(eve, "INBOX", 3));
        ASSERT_TRUE(life.deliver_to({to(bob), to(eve), kRemote}));
        // One mailbox was just being removed, too.
        const std::uint64_t before = disk.writes();
        disk.set_fate(
            [=](std::uint64_t n) { return n > before + 1 ? MemoryDisk::Fate::no_space : MemoryDisk::Fate::good; });
        ASSERT_TRUE(net::run(life.mailboxes.remove(bob, "Trash", soon())));
        EXPECT_EQ(life.rows(Space::reap), 1u);

        const std::uint64_t start = disk.writes();
        disk.set_fate([=](std::uint64_t n) { return n == start + step ? fate : MemoryDisk::Fate::good; });
        auto removed = net::run(life.directory->remove_account("test", "bob@example.org", soon()));
        Result<void> done;
        if (removed) done = net::run(life.mailboxes.remove_account(*removed, soon()));
        finished = removed && done;
      }
      disk.cut_power();
      disk.set_fate({});
      Life life(disk);
      ASSERT_TRUE(net::run(life.mailboxes.reap(soon())));

      const bool there = net::run(life.directory->show_account("bob@example.org", soon())).has_value();
      const auto login = net::run(life.directory->verify_password("bob@example.org", crypto::Secret("secret"), soon()));
      EXPECT_EQ(login.has_value(), there);
      EXPECT_EQ(net::run(life.mailboxes.usage(bob, soon())).value().messages, there ? kMany + 1 : 0);
      EXPECT_EQ(life.rows(store::KeyWriter().u32(bob.value).range()) > 1, there) << "no more than the row that says so";
      EXPECT_EQ(life.rows(Space::reap), 0u);
      EXPECT_EQ(net::run(life.mailboxes.usage(eve, soon())).value().messages, 4u) << "her copy of his letter, too";
      // Three of hers, the shared letter, and bob's own if he is still there.
      EXPECT_EQ(life.rows(Space::body), there ? kMany + 4 : 4);
      EXPECT_EQ(life.rows(Space::queue), 1u) << "what was accepted for others is still under way";
      if (there) continue;
      EXPECT_EQ(life.append(bob, "INBOX", 1).error().code(), Errc::not_found) << "a session that is still open";
      EXPECT_EQ(life.deliver_to({to(bob)}).error().code(), Errc::not_found) << "a letter that was on its way";
      EXPECT_TRUE(life.deliver_to({to(bob), to(eve)}));
      EXPECT_EQ(life.rows(store::KeyWriter().u32(bob.value).range()), 1u);
    }
  }
}

TEST(AccountRemoval, OpenMailboxesHearOfIt) {
  MemoryDisk disk;
  Life life(disk);
  const AccountId bob{7};
  net::LocalExecutor executor;
  ASSERT_TRUE(life.append(bob, "INBOX", 3));
  const MailboxId inbox = net::run(life.mailboxes.find(bob, "INBOX", soon()))->id;
  auto view = executor.run(life.mailboxes.open(bob, inbox, soon())).value();
  ASSERT_TRUE(executor.run(life.mailboxes.remove_account(bob, soon())));
  EXPECT_TRUE(executor.run(view->update(View::Expunges::announce, soon())).value().removed);
}

}  // namespace
}  // namespace chappe::post
