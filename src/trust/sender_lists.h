// What DNS lists (listing.h) hold of who sent a letter: of the client's address, and, where a list holds domains, of
// the HELO name, the domain of MAIL FROM and each author domain. And what of that counts:
//
//   - A listing by a block list counts, unless an allow list that counts holds the same address or domain.
//   - A listing by an allow list counts for an address, which nobody can forge over TCP, and for a domain only if the
//     letter proves to be from it: else a forger would only have to name a good one.
//   - An error never counts, for or against (RFC 5782 §7): the letter is judged as if the list had not been asked.
//
// Pure but for the Resolver, which the caller owns and which must outlive the task; runs on the caller's executor.
// Nothing blocks. Never fails. Ends by the deadline, and after kListTime in any case. Asks each list about
// kMaxAuthorDomains + 3 subjects at most.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "trust/author.h"
#include "trust/dmarc/action.h"
#include "trust/listing.h"

namespace chappe::trust {

// How long lists are waited for: one that is gone must not make every letter wait as long as the whole judgement may
// take.
inline constexpr Duration kListTime = std::chrono::seconds(5);

// A list, and what its host does with a letter of a sender that it holds.
struct ListRule {
  List list;
  // By itself: accept, junk or reject; accept: the listing is only noted, and weighed beside DMARC. Of an allow list,
  // nothing.
  dmarc::Action action = dmarc::Action::accept;
};

enum class ListSubject : std::uint8_t { client, helo, mail_from, author };
std::string_view list_subject_name(ListSubject subject);

enum class ListEffect : std::uint8_t {
  none,        // it is not in the list, or the list is of no use
  counts,      // against the letter, or, of an allow list, for it
  overridden,  // an allow list knows better
  unproven,    // an allow list holds the domain, and anybody may have named it
};
std::string_view list_effect_name(ListEffect effect);

struct ListFinding {
  ListSubject of{};     // of a domain that is named more than once, the first
  std::string subject;  // an address, or a domain in A-labels
  Listing listing;      // listing.list: in SenderListing::rules
  ListEffect effect = ListEffect::none;
};

struct SenderListing {
  std::vector<ListRule> rules;
  std::vector<ListFinding> findings;  // of what was asked, by subject, then in the order of the rules

  const ListRule& rule_of(const ListFinding& finding) const { return rules.at(finding.listing.list); }
  // The block listing that counts and has the harshest action; of several the first. Null: there is none.
  const ListFinding* against() const;
};

// Who the letter says that it is from. What is empty, or no domain, is not asked about.
struct SenderNames {
  std::string ip = {}, helo = {};
  std::string mail_from = {};             // the address
  std::vector<std::string> authors = {};  // domains
};

net::Task<SenderListing> ask_sender_lists(dns::Resolver& resolver, SenderNames names, std::vector<ListRule> rules,
                                          net::Deadline deadline);

// Says what counts. `proven`: the domains that the letter proves to be from, in A-labels.
void weigh(SenderListing& listing, const std::vector<std::string>& proven);

// What comes of the letter: decision.action and its reason become those of the listing where that is harsher. A host
// that does not reject by DMARC (policy.rejects) sorts into Junk here, too. The disposition stays, for it tells of
// DMARC alone (RFC 9990 §3.1.1.9).
void apply(const SenderListing& listing, const dmarc::LocalPolicy& policy, dmarc::Decision& decision);

}  // namespace chappe::trust
