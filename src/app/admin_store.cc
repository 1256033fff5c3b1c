// chappe store undelete, hold: what was deleted and can be brought back, and what must not go.
#include <fmt/format.h>

#include "app/admin.h"
#include "app/admin_call.h"
#include "app/admin_input.h"
#include "app/progress.h"

namespace chappe::app {
namespace {

using codec::json::Value;
using codec::json::Writer;

constexpr std::size_t kMostShown = 1000;  // letters of a list, for people and programs alike

// What the options say of letters; false, and why, when it cannot be understood.
Result<void> describe(const Invocation& i, Params& params) {
  params.add("account", i.argument(0));
  if (const auto since = i.value("since")) params.add("since", TRY(moment(*since)));
  if (const auto mailbox = i.value("mailbox")) params.add("mailbox", *mailbox);
  return {};
}

struct Deleted {
  std::vector<Value> letters;
  bool more = false;
};

Result<Deleted> deleted(const Invocation& i, AdminOffice& office) {
  Deleted out;
  std::string after;
  do {
    Params params;
    TRY(describe(i, params));
    if (!after.empty()) params.add("after", after);
    const Answer answer = TRY(ask(office, "store.deleted", params));
    for (const Value& letter : TRY(answer.value.get("letters"))->items()) out.letters.push_back(letter);
    after = text_of(answer.value, "next");
  } while (!after.empty() && out.letters.size() < kMostShown);
  out.more = !after.empty();
  return out;
}

int list(const Invocation& i, AdminOffice& office) {
  const auto found = deleted(i, office);
  if (!found) return i.refuse(found.error());
  Table table({i.say({"DELETED", "SUPPRIMÉE"}), i.say({"MAILBOX", "BOÎTE"}), i.say({"SIZE", "TAILLE"}),
               i.say({"FROM", "DE"}), i.say({"SUBJECT", "OBJET"})});
  for (const Value& letter : found->letters)
    table.add({time_for_people(text_of(letter, "deleted")), text_of(letter, "mailbox"),
               size_for_people(number_of(letter, "size"), i.french()), text_of(letter, "from"),
               text_of(letter, "subject")});
  const int code = show_rows(i, "letters", found->letters, table,
                             {"No such letter is kept.", "Aucune lettre de ce genre n'est conservée."});
  if (i.json() || found->letters.empty()) return code;
  if (found->more) std::fprintf(stderr, "%s\n", std::string(i.say({"… and more.", "… et d'autres."})).c_str());
  if (!i.has("list"))
    std::fprintf(stderr, "%s\n",
                 std::string(i.say({"To bring them back, say --yes.", "Pour les récupérer, dites --yes."})).c_str());
  return code;
}

int undelete(const Invocation& i) {
  auto office = AdminOffice::open(i);
  if (!office) return i.refuse(office.error());
  if (i.has("list") || !i.has("yes")) return list(i, **office);
  std::uint64_t letters = 0, size = 0;
  std::string after;
  std::optional<Error> error;
  {
    Progress progress(i);
    do {
      Params params;
      if (const auto described = describe(i, params); !described) return i.refuse(described.error());
      if (const auto to = i.value("to")) params.add("to", *to);
      if (const auto into = i.value("into")) params.add("into", *into);
      if (!after.empty()) params.add("after", after);
      const auto answer = ask(**office, "store.undelete", params);
      if (!answer) {
        error = answer.error();
        break;
      }
      letters += number_of(answer->value, "letters");
      size += number_of(answer->value, "size");
      after = text_of(answer->value, "next");
      progress.show(0, 0, fmt::format(fmt::runtime(i.say({"{} letters", "{} lettres"})), letters));
    } while (!after.empty());
  }
  if (i.json()) {
    std::string out;
    Writer(out).begin_object().field("letters", letters).field("size", size).field("complete", !error).end_object();
    print(out + "\n");
  } else {
    print(fmt::format(fmt::runtime(i.say({"{} letters brought back ({}).\n", "{} lettres récupérées ({}).\n"})),
                      letters, size_for_people(size, i.french())));
  }
  return error ? i.refuse(*error) : 0;
}

int hold_add(const Invocation& i) {
  Params params;
  params.add("object", i.argument(0));
  if (const auto reason = i.value("reason")) params.add("reason", *reason);
  return show(i, "hold.add", params, [](const Invocation& in, const Value&) {
    return sentence(in, {"Nothing that {} deletes goes for good from now on.",
                         "Rien de ce que supprime {} ne disparaît désormais."});
  });
}

int hold_remove(const Invocation& i) {
  Params params;
  params.add("object", i.argument(0));
  return show(i, "hold.remove", params, [](const Invocation& in, const Value&) {
    return sentence(in, {"{} is no longer under legal hold.", "{} n'est plus sous conservation légale."});
  });
}

int hold_list(const Invocation& i) {
  Params params;
  return show(i, "hold.list", params, [](const Invocation& in, const Value& answer) -> std::string {
    Table table(
        {in.say({"WHOSE", "DE QUI"}), in.say({"SINCE", "DEPUIS"}), in.say({"BY", "PAR"}), in.say({"WHY", "POURQUOI"})});
    const Value* holds = answer.find("holds");
    if (!holds || holds->items().empty())
      return std::string(in.say({"Nothing is under legal hold.\n", "Rien n'est sous conservation légale.\n"}));
    for (const Value& hold : holds->items())
      table.add({text_of(hold, "object"), time_for_people(text_of(hold, "since")), text_of(hold, "who"),
                 text_of(hold, "reason")});
    return table.text();
  });
}

constexpr Binding kBindings[] = {
    {"store import", store_import},     {"store export", store_export},   {"store undelete", undelete},
    {"store verify", store_verify},     {"store repair", store_repair},   {"store backup", store_backup},
    {"store restore", store_restore},   {"store hold add", hold_add},     {"store hold list", hold_list},
    {"store hold remove", hold_remove}, {"store reindex", store_reindex},
};

}  // namespace

std::span<const Binding> store_bindings() { return kBindings; }

}  // namespace chappe::app
