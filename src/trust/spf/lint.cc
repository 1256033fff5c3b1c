#include "trust/spf/lint.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/text.h"

namespace chappe::trust::spf {
namespace {

// RFC 7208 §3.4: the name and all TXT records of it, of which an answer of 512 octets still holds the rest.
constexpr std::size_t kSmallAnswer = 450;
// A shorter prefix is a wide network.
constexpr unsigned kNarrow4 = 16, kNarrow6 = 32;

struct Special {
  std::string_view network;
  unsigned prefix;
};
// From where no mail comes (the special-purpose address registries of RFC 6890).
constexpr std::array<Special, 17> kSpecial = {{
    {"0.0.0.0", 8},
    {"10.0.0.0", 8},
    {"100.64.0.0", 10},
    {"127.0.0.0", 8},
    {"169.254.0.0", 16},
    {"172.16.0.0", 12},
    {"192.0.2.0", 24},
    {"192.168.0.0", 16},
    {"198.51.100.0", 24},
    {"203.0.113.0", 24},
    {"224.0.0.0", 3},
    {"::1", 128},
    {"2001:db8::", 32},
    {"fc00::", 7},
    {"fe80::", 10},
    {"ff00::", 8},
    {"::ffff:0:0", 96},
}};

bool has_upper(std::string_view text) { return to_lower(text) != text; }

bool names_mechanism(std::string_view name) {
  constexpr std::array<std::string_view, 8> kNames = {"all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists"};
  return std::any_of(kNames.begin(), kNames.end(), [&](std::string_view n) { return iequals(n, name); });
}

class Linter {
 public:
  Linter(std::string domain, std::vector<LintFinding>& out) : domain_(std::move(domain)), out_(out) {}

  void add(Lint lint, std::string detail = {}) { out_.push_back({lint, domain_, 0, 0, std::move(detail), {}}); }
  void add(Lint lint, const Record& record, const Term& term, std::string_view more = {}) {
    std::string detail = printable(record.text_of(term));
    if (!more.empty()) detail += fmt::format(": {}", more);
    out_.push_back({lint, domain_, term.at, term.size, std::move(detail), {}});
  }

  void text(const Record& record) {
    for (const SyntaxFault& fault : record.faults)
      out_.push_back({Lint::bad_syntax, domain_, fault.at, fault.size,
                      printable(std::string_view(record.text).substr(fault.at, fault.size)), fault});
    if (has_upper(record.text.substr(0, 6)))
      out_.push_back({Lint::upper_case, domain_, 0, 6, record.text.substr(0, 6), {}});
    end_of(record);
    std::set<std::string> seen;
    IpSet networks;
    bool behind_all = false;
    for (std::size_t i = 0; i < std::min(record.terms.size(), kMaxTreeTerms); ++i) {
      const Term& term = record.terms[i];
      if (has_upper(term.name)) add(Lint::upper_case, record, term);
      if (term.domain && term.domain->uses('p')) add(Lint::p_macro, record, term);
      if (term.kind == TermKind::unknown_modifier)
        add(names_mechanism(term.name) ? Lint::mechanism_as_modifier : Lint::unknown_modifier, record, term);
      if (!term.mechanism()) continue;
      if (behind_all) {
        add(Lint::unreachable, record, term);
        continue;
      }
      behind_all = term.kind == TermKind::all;
      if (term.kind == TermKind::ptr) add(Lint::ptr_used, record, term);
      std::string_view plain = record.text_of(term);
      if (std::string_view("+-~?").contains(plain.front())) plain.remove_prefix(1);
      if (!seen.insert(to_lower(plain)).second)
        add(Lint::duplicate, record, term);
      else if (term.kind == TermKind::ip4 || term.kind == TermKind::ip6)
        network(record, term, networks);
    }
  }

 private:
  void end_of(const Record& record) {
    const Term* all = record.all();
    const Term* redirect = record.redirect();
    if (all == nullptr && redirect == nullptr && record.faults.empty()) add(Lint::no_end);
    if (all == nullptr) return;
    if (redirect != nullptr) add(Lint::redirect_ignored, record, *redirect);
    if (all->qualifier == Qualifier::pass) add(Lint::all_passes, record, *all);
    if (all->qualifier == Qualifier::neutral) add(Lint::all_neutral, record, *all);
  }

  void network(const Record& record, const Term& term, IpSet& before) {
    const bool v4 = term.network.v4();
    const unsigned prefix = v4 ? term.prefix4 : term.prefix6;
    if (before.covers(term.network, prefix)) add(Lint::covered, record, term);
    IpSet own;
    own.add(term.network, prefix);
    before.add(own);
    const Ip first = (v4 ? own.v4 : own.v6).list().front().first;
    if (first != term.network) add(Lint::host_bits, record, term, fmt::format("{}/{}", first.text(), prefix));
    if (prefix < (v4 ? kNarrow4 : kNarrow6) && term.qualifier == Qualifier::pass) add(Lint::wide_network, record, term);
    for (const Special& special : kSpecial)
      if (prefix >= special.prefix && term.network.in(*Ip::parse(special.network), special.prefix))
        add(Lint::special_network, record, term, fmt::format("{}/{}", special.network, special.prefix));
  }

  std::string domain_;
  std::vector<LintFinding>& out_;
};

// A TXT record that somebody took for SPF.
bool almost(std::string_view text) {
  if (is_record(text)) return false;
  const std::string_view bare = trim(text, " \t\r\n\"'");
  return istarts_with(bare, "v=spf") || istarts_with(bare, "v = spf") || istarts_with(bare, "spf1 ");
}

class TreeLinter {
 public:
  TreeLinter(const Tree& tree, std::vector<LintFinding>& out) : tree_(tree), linter_(tree.root.domain, out) {}

