// Signatures of a process that has no keys: the mda of the site makes them (agents/door/sign_question.h), which has the
// keys and looks once more whether the account may be the author. A connection of its own for each letter, in TLS
// unless the mda is on the loopback. From any executor that is a shard.
#pragma once

#include "agents/mta/login_relay.h"
#include "post/keys/signer.h"

namespace chappe::agents {

class SignRelay final : public post::Signer {
 public:
  // `parts` must outlive it.
  explicit SignRelay(const LoginRelayParts& parts) : parts_(parts) {}

  // A header that is too large for a question is not signed. Errc::unavailable: the mda cannot be asked, or does not
  // sign; it is to be tried later.
  net::Task<Result<Bytes>> sign(post::ToSign letter, net::Deadline deadline) override;

 private:
  const LoginRelayParts& parts_;
};

}  // namespace chappe::agents
