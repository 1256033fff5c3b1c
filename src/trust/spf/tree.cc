#include "trust/spf/tree.h"

#include <algorithm>
#include <map>

#include "base/text.h"

namespace chappe::trust::spf {
namespace {

class Grower {
 public:
  Grower(dns::Resolver& resolver, net::Deadline deadline, Tree& out)
      : resolver_(resolver), deadline_(deadline), out_(out) {}

  net::Task<void> grow(std::string domain, Node* node) {
    node->domain = domain;
    if (std::any_of(path_.begin(), path_.end(), [&](const std::string& d) { return iequals(d, domain); })) {
      node->state = NodeState::circle;
      co_return;
    }
    if (nodes_ == kMaxTreeNodes || path_.size() == kMaxTreeDepth) {
      node->state = NodeState::not_looked_at;
      out_.cut = true;
      co_return;
    }
    ++nodes_;
    path_.push_back(domain);
    co_await read(node);
    if (node->state == NodeState::good) co_await look_at_terms(node);
    path_.pop_back();
  }

  // The index of its answer; nothing if no more may be asked.
  net::Task<std::optional<std::size_t>> ask(dns::Name name, dns::Type type) {
    dns::Question question{std::move(name), type};
    if (const auto known = asked_.find(question); known != asked_.end()) co_return known->second;
    if (out_.questions.size() == kMaxTreeQuestions) {
      out_.cut = true;
      co_return std::nullopt;
    }
    dns::Answer answer = co_await resolver_.ask(question, deadline_);
    asked_[std::move(question)] = out_.questions.size();
    out_.questions.push_back(std::move(answer));
    co_return out_.questions.size() - 1;
  }

  // Nothing: it depends on the letter.
  static std::optional<std::string> target_of(const Term& term, std::string_view domain) {
    if (!term.domain) return std::string(domain);
    for (const char letter : std::string_view("slopihv"))
      if (term.domain->uses(letter)) return std::nullopt;
    MacroValues values;
    values.domain = domain;
    return expand_domain(*term.domain, values);
  }

 private:
  net::Task<void> read(Node* node) {
    const auto name = query_name(node->domain);
    if (!name || name->label_count() < 2) {
      node->state = NodeState::bad_domain;
      co_return;
    }
    const auto index = co_await ask(*name, dns::Type::txt);
    if (!index) {
      node->state = NodeState::not_looked_at;
      co_return;
    }
    node->questions.push_back(*index);
    const dns::Answer& answer = out_.questions[*index];
    node->texts = select_records(answer.records);
    if (answer.outcome == dns::Outcome::nxdomain)
      node->state = NodeState::no_domain;
    else if (!answer && !answer.absent())
      node->state = NodeState::failed;
    else if (node->texts.size() != 1)
      node->state = node->texts.empty() ? NodeState::no_record : NodeState::several_records;
    if (node->state != NodeState::good) co_return;
    node->record = parse_record(node->texts.front());
    if (!node->record.faults.empty()) node->state = NodeState::bad_syntax;
  }

  net::Task<void> look_at_terms(Node* node) {
    IpSet decided;
    const std::size_t count = std::min(node->record.terms.size(), kMaxTreeTerms);
    if (count < node->record.terms.size()) out_.cut = true;
    for (std::size_t i = 0; i < count; ++i) {
      const Term& term = node->record.terms[i];
      if (!term.mechanism()) continue;
      co_await look_at(node, i, &decided);
      if (term.kind == TermKind::all) co_return;
    }
    if (const Term* redirect = node->record.redirect())
      co_await look_at(node, static_cast<std::size_t>(redirect - node->record.terms.data()), &decided);
  }

  net::Task<void> look_at(Node* node, std::size_t index, IpSet* decided) {
    const Term& term = node->record.terms[index];
    Branch branch;
    branch.term = index;
    IpSet matched;
    co_await resolve(term, node, &branch, &matched);
    if (term.asks()) {
      ++node->own_lookups;
      ++branch.lookups;
    }
    for (const Node& inside : branch.inside) {
      branch.lookups += inside.lookups;
      node->voids4 += inside.voids4;
      node->voids6 += inside.voids6;
      node->open |= inside.open;
    }
    node->lookups += branch.lookups;
    node->voids4 += branch.void4;
    node->voids6 += branch.void6;
    node->branches.push_back(std::move(branch));
    // The first term that matches decides (RFC 7208 §4.6.2).
    IpSet fresh = matched;
    fresh.remove(*decided);
    if (term.qualifier == Qualifier::pass) node->authorised.add(fresh);
    decided->add(matched);
  }

