#include "post/keys/keys.h"

#include <fmt/format.h>

#include "base/text.h"
#include "codec/idna.h"
#include "post/directory/editor.h"

namespace chappe::post {

using net::Deadline;
using net::Task;
using store::Txn;

namespace {

// "r20261126" (RFC 6376 §3.1 leaves names to us).
std::string selector_of(crypto::KeyKind kind, Time now) {
  const std::string day = to_rfc3339(now).substr(0, 10);
  return fmt::format("{}{}{}{}", kind == crypto::KeyKind::rsa ? 'r' : 'e', day.substr(0, 4), day.substr(5, 2),
                     day.substr(8, 2));
}

std::string name_of(const DkimKey& key, std::string_view domain) {
  return fmt::format("{}._domainkey.{}", key.selector, domain);
}

std::string in_words(const DkimKey& key) {
  return fmt::format("{} {} {}", key_state_row(key.state).id, key.kind == crypto::KeyKind::rsa ? "rsa" : "ed25519",
                     key.bits);
}

Result<Domain> domain_in(Editor& editor, ByteView name) {
  auto domain = TRY(editor.find_domain(name));
  if (!domain) return fail(Errc::not_found, "no such domain here: {}", printable(name));
  return std::move(*domain);
}

Result<DkimKey> key_in(Txn& txn, const Domain& domain, const std::string& selector) {
  const Bytes at = rows::dkim_key_key(domain.id, selector);
  const auto row = TRY(txn.get(at));
  if (!row) return fail(Errc::not_found, "{} has no key with the selector {}", domain.name, printable(selector));
  return rows::decode_dkim_key(at, row->view());
}

// The first of NAME, NAMEb, NAMEc … that is free.
Result<std::string> free_selector(Txn& txn, DomainId domain, const std::string& name) {
  for (char c = 'a'; c <= 'z'; ++c) {
    std::string selector = c == 'a' ? name : name + c;
    if (!TRY(txn.get(rows::dkim_key_key(domain, selector)))) return selector;
  }
  return fail(Errc::exists, "all selectors from {} to {}z are taken: name one", name, name);
}

}  // namespace

void Keys::forget() {
  std::lock_guard lock(mutex_);
  ++changes_;
  kept_.clear();
}

Task<Result<DkimKey>> Keys::generate(std::string who, std::string domain, std::string selector, crypto::KeyKind kind,
                                     std::uint32_t bits, Deadline deadline) {
  if (kind == crypto::KeyKind::rsa && (bits < kLeastBits || bits > kMostBits))
    co_return fail(Errc::invalid, "an RSA key has {} to {} bits here", kLeastBits, kMostBits);
  auto made = CO_TRY(co_await net::offload(
      *parts_.offload,
      [kind, bits]() -> Result<Parsed> {
        crypto::PrivateKey key = kind == crypto::KeyKind::rsa ? TRY(crypto::PrivateKey::generate_rsa(bits))
                                                              : TRY(crypto::PrivateKey::generate_ed25519());
        crypto::Secret pem = key.pem();
        return Parsed{std::move(key), std::move(pem)};
      },
      deadline));
  Parsed parsed = CO_TRY(std::move(made));
  co_return co_await add(std::move(who), std::move(domain), std::move(selector), std::move(parsed), KeyState::next,
                         deadline);
}

Task<Result<DkimKey>> Keys::import(std::string who, std::string domain, std::string selector, crypto::Secret pem,
                                   KeyState state, Deadline deadline) {
  if (state == KeyState::revoked) co_return fail(Errc::invalid, "a key that is revoked has nothing to be imported");
  if (selector.empty()) co_return fail(Errc::invalid, "a key that others know already has a selector: name it");
  auto read = CO_TRY(co_await net::offload(
      *parts_.offload,
      [pem = std::move(pem)]() -> Result<Parsed> {
        crypto::PrivateKey key = TRY(crypto::PrivateKey::from_pem(pem, kMostBits));
        if (key.kind() == crypto::KeyKind::rsa && key.bits() < kLeastBits)
          return fail(Errc::invalid, "an RSA key of {} bits: it must have {} to {} (RFC 8301 §3.2)", key.bits(),
                      kLeastBits, kMostBits);
        crypto::Secret own = key.pem();
        return Parsed{std::move(key), std::move(own)};
      },
      deadline));
  Parsed parsed = CO_TRY(std::move(read));
  co_return co_await add(std::move(who), std::move(domain), std::move(selector), std::move(parsed), state, deadline);
}

Task<Result<DkimKey>> Keys::add(std::string who, std::string domain, std::string selector, Parsed made, KeyState state,
                                Deadline deadline) {
  const std::string name = CO_TRY(codec::domain_to_ascii(domain));
  if (!selector.empty()) selector = CO_TRY(parse_selector(selector, name));
  const Time now = parts_.clock->now();
  const std::string usual = selector_of(made.key.kind(), now);
  DkimKey key{.domain = {},
              .selector = std::move(selector),
              .kind = made.key.kind(),
              .bits = static_cast<std::uint32_t>(made.key.bits()),
              .state = state,
              .created = now,
              .since = now,
              .public_octets = made.key.public_octets()};
  auto change = [name, usual, who = std::move(who), key = std::move(key),
                 pem = std::move(made.pem)](Txn& txn) mutable -> Result<DkimKey> {
    Editor editor(txn, std::move(who), key.created);
    const Domain domain = TRY(domain_in(editor, name));
    key.domain = domain.id;
    if (TRY(txn.scan(rows::dkim_keys_of(domain.id), {.rows = kMaxOfDomain})).rows.size() >= kMaxOfDomain)
      return fail(Errc::too_large, "{} has {} keys already: remove those that are revoked", name, kMaxOfDomain);
    if (key.selector.empty()) key.selector = TRY(free_selector(txn, domain.id, usual));
    const Bytes at = rows::dkim_key_key(domain.id, key.selector);
    if (TRY(txn.get(at))) return fail(Errc::exists, "{} has a key with the selector {} already", name, key.selector);
    txn.put(at, rows::encode(key));
    txn.put(rows::dkim_secret_key(domain.id, key.selector), rows::encode_secret(pem.reveal()));
    TRY(editor.audit("key.add", name_of(key, name), "", in_words(key)));
    TRY(editor.finish());
    return key;
  };
  auto added = co_await parts_.commit->submit<DkimKey>(std::move(change), deadline);
  forget();
  co_return added;
}

Task<Result<DkimKey>> Keys::set_state(std::string who, std::string domain, std::string selector, KeyState state,
                                      Deadline deadline) {
  const std::string name = CO_TRY(codec::domain_to_ascii(domain));
  auto change = [name, selector = to_lower(selector), who = std::move(who), state,
                 now = parts_.clock->now()](Txn& txn) -> Result<DkimKey> {
    Editor editor(txn, who, now);
    const Domain domain = TRY(domain_in(editor, name));
    DkimKey key = TRY(key_in(txn, domain, selector));
    if (key.state == state) return key;
    const std::string before = in_words(key);
    if (!may_become(key.state, state))
      return fail(Errc::denied, "the key {} is {}: it cannot be {} any more", name_of(key, name),
                  key_state_row(key.state).id, key_state_row(state).id);
    key.state = state;
    key.since = now;
    txn.put(rows::dkim_key_key(domain.id, selector), rows::encode(key));
    if (state == KeyState::revoked) txn.remove(rows::dkim_secret_key(domain.id, selector));
    TRY(editor.audit("key.set", name_of(key, name), before, in_words(key)));
    TRY(editor.finish());
    return key;
  };
  auto changed = co_await parts_.commit->submit<DkimKey>(std::move(change), deadline);
  forget();
  co_return changed;
}

Task<Result<void>> Keys::remove(std::string who, std::string domain, std::string selector, Deadline deadline) {
  const std::string name = CO_TRY(codec::domain_to_ascii(domain));
  auto change = [name, selector = to_lower(selector), who = std::move(who),
                 now = parts_.clock->now()](Txn& txn) -> Result<void> {
    Editor editor(txn, who, now);
    const Domain domain = TRY(domain_in(editor, name));
    const DkimKey key = TRY(key_in(txn, domain, selector));
    if (key.state != KeyState::next && key.state != KeyState::revoked)
      return fail(Errc::denied, "the key {} is {}: revoke it first", name_of(key, name), key_state_row(key.state).id);
    txn.remove(rows::dkim_key_key(domain.id, selector));
    txn.remove(rows::dkim_secret_key(domain.id, selector));
    TRY(editor.audit("key.remove", name_of(key, name), in_words(key), ""));
    return editor.finish();
  };
  auto removed = co_await parts_.commit->submit(std::move(change), deadline);
  forget();
  co_return removed;
}

Task<Result<std::optional<DomainId>>> Keys::find_domain(std::string name, Deadline deadline) {
  const auto row = CO_TRY(co_await parts_.store->get(rows::domain_name_key(name), deadline));
  if (!row) co_return std::nullopt;
  co_return DomainId{CO_TRY(rows::decode_id(row->view()))};
}

Task<Result<std::vector<DkimKey>>> Keys::list(std::string domain, Deadline deadline) {
  store::Range range = rows::all_dkim_keys();
  if (!domain.empty()) {
    const std::string name = CO_TRY(codec::domain_to_ascii(domain));
    const auto id = CO_TRY(co_await find_domain(name, deadline));
    if (!id) co_return fail(Errc::not_found, "no such domain here: {}", name);
    range = rows::dkim_keys_of(*id);
  }
  std::vector<DkimKey> out;
  for (const store::Row& row : CO_TRY(co_await store::scan_all(parts_.store, std::move(range), deadline)))
    out.push_back(CO_TRY(rows::decode_dkim_key(row.key, row.value.view())));
  co_return out;
}

Task<Result<DkimSigners>> Keys::read_signers(DomainId id, std::string domain, Deadline deadline) {
  auto out = std::make_shared<std::vector<DkimSigner>>();
  for (const store::Row& row : CO_TRY(co_await store::scan_all(parts_.store, rows::dkim_keys_of(id), deadline))) {
    const DkimKey key = CO_TRY(rows::decode_dkim_key(row.key, row.value.view()));
    if (key.state != KeyState::signing) continue;
    const auto secret = CO_TRY(co_await parts_.store->get(rows::dkim_secret_key(id, key.selector), deadline));
    if (!secret) continue;  // revoked between the two looks
    crypto::Secret pem = CO_TRY(rows::decode_secret(secret->view()));
    auto parsed = CO_TRY(co_await net::offload(
        *parts_.offload, [pem = std::move(pem)] { return crypto::PrivateKey::from_pem(pem); }, deadline));
    out->push_back({domain, key.selector, CO_TRY(std::move(parsed))});
  }
  co_return out;
}

Task<Result<DkimSigners>> Keys::signers(std::string domain, Deadline deadline) {
  std::uint64_t changes = 0;
  {
    std::lock_guard lock(mutex_);
    if (const auto kept = kept_.find(domain); kept != kept_.end()) co_return kept->second;
    changes = changes_;
  }
  DkimSigners found = std::make_shared<const std::vector<DkimSigner>>();
  for (std::string_view at = domain; found->empty() && !at.empty();) {
    if (const auto id = CO_TRY(co_await find_domain(std::string(at), deadline)))
      found = CO_TRY(co_await read_signers(*id, std::string(at), deadline));
    const std::size_t dot = at.find('.');
    at = dot == at.npos ? std::string_view() : at.substr(dot + 1);
  }
  std::lock_guard lock(mutex_);
  if (changes == changes_) {
    if (kept_.size() >= kKept) kept_.erase(kept_.begin());
    kept_.insert_or_assign(std::move(domain), found);
  }
  co_return found;
}

}  // namespace chappe::post
