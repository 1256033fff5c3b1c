// chappe key …
#include <fmt/format.h>

#include "app/admin.h"
#include "app/admin_call.h"
#include "app/admin_input.h"
#include "crypto/signature.h"
#include "post/keys/dkim_key.h"
#include "post/keys/keys.h"
#include "post/keys/opendkim.h"

namespace chappe::app {
namespace {

using codec::json::Value;

constexpr std::size_t kMaxTable = 16 * 1024 * 1024;  // octets of a table of OpenDKIM

std::string_view state_words(const Invocation& i, const std::string& id) {
  for (const post::KeyStateRow& row : post::key_state_rows())
    if (row.id == id) return i.french() ? row.fr : row.en;
  return {};
}

std::string key_facts(const Invocation& i, const Value& key) {
  const std::string state = text_of(key, "state");
  Facts facts;
  facts.add(i.say({"Key", "Clef"}), text_of(key, "name"));
  facts.add(i.say({"Algorithm", "Algorithme"}),
            fmt::format("{} {}", text_of(key, "algorithm"), number_of(key, "bits")));
  facts.add(i.say({"State", "État"}), fmt::format("{}: {}", state, state_words(i, state)));
  facts.add(i.say({"Since", "Depuis"}), time_for_people(text_of(key, "since")));
  facts.add("TXT", text_of(key, "record"));
  return facts.text();
}

int key_new(const Invocation& invocation) {
  const std::string algorithm = *invocation.value("algorithm");
  std::vector<Value> made;
  const auto done = [&]() -> Result<void> {
    const bool both = algorithm == "both";
    if (both && invocation.has("selector"))
      return fail(Errc::usage, "--selector names one key: say --algorithm rsa or --algorithm ed25519 with it");
    auto office = TRY(AdminOffice::open(invocation));
    for (const std::string_view one : {"rsa", "ed25519"}) {
      if (!both && algorithm != one) continue;
      Params params;
      params.add("domain", invocation.argument(0)).add("algorithm", one);
      if (const auto selector = invocation.value("selector")) params.add("selector", *selector);
      made.push_back(TRY(ask(*office, "key.new", params)).value);
    }
    return {};
  }();
  if (!done) return invocation.refuse(done.error());
  std::string out;
  if (invocation.json()) {
    codec::json::Writer w(out);
    w.begin_object().key("keys").begin_array();
    for (const Value& key : made) write_json(w, key);
    w.end_array().end_object();
    return print(out + "\n");
  }
  for (const Value& key : made) out += key_facts(invocation, key) + "\n";
  out += fmt::format(
      fmt::runtime(invocation.say({"Next: publish what chappe dns records {} says, then chappe key set {} SELECTOR "
                                   "signing\n",
                                   "Ensuite : publier ce que dit chappe dns records {}, puis chappe key set {} "
                                   "SÉLECTEUR signing\n"})),
      invocation.argument(0), invocation.argument(0));
  return print(out);
}

// Of a line of a KeyTable: the file that it names, or the key that stands in it.
Result<crypto::Secret> pem_of(const post::OpendkimImport& row) {
  if (!row.der) return crypto::Secret::take(TRY(read_input(row.file, crypto::kMaxPem)));
  return TRY(crypto::PrivateKey::from_der(*row.der, post::Keys::kMostBits)).pem();
}

Result<void> import_one(AdminOffice& office, const post::OpendkimImport& row) {
  const crypto::Secret pem = TRY(pem_of(row));
  Params params;
  params.add("domain", row.domain).add("selector", row.selector).add("pem", pem.reveal());
  params.add("state", row.signs ? "signing" : "published");
  TRY(ask(office, "key.import", params));
  return {};
}

// All keys of OpenDKIM's tables. What cannot be taken over is told, and the others are.
int import_tables(const Invocation& i) {
  std::vector<post::OpendkimImport> imports;
  std::vector<post::OpendkimFlaw> flaws;
  std::vector<std::string> taken, refused;
  const auto done = [&]() -> Result<void> {
    const crypto::Secret key_table = crypto::Secret::take(TRY(read_input(*i.value("opendkim"), kMaxTable)));
    const auto keys = post::parse_key_table(key_table.reveal());
    std::optional<post::OpendkimTable<post::OpendkimSigning>> signing;
    if (const auto file = i.value("signing-table"))
      signing = post::parse_signing_table(TRY(read_input(*file, kMaxTable)));
    flaws = keys.flaws;
    if (signing) flaws.insert(flaws.end(), signing->flaws.begin(), signing->flaws.end());
    imports = post::opendkim_imports(keys, signing ? &*signing : nullptr, flaws);
    auto office = TRY(AdminOffice::open(i));
    for (const post::OpendkimImport& key : imports) {
      const std::string name = fmt::format("{}._domainkey.{}", key.selector, key.domain);
      const auto one = import_one(*office, key);
      if (one)
        taken.push_back(name);
      else
        refused.push_back(fmt::format("{}: {}", name, one.error().text()));
    }
    return {};
  }();
  if (!done) return i.refuse(done.error());
  for (const auto& flaw : flaws) {
    const char* const table = flaw.file == post::OpendkimFile::key_table ? "opendkim" : "signing-table";
    refused.push_back(fmt::format("{}:{}: {}", *i.value(table), flaw.line, flaw.what));
  }
  std::string out;
  if (i.json()) {
    codec::json::Writer w(out);
    w.begin_object().key("imported").begin_array();
    for (const auto& name : taken) w.value(name);
    w.end_array().key("refused").begin_array();
    for (const auto& why : refused) w.value(why);
    w.end_array().end_object();
    out += '\n';
  } else {
    for (const auto& why : refused) out += one_line(why) + "\n";
    out +=
        fmt::format(fmt::runtime(i.say({"{} keys taken over, {} lines not.\n", "{} clefs reprises, {} lignes non.\n"})),
                    taken.size(), refused.size());
  }
  const int printed = print(out);
  return printed != 0 || refused.empty() ? printed : error_row(Errc::invalid).exit;
}

int key_import(const Invocation& invocation) {
  if (invocation.has("opendkim")) return import_tables(invocation);
  if (invocation.arguments().empty() || !invocation.has("selector") || !invocation.has("key"))
    return invocation.refuse(
        Error(Errc::usage,
              std::string(invocation.say({"say DOMAIN --selector S --key FILE, or --opendkim KEYTABLE",
                                          "dites DOMAINE --selector S --key FICHIER, ou --opendkim KEYTABLE"}))));
  const auto done = [&]() -> Result<Value> {
    auto office = TRY(AdminOffice::open(invocation));
    const crypto::Secret pem = crypto::Secret::take(TRY(read_input(*invocation.value("key"), crypto::kMaxPem)));
    Params params;
    params.add("domain", invocation.argument(0)).add("selector", *invocation.value("selector"));
    params.add("pem", pem.reveal()).add("state", *invocation.value("state"));
    return TRY(ask(*office, "key.import", params)).value;
  }();
  if (!done) return invocation.refuse(done.error());
  std::string out;
  if (!invocation.json()) return print(key_facts(invocation, *done));
  codec::json::Writer w(out);
  write_json(w, *done);
  return print(out + "\n");
}

int key_list(const Invocation& invocation) {
  const auto rows = [&]() -> Result<std::vector<Value>> {
    auto office = TRY(AdminOffice::open(invocation));
    Params params;
    if (!invocation.arguments().empty()) params.add("domain", invocation.argument(0));
    const Answer answer = TRY(ask(*office, "key.list", params));
    return TRY(answer.value.get("keys"))->items();
  }();
  if (!rows) return invocation.refuse(rows.error());
  Table table({invocation.say({"DOMAIN", "DOMAINE"}), invocation.say({"SELECTOR", "SÉLECTEUR"}),
               invocation.say({"ALGORITHM", "ALGORITHME"}), "BITS", invocation.say({"STATE", "ÉTAT"}),
               invocation.say({"SINCE", "DEPUIS"})});
  for (const Value& key : *rows)
    table.add({text_of(key, "domain"), text_of(key, "selector"), text_of(key, "algorithm"),
               std::to_string(number_of(key, "bits")), text_of(key, "state"), time_for_people(text_of(key, "since"))});
  return show_rows(
      invocation, "keys", *rows, table,
      {"There are no keys yet: chappe key new DOMAIN", "Il n'y a pas encore de clef : chappe key new DOMAINE"});
}

int key_set(const Invocation& invocation) {
  Params params;
  params.add("domain", invocation.argument(0)).add("selector", invocation.argument(1));
  params.add("state", invocation.argument(2));
  return show(invocation, "key.set", params, key_facts);
}

int key_remove(const Invocation& invocation) {
  Params params;
  params.add("domain", invocation.argument(0)).add("selector", invocation.argument(1));
  return show(invocation, "key.remove", params, [](const Invocation& i, const Value&) {
    return sentence(i, {"The key of {} is forgotten.", "La clef de {} est oubliée."});
  });
}

}  // namespace

std::span<const Binding> key_bindings() {
  static constexpr Binding kBindings[] = {
      {"key new", key_new}, {"key import", key_import}, {"key list", key_list},
      {"key set", key_set}, {"key remove", key_remove},
  };
  return kBindings;
}

}  // namespace chappe::app
