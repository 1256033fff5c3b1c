#include "post/directory/return_paths.h"

#include "post/directory/rows.h"
#include "proto/smtp/path.h"

namespace chappe::post {

using net::Deadline;
using net::Task;
using proto::smtp::Path;

namespace {

constexpr std::size_t kSecretSize = 32;

Result<rows::ReturnSecrets> get_or_renew(store::Txn& txn, const std::string& fresh, Time now) {
  rows::ReturnSecrets out;
  if (const auto value = TRY(txn.get(rows::return_secrets_key()))) {
    out = TRY(rows::decode_return_secrets(value->view()));
    if (now - out.since < ReturnPaths::kSecretLife) return out;
    out.previous = std::move(out.current);
  }
  out.current = crypto::Secret(fresh);
  out.since = now;
  txn.put(rows::return_secrets_key(), rows::encode(out));
  return out;
}

}  // namespace

Task<Result<std::unique_ptr<ReturnPaths>>> ReturnPaths::open(store::Commit* commit, Clock* clock, Random* random,
                                                             Deadline deadline) {
  auto secrets = CO_TRY(co_await commit->submit<rows::ReturnSecrets>(
      [fresh = random->bytes(kSecretSize), now = clock->now()](store::Txn& txn) {
        return get_or_renew(txn, fresh, now);
      },
      deadline));
  std::vector<crypto::Secret> all;
  all.push_back(std::move(secrets.current));
  if (!secrets.previous.empty()) all.push_back(std::move(secrets.previous));
  co_return std::make_unique<ReturnPaths>(std::move(all), *clock);
}

std::string ReturnPaths::forwarding(std::string_view sender, std::string_view alias) const {
  if (sender.empty()) return {};  // RFC 5321 §4.5.5: a notification stays one
  const auto from = proto::smtp::parse_mailbox(sender);
  const auto ours = proto::smtp::parse_mailbox(alias);
  if (!from || !ours || from->literal) return std::string(alias);
  auto rewritten = trust::srs_forward({from->local, from->domain}, ours->domain, secrets_, clock_.now());
  if (!rewritten) return std::string(alias);
  return Path{.local = std::move(rewritten->local), .domain = std::move(rewritten->domain), .raw = {}}.address();
}

std::expected<std::string, trust::SrsFault> ReturnPaths::returning(std::string_view address) const {
  const auto path = proto::smtp::parse_mailbox(address);
  if (!path) return std::unexpected(trust::SrsFault::not_srs);
  auto sender = trust::srs_reverse(path->local, secrets_, clock_.now());
  if (!sender) return std::unexpected(sender.error());
  return Path{.local = std::move(sender->local), .domain = std::move(sender->domain), .raw = {}}.address();
}

}  // namespace chappe::post
