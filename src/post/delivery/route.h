// Where a recipient's letters go: the directory's answers, followed through aliases to their ends. No sockets, no store
// of its own; asks through an interface.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "net/task.h"
#include "post/ids.h"
#include "post/ingest/ingest.h"
#include "trust/srs.h"

namespace chappe::post {

// What the directory says about one address, one step far.
struct RcptAnswer {
  enum class Kind : std::uint8_t {
    account,  // a mailbox here
    mda,      // a mailbox of our site, or what stands for some, kept by the mda, which is another process
    alias,    // stands for `targets`
    remote,   // of a domain that is not ours
    unknown,  // of our domain, and nobody has it
  };
  Kind kind = Kind::unknown;
  AccountId account;
  std::string mailbox;               // of an account: a folder other than INBOX (subaddress), or empty
  std::vector<std::string> targets;  // of an alias
  bool full = false;                 // of the mda's: it says that the mailbox is full now
  // An alias that is a sender which was rewritten here (post/directory/return_paths.h): it takes notifications alone.
  bool notifications_only = false;
  std::optional<trust::SrsFault> fault = {};  // why one that is unknown is none of those
};

class RcptSource {
 public:
  virtual ~RcptSource() = default;
  // `address` as written, without angle brackets. Errors: invalid, and those of the store, or of reaching the mda.
  virtual net::Task<Result<RcptAnswer>> resolve_rcpt(std::string address, net::Deadline deadline) = 0;
};

inline constexpr std::size_t kMaxAliasDepth = 10;
inline constexpr std::size_t kMaxAliasTargets = 1000;  // after expansion

struct Route {
  // Each address and each account once, in the order of finding.
  struct End {
    std::string address;
    Destination destination;
  };
  std::vector<End> ends;
  // Targets of an alias that nobody has; the letter still goes to the others.
  std::vector<std::string> unknown;
  bool full = false;  // the mda says so
};

// Follows `address` to its ends. A loop ends where it closes. Errors: not_found (nobody has the address, or nothing it
// stands for leads anywhere), too_large (depth, targets), and those of the source, which must outlive the task.
net::Task<Result<Route>> route(RcptSource* source, std::string address, net::Deadline deadline);

}  // namespace chappe::post
