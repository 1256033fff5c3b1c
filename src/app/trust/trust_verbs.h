// chappe spf, dmarc: what the judges of trust/ say, so that anybody can come to the same verdict. Asks the DNS from the
// root, or a zone text (--zone) and nobody else. Blocks until all answers are there.
#pragma once

#include <span>

#include "app/cli.h"

namespace chappe::app {

std::span<const Binding> trust_bindings();

}  // namespace chappe::app
