// How the DNS is shown: an answer of a resolver, or a message of one server. For people, or as JSON. Pure.
#pragma once

#include <string>

#include "codec/json.h"
#include "dns/exchange.h"

namespace chappe::app {

std::string answer_text(const dns::Answer& answer, bool french);

// {"question", "outcome", "security", "ttl", "canonical", "chain": [...], "records": [...], "why"}; why only if there
// is one.
void write_answer(codec::json::Writer& out, const dns::Answer& answer);
// {"name", "ttl", "type", "data"}
void write_record(codec::json::Writer& out, const dns::Record& record);
// {"server", "tcp", "octets", "rcode", "authoritative", "truncated", "answer": [...], "authority": ..., "additional":
// ...}
void write_exchanged(codec::json::Writer& out, const net::Endpoint& server, const dns::Exchanged& exchanged);

}  // namespace chappe::app
