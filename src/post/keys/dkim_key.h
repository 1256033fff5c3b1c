// A DKIM key of a domain of ours, and what becomes of it. Plain values; the table of states and how they lie in the
// store (docs/formats/directory.md) are here, too. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "crypto/signature.h"
#include "post/ids.h"
#include "store/keys.h"

namespace chappe::post {

// The numbers are on disk.
enum class KeyState : std::uint8_t {
  next = 1,       // made; nobody can know of it
  published = 2,  // its record is in the DNS, or will be; it does not sign yet
  signing = 3,
  retiring = 4,  // signs no more; its record stays until the letters that it signed have been looked at
  revoked = 5,   // its record says so (RFC 6376 §3.6.1: an empty p=); there is no private key any more
};
struct KeyStateRow {
  KeyState state;
  std::string_view id;
  std::string_view en, fr;
};
const KeyStateRow& key_state_row(KeyState state);
std::span<const KeyStateRow> key_state_rows();
std::optional<KeyState> parse_key_state(std::string_view id);
// Whether a key may go from one to the other. What is revoked stays so.
bool may_become(KeyState from, KeyState to);

struct DkimKey {
  DomainId domain;
  std::string selector;  // A-labels, lower case; of one label or more (RFC 6376 §3.1)
  crypto::KeyKind kind = crypto::KeyKind::rsa;
  std::uint32_t bits = 0;
  KeyState state = KeyState::next;
  Time created;
  Time since;           // it has been in this state
  Bytes public_octets;  // crypto::PrivateKey::public_octets

  // What its name in the DNS says: "v=DKIM1; k=rsa; p=..." (RFC 6376 §3.6.1).
  std::string record() const;
};

// Errc::invalid, Errc::too_large: no selector for this domain (RFC 6376 §3.1).
Result<std::string> parse_selector(std::string_view written, std::string_view domain);

namespace rows {

Bytes dkim_key_key(DomainId domain, ByteView selector);
Bytes dkim_secret_key(DomainId domain, ByteView selector);
store::Range dkim_keys_of(DomainId domain);
store::Range all_dkim_keys();

Bytes encode(const DkimKey& v);
// `key`: where it stands. Errors: corrupt, unsupported.
Result<DkimKey> decode_dkim_key(ByteView key, ByteView record);

}  // namespace rows

}  // namespace chappe::post
