// How the directory lies in the store: keys and records (docs/formats/directory.md). Of the directory's own files and
// of what hangs on it (post/keys). Pure functions.
#pragma once

#include "post/directory/types.h"
#include "store/keys.h"
#include "store/store.h"

namespace chappe::post::rows {

// First element behind (account 0, Space::directory). The numbers are on disk.
enum class Sub : std::uint8_t {
  counters = 0x01,     // ()                      Counters
  secret = 0x02,       // ()                      32 octets that false salts are made with
  srs = 0x03,          // ()                      ReturnSecrets
  domain = 0x10,       // (domain u32)            Domain
  domain_name = 0x11,  // (name, raw)             domain id
  account = 0x20,      // (account u32)           Account
  credential = 0x21,   // (account u32)           Credential
  removed = 0x22,      // (account u32)           RemovedAccount
  grant = 0x23,        // (account u32, domain text, local raw)  Grant; identity `*`: without domain
  address = 0x30,      // (domain u32, local raw) Entry: whose address this is
  target = 0x31,       // (target text, domain u32, local raw)  nothing: the alias of that address has that target
  granted = 0x32,      // (domain text, local text, account u32)  nothing: the account has a grant on that identity
  audit = 0x40,        // (seq u64)               AuditRow
  hold = 0x50,         // (kind u8, id u32)       Hold
  dkim_key = 0x60,     // (domain u32, selector raw)  DkimKey (post/keys/dkim_key.h)
  dkim_secret = 0x61,  // (domain u32, selector raw)  its private part: PEM
  handling = 0x80,     // (scope u8, id u32)          Handling (post/policy/local.h)
  known = 0x81,        // (scope u8, id u32, kind u8, name raw)  LaidDown: an Acquaintance is known there
};

store::KeyWriter key(Sub sub);
inline Bytes counters_key() { return key(Sub::counters).take(); }
inline Bytes secret_key() { return key(Sub::secret).take(); }
inline Bytes return_secrets_key() { return key(Sub::srs).take(); }
inline Bytes domain_key(DomainId id) { return key(Sub::domain).u32(id.value).take(); }
inline Bytes domain_name_key(ByteView name) { return key(Sub::domain_name).rest(name).take(); }
inline Bytes account_key(AccountId id) { return key(Sub::account).u32(id.value).take(); }
inline Bytes credential_key(AccountId id) { return key(Sub::credential).u32(id.value).take(); }
inline Bytes address_key(DomainId domain, ByteView local) {
  return key(Sub::address).u32(domain.value).rest(local).take();
}
inline store::Range addresses_of(DomainId domain) { return key(Sub::address).u32(domain.value).range(); }
inline Bytes target_key(const AddressKey& target, DomainId domain, ByteView local) {
  return key(Sub::target).text(target.text()).u32(domain.value).rest(local).take();
}
inline store::Range aliases_with_target(const AddressKey& target) {
  return key(Sub::target).text(target.text()).range();
}
inline store::Range grants_of(AccountId id) { return key(Sub::grant).u32(id.value).range(); }
inline Bytes grant_key(AccountId id, const AddressKey& identity) {
  return key(Sub::grant).u32(id.value).text(identity.domain()).rest(identity.local()).take();
}
inline Bytes granted_key(const AddressKey& identity, AccountId id) {
  return key(Sub::granted).text(identity.domain()).text(identity.local()).u32(id.value).take();
}
inline store::Range granted_in(ByteView domain) { return key(Sub::granted).text(domain).range(); }
inline store::Range granted_on(const AddressKey& identity) {
  return key(Sub::granted).text(identity.domain()).text(identity.local()).range();
}
inline Bytes removed_key(AccountId id) { return key(Sub::removed).u32(id.value).take(); }
inline Bytes hold_key(Hold::Of of, std::uint32_t id) {
  return key(Sub::hold).u8(static_cast<std::uint8_t>(of)).u32(id).take();
}
inline Bytes audit_key(std::uint64_t seq) { return key(Sub::audit).u64(seq).take(); }

struct Counters {
  std::uint32_t last_domain = 0;
  std::uint32_t last_account = 0;
  std::uint64_t last_serial = 0;
  std::uint64_t last_audit = 0;
};

// What rewritten senders are signed with (post/directory/return_paths.h).
struct ReturnSecrets {
  crypto::Secret current;
  Time since;               // it has signed
  crypto::Secret previous;  // empty: there was none
};

// Whose address it is: an account's, or an alias.
struct Entry {
  AccountId account;  // 0: an alias
  std::vector<AddressKey> targets;
  std::string written;  // of an alias: how its address was written
  Time created;         // of an alias
};

Bytes encode(const Counters& v);
Bytes encode(const Domain& v);
Bytes encode(const Account& v);
Bytes encode(const Credential& v);
Bytes encode(const Entry& v);
Bytes encode(const Grant& v);
Bytes encode(const AuditRow& v);
Bytes encode(const Hold& v);
Bytes encode(const RemovedAccount& v);
Bytes encode(const ReturnSecrets& v);
Bytes encode_id(std::uint32_t id);
Bytes encode_secret(ByteView secret);
// The value of a row whose key says it all.
Bytes encode_nothing();

// Errors: corrupt, unsupported.
Result<Counters> decode_counters(ByteView record);
Result<Domain> decode_domain(ByteView record);
Result<Account> decode_account(ByteView record);
Result<Credential> decode_credential(ByteView record);
Result<Entry> decode_entry(ByteView record);
// Whose it is and on what, its key says.
Result<Grant> decode_grant(ByteView key, ByteView record);
Result<AuditRow> decode_audit(ByteView record);
Result<Hold> decode_hold(ByteView record);
Result<RemovedAccount> decode_removed(ByteView record);
Result<ReturnSecrets> decode_return_secrets(ByteView record);
Result<std::uint32_t> decode_id(ByteView record);
Result<crypto::Secret> decode_secret(ByteView record);

// A row and its decoded value.
template <class T>
net::Task<Result<std::optional<T>>> get(store::Reader* reader, Bytes key, Result<T> (*decode)(ByteView),
                                        net::Deadline deadline) {
  const auto value = CO_TRY(co_await reader->get(std::move(key), deadline));
  if (!value) co_return std::optional<T>();
  co_return std::optional<T>(CO_TRY(decode(value->view())));
}

}  // namespace chappe::post::rows
