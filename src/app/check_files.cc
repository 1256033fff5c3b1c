// The checks of what lies on the disk: the user, the folder, the store, the certificates.
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "app/admin_input.h"
#include "app/admin_print.h"
#include "app/check.h"
#include "app/serve_user.h"
#include "crypto/certificate.h"
#include "store/rocks.h"

namespace chappe::app {

namespace {

constexpr std::int64_t kDaysToRenew = 14;
constexpr std::uint64_t kScarce = 1024ull * 1024 * 1024;  // octets

// Who the server will be: server.user, else who runs this.
std::pair<unsigned, std::string> server_user(const Config& config) {
  if (!config.server.user.empty())
    if (const auto user = find_user(config.server.user)) return {user->uid, user->name};
  return {geteuid(), user_name(geteuid())};
}

// Opens the store and closes it again, as `uid`, in a process of its own: root must not leave files of his there. An
// empty text: it went well.
Result<void> try_store(const std::string& path, unsigned uid, unsigned gid) {
  int ends[2];
  if (pipe(ends) != 0) return fail(Errc::io, "no pipe: {}", std::strerror(errno));
  const pid_t child = fork();
  if (child < 0) return fail(Errc::io, "no process: {}", std::strerror(errno));
  if (child == 0) {
    ::close(ends[0]);
    Result<void> outcome;
    if (geteuid() == 0 && uid != 0) outcome = become(User{user_name(uid), uid, gid});
    if (outcome) {
      store::RocksOptions options;
      options.path = path;
      options.reserve = 0;
      auto opened = store::open_rocks(std::move(options));
      if (opened) (void)opened->release();  // this process ends here, which a store survives
      if (!opened) outcome = std::unexpected(std::move(opened.error()));
    }
    if (!outcome) {
      const std::string text = static_cast<char>(outcome.error().code()) + outcome.error().text();
      (void)!::write(ends[1], text.data(), text.size());
    }
    _exit(0);
  }
  ::close(ends[1]);
  std::string text;
  char piece[4096];
  for (ssize_t n = 0; (n = ::read(ends[0], piece, sizeof piece)) > 0;) text.append(piece, static_cast<std::size_t>(n));
  ::close(ends[0]);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status)) return fail(Errc::corrupt, "opening it ended in a crash");
  if (text.empty()) return {};
  return std::unexpected(Error(static_cast<Errc>(text[0]), text.substr(1)));
}

void check_life(CheckList& out, const std::string& file, const crypto::CertificateFacts& facts, Time now) {
  const auto days = std::chrono::duration_cast<std::chrono::hours>(facts.not_after - now).count() / 24;
  const std::string until = to_rfc3339(facts.not_after).substr(0, 10);
  if (now > facts.not_after) {
    out.add(Health::failure, "tls", {"{} expired on {}", "{} a expiré le {}"}, file, until).fix = "certbot renew";
  } else if (now < facts.not_before) {
    const std::string from = to_rfc3339(facts.not_before);
    out.add(Health::failure, "tls",
            {"{} is not valid before {}: is the clock right?",
             "{} n'est pas valable avant {} : l'horloge est-elle juste ?"},
            file, from)
        .fix = "timedatectl";
  } else if (days < kDaysToRenew) {
    out.add(Health::warning, "tls", {"{} expires in {} days, on {}", "{} expire dans {} jours, le {}"}, file, days,
            until)
        .fix = "certbot renew";
  } else {
    std::string names;
    for (const auto& name : facts.dns_names) names += (names.empty() ? "" : " ") + name;
    for (const auto& address : facts.addresses) names += (names.empty() ? "" : " ") + address;
    out.add(Health::ok, "tls", {"{}: {}, {} days left, for {}", "{} : {}, encore {} jours, pour {}"}, file,
            facts.key_type, days, names);
  }
}

