// Who signs the letters of our own people and our own notifications (RFC 6376 §5): each key of the author's domain that
// is in state signing makes a signature, or those of the nearest domain of ours above it. Nobody signs for a letter
// with several authors' domains, or whose domain has no key.
//
// The keys are in the store of the mda and stay there: another process asks it (agents/mta/sign_relay.h). Whether the
// author may be who From says is for whoever asks to have found out. From any executor; blocks none.
#pragma once

#include <string>

#include "post/keys/keys.h"
#include "trust/dkim/body_hash.h"

namespace chappe::post {

// What the body is to be hashed as.
trust::dkim::BodyHashKind signed_body();

struct ToSign {
  std::string account;  // who hands it in, by the main address; empty: it is a notification of ours
  Bytes header;         // as it will be: all of its fields
  Bytes body_hash;      // of signed_body()
};

class Signer {
 public:
  virtual ~Signer() = default;
  // Whole DKIM-Signature fields, to be put above the header; none where nobody signs. Errors: those of the store and of
  // the pool, or of reaching the mda.
  virtual net::Task<Result<Bytes>> sign(ToSign letter, net::Deadline deadline) = 0;
};

// With the keys at hand; signs in the offload pool.
class KeySigner final : public Signer {
 public:
  // All must outlive it.
  KeySigner(Keys& keys, net::Offload& offload, Clock& clock) : keys_(keys), offload_(offload), clock_(clock) {}

  net::Task<Result<Bytes>> sign(ToSign letter, net::Deadline deadline) override;

 private:
  Keys& keys_;
  net::Offload& offload_;
  Clock& clock_;
};

}  // namespace chappe::post
