#include "app/local.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "base/text.h"
#include "codec/json.h"
#include "crypto/certificate.h"
#include "dns/zone_resolver.h"
#include "net/endpoint.h"

namespace chappe::app {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kStandardDomain = "example.test";
constexpr Duration kCertificateLife = std::chrono::hours(24 * 825);
constexpr Duration kProvisioning = std::chrono::minutes(1);

Result<void> write_private(const std::string& path, ByteView bytes) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return fail(Errc::io, "cannot write {}: {}", path, std::strerror(errno));
  const ssize_t n = ::write(fd, bytes.data(), bytes.size());
  const bool good = n == static_cast<ssize_t>(bytes.size()) && fsync(fd) == 0;
  ::close(fd);
  if (!good) return fail(Errc::io, "cannot write {}: {}", path, std::strerror(errno));
  return {};
}

std::string read_all(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string((std::istreambuf_iterator<char>(in)), {});
}

// Returns the folder, made if it is missing; private, because it holds a key.
Result<std::string> make_folder(const std::string& wanted, bool& temporary) {
  if (wanted.empty()) {
    const char* base = std::getenv("TMPDIR");
    std::string pattern = std::string(base && *base ? base : "/tmp") + "/chappe-XXXXXX";
    if (!mkdtemp(pattern.data())) return fail(Errc::io, "cannot make {}: {}", pattern, std::strerror(errno));
    temporary = true;
    return pattern;
  }
  std::error_code error;
  fs::create_directories(wanted, error);
  if (error) return fail(Errc::io, "cannot make {}: {}", wanted, error.message());
  (void)chmod(wanted.c_str(), 0700);
  return fs::absolute(wanted).string();
}

Result<void> make_certificate(const std::string& dir, const std::vector<std::string>& domains) {
  if (fs::exists(dir + "/cert.pem") && fs::exists(dir + "/key.pem")) return {};
  std::vector<std::string> names = {"localhost", "127.0.0.1", "::1"};
  for (const auto& domain : domains)
    if (names.size() + 2 <= crypto::kMaxCertificateNames) names.insert(names.end(), {domain, "mail." + domain});
  auto made = TRY(crypto::make_self_signed({.names = std::move(names),
                                            .not_before = system_clock().now() + -Duration(std::chrono::hours(1)),
                                            .lifetime = kCertificateLife}));
  std::error_code ignored;
  fs::remove(dir + "/key.pem", ignored);
  fs::remove(dir + "/cert.pem", ignored);
  TRY(write_private(dir + "/key.pem", made.key_pem.reveal()));
  return write_private(dir + "/cert.pem", made.certificate_pem);
}

// A password for the account that nobody named: made once for a folder, kept there for the next start.
Result<crypto::Secret> own_password(const std::string& dir) {
  const std::string path = dir + "/password";
  std::string kept(trim(read_all(path)));
  if (!kept.empty()) return crypto::Secret(kept);
  static constexpr std::string_view kLetters = "abcdefghijkmnpqrstuvwxyz23456789";
  std::string fresh;
  for (int i = 0; i < 20; ++i) {
    if (i && i % 5 == 0) fresh += '-';
    fresh += kLetters[system_random().below(kLetters.size())];
  }
  TRY(write_private(path, fresh + "\n"));
  return crypto::Secret(fresh);
}

Config local_config(const LocalOptions& options, const std::string& dir, const std::string& postmaster) {
  Config config;
  config.server.hostname = "localhost";
  config.server.data_dir.value = dir;
  config.server.relay = options.relay;
  config.server.postmaster = postmaster;
  config.tls.cert.value = dir + "/cert.pem";
  config.tls.key.value = dir + "/key.pem";
  config.log.file.value = dir + "/chappe.log";
  // A developer's machine is one network, whatever runs on it.
  config.limits.connections_per_network = 1000;
  for (const Role role :
       {Role::mx, Role::submission, Role::submissions, Role::imap, Role::imaps, Role::pop3, Role::pop3s})
    config.listen.push_back({role, "127.0.0.1", Port{options.port_base + role_port(role)}});
  return config;
}

