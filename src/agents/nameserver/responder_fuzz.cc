// Whatever is sent to the name server: it says nothing, or something well-formed that fits and belongs to the question.
#include <cstdlib>

#include "agents/nameserver/responder.h"
#include "dns/zone_file.h"

using namespace chappe;
using namespace chappe::agents::nameserver;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

const dns::Zones& zones() {
  static const dns::Zones kZones = [] {
    dns::Zones out;
    const auto text = dns::parse_zone_text(R"($ORIGIN example.
$TTL 60
@       SOA   ns h 1 2 3 4 5
        NS    ns
ns      A     192.0.2.1
*.w     TXT   "wild"
c       CNAME c.d.w
d       DNAME e
x.e     A     192.0.2.2
sub     NS    ns.sub
ns.sub  A     192.0.2.3
@       NSEC  *.w NS SOA
*.w     NSEC  @ TXT
)");
    require(text && out.add(std::move(*dns::Zone::make(text->records))));
    return out;
  }();
  return kZones;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView query(reinterpret_cast<const char*>(data), size);
  for (const Transport transport : {Transport::udp, Transport::tcp}) {
    const auto reply = respond(zones(), query, transport);
    if (!reply) continue;
    require(reply->octets.size() <= (transport == Transport::udp ? dns::kEdnsUdp : dns::kMaxMessage));
    require(reply->octets.substr(0, 2) == query.substr(0, 2));
    const auto back = dns::parse_message(reply->octets);
    require(back && back->header.response && back->header.rcode == reply->rcode);
    require(!reply->question || back->question == reply->question);
    require(!respond(zones(), reply->octets, transport));
  }
  return 0;
}
