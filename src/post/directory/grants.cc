#include "post/directory/grants.h"

#include <algorithm>

#include "base/text.h"
#include "post/directory/directory.h"
#include "post/directory/editor.h"

namespace chappe::post {
namespace {

constexpr std::string_view kAll = "*";

Result<Account> existing(Editor& editor, std::string_view written) {
  const auto address = TRY(AddressKey::parse(written));
  auto account = TRY(editor.find_account(address));
  if (!account) return fail(Errc::not_found, "no such account: {}", printable(written));
  return std::move(*account);
}

}  // namespace

Result<AddressKey> parse_identity(std::string_view written) {
  if (written == kAll) return everybody();
  return AddressKey::parse(written);
}

AddressKey everybody_of(const AddressKey& address) {
  return AddressKey::stored(std::string(kAll), address.domain(), "*@" + address.domain());
}

AddressKey everybody() { return AddressKey::stored(std::string(kAll), {}, std::string(kAll)); }

std::string in_words(const Grant& grant) {
  return fmt::format("{} {}", grant.right == SendRight::as ? "send as" : "send on behalf of", grant.identity.written());
}

// --- under change

Result<std::vector<Grant>> Editor::grants(AccountId id) {
  std::vector<Grant> out;
  for (const auto& row : TRY(txn_.scan_all(rows::grants_of(id))))
    out.push_back(TRY(rows::decode_grant(row.key, row.value.view())));
  return out;
}

Result<void> Editor::set_grant(const Account& account, const AddressKey& identity, SendRight right) {
  Grant grant{.account = account.id, .identity = identity, .right = right, .created = now_};
  std::string before;
  const Bytes at = rows::grant_key(account.id, identity);
  granted_.insert(at);
  if (const auto row = TRY(txn_.get(at))) {
    const Grant old = TRY(rows::decode_grant(at, row->view()));
    if (old.right == right) return {};
    grant.created = old.created;
    before = in_words(old);
  } else if (TRY(grants(account.id)).size() >= kMaxGrantsOfAccount) {
    return fail(Errc::too_large, "{} has {} grants already", account.address.written(), kMaxGrantsOfAccount);
  }
  txn_.put(at, rows::encode(grant));
  txn_.put(rows::granted_key(identity, account.id), rows::encode_nothing());
  const std::string_view what = before.empty() ? "grant.add" : "grant.set";
  return audit(what, account.address.text(), std::move(before), in_words(grant));
}

Result<void> Editor::end_grant(const Account& account, const Grant& grant) {
  txn_.remove(rows::grant_key(account.id, grant.identity));
  txn_.remove(rows::granted_key(grant.identity, account.id));
  return audit("grant.remove", account.address.text(), in_words(grant), "");
}

Result<void> Editor::remove_grant(const Account& account, const AddressKey& identity) {
  const Bytes at = rows::grant_key(account.id, identity);
  const auto row = TRY(txn_.get(at));
  if (!row) return fail(Errc::not_found, "{} has no grant on {}", account.address.written(), identity.written());
  return end_grant(account, TRY(rows::decode_grant(at, row->view())));
}

Result<std::vector<Grant>> Editor::granted(const store::Range& range) {
  std::vector<Grant> out;
  for (const auto& row : TRY(txn_.scan_all(range))) {
    store::KeyReader key(ByteView(row.key).substr(rows::key(rows::Sub::granted).range().begin.size()));
    std::string domain = TRY(key.text());
    std::string local = TRY(key.text());
    const AccountId account{TRY(key.u32())};
    const Bytes at = rows::grant_key(account, AddressKey::stored(std::move(local), std::move(domain), {}));
    const auto grant = TRY(txn_.get(at));
    if (!grant) return fail(Errc::corrupt, "account {} is said to have a grant that it has not", account.value);
    out.push_back(TRY(rows::decode_grant(at, grant->view())));
  }
  return out;
}

Result<void> Editor::end_grants(const store::Range& range) {
  for (const Grant& grant : TRY(granted(range))) {
    if (granted_.contains(rows::grant_key(grant.account, grant.identity))) continue;
    const Account holder = TRY(account(grant.account));
    TRY(end_grant(holder, grant));
  }
  return {};
}

Result<void> Editor::move_grants(const AddressKey& from, const AddressKey& to) {
  for (const Grant& grant : TRY(granted(rows::granted_on(from)))) {
    const Account holder = TRY(account(grant.account));
    TRY(end_grant(holder, grant));
    TRY(set_grant(holder, to, grant.right));
  }
  return {};
}

// --- the directory's

Task<Result<void>> Directory::set_grant(std::string who, std::string account, std::string identity, SendRight right,
                                        Deadline deadline) {
  auto fn = [account = std::move(account), identity = std::move(identity), right](Editor& editor) -> Result<void> {
    const auto holder = TRY(existing(editor, account));
    return editor.set_grant(holder, TRY(parse_identity(identity)), right);
  };
  co_return co_await change(std::move(who), std::move(fn), deadline);
}

Task<Result<void>> Directory::remove_grant(std::string who, std::string account, std::string identity,
                                           Deadline deadline) {
  auto fn = [account = std::move(account), identity = std::move(identity)](Editor& editor) -> Result<void> {
    const auto holder = TRY(existing(editor, account));
    return editor.remove_grant(holder, TRY(parse_identity(identity)));
  };
  co_return co_await change(std::move(who), std::move(fn), deadline);
}

Task<Result<std::vector<Grant>>> Directory::list_grants(std::string account, Deadline deadline) {
  auto range = rows::key(rows::Sub::grant).range();
  if (!account.empty()) range = rows::grants_of(CO_TRY(co_await show_account(std::move(account), deadline)).id);
  std::vector<Grant> out;
  for (const auto& row : CO_TRY(co_await store::scan_all(parts_.store, std::move(range), deadline)))
    out.push_back(CO_TRY(rows::decode_grant(row.key, row.value.view())));
  co_return out;
}

// --- what doors ask

Task<Result<SendRight>> Directory::may_send_as(AccountId account, std::string address, Deadline deadline) {
  const auto key = AddressKey::parse(address);
  if (!key || key->local() == kAll) co_return SendRight::none;
  const auto own = CO_TRY(co_await rows::get(parts_.store, rows::account_key(account), rows::decode_account, deadline));
  if (!own) co_return SendRight::none;
  std::vector<AddressKey> identities{*key};
  if (const auto domain = CO_TRY(co_await find_domain(key->domain(), deadline))) {
    auto entry = CO_TRY(
        co_await rows::get(parts_.store, rows::address_key(domain->id, key->local()), rows::decode_entry, deadline));
    const auto base =
        entry || domain->settings.separator == 0 ? std::nullopt : key->without_detail(domain->settings.separator);
    if (base) {
      identities.push_back(*base);
      entry = CO_TRY(
          co_await rows::get(parts_.store, rows::address_key(domain->id, base->local()), rows::decode_entry, deadline));
    }
    if (entry && (entry->account == account || std::ranges::find(entry->targets, own->address) != entry->targets.end()))
      co_return SendRight::as;
  }
  identities.push_back(everybody_of(*key));
  identities.push_back(everybody());
  SendRight most = SendRight::none;
  for (const AddressKey& identity : identities) {
    const Bytes at = rows::grant_key(account, identity);
    const auto row = CO_TRY(co_await parts_.store->get(at, deadline));
    if (row) most = std::max(most, CO_TRY(rows::decode_grant(at, row->view())).right);
  }
  co_return most;
}

Task<Result<SendRight>> Directory::may_send(LoggedIn who, std::string address, Deadline deadline) {
  if (!who.account) {
    const auto account = co_await show_account(std::move(who.address), deadline);
    if (!account && account.error().temporary()) co_return std::unexpected(account.error());
    if (!account || !account->enabled) co_return SendRight::none;
    who.account = account->id;
  }
  co_return co_await may_send_as(who.account, std::move(address), deadline);
}

}  // namespace chappe::post
