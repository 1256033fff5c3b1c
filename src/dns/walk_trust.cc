#include "dns/walk_trust.h"

#include <algorithm>
#include <map>
#include <set>

namespace chappe::dns {
namespace {

using net::Task;

// What has to be known to judge a step.
Question question_for(const WalkStep& step) {
  if (step.reading.said == Said::referral) return {step.reading.delegation.zone, Type::ds};
  // Of an alias, it and not what it leads to.
  if (step.reading.said == Said::alias) return {step.question.name, Type::cname};
  return step.question;
}

Task<void> ask_into(Resolver* resolver, const Question* question, net::Deadline deadline, Answer* out) {
  *out = co_await resolver->ask(*question, deadline);
}

std::set<Bytes> contents_of(const RRset& set) {
  std::set<Bytes> out;
  for (const Bytes& rdata : set.rdata) out.insert(canonical_rdata(set.type, rdata));
  return out;
}

bool same(const Reading& reading, const Answer& validated) {
  if (reading.said == Said::referral) return true;
  if (reading.said == Said::alias) {
    return validated && validated.records.rdata.size() == 1 &&
           canonical_rdata(Type::cname, validated.records.rdata.front()) ==
               canonical_rdata(Type::cname, reading.answer.chain.front().rdata);
  }
  return reading.answer.outcome == validated.outcome &&
         contents_of(reading.answer.records) == contents_of(validated.records);
}

void judge_step(WalkStep& step, const Answer& validated) {
  step.trust_why = validated.why;
  if (validated.outcome == Outcome::bogus) {
    step.trust = Trust::bogus;
  } else if (!validated && !validated.absent()) {
    step.trust = Trust::unknown;
  } else if (!same(step.reading, validated)) {
    step.trust = Trust::unknown;
    step.trust_why = "the validating resolver was told something else";
  } else if (!validated.secure()) {
    step.trust = Trust::insecure;
  } else {
    // RFC 4035 §5.2: the proof that there is no DS ends the chain of signatures, in order.
    step.trust = step.reading.said == Said::referral && !validated ? Trust::proven_unsigned : Trust::secure;
  }
}

}  // namespace

Task<void> judge(Resolver* resolver, bool validating, Walk* walk, net::Deadline deadline) {
  if (!validating) co_return;
  std::map<Question, Answer> answers;
  for (const WalkStep& step : walk->steps)
    if (of_use(step.reading.said)) answers.try_emplace(question_for(step));
  net::Scope all;
  for (auto& [question, answer] : answers) all.spawn(ask_into(resolver, &question, deadline, &answer));
  co_await all.join();
  for (WalkStep& step : walk->steps)
    if (of_use(step.reading.said)) judge_step(step, answers.at(question_for(step)));
  if (walk->end != WalkEnd::answered) co_return;
  for (const WalkStep& step : walk->steps) {
    if (step.depth > 0 || !of_use(step.reading.said) || step.reading.said == Said::referral) continue;
    walk->trust = std::max(walk->trust, step.trust);
  }
}

}  // namespace chappe::dns
