// What the demo shows, as one table. A row says what is to be seen, how to look for it on a running world, and how to
// spoil the thing that it hangs on. What was seen is put together from what the servers answered, never from what was
// expected; the two are compared as texts, in the reader's language.
//
// A further row needs: a name, a title, what is expected, a function that looks, and one that spoils. Scenarios do not
// depend on each other: each has accounts, aliases and zones of its own in the plan where it needs them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/demo/teller.h"
#include "app/demo/world.h"

namespace chappe::app::demo {

struct Scene {
  World& world;
  Teller& tell;
};

struct Scenario {
  std::string_view name;
  Text title;
  Text expected;
  // What was seen. An error is a failure, too.
  Result<std::string> (*run)(Scene& scene);
  // Changes the plan so that something else must be seen.
  void (*sabotage)(Plan& plan);
};

const std::vector<Scenario>& scenarios();
std::vector<std::string_view> scenario_names();

// The functions of the table, by subject; each file is one.
Result<std::string> walk_the_dns(Scene& scene);  // names.cc
Result<std::string> forged_zone(Scene& scene);
Result<std::string> letter_travels(Scene& scene);  // letters.cc
Result<std::string> split_site(Scene& scene);
Result<std::string> told_by_idle(Scene& scene);
Result<std::string> read_by_pop3(Scene& scene);
Result<std::string> large_letter(Scene& scene);
Result<std::string> international_address(Scene& scene);
Result<std::string> relay_refused(Scene& scene);  // refusals.cc
Result<std::string> password_refused(Scene& scene);
Result<std::string> impostor_refused(Scene& scene);
Result<std::string> smuggling_refused(Scene& scene);
Result<std::string> unknown_recipient(Scene& scene);  // returns.cc
Result<std::string> not_for_us(Scene& scene);
Result<std::string> null_mx(Scene& scene);
Result<std::string> bounce_loop(Scene& scene);
Result<std::string> bank_writes(Scene& scene);  // authors.cc
Result<std::string> bank_forged(Scene& scene);
Result<std::string> hole_in_spf(Scene& scene);
Result<std::string> spf_costs_too_much(Scene& scene);
Result<std::string> two_authors(Scene& scene);
Result<std::string> letter_altered(Scene& scene);  // signatures.cc
Result<std::string> signature_leaves_end_open(Scene& scene);
Result<std::string> key_too_short(Scene& scene);
Result<std::string> forwarded(Scene& scene);
Result<std::string> saved_by_seal(Scene& scene);
Result<std::string> destination_down(Scene& scene);  // outages.cc
Result<std::string> killed_after_250(Scene& scene);

}  // namespace chappe::app::demo
