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
// chappe store …
std::vector<VerbRow> store_verbs();

}  // namespace chappe::app
