#include "post/keys/signer.h"

#include "trust/author.h"
#include "trust/dkim/sign.h"

namespace chappe::post {
namespace {

Result<Bytes> signatures(const ToSign& letter, const std::vector<DkimSigner>& signers, Time now) {
  const message::Letter header(letter.header);
  std::vector<trust::dkim::SigningKey> keys;
  for (const DkimSigner& signer : signers)
    keys.push_back({std::make_shared<const crypto::PrivateKey>(signer.key), signer.domain, signer.selector});
  Bytes out;
  for (const std::string& field : TRY(trust::dkim::sign(header.fields(), letter.body_hash, keys, now))) out += field;
  return out;
}

}  // namespace

trust::dkim::BodyHashKind signed_body() { return trust::dkim::SignOptions().body_kind(); }

net::Task<Result<Bytes>> KeySigner::sign(ToSign letter, net::Deadline deadline) {
  const trust::Author author = trust::decide_author(message::Letter(letter.header));
  if (author.class_() != trust::AuthorClass::one) co_return Bytes();
  DkimSigners signers = CO_TRY(co_await keys_.signers(author.domains.front(), deadline));
  if (signers->empty()) co_return Bytes();
  co_return CO_TRY(co_await net::offload(
      offload_,
      [letter = std::move(letter), signers = std::move(signers), now = clock_.now()] {
        return signatures(letter, *signers, now);
      },
      deadline));
}

}  // namespace chappe::post
