// How an explanation is shown: as stations on a line with a sentence for each step, in English or French; or as JSON
// (docs/formats/explain.md). Pure. What others said is made fit for a terminal.
#pragma once

#include <string>

#include "app/cli.h"
#include "app/explain.h"

namespace chappe::app {

std::string explanation_text(const Invocation& invocation, const Explanation& explanation);
void write_explanation(codec::json::Writer& out, const Explanation& explanation);

// Parts of them, for others who tell of a walk: its stations, drawn; its JSON.
std::string walk_text(const dns::Walk& walk, bool french);
void write_walk(codec::json::Writer& out, const dns::Walk& walk);

}  // namespace chappe::app
