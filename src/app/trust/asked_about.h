// What the command line names to be judged: a client, a sender, a DNS list. What is no such thing is refused, so that a
// slip of the hand is not told as a verdict. Pure.
#pragma once

#include <string>
#include <string_view>

#include "app/config.h"
#include "trust/sender_lists.h"

namespace chappe::app {

// `what` names the argument in the error; errors are of usage.
Result<std::string> client_named(std::string_view what, const std::string& text);
// An address, with or without angle brackets; "<>" and nothing are the null sender: empty (RFC 5321 §4.5.5).
Result<std::string> sender_named(std::string_view what, std::string_view text);
// A list of the configuration by its name or zone; else a block list by its zone, which has a dot.
Result<trust::ListRule> list_named(const Config::Mx& config, const std::string& name);

// The first list that nobody has heard of but the command line, of which nothing was found; null: there is none. Such a
// one may be misspelt: trust::test_lists() says whether it is a list at all.
const trust::ListRule* doubtful_list(const Config::Mx& config, const trust::SenderListing& found);

}  // namespace chappe::app
