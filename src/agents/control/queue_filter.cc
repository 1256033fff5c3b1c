#include "agents/control/queue_filter.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace chappe::agents::control {
namespace {

// In the order of QueueFilter::Key.
constexpr std::array<std::string_view, 6> kKeys = {"letter", "from", "to", "domain", "state", "error"};

}  // namespace

std::string_view state_name(post::QueueState state) {
  static constexpr std::string_view kStates[] = {"waiting", "leased", "held"};
  return kStates[static_cast<std::size_t>(state)];
}

Result<QueueFilter> QueueFilter::parse(const std::vector<std::string>& conditions) {
  QueueFilter out;
  for (const std::string& text : conditions) {
    const auto equals = text.find('=');
    const auto key = std::ranges::find(kKeys, std::string_view(text).substr(0, equals));
    if (equals == std::string::npos || key == kKeys.end())
      return fail(Errc::invalid,
                  "'{}' is no condition: KEY=PATTERN, where KEY is letter, from, to, domain, state or error",
                  printable(text, 60));
    out.conditions_.push_back({static_cast<Key>(key - kKeys.begin()), text.substr(equals + 1)});
  }
  return out;
}

bool QueueFilter::matches(const post::QueueEntry& entry) const {
  const auto holds = [&entry](const Condition& c) {
    switch (c.key) {
      case Key::letter:
        return matches_pattern(c.pattern, entry.key.letter.text());
      case Key::from:
        return matches_pattern(c.pattern, entry.sender);
      case Key::to:
        return matches_pattern(c.pattern, entry.recipient);
      case Key::domain:
        return matches_pattern(c.pattern, std::string_view(entry.recipient).substr(entry.recipient.rfind('@') + 1));
      case Key::state:
        return matches_pattern(c.pattern, state_name(entry.state));
      case Key::error:
        return matches_pattern(c.pattern, entry.last_error);
    }
    return false;
  };
  return std::ranges::all_of(conditions_, holds);
}

}  // namespace chappe::agents::control
