// chappe verify, spf, spf lint, dmarc: what the judges of trust/ say, so that anybody can come to the same verdict.
// They ask the DNS from the root, or a zone text (--zone) and nobody else, and block until all answers are there.
// chappe seal judges, and puts an ARC set above the letter.
#pragma once

#include <span>

#include "app/cli.h"

namespace chappe::app {

std::span<const Binding> trust_bindings();

}  // namespace chappe::app
