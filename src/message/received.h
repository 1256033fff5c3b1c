// A trace line: Received (RFC 5321 §4.4, RFC 5322 §3.6.7), as servers really write it. Pure; linear; never fails.
#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"
#include "message/date.h"

namespace chappe::message {

// Each clause without its comments; empty if there is none. Text from outside: unverified.
struct Received {
  std::string from;          // the name the client gave
  std::string from_comment;  // what the server wrote about the client: "helo.example [192.0.2.1]"
  std::string by;
  std::string via;
  std::string with;  // protocol: "ESMTPS"
  std::string id;
  std::string for_;  // without angle brackets
  std::optional<Date> date;
};
Received parse_received(ByteView value);

}  // namespace chappe::message
