#include "store/batch_record.h"

#include <optional>

namespace chappe::store {
namespace {

constexpr char kVersion = 1;
// A value of this size is worth a view of its own.
constexpr std::size_t kLarge = 512;

void add_number(Bytes* out, std::uint64_t v) {
  for (; v >= 0x80; v >>= 7) out->push_back(static_cast<char>(v | 0x80));
  out->push_back(static_cast<char>(v));
}

// On disk.
char code(Batch::Kind kind) {
  switch (kind) {
    case Batch::Kind::put:
      return 1;
    case Batch::Kind::remove:
      return 2;
    case Batch::Kind::remove_range:
      return 3;
  }
  std::unreachable();
}

std::optional<Batch::Kind> kind_of(char code) {
  for (const auto kind : {Batch::Kind::put, Batch::Kind::remove, Batch::Kind::remove_range})
    if (store::code(kind) == code) return kind;
  return std::nullopt;
}

// Length and octets; nothing when they are not there.
std::optional<ByteView> take_text(ByteView* left) {
  std::uint64_t size = 0;
  for (int shift = 0;; shift += 7) {
    if (left->empty() || shift > 28) return std::nullopt;
    const auto octet = static_cast<unsigned char>(left->front());
    left->remove_prefix(1);
    size |= std::uint64_t{octet & 0x7fU} << shift;
    if (octet < 0x80) break;
  }
  if (size > left->size()) return std::nullopt;
  const ByteView text = left->substr(0, size);
  left->remove_prefix(size);
  return text;
}

}  // namespace

BatchRecord::BatchRecord(const Batch& batch) {
  // Where small_ is interrupted by a large value: it may move while it grows.
  std::vector<std::pair<std::size_t, const Batch::Op*>> cuts;
  small_.reserve(1024);
  small_.push_back(kVersion);
  for (const Batch::Op& op : batch.ops()) {
    small_.push_back(code(op.kind));
    add_number(&small_, op.key.size());
    small_ += op.key;
    if (op.kind == Batch::Kind::remove) continue;
    const std::size_t size = op.chunks.empty() ? op.value.size() : op.chunks.size();
    add_number(&small_, size);
    if (size >= kLarge)
      cuts.emplace_back(small_.size(), &op);
    else if (op.chunks.empty())
      small_ += op.value;
    else
      for (const Chunk& c : op.chunks.chunks()) small_ += c.view();
  }
  std::size_t done = 0;
  for (const auto& [at, op] : cuts) {
    parts_.push_back(ByteView(small_).substr(done, at - done));
    done = at;
    if (op->chunks.empty())
      parts_.emplace_back(op->value);
    else
      for (const Chunk& c : op->chunks.chunks()) parts_.push_back(c.view());
  }
  parts_.push_back(ByteView(small_).substr(done));
}

Result<void> read_batch(ByteView octets, const BatchVisitor& visit) {
  const auto corrupt = [] { return fail(Errc::corrupt, "a batch of the log cannot be read"); };
  if (octets.empty()) return corrupt();
  if (octets.front() != kVersion)
    return fail(Errc::unsupported, "a batch of the log has version {}, this program knows {}",
                static_cast<int>(static_cast<unsigned char>(octets.front())), static_cast<int>(kVersion));
  octets.remove_prefix(1);
  while (!octets.empty()) {
    const auto kind = kind_of(octets.front());
    octets.remove_prefix(1);
    if (!kind) return corrupt();
    const auto key = take_text(&octets);
    if (!key || (key->empty() && *kind != Batch::Kind::remove_range)) return corrupt();
    ByteView value;
    if (*kind != Batch::Kind::remove) {
      const auto text = take_text(&octets);
      if (!text) return corrupt();
      value = *text;
    }
    TRY(visit(*kind, *key, value));
  }
  return {};
}

}  // namespace chappe::store
