// One flipped bit anywhere in the files of a store: what would change an answer is found, and a repair saves all that
// the bit did not stand in.
//
// $CHAPPE_FLIPS (20): how many bits, for each of the two ways in which the store was left.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cstdlib>
#include <set>

#include "net/task.h"
#include "post/care/kept.h"
#include "post/care/repair.h"
#include "post/mailbox/office_for_test.h"
#include "post/mailbox/records.h"
#include "post/search/indexer.h"
#include "store/batch_record.h"
#include "store/body_rows.h"
#include "store/rebuild.h"
#include "store/segment.h"
#include "store/walk.h"

namespace chappe::post {
namespace {

using store::FaultFiles;
using store::Space;
using testing::Office;
using testing::soon;

constexpr AccountId kAnn{3}, kBob{7};
constexpr std::string_view kLog = "/store/log/";

int flips() {
  const char* const asked = std::getenv("CHAPPE_FLIPS");
  return asked ? std::atoi(asked) : 20;
}

// Files that a test has made, as a place.
class OnFiles final : public store::testing::Place {
 public:
  OnFiles(FaultFiles& files, store::RocksOptions options) : options_(std::move(options)) { options_.files = &files; }
  Result<std::unique_ptr<store::Store>> open() override { return store::open_rocks(options_); }

 private:
  store::RocksOptions options_;
};

// All rows, and all octets of letters.
struct Answers {
  std::map<Bytes, Bytes> rows;
  std::map<store::BodyId, Bytes> letters;
  bool operator==(const Answers&) const = default;
};

// Errors: whatever cannot be read.
Result<Answers> ask(Office& office) {
  Answers out;
  for (const store::Row& row : TRY(office.wait(store::scan_all(&office.store(), {}, soon())))) {
    store::KeyReader key(row.key);
    const bool system = TRY(key.u32()) == store::kSystemAccount;
    const auto space = static_cast<Space>(TRY(key.u8()));
    if (system && space == Space::settings) continue;  // where the log ends
    out.rows[row.key] = row.value.view();
    if (space != Space::body) continue;
    store::BodyId id;
    std::ranges::copy(TRY(key.octets(16)), id.octets.begin());
    const auto header = TRY(store::decode_body_header(row.value.view()));
    out.letters[id] =
        TRY(office.wait(store::Bodies(office.store()).read({id, header.size, header.codec, header.key}, soon())))
            .flatten();
  }
  return out;
}

class Flips : public ::testing::TestWithParam<bool> {
 protected:
  Flips() {
    FaultFiles files;
    files.set_journal(true);
    options_ = store::testing::FaultPlace().options;
    {
      Office office(place(files), {.deleted = std::chrono::hours(24)});
      fill(office, 0);
      office.reopen();  // more than one file of rows
      fill(office, 1);
      office.reopen();
      fill(office, 2);
      before_last_ = ask(office).value();
      office.append(kBob, office.find(kBob, "INBOX").id, "Subject: last\r\n\r\nlast\r\n");
      right_ = ask(office).value();
      if (killed()) files_ = whole(files);
    }
    if (!killed()) files_ = whole(files);
  }
  static bool killed() { return GetParam(); }
  // What a process that was killed leaves is all that it wrote.
  static std::unique_ptr<FaultFiles> whole(FaultFiles& files) {
    for (;;) {
      auto out = std::make_unique<FaultFiles>();
      out->set_journal(true);
      if (copy_folder(files, *out, "/store")) return out;
    }
  }
  // Fails when something is removed meanwhile.
  static Result<void> copy_folder(FaultFiles& from, FaultFiles& to, const std::string& folder) {
    TRY(to.make_folder(folder));
    for (const std::string& name : TRY(from.list(folder))) {
      const std::string path = folder + "/" + name;
      if (TRY(from.status(path)).folder) {
        TRY(copy_folder(from, to, path));
        continue;
      }
      const auto file = TRY(to.open(path, store::Files::Open::create));
      TRY(file->write(0, from.contents(path)));
      TRY(file->sync());
    }
    return to.sync_folder(folder);
  }

