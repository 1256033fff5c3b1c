// What every form of the store must do. A new form joins test_stores.h and passes.
#include <gtest/gtest.h>

#include <map>

#include "base/random.h"
#include "store/store.h"
#include "store/test_stores.h"

namespace chappe::store {
namespace {

using namespace testing;  // NOLINT

class Conformance : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    place_ = make_place(GetParam());
    store_ = std::move(place_->open().value());
  }
  void reopen() {
    store_.reset();
    store_ = std::move(place_->open().value());
  }
  Result<void> write(Batch batch) { return wait(store_->write(std::move(batch), soon())); }
  Result<void> put(Bytes key, Bytes value) {
    Batch b;
    b.put(std::move(key), std::move(value));
    return write(std::move(b));
  }
  std::optional<Bytes> get(Bytes key) { return get(*store_, std::move(key)); }
  static std::optional<Bytes> get(Reader& reader, Bytes key) {
    auto v = wait(reader.get(std::move(key), soon())).value();
    if (!v) return std::nullopt;
    return Bytes(v->view());
  }
  // Keys of a range as one text: "a b c", with " ..." when there is more.
  static std::string keys(Reader& reader, Range range, ScanLimits limits = {}) {
    const Page page = wait(reader.scan(std::move(range), limits, soon())).value();
    std::string out;
    for (const Row& row : page.rows) out += (out.empty() ? "" : " ") + row.key;
    return out + (page.more ? " ..." : "");
  }

  std::unique_ptr<Place> place_;
  std::unique_ptr<Store> store_;
};

TEST_P(Conformance, PutGetRemove) {
  EXPECT_EQ(get("k"), std::nullopt);
  ASSERT_TRUE(put("k", "v"));
  EXPECT_EQ(get("k"), "v");
  ASSERT_TRUE(put("k", ""));
  EXPECT_EQ(get("k"), "");
  Batch b;
  b.remove("k");
  b.remove("never there");
  ASSERT_TRUE(write(std::move(b)));
  EXPECT_EQ(get("k"), std::nullopt);
}

TEST_P(Conformance, KeysAndValuesAreAnyOctets) {
  Bytes all;
  for (int i = 0; i < 256; ++i) all.push_back(static_cast<char>(i));
  ASSERT_TRUE(put(all, all));
  EXPECT_EQ(get(all), all);
  EXPECT_EQ(put("", "v").error().code(), Errc::bug);
}

TEST_P(Conformance, OperationsOfABatchApplyInOrder) {
  Batch b;
  b.put("a", "1");
  b.put("b", "1");
  b.remove(Range{"a", "b"});
  b.put("a", "2");
  b.remove("b");
  b.put("c", "1");
  b.put("c", "2");
  ASSERT_TRUE(write(std::move(b)));
  EXPECT_EQ(get("a"), "2");
  EXPECT_EQ(get("b"), std::nullopt);
  EXPECT_EQ(get("c"), "2");
}

TEST_P(Conformance, ChunkListsAreGathered) {
  ChunkList list;
  Bytes whole;
  for (int i = 0; i < 100; ++i) {
    const Bytes part(1000 + i, static_cast<char>('a' + i % 26));
    list.append(Chunk::copy_of(part));
    whole += part;
  }
  Batch b;
  b.put("big", list);
  b.put("none", ChunkList());
  ASSERT_TRUE(write(std::move(b)));
  EXPECT_EQ(get("big"), whole);
  EXPECT_EQ(get("none"), "");
  reopen();
  EXPECT_EQ(get("big"), whole);
}

TEST_P(Conformance, RemoveRange) {
  Batch b;
  for (const char* k : {"k1", "k2", "k3", "k4"}) b.put(k, "v");
  ASSERT_TRUE(write(std::move(b)));
  Batch c;
  c.remove(Range{"k2", "k4"});
  c.remove(Range{"k9", "k1"});  // empty: nothing
  ASSERT_TRUE(write(std::move(c)));
  EXPECT_EQ(keys(*store_, Range::prefix("k")), "k1 k4");
  Batch d;
  d.remove(Range{"k4", ""});
  ASSERT_TRUE(write(std::move(d)));
  EXPECT_EQ(keys(*store_, Range::prefix("k")), "k1");
}

