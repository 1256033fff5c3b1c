#include "app/demo/world.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/text.h"
#include "codec/base64.h"
#include "crypto/certificate.h"
#include "crypto/password.h"

namespace chappe::app::demo {

namespace fs = std::filesystem;

namespace {

constexpr Duration kStarting = std::chrono::seconds(30);
constexpr Duration kLook = std::chrono::milliseconds(5);
// `chappe dns serve` prints what it was asked this often at least.
constexpr Duration kPrinted = std::chrono::milliseconds(80);
constexpr std::uint16_t kDnsPort = 53;
constexpr int kShifts[] = {20'000, 22'000, 24'000, 26'000, 28'000, 12'000, 14'000, 16'000, 18'000};
constexpr std::string_view kOutside = "127.0.0.1";
constexpr std::string_view kSelector = "mail";

std::string read_file(const std::string& path, std::size_t from = 0) {
  std::ifstream in(path, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(from));
  return std::string((std::istreambuf_iterator<char>(in)), {});
}

Result<void> write_file(const std::string& path, std::string_view text) {
  std::ofstream out(path, std::ios::binary);
  out << text;
  out.close();
  if (!out) return fail(Errc::io, "cannot write {}", path);
  fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
  return {};
}

// A basic string of TOML.
std::string in_quotes(std::string_view text) { return fmt::format("\"{}\"", text); }

std::string directory_text(const OrgPlan& org, const std::string& hash) {
  std::string out;
  for (const auto& domain : org.domains) out += fmt::format("[domains.{}]\nscram = false\n", in_quotes(domain));
  for (const auto& account : org.accounts)
    out += fmt::format("[accounts.{}]\npassword_hash = {}\n", in_quotes(account), in_quotes(hash));
  for (const auto& [alias, targets] : org.aliases) {
    out += fmt::format("[aliases.{}]\ntargets = [", in_quotes(alias));
    for (const auto& target : targets) out += in_quotes(target) + ", ";
    out += "]\n";
  }
  return out;
}

}  // namespace

Result<std::vector<OutsideDoor>> open_outside_doors(const Plan& plan) {
  std::vector<OutsideDoor> out;
  for (const OrgPlan& org : plan.orgs) {
    for (const HostPlan& host : org.hosts) {
      for (const Role role : host.outside) {
        const auto wanted = static_cast<std::uint16_t>(org.ports + role_port(role));
        auto socket = net::ListenSocket::bind(TRY(net::Endpoint::parse(kOutside, wanted)));
        if (!socket) socket = net::ListenSocket::bind(TRY(net::Endpoint::parse(kOutside, 0)));
        out.push_back({host.name, role, TRY(std::move(socket))});
      }
    }
  }
  return out;
}

Result<std::unique_ptr<World>> World::start(Parts parts, Teller& teller) {
  std::unique_ptr<World> world(new World(std::move(parts)));
  if (world->parts_.mode == Mode::ports) TRY(world->find_ports());
  TRY(world->make_keys());
  world->zones_ = TRY(write_zones(world->plan(), world->parts_.dir));
  TRY(world->start_names(teller));
  TRY(world->start_hosts(teller));
  return world;
}

World::~World() {
  for (auto* servers : {&hosts_, &names_})
    for (auto& [name, server] : *servers) server.process.reset();
  shards_.stop();
}

Result<dns::Resolver*> World::resolver() {
  if (!resolver_) {
    const dns::LiveOptions options = TRY(resolver_options());
    resolver_ = TRY(dns::LiveResolver::start(options));
  }
  return resolver_.get();
}

Result<void> World::make_keys() {
  for (const SignerPlan& signer : plan().signers) {
    auto key = TRY(signer.pem.empty() ? crypto::PrivateKey::generate_ed25519()
                                      : crypto::PrivateKey::from_pem(crypto::Secret(signer.pem)));
    if (signer.published) {
      const bool rsa = key.kind() == crypto::KeyKind::rsa;
      parts_.plan.zone(signer.domain).records +=
          fmt::format("{}._domainkey.{}. TXT \"v=DKIM1; k={}; p={}\"\n", kSelector, signer.domain,
                      rsa ? "rsa" : "ed25519", codec::base64_encode(key.public_octets()));
    }
    keys_.emplace(signer.domain,
                  trust::dkim::SigningKey{.key = std::make_shared<const crypto::PrivateKey>(std::move(key)),
                                          .domain = signer.domain,
                                          .selector = std::string(kSelector)});
  }
  return {};
}

const OrgPlan& World::org(std::string_view domain) const {
  return *std::ranges::find(parts_.plan.orgs, domain, &OrgPlan::domain);
}

const HostPlan* World::host_called(std::string_view name, std::string_view address) const {
  for (const OrgPlan& org : plan().orgs)
    for (const HostPlan& host : org.hosts)
      if (host.host == name || host.address == address) return &host;
  return nullptr;
}

std::uint16_t World::dns_port() const { return static_cast<std::uint16_t>(shift_ + kDnsPort); }

// The first shift at which nobody holds one of our ports, and no other demo has claimed them.
Result<void> World::find_ports() {
  for (const int shift : kShifts) {
    shift_ = shift;
    std::vector<net::Endpoint> wanted;
    for (const ZonePlan& zone : plan().zones) wanted.push_back(TRY(name_server(zone.address)));
    for (const OrgPlan& org : plan().orgs)
      for (const HostPlan& host : org.hosts)
        for (const Role role : host.doors) wanted.push_back(place(host, role));
    std::ranges::sort(wanted, {}, &net::Endpoint::describe);
    const auto [same, end] = std::ranges::unique(wanted, {}, &net::Endpoint::describe);
    wanted.erase(same, end);
    std::vector<net::ListenSocket> held;
    auto claim = net::ListenSocket::bind(TRY(net::Endpoint::parse("127.1.255.254", static_cast<std::uint16_t>(shift))));
    for (const net::Endpoint& at : wanted) {
      auto socket = net::ListenSocket::bind(at);
      if (!socket) break;
      held.push_back(std::move(*socket));
    }
    if (!claim || held.size() < wanted.size()) continue;
    claims_.push_back(std::move(*claim));
    return {};
  }
  return fail(Errc::config, "no free ports: is the demo running many times over?");
}

net::Endpoint World::place(const HostPlan& host, Role role) const {
  return *net::Endpoint::parse(host.address, port(role));
}

Result<net::Endpoint> World::name_server(const std::string& ip) const { return net::Endpoint::parse(ip, dns_port()); }

Result<dns::LiveOptions> World::resolver_options() const {
  dns::LiveOptions out;
  out.trust_anchors.push_back(zones_.trust_anchor);
  out.ask_loopback = true;
  if (parts_.mode == Mode::network) {
    out.root_hints = zones_.root_hints;
    return out;
  }
  for (const ZonePlan& zone : plan().zones)
    out.stubs.push_back({TRY(dns::Name::parse(zone.apex)), TRY(name_server(zone.address))});
  return out;
}

Result<void> World::start_names(Teller& teller) {
  teller.bit(teller.in({"name servers:", "serveurs de noms :"}));
  for (const NameServerFiles& server : zones_.servers) {
    Command command{.words = {"dns", "serve", "--json", "--listen", TRY(name_server(server.address)).describe()},
                    .output = fmt::format("{}/names/{}.log", parts_.dir, server.name)};
    command.words.insert(command.words.end(), server.files.begin(), server.files.end());
    Server& started = names_[server.name];
    started.process = TRY(Process::start(command));
    started.command = std::move(command);
  }
  for (auto& [name, server] : names_) {
    const auto until = std::chrono::steady_clock::now() + kStarting;
    while (!read_file(server.command.output).contains("\"listening\"")) {
      if (!server.process->alive() || std::chrono::steady_clock::now() > until)
        return fail(Errc::unavailable, "the name server {} does not start: {}", name,
                    last_words(server.command.output));
      std::this_thread::sleep_for(kLook);
    }
    teller.bit(name);
  }
  teller.end_line();
  return {};
}

Result<void> World::start_hosts(Teller& teller) {
  teller.bit(teller.in({"mail servers:", "serveurs de courrier :"}));
  for (const OrgPlan& org : plan().orgs) {
    for (const HostPlan& host : org.hosts) {
      TRY(prepare(host));
      TRY(launch(host));
    }
  }
  for (const OrgPlan& org : plan().orgs) {
    for (const HostPlan& host : org.hosts) {
      TRY(await_ready(host));
      teller.bit(host.host);
    }
  }
  teller.end_line();
  return provision();
}

Result<void> World::prepare(const HostPlan& host) {
  std::error_code error;
  fs::create_directories(folder(host), error);
  if (error) return fail(Errc::io, "cannot make {}: {}", folder(host), error.message());
  auto made = TRY(crypto::make_self_signed({.names = {host.host, "localhost", std::string(kOutside), host.address},
                                            .not_before = system_clock().now() + -Duration(std::chrono::hours(1)),
                                            .lifetime = std::chrono::hours(24 * 7)}));
  TRY(write_file(folder(host) + "/key.pem", made.key_pem.reveal()));
  TRY(write_file(certificate(host), made.certificate_pem));
  TRY(write_file(folder(host) + "/chappe.toml", config_of(host)));
  Command command{.words = {"serve", "--config", folder(host) + "/chappe.toml"}, .output = folder(host) + "/output"};
  for (const OutsideDoor& door : parts_.doors)
    if (door.host == host.name) command.sockets.emplace(door.socket.fd(), role_name(door.role));
  hosts_[host.name].command = std::move(command);
  return {};
}

// Where the others of the organisation are, for one that does not play everything itself.
std::string World::site_lines(const HostPlan& host) const {
  const OrgPlan& org = *std::ranges::find_if(plan().orgs, [&host](const OrgPlan& o) {
    return std::ranges::find(o.hosts, host.name, &HostPlan::name) != o.hosts.end();
  });
  std::string roles, out;
  for (const Actor actor : host.actors) roles += (roles.empty() ? "" : ", ") + in_quotes(actor_name(actor));
  out += fmt::format("roles = [{}]\n", roles);
  if (!host.plays(Actor::mda)) out += fmt::format("mda = \"{}\"\n", place(org.host(Actor::mda), Role::lmtp).describe());
  // All of this world is on the loopback: what is not this host is not of its site.
  if (org.hosts.size() == 1) out += fmt::format("networks = [\"{}\"]\n", host.address);
  if (!host.plays(Actor::mta))
    out += fmt::format("relay = \"{}\"\n", place(org.host(Actor::mta), Role::relay).describe());
  return out;
}

std::string World::config_of(const HostPlan& host) const {
  std::string out = fmt::format(
      "[server]\nhostname = \"{}\"\ndata_dir = \"store\"\nshards = 1\n{}"
      "[tls]\ncert = \"cert.pem\"\nkey = \"key.pem\"\n[log]\nfile = \"chappe.log\"\n"
      "[dns]\ntrust_anchor = \"{}\"\nloopback_exchangers = true\n",
      host.host, site_lines(host), zones_.trust_anchor);
  if (parts_.mode == Mode::network) {
    out += fmt::format("root_hints = \"{}\"\n", zones_.root_hints);
  } else {
    // A delegation names no port.
    out += fmt::format("[mta]\nport = {}\n", port(Role::mx));
    for (const ZonePlan& zone : plan().zones)
      out += fmt::format("[[dns.stub]]\nzone = \"{}\"\nserver = \"{}:{}\"\n", zone.apex, zone.address, dns_port());
  }
  if (host.plays(Actor::mx) && !plan().trusted_sealers.empty()) {
    std::string names;
    for (const std::string& name : plan().trusted_sealers) names += (names.empty() ? "" : ", ") + in_quotes(name);
    out += fmt::format("[mx]\ntrusted_sealers = [{}]\n", names);
  }
  for (const Role role : host.doors)
    out += fmt::format("[[listen]]\nrole = \"{}\"\naddress = \"{}\"\nport = {}\n", role_name(role), host.address,
                       port(role));
  return out + host.more_config;
}

Result<void> World::launch(const HostPlan& host) {
  Server& server = hosts_.at(host.name);
  ready_.erase(host.name);
  const ReadySocket& ready = ready_.emplace(host.name, TRY(ReadySocket::open())).first->second;
  server.command.env["NOTIFY_SOCKET"] = ready.name();
  server.process = TRY(Process::start(server.command));
  return {};
}

Result<void> World::await_ready(const HostPlan& host) {
  Server& server = hosts_.at(host.name);
  auto ready = ready_.at(host.name).wait(*server.process, kStarting);
  if (ready) return {};
  return fail(Errc::unavailable, "the mail server {} does not start ({}): {}", host.host, ready.error().text(),
              last_words(server.command.output));
}

Result<void> World::provision() {
  const std::string hash = TRY(crypto::hash_password(crypto::Secret(kPassword), {}, system_random()));
  for (const OrgPlan& org : plan().orgs) {
    Params params;
    params.add("text", directory_text(org, hash));
    TRY(call(org.host(Actor::mda), "config.apply", params));
  }
  for (const SignerPlan& signer : plan().signers) {
    if (signer.org.empty()) continue;
    Params params;
    params.add("domain", signer.domain).add("selector", kSelector).add("state", std::string_view("signing"));
    params.add("pem", this->signer(signer.domain).key->pem().reveal());
    TRY(call(org(signer.org).host(Actor::mda), "key.import", params));
  }
  return {};
}

Result<codec::json::Value> World::call(const HostPlan& host, std::string_view method, Params& params) const {
  auto office = TRY(AdminOffice::open(folder(host) + "/store", Config()));
  return TRY(ask(*office, method, params)).value;
}

void World::kill(const HostPlan& host) { hosts_.at(host.name).process->kill(); }

Result<void> World::start_again(const HostPlan& host) {
  TRY(launch(host));
  return await_ready(host);
}

std::vector<Heard> World::asked() {
  std::this_thread::sleep_for(kPrinted);
  std::vector<std::pair<std::string, Heard>> timed;
  for (const auto& [name, server] : names_) {
    std::size_t& at = read_[name];
    const std::string text = read_file(server.command.output, at);
    const std::size_t whole = text.rfind('\n') + 1;
    at += whole;
    for (const std::string_view line : split(std::string_view(text).substr(0, whole), '\n')) {
      const auto note = codec::json::parse(line);
      if (!note || !note->find("question")) continue;
      const bool referral = yes(*note, "referral");
      timed.emplace_back(
          text_of(*note, "time"),
          Heard{.server = name,
                .question = text_of(*note, "question"),
                .said = referral ? "referral"
                                 : fmt::format("{} ({})", text_of(*note, "rcode"), number_of(*note, "answers")),
                .referral = referral});
    }
  }
  std::ranges::sort(timed, {}, &std::pair<std::string, Heard>::first);
  std::vector<Heard> out;
  for (auto& [time, asked] : timed) out.push_back(std::move(asked));
  return out;
}

std::string World::last_words(const std::string& file) const {
  const std::string text(trim(read_file(file)));
  const auto line = text.rfind('\n');
  return one_line(line == std::string::npos ? text : text.substr(line + 1));
}

}  // namespace chappe::app::demo
