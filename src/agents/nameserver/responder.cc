#include "agents/nameserver/responder.h"

#include <algorithm>

namespace chappe::agents::nameserver {
namespace {

using dns::Header;
using dns::Message;
using dns::Rcode;
using dns::Type;

// RFC 6891 §6.2.5: what the asker takes, but not so much that it would come in fragments.
std::size_t limit_of(const Message& query, Transport transport) {
  if (transport == Transport::tcp) return dns::kMaxMessage;
  if (!query.edns) return dns::kMinUdp;
  return std::clamp<std::size_t>(query.edns->udp_size, dns::kMinUdp, dns::kEdnsUdp);
}

Header header_for(const Header& query) {
  Header out;
  out.id = query.id;
  out.response = true;
  out.opcode = query.opcode;
  out.recursion_desired = query.recursion_desired;
  out.checking_disabled = query.checking_disabled;  // RFC 4035 §3.1.6
  return out;
}

// A refusal of what could not be read any further: the header alone.
Reply refuse(const Header& query, Rcode rcode) {
  Message out;
  out.header = header_for(query);
  out.header.rcode = rcode;
  return {.octets = dns::write_message(out), .question = {}, .rcode = rcode};
}

bool transfer(Type type) { return type == Type::axfr || type == Type::ixfr; }

// What the question deserves, before any zone is looked at; nothing: an answer.
std::optional<Rcode> refusal_of(const Message& query) {
  if (query.edns && query.edns->version > 0) return Rcode::badvers;  // RFC 6891 §6.1.3
  if (query.question_class != dns::kClassIn || transfer(query.question->type)) return Rcode::refused;
  if (query.question->type == Type::opt) return Rcode::formerr;
  return std::nullopt;
}

}  // namespace

std::optional<Reply> respond(const dns::Zones& zones, ByteView octets, Transport transport) {
  const auto header = dns::parse_header(octets);
  // Answers are not answered: two servers would go on for ever.
  if (!header || header->response) return std::nullopt;
  if (header->opcode != dns::kOpcodeQuery) return refuse(*header, Rcode::notimp);
  const auto query = dns::parse_message(octets);
  if (!query || !query->question) return refuse(*header, Rcode::formerr);

  Reply reply;
  reply.question = query->question;
  Message out;
  out.header = header_for(*header);
  out.question = query->question;
  out.question_class = query->question_class;
  if (query->edns) {
    reply.dnssec = query->edns->dnssec_ok;
    out.edns = dns::Edns{.dnssec_ok = reply.dnssec};
  }
  const auto refusal = refusal_of(*query);
  const dns::Zone* zone = refusal ? nullptr : zones.find(*query->question);
  if (zone) {
    auto found = zone->look_up(*query->question, reply.dnssec);
    out.header.rcode = found.rcode;
    out.header.authoritative = found.authoritative;
    out.answer = std::move(found.answer);
    out.authority = std::move(found.authority);
    out.additional = std::move(found.additional);
    reply.referral = found.referral;
  } else {
    out.header.rcode = refusal.value_or(Rcode::refused);
  }
  reply.rcode = out.header.rcode;
  reply.authoritative = out.header.authoritative;
  reply.answers = out.answer.size();
  reply.octets = dns::write_message(out, {.limit = limit_of(*query, transport), .glue_needed = reply.referral});
  reply.truncated = dns::parse_header(reply.octets)->truncated;
  return reply;
}

}  // namespace chappe::agents::nameserver
