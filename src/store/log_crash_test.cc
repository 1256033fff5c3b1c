// The power is cut under the log, at every operation of a script and again while the log is being opened, and what is
// found afterwards is compared with what was promised:
//
//   every batch that was acknowledged (its sync returned) is handed over again, in order, octet for octet
//   what else is handed over was appended, directly behind those: a prefix, nothing invented, nothing skipped
//   every letter that a batch names can be read, octet for octet
//   what an opening handed over is never taken back by a later power cut
//   the log can be written to again, and keeps all that
//
// $CHAPPE_CRASH_POINTS: how many points (2000); $CHAPPE_SEED: where to begin.
#include <gtest/gtest.h>

#include <cstdlib>

#include "store/fault_files.h"
#include "store/log.h"
#include "store/record.h"

namespace chappe::store {
namespace {

using Kind = FaultFiles::Kind;
using Fate = FaultFiles::Fate;

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* const v = std::getenv(name);
  return v && *v ? std::strtoull(v, nullptr, 10) : otherwise;
}

Bytes contents(std::uint64_t letter, std::uint64_t part, std::size_t size) {
  SeededRandom random(letter * 1000 + part);
  return random.bytes(size);
}

struct Letter {
  std::uint64_t number = 0;
  std::vector<Extent> extents;
};

struct Batch {
  Bytes octets;
  LogMark mark;
};

Bytes encode(std::uint64_t number, const std::vector<Letter>& letters, std::size_t filling) {
  RecordWriter w(1);
  w.number(number).number(letters.size());
  for (const Letter& l : letters) {
    w.number(l.number).number(l.extents.size());
    for (const Extent& e : l.extents) w.number(e.at.segment).number(e.at.offset).number(e.size).number(e.check);
  }
  return w.text(contents(~number, 0, filling)).take();
}

// What was promised so far. `batches` are in the order of the log.
struct Model {
  std::vector<Batch> batches;
  std::size_t acknowledged = 0;  // so many of them
  std::size_t applied = 0;       // so many are in the metadata store for certain
  std::uint64_t next_number = 1;

  LogMark mark() const { return applied == 0 ? LogMark{} : batches[applied - 1].mark; }
};

Log::Options options_on(Files& files, Random& random, std::uint32_t segment) {
  return {.files = &files, .folder = "/store/log", .segment_size = segment, .prepare_ahead = false, .random = &random};
}

// Empty, or what is wrong.
std::string check_letters(const Log& log, ByteView batch) {
  RecordReader r(batch, 1);
  r.number();
  for (std::uint64_t letters = r.number(); letters > 0; --letters) {
    const std::uint64_t number = r.number();
    const std::uint64_t parts = r.number();
    for (std::uint64_t part = 0; part < parts; ++part) {
      Extent e;
      e.at.segment = r.number32();
      e.at.offset = r.number32();
      e.size = r.number32();
      e.check = r.number32();
      const auto octets = log.read(e);
      if (!octets) return "a letter cannot be read: " + octets.error().describe();
      if (octets->view() != contents(number, part, e.size)) return "a letter is another one";
    }
  }
  r.text();
  return r.finish("a batch") ? "" : "a batch does not read back";
}

// Opens, and compares with the model. `found`: what is there now.
std::string check_opening(Files& files, Random& random, std::uint32_t segment, const Model& model,
                          std::vector<Batch>* found, std::unique_ptr<Log>* out = nullptr) {
  found->assign(model.batches.begin(), model.batches.begin() + static_cast<std::ptrdiff_t>(model.applied));
  auto log = Log::open(options_on(files, random, segment), model.mark(), [&](const LogMark& mark, ByteView batch) {
    found->push_back({Bytes(batch), mark});
    return Result<void>();
  });
  if (!log) return "it does not open: " + log.error().describe();
  if (found->size() < model.acknowledged)
    return "of " + std::to_string(model.acknowledged) + " acknowledged batches only " + std::to_string(found->size());
  if (found->size() > model.batches.size()) return "more batches than were written";
  for (std::size_t i = model.applied; i < found->size(); ++i) {
    if ((*found)[i].octets != model.batches[i].octets) return "batch " + std::to_string(i) + " is another one";
    if ((*found)[i].mark != model.batches[i].mark) return "the mark of batch " + std::to_string(i) + " is another one";
  }
  for (const Batch& b : *found)
    if (std::string why = check_letters(**log, b.octets); !why.empty()) return why;
  if (out) *out = std::move(*log);
  return "";
}

class Script {
 public:
  Script(std::uint64_t seed, std::uint64_t points) : random_(seed), dice_(seed * 7919 + 1), left_(points) {
    segment_ = static_cast<std::uint32_t>(4096 << random_.below(4));
    EXPECT_TRUE(make_folders(files_, "/store/log"));
  }

