// What every form of Files must do, and what the one for tests does on top.
#include "store/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "store/fault_files.h"

namespace chappe::store {
namespace {

using ::testing::UnorderedElementsAre;

class FilesForms : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (GetParam()) {
      files_ = &posix_files();
      folder_ = (std::filesystem::temp_directory_path() / "chappe-files-XXXXXX").string();
      ASSERT_TRUE(::mkdtemp(folder_.data()));
    } else {
      files_ = &fault_;
      folder_ = "/here";
      ASSERT_TRUE(fault_.make_folder(folder_));
    }
  }
  void TearDown() override {
    std::error_code ec;
    if (GetParam()) std::filesystem::remove_all(folder_, ec);
  }
  std::string at(std::string_view name) const { return folder_ + "/" + std::string(name); }
  std::unique_ptr<File> make(std::string_view name) const {
    return std::move(files_->open(at(name), Files::Open::create).value());
  }
  static Bytes read(const File& file, std::uint64_t offset, std::size_t size) {
    Bytes out(size, '?');
    out.resize(file.read(offset, out).value());
    return out;
  }

  FaultFiles fault_;
  Files* files_ = nullptr;
  std::string folder_;
};

TEST_P(FilesForms, WritesAreReadBack) {
  const auto file = make("a");
  const ByteView parts[] = {"one", "", " two", " three"};
  ASSERT_TRUE(file->write(0, parts));
  ASSERT_TRUE(file->write(4, "TWO"));
  ASSERT_TRUE(file->write(20, "far"));
  EXPECT_EQ(read(*file, 0, 100), Bytes("one TWO three\0\0\0\0\0\0\0far", 23));
  EXPECT_EQ(read(*file, 4, 3), "TWO");
  EXPECT_EQ(read(*file, 23, 1), "");
  EXPECT_EQ(read(*file, 1000, 1), "");
  EXPECT_EQ(file->size().value(), 23u);
  EXPECT_TRUE(file->sync());
  const auto other = std::move(files_->open(at("a"), Files::Open::read).value());
  EXPECT_EQ(read(*other, 20, 3), "far");
}

TEST_P(FilesForms, ManyPartsInOneWrite) {
  const auto file = make("a");
  Bytes all;
  for (int i = 0; i < 3000; ++i) all += std::to_string(i) + ",";
  std::vector<ByteView> parts;
  for (std::size_t i = 0; i < all.size(); i += 5) parts.push_back(ByteView(all).substr(i, 5));
  ASSERT_GT(parts.size(), 2000u);
  ASSERT_TRUE(file->write(7, parts));
  EXPECT_EQ(read(*file, 7, all.size() + 1), all);
}

