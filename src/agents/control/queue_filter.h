// Which recipients of the queue an operator means: conditions like to=*@example.net, all of which must hold. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "post/queue/queue.h"

namespace chappe::agents::control {

// "waiting", "leased", "held"
std::string_view state_name(post::QueueState state);

class QueueFilter {
 public:
  // Each is KEY=PATTERN, with KEY one of letter, from, to, domain (of the recipient), state, error; "*" in the pattern
  // stands for anything, and case does not matter. Errc::invalid says which is wrong.
  static Result<QueueFilter> parse(const std::vector<std::string>& conditions);

  bool empty() const { return conditions_.empty(); }
  bool matches(const post::QueueEntry& entry) const;

 private:
  enum class Key : std::uint8_t { letter, from, to, domain, state, error };
  struct Condition {
    Key key;
    std::string pattern;
  };
  std::vector<Condition> conditions_;
};

}  // namespace chappe::agents::control
