// All that an SPF record leads to: the domains that it includes or redirects to, what each costs a receiver, and which
// addresses it authorises. Unlike a check (check.h) it knows no client: every term is looked at, and what depends on
// the letter is marked so. For operators, lint.h and the audit of domains.
//
// Pure but for the Resolver, which the caller owns and which must outlive the task; runs on the caller's executor.
// Nothing blocks. Never fails. A question is asked once. Limits: the constants below; what is beyond is not looked at,
// and the tree says so.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dns/resolver.h"
#include "net/task.h"
#include "trust/ip_ranges.h"
#include "trust/spf/check.h"

namespace chappe::trust::spf {

inline constexpr std::size_t kMaxTreeNodes = 100;
inline constexpr std::size_t kMaxTreeDepth = 12;       // a check ends earlier, by its lookups
inline constexpr std::size_t kMaxTreeQuestions = 500;  // of all kinds
inline constexpr std::size_t kMaxTreeTerms = 512;      // of one record

enum class NodeState : std::uint8_t {
  good,
  bad_domain,  // no question can be made of it, or it has one label
  no_domain,
  no_record,
  several_records,
  bad_syntax,
  failed,         // the DNS gave no usable answer
  circle,         // it is further up in the tree as well
  not_looked_at,  // a limit
};

struct Node;

struct Branch {
  std::size_t term = 0;  // in Node::record.terms
  std::string target;    // the target-name; empty: the term has none, or it varies
  bool varies = false;   // the target-name depends on the letter
  unsigned lookups = 0;  // its own and those below
  // A client of this family finds nothing there (RFC 7208 §4.6.4).
  bool void4 = false, void6 = false;
  bool failed = false;  // the DNS gave no usable answer to one of its questions
  std::size_t mx_names = 0;
  std::vector<std::size_t> questions;  // in Tree::questions
  std::vector<Node> inside;            // of include and redirect: one, unless it varies
};

// The record of a domain. A term behind an all is not reached and has no branch, nor has a redirect beside one.
struct Node {
  std::string domain;
  NodeState state = NodeState::good;
  Record record;                       // empty unless there is exactly one
  std::vector<std::string> texts;      // of several: each
  std::vector<std::size_t> questions;  // for the record
  std::vector<Branch> branches;        // in the order of evaluation
  unsigned own_lookups = 0;            // by its own terms
  unsigned lookups = 0;                // with those of everything below; of a circle, until a check gives up
  unsigned voids4 = 0, voids6 = 0;     // likewise, as a client meets them that nothing matches
  // Which clients come to pass here by their address alone.
  IpSet authorised;
  // Others may: by ptr, exists, or what depends on the letter.
  bool open = false;
};

struct Tree {
  Node root;
  std::vector<dns::Answer> questions;      // in order
  bool cut = false;                        // a limit kept something out
  std::optional<std::size_t> old_type;     // the question for records of type SPF at the root (RFC 7208 §3.1)
  std::optional<std::size_t> explanation;  // the question for what exp of the root names
};

net::Task<Tree> tree(dns::Resolver& resolver, std::string domain, net::Deadline deadline);

}  // namespace chappe::trust::spf
