// chappe grant …
#include <fmt/format.h>

#include "app/admin.h"
#include "app/admin_call.h"

namespace chappe::app {
namespace {

using codec::json::Value;

std::string in_words(const Invocation& i, Text text) {
  return fmt::format(fmt::runtime(i.say(text)), one_line(i.argument(0)), one_line(i.argument(1)));
}

int grant_add(const Invocation& invocation) {
  Params params;
  params.add("account", invocation.argument(0)).add("identity", invocation.argument(1));
  params.add("on_behalf", invocation.has("on-behalf"));
  return show(invocation, "grant.add", params, [](const Invocation& i, const Value&) {
    if (i.has("on-behalf"))
      return in_words(i, {"{} may write on behalf of {}, with itself as Sender.\n",
                          "{} peut écrire pour le compte de {}, en se nommant dans Sender.\n"});
    return in_words(i, {"{} may write as {}.\n", "{} peut écrire en tant que {}.\n"});
  });
}

int grant_list(const Invocation& invocation) {
  const auto rows = [&]() -> Result<std::vector<Value>> {
    auto office = TRY(AdminOffice::open(invocation));
    Params params;
    if (!invocation.arguments().empty()) params.add("account", invocation.argument(0));
    const Answer answer = TRY(ask(*office, "grant.list", params));
    return TRY(answer.value.get("grants"))->items();
  }();
  if (!rows) return invocation.refuse(rows.error());
  Table table({invocation.say({"ACCOUNT", "COMPTE"}), invocation.say({"MAY", "PEUT"}),
               invocation.say({"IDENTITY", "IDENTITÉ"}), invocation.say({"SINCE", "DEPUIS"})});
  for (const Value& g : *rows)
    table.add({text_of(g, "account"),
               std::string(yes(g, "on_behalf") ? invocation.say({"write on behalf of", "écrire pour le compte de"})
                                               : invocation.say({"write as", "écrire en tant que"})),
               text_of(g, "identity"), time_for_people(text_of(g, "created"))});
  return show_rows(invocation, "grants", *rows, table,
                   {"Nobody may write as somebody else: chappe grant add ACCOUNT IDENTITY",
                    "Personne ne peut écrire en tant que quelqu'un d'autre : chappe grant add COMPTE IDENTITÉ"});
}

int grant_remove(const Invocation& invocation) {
  Params params;
  params.add("account", invocation.argument(0)).add("identity", invocation.argument(1));
  return show(invocation, "grant.remove", params, [](const Invocation& i, const Value&) {
    return in_words(i, {"{} may no longer write as {}.\n", "{} ne peut plus écrire en tant que {}.\n"});
  });
}

}  // namespace

std::span<const Binding> grant_bindings() {
  static constexpr Binding kBindings[] = {
      {"grant add", grant_add}, {"grant list", grant_list}, {"grant remove", grant_remove}};
  return kBindings;
}

}  // namespace chappe::app