TEST_P(Conformance, ScanInOrderWithLimits) {
  Batch b;
  for (const char* k : {"kc", "ka", "kb", "kd", "l"}) b.put(k, "12345678");
  ASSERT_TRUE(write(std::move(b)));
  const Range all = Range::prefix("k");
  EXPECT_EQ(keys(*store_, all), "ka kb kc kd");
  EXPECT_EQ(keys(*store_, all, {.reverse = true}), "kd kc kb ka");
  EXPECT_EQ(keys(*store_, all, {.rows = 2}), "ka kb ...");
  EXPECT_EQ(keys(*store_, all, {.rows = 2, .reverse = true}), "kd kc ...");
  EXPECT_EQ(keys(*store_, all, {.rows = 4}), "ka kb kc kd");
  EXPECT_EQ(keys(*store_, all, {.bytes = 25}), "ka kb ...");
  EXPECT_EQ(keys(*store_, all, {.bytes = 1}), "ka ...");
  EXPECT_EQ(keys(*store_, Range{"kb", "kd"}), "kb kc");
  EXPECT_EQ(keys(*store_, Range{"kb", "kd"}, {.reverse = true}), "kc kb");
  EXPECT_EQ(keys(*store_, Range{"kd", "kb"}), "");
  EXPECT_EQ(keys(*store_, Range{"kc", ""}), "kc kd l");

  for (const bool reverse : {false, true}) {
    Range left = all;
    std::string got;
    for (int i = 0; i < 10; ++i) {
      const ScanLimits limits{.rows = 1, .reverse = reverse};
      const Page page = wait(store_->scan(left, limits, soon())).value();
      for (const Row& row : page.rows) got += row.key;
      if (!page.more) break;
      left = after(left, page, reverse);
    }
    EXPECT_EQ(got, reverse ? "kdkckbka" : "kakbkckd");
  }
}

TEST_P(Conformance, AssertionsGuardTheWholeBatch) {
  ASSERT_TRUE(put("lease", "7"));
  Batch wrong;
  wrong.put("x", "1");
  wrong.expect("lease", "8");
  EXPECT_EQ(write(std::move(wrong)).error().code(), Errc::conflict);
  EXPECT_EQ(get("x"), std::nullopt);
  EXPECT_FALSE(store_->read_only());

  Batch exists;
  exists.expect("lease", std::nullopt);
  exists.put("x", "1");
  EXPECT_EQ(write(std::move(exists)).error().code(), Errc::conflict);

  Batch right;
  right.expect("lease", "7");
  right.expect("new", std::nullopt);
  right.put("lease", "8");
  right.put("new", "1");
  ASSERT_TRUE(write(std::move(right)));
  EXPECT_EQ(get("lease"), "8");
}

TEST_P(Conformance, SnapshotsStandStill) {
  ASSERT_TRUE(put("ka", "1"));
  ASSERT_TRUE(put("kb", "1"));
  auto then = store_->snapshot();
  ASSERT_TRUE(put("ka", "2"));
  ASSERT_TRUE(put("kc", "1"));
  Batch b;
  b.remove("kb");
  ASSERT_TRUE(write(std::move(b)));
  auto later = store_->snapshot();
  ASSERT_TRUE(put("kb", "9"));

  EXPECT_EQ(get(*then, "ka"), "1");
  EXPECT_EQ(keys(*then, Range::prefix("k")), "ka kb");
  EXPECT_EQ(get(*later, "ka"), "2");
  EXPECT_EQ(keys(*later, Range::prefix("k")), "ka kc");
  EXPECT_EQ(keys(*store_, Range::prefix("k")), "ka kb kc");
}