void check_key(CheckList& out, const std::string& key_file, const std::string& certificate_file,
               std::string_view certificate) {
  constexpr std::size_t kMaxKey = 64 * 1024;
  auto text = read_input(key_file, kMaxKey);
  if (!text) {
    out.add(Health::failure, "tls", {"key: {}", "clé : {}"}, text.error().text());
    return;
  }
  const auto key = crypto::Secret::take(std::move(*text));
  const auto matches = crypto::key_matches(key, certificate);
  if (!matches) {
    out.add(Health::failure, "tls", {"key {}: {}", "clé {} : {}"}, key_file, matches.error().text());
  } else if (!*matches) {
    out.add(Health::failure, "tls",
            {"the key {} does not belong to the certificate {}", "la clé {} n'est pas celle du certificat {}"},
            key_file, certificate_file);
  }
  struct stat there{};
  if (stat(key_file.c_str(), &there) == 0 && (there.st_mode & S_IROTH))
    out.add(Health::warning, "tls", {"everybody may read the key {}", "tout le monde peut lire la clé {}"}, key_file)
        .fix = fmt::format("chmod o-r {}", key_file);
}

void check_pair(CheckList& out, const std::string& file, const std::string& key, const std::string& host, Time now) {
  const auto certificate = read_input(file, crypto::kMaxCertificateText);
  if (!certificate) {
    out.add(Health::failure, "tls", {"certificate: {}", "certificat : {}"}, certificate.error().text());
    return;
  }
  const auto facts = crypto::certificate_facts(*certificate);
  if (!facts) {
    out.add(Health::failure, "tls", {"certificate {}: {}", "certificat {} : {}"}, file, facts.error().text());
    return;
  }
  check_life(out, file, *facts, now);
  if (!facts->covers(host))
    out.add(Health::warning, "tls",
            {"{} is not for {}: clients that ask for that name will refuse it",
             "{} n'est pas pour {} : les clients qui demandent ce nom le refuseront"},
            file, host);
  if (facts->self_signed)
    out.add(Health::warning, "tls",
            {"{} is signed by itself: mail programs will not trust it",
             "{} est signé par lui-même : les logiciels de "
             "courrier ne s'y fieront pas"},
            file);
  check_key(out, key, file, *certificate);
}

}  // namespace

void check_user(CheckList& out, const Config& config) {
  const std::string& name = config.server.user;
  if (name.empty() && geteuid() == 0) {
    out.add(Health::failure, "user",
            {"server.user is not set: Chappe does not serve as root",
             "server.user n'est pas défini : Chappe ne sert pas en root"})
        .fix = "useradd --system chappe";
    return;
  }
  if (name.empty()) {
    const std::string me = user_name(geteuid());
    out.add(Health::ok, "user", {"serves as {}, who starts it", "sert en tant que {}, qui le lance"}, me);
    return;
  }
  const auto user = find_user(name);
  if (!user) {
    out.add(Health::failure, "user", {"there is no user {}", "il n'y a pas d'utilisateur {}"}, name).fix =
        fmt::format("useradd --system {}", name);
  } else if (user->uid == 0) {
    out.add(Health::failure, "user", {"server.user is root", "server.user est root"}).fix = "useradd --system chappe";
  } else {
    out.add(Health::ok, "user", {"serves as {}", "sert en tant que {}"}, name);
  }
}

