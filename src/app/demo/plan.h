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

struct Plan {
  std::vector<OrgPlan> orgs;
  std::vector<ZonePlan> zones;

  // What people and chance do.
  std::string wrong_password = "incorrect horse";
  std::string smuggled_end = "\n.\r\n";  // what the attacker takes for the end of a letter
  std::string impostor = "boss@paris.example";
  bool brest_fails = true;
  bool killed_before_250 = false;

  OrgPlan& org(std::string_view domain);
  ZonePlan& zone(std::string_view apex);
};

inline constexpr std::string_view kParis = "paris.example", kLille = "lille.example", kBrest = "brest.example";
inline constexpr std::string_view kPassword = "correct horse";  // of every account

Plan standard_plan();

}  // namespace chappe::app::demo
