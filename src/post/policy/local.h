// What the operator has laid down about letters from others, for the site, a domain or an account: what becomes of a
// letter that is judged badly, and whom we know. Plain values, what people write and how it lies in the store
// (docs/formats/directory.md). post/policy/rules.h keeps them, post/policy/weighing.h asks them. Pure.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "post/ids.h"
#include "store/keys.h"
#include "trust/dmarc/action.h"
#include "trust/ip.h"

namespace chappe::post {

inline constexpr std::size_t kMaxAcquaintances = 1000;    // of one scope
inline constexpr std::size_t kMaxAcquaintanceName = 512;  // octets

// For whom something is laid down.
struct Scope {
  enum class Of : std::uint8_t { site = 0, domain = 1, account = 2 };  // the numbers are on disk
  Of of = Of::site;
  std::uint32_t id = 0;
  auto operator<=>(const Scope&) const = default;

  static Scope site() { return {}; }
  static Scope domain(DomainId id) { return {Of::domain, id.value}; }
  static Scope account(AccountId id) { return {Of::account, id.value}; }
};
std::string_view scope_name(Scope::Of of);  // "site", "domain", "account"
// The site's name where else a domain or an address is wanted.
inline constexpr std::string_view kSiteObject = "site";

// What becomes of letters; nothing: as the scope above says, and above the site the configuration.
struct Handling {
  using Action = trust::dmarc::Action;
  std::optional<Action> rejected;  // of one that would be rejected: reject, junk, accept
  std::optional<Action> suspect;   // of one that would be set apart: junk, quarantine, accept
  bool operator==(const Handling&) const = default;
};
// Errc::invalid, if it is none of those that may be.
Result<trust::dmarc::Action> parse_rejected(std::string_view name);
Result<trust::dmarc::Action> parse_suspect(std::string_view name);

// Somebody whom we know. Names are domains (A-labels, lower case), which stand for what is below them, too, unless of a
// sealer; addresses (post/address.h, as key); or networks ("192.0.2.0/24").
struct Acquaintance {
  enum class Kind : std::uint8_t {  // the numbers are on disk
    sealer = 1,                     // DOMAIN: its ARC seal is believed
    list = 2,                       // DOMAIN, or LIST-ID/DOMAIN: a mailing list, proven by SPF or DKIM of the domain
    forwarder = 3,                  // NETWORK, or DOMAIN proven in the same way: passes on letters to us
    allow = 4,                      // ADDRESS or DOMAIN of the author: counts if it is proven
    block = 5,                      // ADDRESS, DOMAIN or NETWORK of the author or sender: needs no proof
  };
  Kind kind = Kind::sealer;
  std::string name;
  auto operator<=>(const Acquaintance&) const = default;
};
struct AcquaintanceRow {
  Acquaintance::Kind kind;
  std::string_view id;
  std::string_view wanted;  // what its name may be
  std::string_view en, fr;
};
std::span<const AcquaintanceRow> acquaintance_rows();
const AcquaintanceRow& acquaintance_row(Acquaintance::Kind kind);
// Errors: invalid.
Result<Acquaintance::Kind> parse_kind(std::string_view id);
// As somebody writes it. Errors: invalid (no such name for this kind), too_large.
Result<Acquaintance> parse_acquaintance(Acquaintance::Kind kind, std::string_view written);

struct Prefix {
  trust::Ip network;
  unsigned bits = 0;
};
// "192.0.2.0/24", "2001:db8::/32", or one address; bits behind the prefix are cleared. Nothing: it is no network.
std::optional<Prefix> parse_prefix(std::string_view text);
std::string text_of(const Prefix& prefix);

// All of one scope.
struct ScopeRules {
  Handling handling;
  std::set<Acquaintance> known;
  bool operator==(const ScopeRules&) const = default;
  bool empty() const { return *this == ScopeRules(); }
};
// For audit rows and differences: "rejected=junk suspect=inherited", "list lists.example.org".
std::string in_words(const Handling& handling);
std::string in_words(const Acquaintance& known);

// All that a scope says, a line each, for another process of the site: what becomes of letters first, then those who
// are known, in order.
std::string rules_text(const ScopeRules& rules);
// Errors: invalid, too_large (over kMaxAcquaintances).
Result<ScopeRules> read_rules_text(std::string_view text);

// Who laid it down, and when.
struct LaidDown {
  Time when;
  std::string who;
};

namespace rows {

Bytes handling_key(Scope scope);
store::Range all_handlings();
Bytes acquaintance_key(Scope scope, const Acquaintance& known);
store::Range acquaintances_of(Scope scope);
store::Range all_acquaintances();

struct HandlingAt {
  Scope scope;
  Handling handling;
  LaidDown made;
};
struct AcquaintanceAt {
  Scope scope;
  Acquaintance known;
  LaidDown made;
};
Bytes encode(const Handling& handling, const LaidDown& made);
Bytes encode(const LaidDown& made);
// `key`: where it stands. Errors: corrupt, unsupported.
Result<HandlingAt> decode_handling(ByteView key, ByteView record);
Result<AcquaintanceAt> decode_acquaintance(ByteView key, ByteView record);

}  // namespace rows

}  // namespace chappe::post
