// Counts the answers of another resolver by their outcome (base/metrics.h), and gives them on as they are.
#pragma once

#include <array>

#include "base/metrics.h"
#include "dns/resolver.h"

namespace chappe::dns {

class CountingResolver final : public Resolver {
 public:
  // Both must outlive it.
  CountingResolver(Resolver& below, Metrics& metrics);

  net::Task<Answer> ask(Question question, net::Deadline deadline) override;

 private:
  Resolver& below_;
  std::array<Counter*, 6> counters_{};  // by Outcome
};

}  // namespace chappe::dns
