#include "dns/overlay.h"

#include <algorithm>

namespace chappe::dns {
namespace {

constexpr std::size_t kMaxChain = 12;

// `last` is what was found at the end of `chain`: the answer to the question as a whole.
Answer behind(std::vector<Record> chain, Question question, Answer last) {
  for (const Record& alias : chain) last.ttl = std::min(last.ttl, alias.ttl);
  chain.insert(chain.end(), last.chain.begin(), last.chain.end());
  last.chain = std::move(chain);
  last.question = std::move(question);
  return last;
}

}  // namespace

void OverlayResolver::add(Record record) {
  Edit& edit = edits_[{record.name, record.type}];
  if (edit.set.empty()) edit.set = {record.name, record.type, record.ttl, {}};
  edit.set.ttl = std::min(edit.set.ttl, record.ttl);
  edit.set.rdata.push_back(std::move(record.rdata));
}

void OverlayResolver::replace(RRset set) {
  const Question key{set.name, set.type};
  edits_[key] = {.replaces = true, .set = std::move(set)};
}

void OverlayResolver::remove(const Name& name, Type type) {
  edits_[{name, type}] = {.replaces = true, .set = {name, type, 0, {}}};
}

const OverlayResolver::Edit* OverlayResolver::edit_of(const Name& name, Type type) const {
  const auto at = edits_.find({name, type});
  return at == edits_.end() ? nullptr : &at->second;
}

bool OverlayResolver::planned(const Name& name) const {
  for (auto at = edits_.lower_bound({name, Type{}}); at != edits_.end() && at->first.name.under(name); ++at)
    if (!at->second.set.empty()) return true;
  return false;
}

void OverlayResolver::apply(const Edit* edit, Answer& answer) const {
  if (edit && (edit->replaces || !edit->set.empty())) {
    // What stands there today counts only where it is added to; that it is servfail or bogus counts then, too.
    if (!edit->replaces && !answer && !answer.absent()) return;
    RRset set = edit->set;
    if (!edit->replaces && answer) {
      set.ttl = std::min(set.ttl, answer.records.ttl);
      set.rdata.insert(set.rdata.begin(), answer.records.rdata.begin(), answer.records.rdata.end());
    }
    // A plan to remove what is not there changes nothing.
    if (set.empty() && answer.absent()) return;
    answer.records = {};
    answer.why.clear();
    answer.outcome = set.empty() ? Outcome::nodata : Outcome::answer;
    answer.ttl = set.ttl;
    if (!set.empty()) answer.records = std::move(set);
  }
  // The name gets other records, or names below it: it exists.
  if (answer.outcome == Outcome::nxdomain && planned(answer.canonical)) answer.outcome = Outcome::nodata;
}

net::Task<Answer> OverlayResolver::ask(Question question, net::Deadline deadline) {
  std::vector<Record> chain;
  Question at = question;
  Security security = Security::secure;
  while (chain.size() <= kMaxChain) {
    // A CNAME that is planned or removed decides about every other type.
    const Edit* cname = at.type == Type::cname ? nullptr : edit_of(at.name, Type::cname);
    if (cname && !cname->set.empty()) {
      const Answer today = co_await below_.ask({at.name, Type::cname}, deadline);
      if (today.security != Security::secure) security = today.security;
      chain.push_back({at.name, Type::cname, cname->set.ttl, cname->set.rdata.front()});
      at.name = Cname::of(cname->set.rdata.front()).target;
      continue;
    }
    Answer today = co_await below_.ask(at, deadline);
    if (today.security != Security::secure) security = today.security;
    if (cname && !today.chain.empty()) today = without_records(at, Outcome::nodata);
    // A planned set takes the place of a chain of today.
    const Edit* edit = edit_of(at.name, at.type);
    if (edit && !edit->set.empty() && !today.chain.empty()) today = without_records(at, Outcome::nodata);
    // The chain of today leads to a name with a plan: from there on the plan counts.
    const auto turn = std::ranges::find_if(today.chain, [&](const Record& alias) {
      const Name target = Cname::of(alias.rdata).target;
      return edit_of(target, at.type) || edit_of(target, Type::cname) || planned(target);
    });
    if (turn != today.chain.end()) {
      chain.insert(chain.end(), today.chain.begin(), std::next(turn));
      at.name = Cname::of(turn->rdata).target;
      continue;
    }
    if (today.chain.empty()) apply(edit, today);
    Answer out = behind(std::move(chain), std::move(question), std::move(today));
    if (out || out.absent()) out.security = security;
    co_return out;
  }
  co_return without_records(std::move(question), Outcome::servfail, "the aliases go in a circle, or are too many");
}

}  // namespace chappe::dns
