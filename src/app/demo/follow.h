// Following a letter over the trails of the servers that had it: what the demo narrates, and what it judges by.
//
// Main thread, which blocks.
#pragma once

#include <optional>
#include <string>

#include "app/demo/people.h"
#include "app/demo/scenarios.h"

namespace chappe::app::demo {

inline constexpr Duration kArrival = std::chrono::seconds(20);

// One step of a trail, as trail.show has it.
struct Step {
  std::string letter;  // whose step it is
  std::string event, to, host, peer, hello, tls, status, words, mailbox, notice;
  std::string action, reason, authentication, evidence;  // of "judged"
};

struct Letter {
  std::string id, state, from;
  std::vector<Step> steps;

  // The last one of that kind.
  const Step* last(std::string_view event) const;
};

// The trail of a letter at the host, once something has come of it: no longer waiting, or tried in vain. Errc::timeout.
Result<Letter> settled(Scene& scene, const HostPlan& host, const std::string& id);
// The same, once the letter does not wait any more.
Result<Letter> ended(Scene& scene, const HostPlan& host, const std::string& id);

// Alice of paris sends a letter by submission; nobody listens. Gives its id there; an error for what is not a 250.
Result<std::string> send(Scene& scene, std::string_view to, std::string_view octets);
// Somebody with an account at `org` does.
Result<std::string> send_as(Scene& scene, std::string_view org, std::string_view account, std::string_view to,
                            std::string_view octets);

// From a trail at the sender's to the mailbox: over every host that took the letter, by the id that it named in its
// 250. Tells each hop, and adds the hosts to `hosts` if it is there. Gives the step that filed the letter, or nothing
// where the way ends before.
Result<std::optional<Step>> follow(Scene& scene, Letter letter, std::string* hosts = nullptr);

// "delivered", or what else became of it: "deferred 4.4.1", "bounced 5.1.1"; in the reader's language.
std::string fate(const Teller& tell, const Letter& letter);
// The same for its state: "waiting".
std::string state(const Teller& tell, const Letter& letter);

}  // namespace chappe::app::demo
