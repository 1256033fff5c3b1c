#include <fmt/format.h>

#include "app/admin.h"
#include "app/admin_call.h"
#include "app/admin_input.h"
#include "post/directory/apply.h"

namespace chappe::app {
namespace {

using codec::json::Value;

std::string quota_of(const Invocation& i, const Value& row) {
  const std::uint64_t quota = number_of(row, "quota");
  return quota ? size_for_people(quota, i.french()) : std::string(i.say({"none", "aucun"}));
}

// --- domains

std::string domain_facts(const Invocation& i, const Value& d) {
  const Value* settings = d.find("settings");
  static const Value kNothing;
  const Value& s = settings ? *settings : kNothing;
  Facts facts;
  facts.add(i.say({"Domain", "Domaine"}), text_of(d, "written"));
  if (text_of(d, "written") != text_of(d, "name")) facts.add(i.say({"In the DNS", "Dans le DNS"}), text_of(d, "name"));
  facts.add(i.say({"Since", "Depuis"}), time_for_people(text_of(d, "created")));
  facts.add(i.say({"Accounts", "Comptes"}), std::to_string(number_of(d, "accounts")));
  facts.add(i.say({"Aliases", "Alias"}), std::to_string(number_of(d, "aliases")));
  facts.add("SCRAM", yes_no(i, yes(s, "scram")));
  const std::string separator = text_of(s, "separator");
  facts.add(i.say({"Detail after", "Détail après"}), separator.empty() ? i.say({"none", "aucun"}) : separator);
  facts.add(i.say({"Detail names folder", "Détail nomme dossier"}), yes_no(i, yes(s, "detail_is_folder")));
  return facts.text();
}

int domain_add(const Invocation& invocation) {
  Params params;
  params.add("domain", invocation.argument(0));
  return show(invocation, "domain.add", params, [](const Invocation& i, const Value&) {
    return sentence(i, {"Mail for {} is taken from now on.", "Le courrier pour {} est désormais reçu."});
  });
}

int domain_list(const Invocation& invocation) {
  const auto rows = [&]() -> Result<std::vector<Value>> {
    auto office = TRY(AdminOffice::open(invocation));
    Params params;
    const Answer answer = TRY(ask(*office, "domain.list", params));
    return TRY(answer.value.get("domains"))->items();
  }();
  if (!rows) return invocation.refuse(rows.error());
  Table table({invocation.say({"DOMAIN", "DOMAINE"}), invocation.say({"SINCE", "DEPUIS"})});
  for (const Value& d : *rows) table.add({text_of(d, "written"), time_for_people(text_of(d, "created"))});
  return show_rows(invocation, "domains", *rows, table,
                   {"There are no domains yet: chappe domain add DOMAIN",
                    "Il n'y a pas encore de domaine : chappe domain add DOMAINE"});
}

int domain_show(const Invocation& invocation) {
  Params params;
  params.add("domain", invocation.argument(0));
  return show(invocation, "domain.show", params, domain_facts);
}

int domain_remove(const Invocation& invocation) {
  Params params;
  params.add("domain", invocation.argument(0));
  return show(invocation, "domain.remove", params, [](const Invocation& i, const Value&) {
    return sentence(i, {"Mail for {} is no longer taken.", "Le courrier pour {} n'est plus reçu."});
  });
}

// --- accounts

std::string account_facts(const Invocation& i, const Value& a) {
  Facts facts;
  facts.add(i.say({"Account", "Compte"}), text_of(a, "address"));
  if (!text_of(a, "name").empty()) facts.add(i.say({"Name", "Nom"}), text_of(a, "name"));
  facts.add(i.say({"Since", "Depuis"}), time_for_people(text_of(a, "created")));
  facts.add(i.say({"Enabled", "Activé"}), yes_no(i, yes(a, "enabled")));
  facts.add(i.say({"Password", "Mot de passe"}), yes_no(i, yes(a, "password")));
  facts.add(i.say({"Messages", "Messages"}), std::to_string(number_of(a, "messages")));
  facts.add(i.say({"Size", "Taille"}), size_for_people(number_of(a, "size"), i.french()));
  facts.add(i.say({"Quota", "Quota"}), quota_of(i, a));
  return facts.text();
}

int account_add(const Invocation& invocation) {
  const auto password = read_password(invocation);
  if (!password) return invocation.refuse(password.error());
  Params params;
  params.add("address", invocation.argument(0)).add("password", password->reveal());
  return show(invocation, "account.add", params, [](const Invocation& i, const Value&) {
    return sentence(i, {"The account {} is open.", "Le compte {} est ouvert."});
  });
}

int account_password(const Invocation& invocation) {
  const auto password = read_password(invocation);
  if (!password) return invocation.refuse(password.error());
  Params params;
  params.add("address", invocation.argument(0)).add("password", password->reveal());
  return show(invocation, "account.password", params, [](const Invocation& i, const Value&) {
    return sentence(i, {"{} has another password now.", "{} a désormais un autre mot de passe."});
  });
}

int account_list(const Invocation& invocation) {
  const auto rows = all_pages(invocation, "account.list", "accounts");
  if (!rows) return invocation.refuse(rows.error());
  Table table({invocation.say({"ADDRESS", "ADRESSE"}), invocation.say({"ENABLED", "ACTIVÉ"}),
               invocation.say({"PASSWORD", "MOT DE PASSE"}), "QUOTA", invocation.say({"SINCE", "DEPUIS"}),
               invocation.say({"NAME", "NOM"})});
  for (const Value& a : *rows)
    table.add({text_of(a, "address"), std::string(yes_no(invocation, yes(a, "enabled"))),
               std::string(yes_no(invocation, yes(a, "password"))), quota_of(invocation, a),
               time_for_people(text_of(a, "created")), text_of(a, "name")});
  return show_rows(invocation, "accounts", *rows, table,
                   {"There are no accounts yet: chappe account add ADDRESS",
                    "Il n'y a pas encore de compte : chappe account add ADRESSE"});
}

int account_show(const Invocation& invocation) {
  Params params;
  params.add("address", invocation.argument(0));
  return show(invocation, "account.show", params, account_facts);
}

int account_remove(const Invocation& invocation) {
  Params params;
  params.add("address", invocation.argument(0));
  return show(invocation, "account.remove", params, [](const Invocation& i, const Value&) {
    return sentence(
        i, {"The account {} is closed, and its mail deleted.", "Le compte {} est fermé, et son courrier supprimé."});
  });
}

// --- aliases

int alias_add(const Invocation& invocation) {
  Params params;
  params.add("address", invocation.argument(0)).add_all("targets", std::span(invocation.arguments()).subspan(1));
  return show(invocation, "alias.add", params, [](const Invocation& i, const Value&) {
    std::string targets;
    for (const auto& target : std::span(i.arguments()).subspan(1)) targets += (targets.empty() ? "" : ", ") + target;
    return fmt::format(fmt::runtime(i.say({"Mail for {} goes to {}.\n", "Le courrier pour {} va à {}.\n"})),
                       one_line(i.argument(0)), one_line(targets));
  });
}

int alias_list(const Invocation& invocation) {
  const auto rows = [&]() -> Result<std::vector<Value>> {
    auto office = TRY(AdminOffice::open(invocation));
    Params params;
    const Answer answer = TRY(ask(*office, "alias.list", params));
    return TRY(answer.value.get("aliases"))->items();
  }();
  if (!rows) return invocation.refuse(rows.error());
  Table table({invocation.say({"ADDRESS", "ADRESSE"}), invocation.say({"TARGETS", "CIBLES"})});
  for (const Value& a : *rows) table.add({text_of(a, "address"), list_of(a, "targets")});
  return show_rows(invocation, "aliases", *rows, table,
                   {"There are no aliases: chappe alias add ADDRESS TARGET...",
                    "Il n'y a pas d'alias : chappe alias add ADRESSE CIBLE..."});
}

int alias_show(const Invocation& invocation) {
  Params params;
  params.add("address", invocation.argument(0));
  return show(invocation, "alias.show", params, [](const Invocation& i, const Value& a) {
    Facts facts;
    facts.add("Alias", text_of(a, "address"));
    facts.add(i.say({"Since", "Depuis"}), time_for_people(text_of(a, "created")));
    facts.add(i.say({"Targets", "Cibles"}), list_of(a, "targets"));
    return facts.text();
  });
}

int alias_remove(const Invocation& invocation) {
  Params params;
  params.add("address", invocation.argument(0));
  return show(invocation, "alias.remove", params, [](const Invocation& i, const Value&) {
    return sentence(i, {"The alias {} is gone.", "L'alias {} n'existe plus."});
  });
}

// --- the directory as text

int config_export(const Invocation& invocation) {
  Params params;
  params.add("hashes", true);
  return show(invocation, "config.export", params,
              [](const Invocation&, const Value& answer) { return text_of(answer, "text"); });
}

int config_apply(const Invocation& invocation) {
  const auto text = read_input(invocation.argument(0), post::kMaxDirectoryText);
  if (!text) return invocation.refuse(text.error());
  Params params;
  params.add("text", *text);
  return show(invocation, "config.apply", params, [](const Invocation& i, const Value& answer) {
    const Value* differences = answer.find("differences");
    if (!differences || differences->items().empty())
      return std::string(i.say({"Nothing changes: it is so already.\n", "Rien ne change : c'est déjà ainsi.\n"}));
    std::string out;
    for (const Value& d : differences->items()) {
      const std::string kind = text_of(d, "kind");
      out += one_line(fmt::format("{} {} {}{}{}",
                                  kind == "added"     ? "+"
                                  : kind == "removed" ? "-"
                                                      : "~",
                                  text_of(d, "what"), text_of(d, "object"), text_of(d, "text").empty() ? "" : ": ",
                                  text_of(d, "text"))) +
             "\n";
    }
    return out;
  });
}

constexpr Binding kBindings[] = {
    {"domain add", domain_add},       {"domain list", domain_list},     {"domain show", domain_show},
    {"domain remove", domain_remove}, {"account add", account_add},     {"account password", account_password},
    {"account list", account_list},   {"account show", account_show},   {"account remove", account_remove},
    {"alias add", alias_add},         {"alias list", alias_list},       {"alias show", alias_show},
    {"alias remove", alias_remove},   {"config export", config_export}, {"config apply", config_apply},
};

}  // namespace

std::span<const Binding> directory_bindings() { return kBindings; }

}  // namespace chappe::app
