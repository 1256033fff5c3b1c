// Opening the log: what was acknowledged is found, what was torn is cut off, what was damaged is told.
#include <algorithm>
#include <deque>

#include "base/text.h"
#include "store/log.h"

namespace chappe::store {

// One opening; see docs/formats/segments.md, "Opening".
class Log::Opening {
 public:
  Opening(Log& log, LogMark have) : log_(log), files_(*log.options_.files), have_(have) {}

  Result<void> run(const Replay& replay) {
    TRY(find());
    TRY(check_chain());
    Position end;
    if (!found_.empty()) {
      TRY(walk());
      TRY(verify_end());
      TRY(rewrite_end());
      TRY(hand_over(replay));
      end = {found_.rbegin()->first, end_};
    }
    log_.next_ = log_.durable_ = sequence_;
    log_.applied_ = have_;
    for (const auto& [number, f] : found_) log_.old_[number] = Old{f.header, f.end, f.size, nullptr, 0};
    TRY(begin(end));
    return cut();
  }

 private:
  struct Found {
    SegmentHeader header;  // number 0: damaged
    std::shared_ptr<File> file;
    std::uint64_t size = 0;
    std::uint32_t end = 0;  // of its records
  };

  Result<void> find() {
    for (const std::string& name : TRY(files_.list(log_.options_.folder))) {
      if (!name.ends_with(".seg")) continue;
      const auto number = to_number<std::uint32_t>(std::string_view(name).substr(0, name.size() - 4));
      if (!number || *number == 0 || log_.path(*number) != log_.options_.folder + "/" + name) continue;
      found_.emplace(*number, TRY(look(*number)));
      last_number_ = std::max(last_number_, *number);
    }
    // The last ones may be files that were made ahead, or one whose header was on its way: nothing in them was ever
    // acknowledged, because the first sync of a segment makes both copies of its header durable, too.
    while (!found_.empty() && found_.rbegin()->second.header.number == 0) {
      if (found_.rbegin()->first <= have_.end.segment) break;
      TRY(files_.remove(log_.path(found_.rbegin()->first)));
      found_.erase(std::prev(found_.end()));
    }
    return {};
  }

  Result<Found> look(std::uint32_t number) {
    Found f;
    f.file = TRY(files_.open(log_.path(number), Files::Open::update));
    f.size = TRY(f.file->size());
    f.end = static_cast<std::uint32_t>(std::min<std::uint64_t>(f.size, ~std::uint32_t{0}));
    Bytes octets(SegmentHeader::kSize, '\0');
    octets.resize(TRY(f.file->read(0, octets)));
    if (const auto header = decode_segment_header(octets); header && header->number == number) f.header = *header;
    if (TRY(sealed(f))) f.end -= kTrailerSize;
    if (number < have_.end.segment) f.file = nullptr;  // there may be many
    return f;
  }

  static Result<bool> sealed(const Found& f) {
    if (f.size < kTrailerSize) return false;
    Bytes octets(kTrailerSize, '\0');
    octets.resize(TRY(f.file->read(f.size - kTrailerSize, octets)));
    return decode_trailer(octets, f.header).has_value();
  }

  // The segments from the one with the mark on, each of which must follow the one before.
  Result<void> check_chain() {
    if (have_.sequence == 0) {
      if (found_.empty()) return {};
      first_ = found_.begin()->first;
      const Found& f = found_.begin()->second;
      if (f.header.number == 0 || f.header.previous_end.segment != 0)
        return fail(Errc::corrupt, "the log begins with segment {}, but the store has nothing of what was before it",
                    first_);
    } else {
      first_ = have_.end.segment;
      const auto i = found_.find(first_);
      if (i == found_.end() || i->second.size < have_.end.offset)
        return fail(Errc::corrupt, "the store has the log up to segment {}, {}, but that is not there", first_,
                    have_.end.offset);
    }
    for (auto i = found_.find(first_); i != found_.end(); ++i) {
      const Found& f = i->second;
      if (f.header.number == 0) return fail(Errc::corrupt, "the header of segment {} of the log is damaged", i->first);
      if (f.header.log != (have_.sequence ? have_.log : found_.begin()->second.header.log))
        return fail(Errc::corrupt, "segment {} is of another log", i->first);
      if (i->first == first_) continue;
      Found& before = std::prev(i)->second;
      if (f.header.previous_end.segment != before.header.number)
        return fail(Errc::corrupt, "segment {} of the log is missing", f.header.previous_end.segment);
      before.end = f.header.previous_end.offset;
    }
    log_.id_ = found_.find(first_)->second.header.log;
    return {};
  }

