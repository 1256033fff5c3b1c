// chappe policy …, chappe know …
#include <fmt/format.h>

#include "app/admin.h"
#include "app/admin_call.h"
#include "post/policy/local.h"

namespace chappe::app {
namespace {

using codec::json::Value;

std::string action_words(const Invocation& i, const std::string& action) {
  if (action == "reject") return std::string(i.say({"refused", "refusée"}));
  if (action == "junk") return std::string(i.say({"into Junk", "dans Junk"}));
  if (action == "quarantine")
    return std::string(i.say({"into quarantine (chappe queue)", "en quarantaine (chappe queue)"}));
  return std::string(i.say({"taken as any other", "reçue comme une autre"}));
}

std::string effect_of(const Invocation& i, const Value& policy, std::string_view name) {
  static const Value kNothing;
  const Value* effects = policy.find("effect");
  const Value* found = effects ? effects->find(name) : nullptr;
  const Value& effect = found ? *found : kNothing;
  const std::string from = text_of(effect, "from");
  if (from == "configuration") {
    if (name == "rejected") return std::string(i.say({"as mx.reject says", "selon mx.reject"}));
    return fmt::format(fmt::runtime(i.say({"{}, as nobody says otherwise", "{}, faute d'autre règle"})),
                       action_words(i, "junk"));
  }
  return fmt::format(fmt::runtime(i.say({"{}, by the rule for {}", "{}, par la règle pour {}"})),
                     action_words(i, text_of(effect, "action")), from);
}

std::string policy_facts(const Invocation& i, const Value& policy) {
  Facts facts;
  facts.add(i.say({"For", "Pour"}), text_of(policy, "object"));
  facts.add(i.say({"To be rejected", "À rejeter"}), effect_of(i, policy, "rejected"));
  facts.add(i.say({"Suspect", "Suspecte"}), effect_of(i, policy, "suspect"));
  if (!text_of(policy, "since").empty()) {
    facts.add(i.say({"Laid down", "Établie"}), time_for_people(text_of(policy, "since")));
    facts.add(i.say({"By", "Par"}), text_of(policy, "who"));
  }
  return facts.text();
}

void add_object(const Invocation& invocation, Params& params) {
  if (!invocation.arguments().empty()) params.add("object", invocation.argument(0));
}

int policy_show(const Invocation& invocation) {
  Params params;
  add_object(invocation, params);
  return show(invocation, "policy.show", params, policy_facts);
}

int policy_set(const Invocation& invocation) {
  Params params;
  add_object(invocation, params);
  for (const std::string_view name : {"rejected", "suspect"})
    if (const auto value = invocation.value(name)) params.add(name, *value);
  return show(invocation, "policy.set", params, policy_facts);
}

int policy_list(const Invocation& invocation) {
  const auto rows = [&]() -> Result<std::vector<Value>> {
    auto office = TRY(AdminOffice::open(invocation));
    Params params;
    const Answer answer = TRY(ask(*office, "policy.list", params));
    return TRY(answer.value.get("policies"))->items();
  }();
  if (!rows) return invocation.refuse(rows.error());
  Table table({invocation.say({"FOR", "POUR"}), invocation.say({"TO BE REJECTED", "À REJETER"}),
               invocation.say({"SUSPECT", "SUSPECTE"}), invocation.say({"SINCE", "DEPUIS"}),
               invocation.say({"BY", "PAR"})});
  for (const Value& row : *rows)
    table.add({text_of(row, "object"), text_of(row, "rejected"), text_of(row, "suspect"),
               time_for_people(text_of(row, "since")), text_of(row, "who")});
  return show_rows(invocation, "policies", *rows, table,
                   {"Nothing is laid down: the configuration decides", "Aucune règle : la configuration décide"});
}

void add_named(const Invocation& invocation, Params& params) {
  params.add("kind", invocation.argument(0)).add("name", invocation.argument(1));
  if (const auto object = invocation.value("for")) params.add("for", *object);
}

std::string_view meaning_of(const Invocation& i, std::string_view kind) {
  for (const post::AcquaintanceRow& row : post::acquaintance_rows())
    if (row.id == kind) return i.french() ? row.fr : row.en;
  return {};
}

int know_add(const Invocation& invocation) {
  Params params;
  add_named(invocation, params);
  return show(invocation, "know.add", params, [](const Invocation& i, const Value& known) {
    return fmt::format("{}: {}\n", text_of(known, "name"), meaning_of(i, text_of(known, "kind")));
  });
}

int know_remove(const Invocation& invocation) {
  Params params;
  add_named(invocation, params);
  return show(invocation, "know.remove", params, [](const Invocation& i, const Value&) {
    return fmt::format(fmt::runtime(i.say({"{} is no longer known.\n", "{} n'est plus connu.\n"})), i.argument(1));
  });
}

int know_list(const Invocation& invocation) {
  const auto rows = [&]() -> Result<std::vector<Value>> {
    auto office = TRY(AdminOffice::open(invocation));
    Params params;
    if (!invocation.arguments().empty()) params.add("kind", invocation.argument(0));
    if (const auto object = invocation.value("for")) params.add("for", *object);
    const Answer answer = TRY(ask(*office, "know.list", params));
    return TRY(answer.value.get("known"))->items();
  }();
  if (!rows) return invocation.refuse(rows.error());
  Table table({invocation.say({"KIND", "GENRE"}), invocation.say({"NAME", "NOM"}), invocation.say({"FOR", "POUR"}),
               invocation.say({"SINCE", "DEPUIS"}), invocation.say({"BY", "PAR"})});
  for (const Value& row : *rows)
    table.add({text_of(row, "kind"), text_of(row, "name"), text_of(row, "for"), time_for_people(text_of(row, "since")),
               text_of(row, "who")});
  return show_rows(
      invocation, "known", *rows, table,
      {"Nobody is known yet: chappe know add KIND NAME", "Personne n'est encore connu : chappe know add GENRE NOM"});
}

}  // namespace

std::span<const Binding> policy_bindings() {
  static constexpr Binding kBindings[] = {
      {"policy show", policy_show}, {"policy set", policy_set},   {"policy list", policy_list},
      {"know add", know_add},       {"know remove", know_remove}, {"know list", know_list},
  };
  return kBindings;
}

}  // namespace chappe::app
