// Legal hold as other Changes see it: whether what an account loses may go for good. On the commit thread.
#pragma once

#include "post/directory/types.h"
#include "store/commit.h"

namespace chappe::post {

// Whether the account, or its domain, is under hold; of a removed account too, as long as the directory remembers it.
Result<bool> held(store::Txn& txn, AccountId account);
// Errc::denied if it is. `name` is for the sentence.
Result<void> must_not_be_held(store::Txn& txn, Hold::Of of, std::uint32_t id, std::string_view name);
// A removed account of which nothing is left: the directory need not remember it any more.
void forget_removed(store::Txn& txn, AccountId account);

}  // namespace chappe::post
