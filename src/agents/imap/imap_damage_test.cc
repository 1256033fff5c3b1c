// Damaged letters at the IMAP door: those around them are answered, they are left out and named, and the session goes
// on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agents/imap/testing.h"
#include "store/body_rows.h"
#include "store/test_stores.h"

namespace chappe::agents::imap {
namespace {

using ::testing::AllOf;
using testing::Client;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using testing::World;

class ImapDamage : public ::testing::Test {
 protected:
  ImapDamage() : world_(Budget::standard_limits(), std::move(place_.open().value())), client_(world_) {
    client_.log_in();
    // 1 and 5 are rows, the others stand in segments; 3 is more than is read at a time.
    for (const std::size_t size : {1'000, 100'000, 900'000, 60'000, 2'000}) {
      const std::string letter = fmt::format("Subject: {}\n\n{}\n", size, std::string(size, 'x'));
      EXPECT_THAT(client_.append("INBOX", letter), StartsWith("OK [APPENDUID"));
    }
    EXPECT_THAT(client_.command("SELECT INBOX"), EndsWith("OK [READ-WRITE] SELECT completed"));
  }
  // Flips a bit of the letter with so many octets of text, `back` from its end.
  void flip(std::size_t size, std::size_t back) {
    const auto rows = store::testing::wait(
                          store::scan_all(world_.store.get(),
                                          store::KeyWriter(store::kSystemAccount, store::Space::body_extents).range(),
                                          store::testing::soon()))
                          .value();
    for (const store::Row& row : rows) {
      const auto where = store::decode_body_extents(row.value.view()).value();
      std::size_t octets = 0;
      for (const store::Extent& e : where.extents) octets += e.size;
      if (octets < size || octets > size + 100) continue;
      const store::Extent& last = where.extents.back();
      const std::string path = fmt::format("/store/log/{:08}.seg", last.at.segment);
      const std::uint64_t at = last.at.offset + 64 + last.size - back;
      const char flipped = static_cast<char>(place_.files.contents(path)[at] ^ 0x10);
      place_.files.overwrite(path, at, {&flipped, 1});
      return;
    }
    FAIL() << "there is no such letter";
  }

  store::testing::FaultPlace place_;
  World world_;
  Client client_;
};

TEST_F(ImapDamage, OthersOfTheRangeAreAnswered) {
  flip(100'000, 50);
  flip(900'000, 50);  // in its last part: what comes before it must not be announced
  const std::string got = client_.command("FETCH 1:* (UID BODY.PEEK[])");
  for (const int n : {1, 4, 5}) EXPECT_THAT(got, HasSubstr(fmt::format("* {} FETCH (UID {} BODY[] {{", n, n)));
  for (const int n : {2, 3}) EXPECT_THAT(got, Not(HasSubstr(fmt::format("* {} FETCH", n))));
  EXPECT_THAT(got, EndsWith("\nNO [CORRUPTION] damaged, and left out: UID 2,3"));
  // The session goes on, and what can be told of these letters is told.
  EXPECT_THAT(client_.command("FETCH 2:3 (ENVELOPE FLAGS)"),
              AllOf(HasSubstr("* 2 FETCH"), HasSubstr("* 3 FETCH"), EndsWith("\nOK FETCH completed")));
  EXPECT_THAT(client_.command("UID FETCH 3 BODY.PEEK[]<0.1000>"), EndsWith("OK FETCH completed"))
      << "the part of it that is well";
}

TEST_F(ImapDamage, ALetterWhoseOctetsAreGoneIsNotTakenForExpunged) {
  const auto rows = store::testing::wait(
      store::scan_all(world_.store.get(), store::KeyWriter(store::kSystemAccount, store::Space::body_piece).range(),
                      store::testing::soon()));
  store::Batch b;
  b.remove(rows.value().front().key);
  ASSERT_TRUE(store::testing::wait(world_.store->write(std::move(b), store::testing::soon())));
  const std::string got = client_.command("FETCH 1:2 BODY.PEEK[]");
  EXPECT_THAT(got, AllOf(HasSubstr("* 2 FETCH"), EndsWith("NO [CORRUPTION] damaged, and left out: UID 1")));
}

}  // namespace
}  // namespace chappe::agents::imap