TEST_P(Conformance, DurableAfterReopen) {
  ASSERT_TRUE(put("k", "v"));
  ASSERT_TRUE(put("blob", Bytes(100'000, 'x')));
  reopen();
  EXPECT_EQ(get("k"), "v");
  EXPECT_EQ(get("blob"), Bytes(100'000, 'x'));
}

TEST_P(Conformance, OneProcessOwnsAStore) {
  EXPECT_EQ(place_->open().error().code(), Errc::busy);
  reopen();
}

TEST_P(Conformance, DeadlinesAreKept) {
  const Deadline gone{system_clock().steady() - std::chrono::seconds(1)};
  EXPECT_EQ(wait(store_->get("k", gone)).error().code(), Errc::timeout);
  EXPECT_EQ(wait(store_->scan(Range::prefix("k"), {}, gone)).error().code(), Errc::timeout);
  Batch b;
  b.put("k", "v");
  EXPECT_EQ(wait(store_->write(std::move(b), gone)).error().code(), Errc::timeout);
  EXPECT_EQ(get("k"), std::nullopt);
}

TEST_P(Conformance, ValuesOutliveTheStoreAndLaterWrites) {
  ASSERT_TRUE(put("k", "first"));
  const Value kept = *wait(store_->get("k", soon())).value();
  ASSERT_TRUE(put("k", "second"));
  store_.reset();
  EXPECT_EQ(kept.view(), "first");
}

// Random operations against a std::map, with snapshots and reopening in between.
TEST_P(Conformance, AgreesWithAModel) {
  using Model = std::map<Bytes, Bytes>;
  SeededRandom random(20261121);
  Model model;
  std::vector<std::pair<std::shared_ptr<Reader>, Model>> snapshots;
  const auto some_key = [&] { return KeyWriter().u8(static_cast<std::uint8_t>(random.below(40) + 1)).take(); };
  const auto some_range = [&] {
    Range r{some_key(), some_key()};
    if (random.below(10) == 0) r.end.clear();
    return r;
  };
  const auto check = [&](Reader& reader, const Model& m) {
    const Range range = some_range();
    const ScanLimits limits{
        .rows = 1 + random.below(20), .bytes = 1 + random.below(400), .reverse = random.below(2) == 1};
    std::vector<std::pair<Bytes, Bytes>> want;
    for (const auto& row : m)
      if (range.contains(row.first)) want.push_back(row);
    if (limits.reverse) std::reverse(want.begin(), want.end());
    const Page page = wait(reader.scan(range, limits, soon())).value();
    ASSERT_LE(page.rows.size(), want.size());
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < page.rows.size(); ++i) {
      ASSERT_EQ(page.rows[i].key, want[i].first);
      ASSERT_EQ(page.rows[i].value.view(), want[i].second);
      bytes += want[i].first.size() + want[i].second.size();
    }
    ASSERT_LE(page.rows.size(), limits.rows);
    ASSERT_TRUE(bytes <= limits.bytes || page.rows.size() == 1);
    ASSERT_EQ(page.more, page.rows.size() < want.size());
    const Bytes key = some_key();
    const auto got = get(reader, key);
    const auto in = m.find(key);
    ASSERT_EQ(got, in == m.end() ? std::nullopt : std::optional(in->second));
  };

  for (int step = 0; step < 1500; ++step) {
    Batch batch;
    Model next = model;
    bool holds = true;
    for (auto n = 1 + random.below(4); n > 0; --n) {
      const Bytes key = some_key();
      switch (random.below(5)) {
        case 0:
        case 1: {
          const Bytes value = random.bytes(random.below(20) == 0 ? 20'000 : random.below(30));
          if (random.below(2))
            batch.put(key, value);
          else
            batch.put(key, ChunkList(value));
          next[key] = value;
          break;
        }
        case 2:
          batch.remove(key);
          next.erase(key);
          break;
        case 3: {
          if (random.below(4) != 0) break;
          const Range range = some_range();
          std::erase_if(next, [&](const auto& row) { return range.contains(row.first); });
          batch.remove(range);
          break;
        }
        case 4: {
          const auto now = model.find(key);
          std::optional<Bytes> value = now == model.end() ? std::nullopt : std::optional(now->second);
          if (random.below(6) == 0) {
            value = "something else";
            holds = false;
          }
          batch.expect(key, value);
          break;
        }
      }
    }
    const auto r = write(std::move(batch));
    ASSERT_EQ(r.has_value(), holds);
    if (holds) model = std::move(next);
    ASSERT_NO_FATAL_FAILURE(check(*store_, model));

    if (random.below(20) == 0) snapshots.emplace_back(store_->snapshot(), model);
    if (snapshots.size() > 5) snapshots.erase(snapshots.begin() + static_cast<long>(random.below(snapshots.size())));
    for (auto& [reader, then] : snapshots) ASSERT_NO_FATAL_FAILURE(check(*reader, then));
    if (random.below(150) == 0) {
      snapshots.clear();
      reopen();
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Forms, Conformance, kForms, form_name);

}  // namespace
}  // namespace chappe::store
