// What to do about a letter once its author domains are judged: from verdicts, and what else is known of the letter, to
// one action of this host, with every deviation from the domain's wish named as RFC 9990 wants it in reports.
//
// RFC 9989 §5.4: p=reject alone never rejects. A letter is rejected only if there is other knowledge against it;
// without it is treated as with p=quarantine. What the domain does not ask for is never done, and p=none changes
// nothing. A letter without one author (trust/author.h) is a matter of RFC 5322, not of DMARC, and has rules of its own
// here. With several author domains the harshest of their actions holds (§11.5).
//
// Pure; any thread; nothing blocks.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "trust/author.h"
#include "trust/dmarc/evaluate.h"

namespace chappe::trust::dmarc {

// In order of harshness.
enum class Action : std::uint8_t {
  accept,
  junk,        // into the recipient's Junk
  quarantine,  // out of the recipient's reach, until somebody looks
  defer,       // 4yz: try again
  reject,      // 5yz
};
std::string_view action_name(Action action);

// What speaks against a letter beside its DMARC failure; found out elsewhere.
enum class Evidence : std::uint8_t {
  author_nonexistent,  // the author domain is not in the DNS: no list and no forwarder can have had it (decide() adds
                       // it)
  no_indirect_flow,    // nothing in it tells of a list, a forwarder or a gateway
  sender_listed,       // the client, or a domain that the sender named, is in a block list
  content,             // it is spam or worse by its content
  local_block,         // a rule of this host
};
std::string_view evidence_name(Evidence evidence);

// RFC 9990 §3.1.6, in its spelling by override_name().
enum class OverrideType : std::uint8_t { local_policy, mailing_list, other, policy_test_mode, trusted_forwarder };
std::string_view override_name(OverrideType type);

struct Override {
  OverrideType type{};
  std::string comment;  // for the report; no text of the peer
  bool operator==(const Override&) const = default;
};

// A chain that arrived with the letter (RFC 8617).
struct ArcKnowledge {
  bool passes = false;   // cv=pass, checked here
  bool trusted = false;  // the newest sealer is one whose word counts here
  // What the sealer saw when the letter still was as its author sent it.
  Outcome reported = Outcome::none;
  std::string comment;  // "arc=pass as[2].d=d2.example as[2].s=s2 remote-ip[1]=…" (RFC 8617 §7.2.2)
};

// What this host knows of the letter beside DMARC. Each text says where from.
struct Knowledge {
  std::optional<std::string> local_allow;
  std::optional<std::string> trusted_forwarder;
  std::optional<std::string> mailing_list;  // one that is known here; List-Id alone can be forged
  std::optional<ArcKnowledge> arc;
  std::optional<std::string> other;
  std::vector<Evidence> against;
};

struct LocalPolicy {
  Action quarantine = Action::junk;   // what the domain's "quarantine" means here
  bool rejects = true;                // with other knowledge; else "reject" is treated as "quarantine"
  Action temperror = Action::defer;   // RFC 9989 appendix B.3.1; accept: "fail open" (§4.10.1)
  Action no_author = Action::reject;  // RFC 5322 §3.6
  Action ambiguous = Action::reject;  // RFC 9989 §11.5
};

enum class ActionReason : std::uint8_t {
  author_missing,
  author_ambiguous,
  dmarc_absent,
  passes,
  dns_error,
  nothing_wanted,
  test_mode,
  overridden,
  quarantine_wanted,
  reject_alone,
  reject_not_done,
  reject_with_evidence,
  sender_listed,  // trust/sender_lists.h decided
};
struct ActionReasonRow {
  ActionReason reason;
  std::string_view id;
  std::string_view en, fr;

  std::string_view text(Lang lang) const { return lang == Lang::fr ? fr : en; }
};
const ActionReasonRow& action_reason_row(ActionReason reason);
std::span<const ActionReasonRow> action_reason_rows();

// What a report calls the outcome (RFC 9990 §3.1.1.9).
enum class Disposition : std::uint8_t { none, pass, quarantine, reject };
std::string_view disposition_name(Disposition disposition);

struct Decision {
  Action action = Action::accept;
  ActionReason reason = ActionReason::dmarc_absent;
  Disposition disposition = Disposition::none;
  std::vector<Override> overrides;  // all that apply; empty: what the domain wants is done
  std::vector<Evidence> evidence;   // what there was against the letter
  std::size_t governing = 0;        // which of the verdicts decided
};

// For one author domain.
Decision decide(const Verdict& verdict, const Knowledge& knowledge, const LocalPolicy& policy);
// For the letter: `verdicts` has one for each of author.domains.
Decision decide(const Author& author, std::span<const Verdict> verdicts, const Knowledge& knowledge,
                const LocalPolicy& policy);

}  // namespace chappe::trust::dmarc