net::Task<Result<void>> provision(post::Directory* directory, const std::vector<std::string>* domains,
                                  const std::vector<LocalAccount>* accounts) {
  const auto deadline = net::Deadline::in(kProvisioning * static_cast<int>(1 + accounts->size() / 100));
  for (const auto& domain : *domains) {
    auto added = co_await directory->add_domain("local", domain, {}, deadline);
    if (!added && added.error().code() != Errc::exists) co_return std::unexpected(std::move(added.error()));
  }
  for (const auto& account : *accounts) {
    auto added = co_await directory->add_account("local", account.address, account.password.clone(), {}, deadline);
    if (added) continue;
    if (added.error().code() != Errc::exists) co_return std::unexpected(std::move(added.error()));
    // A second start with another password is meant as it is said.
    auto same = co_await directory->verify_password(account.address, account.password.clone(), deadline);
    if (!same) CO_TRY(co_await directory->set_password("local", account.address, account.password.clone(), deadline));
  }
  co_return Result<void>();
}

}  // namespace

Result<LocalAccount> parse_local_account(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size())
    return fail(Errc::usage, "an account is NAME:PASSWORD, for instance alice:secret or alice@example.test:secret");
  return LocalAccount{std::string(text.substr(0, colon)), crypto::Secret(text.substr(colon + 1))};
}

Result<std::unique_ptr<LocalServer>> LocalServer::start(LocalOptions options) {
  if (!options.relay.host.empty()) {
    const auto relay =
        net::Endpoint::parse(options.relay.host == "localhost" ? "127.0.0.1" : options.relay.host, options.relay.port);
    if (!relay || !relay->loopback())
      return fail(Errc::usage, "local mode sends nothing off this machine: --relay must name a loopback address");
    options.relay.host = relay->ip();
  }
  std::unique_ptr<LocalServer> local(new LocalServer);
  LocalServer& l = *local;
  l.dir_ = TRY(make_folder(options.dir, l.temporary_));
  l.domains_ = std::move(options.domains);
  l.accounts_ = std::move(options.accounts);
  if (l.accounts_.empty()) {
    l.accounts_.push_back({"user", TRY(own_password(l.dir_))});
    l.show_password_ = true;
  }
  const auto add_domain = [&](std::string domain) {
    if (std::find(l.domains_.begin(), l.domains_.end(), domain) == l.domains_.end())
      l.domains_.push_back(std::move(domain));
  };
  for (const auto& account : l.accounts_) {
    const auto at = account.address.rfind('@');
    if (at != std::string::npos) add_domain(account.address.substr(at + 1));
  }
  if (l.domains_.empty()) add_domain(std::string(kStandardDomain));
  for (auto& account : l.accounts_)
    if (!account.address.contains('@')) account.address += "@" + l.domains_.front();

  TRY(make_certificate(l.dir_, l.domains_));
  ServerOptions server_options;
  server_options.limits = options.limits;
  // Nothing leaves the loopback: no name exists but those of the zone, and without a relay letters wait.
  server_options.resolver =
      TRY(options.zone.empty() ? dns::ZoneResolver::from_text("") : dns::ZoneResolver::from_file(options.zone));
  server_options.mta = false;
  l.server_ = TRY(Server::open(local_config(options, l.dir_, l.accounts_.front().address), std::move(server_options)));
  TRY(net::run_on(l.server_->shards().at(0), provision(&l.server_->site().directory, &l.domains_, &l.accounts_)));
  l.server_->start();
  return local;
}

LocalServer::~LocalServer() {
  server_.reset();
  std::error_code ignored;
  if (temporary_) fs::remove_all(dir_, ignored);
}

std::uint16_t LocalServer::port(Role role) const {
  for (const auto& bound : server_->bound())
    if (bound.role == role) return bound.port;
  return 0;
}

