#include "post/directory/apply.h"

#include "post/policy/editing.h"

namespace chappe::post {
namespace {

using Kind = Difference::Kind;

class Apply {
 public:
  Apply(Editor& editor, const DirectoryText& wanted) : editor_(editor), wanted_(wanted) {}

  Result<Differences> run() {
    // What goes goes first: an address may change from account to alias.
    for (const auto& [name, domain] : wanted_.domains) TRY(prune(name, domain));
    for (const auto& [name, domain] : wanted_.domains)
      if (!domain.removed) TRY(settle(name, domain));
    for (const auto& [address, account] : wanted_.accounts) TRY(settle(address, account));
    for (const auto& [address, targets] : wanted_.aliases) TRY(settle(address, targets));
    if (wanted_.site) TRY(lay_down(std::string(kSiteObject), *wanted_.site));
    for (const auto& [name, domain] : wanted_.domains)
      if (!domain.removed) TRY(lay_down(name, domain.rules));
    for (const auto& [address, account] : wanted_.accounts) TRY(lay_down(address.text(), account.rules));
    return std::move(out_);
  }

 private:
  void note(Kind kind, std::string_view what, std::string object, std::string text) {
    out_.push_back({.kind = kind, .what = std::string(what), .object = std::move(object), .text = std::move(text)});
  }

  Result<void> prune(const std::string& name, const DirectoryText::OfDomain& wanted) {
    const auto domain = TRY(editor_.find_domain(name));
    if (!domain) return {};
    for (const auto& [local, entry] : TRY(editor_.entries(domain->id))) {
      const auto key = AddressKey::stored(local, name, entry.written);
      if (entry.account && (wanted.removed || !wanted_.accounts.contains(key))) {
        const auto account = TRY(editor_.account(entry.account));
        TRY(editor_.remove_account(account));
        note(Kind::removed, "account", account.address.written(), in_words(account));
      } else if (!entry.account && (wanted.removed || !wanted_.aliases.contains(key))) {
        TRY(editor_.remove_alias(key));
        note(Kind::removed, "alias", entry.written, in_words(entry.targets));
      }
    }
    if (!wanted.removed) return {};
    TRY(editor_.remove_domain(*domain));
    note(Kind::removed, "domain", domain->written, in_words(domain->settings));
    return {};
  }

  Result<void> settle(const std::string& name, const DirectoryText::OfDomain& wanted) {
    const auto domain = TRY(editor_.find_domain(name));
    if (!domain) {
      TRY(editor_.add_domain(wanted.written, wanted.settings));
      note(Kind::added, "domain", wanted.written, in_words(wanted.settings));
    } else if (domain->settings != wanted.settings) {
      TRY(editor_.set_domain(*domain, wanted.settings));
      note(Kind::changed, "domain", domain->written,
           fmt::format("{} -> {}", in_words(domain->settings), in_words(wanted.settings)));
    }
    return {};
  }

  Result<void> settle(const AddressKey& address, const DirectoryText::OfAccount& wanted) {
    auto account = TRY(editor_.find_account(address));
    if (!account) {
      account = TRY(editor_.add_account({.address = address,
                                         .name = wanted.name,
                                         .enabled = wanted.enabled,
                                         .quota = wanted.quota,
                                         .quota_messages = wanted.quota_messages,
                                         .credential = {}}));
      note(Kind::added, "account", address.written(), in_words(*account));
    } else {
      const auto before = in_words(*account);
      TRY(editor_.set_account(*account, {.name = wanted.name,
                                         .enabled = wanted.enabled,
                                         .quota = wanted.quota,
                                         .quota_messages = wanted.quota_messages}));
      const auto after = in_words(TRY(editor_.account(account->id)));
      if (after != before) note(Kind::changed, "account", address.written(), fmt::format("{} -> {}", before, after));
    }
    TRY(settle_grants(*account, wanted.grants));
    if (!wanted.credential) return {};
    const auto now = TRY(editor_.find_credential(account->id));
    if (now && now->hash == wanted.credential->hash &&
        (!wanted.credential->scram || now->scram == wanted.credential->scram))
      return {};
    TRY(editor_.set_credential(*account, wanted.credential));
    note(now ? Kind::changed : Kind::added, "password", address.written(), "by its hash");
    return {};
  }

  Result<void> settle_grants(const Account& account, const std::map<AddressKey, SendRight>& wanted) {
    std::map<AddressKey, Grant> before;
    for (Grant& grant : TRY(editor_.grants(account.id))) {
      if (!wanted.contains(grant.identity)) {
        TRY(editor_.remove_grant(account, grant.identity));
        note(Kind::removed, "grant", account.address.written(), in_words(grant));
      } else {
        before.emplace(grant.identity, grant);
      }
    }
    for (const auto& [identity, right] : wanted) {
      const auto old = before.find(identity);
      TRY(editor_.set_grant(account, identity, right));
      if (old != before.end() && old->second.right == right) continue;
      const auto now = in_words(Grant{.account = account.id, .identity = identity, .right = right, .created = {}});
      if (old == before.end()) {
        note(Kind::added, "grant", account.address.written(), now);
      } else {
        note(Kind::changed, "grant", account.address.written(), fmt::format("{} -> {}", in_words(old->second), now));
      }
    }
    return {};
  }

  Result<void> settle(const AddressKey& address, const std::vector<AddressKey>& targets) {
    const auto before = TRY(editor_.find_entry(address));
    TRY(editor_.set_alias(address, targets));
    const auto after = TRY(editor_.find_entry(address));
    if (!before) {
      note(Kind::added, "alias", address.written(), in_words(after->targets));
    } else if (before->targets != after->targets) {
      note(Kind::changed, "alias", address.written(),
           fmt::format("{} -> {}", in_words(before->targets), in_words(after->targets)));
    }
    return {};
  }

  Result<void> lay_down(const std::string& object, const ScopeRules& wanted) {
    const ScopeObject at = TRY(find_scope(editor_, object));
    const ScopeRules before = TRY(read_rules(editor_.txn(), at.scope));
    if (before == wanted) return {};
    TRY(write_rules(editor_, at, wanted));
    if (before.handling != wanted.handling)
      note(Kind::changed, "policy", at.object,
           fmt::format("{} -> {}", in_words(before.handling), in_words(wanted.handling)));
    for (const Acquaintance& one : before.known)
      if (!wanted.known.contains(one)) note(Kind::removed, "known", at.object, in_words(one));
    for (const Acquaintance& one : wanted.known)
      if (!before.known.contains(one)) note(Kind::added, "known", at.object, in_words(one));
    return {};
  }

  Editor& editor_;
  const DirectoryText& wanted_;
  Differences out_;
};

}  // namespace

std::string Difference::describe() const {
  const char sign = kind == Kind::added ? '+' : kind == Kind::removed ? '-' : '~';
  return fmt::format("{} {} {}: {}", sign, what, object, text);
}

Result<Differences> apply(Editor& editor, const DirectoryText& wanted) { return Apply(editor, wanted).run(); }

}  // namespace chappe::post