  void run() {
    const Node& root = tree_.root;
    if (!root.questions.empty()) answer(tree_.questions[root.questions.front()]);
    if (tree_.old_type && tree_.questions[*tree_.old_type]) linter_.add(Lint::old_type);
    switch (root.state) {
      case NodeState::bad_domain:
        return linter_.add(Lint::bad_domain);
      case NodeState::no_domain:
        return linter_.add(Lint::no_domain);
      case NodeState::no_record:
        return linter_.add(Lint::no_record);
      case NodeState::failed:
        return linter_.add(Lint::lookup_failed);
      case NodeState::several_records:
        return linter_.add(Lint::several_records, fmt::format("{}", root.texts.size()));
      default:
        break;
    }
    linter_.text(root.record);
    if (root.state == NodeState::good) {
      below(root, nullptr, nullptr);
      costs(root);
      explanation(root);
    }
    if (tree_.cut) linter_.add(Lint::cut);
  }

 private:
  void answer(const dns::Answer& txt) {
    std::size_t octets = txt.question.name.domain().size();
    for (const Bytes& rdata : txt.records.rdata) {
      const std::string text = dns::Txt::joined(rdata);
      octets += text.size();
      if (almost(text)) linter_.add(Lint::almost_record, printable(text));
    }
    if (octets > kSmallAnswer) linter_.add(Lint::too_long, fmt::format("{} octets", octets));
  }

  void costs(const Node& root) {
    const Limits limits;
    const auto count = [](unsigned n, unsigned most) { return fmt::format("{} of {}", n, most); };
    if (root.lookups > limits.lookups)
      linter_.add(Lint::too_many_lookups, count(root.lookups, limits.lookups));
    else if (root.lookups == limits.lookups)
      linter_.add(Lint::lookups_used_up, count(root.lookups, limits.lookups));
    const unsigned voids = std::max(root.voids4, root.voids6);
    std::string who = count(voids, limits.voids);
    if (root.voids4 != root.voids6) who += root.voids4 > root.voids6 ? ", for IPv4 clients" : ", for IPv6 clients";
    if (voids > limits.voids)
      linter_.add(Lint::too_many_voids, std::move(who));
    else if (voids == limits.voids)
      linter_.add(Lint::voids_used_up, std::move(who));
  }

  // `top`: the term of the root that leads here; findings below stand at it.
  void below(const Node& node, const Record* top_record, const Term* top) {
    for (const Branch& branch : node.branches) {
      const Term& own = node.record.terms[branch.term];
      const Record& record = top != nullptr ? *top_record : node.record;
      const Term& term = top != nullptr ? *top : own;
      const auto add = [&](Lint lint, std::string_view more = {}) {
        std::string detail;
        if (top != nullptr) detail = printable(fmt::format("{} of {}", node.record.text_of(own), node.domain));
        if (!more.empty()) detail += (detail.empty() ? "" : ": ") + printable(more);
        linter_.add(lint, record, term, detail);
      };
      if (branch.failed) add(Lint::term_failed);
      if (branch.mx_names > Limits().mx_names) add(Lint::too_many_mx, fmt::format("{}", branch.mx_names));
      const bool leads = own.kind == TermKind::include || own.kind == TermKind::redirect;
      if (leads) {
        for (const Node& inside : branch.inside) included(inside, own, add);
      } else {
        if (!branch.target.empty() && !query_name(branch.target)) add(Lint::bad_target, branch.target);
        if (branch.void4 && branch.void6) add(Lint::void_lookup);
        if (branch.void4 != branch.void6) add(Lint::one_family, branch.void4 ? "IPv6 only" : "IPv4 only");
      }
      for (const Node& inside : branch.inside) below(inside, &record, &term);
    }
  }

  template <class Add>
  void included(const Node& inside, const Term& own, const Add& add) {
    switch (inside.state) {
      case NodeState::bad_domain:
      case NodeState::no_domain:
      case NodeState::no_record:
      case NodeState::several_records:
      case NodeState::bad_syntax:
        add(Lint::include_broken, inside.domain);
        break;
      case NodeState::circle:
        add(Lint::circle, inside.domain);
        break;
      default:
        break;
    }
    const Term* all = inside.record.all();
    if (own.kind == TermKind::include && own.qualifier == Qualifier::pass && all != nullptr &&
        all->qualifier == Qualifier::pass)
      add(Lint::include_all_passes, inside.domain);
    if (inside.state == NodeState::good && !seen_.insert(to_lower(inside.domain)).second)
      add(Lint::included_twice, fmt::format("{} ({} lookups)", inside.domain, inside.lookups + 1));
  }

  void explanation(const Node& root) {
    const Term* exp = root.record.exp();
    if (exp == nullptr || !tree_.explanation) return;
    const dns::Answer& answer = tree_.questions[*tree_.explanation];
    const bool good =
        answer && answer.records.rdata.size() == 1 &&
        MacroString::parse(dns::Txt::joined(answer.records.rdata.front()), MacroString::Kind::explain_string);
    if (!good) linter_.add(Lint::bad_explanation, root.record, *exp);
  }

  const Tree& tree_;
  Linter linter_;
  std::set<std::string> seen_;
};

}  // namespace

std::vector<LintFinding> lint_record(const Record& record) {
  std::vector<LintFinding> out;
  Linter("", out).text(record);
  return out;
}

std::vector<LintFinding> lint(const Tree& tree) {
  std::vector<LintFinding> out;
  TreeLinter(tree, out).run();
  return out;
}

}  // namespace chappe::trust::spf
