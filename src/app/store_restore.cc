// chappe store restore: all of a backup into a folder that does not exist yet, or letters of an account into the
// mailboxes that are there.
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "app/admin.h"
#include "app/admin_call.h"
#include "app/admin_input.h"
#include "app/importer.h"
#include "app/office_letters.h"
#include "app/progress.h"
#include "app/serve_user.h"
#include "base/text.h"
#include "post/mailbox/mailbox.h"
#include "store/backup.h"

namespace chappe::app {
namespace {

namespace fs = std::filesystem;
using codec::json::Value;
using codec::json::Writer;

constexpr std::uint64_t kPageOctets = 2 * 1024 * 1024;
constexpr std::uint64_t kSpare = 512 * 1024 * 1024;  // octets that a copy beside a store leaves free

Result<store::BackupProgress> restore(const Invocation& i, const std::string& source, const std::string& destination) {
  Progress progress(i);
  store::RestoreOptions options{
      .source = source, .generation = i.value("generation").value_or(""), .destination = destination, .progress = {}};
  options.progress = [&](const store::BackupProgress& p) {
    progress.show(p.octets, p.all_octets,
                  fmt::format(fmt::runtime(i.say({"{} of {} files", "{} fichiers sur {}"})), p.files, p.all_files));
    return true;
  };
  return store::restore(options);
}

// --- everything

// What root has restored goes to whom the configuration names.
Result<void> give(const std::string& folder, const Config& config) {
  if (geteuid() != 0 || config.server.user.empty()) return {};
  const User owner = TRY(find_user(config.server.user));
  const auto one = [&owner](const fs::path& path) -> Result<void> {
    if (lchown(path.c_str(), owner.uid, owner.gid) == 0) return {};
    return fail(Errc::io, "cannot give {} to {}", path.string(), owner.name);
  };
  TRY(one(folder));
  for (const auto& entry : fs::recursive_directory_iterator(folder)) TRY(one(entry.path()));
  return {};
}

int restore_all(const Invocation& i, const std::string& source) {
  const auto dir = i.value("dir");
  if (!dir)
    return i.refuse(Error(
        Errc::usage, std::string(i.say({"say into which folder: --dir DIR (it must not exist), or whose letters: "
                                        "--account ADDRESS",
                                        "dites dans quel dossier : --dir DIR (il ne doit pas exister), ou les lettres "
                                        "de qui : --account ADRESSE"}))));
  const std::string folder = fs::absolute(*dir).lexically_normal().string();
  const auto done = restore(i, source, folder);
  if (!done) return i.refuse(done.error());
  const std::string config = folder + "/config/chappe.toml";
  const bool configured = fs::exists(config);
  if (configured) {
    const auto read = load_config(config);
    if (!read) return i.refuse(read.error());
    if (const auto given = give(folder, *read); !given) return i.refuse(given.error());
  }
  if (i.json()) {
    std::string out;
    Writer w(out);
    w.begin_object().field("dir", folder).field("files", done->files).field("octets", done->octets);
    if (configured) w.field("config", config);
    w.end_object();
    return print(out + "\n");
  }
  print(fmt::format(fmt::runtime(i.say({"{} files restored ({}), each of them compared with its sum.\n",
                                        "{} fichiers restaurés ({}), chacun comparé à sa somme.\n"})),
                    done->files, size_for_people(done->octets, i.french())));
  return print(configured
                   ? fmt::format(fmt::runtime(i.say({"To serve it: chappe serve --config {}\n",
                                                     "Pour le servir : chappe serve --config {}\n"})),
                                 config)
                   : std::string(i.say({"The backup holds no configuration: name this folder as data_dir in one.\n",
                                        "La sauvegarde ne contient pas de configuration : nommez ce dossier comme "
                                        "data_dir dans une.\n"})));
}

// --- letters

// The backup as a store beside the one that gets its letters; goes with all that is in it.
class Beside {
 public:
  static Result<std::unique_ptr<Beside>> make(const Invocation& i, const std::string& source, const std::string& dir) {
    auto& files = store::posix_files();
    const auto all = TRY(store::generations(files, source));
    const std::string wanted = i.value("generation").value_or(all.back().name);
    for (const auto& g : all)
      if (g.name == wanted && TRY(files.free_space(dir)) < g.octets + kSpare)
        return fail(Errc::no_space, "{} has no room for a copy of the backup ({}) beside the store", dir,
                    size_for_people(g.octets, false));
    std::string folder = dir + "/restoring-XXXXXX";
    if (!mkdtemp(folder.data())) return fail(Errc::io, "cannot make a folder in {}: {}", dir, std::strerror(errno));
    std::unique_ptr<Beside> out(new Beside(folder));
    TRY(restore(i, source, folder + "/copy"));
    out->office_ = TRY(AdminOffice::open(folder + "/copy", Config()));
    return out;
  }
  ~Beside() {
    office_.reset();
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  AdminOffice& office() { return *office_; }

 private:
  explicit Beside(std::string folder) : folder_(std::move(folder)) {}
  const std::string folder_;
  std::unique_ptr<AdminOffice> office_;
};

class Bringing {
 public:
  Bringing(AdminOffice& from, std::string account, Importer& to) : from_(from), account_(std::move(account)), to_(to) {}