  void fill(Office& office, int round) {
    SeededRandom random(static_cast<std::uint64_t>(round) + 1);
    for (const AccountId account : {kAnn, kBob}) {
      const auto inbox = office.find(account, "INBOX").id;
      for (int n = 0; n < 20; ++n) {
        const std::size_t size = n % 10 == 9 ? 120'000 + 100'000 * random.below(3) : 300 + random.below(5'000);
        FlagList flags;
        if (n % 3 == 0) flags.system = {Flag::seen};
        if (n % 5 == 0) flags.keywords = {"work", "later"};
        office.append(
            account, inbox,
            fmt::format("Message-ID: <{}.{}@x>\r\nSubject: number {}\r\n\r\n", round, n, n) + codec_text(random, size),
            flags);
      }
      const auto archive = office.find(account, "Archive").id;
      const Uid base{static_cast<std::uint32_t>(1 + 20 * round)};
      UidSet some;
      for (const std::uint32_t n : {2u, 9u, 11u}) some.add({base.value + n});
      EXPECT_TRUE(office.wait(office.mailboxes().copy(account, inbox, some, archive, soon())));
      UidSet gone;
      for (const std::uint32_t n : {4u, 19u}) gone.add({base.value + n});
      FlagChange change;
      change.uids = gone;
      change.flags.system.set(Flag::deleted);
      EXPECT_TRUE(office.wait(office.mailboxes().store_flags(account, inbox, change, soon())));
      EXPECT_TRUE(office.wait(office.mailboxes().expunge(account, inbox, gone, Expunge::deleted, soon())));
      net::InlineOffload offload;
      search::Indexer indexer({.store = &office.store(), .commit = &office.commit(), .offload = &offload});
      EXPECT_TRUE(office.wait(indexer.catch_up(account)));
    }
  }
  static Bytes codec_text(SeededRandom& random, std::size_t size) {
    Bytes out;
    while (out.size() < size) {
      for (int word = 0; word < 10; ++word) out += fmt::format("w{} ", random.below(100'000));
      out += "\r\n";
    }
    return out;
  }

  struct Place {
    std::string path;
    std::uint64_t octet = 0;
    char mask = 0;
  };
  // Each kind of file has its share; within a kind, large ones are hit more often.
  Place choose(SeededRandom& random, int n) const {
    static constexpr std::string_view kKinds[] = {".sst", ".seg",    ".sst", ".seg", "MANIFEST", ".sst",
                                                  ".seg", "CURRENT", ".sst", ".seg", "OPTIONS",  "IDENTITY"};
    const std::string_view kind = kKinds[static_cast<std::size_t>(n) % std::size(kKinds)];
    const std::string folder = kind == ".seg" ? std::string(kLog) : "/store/";
    std::vector<std::pair<std::string, std::uint64_t>> all;
    std::uint64_t sum = 0;
    for (const std::string& name : files_->list(folder.substr(0, folder.size() - 1)).value())
      if (name.find(kind) != name.npos) {
        all.emplace_back(folder + name, files_->status(folder + name)->size);
        sum += all.back().second;
      }
    std::uint64_t at = random.below(sum);
    auto i = all.begin();
    for (; at >= i->second; ++i) at -= i->second;
    return {i->first, at, static_cast<char>(1 << random.below(8))};
  }

  // The letters that a record of the log at this place has to do with.
  std::set<store::BodyId> touched(const Place& place) const {
    std::set<store::BodyId> out;
    if (!place.path.starts_with(kLog)) return out;
    const auto file = files_->open(place.path, store::Files::Open::read).value();
    Bytes head(store::SegmentHeader::kSize, '\0');
    (void)file->read(0, head);
    const auto header = store::decode_segment_header(head);
    if (!header) return out;
    store::SegmentWalk walk(*file, *header, store::SegmentHeader::kSize, header->first_sequence);
    for (auto h = walk.next().value(); h; h = walk.next().value()) {
      if (place.octet < h->at.offset || place.octet >= h->end()) continue;
      if (h->kind == store::RecordKind::extent) out.insert({h->identity});
      // A flipped bit of a batch is put right; one of its header is not.
      if (h->kind != store::RecordKind::batch || place.octet >= h->at.offset + store::RecordHeader::kSize) continue;
      (void)store::read_batch(walk.payload(*h).value(), [&](store::Batch::Kind, ByteView key, ByteView) {
        store::KeyReader reader(key);
        store::BodyId id;
        if (reader.expect(store::kSystemAccount, Space::body)) {
          std::ranges::copy(reader.octets(16).value(), id.octets.begin());
          out.insert(id);
        }
        return Result<void>();
      });
    }
    return out;
  }

  // What a person has must be there: message and deleted letter, where it was, octet for octet.
  void compare(const Answers& now, const std::set<store::BodyId>& lost) {
    for (const auto& [key, value] : right_.rows) {
      store::KeyReader reader(key);
      const AccountId account{reader.u32().value()};
      const auto space = static_cast<Space>(reader.u8().value());
      store::BodyId body;
      if (space == Space::message)
        body = records::decode_message(value, {}).value().body.id;
      else if (space == Space::kept)
        body = records::decode_kept(account, {key, Chunk::copy_of(value)}).value().record.body.id;
      else
        continue;
      if (lost.contains(body)) continue;
      const auto row = now.rows.find(key);
      ASSERT_NE(row, now.rows.end()) << "lost: " << key_text(key);
      EXPECT_EQ(row->second, value);
      const auto letter = now.letters.find(body);
      ASSERT_NE(letter, now.letters.end());
      EXPECT_EQ(letter->second, right_.letters.at(body));
    }
    for (const auto& [key, value] : right_.rows)
      if (key.size() > 5 && static_cast<Space>(key[4]) == Space::flag_page && lost.empty())
        EXPECT_TRUE(now.rows.contains(key)) << "flags are lost";
  }

  std::unique_ptr<OnFiles> place(FaultFiles& files) const { return std::make_unique<OnFiles>(files, options_); }

  store::RocksOptions options_;
  std::unique_ptr<FaultFiles> files_;
  Answers right_;
  Answers before_last_;
};

struct Looked {
  bool opens = false;
  bool same = false;
  std::vector<Fault> faults;
  std::string told;
  bool found() const { return !opens || !faults.empty(); }
};

TEST_P(Flips, WhatChangesAnAnswerIsFoundAndTheRestIsSaved) {
  SeededRandom random(killed() ? 11 : 12);
  std::map<std::string, int> counts;
  const int all = flips();
  for (int n = 0; n < all && !HasFailure(); ++n) {
    const Place at = choose(random, n);
    SCOPED_TRACE(fmt::format("flip {}: {} octet {} mask {:02x}", n, at.path, at.octet, at.mask));
    const auto disk = whole(*files_);
    const char flipped = static_cast<char>(files_->contents(at.path)[at.octet] ^ at.mask);
    disk->overwrite(at.path, at.octet, {&flipped, 1});
    store::RocksOptions options = options_;
    options.files = disk.get();

    Looked looked;
    bool rebuilds = true;
    if (auto opened = store::open_rocks(options)) {
      opened->reset();
      looked.opens = true;
      Office office(place(*disk));
      Verify verify(office.store(), {}, [&](const Finding& f) {
        looked.faults.push_back(f.fault);
        looked.told += fmt::format("{} {} {}; ", fault_row(f.fault).id, f.what, f.detail);
      });
      const auto verified = office.wait(verify.run(soon()));
      ASSERT_TRUE(verified) << verified.error().describe() << " after " << looked.told;
      const auto now = ask(office);
      // Of a process that was killed, damage to what it wrote last looks like a torn end (segments.md, G).
      looked.same = now && (*now == right_ || (killed() && *now == before_last_));
      rebuilds = std::ranges::any_of(looked.faults, wants_rebuild);
      if (rebuilds) {
        Repair early(office.store(), office.commit(), office.clock(), [](const std::string& what, ByteView) {
          return Result<void>(fail(Errc::bug, "{} is taken away before the store is made anew", what));
        });
        const auto done = office.wait(early.run({}, soon()));
        ASSERT_TRUE(done) << done.error().describe() << " after " << looked.told;
        EXPECT_EQ(done->left, done->faults);
      }
    } else {
      looked.told = opened.error().text();
    }
    EXPECT_TRUE(looked.found() || looked.same) << "it changes an answer, and is not found";
    ++counts[looked.same && !looked.found() ? "no difference" : !looked.opens ? "does not open" : "found"];
    if (!looked.found()) continue;

    if (rebuilds) {
      const auto rebuilt = store::rebuild(options, [&](const std::string& what) { looked.told += what + "; "; });
      ASSERT_TRUE(rebuilt) << rebuilt.error().describe() << " after " << looked.told;
    }
    {
      const auto opened = store::open_rocks(options);
      ASSERT_TRUE(opened) << opened.error().describe() << " after " << looked.told;
    }
    Office office(place(*disk));
    std::size_t aside = 0;
    Repair repair(office.store(), office.commit(), office.clock(), [&](const std::string&, ByteView) {
      ++aside;
      return Result<void>();
    });
    std::string left;
    const auto done = office.wait(repair.run(
        [&](const Finding& f) { left += fmt::format("{} {} {}; ", fault_row(f.fault).id, f.what, f.detail); }, soon()));
    ASSERT_TRUE(done) << done.error().describe();
    EXPECT_EQ(done->left, 0u) << looked.told << left;
    Verify verify(office.store(), {}, [&](const Finding& f) {
      ADD_FAILURE() << fault_row(f.fault).id << " " << f.what << " after the repair of " << looked.told;
    });
    ASSERT_TRUE(office.wait(verify.run(soon())));
    const auto now = ask(office);
    ASSERT_TRUE(now) << now.error().describe();
    SCOPED_TRACE(looked.told + left);
    compare(*now, touched(at));
    // It is a store that works.
    office.clock().advance(std::chrono::hours(24));
    const auto inbox = office.find(kAnn, "INBOX").id;
    const Uid uid = office.append(kAnn, inbox, "Subject: new\r\n\r\nnew\r\n");
    EXPECT_EQ(office.text(kAnn, inbox, uid), "Subject: new\r\n\r\nnew\r\n");
  }
  std::string told;
  for (const auto& [what, count] : counts) told += fmt::format(" {} {},", count, what);
  fmt::print("{} flipped bits, {} rows:{} the rest saved\n", all, right_.rows.size(), told);
}

INSTANTIATE_TEST_SUITE_P(Left, Flips, ::testing::Bool(),
                         [](const auto& param) { return param.param ? "Killed" : "Closed"; });

}  // namespace
}  // namespace chappe::post
