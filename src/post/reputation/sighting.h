// Whose letter it was, as far as that counts for a reputation: drawn from what was judged (types.h says what is an
// identity). A signature counts only on a letter with one clear author: who puts a second From above somebody's signed
// letter must not spoil the signer's name with the refusal. Nor does one by a key in testing (RFC 6376 §3.6.1 t=y), nor
// one that leaves a part of the body out.
//
// Runs on the caller's executor; blocks nothing; never fails.
#pragma once

#include <vector>

#include "net/task.h"
#include "post/reputation/types.h"
#include "trust/judgement.h"

namespace chappe::post {

struct Named {
  Identity identity;
  Proof proof = Proof::none;

  // It answers for the letter; else the letter only bears its name. A client has proved its address by speaking.
  bool answers() const { return proof == Proof::pass || identity.kind == IdentityKind::network; }
  bool operator==(const Named&) const = default;
};

struct Sighting {
  // Each identity once, with its best proof; those that answer for the letter first.
  std::vector<Named> names;
};

inline constexpr std::size_t kMostNamed = 16;  // of one letter; those without proof are left out first

// `judgement` must outlive the task. Asks for an author's organizational domain where DMARC could do without (RFC 9989
// §4.10): mostly one question, about the domain above, which the cache has. An author whose organization cannot be
// found out before the deadline is left out.
net::Task<Sighting> sight(dns::Resolver* resolver, const trust::Judgement* judgement, net::Deadline deadline);

}  // namespace chappe::post
