#include "store/commit.h"

namespace chappe::store {
namespace {

Value value_of(const std::variant<Bytes, ChunkList>& v) {
  if (const Bytes* bytes = std::get_if<Bytes>(&v)) return Chunk::copy_of(*bytes);
  const ChunkList& list = std::get<ChunkList>(v);
  return list.chunks().size() == 1 ? list.chunks().front() : Chunk::copy_of(list.flatten());
}

}  // namespace

const Overlay::Entry Overlay::kGone;

void Overlay::put(Bytes key, std::variant<Bytes, ChunkList> value) {
  bytes_ += key.size() + std::visit([](const auto& v) { return v.size(); }, value);
  rows_.insert_or_assign(std::move(key), std::move(value));
}

void Overlay::remove(Bytes key) {
  bytes_ += key.size();
  rows_.insert_or_assign(std::move(key), std::nullopt);
}

void Overlay::remove(Range range) {
  if (range.empty()) return;
  const auto first = rows_.lower_bound(range.begin);
  const auto last = range.end.empty() ? rows_.end() : rows_.lower_bound(range.end);
  rows_.erase(first, last);
  bytes_ += range.begin.size() + range.end.size();
  gone_.push_back(std::move(range));
}

const Overlay::Entry* Overlay::find(const Bytes& key) const {
  const auto i = rows_.find(key);
  if (i != rows_.end()) return &i->second;
  for (const Range& range : gone_)
    if (range.contains(key)) return &kGone;
  return nullptr;
}

void Overlay::absorb(Overlay later) {
  const std::size_t sum = bytes_ + later.bytes_;
  for (Range& range : later.gone_) remove(std::move(range));
  if (rows_.empty()) {
    rows_ = std::move(later.rows_);
  } else {
    while (!later.rows_.empty()) {
      auto node = later.rows_.extract(later.rows_.begin());
      auto at = rows_.insert(std::move(node));
      if (!at.inserted) at.position->second = std::move(at.node.mapped());
    }
  }
  bytes_ = sum;
}

Batch Overlay::take_batch() {
  Batch batch;
  for (Range& range : gone_) batch.remove(std::move(range));
  while (!rows_.empty()) {
    auto node = rows_.extract(rows_.begin());
    if (!node.mapped())
      batch.remove(std::move(node.key()));
    else if (Bytes* bytes = std::get_if<Bytes>(&*node.mapped()))
      batch.put(std::move(node.key()), std::move(*bytes));
    else
      batch.put(std::move(node.key()), std::move(std::get<ChunkList>(*node.mapped())));
  }
  clear();
  return batch;
}

void Overlay::clear() {
  rows_.clear();
  gone_.clear();
  bytes_ = 0;
}

// --- Txn

namespace {
// A read on the commit thread ends at once, or its back end is lost.
constexpr Duration kReadLimit = std::chrono::seconds(30);
}  // namespace

Result<std::optional<Value>> Txn::get(const Bytes& key) {
  for (const Overlay* overlay : {const_cast<const Overlay*>(&mine_), group_}) {
    if (const Overlay::Entry* entry = overlay->find(key)) {
      if (!*entry) return std::optional<Value>();
      return std::optional<Value>(value_of(**entry));
    }
  }
  return executor_->run(store_->get(key, Deadline{executor_->clock().steady() + kReadLimit}));
}

Result<Page> Txn::scan(const Range& whole, ScanLimits limits) {
  limits.reverse = false;
  Page out;
  std::size_t bytes = 0;
  Range range = whole;
  for (;;) {
    if (range.empty()) return out;
    const Page base =
        TRY(executor_->run(store_->scan(range, limits, Deadline{executor_->clock().steady() + kReadLimit})));
    // The part of the range that this page speaks about.
    Range rest = range;
    Range window = range;
    if (base.more) {
      rest = after(range, base);
      window.end = rest.begin;
    }
    std::map<Bytes, Value> rows;
    for (const Row& row : base.rows)
      if (!mine_.find(row.key) && !group_->find(row.key)) rows.emplace(row.key, row.value);
    for (const Overlay* overlay : {group_, const_cast<const Overlay*>(&mine_)}) {
      for (auto i = overlay->rows().lower_bound(window.begin); i != overlay->rows().end() && window.contains(i->first);
           ++i) {
        if (!i->second || (overlay == group_ && mine_.find(i->first))) continue;
        rows.emplace(i->first, value_of(*i->second));
      }
    }
    for (auto& [key, value] : rows) {
      const std::size_t size = key.size() + value.size();
      if (!out.rows.empty() && (out.rows.size() >= limits.rows || bytes + size > limits.bytes)) {
        out.more = true;
        return out;
      }
      bytes += size;
      out.rows.push_back({key, std::move(value)});
    }
    if (!base.more) return out;
    range = std::move(rest);
  }
}

Result<std::vector<Row>> Txn::scan_all(Range range) {
  std::vector<Row> out;
  for (;;) {
    Page page = TRY(scan(range));
    if (page.more) range = after(std::move(range), page);
    std::move(page.rows.begin(), page.rows.end(), std::back_inserter(out));
    if (!page.more) return out;
  }
}

}  // namespace chappe::store