  // From the mark to the end, by headers.
  Result<void> walk() {
    sequence_ = have_.sequence ? have_.sequence + 1 : found_.at(first_).header.first_sequence;
    for (auto i = found_.find(first_); i != found_.end(); ++i) {
      Found& f = i->second;
      const bool last = std::next(i) == found_.end();
      const bool at_mark = have_.sequence && i->first == first_;
      if (!at_mark) {
        if (f.header.first_sequence != sequence_) return damaged(i->first, SegmentHeader::kSize);
        // A segment is begun when all before it has been synced.
        durable_ = std::max(durable_, f.header.first_sequence);
      }
      SegmentWalk walk(*f.file, f.header, at_mark ? have_.end.offset : std::uint32_t{SegmentHeader::kSize}, sequence_,
                       last ? ~std::uint64_t{0} : f.end);
      while (const auto h = TRY(walk.next())) {
        durable_ = std::max(durable_, h->durable);
        if (h->kind == RecordKind::batch) batches_.push_back(*h);
        if (last) tail_.push_back(*h);
        while (!tail_.empty() && tail_.front().sequence < durable_) tail_.pop_front();
      }
      sequence_ = walk.sequence();
      if (!last && walk.offset() != f.end) return damaged(i->first, walk.offset());
      if (!last) continue;
      f.end = end_ = walk.offset();
      durable_ = std::max(durable_, TRY(walk.durable_beyond()));
      if (durable_ > sequence_) return damaged(i->first, end_);
      while (!tail_.empty() && tail_.front().sequence < durable_) tail_.pop_front();
    }
    return {};
  }

  // What no later record says to have been synced may be torn inside.
  Result<void> verify_end() {
    Found& f = found_.rbegin()->second;
    const SegmentWalk reader(*f.file, f.header, 0, 0);
    for (std::size_t i = 0; i < tail_.size(); ++i) {
      const auto payload = reader.payload(tail_[i]);
      if (payload) continue;
      if (payload.error().code() != Errc::corrupt) return std::unexpected(payload.error());
      sequence_ = tail_[i].sequence;
      f.end = end_ = tail_[i].at.offset;
      while (!batches_.empty() && batches_.back().sequence >= sequence_) batches_.pop_back();
      tail_.resize(i);
      break;
    }
    return {};
  }

  // What is handed over will be shown, so it must stay. Reading it proves nothing: it may be in memory only, and if the
  // sync before the end of the last process failed, a sync now would not write it. So it is written once more.
  Result<void> rewrite_end() {
    Found& f = found_.rbegin()->second;
    // Nor does anything prove that the header was synced, when nothing behind it was.
    const bool header_too = durable_ <= f.header.first_sequence;
    if (tail_.empty() && !header_too) return {};
    if (header_too) TRY(f.file->write(0, store::encode(f.header)));
    Bytes part;
    for (std::uint64_t at = tail_.empty() ? end_ : tail_.front().at.offset; at < end_; at += part.size()) {
      part.resize(std::min<std::uint64_t>(end_ - at, 1024 * 1024));
      if (TRY(f.file->read(at, part)) != part.size()) return fail(Errc::io, "the end of the log shrinks");
      TRY(f.file->write(at, part));
    }
    return f.file->sync();
  }

  Result<void> hand_over(const Replay& replay) {
    for (const RecordHeader& h : batches_) {
      const Found& f = found_.at(h.at.segment);
      const Bytes batch = TRY(SegmentWalk(*f.file, f.header, 0, 0).payload(h));
      TRY(replay({log_.id_, h.sequence, {h.at.segment, h.end()}}, batch));
      ++log_.counts_.replayed;
      log_.counts_.replayed_octets += batch.size();
    }
    return {};
  }

  Result<void> begin(Position end) {
    if (found_.empty()) log_.options_.random->fill({reinterpret_cast<char*>(&log_.id_), sizeof log_.id_});
    // A number is used once, also that of a file that was taken away above.
    return log_.begin_segment(last_number_ + 1, end, 0);
  }

  // Gives back what was allocated and not used, and what was torn.
  Result<void> cut() {
    for (auto i = found_.find(first_); i != found_.end(); ++i) {
      const Found& f = i->second;
      if (f.size <= f.end || (f.size == std::uint64_t{f.end} + kTrailerSize && TRY(sealed(f)))) continue;
      TRY(f.file->truncate(f.end));
      log_.old_[i->first].size = f.end;
    }
    return {};
  }

  std::unexpected<Error> damaged(std::uint32_t segment, std::uint32_t offset) const {
    return fail(Errc::corrupt, "the log is damaged: record {} should be in segment {} at {}", sequence_, segment,
                offset);
  }

  Log& log_;
  Files& files_;
  const LogMark have_;
  std::map<std::uint32_t, Found> found_;
  std::uint32_t first_ = 0;
  std::uint32_t last_number_ = 0;
  std::vector<RecordHeader> batches_;
  std::deque<RecordHeader> tail_;  // of the last segment: what is not known to have been synced
  std::uint64_t sequence_ = 1;     // of the next record
  std::uint64_t durable_ = 0;
  std::uint32_t end_ = 0;
};

Result<std::unique_ptr<Log>> Log::open(Options options, LogMark have, const Replay& replay) {
  std::unique_ptr<Log> log(new Log(std::move(options)));
  Files& files = *log->options_.files;
  TRY(make_folders(files, log->options_.folder));
  log->lock_ = TRY(files.lock(log->options_.folder + "/LOCK"));
  TRY(Opening(*log, have).run(replay));
  if (log->options_.prepare_ahead) log->preparer_ = std::thread([l = log.get()] { l->prepare_loop(); });
  return log;
}

}  // namespace chappe::store
