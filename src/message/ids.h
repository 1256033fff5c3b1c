// Identifiers in header fields: Message-ID, In-Reply-To, References, Content-ID (RFC 5322 §3.6.4, RFC 2045 §7), List-Id
// (RFC 2919), the URIs of List-Unsubscribe and its like (RFC 2369). Pure; linear; never fails.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "message/findings.h"

namespace chappe::message {

struct MessageIds {
  static constexpr std::size_t kMax = 10'000;

  std::vector<std::string> list;  // without angle brackets, in order
  Findings findings;              // message_id_invalid when there was something else
};

// All identifiers in angle brackets; phrases between them (RFC 5322 §4.5.4) are passed over. When there is no bracket
// at all, the bare words are taken.
MessageIds parse_message_ids(ByteView value);

// The first one; nothing if there is none.
std::optional<std::string> parse_message_id(ByteView value);

struct ListId {
  std::string description;  // decoded
  std::string id;           // lower case, without brackets
};
std::optional<ListId> parse_list_id(ByteView value);

// The text of each pair of angle brackets, white space removed; comments and the rest are passed over (RFC 2369 §2).
std::vector<std::string> parse_list_uris(ByteView value);

}  // namespace chappe::message
