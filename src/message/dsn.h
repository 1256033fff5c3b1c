// Delivery status notifications: the letter that tells a sender what became of a letter (RFC 3464, RFC 6522; with
// addresses outside ASCII RFC 6533). Pure; nothing blocks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/random.h"

namespace chappe::message {

// RFC 3464 §2.3.3. One notification tells of recipients with the same fate.
enum class DsnAction : std::uint8_t { failed, delayed, delivered, relayed, expanded };

struct DsnRecipient {
  std::string address;        // the final recipient, without angle brackets
  std::string original = {};  // ORCPT, decoded ("rfc822;bob@example.org"), or empty
  std::string status = {};    // RFC 3463: "5.1.1"
  std::string remote = {};    // the host that said so; empty: nobody was reached
  std::string words = {};     // what it said (untrusted), or why nobody was reached
  std::optional<Time> last_attempt = {};
};

struct Dsn {
  DsnAction action = DsnAction::failed;
  std::string hostname;  // the reporting MTA
  std::string id;        // Message-ID of the notification, without angle brackets
  std::string to;        // the sender of the letter
  std::string letter;    // its id here, for the postmaster's trail
  std::string envid;     // as the sender gave it (RFC 3461 §4.4), or empty
  Time now;
  Time arrived;
  std::optional<Time> gives_up;  // of delayed: when it will be returned
  std::vector<DsnRecipient> recipients;
  Bytes original;      // the letter, or its header only
  bool whole = false;  // `original` is the whole letter (RET=FULL)
};

// The letter, from MAILER-DAEMON at `hostname`; the text says it in English and in French.
Bytes build_dsn(const Dsn& dsn, Random& random);

}  // namespace chappe::message
