#include "post/policy/editing.h"

#include <fmt/format.h>

#include "base/text.h"
#include "codec/idna.h"

namespace chappe::post {

Result<ScopeObject> find_scope(Editor& editor, const std::string& object) {
  if (object == kSiteObject) return ScopeObject{Scope::site(), object};
  if (object.find('@') != object.npos) {
    const AddressKey address = TRY(AddressKey::parse(object));
    const auto account = TRY(editor.find_account(address));
    if (!account) return fail(Errc::not_found, "no such account: {}", address.written());
    return ScopeObject{Scope::account(account->id), account->address.text()};
  }
  const auto name = TRY(codec::domain_to_ascii(object));
  const auto domain = TRY(editor.find_domain(name));
  if (!domain) return fail(Errc::not_found, "no such domain here: {}", name);
  return ScopeObject{Scope::domain(domain->id), domain->name};
}

Result<ScopeRules> read_rules(store::Txn& txn, Scope scope) {
  ScopeRules out;
  const Bytes at = rows::handling_key(scope);
  if (const auto row = TRY(txn.get(at))) out.handling = TRY(rows::decode_handling(at, row->view())).handling;
  for (const store::Row& row : TRY(txn.scan_all(rows::acquaintances_of(scope))))
    out.known.insert(TRY(rows::decode_acquaintance(row.key, row.value.view())).known);
  return out;
}

Result<void> write_rules(Editor& editor, const ScopeObject& at, const ScopeRules& wanted) {
  if (wanted.known.size() > kMaxAcquaintances)
    return fail(Errc::too_large, "{} knows over {} others", at.object, kMaxAcquaintances);
  const ScopeRules now = TRY(read_rules(editor.txn(), at.scope));
  const LaidDown made{.when = editor.now(), .who = editor.who()};
  if (wanted.handling != now.handling) {
    const Bytes key = rows::handling_key(at.scope);
    if (wanted.handling == Handling())
      editor.txn().remove(key);
    else
      editor.txn().put(key, rows::encode(wanted.handling, made));
    TRY(editor.audit("policy.set", at.object, in_words(now.handling), in_words(wanted.handling)));
  }
  for (const Acquaintance& gone : now.known) {
    if (wanted.known.contains(gone)) continue;
    editor.txn().remove(rows::acquaintance_key(at.scope, gone));
    TRY(editor.audit("know.remove", at.object, in_words(gone), ""));
  }
  for (const Acquaintance& added : wanted.known) {
    if (now.known.contains(added)) continue;
    editor.txn().put(rows::acquaintance_key(at.scope, added), rows::encode(made));
    TRY(editor.audit("know.add", at.object, "", in_words(added)));
  }
  return {};
}

void forget_rules(store::Txn& txn, Scope scope) {
  txn.remove(rows::handling_key(scope));
  txn.remove(rows::acquaintances_of(scope));
}

}  // namespace chappe::post
