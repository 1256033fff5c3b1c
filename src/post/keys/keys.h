// The DKIM keys of our domains: several for a domain and selector by selector in their states, the private parts in
// the store and nowhere else, parsed once for those who sign.
//
// One for the process, over the store; from any executor. Making and reading a key goes through the offload pool, and
// changes through the one commit path, with an audit row in the same batch (post/directory/directory.h). No call gives
// a private key away; a backup holds them.
//
// Errors that every call may give: those of the store and the commit path; not_found: the domain is not ours, or has no
// such key.
#pragma once

#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "net/task.h"
#include "post/keys/dkim_key.h"
#include "store/commit.h"
#include "store/store.h"

namespace chappe::post {

// What signs: d=, s= and the key.
struct DkimSigner {
  std::string domain;
  std::string selector;
  crypto::PrivateKey key;
};
using DkimSigners = std::shared_ptr<const std::vector<DkimSigner>>;

class Keys {
 public:
  static constexpr std::size_t kMaxOfDomain = 20;    // keys
  static constexpr std::uint32_t kLeastBits = 1024;  // of RSA; RFC 8301 §3.2: less is no signature
  static constexpr std::uint32_t kMostBits = 4096;   // of RSA; its record still fits where records go
  static constexpr std::size_t kKept = 4'096;        // domains whose signers are kept parsed

  // All must outlive it.
  struct Parts {
    store::Store* store;
    store::Commit* commit;
    net::Offload* offload;
    Clock* clock;
  };
  explicit Keys(Parts parts) : parts_(parts) {}

  // A new key in state next. Without selector (empty) one is made of the kind and the day: "r20261126", and with a
  // letter behind it if that is taken. `bits` is of RSA. Errors: exists (the selector), invalid.
  net::Task<Result<DkimKey>> generate(std::string who, std::string domain, std::string selector, crypto::KeyKind kind,
                                      std::uint32_t bits, net::Deadline deadline);
  // A key that somebody made elsewhere, as PEM, in one of the states with a private key. Errors: exists, invalid,
  // too_large.
  net::Task<Result<DkimKey>> import(std::string who, std::string domain, std::string selector, crypto::Secret pem,
                                    KeyState state, net::Deadline deadline);
  // Errors: denied, if it may not become that. A revoked key has lost its private part for good.
  net::Task<Result<DkimKey>> set_state(std::string who, std::string domain, std::string selector, KeyState state,
                                       net::Deadline deadline);
  // Errors: denied, unless it is next or revoked: others may still look for its record.
  net::Task<Result<void>> remove(std::string who, std::string domain, std::string selector, net::Deadline deadline);
  // Of a domain, or of all (empty); by domain id and selector.
  net::Task<Result<std::vector<DkimKey>>> list(std::string domain, net::Deadline deadline);

  // The keys that sign for a domain (A-labels, lower case): its own, or those of the nearest domain of ours above it
  // (which aligns, unless its DMARC record asks for more: RFC 9989 §4.4). Empty: nobody signs for it.
  net::Task<Result<DkimSigners>> signers(std::string domain, net::Deadline deadline);

 private:
  struct Parsed {
    crypto::PrivateKey key;
    crypto::Secret pem;
  };
  net::Task<Result<DkimKey>> add(std::string who, std::string domain, std::string selector, Parsed made, KeyState state,
                                 net::Deadline deadline);
  net::Task<Result<std::optional<DomainId>>> find_domain(std::string name, net::Deadline deadline);
  net::Task<Result<DkimSigners>> read_signers(DomainId id, std::string domain, net::Deadline deadline);
  void forget();

  const Parts parts_;
  std::mutex mutex_;  // guards what follows, for one look
  std::unordered_map<std::string, DkimSigners> kept_;
  std::uint64_t changes_ = 0;  // of any key: what was read before one is not kept after it
};

}  // namespace chappe::post