void check_data_dir(CheckList& out, const Config& config) {
  const std::string& path = config.server.data_dir.value;
  const auto [uid, name] = server_user(config);
  struct stat there{};
  if (stat(path.c_str(), &there) != 0) {
    if (errno == ENOENT) {
      out.add(Health::warning, "data",
              {"{} is not there yet: serve makes it", "{} n'existe pas encore : serve le créera"}, path);
    } else {
      const std::string why = std::strerror(errno);
      out.add(Health::failure, "data", {"{}: {}", "{} : {}"}, path, why);
    }
    return;
  }
  if (!S_ISDIR(there.st_mode)) {
    out.add(Health::failure, "data", {"{} is no folder", "{} n'est pas un dossier"}, path);
    return;
  }
  if (there.st_uid != uid) {
    const std::string owner = user_name(there.st_uid);
    out.add(Health::failure, "data", {"{} belongs to {}, not to {}", "{} appartient à {}, pas à {}"}, path, owner, name)
        .fix = fmt::format("chown -R {}: {}", name, path);
  }
  if (there.st_mode & 077) {
    const unsigned mode = there.st_mode & 0777;
    out.add(Health::warning, "data",
            {"others may look into {} (mode {:o})", "d'autres peuvent voir dans {} (mode {:o})"}, path, mode)
        .fix = fmt::format("chmod 700 {}", path);
  }
  struct statvfs space{};
  if (statvfs(path.c_str(), &space) != 0) return;
  const std::uint64_t free = static_cast<std::uint64_t>(space.f_bavail) * space.f_frsize;
  const std::uint64_t reserve = config.limits.free_space.bytes;
  const std::string left = size_for_people(free, out.french());
  if (free < reserve) {
    const std::string least = size_for_people(reserve, out.french());
    out.add(Health::failure, "data",
            {"{}: {} free, and below {} no mail is taken",
             "{} : {} libres, et sous {} aucun "
             "courrier n'est reçu"},
            path, left, least)
        .fix = fmt::format("df -h {}", path);
  } else {
    out.add(free < kScarce ? Health::warning : Health::ok, "data", {"{}: {} free", "{} : {} libres"}, path, left);
  }
}

void check_store(CheckList& out, const Config& config, const std::optional<Running>& running) {
  const std::string path = config.server.data_dir.value + "/store";
  if (running) {
    out.add(Health::ok, "store",
            {"open in the running server, process {}",
             "ouvert dans le serveur qui tourne, "
             "processus {}"},
            running->pid);
    return;
  }
  struct stat there{};
  if (stat((path + "/CURRENT").c_str(), &there) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) {
      out.add(Health::ok, "store", {"none yet: serve makes it", "pas encore : serve le créera"});
    } else {
      const std::string why = std::strerror(errno);
      out.add(Health::failure, "store", {"{}: {}", "{} : {}"}, path, why);
    }
    return;
  }
  const auto tried = try_store(path, there.st_uid, there.st_gid);
  if (tried) {
    out.add(Health::ok, "store", {"{} opens", "{} s'ouvre"}, path);
  } else if (tried.error().code() == Errc::busy) {
    out.add(Health::failure, "store",
            {"another process owns {}, and does not answer at its control socket",
             "un autre processus possède {} et ne répond pas à son socket de contrôle"},
            path)
        .fix = fmt::format("fuser -v {}/LOCK", path);
  } else {
    out.add(Health::failure, "store", {"{}: {}", "{} : {}"}, path, tried.error().text());
  }
}

void check_extractors(CheckList& out, const Config& config) {
  for (const ExtractorRow& row : config.search.extractors) {
    const std::string& program = row.command.words.front();
    struct stat there{};
    if (stat(program.c_str(), &there) != 0) {
      const std::string why = std::strerror(errno);
      out.add(Health::failure, "search", {"search.extractor: {}: {}", "search.extractor : {} : {}"}, program, why);
    } else if (!S_ISREG(there.st_mode) || !(there.st_mode & 0111) || access(program.c_str(), X_OK) != 0) {
      out.add(Health::failure, "search",
              {"search.extractor: {} is no program that can be run",
               "search.extractor : {} n'est pas un programme qu'on puisse lancer"},
              program);
    } else {
      std::string types;
      for (const std::string& type : row.types.list) types += (types.empty() ? "" : " ") + type;
      out.add(Health::ok, "search", {"{} for {}", "{} pour {}"}, program, types);
    }
  }
}

void check_certificates(CheckList& out, const Config& config, Time now) {
  if (config.tls.cert.value.empty()) {
    out.add(Health::warning, "tls",
            {"no certificate: letters arrive unencrypted", "pas de certificat : les lettres arrivent en clair"});
  } else {
    check_pair(out, config.tls.cert.value, config.tls.key.value, config.server.hostname, now);
  }
  for (const TlsName& name : config.tls.names) check_pair(out, name.cert.value, name.key.value, name.name, now);
}

}  // namespace chappe::app
