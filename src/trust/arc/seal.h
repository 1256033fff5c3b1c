// Seals a letter that is handed on: adds an ARC set, which says what was found when it came, and vouches for how it
// goes (RFC 8617 §5.1). To be done last, after every change and every DKIM signature; the sets that are there are not
// touched.
//
// A chain that failed when the letter came stays failed: the new seal says cv=fail and signs its own set only (§5.1.2);
// behind a seal that says so already, nothing is added. Pure; two signatures, each 0.9 ms of RSA-2048.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "trust/arc/verify.h"
#include "trust/dkim/sign.h"

namespace chappe::trust::arc {

// What the message signature covers, unless told otherwise: what DKIM signs, and the DKIM-Signature fields (RFC 8617
// §4.1.2), but no Authentication-Results and nothing of ARC.
std::span<const dkim::SignedName> sealed_names();

struct SealOptions {
  dkim::Canon header_canon = dkim::Canon::relaxed;  // of the message signature; seals are always relaxed
  dkim::Canon body_canon = dkim::Canon::relaxed;
  std::vector<dkim::SignedName> names{sealed_names().begin(), sealed_names().end()};
  bool timestamp = true;
  dkim::BodyHashKind body_kind() const { return {body_canon, crypto::DigestKind::sha256, {}}; }
};

struct Sealed {
  std::uint32_t instance = 0;
  Status chain = Status::none;  // what it says of the chain before it
  // ARC-Seal, ARC-Message-Signature and ARC-Authentication-Results, to be put above the header in this order.
  std::string fields;
};

// `header` and `bodies` are those of the letter as it leaves; `bodies` has options.body_kind(). `came` is the status of
// its chain as it came. `results` is what an Authentication-Results field holds (RFC 8601 §2.2): this server's name and
// what it found, folded or not. Nothing: there is no seal to be added. Errors: those of dkim::sign; Errc::invalid also
// for results that would break out of their field, and for a chain that is not the one that came.
Result<std::optional<Sealed>> seal(std::span<const message::Field> header, const dkim::BodyHashes& bodies, Status came,
                                   std::string_view results, const dkim::SigningKey& key, Time now,
                                   const SealOptions& options = {});

}  // namespace chappe::trust::arc
