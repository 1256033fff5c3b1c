// chappe store backup: copies of the store, with what a server needs besides.
#include <fmt/format.h>

#include <filesystem>

#include "app/admin.h"
#include "app/admin_call.h"
#include "app/admin_input.h"
#include "app/progress.h"
#include "base/text.h"
#include "store/backup.h"

namespace chappe::app {
namespace {

using codec::json::Value;
using codec::json::Writer;

int list(const Invocation& i, const std::string& folder) {
  const auto all = store::generations(store::posix_files(), folder);
  if (!all) return i.refuse(all.error());
  if (i.json()) {
    std::string out;
    Writer w(out);
    w.begin_object().key("generations").begin_array();
    for (const auto& g : *all)
      w.begin_object().field("generation", g.name).field("files", g.files).field("octets", g.octets).end_object();
    w.end_array().end_object();
    return print(out + "\n");
  }
  Table table({i.say({"GENERATION", "GÉNÉRATION"}), i.say({"FILES", "FICHIERS"}), i.say({"SIZE", "TAILLE"})});
  for (const auto& g : *all) table.add({g.name, std::to_string(g.files), size_for_people(g.octets, i.french())});
  return print(table.text());
}

int tell(const Invocation& i, const Value& last) {
  const bool configuration = last.get_bool("configuration").value_or(false);
  if (i.json()) {
    std::string out;
    Writer w(out);
    w.begin_object().field("generation", text_of(last, "generation"));
    for (const char* name : {"files", "octets", "copied"}) w.field(name, number_of(last, name));
    w.field("configuration", configuration).end_object();
    return print(out + "\n");
  }
  print(fmt::format(
      fmt::runtime(i.say({"Generation {}: {} files, {}, of which {} were copied; all of it was read back.\n",
                          "Génération {} : {} fichiers, {}, dont {} copiés ; tout a été relu.\n"})),
      text_of(last, "generation"), number_of(last, "files"), size_for_people(number_of(last, "octets"), i.french()),
      size_for_people(number_of(last, "copied"), i.french())));
  if (!configuration)
    print(
        i.say({"The configuration is not in it, nor what it names: only a data folder was known. With --config FILE, "
               "they are copied, too.\n",
               "La configuration n'y est pas, ni ce qu'elle nomme : seul un dossier de données était connu. Avec "
               "--config FILE, tout cela est copié aussi.\n"}));
  return 0;
}

}  // namespace

int store_backup(const Invocation& invocation) {
  const std::string destination = std::filesystem::absolute(invocation.argument(0)).lexically_normal().string();
  if (invocation.has("list")) return list(invocation, destination);
  const auto keep = to_number<std::uint32_t>(invocation.value("keep").value_or("0"));
  if (!keep)
    return invocation.refuse(Error(Errc::usage, std::string(invocation.say({"--keep is a number of generations",
                                                                            "--keep est un nombre de générations"}))));
  auto office = AdminOffice::open(invocation);
  if (!office) return invocation.refuse(office.error());
  Params params;
  params.add("destination", destination).add("keep", *keep);
  const auto begun = ask(**office, "store.backup", params);
  if (!begun) return invocation.refuse(begun.error());
  Value last;
  Progress progress(invocation);
  const auto done = follow(**office, number_of(begun->value, "job"), [&](const Value& answer) {
    last = answer;
    progress.show(number_of(answer, "octets"), number_of(answer, "all_octets"),
                  fmt::format(fmt::runtime(invocation.say({"{} of {} files", "{} fichiers sur {}"})),
                              number_of(answer, "files"), number_of(answer, "all_files")));
  });
  progress.clear();
  return done ? tell(invocation, last) : invocation.refuse(done.error());
}

}  // namespace chappe::app
