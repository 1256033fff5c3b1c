// The methods of the directory: domains, accounts, aliases, and all of it as text.
#include <map>
#include <set>

#include "agents/control/params.h"
#include "base/text.h"
#include "post/address.h"

namespace chappe::agents::control {
namespace {

using codec::json::Writer;

// For deleting the mail of one account: a great mailbox goes in portions, each with a sync.
constexpr Duration kDeletion = std::chrono::minutes(10);

void write_domain(Writer& w, const post::Domain& d) {
  w.field("name", d.name).field("written", d.written).field("created", to_rfc3339(d.created));
  w.key("settings").begin_object().field("scram", d.settings.scram);
  w.field("scram_iterations", d.settings.scram_iterations);
  w.field("separator", d.settings.separator ? std::string_view(&d.settings.separator, 1) : std::string_view());
  w.field("detail_is_folder", d.settings.detail_is_folder).end_object();
}

void write_account(Writer& w, const post::Account& a) {
  w.field("id", a.id.value).field("address", a.address.written()).field("name", a.name);
  w.field("enabled", a.enabled).field("password", a.has_password).field("quota", a.quota);
  w.field("quota_messages", a.quota_messages);
  w.field("created", to_rfc3339(a.created));
}

void write_alias(Writer& w, const post::Alias& a) {
  w.field("address", a.address.written()).field("created", to_rfc3339(a.created)).key("targets").begin_array();
  for (const auto& target : a.targets) w.value(target.written());
  w.end_array();
}

template <class T>
std::string as_object(const T& value, void (*write)(Writer&, const T&)) {
  std::string out;
  Writer w(out);
  w.begin_object();
  write(w, value);
  w.end_object();
  return out;
}

post::AccountChange facts_of(const Call& call) {
  return {maybe_text(call, "name"), maybe_yes(call, "enabled"), maybe_number(call, "quota"),
          maybe_number(call, "quota_messages")};
}

crypto::Secret password_of(const Call& call) {
  const Value* given = call.params.find("password");
  return crypto::Secret(given ? given->as_string().value_or("") : std::string_view());
}

// The directory writes down what an account may keep; the mailboxes see to it.
Task<Result<void>> set_quota(const Office* office, post::Account account, Deadline deadline) {
  const post::Quota quota{account.quota, account.quota_messages};
  co_return co_await office->mailboxes->set_quota(account.id, quota, deadline);
}

// Everything that the account kept. Nobody can log in to it any more.
Task<Result<void>> delete_mail(const Office* office, post::AccountId account, Deadline until) {
  co_return co_await office->mailboxes->remove_account(account, Deadline::in(kDeletion, until.cancel));
}

using Accounts = std::map<post::AddressKey, post::AccountId>;

// What the mailboxes have to do after the directory was made what a text says.
Task<Result<void>> follow(const Office* office, post::Differences differences, Accounts before, Deadline deadline) {
  std::set<post::AddressKey> touched;
  for (const auto& d : differences)
    if (d.what == "account" && d.kind != post::Difference::Kind::removed)
      touched.insert(CO_TRY(post::AddressKey::parse(d.object)));
  for (const auto& account : CO_TRY(co_await office->directory->list_accounts({}, deadline))) {
    before.erase(account.address);
    if (touched.contains(account.address)) CO_TRY(co_await set_quota(office, account, deadline));
  }
  for (const auto& [address, id] : before) CO_TRY(co_await delete_mail(office, id, deadline));
  co_return Result<void>();
}

}  // namespace

Answer domain_add(const Office* office, Call call) {
  auto added = CO_TRY(co_await office->directory->add_domain(call.who, text_of(call, "domain"), {}, call.deadline));
  co_return as_object(added, write_domain);
}

Answer domain_set(const Office* office, Call call) {
  const std::string name = text_of(call, "domain");
  post::DomainSettings settings = CO_TRY(co_await office->directory->show_domain(name, call.deadline)).settings;
  settings.scram = maybe_yes(call, "scram").value_or(settings.scram);
  settings.detail_is_folder = maybe_yes(call, "detail_is_folder").value_or(settings.detail_is_folder);
  if (const auto iterations = maybe_number(call, "scram_iterations")) {
    if (*iterations > UINT32_MAX) co_return fail(Errc::too_large, "'scram_iterations' is too great");
    settings.scram_iterations = static_cast<std::uint32_t>(*iterations);
  }
  if (const auto separator = maybe_text(call, "separator")) {
    if (separator->size() > 1) co_return fail(Errc::invalid, "'separator' must be one ASCII character, or empty");
    settings.separator = separator->empty() ? '\0' : separator->front();
  }
  CO_TRY(co_await office->directory->set_domain(call.who, name, settings, call.deadline));
  co_return as_object(CO_TRY(co_await office->directory->show_domain(name, call.deadline)), write_domain);
}

Answer domain_list(const Office* office, Call call) {
  const auto domains = CO_TRY(co_await office->directory->list_domains(call.deadline));
  std::string out;
  Writer w(out);
  w.begin_object().key("domains").begin_array();
  for (const auto& domain : domains) {
    w.begin_object();
    write_domain(w, domain);
    w.end_object();
  }
  w.end_array().end_object();
  co_return out;
}

Answer domain_show(const Office* office, Call call) {
  const auto domain = CO_TRY(co_await office->directory->show_domain(text_of(call, "domain"), call.deadline));
  const auto accounts = CO_TRY(co_await office->directory->list_accounts(domain.name, call.deadline));
  const auto aliases = CO_TRY(co_await office->directory->list_aliases(domain.name, call.deadline));
  std::string out;
  Writer w(out);
  w.begin_object();
  write_domain(w, domain);
  w.field("accounts", accounts.size()).field("aliases", aliases.size()).end_object();
  co_return out;
}

Answer domain_remove(const Office* office, Call call) {
  CO_TRY(co_await office->directory->remove_domain(call.who, text_of(call, "domain"), call.deadline));
  co_return "{}";
}

Answer account_add(const Office* office, Call call) {
  auto added = CO_TRY(co_await office->directory->add_account(call.who, text_of(call, "address"), password_of(call),
                                                              facts_of(call), call.deadline));
  if (added.quota || added.quota_messages) CO_TRY(co_await set_quota(office, added, call.deadline));
  co_return as_object(added, write_account);
}

Answer account_set(const Office* office, Call call) {
  const std::string address = text_of(call, "address");
  CO_TRY(co_await office->directory->set_account(call.who, address, facts_of(call), call.deadline));
  auto account = CO_TRY(co_await office->directory->show_account(address, call.deadline));
  CO_TRY(co_await set_quota(office, account, call.deadline));
  co_return as_object(account, write_account);
}

Answer account_password(const Office* office, Call call) {
  CO_TRY(
      co_await office->directory->set_password(call.who, text_of(call, "address"), password_of(call), call.deadline));
  co_return "{}";
}

Answer account_rename(const Office* office, Call call) {
  const std::string to = text_of(call, "to");
  CO_TRY(co_await office->directory->rename_account(call.who, text_of(call, "address"), to, call.deadline));
  co_return as_object(CO_TRY(co_await office->directory->show_account(to, call.deadline)), write_account);
}

Answer account_list(const Office* office, Call call) {
  const auto accounts = CO_TRY(co_await office->directory->list_accounts(text_of(call, "domain"), call.deadline));
  const std::uint64_t after = maybe_number(call, "after").value_or(0);
  const auto begin = std::ranges::find_if(accounts, [&](const post::Account& a) { return a.id.value > after; });
  const auto count = std::min<std::size_t>(page_of(call), static_cast<std::size_t>(accounts.end() - begin));
  const auto end = begin + static_cast<std::ptrdiff_t>(count);
  std::string out;
  Writer w(out);
  w.begin_object().key("accounts").begin_array();
  for (auto account = begin; account != end; ++account) {
    w.begin_object();
    write_account(w, *account);
    w.end_object();
  }
  w.end_array();
  if (end != accounts.end()) w.field("next", std::prev(end)->id.value);
  w.end_object();
  co_return out;
}

Answer account_show(const Office* office, Call call) {
  const auto account = CO_TRY(co_await office->directory->show_account(text_of(call, "address"), call.deadline));
  const auto usage = CO_TRY(co_await office->mailboxes->usage(account.id, call.deadline));
  std::string out;
  Writer w(out);
  w.begin_object();
  write_account(w, account);
  w.field("messages", usage.messages).field("size", usage.size).end_object();
  co_return out;
}

Answer account_remove(const Office* office, Call call) {
  const auto id = CO_TRY(co_await office->directory->remove_account(call.who, text_of(call, "address"), call.deadline));
  CO_TRY(co_await delete_mail(office, id, call.deadline));
  co_return "{}";
}

Answer alias_add(const Office* office, Call call) {
  CO_TRY(co_await office->directory->set_alias(call.who, text_of(call, "address"), texts_of(call, "targets"),
                                               call.deadline));
  co_return "{}";
}

Answer alias_list(const Office* office, Call call) {
  const auto aliases = CO_TRY(co_await office->directory->list_aliases(text_of(call, "domain"), call.deadline));
  std::string out;
  Writer w(out);
  w.begin_object().key("aliases").begin_array();
  for (const auto& alias : aliases) {
    w.begin_object();
    write_alias(w, alias);
    w.end_object();
  }
  w.end_array().end_object();
  co_return out;
}

Answer alias_show(const Office* office, Call call) {
  const auto address = CO_TRY(post::AddressKey::parse(text_of(call, "address")));
  const auto aliases = CO_TRY(co_await office->directory->list_aliases(address.domain(), call.deadline));
  const auto alias = std::ranges::find(aliases, address, &post::Alias::address);
  if (alias == aliases.end()) co_return fail(Errc::not_found, "no such alias: {}", printable(address.written()));
  co_return as_object(*alias, write_alias);
}

Answer alias_remove(const Office* office, Call call) {
  CO_TRY(co_await office->directory->remove_alias(call.who, text_of(call, "address"), call.deadline));
  co_return "{}";
}

Answer config_export(const Office* office, Call call) {
  const post::ExportOptions options{.hashes = maybe_yes(call, "hashes").value_or(true)};
  const std::string text = CO_TRY(co_await office->directory->export_text(options, call.deadline));
  std::string out;
  Writer(out).begin_object().field("text", text).end_object();
  co_return out;
}

Answer config_apply(const Office* office, Call call) {
  const bool dry_run = maybe_yes(call, "dry_run").value_or(false);
  Accounts before;
  for (const auto& account : CO_TRY(co_await office->directory->list_accounts({}, call.deadline)))
    before.emplace(account.address, account.id);
  const auto differences =
      CO_TRY(co_await office->directory->apply_text(call.who, text_of(call, "text"), dry_run, call.deadline));
  if (!dry_run) CO_TRY(co_await follow(office, differences, std::move(before), call.deadline));
  std::string out;
  Writer w(out);
  w.begin_object().key("differences").begin_array();
  static constexpr std::string_view kKinds[] = {"added", "changed", "removed"};
  for (const auto& d : differences) {
    w.begin_object().field("kind", kKinds[static_cast<std::size_t>(d.kind)]).field("what", d.what);
    w.field("object", d.object).field("text", d.text).end_object();
  }
  w.end_array().field("dry_run", dry_run).end_object();
  co_return out;
}

Answer audit_list(const Office* office, Call call) {
  const std::size_t limit = page_of(call);
  const auto rows = CO_TRY(co_await office->directory->audit(maybe_number(call, "before"), limit, call.deadline));
  std::string out;
  Writer w(out);
  w.begin_object().key("audit").begin_array();
  for (const auto& row : rows) {
    w.begin_object().field("seq", row.seq).field("when", to_rfc3339(row.when)).field("who", row.who);
    w.field("what", row.what).field("object", row.object).field("before", row.before).field("after", row.after);
    w.end_object();
  }
  w.end_array();
  if (rows.size() == limit && rows.back().seq > 1) w.field("next", rows.back().seq);
  w.end_object();
  co_return out;
}

}  // namespace chappe::agents::control
