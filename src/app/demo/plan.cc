#include "app/demo/plan.h"

#include <algorithm>

namespace chappe::app::demo {
namespace {

// One process that plays all actors.
HostPlan whole(const std::string& name, const std::string& address) {
  return {.name = name,
          .host = "mx." + name + ".example",
          .address = address,
          .actors = {Actor::msa, Actor::mta, Actor::mx, Actor::mda},
          .doors = {Role::mx, Role::submission, Role::submissions, Role::imaps, Role::pop3s},
          .outside = {Role::submission, Role::submissions, Role::imaps, Role::pop3s}};
}

// One of several processes of an organisation; what it does not play it asks of the others.
HostPlan single(Actor actor, const std::string& domain, const std::string& address, std::vector<Role> doors,
                std::vector<Role> outside) {
  const std::string host = std::string(actor_name(actor)) + "." + domain;
  return {.name = host,
          .host = host,
          .address = address,
          .actors = {actor},
          .doors = std::move(doors),
          .outside = std::move(outside)};
}

ZonePlan zone_of(const std::string& town, const std::string& names, const std::string& mail) {
  const std::string apex = town + ".example";
  return {.apex = apex,
          .parent = "example",
          .server = "ns." + apex,
          .address = names,
          .records = apex + ". MX 10 mx." + apex + ".\nmx." + apex + ". A " + mail + "\n"};
}

// One that only says where it takes its mail.
ZonePlan reached(const std::string& apex, const std::string& mail) {
  return hosted(apex, apex + ". MX " + mail + "\n");
}

}  // namespace

bool HostPlan::plays(Actor actor) const { return std::ranges::find(actors, actor) != actors.end(); }

const HostPlan& OrgPlan::host(Actor actor) const {
  return *std::ranges::find_if(hosts, [actor](const HostPlan& h) { return h.plays(actor); });
}

OrgPlan& Plan::org(std::string_view domain) { return *std::ranges::find(orgs, domain, &OrgPlan::domain); }
ZonePlan& Plan::zone(std::string_view apex) { return *std::ranges::find(zones, apex, &ZonePlan::apex); }
SignerPlan& Plan::signer(std::string_view domain) { return *std::ranges::find(signers, domain, &SignerPlan::domain); }

ZonePlan hosted(const std::string& apex, const std::string& records) {
  return {.apex = apex, .parent = "example", .server = "ns.brest.example", .address = "127.1.3.1", .records = records};
}

Plan standard_plan() {
  Plan plan;
  plan.orgs.push_back(
      {.domain = "paris.example",
       .ports = 10'000,
       .domains = {"paris.example"},
       .accounts = {"alice@paris.example", "boss@paris.example", "carol@paris.example", "doris@paris.example"},
       .aliases = {{"friends@paris.example", {"doris@paris.example"}}},
       .hosts = {whole("paris", "127.1.1.2")}});
  plan.orgs.push_back(
      {.domain = "lille.example",
       .ports = 20'000,
       .domains = {"lille.example"},
       .accounts = {"bob@lille.example", "claude@lille.example", "large@lille.example", "watch@lille.example",
                    "pop@lille.example", "prey@lille.example"},
       .aliases = {{"news@lille.example", {"watch@lille.example"}}, {"post@lille.example", {"pop@lille.example"}}},
       .hosts = {single(Actor::mda, "lille.example", "127.1.2.4", {Role::lmtp, Role::imaps, Role::pop3s},
                        {Role::imaps, Role::pop3s}),
                 single(Actor::mta, "lille.example", "127.1.2.5", {Role::relay}, {}),
                 single(Actor::mx, "lille.example", "127.1.2.2", {Role::mx}, {}),
                 single(Actor::msa, "lille.example", "127.1.2.3", {Role::submission, Role::submissions},
                        {Role::submission, Role::submissions})}});
  plan.orgs.push_back({.domain = "brest.example",
                       .ports = 30'000,
                       .domains = {"brest.example", "forêt.example", "forged.example", "nomail.example"},
                       .accounts = {"yann@brest.example", "safe@brest.example"},
                       .aliases = {{"chloé@forêt.example", {"yann@brest.example"}},
                                   {"anyone@forged.example", {"yann@brest.example"}},
                                   {"anyone@nomail.example", {"yann@brest.example"}},
                                   {"onward@brest.example", {"gone@lille.example"}}},
                       .hosts = {whole("brest", "127.1.3.2")}});

  plan.zones = {{.apex = ".", .parent = "", .server = "ns.root", .address = "127.1.0.1", .records = ""},
                {.apex = "example", .parent = ".", .server = "ns.example", .address = "127.1.0.2", .records = ""},
                zone_of("paris", "127.1.1.1", "127.1.1.2"),
                zone_of("lille", "127.1.2.1", "127.1.2.2"),
                zone_of("brest", "127.1.3.1", "127.1.3.2"),
                reached("nantes.example", "10 mx.brest.example."),
                reached("xn--fort-ipa.example", "10 mx.brest.example."),
                reached("nomail.example", "0 ."),
                reached("stray.example", "10 mx.lille.example."),
                reached("forged.example", "10 mx.brest.example.")};
  plan.zone("forged.example").forged = true;
  add_trust(plan);
  return plan;
}

}  // namespace chappe::app::demo