  // How many points were looked at.
  std::uint64_t run() {
    files_.set_plan([this](const FaultFiles::Operation& o) { return before(o); });
    open();
    for (auto steps = 10 + random_.below(40); steps > 0 && going_on(); --steps) {
      switch (random_.below(16)) {
        case 0:
          open();
          break;
        case 1:
          if (model_.acknowledged > 0) apply();
          break;
        case 2:
          fail_sync_ = random_.below(4) == 0;
          break;
        case 3:
        case 4:
        case 5:
        case 6:
          acknowledge();
          break;
        case 7:
        case 8:
          batch();
          break;
        case 9:
          if (!on_their_way_.empty() && random_.below(2)) on_their_way_.pop_back();  // given up
          break;
        default:
          part_of_a_letter();
      }
    }
    log_.reset();
    look();
    return looked_;
  }
  const std::string& complaint() const { return complaint_; }

 private:
  bool going_on() const { return complaint_.empty() && looked_ < left_; }

  Fate before(const FaultFiles::Operation& o) {
    if (o.kind == Kind::read || o.kind == Kind::open) return Fate::good;
    look();
    if (o.kind == Kind::sync && fail_sync_ && log_) {
      fail_sync_ = false;
      return Fate::io;
    }
    if (o.kind == Kind::write && random_.below(20) == 0) return Fate::short_write;
    return Fate::good;
  }

  // The power is cut here.
  void look() {
    if (!going_on()) return;
    ++looked_;
    const std::uint64_t choice = dice_.u64();
    const auto after = files_.survivor(choice);
    std::vector<Batch> found;
    if (dice_.below(8) == 0) return look_twice(*after, choice);
    std::unique_ptr<Log> log;
    complain(check_opening(*after, dice_, segment_, model_, &found, &log), choice);
    // All that, and it can be written to.
    if (log && dice_.below(4) == 0) {
      Model more = model_;
      more.batches = found;
      const Bytes octets = encode(~std::uint64_t{0}, {}, 3);
      const ByteView view = octets;
      const auto mark = log->append_batch({&view, 1});
      if (!mark || !log->sync()) return complain("it cannot be written to", choice);
      more.batches.push_back({octets, *mark});
      more.acknowledged = more.batches.size();
      log.reset();
      complain(check_opening(*after->survivor(choice), dice_, segment_, more, &found), choice);
    }
  }

  // The power is cut once more while the log opens: what that opening hands over must be there at the next one.
  void look_twice(FaultFiles& files, std::uint64_t choice) {
    const std::uint64_t at = files.operations() + 1 + dice_.below(16);
    std::unique_ptr<FaultFiles> later;
    std::size_t shown = 0, shown_then = 0;
    files.set_plan([&](const FaultFiles::Operation& o) {
      if (o.number == at) {
        later = files.survivor(choice + 1);
        shown_then = shown;
      }
      return Fate::good;
    });
    auto log = Log::open(options_on(files, dice_, segment_), model_.mark(), [&](const LogMark&, ByteView) {
      ++shown;
      return Result<void>();
    });
    if (!log) return complain("it does not open: " + log.error().describe(), choice);
    files.set_plan(nullptr);
    if (!later) {
      later = files.survivor(choice + 1);
      shown_then = shown;
    }
    Model then = model_;
    then.acknowledged = std::max(then.acknowledged, then.applied + shown_then);
    std::vector<Batch> found;
    complain(check_opening(*later, dice_, segment_, then, &found), choice);
  }

