#include "app/admin.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "app/admin_input.h"
#include "app/admin_office.h"
#include "app/admin_print.h"
#include "post/directory/apply.h"

namespace chappe::app {
namespace {

using codec::json::Value;
using codec::json::Writer;

constexpr std::size_t kPage = 10'000;

// The members of a JSON object, as it is put together.
class Params {
 public:
  Params() { writer_.begin_object(); }
  ~Params() { crypto::wipe(text_.data(), text_.size()); }
  template <class T>
  Params& add(std::string_view name, const T& value) {
    writer_.field(name, value);
    return *this;
  }
  Params& add_all(std::string_view name, std::span<const std::string> values) {
    writer_.key(name).begin_array();
    for (const auto& value : values) writer_.value(value);
    writer_.end_array();
    return *this;
  }
  // Once, at the end.
  std::string take() {
    writer_.end_object();
    return std::move(text_);
  }

 private:
  std::string text_;
  Writer writer_{text_};
};

struct Answer {
  std::string text;
  Value value;
};

Result<Answer> ask(AdminOffice& office, std::string_view method, Params& params) {
  std::string text = TRY(office.call(std::string(method), params.take()));
  Value value = TRY(codec::json::parse(text, {.bytes = kMaxAnswer}));
  return Answer{std::move(text), std::move(value)};
}

// One call, one answer, shown.
int show(const Invocation& invocation, std::string_view method, Params& params,
         std::string (*people)(const Invocation&, const Value&)) {
  auto office = AdminOffice::open(invocation);
  if (!office) return invocation.refuse(office.error());
  const auto answer = ask(**office, method, params);
  if (!answer) return invocation.refuse(answer.error());
  return print(invocation.json() ? answer->text + "\n" : people(invocation, answer->value));
}

// All pages of a list, as its rows. The member `name` of each answer is the array, `next` where the next page begins.
Result<std::vector<Value>> all_pages(const Invocation& invocation, std::string_view method, std::string_view name) {
  auto office = TRY(AdminOffice::open(invocation));
  std::vector<Value> rows;
  Value next;
  for (;;) {
    Params params;
    params.add("limit", kPage);
    if (const auto text = next.as_string()) params.add("after", *text);
    if (const auto number = next.as_int()) params.add("after", *number);
    const Answer answer = TRY(ask(*office, method, params));
    const Value* page = TRY(answer.value.get(name));
    rows.insert(rows.end(), page->items().begin(), page->items().end());
    const Value* more = answer.value.find("next");
    if (!more) return rows;
    next = *more;
  }
}

int show_rows(const Invocation& invocation, std::string_view name, const std::vector<Value>& rows, Table& table,
              Text none) {
  if (!invocation.json()) {
    if (table.empty()) std::fprintf(stderr, "%s\n", std::string(invocation.say(none)).c_str());
    return table.empty() ? 0 : print(table.text());
  }
  std::string out;
  Writer w(out);
  w.begin_object().key(name).begin_array();
  for (const Value& row : rows) write_json(w, row);
  w.end_array().end_object();
  return print(out + "\n");
}

std::string text_of(const Value& row, std::string_view name) { return std::string(row.get_string(name).value_or("")); }
std::uint64_t number_of(const Value& row, std::string_view name) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, row.get_int(name).value_or(0)));
}
bool yes(const Value& row, std::string_view name) { return row.get_bool(name).value_or(false); }
std::string_view yes_no(const Invocation& i, bool b) { return b ? i.say({"yes", "oui"}) : i.say({"no", "non"}); }
std::string quota_of(const Invocation& i, const Value& row) {
  const std::uint64_t quota = number_of(row, "quota");
  return quota ? size_for_people(quota, i.french()) : std::string(i.say({"none", "aucun"}));
}
std::string list_of(const Value& row, std::string_view name) {
  std::string out;
  const Value* items = row.find(name);
  if (!items) return out;
  for (const Value& item : items->items())
    out += (out.empty() ? "" : ", ") + std::string(item.as_string().value_or(""));
  return out;
}

// A sentence about the verb's first word.
std::string sentence(const Invocation& i, Text text) {
  return fmt::format(fmt::runtime(i.say(text)), one_line(i.argument(0))) + "\n";
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

// --- the queue

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
    {"alias remove", alias_remove},   {"queue list", queue_list},       {"queue show", queue_show},
    {"queue drop", queue_drop},       {"config export", config_export}, {"config apply", config_apply},
};

}  // namespace

std::span<const Binding> admin_bindings() { return kBindings; }

}  // namespace chappe::app
