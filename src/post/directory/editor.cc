#include "post/directory/editor.h"

#include <algorithm>
#include <limits>

#include "base/text.h"
#include "codec/idna.h"
#include "codec/utf8.h"
#include "post/directory/holds.h"
#include "post/mailbox/account_txn.h"
#include "post/policy/editing.h"

namespace chappe::post {
namespace {

Result<void> check(const DomainSettings& settings) {
  if (settings.scram_iterations < trust::kMinScramIterations || settings.scram_iterations > trust::kMaxScramIterations)
    return fail(Errc::invalid, "SCRAM iterations are {} to {}", trust::kMinScramIterations, trust::kMaxScramIterations);
  const char c = settings.separator;
  if (c != 0 && std::string_view("+-_=#!~").find(c) == std::string_view::npos)
    return fail(Errc::invalid, "a separator of details is one of + - _ = # ! ~, or none");
  return {};
}

Result<void> check_name(std::string_view name) {
  if (name.size() > kMaxDisplayName) return fail(Errc::too_large, "a name over {} octets", kMaxDisplayName);
  if (!codec::utf8_valid(name) || std::any_of(name.begin(), name.end(), is_ctl))
    return fail(Errc::invalid, "a name with characters that cannot be printed: {}", printable(name));
  return {};
}

Result<void> check_quota(std::uint64_t quota) {
  // The largest number that TOML has.
  constexpr std::uint64_t kMax = std::numeric_limits<std::int64_t>::max();
  if (quota > kMax) return fail(Errc::invalid, "a quota over {}", kMax);
  return {};
}

Result<std::optional<std::uint32_t>> domain_id(store::Txn& txn, ByteView name) {
  const auto value = TRY(txn.get(rows::domain_name_key(name)));
  if (!value) return std::nullopt;
  return TRY(rows::decode_id(value->view()));
}

}  // namespace

Result<std::optional<Domain>> Editor::find_domain(ByteView name) {
  const auto id = TRY(domain_id(txn_, name));
  if (!id) return std::nullopt;
  const auto value = TRY(txn_.get(rows::domain_key({*id})));
  if (!value) return fail(Errc::corrupt, "domain {} has a name and no record", *id);
  return TRY(rows::decode_domain(value->view()));
}

Result<Domain> Editor::domain_of(const AddressKey& address) {
  auto domain = TRY(find_domain(address.domain()));
  if (!domain) return fail(Errc::not_found, "no such domain here: {}", address.domain());
  return std::move(*domain);
}

Result<std::optional<rows::Entry>> Editor::find_entry(const AddressKey& address) {
  const auto id = TRY(domain_id(txn_, address.domain()));
  if (!id) return std::nullopt;
  const auto value = TRY(txn_.get(rows::address_key({*id}, address.local())));
  if (!value) return std::nullopt;
  return TRY(rows::decode_entry(value->view()));
}

Result<Account> Editor::account(AccountId id) {
  const auto value = TRY(txn_.get(rows::account_key(id)));
  if (!value) return fail(Errc::corrupt, "account {} has an address and no record", id.value);
  return rows::decode_account(value->view());
}

Result<std::optional<Account>> Editor::find_account(const AddressKey& address) {
  const auto entry = TRY(find_entry(address));
  if (!entry || !entry->account) return std::nullopt;
  return TRY(account(entry->account));
}

Result<std::optional<Credential>> Editor::find_credential(AccountId id) {
  const auto value = TRY(txn_.get(rows::credential_key(id)));
  if (!value) return std::nullopt;
  return TRY(rows::decode_credential(value->view()));
}

Result<std::vector<std::pair<std::string, rows::Entry>>> Editor::entries(DomainId domain) {
  const auto range = rows::addresses_of(domain);
  std::vector<std::pair<std::string, rows::Entry>> out;
  for (const auto& row : TRY(txn_.scan_all(range)))
    out.emplace_back(row.key.substr(range.begin.size()), TRY(rows::decode_entry(row.value.view())));
  return out;
}

Result<rows::Counters*> Editor::counters() {
  if (!counters_) {
    const auto value = TRY(txn_.get(rows::counters_key()));
    counters_ = value ? TRY(rows::decode_counters(value->view())) : rows::Counters();
  }
  return &*counters_;
}

Result<void> Editor::audit(std::string_view what, std::string object, std::string before, std::string after) {
  auto* counts = TRY(counters());
  const AuditRow row{.seq = ++counts->last_audit,
                     .when = now_,
                     .who = who_,
                     .what = std::string(what),
                     .object = std::move(object),
                     .before = std::move(before),
                     .after = std::move(after)};
  txn_.put(rows::audit_key(row.seq), rows::encode(row));
  return {};
}

Result<Domain> Editor::add_domain(std::string_view written, const DomainSettings& settings) {
  const auto name = TRY(codec::domain_to_ascii(written));
  TRY(check(settings));
  if (TRY(find_domain(name))) return fail(Errc::exists, "the domain {} is here already", name);
  auto* counts = TRY(counters());
  if (counts->last_domain == std::numeric_limits<std::uint32_t>::max())
    return fail(Errc::too_large, "no domain ids are left");
  Domain domain{.id = {++counts->last_domain},
                .name = name,
                .written = std::string(written),
                .created = now_,
                .settings = settings};
  txn_.put(rows::domain_key(domain.id), rows::encode(domain));
  txn_.put(rows::domain_name_key(name), rows::encode_id(domain.id.value));
  TRY(audit("domain.add", name, "", in_words(settings)));
  return domain;
}

Result<void> Editor::set_domain(Domain domain, const DomainSettings& settings) {
  TRY(check(settings));
  if (domain.settings == settings) return {};
  const auto before = in_words(domain.settings);
  domain.settings = settings;
  txn_.put(rows::domain_key(domain.id), rows::encode(domain));
  return audit("domain.set", domain.name, before, in_words(settings));
}

Result<void> Editor::remove_domain(const Domain& domain) {
  const auto left = TRY(entries(domain.id));
  const auto accounts =
      std::count_if(left.begin(), left.end(), [](const auto& e) { return static_cast<bool>(e.second.account); });
  if (!left.empty())
    return fail(Errc::exists, "the domain {} still has {} accounts and {} aliases", domain.name, accounts,
                left.size() - static_cast<std::size_t>(accounts));
  const auto keys = TRY(txn_.scan(rows::key(rows::Sub::dkim_key).u32(domain.id.value).range(), {.rows = 1}));
  if (!keys.rows.empty()) return fail(Errc::exists, "the domain {} still has DKIM keys", domain.name);
  TRY(must_not_be_held(txn_, Hold::Of::domain, domain.id.value, domain.name));
  // Whoever has the domain next owes nobody a grant.
  TRY(end_grants(rows::granted_in(domain.name)));
  txn_.remove(rows::domain_key(domain.id));
  txn_.remove(rows::domain_name_key(domain.name));
  forget_rules(txn_, Scope::domain(domain.id));
  return audit("domain.remove", domain.name, in_words(domain.settings), "");
}

Result<void> Editor::put_entry(DomainId domain, const AddressKey& address, const rows::Entry& entry) {
  txn_.put(rows::address_key(domain, address.local()), rows::encode(entry));
  for (const auto& target : entry.targets)
    txn_.put(rows::target_key(target, domain, address.local()), rows::encode_nothing());
  return {};
}

void Editor::forget_targets(DomainId domain, const AddressKey& address, const rows::Entry& entry) {
  for (const auto& target : entry.targets) txn_.remove(rows::target_key(target, domain, address.local()));
}

Result<Account> Editor::add_account(NewAccount account) {
  const auto domain = TRY(domain_of(account.address));
  TRY(check_name(account.name));
  TRY(check_quota(account.quota));
  TRY(check_quota(account.quota_messages));
  if (account.address.local() == "*") return fail(Errc::invalid, "* is the name of a catch-all, which is an alias");
  if (TRY(find_entry(account.address))) return fail(Errc::exists, "the address {} is taken", account.address.written());
  auto* counts = TRY(counters());
  if (counts->last_account == std::numeric_limits<std::uint32_t>::max())
    return fail(Errc::too_large, "no account ids are left");
  Account made{.id = {++counts->last_account},
               .domain = domain.id,
               .address = std::move(account.address),
               .name = std::move(account.name),
               .enabled = account.enabled,
               .quota = account.quota,
               .quota_messages = account.quota_messages,
               .created = now_};
  txn_.put(rows::account_key(made.id), rows::encode(made));
  TRY(put_entry(domain.id, made.address, {.account = made.id, .targets = {}, .written = {}, .created = {}}));
  TRY(audit("account.add", made.address.text(), "", in_words(made)));
  if (account.credential) {
    TRY(set_credential(made, std::move(account.credential)));
    made.has_password = true;
  }
  return made;
}

Result<void> Editor::set_account(Account account, const AccountChange& change) {
  account = TRY(this->account(account.id));
  const auto before = in_words(account);
  if (change.name) {
    TRY(check_name(*change.name));
    account.name = *change.name;
  }
  TRY(check_quota(change.quota.value_or(0)));
  TRY(check_quota(change.quota_messages.value_or(0)));
  account.enabled = change.enabled.value_or(account.enabled);
  account.quota = change.quota.value_or(account.quota);
  account.quota_messages = change.quota_messages.value_or(account.quota_messages);
  const auto after = in_words(account);
  if (after == before) return {};
  txn_.put(rows::account_key(account.id), rows::encode(account));
  return audit("account.set", account.address.text(), before, after);
}

Result<void> Editor::set_credential(Account account, std::optional<Credential> credential) {
  account = TRY(this->account(account.id));
  const auto old = TRY(find_credential(account.id));
  if (!old && !credential) return {};
  account.has_password = credential.has_value();
  txn_.put(rows::account_key(account.id), rows::encode(account));
  const std::string before = old ? in_words(*old) : std::string();
  if (!credential) {
    txn_.remove(rows::credential_key(account.id));
    return audit("account.no_password", account.address.text(), before, "");
  }
  credential->serial = ++TRY(counters())->last_serial;
  txn_.put(rows::credential_key(account.id), rows::encode(*credential));
  return audit("account.password", account.address.text(), before, in_words(*credential));
}

Result<void> Editor::rename_account(Account account, const AddressKey& to) {
  account = TRY(this->account(account.id));
  const auto domain = TRY(domain_of(to));
  if (to.local() == "*") return fail(Errc::invalid, "* is the name of a catch-all, which is an alias");
  const bool same_key = to == account.address;
  if (!same_key && TRY(find_entry(to))) return fail(Errc::exists, "the address {} is taken", to.written());
  const AddressKey from = account.address;
  if (domain.id != account.domain) TRY(must_not_be_held(txn_, Hold::Of::domain, account.domain.value, from.domain()));
  txn_.remove(rows::address_key(account.domain, from.local()));
  if (!same_key) {
    removed_.push_back(from);
    TRY(move_grants(from, to));
  }
  account.address = to;
  account.domain = domain.id;
  txn_.put(rows::account_key(account.id), rows::encode(account));
  TRY(put_entry(domain.id, to, {.account = account.id, .targets = {}, .written = {}, .created = {}}));
  return audit("account.rename", to.text(), from.written(), to.written());
}

Result<void> Editor::remove_account(const Account& account) {
  TRY(must_not_be_held(txn_, Hold::Of::account, account.id.value, account.address.written()));
  TRY(must_not_be_held(txn_, Hold::Of::domain, account.domain.value, account.address.domain()));
  for (const Grant& grant : TRY(grants(account.id))) TRY(end_grant(account, grant));
  txn_.remove(rows::account_key(account.id));
  txn_.remove(rows::credential_key(account.id));
  txn_.remove(rows::address_key(account.domain, account.address.local()));
  forget_rules(txn_, Scope::account(account.id));
  removed_.push_back(account.address);
  // Its mail goes too, by and by: what is interrupted is taken up at the next start (Mailboxes::reap).
  txn_.use_reserve();
  TRY(AccountTxn::remove_account(txn_, account.id, now_));
  const RemovedAccount removed{.id = account.id, .domain = account.domain, .address = account.address, .when = now_};
  txn_.put(rows::removed_key(account.id), rows::encode(removed));
  return audit("account.remove", account.address.text(), in_words(account), "");
}

Result<Hold> Editor::hold(Hold::Of of, std::uint32_t id, std::string object, std::string reason) {
  if (reason.size() > kMaxHoldReason) return fail(Errc::too_large, "a reason over {} octets", kMaxHoldReason);
  if (!codec::utf8_valid(reason) || std::any_of(reason.begin(), reason.end(), is_ctl))
    return fail(Errc::invalid, "a reason with characters that cannot be printed: {}", printable(reason));
  if (TRY(txn_.get(rows::hold_key(of, id)))) return fail(Errc::exists, "{} is under legal hold already", object);
  Hold made{.of = of, .id = id, .object = std::move(object), .since = now_, .who = who_, .reason = std::move(reason)};
  txn_.put(rows::hold_key(of, id), rows::encode(made));
  TRY(audit("hold.add", made.object, "", made.reason));
  return made;
}

Result<void> Editor::lift_hold(Hold::Of of, std::uint32_t id) {
  const auto row = TRY(txn_.get(rows::hold_key(of, id)));
  if (!row) return fail(Errc::not_found, "there is no such legal hold");
  const Hold gone = TRY(rows::decode_hold(row->view()));
  txn_.remove(rows::hold_key(of, id));
  return audit("hold.remove", gone.object, gone.reason, "");
}

Result<void> Editor::set_alias(const AddressKey& address, std::vector<AddressKey> targets) {
  const auto domain = TRY(domain_of(address));
  std::sort(targets.begin(), targets.end());
  targets.erase(std::unique(targets.begin(), targets.end()), targets.end());
  if (targets.empty()) return fail(Errc::invalid, "the alias {} has no target", address.written());
  if (targets.size() > kMaxTargetsOfAlias)
    return fail(Errc::too_large, "the alias {} has over {} targets", address.written(), kMaxTargetsOfAlias);
  if (std::find(targets.begin(), targets.end(), address) != targets.end())
    return fail(Errc::invalid, "the alias {} stands for itself", address.written());
  const auto old = TRY(find_entry(address));
  if (old && old->account) return fail(Errc::exists, "the address {} is an account's", address.written());
  if (old && old->targets == targets) return {};
  rows::Entry entry{
      .account = {}, .targets = std::move(targets), .written = address.written(), .created = old ? old->created : now_};
  if (old) forget_targets(domain.id, address, *old);
  TRY(put_entry(domain.id, address, entry));
  promised_.insert(promised_.end(), entry.targets.begin(), entry.targets.end());
  return audit(old ? "alias.set" : "alias.add", address.text(), old ? in_words(old->targets) : "",
               in_words(entry.targets));
}

Result<void> Editor::remove_alias(const AddressKey& address) {
  const auto domain = TRY(domain_of(address));
  const auto old = TRY(find_entry(address));
  if (!old || old->account) return fail(Errc::not_found, "no such alias: {}", address.written());
  forget_targets(domain.id, address, *old);
  txn_.remove(rows::address_key(domain.id, address.local()));
  removed_.push_back(address);
  return audit("alias.remove", address.text(), in_words(old->targets), "");
}

Result<bool> Editor::is_somebodys(const AddressKey& address) {
  const auto domain = TRY(find_domain(address.domain()));
  if (!domain) return true;  // of another host: not ours to know
  if (TRY(find_entry(address))) return true;
  if (domain->settings.separator != 0)
    if (const auto base = address.without_detail(domain->settings.separator); base && TRY(find_entry(*base)))
      return true;
  const auto all = TRY(AddressKey::of("*", address.domain()));
  return TRY(find_entry(all)).has_value();
}

Result<void> Editor::finish() {
  for (const auto& target : promised_)
    if (!TRY(is_somebodys(target)))
      return fail(Errc::not_found, "the target {} of an alias is nobody's address", target.written());
  for (const auto& address : removed_) {
    if (TRY(find_entry(address))) continue;  // somebody else's by now
    TRY(end_grants(rows::granted_on(address)));
    const auto range = rows::aliases_with_target(address);
    const auto page = TRY(txn_.scan(range, {.rows = 1}));
    if (page.rows.empty()) continue;
    store::KeyReader key(ByteView(page.rows.front().key).substr(range.begin.size()));
    const DomainId domain{TRY(key.u32())};
    const auto record = TRY(txn_.get(rows::domain_key(domain)));
    const std::string name = record ? TRY(rows::decode_domain(record->view())).name : std::string();
    return fail(Errc::exists, "{} is still a target of the alias {}@{}", address.written(), printable(key.rest()),
                name);
  }
  promised_.clear();
  removed_.clear();
  granted_.clear();
  if (counters_) txn_.put(rows::counters_key(), rows::encode(*counters_));
  return {};
}

std::string in_words(const DomainSettings& s) {
  return fmt::format("scram={} scram_iterations={} separator={} detail_is_folder={}", s.scram, s.scram_iterations,
                     s.separator != 0 ? std::string(1, s.separator) : "none", s.detail_is_folder);
}

std::string in_words(const Account& a) {
  return fmt::format("name=\"{}\" enabled={} quota={}{}", a.name, a.enabled, a.quota,
                     a.quota_messages ? fmt::format(" quota_messages={}", a.quota_messages) : "");
}

std::string in_words(const std::vector<AddressKey>& targets) {
  std::string out;
  for (const auto& target : targets) {
    if (!out.empty()) out += ' ';
    out += target.written();
  }
  return out;
}

std::string in_words(const Credential& c) {
  return fmt::format("password {}{}", c.serial,
                     c.scram ? fmt::format(" with SCRAM ({} iterations)", c.scram->iterations) : std::string());
}

}  // namespace chappe::post
