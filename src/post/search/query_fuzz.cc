// Whatever is typed becomes a tree within its bounds, or an Error.
#include "../../../tests/fuzz/fuzzing.h"
#include "post/search/query.h"

using namespace chappe;                // NOLINT
using namespace chappe::post::search;  // NOLINT
using fuzz::check;

namespace {

std::size_t leaves(const Query& q, int depth) {
  check(depth <= 3 * Query::kMaxDepth + 3);
  std::size_t out = q.children.empty() ? 1 : 0;
  check(q.children.empty() || q.words.empty());
  check(q.kind != Query::Kind::negation || q.children.size() == 1);
  for (const Query& c : q.children) out += leaves(c, depth + 1);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto q = parse_query(fuzz::view(data, size));
  if (q) check(q->kind != Query::Kind::all && leaves(*q, 0) <= Query::kMaxLeaves);
  return 0;
}
