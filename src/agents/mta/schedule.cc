#include "agents/mta/schedule.h"

#include <algorithm>
#include <array>

namespace chappe::agents::mta {

Duration retry_after(std::uint32_t attempts, Random& random) {
  using std::chrono::minutes;
  static constexpr std::array<minutes, 5> kSteps = {minutes(1), minutes(5), minutes(15), minutes(30), minutes(60)};
  const Duration step = kSteps[std::min<std::size_t>(attempts ? attempts - 1 : 0, kSteps.size() - 1)];
  return step + Duration(static_cast<Duration::rep>(random.below(static_cast<std::uint64_t>(step.count() / 10))));
}

Outcome outcome_of(const proto::smtp::Reply& reply) {
  if (reply.positive()) return Outcome::delivered;
  return reply.permanent() ? Outcome::never : Outcome::later;
}

}  // namespace chappe::agents::mta
