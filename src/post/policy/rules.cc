#include "post/policy/rules.h"

#include "base/text.h"
#include "codec/idna.h"
#include "post/policy/editing.h"

namespace chappe::post {

using net::Deadline;
using net::Task;

namespace {

template <class Map, class Key, class Value>
void keep(Map& map, const Key& key, Value value) {
  if (map.size() >= LocalRules::kKept) map.erase(map.begin());
  map.insert_or_assign(key, std::move(value));
}

}  // namespace

void LocalRules::forget() {
  std::lock_guard lock(mutex_);
  ++changes_;
  kept_.clear();
  domains_.clear();
}

// --- changing

template <class F>
Task<Result<void>> LocalRules::edit(std::string who, std::string object, F fn, Deadline deadline) {
  auto change = [who = std::move(who), object = std::move(object), fn = std::move(fn),
                 now = parts_.clock->now()](store::Txn& txn) mutable -> Result<void> {
    Editor editor(txn, who, now);
    const ScopeObject at = TRY(find_scope(editor, object));
    ScopeRules rules = TRY(read_rules(txn, at.scope));
    TRY(fn(rules, at));
    TRY(write_rules(editor, at, rules));
    return editor.finish();
  };
  auto changed = co_await parts_.commit->submit(std::move(change), deadline);
  forget();
  co_return changed;
}

Task<Result<Handling>> LocalRules::set(std::string who, std::string object, HandlingChange change, Deadline deadline) {
  auto made = std::make_shared<Handling>();
  auto fn = [change, made](ScopeRules& rules, const ScopeObject&) -> Result<void> {
    if (change.rejected) rules.handling.rejected = *change.rejected;
    if (change.suspect) rules.handling.suspect = *change.suspect;
    *made = rules.handling;
    return {};
  };
  CO_TRY(co_await edit(std::move(who), std::move(object), std::move(fn), deadline));
  co_return *made;
}

Task<Result<Acquaintance>> LocalRules::add(std::string who, std::string object, Acquaintance known, Deadline deadline) {
  auto fn = [known](ScopeRules& rules, const ScopeObject& at) -> Result<void> {
    if (!rules.known.insert(known).second) return fail(Errc::exists, "{} knows {} already", at.object, in_words(known));
    return {};
  };
  CO_TRY(co_await edit(std::move(who), std::move(object), std::move(fn), deadline));
  co_return known;
}

Task<Result<void>> LocalRules::remove(std::string who, std::string object, Acquaintance known, Deadline deadline) {
  auto fn = [known = std::move(known)](ScopeRules& rules, const ScopeObject& at) -> Result<void> {
    if (rules.known.erase(known) == 0) return fail(Errc::not_found, "{} does not know {}", at.object, in_words(known));
    return {};
  };
  co_return co_await edit(std::move(who), std::move(object), std::move(fn), deadline);
}

// --- showing

Task<Result<std::optional<std::string>>> LocalRules::object_of(Scope scope, Deadline deadline) {
  switch (scope.of) {
    case Scope::Of::site:
      co_return std::string(kSiteObject);
    case Scope::Of::domain: {
      const auto row = CO_TRY(co_await parts_.store->get(rows::domain_key({scope.id}), deadline));
      if (!row) co_return std::nullopt;
      co_return CO_TRY(rows::decode_domain(row->view())).name;
    }
    case Scope::Of::account: {
      const auto row = CO_TRY(co_await parts_.store->get(rows::account_key({scope.id}), deadline));
      if (!row) co_return std::nullopt;
      co_return CO_TRY(rows::decode_account(row->view())).address.text();
    }
  }
  std::unreachable();
}

// The object's own, then those above it. What find_scope() is in a Change.
Task<Result<std::vector<Scope>>> LocalRules::scopes_of(std::string object, Deadline deadline) {
  std::vector<Scope> out;
  if (object != kSiteObject) {
    const auto at = object.find('@');
    std::optional<AddressKey> address;
    if (at != object.npos) address = CO_TRY(AddressKey::parse(object));
    const std::string name = address ? address->domain() : CO_TRY(codec::domain_to_ascii(object));
    const auto id = CO_TRY(co_await parts_.store->get(rows::domain_name_key(name), deadline));
    if (!id) co_return fail(Errc::not_found, "no such domain here: {}", name);
    const DomainId domain{CO_TRY(rows::decode_id(id->view()))};
    if (address) {
      const auto row = CO_TRY(co_await parts_.store->get(rows::address_key(domain, address->local()), deadline));
      const AccountId account = row ? CO_TRY(rows::decode_entry(row->view())).account : AccountId();
      if (!account) co_return fail(Errc::not_found, "no such account: {}", address->written());
      out.push_back(Scope::account(account));
    }
    out.push_back(Scope::domain(domain));
  }
  out.push_back(Scope::site());
  co_return out;
}

Task<Result<LocalRules::Level>> LocalRules::level(Scope scope, Deadline deadline) {
  Level out{.scope = scope, .object = {}, .handling = {}, .made = {}};
  out.object = CO_TRY(co_await object_of(scope, deadline)).value_or("");
  const Bytes at = rows::handling_key(scope);
  if (const auto row = CO_TRY(co_await parts_.store->get(at, deadline))) {
    auto read = CO_TRY(rows::decode_handling(at, row->view()));
    out.handling = read.handling;
    out.made = std::move(read.made);
  }
  co_return out;
}

Task<Result<std::vector<LocalRules::Level>>> LocalRules::levels(std::string object, Deadline deadline) {
  std::vector<Level> out;
  for (const Scope scope : CO_TRY(co_await scopes_of(std::move(object), deadline)))
    out.push_back(CO_TRY(co_await level(scope, deadline)));
  co_return out;
}

Task<Result<std::vector<LocalRules::Level>>> LocalRules::policies(Deadline deadline) {
  std::vector<Level> out;
  for (const store::Row& row : CO_TRY(co_await store::scan_all(parts_.store, rows::all_handlings(), deadline))) {
    auto read = CO_TRY(rows::decode_handling(row.key, row.value.view()));
    auto object = CO_TRY(co_await object_of(read.scope, deadline));
    if (object) out.push_back({read.scope, std::move(*object), read.handling, std::move(read.made)});
  }
  co_return out;
}

Task<Result<std::vector<LocalRules::Entry>>> LocalRules::known(std::string object, Deadline deadline) {
  store::Range range = rows::all_acquaintances();
  if (!object.empty()) range = rows::acquaintances_of(CO_TRY(co_await scopes_of(std::move(object), deadline)).front());
  std::vector<Entry> out;
  std::optional<std::string> name;
  for (const store::Row& row : CO_TRY(co_await store::scan_all(parts_.store, std::move(range), deadline))) {
    auto read = CO_TRY(rows::decode_acquaintance(row.key, row.value.view()));
    // Those of one scope stand together.
    if (out.empty() || out.back().scope != read.scope) name = CO_TRY(co_await object_of(read.scope, deadline));
    if (name) out.push_back({read.scope, *name, std::move(read.known), std::move(read.made)});
  }
  co_return out;
}

// --- for each letter

Task<Result<std::shared_ptr<const Known>>> LocalRules::in(Scope scope, Deadline deadline) {
  std::uint64_t changes = 0;
  {
    std::lock_guard lock(mutex_);
    if (const auto found = kept_.find(scope); found != kept_.end()) co_return found->second;
    changes = changes_;
  }
  ScopeRules rules;
  const Bytes at = rows::handling_key(scope);
  if (const auto row = CO_TRY(co_await parts_.store->get(at, deadline)))
    rules.handling = CO_TRY(rows::decode_handling(at, row->view())).handling;
  for (const store::Row& row : CO_TRY(co_await store::scan_all(parts_.store, rows::acquaintances_of(scope), deadline)))
    rules.known.insert(CO_TRY(rows::decode_acquaintance(row.key, row.value.view())).known);
  const auto made = std::make_shared<const Known>(scope, std::move(rules));
  std::lock_guard lock(mutex_);
  if (changes == changes_) keep(kept_, scope, made);
  co_return made;
}

Task<Result<DomainId>> LocalRules::domain_of(AccountId account, Deadline deadline) {
  std::uint64_t changes = 0;
  {
    std::lock_guard lock(mutex_);
    if (const auto found = domains_.find(account); found != domains_.end()) co_return found->second;
    changes = changes_;
  }
  const auto row = CO_TRY(co_await parts_.store->get(rows::account_key(account), deadline));
  DomainId domain;
  if (row) domain = CO_TRY(rows::decode_account(row->view())).domain;
  std::lock_guard lock(mutex_);
  if (changes == changes_) keep(domains_, account, domain);
  co_return domain;
}

Task<Result<KnownChain>> LocalRules::of(AccountId account, Deadline deadline) {
  std::vector<Scope> scopes;
  if (account) {
    scopes.push_back(Scope::account(account));
    if (const DomainId domain = CO_TRY(co_await domain_of(account, deadline))) scopes.push_back(Scope::domain(domain));
  }
  scopes.push_back(Scope::site());
  KnownChain out;
  for (const Scope scope : scopes)
    if (auto known = CO_TRY(co_await in(scope, deadline)); !known->rules().empty()) out.push_back(std::move(known));
  co_return out;
}

Task<Result<std::vector<KnownChain>>> LocalRules::rules_for(std::string, AccountId account, Deadline deadline) {
  co_return std::vector<KnownChain>(1, CO_TRY(co_await of(account, deadline)));
}

}  // namespace chappe::post
