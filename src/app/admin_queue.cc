#include <fmt/format.h>

#include "app/admin.h"
#include "app/admin_call.h"
#include "app/route_report.h"

namespace chappe::app {
namespace {

using codec::json::Value;

std::string state_of(const Invocation& i, const Value& e) {
  const std::string state = text_of(e, "state");
  if (state == "leased") return std::string(i.say({"on its way", "en cours d'envoi"}));
  const std::string reason = text_of(e, "reason");
  if (state == "held" && !reason.empty())
    return fmt::format(fmt::runtime(i.say({"in quarantine ({})", "en quarantaine ({})"})), reason);
  if (state == "held") return std::string(i.say({"held", "retenue"}));
  return std::string(i.say({"waiting", "en attente"}));
}

int queue_list(const Invocation& invocation) {
  const auto rows = all_pages(invocation, "queue.list", "queue", invocation.values("where"));
  if (!rows) return invocation.refuse(rows.error());
  Table table({invocation.say({"LETTER", "LETTRE"}), invocation.say({"STATE", "ÉTAT"}),
               invocation.say({"SIZE", "TAILLE"}), invocation.say({"ARRIVED", "ARRIVÉE"}),
               invocation.say({"NEXT", "PROCHAIN"}), invocation.say({"TRIES", "ESSAIS"}),
               invocation.say({"FROM", "DE"}), invocation.say({"TO", "À"})});
  for (const Value& e : *rows)
    table.add({text_of(e, "letter"), state_of(invocation, e),
               size_for_people(number_of(e, "size"), invocation.french()), time_for_people(text_of(e, "arrived")),
               time_for_people(text_of(e, "next_attempt")), std::to_string(number_of(e, "attempts")),
               "<" + text_of(e, "sender") + ">", text_of(e, "recipient")});
  return show_rows(invocation, "queue", *rows, table, {"The queue is empty.", "La file d'attente est vide."});
}

std::string queue_page(const Invocation& i, const Value& letter) {
  const Value* found = letter.find("recipients");
  if (!found || found->items().empty()) return {};
  const Value& first = found->items().front();
  Facts facts;
  facts.add(i.say({"Letter", "Lettre"}), text_of(letter, "letter"));
  facts.add(i.say({"From", "De"}), "<" + text_of(first, "sender") + ">");
  facts.add(i.say({"Size", "Taille"}), size_for_people(number_of(first, "size"), i.french()));
  facts.add(i.say({"Arrived", "Arrivée"}), time_for_people(text_of(first, "arrived")));
  facts.add(i.say({"Given up", "Abandon"}), time_for_people(text_of(first, "expires")));
  Table table({i.say({"TO", "À"}), i.say({"STATE", "ÉTAT"}), i.say({"NEXT", "PROCHAIN"}), i.say({"TRIES", "ESSAIS"}),
               i.say({"LAST ERROR", "DERNIÈRE ERREUR"})});
  for (const Value& e : found->items())
    table.add({text_of(e, "recipient"), state_of(i, e), time_for_people(text_of(e, "next_attempt")),
               std::to_string(number_of(e, "attempts")), text_of(e, "last_error")});
  return facts.text() + "\n" + table.text();
}

int queue_show(const Invocation& invocation) {
  Params params;
  params.add("letter", invocation.argument(0));
  return show(invocation, "queue.show", params, queue_page);
}

// The letter that the command line names, or its --where.
int act(const Invocation& invocation, std::string_view method, std::string (*people)(const Invocation&, const Value&)) {
  const auto where = invocation.values("where");
  if (invocation.arguments().empty() == where.empty())
    return invocation.refuse(
        Error(Errc::usage, std::string(invocation.say({"name one letter, or say --where KEY=PATTERN",
                                                       "nommez une lettre, ou dites --where CLÉ=MOTIF"}))));
  Params params;
  if (where.empty()) {
    params.add("letter", invocation.argument(0));
  } else {
    params.add_all("where", where);
  }
  return show(invocation, method, params, people);
}

// "{} recipient(s) ..." with how many there were.
std::string counted(const Invocation& i, const Value& answer, Text text) {
  return fmt::format(fmt::runtime(i.say(text)), number_of(answer, "recipients")) + "\n";
}

int queue_drop(const Invocation& invocation) {
  return act(invocation, "queue.drop", [](const Invocation& i, const Value& answer) {
    return counted(i, answer,
                   {"{} recipient(s) taken out of the queue; nobody was told.",
                    "{} destinataire(s) retirés de la file ; personne n'a été prévenu."});
  });
}

int queue_retry(const Invocation& invocation) {
  return act(invocation, "queue.retry", [](const Invocation& i, const Value& answer) {
    return counted(i, answer, {"{} recipient(s) are tried now.", "{} destinataire(s) : essai immédiat."});
  });
}

int queue_hold(const Invocation& invocation) {
  return act(invocation, "queue.hold", [](const Invocation& i, const Value& answer) {
    return counted(i, answer, {"{} recipient(s) are held.", "{} destinataire(s) retenus."});
  });
}

int queue_release(const Invocation& invocation) {
  return act(invocation, "queue.release", [](const Invocation& i, const Value& answer) {
    return counted(i, answer, {"{} recipient(s) go on their way.", "{} destinataire(s) libérés."});
  });
}

int route(const Invocation& invocation) {
  Params params;
  params.add("address", invocation.argument(0));
  return show(invocation, "route.show", params, route_page);
}

constexpr Binding kBindings[] = {
    {"route", route},           {"queue list", queue_list},
    {"queue show", queue_show}, {"queue retry", queue_retry},
    {"queue hold", queue_hold}, {"queue release", queue_release},
    {"queue drop", queue_drop},
};

}  // namespace

std::span<const Binding> queue_bindings() { return kBindings; }

}  // namespace chappe::app
