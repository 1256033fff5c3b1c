#include "post/directory/holds.h"

#include "post/directory/rows.h"

namespace chappe::post {

Result<bool> held(store::Txn& txn, AccountId account) {
  if (TRY(txn.get(rows::hold_key(Hold::Of::account, account.value)))) return true;
  DomainId domain;
  if (const auto row = TRY(txn.get(rows::account_key(account))))
    domain = TRY(rows::decode_account(row->view())).domain;
  else if (const auto removed = TRY(txn.get(rows::removed_key(account))))
    domain = TRY(rows::decode_removed(removed->view())).domain;
  return domain && TRY(txn.get(rows::hold_key(Hold::Of::domain, domain.value))).has_value();
}

Result<void> must_not_be_held(store::Txn& txn, Hold::Of of, std::uint32_t id, std::string_view name) {
  if (!TRY(txn.get(rows::hold_key(of, id)))) return {};
  return fail(Errc::denied, "{} is under legal hold: lift it first (chappe store hold remove)", name);
}

void forget_removed(store::Txn& txn, AccountId account) { txn.remove(rows::removed_key(account)); }

}  // namespace chappe::post
