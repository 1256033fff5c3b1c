#include "dns/counting.h"

namespace chappe::dns {
namespace {

const Metric<Counter, 1> kAnswers(
    "chappe_dns_answers_total",
    "Questions that were asked of the DNS, by outcome: answer, nodata and nxdomain are answers; servfail, timeout and "
    "bogus (forged, or signed wrongly) are none.",
    {"outcome"});

}  // namespace

CountingResolver::CountingResolver(Resolver& below, Metrics& metrics) : below_(below) {
  for (std::size_t i = 0; i < counters_.size(); ++i)
    counters_[i] = &metrics.of(kAnswers, outcome_row(static_cast<Outcome>(i)).name);
}

net::Task<Answer> CountingResolver::ask(Question question, net::Deadline deadline) {
  Answer answer = co_await below_.ask(std::move(question), deadline);
  counters_[static_cast<std::size_t>(answer.outcome)]->add();
  co_return answer;
}

}  // namespace chappe::dns
