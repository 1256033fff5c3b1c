// The directory as it is read: listing, showing, where addresses lead, the audit log.
#include "base/text.h"
#include "codec/idna.h"
#include "post/directory/directory.h"
#include "post/directory/rows.h"

namespace chappe::post {
namespace {

Task<Result<std::vector<Domain>>> domains(std::shared_ptr<store::Reader> reader, Deadline deadline) {
  std::vector<Domain> out;
  for (const auto& row : CO_TRY(co_await store::scan_all(reader, rows::key(rows::Sub::domain).range(), deadline)))
    out.push_back(CO_TRY(rows::decode_domain(row.value.view())));
  co_return out;
}

Task<Result<std::vector<Account>>> accounts(std::shared_ptr<store::Reader> reader, Deadline deadline) {
  std::vector<Account> out;
  for (const auto& row : CO_TRY(co_await store::scan_all(reader, rows::key(rows::Sub::account).range(), deadline)))
    out.push_back(CO_TRY(rows::decode_account(row.value.view())));
  co_return out;
}

Task<Result<std::vector<Alias>>> aliases(std::shared_ptr<store::Reader> reader, Domain domain, Deadline deadline) {
  const auto range = rows::addresses_of(domain.id);
  std::vector<Alias> out;
  for (const auto& row : CO_TRY(co_await store::scan_all(reader, range, deadline))) {
    auto entry = CO_TRY(rows::decode_entry(row.value.view()));
    if (entry.account) continue;
    out.push_back({.address = AddressKey::stored(row.key.substr(range.begin.size()), domain.name, entry.written),
                   .targets = std::move(entry.targets),
                   .created = entry.created});
  }
  co_return out;
}

}  // namespace

Task<Result<std::vector<Hold>>> Directory::list_holds(Deadline deadline) {
  std::vector<Hold> out;
  const auto range = rows::key(rows::Sub::hold).range();
  for (const auto& row : CO_TRY(co_await store::scan_all(parts_.store, range, deadline)))
    out.push_back(CO_TRY(rows::decode_hold(row.value.view())));
  co_return out;
}

Task<Result<std::vector<RemovedAccount>>> Directory::list_removed(Deadline deadline) {
  std::vector<RemovedAccount> out;
  const auto range = rows::key(rows::Sub::removed).range();
  for (const auto& row : CO_TRY(co_await store::scan_all(parts_.store, range, deadline)))
    out.push_back(CO_TRY(rows::decode_removed(row.value.view())));
  co_return out;
}

Task<Result<std::optional<Domain>>> Directory::find_domain(std::string name, Deadline deadline) {
  const auto id =
      CO_TRY(co_await rows::get(parts_.store, rows::domain_name_key(name), rows::decode_id, deadline)).value_or(0);
  // Asked for nobody (0) too, so that looking for a domain that is not here takes as many steps.
  co_return co_await rows::get(parts_.store, rows::domain_key({id}), rows::decode_domain, deadline);
}

Task<Result<Domain>> Directory::show_domain(std::string name, Deadline deadline) {
  const auto key = CO_TRY(codec::domain_to_ascii(name));
  auto domain = CO_TRY(co_await find_domain(key, deadline));
  if (!domain) co_return fail(Errc::not_found, "no such domain here: {}", key);
  co_return std::move(*domain);
}

Task<Result<std::vector<Domain>>> Directory::list_domains(Deadline deadline) {
  co_return co_await domains(parts_.store->snapshot(), deadline);
}

Task<Result<Account>> Directory::account(AccountId id, Deadline deadline) {
  auto account = CO_TRY(co_await rows::get(parts_.store, rows::account_key(id), rows::decode_account, deadline));
  if (!account) co_return fail(Errc::not_found, "no such account: {}", id.value);
  co_return std::move(*account);
}

Task<Result<Account>> Directory::show_account(std::string address, Deadline deadline) {
  const auto key = CO_TRY(AddressKey::parse(address));
  const auto domain = CO_TRY(co_await find_domain(key.domain(), deadline));
  const auto entry = CO_TRY(co_await rows::get(
      parts_.store, rows::address_key(domain ? domain->id : DomainId(), key.local()), rows::decode_entry, deadline));
  if (!domain || !entry || !entry->account) co_return fail(Errc::not_found, "no such account: {}", key.written());
  co_return co_await account(entry->account, deadline);
}

Task<Result<std::vector<Account>>> Directory::list_accounts(std::string domain, Deadline deadline) {
  DomainId only;
  if (!domain.empty()) only = CO_TRY(co_await show_domain(domain, deadline)).id;
  auto all = CO_TRY(co_await accounts(parts_.store->snapshot(), deadline));
  if (only) std::erase_if(all, [&](const Account& a) { return a.domain != only; });
  co_return all;
}

Task<Result<std::vector<Alias>>> Directory::list_aliases(std::string domain, Deadline deadline) {
  const auto reader = parts_.store->snapshot();
  std::vector<Domain> of;
  if (domain.empty()) {
    of = CO_TRY(co_await domains(reader, deadline));
  } else {
    of.push_back(CO_TRY(co_await show_domain(domain, deadline)));
  }
  std::vector<Alias> out;
  for (const auto& one : of) {
    auto some = CO_TRY(co_await aliases(reader, one, deadline));
    out.insert(out.end(), std::make_move_iterator(some.begin()), std::make_move_iterator(some.end()));
  }
  co_return out;
}

// --- where addresses lead

Task<Result<RcptAnswer>> Directory::resolve_in(Domain domain, AddressKey address, Deadline deadline) {
  const auto lookup = [this, id = domain.id, deadline](const std::string& local) {
    return rows::get(parts_.store, rows::address_key(id, local), rows::decode_entry, deadline);
  };
  std::string folder;
  auto entry = CO_TRY(co_await lookup(address.local()));
  const char separator = domain.settings.separator;
  if (!entry && separator != 0) {
    if (const auto base = address.without_detail(separator)) {
      entry = CO_TRY(co_await lookup(base->local()));
      if (entry && domain.settings.detail_is_folder) {
        // As written: names of folders know a difference between upper and lower case.
        const auto& written = address.written();
        const auto local = std::string_view(written).substr(0, written.rfind('@'));
        folder = trim(local.substr(local.find(separator) + 1), "\"");
      }
    }
  }
  if (!entry && address.local() == "postmaster" && !options_.postmaster.empty())
    co_return RcptAnswer{
        .kind = RcptAnswer::Kind::alias, .account = {}, .mailbox = {}, .targets = {options_.postmaster}};
  if (!entry && options_.return_paths != nullptr) {
    auto sender = options_.return_paths->returning(address.written());
    RcptAnswer answer;
    if (sender) {
      answer.kind = RcptAnswer::Kind::alias;
      answer.targets.push_back(std::move(*sender));
      answer.notifications_only = true;
      co_return answer;
    }
    // What only looks like one may be anybody's of a catch-all; what was one is not.
    answer.fault = sender.error();
    if (answer.fault == trust::SrsFault::forged || answer.fault == trust::SrsFault::expired) co_return answer;
  }
  if (!entry) entry = CO_TRY(co_await lookup("*"));
  if (!entry) co_return RcptAnswer{};
  if (entry->account)
    co_return RcptAnswer{
        .kind = RcptAnswer::Kind::account, .account = entry->account, .mailbox = std::move(folder), .targets = {}};
  RcptAnswer answer{.kind = RcptAnswer::Kind::alias, .account = {}, .mailbox = {}, .targets = {}};
  for (const auto& target : entry->targets) answer.targets.push_back(target.written());
  co_return answer;
}

Task<Result<RcptAnswer>> Directory::resolve_rcpt(std::string address, Deadline deadline) {
  // RFC 5321 §4.5.1: `postmaster` alone is of this host.
  if (iequals(address, "postmaster")) {
    if (options_.postmaster.empty()) co_return RcptAnswer{};
    co_return RcptAnswer{
        .kind = RcptAnswer::Kind::alias, .account = {}, .mailbox = {}, .targets = {options_.postmaster}};
  }
  const auto at = address.rfind('@');
  if (at == std::string::npos) co_return fail(Errc::invalid, "an address without domain: {}", printable(address));
  // Whether an address of another host is well formed is for that host to say.
  const auto name = codec::domain_to_ascii(ByteView(address).substr(at + 1));
  std::optional<Domain> domain;
  if (name) domain = CO_TRY(co_await find_domain(*name, deadline));
  if (!domain) co_return RcptAnswer{.kind = RcptAnswer::Kind::remote, .account = {}, .mailbox = {}, .targets = {}};
  const auto key = AddressKey::parse(address);
  if (!key) co_return RcptAnswer{};
  co_return co_await resolve_in(std::move(*domain), *key, deadline);
}

// --- as text, and the audit log

namespace {

// What is laid down for each scope.
Task<Result<std::map<Scope, ScopeRules>>> all_rules(std::shared_ptr<store::Reader> reader, Deadline deadline) {
  std::map<Scope, ScopeRules> out;
  for (const auto& row : CO_TRY(co_await store::scan_all(reader, rows::all_handlings(), deadline))) {
    const auto read = CO_TRY(rows::decode_handling(row.key, row.value.view()));
    out[read.scope].handling = read.handling;
  }
  for (const auto& row : CO_TRY(co_await store::scan_all(reader, rows::all_acquaintances(), deadline))) {
    auto read = CO_TRY(rows::decode_acquaintance(row.key, row.value.view()));
    out[read.scope].known.insert(std::move(read.known));
  }
  co_return out;
}

}  // namespace

Task<Result<std::string>> Directory::export_text(ExportOptions options, Deadline deadline) {
  const auto reader = parts_.store->snapshot();
  DirectoryText out;
  std::map<Scope, ScopeRules> laid_down = CO_TRY(co_await all_rules(reader, deadline));
  if (const auto site = laid_down.find(Scope::site()); site != laid_down.end()) out.site = std::move(site->second);
  for (auto& domain : CO_TRY(co_await domains(reader, deadline))) {
    for (auto& alias : CO_TRY(co_await aliases(reader, domain, deadline)))
      out.aliases.emplace(std::move(alias.address), std::move(alias.targets));
    out.domains.emplace(domain.name, DirectoryText::OfDomain{.written = domain.written,
                                                             .settings = domain.settings,
                                                             .rules = std::move(laid_down[Scope::domain(domain.id)])});
  }
  for (auto& account : CO_TRY(co_await accounts(reader, deadline))) {
    DirectoryText::OfAccount facts{.name = account.name,
                                   .enabled = account.enabled,
                                   .quota = account.quota,
                                   .quota_messages = account.quota_messages,
                                   .credential = {},
                                   .grants = {},
                                   .rules = std::move(laid_down[Scope::account(account.id)])};
    const auto range = rows::grants_of(account.id);
    for (const auto& row : CO_TRY(co_await store::scan_all(reader, range, deadline))) {
      auto grant = CO_TRY(rows::decode_grant(row.key, row.value.view()));
      facts.grants.emplace(std::move(grant.identity), grant.right);
    }
    if (options.hashes && account.has_password)
      facts.credential =
          CO_TRY(co_await rows::get(reader.get(), rows::credential_key(account.id), rows::decode_credential, deadline));
    out.accounts.emplace(std::move(account.address), std::move(facts));
  }
  co_return write_directory_text(out);
}

Task<Result<std::vector<AuditRow>>> Directory::audit(std::optional<std::uint64_t> before, std::size_t limit,
                                                     Deadline deadline) {
  std::vector<AuditRow> out;
  if (limit == 0) co_return out;
  auto range = rows::key(rows::Sub::audit).range();
  if (before) range.end = rows::audit_key(*before);
  const auto page = CO_TRY(co_await parts_.store->scan(std::move(range), {.rows = limit, .reverse = true}, deadline));
  for (const auto& row : page.rows) out.push_back(CO_TRY(rows::decode_audit(row.value.view())));
  co_return out;
}

}  // namespace chappe::post
