// The methods of grants: who may write as somebody whose address is not its own.
#include <map>

#include "agents/control/params.h"

namespace chappe::agents::control {
namespace {

using codec::json::Writer;

}  // namespace

Answer grant_add(const Office* office, Call call) {
  const bool on_behalf = maybe_yes(call, "on_behalf").value_or(false);
  CO_TRY(co_await office->directory->set_grant(call.who, text_of(call, "account"), text_of(call, "identity"),
                                               on_behalf ? post::SendRight::on_behalf : post::SendRight::as,
                                               call.deadline));
  co_return "{}";
}

Answer grant_remove(const Office* office, Call call) {
  CO_TRY(co_await office->directory->remove_grant(call.who, text_of(call, "account"), text_of(call, "identity"),
                                                  call.deadline));
  co_return "{}";
}

Answer grant_list(const Office* office, Call call) {
  const auto grants = CO_TRY(co_await office->directory->list_grants(text_of(call, "account"), call.deadline));
  std::map<post::AccountId, std::string> names;
  for (const auto& account : CO_TRY(co_await office->directory->list_accounts({}, call.deadline)))
    names.emplace(account.id, account.address.written());
  std::string out;
  Writer w(out);
  w.begin_object().key("grants").begin_array();
  for (const auto& grant : grants) {
    const auto name = names.find(grant.account);
    if (name == names.end()) continue;  // gone between the two looks
    w.begin_object().field("account", name->second).field("identity", grant.identity.written());
    w.field("on_behalf", grant.right == post::SendRight::on_behalf).field("created", to_rfc3339(grant.created));
    w.end_object();
  }
  w.end_array().end_object();
  co_return out;
}

}  // namespace chappe::agents::control
