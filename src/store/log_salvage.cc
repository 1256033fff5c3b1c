#include "store/log_salvage.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "store/crc32c.h"
#include "store/flipped_bit.h"

namespace chappe::store {
namespace {

struct Found {
  SegmentHeader header;  // number 0: damaged
  std::unique_ptr<File> file;
};

std::string path_of(const std::string& folder, std::uint32_t number) {
  return fmt::format("{}/{:08}.seg", folder, number);
}

// The segments from the last one back, as far as each names the one before it and that is there.
Result<std::map<std::uint32_t, Found>> unbroken_row(Files& files, const std::string& folder) {
  std::map<std::uint32_t, Found> all;
  auto names = files.list(folder);
  if (!names && names.error().code() == Errc::not_found) return all;
  for (const std::string& name : TRY(std::move(names))) {
    if (!name.ends_with(".seg")) continue;
    const auto number = to_number<std::uint32_t>(std::string_view(name).substr(0, name.size() - 4));
    if (!number || *number == 0 || path_of(folder, *number) != folder + "/" + name) continue;
    Found f;
    f.file = TRY(files.open(folder + "/" + name, Files::Open::read));
    Bytes octets(SegmentHeader::kSize, '\0');
    octets.resize(TRY(f.file->read(0, octets)));
    if (const auto header = decode_segment_header(octets); header && header->number == *number) f.header = *header;
    all.emplace(*number, std::move(f));
  }
  // Made ahead, or never synced.
  while (!all.empty() && all.rbegin()->second.header.number == 0) all.erase(std::prev(all.end()));
  if (all.empty()) return all;
  auto first = std::prev(all.end());
  while (first != all.begin()) {
    const auto before = std::prev(first);
    if (before->second.header.number == 0 || before->first != first->second.header.previous_end.segment) break;
    first = before;
  }
  all.erase(all.begin(), first);
  return all;
}

// The batch's octets; as they were, where one bit explains why they fail their sum.
Result<Bytes> batch_of(const File& file, const RecordHeader& h, bool* mended) {
  if (std::uint64_t{h.at.offset} + RecordHeader::kSize + h.size > TRY(file.size()))
    return fail(Errc::corrupt, "record {} of the log is cut off", h.sequence);
  Bytes out(h.size, '\0');
  out.resize(TRY(file.read(h.at.offset + RecordHeader::kSize, out)));
  const std::uint32_t sum = crc32c(out);
  *mended = sum != h.check;
  if (!*mended) return out;
  const auto bit = find_flipped_bit(out.size(), sum, h.check);
  if (!bit)
    return fail(Errc::corrupt, "record {} of the log, in segment {} at {}, fails its check", h.sequence, h.at.segment,
                h.at.offset);
  out[bit->octet] = static_cast<char>(out[bit->octet] ^ bit->mask);
  return out;
}

}  // namespace

Result<LogSalvage> salvage_log(Files& files, const std::string& folder, const LogMark& have,
                               const std::function<Result<void>(ByteView batch)>& batch,
                               const std::function<void(const std::string& why)>& damaged) {
  LogSalvage out;
  const auto row = TRY(unbroken_row(files, folder));
  if (row.empty()) return out;

  std::vector<RecordHeader> batches;
  std::uint64_t sequence = 0;
  // What stands before it is not handed over.
  std::uint64_t from = 0;
  const auto tell = [&](const std::string& why) {
    // `sequence` is that of the first record behind it.
    if (sequence <= have.sequence + 1) from = sequence;
    ++out.damaged;
    damaged(why);
  };
  Position end;
  for (auto i = row.begin(); i != row.end(); ++i) {
    const auto& [number, f] = *i;
    const auto next = std::next(i);
    // Where the next header says that this one ends; the last one ends where nothing more stands.
    const std::uint64_t limit = next == row.end() ? ~std::uint64_t{0} : next->second.header.previous_end.offset;
    SegmentWalk walk(*f.file, f.header, SegmentHeader::kSize, f.header.first_sequence, limit);
    sequence = f.header.first_sequence;
    end = {number, SegmentHeader::kSize};
    for (;;) {
      while (const auto h = TRY(walk.next())) {
        sequence = walk.sequence();
        end = {number, h->end()};
        if (h->kind != RecordKind::batch) continue;
        bool mended = false;
        const auto octets = batch_of(*f.file, *h, &mended);
        if (octets)
          batches.push_back(*h);
        else if (octets.error().code() == Errc::corrupt)
          tell(octets.error().text());
        else
          return std::unexpected(octets.error());
      }
      const std::uint32_t stopped = walk.offset();
      if (!TRY(walk.go_on())) {
        if (next != row.end() && std::uint64_t{stopped} != limit) {
          sequence = next->second.header.first_sequence;
          tell(fmt::format("segment {} of the log cannot be read behind {}", number, stopped));
        }
        break;
      }
      sequence = walk.sequence();
      tell(fmt::format("segment {} of the log cannot be read from {} to {}", number, stopped, walk.offset()));
    }
  }
  out.end = {row.begin()->second.header.log, std::max(sequence - 1, have.sequence), std::max(end, have.end)};
  for (const RecordHeader& h : batches) {
    if (h.sequence < from) continue;
    bool mended = false;
    const Bytes octets = TRY(batch_of(*row.at(h.at.segment).file, h, &mended));
    TRY(batch(octets));
    ++out.batches;
    out.mended += mended;
  }
  return out;
}

Result<bool> log_reaches(Files& files, const std::string& folder, const LogMark& have) {
  const auto row = TRY(unbroken_row(files, folder));
  if (row.empty()) return have.sequence == 0;
  return row.begin()->second.header.first_sequence <= have.sequence + 1;
}

}  // namespace chappe::store
