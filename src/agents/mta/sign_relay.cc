#include "agents/mta/sign_relay.h"

#include "agents/door/sign_question.h"
#include "base/text.h"

namespace chappe::agents {

using mta::Peer;
using net::Deadline;
using net::Task;

namespace {

constexpr Duration kWhole = std::chrono::seconds(30);  // somebody waits at the door meanwhile

Error away(std::string_view why) {
  return {Errc::unavailable, fmt::format("Letters cannot be signed now: {}", printable(why, 200))};
}

// As Peer::Read; a coroutine of its own, because it outlives who makes it.
Task<Result<ChunkList>> piece_of(std::shared_ptr<const Bytes> letter, std::uint64_t offset) {
  if (offset >= letter->size()) co_return ChunkList();
  co_return ChunkList(letter->substr(offset));
}

}  // namespace

Task<Result<Bytes>> SignRelay::sign(post::ToSign letter, Deadline deadline) {
  if (letter.header.size() > SignQuestion::kMaxHeader) co_return Bytes();
  const Deadline until = deadline.at_most(kWhole);
  auto at = co_await mta::find_hop(&parts_.resolver, parts_.mda, until);
  if (!at) co_return std::unexpected(away(at.error().text()));
  auto peer = co_await Peer::open(&parts_.peer, parts_.mda.host, std::move(*at), until);
  if (!peer) co_return std::unexpected(away(peer.error().text()));

  const SignQuestion question{.header = std::move(letter.header), .body_hash = std::move(letter.body_hash)};
  const auto octets = std::make_shared<const Bytes>(question.written());
  proto::smtp::Envelope envelope;
  envelope.recipients.push_back({.address = std::string(kSignAddress)});
  envelope.auth = std::move(letter.account);
  const auto answers = co_await (*peer)->send(
      std::move(envelope), [octets](std::uint64_t offset, Deadline) { return piece_of(octets, offset); }, until);
  co_await (*peer)->quit();
  if (!answers) co_return std::unexpected(away(answers.error().text()));
  const proto::smtp::Reply& said = answers->front().reply;
  if (!said.positive()) co_return std::unexpected(away(said.text));
  auto fields = read_signatures(said.text);
  if (!fields) co_return std::unexpected(away(fields.error().text()));
  co_return std::move(*fields);
}

}  // namespace chappe::agents
