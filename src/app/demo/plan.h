// The small Internet as data: who has which name and address, which zones there are, who has an account where, and what
// the people in it are up to. A scenario is shown on the standard plan; `--break NAME` changes what that scenario's
// outcome hangs on, and nothing else.
//
// Plain values; nothing here does anything.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "app/config.h"

namespace chappe::app::demo {

// One process, `chappe serve`.
struct HostPlan {
  std::string name;     // of the process and its folder
  std::string host;     // its host name
  std::string address;  // where it listens
  std::vector<Actor> actors;
  std::vector<Role> doors;    // that it serves at `address`
  std::vector<Role> outside;  // that people's own mail programs reach, too
  std::string more_config{};  // whole sections

  bool plays(Actor actor) const;
};

struct OrgPlan {
  std::string domain;
  int ports = 0;                      // what is added to each port that people's own mail programs reach
  std::vector<std::string> domains;   // that it takes mail for
  std::vector<std::string> accounts;  // addresses; all have one password
  std::map<std::string, std::vector<std::string>> aliases{};
  std::vector<HostPlan> hosts;

  const HostPlan& host(Actor actor) const;
};

struct ZonePlan {
  std::string apex;
  std::string parent;   // empty: the root itself
  std::string server;   // the name of its name server
  std::string address;  // and where that is
  std::string records;  // beside SOA and NS: a zone text
  bool delegated = true;
  bool forged = false;  // its MX was changed after it was signed
};

// A domain that signs its letters. The key is made when the world begins; its record stands in the domain's zone.
struct SignerPlan {
  std::string domain;
  std::string org;        // whose server signs; empty: whoever plays the domain
  std::string pem;        // empty: a new Ed25519 key
  bool published = true;  // else the record is not there
};

struct Plan {
  std::vector<OrgPlan> orgs;
  std::vector<ZonePlan> zones;
  std::vector<SignerPlan> signers;

  // What people and chance do.
  std::string wrong_password = "incorrect horse";
  std::string smuggled_end = "\n.\r\n";  // what the attacker takes for the end of a letter
  std::string impostor = "boss@paris.example";
  std::string forger = "127.1.9.1";                                          // where who writes in the bank's name sits
  bool altered = true;                                                       // somebody changes a letter on its way
  std::string added = "PS: from today on, pay into account XX99 6666.\r\n";  // behind what is signed
  bool second_from = true;
  std::vector<std::string> trusted_sealers = {"list.example"};  // by every exchanger
  bool brest_fails = true;
  bool killed_before_250 = false;

  OrgPlan& org(std::string_view domain);
  ZonePlan& zone(std::string_view apex);
  SignerPlan& signer(std::string_view domain);
};

inline constexpr std::string_view kParis = "paris.example", kLille = "lille.example", kBrest = "brest.example";
inline constexpr std::string_view kPassword = "correct horse";  // of every account

Plan standard_plan();

// The domains that want to be trusted, and those that do not deserve it (plan_trust.cc); part of the standard plan.
void add_trust(Plan& plan);

// A further zone on brest's name server.
ZonePlan hosted(const std::string& apex, const std::string& records);

}  // namespace chappe::app::demo
