// Which resolver is meant: by the [dns] section of a configuration, and by the options --zone, --root-hints and
// --anchor of those verbs that ask the DNS without a server. One meaning of each, for all who ask.
#pragma once

#include "app/cli.h"
#include "app/config.h"
#include "dns/live.h"

namespace chappe::app {

// Errc::invalid: the forwarder is no address.
Result<dns::LiveOptions> live_options(const Config::Dns& config);
// What the command line names takes the place of what is there. Root hints of one's own take the anchor of the other
// root away with them.
void take_options(const Invocation& invocation, dns::LiveOptions& options);
// The configuration that --config names; else the host's, where there is one that this user may read; else none.
Result<Config> config_of(const Invocation& invocation);
// The zone text that --zone names, and nothing else; or else the live one.
Result<std::unique_ptr<dns::Resolver>> resolver_of(const Invocation& invocation, const Config::Dns& config);

}  // namespace chappe::app
