#include "app/trust/lint_page.h"

#include <fmt/format.h>

#include <array>

#include "app/admin_print.h"
#include "app/dns_print.h"

namespace chappe::app {
namespace {

using codec::json::Writer;
namespace dmarc = trust::dmarc;
namespace spf = trust::spf;

struct StateRow {
  std::string_view id;
  Text text;
};
// In the order of spf::NodeState.
constexpr std::array<StateRow, 9> kStates = {{
    {"good", {"", ""}},
    {"bad-domain", {"this is no domain that can be asked", "ce n'est pas un domaine que l'on puisse interroger"}},
    {"no-domain", {"this domain does not exist", "ce domaine n'existe pas"}},
    {"no-record", {"it has no SPF record", "il n'a pas d'enregistrement SPF"}},
    {"several-records", {"it has several SPF records", "il a plusieurs enregistrements SPF"}},
    {"bad-syntax", {"its record cannot be read", "son enregistrement ne peut être lu"}},
    {"failed", {"the DNS gave no usable answer", "le DNS n'a pas donné de réponse utilisable"}},
    {"circle", {"it is further up already", "il est déjà plus haut"}},
    {"not-looked-at", {"nobody looked any further", "on n'a pas regardé plus loin"}},
}};
static_assert(kStates.size() == static_cast<std::size_t>(spf::NodeState::not_looked_at) + 1);
const StateRow& state_row(spf::NodeState state) { return kStates[static_cast<std::size_t>(state)]; }

std::string say(bool french, Text text, const auto&... args) {
  return fmt::format(fmt::runtime(text.in(french)), args...);
}

std::string rule_of(std::string_view rule) { return rule.empty() ? std::string() : fmt::format(" ({})", rule); }

void write_node(Writer& w, const spf::Node& node) {
  w.begin_object().field("domain", node.domain).field("state", state_row(node.state).id);
  w.field("record", node.record.text).field("own_lookups", node.own_lookups).field("lookups", node.lookups);
  w.key("branches").begin_array();
  for (const spf::Branch& branch : node.branches) {
    w.begin_object().field("term", node.record.text_of(node.record.terms.at(branch.term)));
    w.field("target", branch.target).field("varies", branch.varies).field("lookups", branch.lookups);
    w.field("void_ipv4", branch.void4).field("void_ipv6", branch.void6).field("failed", branch.failed);
    w.key("questions").begin_array();
    for (const std::size_t question : branch.questions) w.value(question);
    w.end_array();
    for (const spf::Node& inside : branch.inside) {
      w.key("inside");
      write_node(w, inside);
    }
    w.end_object();
  }
  w.end_array().end_object();
}

// What follows a term: its cost, and what came of it.
std::string remarks(const spf::Node& node, const spf::Branch& branch, bool french) {
  std::string out;
  const auto add = [&out](std::string_view text) { out += fmt::format("{}{}", out.empty() ? "  " : ", ", text); };
  if (branch.lookups > 0)
    add(branch.lookups == 1 ? say(french, {"1 lookup", "1 recherche"})
                            : say(french, {"{} lookups", "{} recherches"}, branch.lookups));
  if (branch.void4 && branch.void6)
    add(Text{"void", "vaine"}.in(french));
  else if (branch.void4)
    add(Text{"void for IPv4", "vaine en IPv4"}.in(french));
  else if (branch.void6)
    add(Text{"void for IPv6", "vaine en IPv6"}.in(french));
  if (branch.varies) add(Text{"depends on the letter", "dépend de la lettre"}.in(french));
  if (branch.failed) add(state_row(spf::NodeState::failed).text.in(french));
  for (const spf::Node& inside : branch.inside)
    if (inside.state != spf::NodeState::good && !branch.failed) add(state_row(inside.state).text.in(french));
  // An include that is written with a macro leads elsewhere than it says.
  const std::string term(node.record.text_of(node.record.terms.at(branch.term)));
  if (!branch.target.empty() && branch.target != node.domain && term.find(branch.target) == term.npos)
    add("= " + one_line(branch.target));
  return out;
}

void append_branches(std::string& out, const spf::Node& node, const std::string& before, bool french) {
  for (const spf::Branch& branch : node.branches) {
    const bool last = &branch == &node.branches.back();
    out += fmt::format("{}{}{}{}\n", before, last ? "└─ " : "├─ ",
                       one_line(node.record.text_of(node.record.terms.at(branch.term))), remarks(node, branch, french));
    for (const spf::Node& inside : branch.inside) append_branches(out, inside, before + (last ? "   " : "│  "), french);
  }
}

}  // namespace

std::string finding_line(const spf::LintFinding& found, std::string_view domain, bool french) {
  const spf::LintRow& row = lint_row(found.lint);
  return fmt::format(
      "{}: {}{}{}{}{}", level_name(row.level), french ? row.fr : row.en, rule_of(row.rule),
      found.detail.empty() ? "" : ": ", one_line(found.detail),
      found.domain.empty() || found.domain == domain ? std::string() : fmt::format(" [{}]", one_line(found.domain)));
}

std::string finding_line(const dmarc::Flawed& found, bool french) {
  const dmarc::FlawRow& row = flaw_row(found.flaw);
  return fmt::format("{}: {}{}", message::severity_name(row.severity),
                     row.text(french ? dmarc::Lang::fr : dmarc::Lang::en),
                     found.what.empty() ? std::string() : fmt::format(" ({})", one_line(found.what)));
}

void write_finding(Writer& w, const spf::LintFinding& found) {
  const spf::LintRow& row = lint_row(found.lint);
  w.begin_object().field("finding", row.id).field("level", level_name(row.level)).field("rule", row.rule);
  w.field("domain", found.domain).field("at", found.at).field("size", found.size).field("detail", found.detail);
  w.field("text", row.en).end_object();
}

void write_finding(Writer& w, const dmarc::Flawed& found, std::string_view domain) {
  const dmarc::FlawRow& row = flaw_row(found.flaw);
  w.begin_object().field("finding", row.id).field("severity", message::severity_name(row.severity));
  w.field("domain", domain).field("at", found.at).field("detail", found.what).field("text", row.en).end_object();
}

void write_spf_lint(Writer& w, const spf::Tree& tree) {
  const spf::Node& root = tree.root;
  w.begin_object().field("domain", root.domain).field("state", state_row(root.state).id);
  w.field("lookups", root.lookups).field("limit", spf::Limits().lookups);
  w.field("voids_ipv4", root.voids4).field("voids_ipv6", root.voids6).field("void_limit", spf::Limits().voids);
  w.field("open", root.open).field("cut", tree.cut).key("tree");
  write_node(w, root);
  w.key("findings").begin_array();
  for (const spf::LintFinding& found : lint(tree)) write_finding(w, found);
  w.end_array().key("questions").begin_array();
  for (const dns::Answer& answer : tree.questions) write_answer(w, answer);
  w.end_array().end_object();
}

std::string spf_lint_text(const spf::Tree& tree, bool french) {
  const spf::Node& root = tree.root;
  std::string out = one_line(root.domain);
  if (root.state != spf::NodeState::good) out += fmt::format(": {}", state_row(root.state).text.in(french));
  out += '\n';
  append_branches(out, root, {}, french);
  out += say(french,
             {"{} of {} lookups; at most {} of {} void for a client of IPv4, {} of IPv6\n",
              "{} recherches sur {} ; au plus {} sur {} vaines pour un client IPv4, {} en IPv6\n"},
             root.lookups, spf::Limits().lookups, root.voids4, spf::Limits().voids, root.voids6);
  const auto findings = lint(tree);
  if (findings.empty()) return out;
  out += '\n';
  for (const spf::LintFinding& found : findings) out += finding_line(found, root.domain, french) + "\n";
  return out;
}

void write_dmarc_lint(Writer& w, const dmarc::Verdict& verdict) {
  w.begin_array();
  if (verdict.policy)
    for (const dmarc::Flawed& f : dmarc::lint(verdict.policy->record.text).flaws)
      write_finding(w, f, verdict.policy->domain);
  w.end_array();
}

std::string dmarc_lint_text(const dmarc::Verdict& verdict, bool french) {
  if (!verdict.policy) return {};
  // The flaws stand below the record already.
  const auto flaws = dmarc::lint(verdict.policy->record.text).flaws;
  std::string out;
  for (std::size_t i = dmarc::parse_record(verdict.policy->record.text).flaws.size(); i < flaws.size(); ++i)
    out += finding_line(flaws[i], french) + "\n";
  return out.empty() ? out : "\n" + out;
}

}  // namespace chappe::app
