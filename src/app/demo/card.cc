#include "app/demo/card.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/admin_print.h"
#include "codec/json.h"

namespace chappe::app::demo {
namespace {

std::string padded(std::string_view text, std::size_t columns) {
  return std::string(text) + std::string(columns - std::min(columns, width(text)), ' ');
}

std::string bar(std::string_view left, std::size_t columns, std::string_view right) {
  std::string out(left);
  for (std::size_t i = 0; i < columns; ++i) out += "─";
  return out + std::string(right) + "\n";
}

std::uint16_t outside(const World& world, const HostPlan& host, Role role) {
  for (const OutsideDoor& door : world.doors())
    if (door.host == host.name && door.role == role) return door.socket.at().port();
  return 0;
}

const HostPlan& host_with(const OrgPlan& org, Role role) {
  return *std::ranges::find_if(
      org.hosts, [role](const HostPlan& h) { return std::ranges::find(h.outside, role) != h.outside.end(); });
}

}  // namespace

std::string_view mode_name(Mode mode) { return mode == Mode::network ? "namespace" : "ports"; }

std::string score_card(const Teller& teller, const std::vector<Outcome>& outcomes) {
  constexpr std::size_t kAround = 12;  // borders, mark, blanks and time
  std::size_t inner = 0;
  for (const Outcome& o : outcomes) inner = std::max(inner, width(teller.in(o.scenario->title)));
  inner = std::min(inner, teller.columns() - kAround - 2);
  std::string out = bar("  ┌", inner + kAround, "┐");
  const auto row = [&](std::string_view mark, Teller::Ink ink, std::string_view title, const std::string& time) {
    out += fmt::format("  │ {} {} {:>7} │\n", teller.inked(mark, ink), padded(fitted(title, inner), inner), time);
  };
  for (const Outcome& o : outcomes)
    row(o.passed ? "✓" : "✗", o.passed ? Teller::Ink::good : Teller::Ink::bad, teller.in(o.scenario->title),
        fmt::format("{} ms", o.ms));
  return out + bar("  └", inner + kAround, "┘");
}

std::string outcomes_json(const Teller& teller, Mode mode, const std::string& why, const std::vector<Outcome>& outcomes,
                          std::int64_t ms) {
  std::string out;
  codec::json::Writer w(out, 2);
  w.begin_object().field("mode", mode_name(mode));
  if (!why.empty()) w.field("why", why);
  w.key("scenarios").begin_array();
  for (const Outcome& o : outcomes) {
    w.begin_object().field("name", o.scenario->name).field("title", teller.in(o.scenario->title));
    w.field("expected", teller.in(o.scenario->expected))
        .field("seen", o.seen)
        .field("ms", o.ms)
        .field("passed", o.passed);
    w.key("evidence").begin_array();
    for (const Evidence& e : o.evidence)
      w.begin_object().field("of", e.of).field("text", e.text).field("rule", e.rule).end_object();
    w.end_array().end_object();
  }
  w.end_array();
  const auto passed = std::ranges::count(outcomes, true, &Outcome::passed);
  w.field("passed", passed).field("failed", static_cast<std::int64_t>(outcomes.size()) - passed).field("ms", ms);
  w.end_object();
  return out + "\n";
}

std::string joining(const Teller& teller, const World& world) {
  std::string out;
  const auto line = [&out](const std::string& text) { out += text + "\n"; };
  line(fmt::format(fmt::runtime(teller.in(
                       {"Join in with your own mail program. The host is always localhost, the password « {} ».",
                        "Participez avec votre logiciel de courrier. La machine est toujours localhost, le mot de "
                        "passe « {} »."})),
                   kPassword));
  line("");
  Table table({teller.in({"ACCOUNT", "COMPTE"}), "SMTP (STARTTLS)", "SMTP (TLS)", "IMAP (TLS)", "POP3 (TLS)",
               teller.in({"CERTIFICATE", "CERTIFICAT"})});
  for (const OrgPlan& org : world.plan().orgs) {
    if (org.accounts.empty()) continue;
    const auto port = [&](Role role) { return std::to_string(outside(world, host_with(org, role), role)); };
    table.add({org.accounts.front(), port(Role::submission), port(Role::submissions), port(Role::imaps),
               port(Role::pop3s), world.certificate(host_with(org, Role::imaps))});
  }
  out += table.text();
  const OrgPlan& from = world.plan().orgs.front();
  const OrgPlan& to = world.plan().orgs[1];
  const HostPlan& msa = host_with(from, Role::submission);
  const HostPlan& mda = host_with(to, Role::imaps);
  const std::string alice = from.accounts.front(), bob = to.accounts.front();
  const std::uint16_t submission = outside(world, msa, Role::submission), imaps = outside(world, mda, Role::imaps);
  line("");
  line(teller.french() ? "# Alice écrit à Bob, avec curl ou avec swaks"
                       : "# Alice writes to Bob, with curl or with swaks");
  line(
      fmt::format("printf 'Subject: Hello\\r\\n\\r\\nHello.\\r\\n' | curl --cacert {} --ssl-reqd smtp://localhost:{} "
                  "-u '{}:{}' --mail-from {} --mail-rcpt {} -T -",
                  world.certificate(msa), submission, alice, kPassword, alice, bob));
  line(fmt::format("swaks --server localhost:{} --tls --auth-user {} --auth-password '{}' --from {} --to {}",
                   submission, alice, kPassword, alice, bob));
  line(teller.french() ? "# Bob lit, avec curl ou avec mutt" : "# Bob reads, with curl or with mutt");
  line(fmt::format("curl --cacert {} -u '{}:{}' 'imaps://localhost:{}/INBOX;MAILINDEX=1'", world.certificate(mda), bob,
                   kPassword, imaps));
  std::string user = bob;
  user.replace(user.find('@'), 1, "%40");
  line(
      fmt::format("mutt -e 'set ssl_ca_certificates_file={} imap_pass=\"{}\" folder=imaps://{}@localhost:{} "
                  "spoolfile=+INBOX'",
                  world.certificate(mda), kPassword, user, imaps));
  line(fmt::format(fmt::runtime(teller.in(
                       {"# Thunderbird: IMAP localhost:{} SSL/TLS, SMTP localhost:{} SSL/TLS, user name {}; accept the "
                        "certificate",
                        "# Thunderbird : IMAP localhost:{} SSL/TLS, SMTP localhost:{} SSL/TLS, identifiant {} ; "
                        "accepter le certificat"})),
                   imaps, outside(world, host_with(to, Role::submissions), Role::submissions), bob));
  return out;
}

}  // namespace chappe::app::demo