std::string LocalServer::json() const {
  std::string out;
  codec::json::Writer w(out);
  w.begin_object();
  w.field("dir", dir_);
  w.field("certificate", certificate());
  w.field("log", dir_ + "/chappe.log");
  w.field("pid", getpid());
  w.field("host", "127.0.0.1");
  w.key("ports").begin_object();
  for (const auto& bound : server_->bound()) w.field(role_name(bound.role), bound.port);
  w.end_object();
  w.key("domains").begin_array();
  for (const auto& domain : domains_) w.value(domain);
  w.end_array();
  w.key("accounts").begin_array();
  for (const auto& account : accounts_) {
    w.begin_object();
    w.field("address", account.address);
    if (show_password_) w.field("password", account.password.reveal());
    w.end_object();
  }
  w.end_array();
  w.end_object();
  return out + "\n";
}

std::string LocalServer::describe(bool french) const {
  const auto say = [french](std::string_view en, std::string_view fr) { return std::string(french ? fr : en); };
  const std::string& who = accounts_.front().address;
  const std::string password = show_password_ ? std::string(accounts_.front().password.reveal()) : "PASSWORD";
  const std::string encoded = [&] {
    std::string out = who;
    if (const auto at = out.find('@'); at != std::string::npos) out.replace(at, 1, "%40");
    return out;
  }();
  std::string out;
  const auto line = [&out](const std::string& text) { out += text + "\n"; };
  line(say("Chappe serves mail on this machine only. Everything it keeps is in ",
           "Chappe sert le courrier sur cette seule machine. Tout ce qu'il garde est dans ") +
       dir_ + (temporary_ ? say(" (removed at the end).", " (effacé à la fin).") : "."));
  line("");
  const auto ports = [&](const std::string& what, Role clear, Role tls) {
    line(fmt::format("  {:<11} 127.0.0.1  {:>5}  STARTTLS   {:>5}  TLS", what, port(clear), port(tls)));
  };
  line(fmt::format("  {:<11} 127.0.0.1  {:>5}", say("exchanger", "échangeur"), port(Role::mx)));
  ports(say("submission", "dépôt"), Role::submission, Role::submissions);
  ports("IMAP", Role::imap, Role::imaps);
  ports("POP3", Role::pop3, Role::pop3s);
  line("");
  for (const auto& account : accounts_)
    line("  " + say("account", "compte") + "     " + account.address +
         (show_password_ ? "  " + say("password", "mot de passe") + " " + password : ""));
  line("  " + say("certificate", "certificat") + " " + certificate());
  line("  " + say("log", "journal") + "         " + dir_ + "/chappe.log");
  line("");
  line(say("Lines to try:", "Lignes à essayer :"));
  line(fmt::format(
      "  curl --cacert {} --ssl-reqd smtp://localhost:{} -u '{}:{}' --mail-from {} --mail-rcpt {} -T letter.eml",
      certificate(), port(Role::submission), who, password, who, who));
  line(fmt::format("  curl --cacert {} 'imaps://localhost:{}/INBOX' -u '{}:{}' -X 'STATUS INBOX (MESSAGES)'",
                   certificate(), port(Role::imaps), who, password));
  line(fmt::format("  swaks --server 127.0.0.1:{} --tls -au {} -ap '{}' --from {} --to {}", port(Role::submission), who,
                   password, who, who));
  line(fmt::format("  mutt -e 'set ssl_ca_certificates_file={} folder=imaps://{}@localhost:{} spoolfile=+INBOX'",
                   certificate(), encoded, port(Role::imaps)));
  line(fmt::format("  Thunderbird: IMAP localhost:{} SSL/TLS, SMTP localhost:{} STARTTLS, {} {}", port(Role::imaps),
                   port(Role::submission), say("user name", "identifiant"), who));
  return out;
}

}  // namespace chappe::app
