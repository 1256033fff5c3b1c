#include "store/log.h"

#include <fmt/format.h>

#include <algorithm>

#include "store/crc32c.h"
#include "store/packing.h"
#include "store/record.h"

namespace chappe::store {
namespace {

constexpr std::size_t kOpenFiles = 512;  // of old segments, at once
constexpr std::uint64_t kShare = 8;      // a segment takes at most such a part of the free space
// The first segment's size; each next one may be twice as large, so that a small store stays small.
constexpr std::uint64_t kFirstSize = 8 * 1024 * 1024;
constexpr std::uint8_t kMarkVersion = 1;

}  // namespace

Bytes LogMark::encode() const {
  return RecordWriter(kMarkVersion).number(log).number(sequence).number(end.segment).number(end.offset).take();
}

Result<LogMark> LogMark::decode(ByteView octets) {
  RecordReader r(octets, kMarkVersion);
  LogMark m;
  m.log = r.number();
  m.sequence = r.number();
  m.end.segment = r.number32();
  m.end.offset = r.number32();
  TRY(r.finish("the store's mark of its log"));
  return m;
}

Log::~Log() {
  {
    Guard lock(mutex_);
    stopping_ = true;
  }
  prepare_.notify_all();
  if (preparer_.joinable()) preparer_.join();
  Guard lock(mutex_);
  if (!active_.file) return;
  if (spare_) (void)options_.files->remove(path(active_.header.number + 1));
  if (broken_) return;
  if (entries_.empty())
    (void)options_.files->remove(path(active_.header.number));
  else
    (void)seal();
}

std::string Log::path(std::uint32_t number) const { return fmt::format("{}/{:08}.seg", options_.folder, number); }

std::unexpected<Error> Log::broken(const Error& why) {
  broken_ = true;
  synced_.notify_all();
  return std::unexpected(why);
}

// --- space

std::uint32_t Log::least_size(std::uint32_t record) const {
  const std::uint32_t need = SegmentHeader::kSize + record + index_space(1);
  return (std::max(need, kSmallestSegment) + 4095) & ~std::uint32_t{4095};
}

Result<std::shared_ptr<File>> Log::prepare(std::uint32_t number, std::uint32_t need) const {
  Files& files = *options_.files;
  const std::uint64_t free = TRY(files.free_space(options_.folder));
  const std::uint64_t least = least_size(need);
  if (free < options_.reserve || free - options_.reserve < least)
    return fail(Errc::no_space, "the disk of the store has {} MiB left, which is below its reserve", free >> 20);
  const std::uint64_t share = (free - options_.reserve) / kShare & ~std::uint64_t{4095};
  const std::uint64_t early = kFirstSize << std::min<std::uint32_t>(number - 1, 20);
  const std::uint64_t size = std::max(least, std::min({std::uint64_t{options_.segment_size}, share, early}));
  std::shared_ptr<File> file = TRY(files.open(path(number), Files::Open::replace));
  Result<void> done = file->allocate(size);
  if (done) done = file->sync();
  if (done) done = files.sync_folder(options_.folder);
  if (!done) {
    (void)files.remove(path(number));
    return std::unexpected(done.error());
  }
  return file;
}

void Log::prepare_loop() {
  Guard lock(mutex_);
  for (;;) {
    prepare_.wait(lock, [&] { return stopping_ || want_spare_; });
    if (stopping_) return;
    const std::uint32_t number = active_.header.number + 1;
    lock.unlock();
    auto made = prepare(number, 0);
    const auto size = made ? (*made)->size() : Result<std::uint64_t>(0);
    lock.lock();
    // When it failed: who needs the segment tries again, and is told.
    if (made && size) {
      spare_ = std::move(*made);
      spare_capacity_ = *size;
    } else if (!made && made.error().code() != Errc::no_space) {
      broken_ = true;
    }
    want_spare_ = false;
    prepare_.notify_all();
  }
}

Result<void> Log::begin_segment(std::uint32_t number, Position previous_end, std::uint32_t need) {
  std::shared_ptr<File> file = std::exchange(spare_, nullptr);
  if (spare_capacity_ < least_size(need)) file = nullptr;  // a larger one takes its place
  if (!file) {
    auto made = prepare(number, need);
    if (!made && made.error().code() != Errc::no_space) return broken(made.error());
    file = TRY(std::move(made));
  }
  const std::uint64_t capacity = TRY(file->size());
  // Only now is the old segment closed: until here nothing has changed.
  if (active_.file) {
    TRY(seal());
    previous_end.offset = old_.at(previous_end.segment).end;
  }
  SegmentHeader header{.log = id_, .number = number, .first_sequence = next_, .previous_end = previous_end};
  options_.random->fill({reinterpret_cast<char*>(&header.salt), sizeof header.salt});
  if (auto written = file->write(0, store::encode(header)); !written) return broken(written.error());
  active_ = {std::move(file), header};
  capacity_ = capacity;
  offset_ = written_back_ = SegmentHeader::kSize;
  entries_.clear();
  return {};
}

bool Log::fits(std::uint32_t total) const {
  return std::uint64_t{offset_} + total + index_space(entries_.size() + 1) <= capacity_;
}

Result<void> Log::make_space(Guard& lock, std::uint32_t total) {
  if (!fits(total)) {
    prepare_.wait(lock, [&] { return !want_spare_; });
    if (broken_) return fail(Errc::read_only, "the store refuses writes until restart: an earlier write failed");
    // Others were let in meanwhile, and may have found the same.
    if (!fits(total)) TRY(begin_segment(active_.header.number + 1, {active_.header.number, offset_}, total));
  }
  if (preparer_.joinable() && !spare_ && !want_spare_ && offset_ + total > capacity_ / 2) {
    want_spare_ = true;
    prepare_.notify_all();
  }
  return {};
}

Result<void> Log::seal() {
  const Bytes index = store::encode(entries_);
  const RecordHeader h{.kind = RecordKind::index,
                       .size = static_cast<std::uint32_t>(index.size()),
                       .check = crc32c(index),
                       .at = {active_.header.number, offset_},
                       .sequence = next_,
                       .durable = durable_};
  const auto head = store::encode(h, active_.header.salt);
  const Bytes fill(RecordHeader::total(h.size) - RecordHeader::kSize - h.size, '\0');
  const Bytes trailer = encode_trailer(offset_, active_.header);
  const ByteView parts[] = {{head.data(), head.size()}, index, fill, trailer};
  auto done = active_.file->write(offset_, parts);
  if (done && h.end() + kTrailerSize < capacity_) done = active_.file->truncate(h.end() + kTrailerSize);
  if (done) done = active_.file->sync();
  if (!done) return broken(done.error());
  ++counts_.syncs;
  ++next_;
  durable_ = next_;
  old_[active_.header.number] = Old{active_.header, h.end(), h.end() + kTrailerSize, active_.file, ++uses_};
  synced_.notify_all();
  return {};
}

// --- writing

Result<Position> Log::append_record(RecordKind kind, const Identity& identity, std::uint32_t part,
                                    std::span<const ByteView> octets, std::uint32_t size, std::uint32_t check,
                                    std::uint64_t* sequence) {
  static constexpr char kFill[8] = {};
  std::vector<ByteView> parts;
  parts.reserve(octets.size() + 2);
  const std::uint32_t total = RecordHeader::total(size);

  Guard lock(mutex_);
  if (broken_) return fail(Errc::read_only, "the store refuses writes until restart: an earlier write failed");
  TRY(make_space(lock, total));
  const Position at{active_.header.number, offset_};
  const RecordHeader h{.kind = kind,
                       .size = size,
                       .check = check,
                       .at = at,
                       .sequence = next_,
                       .durable = durable_,
                       .identity = identity,
                       .part = part};
  const auto head = store::encode(h, active_.header.salt);
  parts.emplace_back(head.data(), head.size());
  parts.insert(parts.end(), octets.begin(), octets.end());
  parts.emplace_back(kFill, total - RecordHeader::kSize - size);
  if (auto written = active_.file->write(offset_, parts); !written) {
    // The space was ours already, but not every file system keeps its word. Nothing was begun that counts.
    if (written.error().code() == Errc::no_space) return std::unexpected(written.error());
    return broken(written.error());
  }
  offset_ += total;
  *sequence = next_++;
  entries_.push_back({kind, at.offset, size, check, identity});
  ++counts_.records;
  counts_.octets += total;
  if (offset_ - written_back_ >= options_.write_back) {
    const std::uint32_t from = std::exchange(written_back_, offset_);
    const auto file = active_.file;
    const std::uint32_t until = offset_;
    lock.unlock();
    file->begin_write_back(from, until - from);
  }
  return at;
}

namespace {

struct Measure {
  std::uint64_t size = 0;
  std::uint32_t check = 0;
};
Measure measure(std::span<const ByteView> octets) {
  Measure m;
  for (const ByteView v : octets) {
    m.size += v.size();
    m.check = crc32c(v, m.check);
  }
  return m;
}

std::unexpected<Error> too_large(std::uint64_t size) {
  return fail(Errc::too_large, "{} octets are more than a record of the log can hold (at most {})", size,
              Log::kMaxRecord);
}

}  // namespace

Result<Extent> Log::append(const Identity& identity, std::uint32_t part, std::span<const ByteView> octets) {
  const Measure m = measure(octets);
  if (m.size > kMaxRecord) return too_large(m.size);
  std::uint64_t sequence;
  const auto size = static_cast<std::uint32_t>(m.size);
  const Position at = TRY(append_record(RecordKind::extent, identity, part, octets, size, m.check, &sequence));
  return Extent{.at = at, .size = size, .check = m.check};
}

Result<LogMark> Log::append_batch(std::span<const ByteView> octets) {
  const Measure m = measure(octets);
  if (m.size > kMaxRecord) return too_large(m.size);
  std::uint64_t sequence;
  const auto size = static_cast<std::uint32_t>(m.size);
  const Position at = TRY(append_record(RecordKind::batch, {}, 0, octets, size, m.check, &sequence));
  return LogMark{id_, sequence, {at.segment, at.offset + RecordHeader::total(size)}};
}

Result<void> Log::sync() {
  Guard lock(mutex_);
  const std::uint64_t mine = next_;
  for (;;) {
    if (durable_ >= mine) return {};
    if (broken_) return fail(Errc::read_only, "the store refuses writes until restart: an earlier write failed");
    if (!syncing_) break;
    synced_.wait(lock);
  }
  syncing_ = true;
  const std::uint64_t all = next_;
  const std::shared_ptr<File> file = active_.file;
  lock.unlock();
  const auto done = file->sync();
  lock.lock();
  syncing_ = false;
  ++counts_.syncs;
  if (!done) return broken(done.error());
  durable_ = std::max(durable_, all);
  lock.unlock();
  synced_.notify_all();
  return {};
}

// --- reading

Result<std::shared_ptr<const File>> Log::file_of(std::uint32_t number) const {
  if (active_.file && number == active_.header.number) return active_.file;
  const auto i = old_.find(number);
  if (i == old_.end()) return fail(Errc::not_found, "segment {} of the log is gone", number);
  Old& old = i->second;
  old.used = ++uses_;
  if (!old.file) {
    old.file = TRY(options_.files->open(path(number), Files::Open::read));
    if (std::count_if(old_.begin(), old_.end(), [](const auto& o) { return o.second.file != nullptr; }) >
        static_cast<std::ptrdiff_t>(kOpenFiles))
      std::min_element(old_.begin(), old_.end(), [](const auto& a, const auto& b) {
        return std::pair(!a.second.file, a.second.used) < std::pair(!b.second.file, b.second.used);
      })->second.file = nullptr;
  }
  return old.file;
}

Result<Log::Pin> Log::pin(std::uint32_t segment) const {
  Guard lock(mutex_);
  Pin pin;
  pin.file_ = TRY(file_of(segment));
  return pin;
}

Result<Chunk> Log::Pin::read(const Extent& extent) const {
  if (extent.size > kMaxRecord) return fail(Errc::corrupt, "an extent of a letter has an impossible size");
  Buffer* buffer = Buffer::make(extent.size);
  Chunk out(buffer, 0, extent.size);
  const std::span<char> into(buffer->data(), extent.size);
  const std::size_t size = TRY(file_->read(std::uint64_t{extent.at.offset} + RecordHeader::kSize, into));
  if (size != extent.size || crc32c(out.view()) != extent.check)
    return fail(Errc::corrupt, "an extent of a letter, in segment {} at {}, fails its check", extent.at.segment,
                extent.at.offset);
  if (extent.plain == 0) return out;
  if (extent.plain > kMaxRecord) return fail(Errc::corrupt, "an extent of a letter has an impossible size");
  return unpack(out.view(), extent.plain);
}

Result<Chunk> Log::read(const Extent& extent) const { return TRY(pin(extent.at.segment)).read(extent); }

// --- reclaiming

std::vector<Log::Segment> Log::segments() const {
  Guard lock(mutex_);
  std::vector<Segment> out;
  for (const auto& [number, old] : old_) {
    const bool before = number < applied_.end.segment;
    const bool removable = before && (on_their_way_.empty() || number < *on_their_way_.begin());
    out.push_back({number, old.end, old.size, true, before, removable});
  }
  if (active_.file) out.push_back({active_.header.number, offset_, capacity_, false, false, false});
  return out;
}

Result<std::vector<IndexEntry>> Log::index(std::uint32_t segment) const {
  Guard lock(mutex_);
  const auto i = old_.find(segment);
  if (i == old_.end()) return fail(Errc::not_found, "segment {} of the log is not a closed one", segment);
  const auto file = TRY(file_of(segment));
  const Old old = i->second;
  lock.unlock();
  if (old.header.number != segment) return fail(Errc::corrupt, "the header of segment {} is damaged", segment);
  return read_index(*file, old.header, old.end);
}

void Log::set_applied(const LogMark& mark) {
  Guard lock(mutex_);
  if (mark.sequence > applied_.sequence) applied_ = mark;
}

std::uint64_t Log::unapplied() const {
  Guard lock(mutex_);
  std::uint64_t sum = offset_;
  for (auto i = old_.lower_bound(applied_.end.segment); i != old_.end(); ++i) sum += i->second.end;
  return sum - applied_.end.offset;
}

Result<void> Log::remove(std::uint32_t segment) {
  Guard lock(mutex_);
  const auto i = old_.find(segment);
  if (i == old_.end()) return fail(Errc::not_found, "segment {} of the log is not a closed one", segment);
  if (segment >= applied_.end.segment) return fail(Errc::busy, "segment {} is needed when the store opens", segment);
  if (!on_their_way_.empty() && segment >= *on_their_way_.begin())
    return fail(Errc::busy, "segment {} holds a letter that is on its way", segment);
  TRY(options_.files->remove(path(segment)));
  old_.erase(i);
  return {};
}

Result<void> Log::room(std::uint64_t octets) const {
  const std::uint64_t free = TRY(options_.files->free_space(options_.folder));
  if (free >= options_.reserve && free - options_.reserve >= octets) return {};
  return fail(Errc::no_space, "the disk of the store has {} MiB left, which is below its reserve of {} MiB", free >> 20,
              options_.reserve >> 20);
}

bool Log::read_only() const {
  Guard lock(mutex_);
  return broken_;
}

Log::Counts Log::counts() const {
  Guard lock(mutex_);
  Counts out = counts_;
  out.segments = old_.size() + (active_.file != nullptr);
  return out;
}

// --- letters on their way

std::uint32_t Log::hold() {
  Guard lock(mutex_);
  return *on_their_way_.insert(active_.header.number);
}

void Log::hold(std::uint32_t segment) {
  Guard lock(mutex_);
  on_their_way_.insert(segment);
}

void Log::let_go(std::uint32_t segment, std::uint64_t refused) {
  Guard lock(mutex_);
  on_their_way_.erase(on_their_way_.find(segment));
  counts_.refused += refused;
}

LetterWriter::~LetterWriter() {
  if (held_ == 0) return;
  std::uint64_t size = 0;
  for (const Extent& e : extents_) size += e.size;
  log_.let_go(held_, kept_ ? 0 : size);
}

Result<void> LetterWriter::write(const ChunkList& octets) {
  std::vector<ByteView> parts;
  parts.reserve(octets.chunks().size());
  for (const Chunk& c : octets.chunks()) parts.push_back(c.view());
  if (held_ == 0) held_ = log_.hold();
  const auto part = static_cast<std::uint32_t>(extents_.size());
  if (pack_) {
    if (const auto packed = pack(octets.flatten())) {
      const ByteView view = *packed;
      extents_.push_back(TRY(log_.append(identity_, part, std::span(&view, 1))));
      extents_.back().plain = static_cast<std::uint32_t>(octets.size());
      return {};
    }
  }
  extents_.push_back(TRY(log_.append(identity_, part, parts)));
  return {};
}

Result<void> LetterWriter::append(ChunkList octets) {
  for (const Chunk& c : octets.chunks()) {
    for (std::size_t done = 0; done < c.size();) {
      const std::size_t take = std::min(c.size() - done, kExtent - rest_.size());
      rest_.append(c.slice(done, take));
      done += take;
      if (rest_.size() == kExtent) TRY(write(std::exchange(rest_, ChunkList())));
    }
  }
  return {};
}

Result<const std::vector<Extent>*> LetterWriter::finish() {
  if (!rest_.empty()) TRY(write(std::exchange(rest_, ChunkList())));
  return &extents_;
}

}  // namespace chappe::store
