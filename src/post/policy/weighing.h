// What those whom we know make of a judged letter, for one recipient: knowledge beside DMARC, and the policy that
// decides. The most specific scope that knows somebody is heard: within one, the more exact name; where that does not
// tell, block before allow.
//
// Nothing that can be forged is believed: a list, a forwarder by its domain and an author who is allowed count only if
// SPF or DKIM proves them (a List-Id alone proves nothing). Pure; any thread; nothing blocks. Linear in the header, and
// for each recipient in the number of networks that are known.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "message/letter.h"
#include "post/policy/known.h"
#include "trust/judgement.h"

namespace chappe::post {

// Whose ARC seals count for one of them.
std::vector<std::string> sealers_of(const std::vector<KnownChain>& chains);

// The configuration's policy, as the chain changes it.
trust::dmarc::LocalPolicy policy_of(const KnownChain& chain, const trust::dmarc::LocalPolicy& standard);

// What all recipients together are answered: there is one answer to DATA (RFC 5321 §4.1.1.4).
enum class LetterAnswer : std::uint8_t { take, defer, refuse };
// Refused only if it is for everybody; put off if it is for somebody. Who would have had it rejected, while others take
// it, gets it into Junk, or into quarantine where there is no Junk: nothing is lost. `has_junk`: by recipient.
LetterAnswer answer_to(std::vector<trust::dmarc::Decision>& decisions, const std::vector<bool>& has_junk);

// What a judged letter shows of those who may be known.
class Weighing {
 public:
  // All must outlive it. `sealers`: whose ARC seals count for everybody, by the configuration.
  Weighing(const trust::Judgement& judgement, const message::Letter& letter, std::span<const std::string> sealers = {});

  trust::dmarc::Decision decide(const KnownChain& chain, const trust::dmarc::LocalPolicy& standard) const;

 private:
  struct Match {
    std::string text;
    std::size_t exact;
  };
  trust::dmarc::Knowledge knowledge(const KnownChain& chain) const;
  std::optional<std::string> by_proof(const Known& known, Acquaintance::Kind kind) const;
  std::optional<std::string> list(const Known& known) const;
  std::optional<std::string> forwarder(const Known& known) const;
  std::optional<Match> allowed(const Known& known) const;
  std::optional<Match> blocked(const Known& known) const;

  const trust::Judgement& judgement_;
  std::span<const std::string> sealers_;
  std::optional<trust::Ip> client_;
  std::vector<std::string> proven_;     // domains that SPF (of MAIL FROM or HELO) or DKIM proves
  std::vector<std::string> addresses_;  // of the authors, and of MAIL FROM at the end, as keys
  std::vector<std::string> domains_;    // the same
  std::optional<std::string> author_;   // the only one, if his domain is proven
  std::optional<std::string> author_domain_;
  std::optional<std::string> list_id_;
  std::string sealer_;  // of the newest seal
};

}  // namespace chappe::post
