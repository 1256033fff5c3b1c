#include "store/reclaim.h"

#include <algorithm>
#include <map>

#include "store/body_rows.h"

namespace chappe::store {
namespace {

// So many extents of a segment are packed to see what it would save.
constexpr std::size_t kSamples = 16;

// An extent and its copy.
struct Move {
  BodyId body;
  Extent from;
  Extent to;
  std::shared_ptr<Flow> flow;  // holds the copy until the change is durable
};

// Puts the new places for the old ones, where letters still name them.
struct Moving {
  std::vector<Move> moves;

  Result<void> operator()(Txn& txn) {
    // It makes space.
    txn.use_reserve();
    std::map<std::uint32_t, std::int64_t> alive;
    for (Move& m : moves) {
      const Bytes key = extents_key(m.body);
      const auto row = TRY(txn.get(key));
      if (!row) continue;
      BodyExtents where = TRY(decode_body_extents(row->view()));
      const auto i = std::find(where.extents.begin(), where.extents.end(), m.from);
      if (i == where.extents.end()) continue;
      *i = m.to;
      txn.put(key, encode(where));
      alive[m.from.at.segment] -= m.from.size;
      alive[m.to.at.segment] += m.to.size;
      txn.on_durable([flow = std::move(m.flow)] { flow->kept(); });
    }
    for (const auto& [segment, change] : alive) TRY(count_alive(txn, segment, change));
    return {};
  }
};

// As its letter names it; nothing: no letter does.
Task<Result<std::optional<Extent>>> named(Store* store, Extents::Part part, Deadline deadline) {
  const auto row = CO_TRY(co_await store->get(extents_key(BodyId{part.identity}), deadline));
  if (!row) co_return std::nullopt;
  const BodyExtents where = CO_TRY(decode_body_extents(row->view()));
  const auto i = std::ranges::find(where.extents, part.at, &Extent::at);
  if (i == where.extents.end()) co_return std::nullopt;
  co_return *i;
}

// The share that packing would save of what is alive in a segment, judged by some of it.
Task<Result<double>> saving(Store* store, std::uint32_t segment, Deadline deadline) {
  const std::vector<Extents::Part> parts = CO_TRY(co_await store->extents().parts(segment, deadline));
  const std::size_t step = parts.size() / kSamples + 1;
  std::uint64_t octets = 0;
  std::uint64_t saved = 0;
  for (std::size_t i = step / 2; i < parts.size(); i += step) {
    const auto extent = CO_TRY(co_await named(store, parts[i], deadline));
    if (!extent) continue;
    octets += extent->size;
    saved += CO_TRY(co_await store->extents().saving(*extent, deadline));
  }
  co_return octets == 0 ? 0 : static_cast<double>(saved) / static_cast<double>(octets);
}

// Copies what is alive in `segment`, change by change. Octets moved.
Task<Result<std::uint64_t>> empty(Store* store, Commit* commit, std::uint32_t segment, ReclaimOptions options,
                                  Deadline deadline) {
  std::uint64_t moved = 0;
  std::uint64_t gathered = 0;
  Moving moving;
  const std::vector<Extents::Part> parts = CO_TRY(co_await store->extents().parts(segment, deadline));
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto extent = CO_TRY(co_await named(store, parts[i], deadline));
    if (!extent) continue;
    const Chunk octets = CO_TRY(co_await store->extents().read(*extent, deadline));
    std::shared_ptr<Flow> flow = store->extents().flow(parts[i].identity, true);
    ChunkList list;
    list.append(octets);
    CO_TRY(co_await flow->append(std::move(list), deadline));
    const auto copy = CO_TRY(co_await flow->finish(deadline));
    if (copy.size() != 1) co_return fail(Errc::bug, "an extent was copied into {}", copy.size());
    gathered += extent->size;
    moving.moves.push_back({BodyId{parts[i].identity}, *extent, copy.front(), std::move(flow)});
    if (gathered < options.change) continue;
    CO_TRY(co_await commit->submit(std::exchange(moving, {}), deadline));
    moved += std::exchange(gathered, 0);
    if (options.pause > Duration()) co_await net::sleep(deadline.at_most(options.pause));
  }
  if (!moving.moves.empty()) CO_TRY(co_await commit->submit(std::move(moving), deadline));
  co_return moved + gathered;
}

// Empties a segment that is worth it.
Task<Result<void>> tend(Store* store, Commit* commit, Extents::Segment segment, ReclaimOptions options, Reclaimed* out,
                        Deadline deadline) {
  const auto row = CO_TRY(co_await store->get(segment_key(segment.number), deadline));
  if (!row) co_return Result<void>();
  const std::uint64_t alive = CO_TRY(decode_segment_row(row->view()));
  const bool dead = static_cast<double>(alive) < options.alive * static_cast<double>(segment.size);
  if (!dead && !options.saving) co_return Result<void>();
  if (!dead && CO_TRY(co_await saving(store, segment.number, deadline)) < *options.saving) co_return Result<void>();
  out->moved += CO_TRY(co_await empty(store, commit, segment.number, options, deadline));
  out->packed += !dead;
  co_return Result<void>();
}

}  // namespace

Task<Result<Reclaimed>> reclaim(Store* store, Commit* commit, ReclaimOptions options, Deadline deadline) {
  Reclaimed out;
  const auto before = CO_TRY(co_await store->get(weighed_key(), deadline));
  const std::uint32_t weighed = before ? CO_TRY(decode_weighed(before->view())) : 0;
  std::uint32_t last = weighed;
  for (const Extents::Segment& s : CO_TRY(co_await store->extents().segments(deadline))) {
    if (!s.closed) continue;
    ReclaimOptions now = options;
    if (s.number <= weighed) now.saving.reset();
    const auto done = co_await tend(store, commit, s, now, &out, deadline);
    if (!done && done.error().code() == Errc::corrupt)
      ++out.failed;
    else if (!done && done.error().code() != Errc::not_found)
      co_return std::unexpected(done.error());
    if (options.saving) last = std::max(last, s.number);
  }
  if (last > weighed)
    CO_TRY(co_await commit->submit(
        [last](Txn& txn) -> Result<void> {
          txn.use_reserve();
          txn.put(weighed_key(), encode_weighed(last));
          return {};
        },
        deadline));
  out.segments = CO_TRY(co_await store->extents().sweep(deadline));
  co_return out;
}

}  // namespace chappe::store
