// What the directory knows: domains, accounts, aliases, credentials, and who changed what. Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "post/address.h"
#include "post/directory/people.h"
#include "post/ids.h"
#include "trust/sasl_scram.h"

namespace chappe::post {

inline constexpr std::size_t kMaxDisplayName = 256;     // octets
inline constexpr std::size_t kMaxTargetsOfAlias = 500;  // written in one alias; what they stand for may be more

struct DomainSettings {
  // Whether accounts get a SCRAM verifier beside the hash. Without, only PLAIN and LOGIN (under TLS) work.
  bool scram = true;
  std::uint32_t scram_iterations = trust::kMinScramIterations;
  // What begins the detail of a local part: `bob+lists`. 0: there are no details (RFC 5233).
  char separator = '+';
  // Whether the detail names a folder of the account, as written; else it is only ignored.
  bool detail_is_folder = false;
  bool operator==(const DomainSettings&) const = default;
};

struct Domain {
  DomainId id;
  std::string name;     // the key: A-labels, lower case
  std::string written;  // for people
  Time created;
  DomainSettings settings;
};

struct Account {
  AccountId id;
  DomainId domain;
  AddressKey address;
  std::string name;                  // of the person; may be empty
  bool enabled = true;               // else: takes mail, but nobody may log in or send
  std::uint64_t quota = 0;           // octets; 0: none
  std::uint64_t quota_messages = 0;  // 0: none
  Time created;
  bool has_password = false;
};

// What changes with set_account; nothing: stays.
struct AccountChange {
  std::optional<std::string> name;
  std::optional<bool> enabled;
  std::optional<std::uint64_t> quota;
  std::optional<std::uint64_t> quota_messages = {};
};

// An account that was removed, as long as deleted mail of it is kept.
struct RemovedAccount {
  AccountId id;
  DomainId domain;
  AddressKey address;
  Time when;
};

inline constexpr std::size_t kMaxHoldReason = 1000;  // octets

// Legal hold: nothing that an account loses, or any account of a domain, is let go for good.
struct Hold {
  enum class Of : std::uint8_t { account = 1, domain = 2 };  // the numbers are on disk
  Of of = Of::account;
  std::uint32_t id = 0;
  std::string object;  // its address or name when the hold began
  Time since;
  std::string who;  // as the caller of the change named it
  std::string reason;
};

// Local part `*`: whatever nobody else of the domain has (a catch-all).
struct Alias {
  AddressKey address;
  std::vector<AddressKey> targets;
  Time created;
};

inline constexpr std::size_t kMaxGrantsOfAccount = 1000;

// An account may write as somebody whose address is not its own (docs/formats/directory.md).
struct Grant {
  AccountId account;
  AddressKey identity;  // an address; `*@domain`: all of a domain; `*`: all there are. Here or elsewhere
  SendRight right = SendRight::as;
  Time created;
};

// A password, in the two forms in which it can be checked. The hash is a secret of low degree, the verifier too: both
// let their reader guess at leisure. Serial: a number that is new with each password of each account.
struct Credential {
  std::uint64_t serial = 0;
  std::string hash;  // crypto/password.h
  std::optional<trust::ScramVerifier> scram;
};

struct AuditRow {
  std::uint64_t seq = 0;
  Time when;
  std::string who;     // as the caller of the change named it
  std::string what;    // "account.add"
  std::string object;  // "bob@example.org"
  std::string before;  // how it stood, in words; empty: it was not there
  std::string after;
};

}  // namespace chappe::post