  net::Task<void> resolve(const Term& term, Node* node, Branch* branch, IpSet* matched) {
    if (term.kind == TermKind::all) co_return matched->add_everything();
    if (term.kind == TermKind::ip4) co_return matched->add(term.network, term.prefix4);
    if (term.kind == TermKind::ip6) co_return matched->add(term.network, term.prefix6);
    const auto target = target_of(term, node->domain);
    branch->varies = !target;
    if (!target || term.kind == TermKind::ptr || term.kind == TermKind::exists) node->open = true;
    if (!target) co_return;
    branch->target = *target;
    if (term.kind == TermKind::include || term.kind == TermKind::redirect) {
      Node& inside = branch->inside.emplace_back();
      co_await grow(*target, &inside);
      branch->void4 = branch->void6 =
          inside.state == NodeState::no_domain || (inside.state == NodeState::no_record && absent(inside.questions));
      branch->failed = inside.state == NodeState::failed;
      *matched = inside.authorised;
      co_return;
    }
    const auto name = query_name(*target);
    if (!name || term.kind == TermKind::ptr) co_return;
    if (term.kind == TermKind::exists) {
      const dns::Answer* answer = co_await ask_for(branch, *name, dns::Type::a);
      branch->void4 = branch->void6 = answer != nullptr && answer->absent();
    } else if (term.kind == TermKind::mx) {
      const dns::Answer* answer = co_await ask_for(branch, *name, dns::Type::mx);
      branch->void4 = branch->void6 = answer != nullptr && answer->absent();
      std::vector<dns::Mx> hosts = answer != nullptr ? answer->records.as<dns::Mx>() : std::vector<dns::Mx>();
      branch->mx_names = hosts.size();
      if (hosts.size() > Limits().mx_names) co_return;
      for (const dns::Mx& host : hosts)
        if (!host.exchange.is_root()) co_await add_addresses(term, host.exchange, branch, matched);
    } else {
      co_await add_addresses(term, *name, branch, matched);
      for (const std::size_t question : branch->questions) {
        const dns::Answer& answer = out_.questions[question];
        if (answer.absent()) (answer.question.type == dns::Type::a ? branch->void4 : branch->void6) = true;
      }
    }
  }

  net::Task<void> add_addresses(const Term& term, dns::Name host, Branch* branch, IpSet* matched) {
    for (const dns::Type type : {dns::Type::a, dns::Type::aaaa}) {
      const dns::Answer* answer = co_await ask_for(branch, host, type);
      if (answer == nullptr) continue;
      for (const Ip& ip : ips_of(answer->records)) matched->add(ip, ip.v4() ? term.prefix4 : term.prefix6);
    }
  }

  // Null if no more may be asked. The answer stays where it is until the next question.
  net::Task<const dns::Answer*> ask_for(Branch* branch, dns::Name name, dns::Type type) {
    const auto index = co_await ask(std::move(name), type);
    if (!index) co_return nullptr;
    branch->questions.push_back(*index);
    const dns::Answer& answer = out_.questions[*index];
    if (!answer && !answer.absent()) branch->failed = true;
    co_return &answer;
  }

  bool absent(const std::vector<std::size_t>& questions) const {
    return std::any_of(questions.begin(), questions.end(), [&](std::size_t i) { return out_.questions[i].absent(); });
  }

  dns::Resolver& resolver_;
  net::Deadline deadline_;
  Tree& out_;
  std::map<dns::Question, std::size_t> asked_;
  std::vector<std::string> path_;
  std::size_t nodes_ = 0;
};

// Adds lookups to the first circle and to all that leads to it; false: there is none. Not deeper than kMaxTreeDepth.
bool charge_circle(Node& node, unsigned more) {
  for (Branch& branch : node.branches)
    for (Node& inside : branch.inside) {
      if (inside.state == NodeState::circle)
        inside.lookups += more;
      else if (!charge_circle(inside, more))
        continue;
      branch.lookups += more;
      node.lookups += more;
      return true;
    }
  return false;
}

}  // namespace

net::Task<Tree> tree(dns::Resolver& resolver, std::string domain, net::Deadline deadline) {
  if (domain.ends_with('.')) domain.pop_back();
  Tree out;
  Grower grower(resolver, deadline, out);
  co_await grower.grow(domain, &out.root);
  // A check goes round in a circle until one term too many asks (RFC 7208 §4.6.4).
  if (const unsigned end = Limits().lookups + 1; out.root.lookups < end)
    charge_circle(out.root, end - out.root.lookups);
  if (const auto name = query_name(domain); name && out.root.state != NodeState::bad_domain)
    out.old_type = co_await grower.ask(*name, dns::Type::spf);
  if (const Term* exp = out.root.record.exp()) {
    const auto target = Grower::target_of(*exp, domain);
    const auto name = target ? query_name(*target) : std::nullopt;
    if (name) out.explanation = co_await grower.ask(*name, dns::Type::txt);
  }
  co_return out;
}

}  // namespace chappe::trust::spf