  // `only`: the mailbox of this name; empty: all of them.
  Result<void> mailboxes(const std::string& only) {
    Params params;
    params.add("account", account_);
    const Answer answer = TRY(ask(from_, "store.mailboxes", params));
    std::vector<std::string> names;
    for (const Value& m : TRY(answer.value.get("mailboxes"))->items()) {
      if (!only.empty() && text_of(m, "name") != only) continue;
      names.push_back(text_of(m, "name"));
      total_ += number_of(m, "size");
    }
    if (!only.empty() && names.empty())
      return fail(Errc::not_found, "{} has no mailbox {} in the backup", account_, printable(only));
    for (const std::string& name : names) TRY(mailbox(name));
    return {};
  }

  // The letter of this id, wherever it is.
  Result<void> letter(const std::string& id, const std::string& only) {
    Params params;
    params.add("account", account_).add("letter", id);
    const Answer answer = TRY(ask(from_, "store.find", params));
    bool found = false;
    for (const Value& place : TRY(answer.value.get("places"))->items()) {
      const std::string name = text_of(place, "mailbox");
      if (!only.empty() && name != only) continue;
      const std::uint64_t uid = number_of(place, "uid");
      const OfficePage page = TRY(read_letters(from_, account_, name, uid - 1, 1));
      if (page.letters.empty() || page.letters.front().uid.value != uid) continue;
      TRY(bring(name, page.letters.front()));
      found = true;
    }
    if (!found) return fail(Errc::not_found, "{} has no letter {} in the backup", account_, printable(id, 40));
    return {};
  }

 private:
  Result<void> mailbox(const std::string& name) {
    OfficePage page;
    do {
      page = TRY(read_letters(from_, account_, name, page.last, kPageOctets));
      for (const Outgoing& letter : page.letters) TRY(bring(name, letter));
    } while (page.more);
    return {};
  }

  Result<void> bring(const std::string& mailbox, const Outgoing& letter) {
    std::string where = fmt::format("{} {}", mailbox, letter.uid.value);
    const auto read = letter.read([this](ByteView octets) { return to_.octets(octets); });
    if (!read && read.error().code() == Errc::corrupt) {
      to_.drop();
      to_.skipped(std::move(where), read.error().text());
      return {};
    }
    TRY(Result<void>(read));
    TRY(to_.letter(
        {.mailbox = mailbox, .date = letter.date, .modified = {}, .flags = letter.flags, .where = std::move(where)}));
    done_ += letter.size;
    to_.progress(done_, total_);
    return {};
  }

  AdminOffice& from_;
  const std::string account_;
  Importer& to_;
  std::uint64_t done_ = 0, total_ = 0;
};

int restore_letters(const Invocation& i, const std::string& source, const std::string& account) {
  const std::string to = i.value("to").value_or(account);
  std::string only = i.value("mailbox").value_or("");
  if (!only.empty()) {
    const auto canonical = post::canonical_mailbox_name(only);
    if (!canonical) return i.refuse(canonical.error());
    only = *canonical;
  }
  // First the one that is served: without a server this process becomes the owner of the folder.
  const auto dir = data_dir_of(i);
  if (!dir) return i.refuse(dir.error());
  auto office = AdminOffice::open(i);
  if (!office) return i.refuse(office.error());
  Params params;
  params.add("address", to);
  if (const auto there = ask(**office, "account.show", params); !there) return i.refuse(there.error());
  auto beside = Beside::make(i, source, *dir);
  if (!beside) return i.refuse(beside.error());
  const auto importer = make_importer(i, **office, to, "");
  Bringing bringing((*beside)->office(), account, *importer);
  const auto id = i.value("letter");
  auto done = id ? bringing.letter(*id, only) : bringing.mailboxes(only);
  const auto finished = importer->finish();
  if (done) done = finished;
  return tell_import(i, importer->report(), done);
}

}  // namespace

int store_restore(const Invocation& invocation) {
  const std::string source = fs::absolute(invocation.argument(0)).lexically_normal().string();
  const auto account = invocation.value("account");
  if (account) return restore_letters(invocation, source, *account);
  for (const char* option : {"mailbox", "letter", "to"})
    if (invocation.has(option))
      return invocation.refuse(
          Error(Errc::usage,
                fmt::format(fmt::runtime(invocation.say({"--{} needs --account", "--{} demande --account"})), option)));
  return restore_all(invocation, source);
}

}  // namespace chappe::app
