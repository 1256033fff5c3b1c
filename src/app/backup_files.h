// What a backup takes beside the store, so that a server starts from it on a bare machine: the configuration, the files
// that it names (certificates, keys, trust anchor, root hints), and what `chappe local` keeps in its data folder.
//
// The configuration is written anew, with paths that begin at its own folder: where the backup is restored, `chappe
// serve --config DIR/config/chappe.toml` serves what is in DIR. Blocks.
#pragma once

#include "app/config.h"
#include "post/care/jobs.h"

namespace chappe::app {

// `config`: of the server; without a hostname it is no configuration, but a data folder is all that is known.
Result<post::Beside> beside_store(const Config& config);

}  // namespace chappe::app
