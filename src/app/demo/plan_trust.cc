// Who wants to be trusted, and by what: domains whose SPF, DKIM and DMARC records are in order, and others whose
// records have a hole, cost too much, or hold a key that anybody can compute.
#include <fmt/format.h>

#include "app/demo/plan.h"

namespace chappe::app::demo {
namespace {

// Of 512 bits, so it is nobody's secret: who has the public half computes this one.
constexpr std::string_view kShortKey =
    "-----BEGIN RSA PRIVATE KEY-----\n"
    "MIIBOgIBAAJBAPQ0rOz9RWgQTWy76rdWv5xJ3TV2pjmKRoTthqhAgOPjQVB9d9XT\n"
    "SjlqV3f01AtjIa+D6x5g5IMo+vMDp2i9B48CAwEAAQJAcgt/jpWhKj4iylrf/IsI\n"
    "pOZh5ivo6QpIcJ+0uTKWftWjBKIDQWL5aiXbVbWMtGJtItppCW19ABFnQVyygqtG\n"
    "8QIhAP3nmlxb6N3N7wlJYqn91l4DWR2d1Zj9e+WN4H22QuejAiEA9jiVJv2aPGYi\n"
    "clYcPWicl//y1EucJ2zdLzN8oRh1DyUCIQDcw760ZXnBOaiIY5V1Bu+YCMM4fB7X\n"
    "ijdq7gRuacYcjwIgZuN6IFL1MqwTVOf64QZn+XRxCpmV5TuuqdzABalssSkCIA2p\n"
    "46OFjWytgIpG9JOsv0M8k6wccBN8SFbMk9mQKeVd\n"
    "-----END RSA PRIVATE KEY-----\n";

// A domain that wants what does not prove to be from it rejected.
ZonePlan strict(const std::string& apex, const std::string& spf) {
  return hosted(apex, fmt::format("{0}. TXT \"v=spf1 {1}\"\n_dmarc.{0}. TXT \"v=DMARC1; p=reject\"\n", apex, spf));
}

}  // namespace

void add_trust(Plan& plan) {
  // Brest's server sends for the bank. Whatever a server here sends, it sends from the loopback's own address.
  plan.zones.push_back(strict("bank.example", "ip4:127.0.0.1 -all"));
  plan.org(kBrest).domains.emplace_back("bank.example");
  plan.org(kBrest).accounts.emplace_back("teller@bank.example");
  plan.signers.push_back({.domain = "bank.example", .org = std::string(kBrest), .pem = {}});
  plan.org(kParis).accounts.emplace_back("clara@paris.example");
  plan.org(kLille).aliases["clara@lille.example"] = {"clara@paris.example"};
  plan.zone("lille.example").records += "lille.example. TXT \"v=spf1 ip4:127.0.0.1 -all\"\n";

  plan.zones.push_back(strict("trade.example", "ip4:127.1.9.20 -all"));
  plan.zones.push_back(strict("journal.example", "ip4:127.1.9.30 -all"));
  plan.zones.push_back(strict("savings.example", "ip4:127.1.9.40 -all"));
  plan.zones.push_back(strict("notary.example", "ip4:127.1.9.10 -all"));
  for (const std::string domain : {"trade.example", "journal.example", "notary.example"})
    plan.signers.push_back({.domain = domain, .org = {}, .pem = {}});
  plan.signers.push_back({.domain = "savings.example", .org = {}, .pem = std::string(kShortKey)});

  // A guild writes to its list, which changes letters and seals them.
  plan.zones.push_back(strict("guild.example", "ip4:127.1.9.80 -all"));
  plan.zones.push_back(hosted("list.example", "list.example. TXT \"v=spf1 ip4:127.1.9.90 -all\"\n"));
  for (const std::string domain : {"guild.example", "list.example"})
    plan.signers.push_back({.domain = domain, .org = {}, .pem = {}});

  // Somebody who sends for the shop sends for everybody else, too.
  plan.zones.push_back(strict("shop.example", "ip4:127.1.9.50 include:crowd.example -all"));
  plan.zones.push_back(hosted("crowd.example", "crowd.example. TXT \"v=spf1 ip4:127.1.8.0/24 -all\"\n"));
  plan.zones.push_back(hosted("crook.example", "crook.example. TXT \"v=spf1 +all\"\n"));

  // Eleven terms that ask the DNS; the last one names the server that sends.
  std::string terms, addresses;
  for (int i = 1; i <= 11; ++i) {
    terms += fmt::format("a:h{}.many.example ", i);
    addresses += fmt::format("h{}.many.example. A 127.1.9.{}\n", i, 60 + i);
  }
  ZonePlan many = strict("many.example", terms + "-all");
  many.records += addresses;
  plan.zones.push_back(std::move(many));
}

}  // namespace chappe::app::demo
