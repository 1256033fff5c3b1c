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
  if (const Value* queue = s.find("queue")) {
    std::string said =
        fmt::format(fmt::runtime(i.say({"{} recipients wait, {} are on their way, {} are held",
                                        "{} destinataires attendent, {} sont en route, {} sont retenus"})),
                    number_of(*queue, "waiting"), number_of(*queue, "leased"), number_of(*queue, "held"));
    if (const std::string oldest = text_of(*queue, "oldest"); !oldest.empty())
      said += fmt::format(fmt::runtime(i.say({"; the oldest since {}", " ; le plus ancien depuis {}"})),
                          time_for_people(oldest));
    facts.add(i.say({"Queue", "File d'attente"}), std::move(said));
  }
  if (const Value* t = s.find("transfer")) {
    facts.add(
        i.say({"Transfer", "Transmission"}),
        fmt::format(fmt::runtime(i.say({"{} delivered, {} deferred, {} returned, {} given up silently",
                                        "{} remis, {} remis à plus tard, {} retournés, {} abandonnés sans avis"})),
                    number_of(*t, "delivered"), number_of(*t, "deferred"), number_of(*t, "bounced"),
                    number_of(*t, "silent")));
    facts.add(i.say({"To others", "Vers d'autres"}),
              fmt::format(fmt::runtime(i.say({"{} connections to {} domains; {} domains cannot be reached",
                                              "{} connexions vers {} domaines ; {} domaines injoignables"})),
                          number_of(*t, "connections"), number_of(*t, "destinations"), number_of(*t, "unreachable")));
  }
  if (const Value* index = s.find("index")) {
    std::string said = fmt::format(fmt::runtime(i.say({"{} letters taken in, {} accounts wait",
                                                       "{} lettres prises en compte, {} comptes attendent"})),
                                   number_of(*index, "letters"), number_of(*index, "waiting"));
    if (const auto out = number_of(*index, "left_out"); out > 0)
      said += fmt::format(fmt::runtime(i.say({"; {} letters could not be read", " ; {} lettres illisibles"})), out);
    if (const auto failures = number_of(*index, "failures"); failures > 0)
      said +=
          fmt::format(fmt::runtime(i.say({"; {} failures, see the log", " ; {} échecs, voir le journal"})), failures);
    if (const auto found = number_of(*index, "attachments"); found > 0)
      said += fmt::format(fmt::runtime(i.say({"; text of {} attachments", " ; texte de {} pièces jointes"})), found);
    if (const auto failed = number_of(*index, "attachments_failed"); failed > 0)
      said += fmt::format(fmt::runtime(i.say({"; {} attachments without theirs, see the log",
                                              " ; {} pièces jointes sans le leur, voir le journal"})),
                          failed);
    facts.add(i.say({"Search", "Recherche"}), said);
  }
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
