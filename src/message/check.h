// Everything that can be found wrong with a letter: its structure (Letter::findings()), the values of its fields, its
// octets, its bodies. For policy at the doors, for `chappe message`, for the people who must explain a letter. Pure;
// linear; decodes every body when asked to, so it belongs off the shards for large letters.
#pragma once

#include "message/findings.h"
#include "message/letter.h"

namespace chappe::message {

struct CheckOptions {
  bool bodies = true;  // decode bodies and look for damage; otherwise only headers and structure are looked at
};
Findings check(const Letter& letter, CheckOptions options = {});

}  // namespace chappe::message
