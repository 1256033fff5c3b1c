#include "store/reclaim.h"

#include <algorithm>
#include <map>

#include "store/body_rows.h"

namespace chappe::store {
namespace {

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

Task<Result<std::optional<BodyExtents>>> where_is(Store* store, BodyId body, Deadline deadline) {
  const auto row = CO_TRY(co_await store->get(extents_key(body), deadline));
  if (!row) co_return std::nullopt;
  co_return CO_TRY(decode_body_extents(row->view()));
}

// Copies what is alive in `segment`, change by change. Octets moved.
Task<Result<std::uint64_t>> empty(Store* store, Commit* commit, std::uint32_t segment, ReclaimOptions options,
                                  Deadline deadline) {
  std::uint64_t moved = 0;
  std::uint64_t gathered = 0;
  Moving moving;
  const std::vector<Extents::Part> parts = CO_TRY(co_await store->extents().parts(segment, deadline));
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto where = CO_TRY(co_await where_is(store, BodyId{parts[i].identity}, deadline));
    if (!where) continue;
    const auto named = std::find_if(where->extents.begin(), where->extents.end(),
                                    [&](const Extent& e) { return e.at == parts[i].at; });
    if (named == where->extents.end()) continue;
    const Chunk octets = CO_TRY(co_await store->extents().read(*named, deadline));
    std::shared_ptr<Flow> flow = store->extents().flow(parts[i].identity, true);
    ChunkList list;
    list.append(octets);
    CO_TRY(co_await flow->append(std::move(list), deadline));
    const auto copy = CO_TRY(co_await flow->finish(deadline));
    if (copy.size() != 1) co_return fail(Errc::bug, "an extent was copied into {}", copy.size());
    gathered += named->size;
    moving.moves.push_back({BodyId{parts[i].identity}, *named, copy.front(), std::move(flow)});
    if (gathered < options.change) continue;
    CO_TRY(co_await commit->submit(std::exchange(moving, {}), deadline));
    moved += std::exchange(gathered, 0);
    if (options.pause > Duration()) co_await net::sleep(deadline.at_most(options.pause));
  }
  if (!moving.moves.empty()) CO_TRY(co_await commit->submit(std::move(moving), deadline));
  co_return moved + gathered;
}

}  // namespace

Task<Result<Reclaimed>> reclaim(Store* store, Commit* commit, ReclaimOptions options, Deadline deadline) {
  Reclaimed out;
  const auto segments = CO_TRY(co_await store->extents().segments(deadline));
  for (const Extents::Segment& s : segments) {
    if (!s.closed) continue;
    const auto row = CO_TRY(co_await store->get(segment_key(s.number), deadline));
    if (!row) continue;
    const std::uint64_t alive = CO_TRY(decode_segment_row(row->view()));
    if (static_cast<double>(alive) >= options.alive * static_cast<double>(s.size)) continue;
    const auto moved = co_await empty(store, commit, s.number, options, deadline);
    if (moved) {
      out.moved += *moved;
    } else if (moved.error().code() == Errc::corrupt) {
      ++out.failed;
    } else if (moved.error().code() != Errc::not_found) {
      co_return std::unexpected(moved.error());
    }
  }
  out.segments = CO_TRY(co_await store->extents().sweep(deadline));
  co_return out;
}

}  // namespace chappe::store
