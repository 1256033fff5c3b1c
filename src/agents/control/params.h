// Reading the parameters of a call that were checked against its row. Of this folder's own files only.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "agents/control/methods.h"
#include "base/text.h"

namespace chappe::agents::control {

// Empty when it was not given.
inline std::string text_of(const Call& call, std::string_view name) {
  const Value* v = call.params.find(name);
  return v ? std::string(v->as_string().value_or("")) : std::string();
}
inline std::optional<std::string> maybe_text(const Call& call, std::string_view name) {
  if (!call.params.find(name)) return std::nullopt;
  return text_of(call, name);
}
inline std::optional<std::uint64_t> maybe_number(const Call& call, std::string_view name) {
  const Value* v = call.params.find(name);
  if (!v) return std::nullopt;
  return static_cast<std::uint64_t>(v->as_int().value_or(0));
}
inline std::optional<bool> maybe_yes(const Call& call, std::string_view name) {
  const Value* v = call.params.find(name);
  if (!v) return std::nullopt;
  return v->as_bool().value_or(false);
}
inline std::vector<std::string> texts_of(const Call& call, std::string_view name) {
  std::vector<std::string> out;
  if (const Value* v = call.params.find(name))
    for (const Value& item : v->items()) out.emplace_back(item.as_string().value_or(""));
  return out;
}
inline Result<std::optional<Time>> time_of(const Call& call, std::string_view name) {
  const auto text = maybe_text(call, name);
  if (!text) return std::nullopt;
  const auto time = from_rfc3339(*text);
  if (!time)
    return fail(Errc::invalid, "'{}' must be a time like 2026-11-24T18:00:00Z or a day like 2026-11-24, not '{}'", name,
                printable(*text, 40));
  return time;
}
inline std::size_t page_of(const Call& call) {
  return static_cast<std::size_t>(std::clamp<std::uint64_t>(maybe_number(call, "limit").value_or(kPage), 1, kMostPage));
}
inline Result<post::LetterId> letter_of(std::string_view text) {
  const auto letter = post::LetterId::parse(text);
  if (!letter)
    return fail(Errc::invalid, "'{}' is no letter's id: those are 26 letters and digits", printable(text, 40));
  return *letter;
}

// The methods, by folder of the post office.
using Answer = Task<Result<std::string>>;

Answer domain_add(const Office* office, Call call);
Answer domain_set(const Office* office, Call call);
Answer domain_list(const Office* office, Call call);
Answer domain_show(const Office* office, Call call);
Answer domain_remove(const Office* office, Call call);

Answer account_add(const Office* office, Call call);
Answer account_set(const Office* office, Call call);
Answer account_password(const Office* office, Call call);
Answer account_rename(const Office* office, Call call);
Answer account_list(const Office* office, Call call);
Answer account_show(const Office* office, Call call);
Answer account_remove(const Office* office, Call call);

Answer alias_add(const Office* office, Call call);
Answer alias_list(const Office* office, Call call);
Answer alias_show(const Office* office, Call call);
Answer alias_remove(const Office* office, Call call);

Answer grant_add(const Office* office, Call call);
Answer grant_list(const Office* office, Call call);
Answer grant_remove(const Office* office, Call call);

Answer config_export(const Office* office, Call call);
Answer config_apply(const Office* office, Call call);
Answer audit_list(const Office* office, Call call);

Answer queue_list(const Office* office, Call call);
Answer queue_show(const Office* office, Call call);
Answer queue_drop(const Office* office, Call call);
Answer queue_hold(const Office* office, Call call);
Answer queue_release(const Office* office, Call call);
Answer queue_retry(const Office* office, Call call);

Answer trail_show(const Office* office, Call call);
Answer trail_find(const Office* office, Call call);
Answer trail_refused(const Office* office, Call call);

Answer reputation_show(const Office* office, Call call);
Answer reputation_list(const Office* office, Call call);

Answer store_mailboxes(const Office* office, Call call);
Answer store_index(const Office* office, Call call);
Answer store_find(const Office* office, Call call);
Answer store_sums(const Office* office, Call call);
Answer store_read(const Office* office, Call call);
Answer store_octets(const Office* office, Call call);
Answer store_draft(const Office* office, Call call);
Answer store_append(const Office* office, Call call);
Answer store_deleted(const Office* office, Call call);
Answer store_undelete(const Office* office, Call call);

Answer store_verify(const Office* office, Call call);
Answer store_repair(const Office* office, Call call);
Answer store_backup(const Office* office, Call call);
Answer store_job(const Office* office, Call call);

Answer hold_add(const Office* office, Call call);
Answer hold_remove(const Office* office, Call call);
Answer hold_list(const Office* office, Call call);

Answer key_new(const Office* office, Call call);
Answer key_import(const Office* office, Call call);
Answer key_set(const Office* office, Call call);
Answer key_remove(const Office* office, Call call);
Answer key_list(const Office* office, Call call);

Answer policy_show(const Office* office, Call call);
Answer policy_set(const Office* office, Call call);
Answer policy_list(const Office* office, Call call);
Answer know_add(const Office* office, Call call);
Answer know_remove(const Office* office, Call call);
Answer know_list(const Office* office, Call call);

Answer search_find(const Office* office, Call call);
Answer search_progress(const Office* office, Call call);
Answer search_renew(const Office* office, Call call);

Answer route_show(const Office* office, Call call);

Answer server_status(const Office* office, Call call);
Answer server_metrics(const Office* office, Call call);
Answer server_reload(const Office* office, Call call);
Answer server_stop(const Office* office, Call call);
Answer server_methods(const Office* office, Call call);

}  // namespace chappe::agents::control
