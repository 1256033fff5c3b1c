#include "agents/msa/signing.h"

#include "trust/author.h"
#include "trust/dkim/sign.h"

namespace chappe::agents {
namespace {

Result<Bytes> sign(const post::Watched& letter, const Bytes& added, const std::vector<post::DkimSigner>& signers,
                   Time now) {
  const Bytes header = added + letter.header;
  const message::Letter whole(header);
  std::vector<trust::dkim::SigningKey> keys;
  for (const post::DkimSigner& signer : signers)
    keys.push_back({std::make_shared<const crypto::PrivateKey>(signer.key), signer.domain, signer.selector});
  Bytes out;
  for (const std::string& field : TRY(trust::dkim::sign(whole.fields(), *letter.bodies, keys, now))) out += field;
  return out;
}

}  // namespace

trust::dkim::BodyHashKind signed_body() { return trust::dkim::SignOptions().body_kind(); }

net::Task<Result<Bytes>> signatures_of(Site* site, std::shared_ptr<const post::Watched> letter, Bytes added,
                                       net::Deadline deadline) {
  if (!site->keys || !letter || !letter->bodies) co_return Bytes();
  const Bytes header = added + letter->header;
  const trust::Author author = trust::decide_author(message::Letter(header));
  if (author.class_() != trust::AuthorClass::one) co_return Bytes();
  post::DkimSigners signers = CO_TRY(co_await site->keys->signers(author.domains.front(), deadline));
  if (signers->empty()) co_return Bytes();
  co_return CO_TRY(co_await net::offload(
      site->offload,
      [letter = std::move(letter), added = std::move(added), signers = std::move(signers), now = site->clock.now()] {
        return sign(*letter, added, *signers, now);
      },
      deadline));
}

}  // namespace chappe::agents
