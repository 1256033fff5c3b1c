// What to do about a reason: what it means for the letter, what its sender can mend, and what the operator of this host
// can set. A table of families, for ids with the same remedy share it; the sentences themselves stand beside the judges
// (reasons.h draws both together). Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "app/cli.h"

namespace chappe::app {

// Whose table an id is in: ids are unique in each, not over all.
enum class Topic : std::uint8_t {
  author,
  decision,
  evidence,
  override_,
  dmarc,
  alignment,
  dmarc_record,
  dmarc_walk,
  dkim,
  arc,
  arc_trust,
  spf_result,
  spf,
  spf_syntax,
  spf_lint,
  iprev,
  helo,
  list,
  list_effect,
};

struct Advice {
  Topic topic;
  std::string_view ids;       // with blanks between
  Text letter, sender, here;  // an empty one: the others say it all
};

// Null: it is good news, or one step of an answer that is told as a whole.
const Advice* advice_on(Topic topic, std::string_view id);

// Its parts, in files of their own.
std::span<const Advice> proof_advice();   // DKIM, ARC
std::span<const Advice> host_advice();    // SPF, the client's names, DNS lists
std::span<const Advice> policy_advice();  // the author, DMARC, what this host decides

// What several of them have to say of this host.
inline constexpr Text kNothingToSet = {
    "Nothing needs to be set: by itself this refuses no letter; it weighs only through DMARC.",
    "Rien à régler : à lui seul, cela ne refuse aucune lettre ; cela ne pèse que par DMARC."};
inline constexpr Text kKnowWhoChanges = {
    "If a list or a forwarder that you know passed it on: chappe know add list DOMAIN, forwarder NETWORK or sealer "
    "DOMAIN. What becomes of letters that fail: chappe policy set --rejected, --suspect; mx.reject for the host.",
    "Si une liste ou un service de renvoi que vous connaissez l'a transmise : chappe know add list DOMAINE, forwarder "
    "RÉSEAU ou sealer DOMAINE. Le sort des lettres en échec : chappe policy set --rejected, --suspect ; mx.reject pour "
    "le serveur."};
inline constexpr Text kOurDns = {
    "See whether the DNS answers from here: chappe dns query, chappe explain DOMAIN; dns.forward names another "
    "resolver, "
    "limits.judging_timeout how long it is waited for.",
    "Voyez si le DNS répond d'ici : chappe dns query, chappe explain DOMAINE ; dns.forward nomme un autre résolveur, "
    "limits.judging_timeout le temps qu'on l'attend."};

}  // namespace chappe::app
