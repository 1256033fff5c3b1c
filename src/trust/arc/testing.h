// What the tests of ARC share.
#pragma once

#include "trust/arc/verify.h"
#include "trust/dkim/testing.h"

namespace chappe::trust::arc {

// A whole letter, judged at `now` (seconds since 1970).
class Judge {
 public:
  explicit Judge(dns::Resolver& resolver, std::int64_t now = 1'700'000'000)
      : resolver_(resolver), now_{now * 1'000'000}, executor_(clock_) {}
  Limits limits;

  Verdict operator()(std::string_view bytes) {
    const message::Letter letter(bytes);
    const dkim::BodyHashes bodies = dkim::body_hashes(letter);
    return executor_.run(task(letter.fields(), &bodies));
  }

 private:
  net::Task<Verdict> task(std::span<const message::Field> fields, const dkim::BodyHashes* bodies) {
    co_return co_await verify(resolver_, fields, *bodies, now_, limits, net::Deadline::in(std::chrono::seconds(10)));
  }

  dns::Resolver& resolver_;
  Time now_;
  ManualClock clock_;
  net::LocalExecutor executor_;
};

}  // namespace chappe::trust::arc