  void complain(std::string why, std::uint64_t choice) {
    if (why.empty() || !complaint_.empty()) return;
    complaint_ =
        why + " (operation " + std::to_string(files_.operations()) + ", choice " + std::to_string(choice) + ")";
  }

  // Opens anew without a power cut, also after a failed sync: what is handed over is shown, and so counts.
  void open() {
    log_.reset();
    on_their_way_.clear();
    std::vector<Batch> found;
    std::unique_ptr<Log> log;
    const Model now = model_;
    complain(check_opening(files_, random_, segment_, now, &found, &log), 0);
    model_.batches = std::move(found);
    model_.acknowledged = model_.batches.size();
    log_ = std::move(log);
  }

  void part_of_a_letter() {
    if (!log_) return;
    if (on_their_way_.empty() || (on_their_way_.size() < 4 && random_.below(3) == 0))
      on_their_way_.push_back({++letters_, {}});
    Letter& l = on_their_way_[random_.below(on_their_way_.size())];
    const Bytes octets =
        contents(l.number, l.extents.size(), random_.below(3) ? random_.below(300) : random_.below(3000));
    const ByteView parts[] = {ByteView(octets).substr(0, octets.size() / 3),
                              ByteView(octets).substr(octets.size() / 3)};
    Identity id{};
    id[15] = static_cast<char>(l.number);
    const auto extent = log_->append(id, static_cast<std::uint32_t>(l.extents.size()), parts);
    if (extent) l.extents.push_back(*extent);
    if (!extent) failed(extent.error());
  }

  void batch() {
    if (!log_) return;
    std::vector<Letter> letters;
    if (random_.below(2)) letters = std::exchange(on_their_way_, {});
    const Bytes octets = encode(model_.next_number++, letters, random_.below(200));
    // It may reach the disk whatever becomes of the call.
    model_.batches.push_back({octets, {}});
    const ByteView view = octets;
    const auto mark = log_->append_batch({&view, 1});
    if (mark) model_.batches.back().mark = *mark;
    if (!mark) {
      model_.batches.pop_back();
      failed(mark.error());
    }
  }

  void acknowledge() {
    batch();
    if (!log_ || model_.batches.size() == model_.acknowledged) return;
    const std::size_t all = model_.batches.size();
    if (const auto synced = log_->sync())
      model_.acknowledged = all;
    else
      failed(synced.error());
  }

  // The metadata store has flushed.
  void apply() {
    model_.applied += random_.below(model_.acknowledged - model_.applied + 1);
    if (log_ && model_.applied > 0) log_->set_applied(model_.mark());
  }

  void failed(const Error& error) {
    if (!log_->read_only()) return complain("refused for no reason: " + error.describe(), 0);
    open();
  }

  SeededRandom random_;  // the script
  SeededRandom dice_;    // what becomes of it
  const std::uint64_t left_;
  std::uint32_t segment_;
  FaultFiles files_;
  std::unique_ptr<Log> log_;
  Model model_;
  std::vector<Letter> on_their_way_;
  std::uint64_t letters_ = 0;
  std::uint64_t looked_ = 0;
  bool fail_sync_ = false;
  std::string complaint_;
};

TEST(LogCrash, WhatWasAcknowledgedIsThere) {
  const std::uint64_t points = from_environment("CHAPPE_CRASH_POINTS", 2000);
  std::uint64_t seed = from_environment("CHAPPE_SEED", 1);
  std::uint64_t looked = 0, scripts = 0;
  while (looked < points) {
    Script script(seed, points - looked);
    looked += script.run();
    ++scripts;
    ASSERT_EQ(script.complaint(), "") << "seed " << seed;
    ++seed;
  }
  RecordProperty("points", std::to_string(looked));
  std::printf("%llu crash points in %llu scripts\n", static_cast<unsigned long long>(looked),
              static_cast<unsigned long long>(scripts));
}

}  // namespace
}  // namespace chappe::store
