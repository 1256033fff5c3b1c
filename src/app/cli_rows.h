// What the files of the table of verbs share.
#pragma once

#include <vector>

#include "app/cli.h"

namespace chappe::app {

inline const OptionRow kConfig = {
    "config", "FILE", {"The configuration of the host.", "La configuration de la machine."}, kStandardConfig};
inline const OptionRow kData = {"data",
                                "DIR",
                                {"The folder of the store, instead of the one that the configuration names.",
                                 "Le dossier du magasin, au lieu de celui que nomme la configuration."}};
// Of the verbs that ask the DNS without a server.
inline const OptionRow kZone = {"zone",
                                "FILE",
                                {"Answer from this zone text (docs/formats/zone-text.md).",
                                 "Répondre d'après ce texte de zone (docs/formats/zone-text.md)."}};
inline const OptionRow kRootHints = {
    "root-hints",
    "FILE",
    {"The servers of the root, instead of the Internet's.", "Les serveurs de la racine, au lieu de ceux d'Internet."}};
inline const OptionRow kAnchor = {"anchor",
                                  "FILE",
                                  {"A trust anchor, as DS or DNSKEY; without one nothing is validated.",
                                   "Une ancre de confiance, en DS ou DNSKEY ; sans ancre, rien n'est validé."},
                                  {},
                                  true};

// chappe store …
std::vector<VerbRow> store_verbs();
// chappe grant …
std::vector<VerbRow> grant_verbs();
// chappe verify, sign, seal, spf, dmarc, key …
std::vector<VerbRow> trust_verbs();
// chappe policy, know
std::vector<VerbRow> policy_verbs();

}  // namespace chappe::app