TEST_P(FilesForms, AllocatedSpaceIsZeros) {
  const auto file = make("a");
  ASSERT_TRUE(file->write(0, "x"));
  ASSERT_TRUE(file->allocate(10'000));
  EXPECT_EQ(file->size().value(), 10'000u);
  EXPECT_EQ(read(*file, 0, 3), Bytes("x\0\0", 3));
  EXPECT_EQ(read(*file, 9'998, 10), Bytes(2, '\0'));
  ASSERT_TRUE(file->allocate(5));  // has more already
  EXPECT_EQ(file->size().value(), 10'000u);
  // Sooner is allowed, later is not.
  ASSERT_TRUE(file->allocate(5'000'000));
  ASSERT_TRUE(file->write(4'000'000, "y"));
  EXPECT_LE(file->next_data(0).value(), 0u);
  EXPECT_LE(file->next_data(5'000).value(), 4'000'000u);
  EXPECT_EQ(file->next_data(5'000'000).value(), 5'000'000u);
  ASSERT_TRUE(file->truncate(1));
  ASSERT_TRUE(file->truncate(3));
  EXPECT_EQ(read(*file, 0, 10), Bytes("x\0\0", 3));
}

TEST_P(FilesForms, WaysToOpen) {
  using enum Files::Open;
  EXPECT_EQ(files_->open(at("a"), read).error().code(), Errc::not_found);
  EXPECT_EQ(files_->open(at("a"), update).error().code(), Errc::not_found);
  EXPECT_EQ(files_->open(at("none/a"), replace).error().code(), Errc::not_found);
  ASSERT_TRUE((*files_->open(at("a"), append))->write(0, "1"));
  EXPECT_EQ(files_->open(at("a"), create).error().code(), Errc::exists);
  EXPECT_EQ((*files_->open(at("a"), update))->size().value(), 1u);
  EXPECT_EQ((*files_->open(at("a"), append))->size().value(), 1u);
  EXPECT_EQ((*files_->open(at("a"), replace))->size().value(), 0u);
}

TEST_P(FilesForms, Names) {
  ASSERT_TRUE(make("a")->write(0, "of a"));
  ASSERT_TRUE(make("b")->write(0, "of b"));
  ASSERT_TRUE(files_->make_folder(at("f")));
  EXPECT_EQ(files_->make_folder(at("f")).error().code(), Errc::exists);
  EXPECT_THAT(files_->list(folder_).value(), UnorderedElementsAre("a", "b", "f"));
  EXPECT_TRUE(files_->status(at("f"))->folder);
  EXPECT_FALSE(files_->status(at("a"))->folder);
  EXPECT_EQ(files_->status(at("a"))->size, 4u);
  EXPECT_EQ(files_->status(at("c")).error().code(), Errc::not_found);
  ASSERT_TRUE(files_->rename(at("a"), at("b")));
  EXPECT_EQ(files_->rename(at("a"), at("b")).error().code(), Errc::not_found);
  EXPECT_EQ(read(**files_->open(at("b"), Files::Open::read), 0, 9), "of a");
  ASSERT_TRUE(files_->sync_folder(folder_));
  EXPECT_EQ(files_->sync_folder(at("none")).error().code(), Errc::not_found);
  ASSERT_TRUE(files_->remove(at("b")));
  EXPECT_EQ(files_->remove(at("b")).error().code(), Errc::not_found);
  ASSERT_TRUE(files_->remove_folder(at("f")));
  EXPECT_THAT(files_->list(folder_).value(), UnorderedElementsAre());
}

TEST_P(FilesForms, ARemovedFileLivesWhileItIsOpen) {
  const auto file = make("a");
  ASSERT_TRUE(file->write(0, "still"));
  ASSERT_TRUE(files_->remove(at("a")));
  EXPECT_EQ(read(*file, 0, 9), "still");
}

TEST_P(FilesForms, ALockIsHeldOnce) {
  auto lock = std::move(files_->lock(at("LOCK")).value());
  EXPECT_EQ(files_->lock(at("LOCK")).error().code(), Errc::busy);
  EXPECT_EQ(files_->lock(at("LOCK")).error().code(), Errc::busy);
  lock.reset();
  EXPECT_TRUE(files_->lock(at("LOCK")));
}

TEST_P(FilesForms, FreeSpaceAndFolders) {
  EXPECT_GT(files_->free_space(folder_).value(), 0u);
  EXPECT_EQ(files_->free_space(at("none")).error().code(), Errc::not_found);
  ASSERT_TRUE(make_folders(*files_, at("one/two/three")));
  ASSERT_TRUE(make_folders(*files_, at("one/two/three")));
  EXPECT_TRUE(files_->status(at("one/two/three"))->folder);
  (void)make("file");
  EXPECT_EQ(make_folders(*files_, at("file")).error().code(), Errc::exists);
}

INSTANTIATE_TEST_SUITE_P(Forms, FilesForms, ::testing::Values(true, false),
                         [](const auto& info) { return info.param ? "posix" : "fault"; });

// --- the fault form

constexpr int kSeeds = 200;

std::unique_ptr<File> open_in(FaultFiles& files, const std::string& path) {
  return std::move(files.open(path, Files::Open::append).value());
}

TEST(FaultFiles, OnlyWhatWasSyncedIsCertain) {
  FaultFiles files;
  const auto file = open_in(files, "/a");
  ASSERT_TRUE(files.sync_folder("/"));
  ASSERT_TRUE(file->write(0, "certain"));
  ASSERT_TRUE(file->sync());
  ASSERT_TRUE(file->write(0, "perhaps"));
  ASSERT_TRUE(file->write(1000, "later"));
  std::set<Bytes> seen;
  for (int seed = 0; seed < kSeeds; ++seed) {
    const Bytes found = files.survivor(seed)->contents("/a");
    EXPECT_EQ(found, files.survivor(seed)->contents("/a")) << "a seed is a choice";
    EXPECT_TRUE(found.size() == 7 || found.size() == 1005) << found.size();
    for (int i = 0; i < 7; ++i) EXPECT_TRUE(found[i] == "certain"[i] || found[i] == "perhaps"[i]);
    if (found.size() == 1005) EXPECT_EQ(found.substr(7, 993), Bytes(993, '\0'));
    seen.insert(found);
  }
  EXPECT_TRUE(seen.contains("certain"));
  EXPECT_TRUE(seen.contains("perhaps"));
  EXPECT_TRUE(seen.contains("certain" + Bytes(993, '\0') + "later")) << "reordered";
  EXPECT_TRUE(seen.contains("perhaps" + Bytes(993, '\0') + "later"));
}

TEST(FaultFiles, SectorsOfAWriteAreTornAndSynced) {
  FaultFiles files;
  const auto file = open_in(files, "/a");
  ASSERT_TRUE(files.sync_folder("/"));
  ASSERT_TRUE(file->write(0, Bytes(2048, 'a')));
  std::set<std::string> seen;
  for (int seed = 0; seed < kSeeds; ++seed) {
    const auto after = files.survivor(seed);
    const Bytes found = after->contents("/a");
    std::string sectors;
    for (std::size_t i = 0; i < found.size(); i += 512) sectors += found[i] == 'a' ? 'a' : '0';
    seen.insert(sectors);
  }
  EXPECT_TRUE(seen.contains("aaaa"));
  EXPECT_TRUE(seen.contains(""));
  EXPECT_TRUE(seen.contains("a0a0") || seen.contains("0a0a") || seen.contains("0aa0") || seen.contains("a00a"));
  ASSERT_TRUE(file->sync());
  for (int seed = 0; seed < kSeeds; ++seed) EXPECT_EQ(files.survivor(seed)->contents("/a"), Bytes(2048, 'a'));
}

TEST(FaultFiles, NamesNeedASyncOfTheFolder) {
  FaultFiles files;
  ASSERT_TRUE(open_in(files, "/old")->write(0, "old"));
  ASSERT_TRUE(open_in(files, "/old")->sync());
  ASSERT_TRUE(files.sync_folder("/"));
  const auto fresh = open_in(files, "/new");
  ASSERT_TRUE(fresh->write(0, "new"));
  ASSERT_TRUE(fresh->sync());
  ASSERT_TRUE(files.rename("/new", "/old"));
  std::set<Bytes> seen;
  for (int seed = 0; seed < kSeeds; ++seed) {
    const auto after = files.survivor(seed);
    seen.insert(after->contents("/old"));
    EXPECT_TRUE(after->status("/old"));
  }
  EXPECT_EQ(seen, (std::set<Bytes>{"old", "new"}));
  ASSERT_TRUE(files.sync_folder("/"));
  for (int seed = 0; seed < kSeeds; ++seed) EXPECT_EQ(files.survivor(seed)->contents("/old"), "new");
}

TEST(FaultFiles, AFailedSyncLeavesDoubtForGood) {
  FaultFiles files;
  const auto file = open_in(files, "/a");
  ASSERT_TRUE(files.sync_folder("/"));
  bool broken = true;
  files.set_plan([&](const FaultFiles::Operation& o) {
    return broken && o.kind == FaultFiles::Kind::sync ? FaultFiles::Fate::io : FaultFiles::Fate::good;
  });
  ASSERT_TRUE(file->write(0, Bytes(512, 'a')));
  EXPECT_EQ(file->sync().error().code(), Errc::io);
  broken = false;
  ASSERT_TRUE(file->write(512, Bytes(512, 'b')));
  ASSERT_TRUE(file->sync());
  std::set<char> first;
  for (int seed = 0; seed < kSeeds; ++seed) {
    const Bytes found = files.survivor(seed)->contents("/a");
    ASSERT_EQ(found.size(), 1024u);
    first.insert(found[0]);
    EXPECT_EQ(found.substr(512), Bytes(512, 'b'));
  }
  EXPECT_EQ(first, (std::set<char>{'a', '\0'}));
}

TEST(FaultFiles, FaultsToOrder) {
  using Fate = FaultFiles::Fate;
  FaultFiles files(1000);
  const auto file = open_in(files, "/a");
  Fate next = Fate::good;
  files.set_plan([&](const FaultFiles::Operation&) { return std::exchange(next, Fate::good); });
  next = Fate::short_write;
  ASSERT_TRUE(file->write(0, "taken in two"));
  EXPECT_EQ(files.contents("/a"), "taken in two");
  next = Fate::io;
  EXPECT_EQ(file->write(0, "xxxx").error().code(), Errc::io);
  EXPECT_EQ(files.contents("/a"), "xxken in two") << "a part was taken";
  next = Fate::no_space;
  EXPECT_EQ(file->write(20, "xxxx").error().code(), Errc::no_space);
  next = Fate::io;
  Bytes into(4, ' ');
  EXPECT_EQ(file->read(0, into).error().code(), Errc::io);
  EXPECT_EQ(file->allocate(1001).error().code(), Errc::no_space);
  ASSERT_TRUE(file->allocate(1000));
  EXPECT_EQ(files.free_space("/").value(), 0u);
  EXPECT_EQ(open_in(files, "/b")->write(0, "x").error().code(), Errc::no_space);
  EXPECT_TRUE(file->write(900, Bytes(100, 'x'))) << "allocated space is ours";
  files.overwrite("/a", 900, "y");
  EXPECT_EQ(files.contents("/a")[900], 'y');
}

TEST(FaultFiles, WithoutPowerNothingWorks) {
  FaultFiles files;
  const auto file = open_in(files, "/a");
  ASSERT_TRUE(files.sync_folder("/"));
  files.cut_at(files.operations() + 2);
  ASSERT_TRUE(file->write(0, "x"));
  EXPECT_EQ(file->sync().error().code(), Errc::io);
  EXPECT_FALSE(file->write(0, "y"));
  EXPECT_FALSE(files.open("/a", Files::Open::read));
  EXPECT_FALSE(files.list("/"));
  const auto after = files.survivor(1);
  EXPECT_TRUE(after->list("/"));
  EXPECT_TRUE(open_in(*after, "/a")->write(0, "z"));
}

}  // namespace
}  // namespace chappe::store
