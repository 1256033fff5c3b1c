// The rules of a scope inside a Change (post/policy/local.h): whoever changes them does it here, with an audit row for
// each difference. Lives on the commit thread, beside the Editor of the directory.
#pragma once

#include "post/directory/editor.h"
#include "post/policy/local.h"

namespace chappe::post {

struct ScopeObject {
  Scope scope;
  std::string object;  // "site", a domain or an address
};
// "site", a domain of ours, or the address of an account. Errors: not_found, invalid.
Result<ScopeObject> find_scope(Editor& editor, const std::string& object);

Result<ScopeRules> read_rules(store::Txn& txn, Scope scope);
// Errors: too_large (over kMaxAcquaintances).
Result<void> write_rules(Editor& editor, const ScopeObject& at, const ScopeRules& wanted);
// With whom they were for.
void forget_rules(store::Txn& txn, Scope scope);

}  // namespace chappe::post
