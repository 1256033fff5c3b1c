#include <fmt/format.h>

#include "app/admin.h"
#include "app/admin_call.h"

namespace chappe::app {
namespace {

using codec::json::Value;

std::string status_facts(const Invocation& i, const Value& s) {
  Facts facts;
  facts.add(i.say({"Server", "Serveur"}), text_of(s, "hostname") + ", Chappe " + text_of(s, "version"));
  facts.add(i.say({"Process", "Processus"}), std::to_string(number_of(s, "pid")));
  facts.add(i.say({"Since", "Depuis"}), time_for_people(text_of(s, "started")));
  facts.add(i.say({"Listens at", "Écoute sur"}), list_of(s, "listeners"));
  facts.add(i.say({"Connections", "Connexions"}), std::to_string(number_of(s, "connections")));
  facts.add(i.say({"Changes", "Changements"}),
            fmt::format(fmt::runtime(i.say({"{} durable, in {} writes", "{} durables, en {} écritures"})),
                        number_of(s, "commits"), number_of(s, "groups")));
  facts.add(i.say({"Store", "Magasin"}),
            yes(s, "read_only") ? i.say({"READ ONLY: a write has failed. See the log, mend the disk, restart.",
                                         "EN LECTURE SEULE : une écriture a échoué. Voir le journal, réparer le "
                                         "disque, redémarrer."})
                                : i.say({"takes letters", "accepte les lettres"}));
  facts.add(
      i.say({"Stalls", "Arrêts"}),
      fmt::format(fmt::runtime(i.say({"{}, the longest turn took {} ms", "{}, le tour le plus long a duré {} ms"})),
                  number_of(s, "stalls"), number_of(s, "longest_turn_ms")));
  if (number_of(s, "log_dropped") > 0)
    facts.add(i.say({"Log", "Journal"}),
              fmt::format(fmt::runtime(i.say({"{} lines found no room", "{} lignes sans place"})),
                          number_of(s, "log_dropped")));
  return facts.text();
}

int status(const Invocation& invocation) {
  Params params;
  return show(invocation, "server.status", params, status_facts);
}

int metrics(const Invocation& invocation) {
  Params params;
  return show(invocation, "server.metrics", params,
              [](const Invocation&, const Value& answer) { return text_of(answer, "text"); });
}

constexpr Binding kBindings[] = {
    {"status", status},
    {"metrics", metrics},
};

}  // namespace

std::span<const Binding> status_bindings() { return kBindings; }

}  // namespace chappe::app
