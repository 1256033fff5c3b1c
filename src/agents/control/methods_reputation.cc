// The methods of reputation. docs/formats/reputation.md shows their answers.
#include "agents/control/params.h"
#include "base/text.h"

namespace chappe::agents::control {
namespace {

using codec::json::Writer;
using post::Standing;
using post::Tally;

// Tallies have fractions once they fade; nobody reads more than so many.
double rounded(double x) { return static_cast<double>(static_cast<std::int64_t>(x * 1000 + 0.5)) / 1000; }

void write_standing(Writer& w, const Standing& standing) {
  const post::Tallies& t = standing.remembered.tallies;
  w.begin_object().field("kind", identity_kind_name(standing.identity.kind)).field("name", standing.identity.name);
  w.field("score", rounded(standing.score())).field("confidence", rounded(standing.confidence()));
  w.field("letters", rounded(t.letters()));
  for (std::size_t i = 0; i < post::kTallies; ++i) w.field(tally_name(Tally(i)), rounded(t[Tally(i)]));
  w.field("first", to_rfc3339(standing.remembered.first)).field("last", to_rfc3339(standing.remembered.last));
  w.end_object();
}

void write_all(Writer& w, const std::vector<Standing>& standings) {
  w.key("senders").begin_array();
  for (const Standing& standing : standings) write_standing(w, standing);
  w.end_array();
}

}  // namespace

Answer reputation_show(const Office* office, Call call) {
  const std::string name = text_of(call, "name");
  std::vector<Standing> known;
  std::string canonical;
  for (const post::Identity& identity : CO_TRY(post::identities_named(name))) {
    canonical = identity.name;
    Standing one = CO_TRY(co_await office->reputation->of(identity, call.deadline));
    if (one.known) known.push_back(std::move(one));
  }
  if (known.empty()) co_return fail(Errc::not_found, "nothing is remembered of {}", printable(canonical));
  std::string out;
  Writer w(out);
  w.begin_object().field("name", canonical);
  write_all(w, known);
  w.end_object();
  co_return out;
}

Answer reputation_list(const Office* office, Call call) {
  post::ReputationQuery query{.limit = page_of(call)};
  if (const auto kind = maybe_text(call, "kind")) {
    query.kind = post::parse_identity_kind(*kind);
    if (!query.kind)
      co_return fail(Errc::invalid, "'kind' is network, dkim, mail-from or author, not '{}'", printable(*kind, 40));
  }
  if (maybe_yes(call, "worst").value_or(false)) query.order = post::ReputationOrder::worst;
  const auto known = CO_TRY(co_await office->reputation->list(query, call.deadline));
  std::string out;
  Writer w(out);
  w.begin_object();
  write_all(w, known);
  w.end_object();
  co_return out;
}

}  // namespace chappe::agents::control
