#include <fmt/format.h>

#include "app/admin.h"
#include "app/admin_call.h"

namespace chappe::app {
namespace {

using codec::json::Value;

std::string state_of(const Invocation& i, const Value& e) {
  const std::string state = text_of(e, "state");
  if (state == "leased") return std::string(i.say({"on its way", "en cours d'envoi"}));
  if (state == "held") return std::string(i.say({"held", "retenue"}));
  return std::string(i.say({"waiting", "en attente"}));
}

int queue_list(const Invocation& invocation) {
  const auto rows = all_pages(invocation, "queue.list", "queue");
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

int queue_drop(const Invocation& invocation) {
  Params params;
  params.add("letter", invocation.argument(0));
  return show(invocation, "queue.drop", params, [](const Invocation& i, const Value& answer) {
    return fmt::format(fmt::runtime(i.say({"The letter is out of the queue for {} recipient(s); nobody was told.\n",
                                           "La lettre est retirée de la file pour {} destinataire(s) ; personne n'a "
                                           "été prévenu.\n"})),
                       number_of(answer, "recipients"));
  });
}

constexpr Binding kBindings[] = {
    {"queue list", queue_list},
    {"queue show", queue_show},
    {"queue drop", queue_drop},
};

}  // namespace

std::span<const Binding> queue_bindings() { return kBindings; }

}  // namespace chappe::app
