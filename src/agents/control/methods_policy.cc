// The methods of the rules about letters from others (post/policy/rules.h).
#include "agents/control/params.h"
#include "post/policy/rules.h"

namespace chappe::agents::control {
namespace {

using codec::json::Writer;
using post::LocalRules;
using Action = trust::dmarc::Action;

std::string_view name_or_inherit(const std::optional<Action>& action) {
  return action ? action_name(*action) : std::string_view("inherit");
}

void write_made(Writer& w, const post::LaidDown& made) {
  w.field("since", to_rfc3339(made.when)).field("who", made.who);
}

void write_handling(Writer& w, const post::Handling& handling) {
  w.field("rejected", name_or_inherit(handling.rejected)).field("suspect", name_or_inherit(handling.suspect));
}

void write_level(Writer& w, const LocalRules::Level& level) {
  w.begin_object().field("object", level.object).field("scope", scope_name(level.scope.of));
  write_handling(w, level.handling);
  if (level.made) write_made(w, *level.made);
  w.end_object();
}

// What holds in the end, and who says so.
void write_effect(Writer& w, std::string_view name, const std::vector<LocalRules::Level>& levels,
                  std::optional<Action> post::Handling::* field) {
  const auto says = std::ranges::find_if(levels, [field](const auto& l) { return (l.handling.*field).has_value(); });
  w.key(name).begin_object();
  if (says == levels.end())
    w.field("from", "configuration");
  else
    w.field("action", action_name(*(says->handling.*field))).field("from", says->object);
  w.end_object();
}

// Nothing: it was not given, and stays.
Result<std::optional<std::optional<Action>>> change_of(const Call& call, std::string_view name,
                                                       Result<Action> (*parse)(std::string_view)) {
  using Change = std::optional<std::optional<Action>>;
  const auto given = maybe_text(call, name);
  if (!given) return Change();
  if (*given == "inherit") return Change(std::optional<Action>());
  return Change(std::optional(TRY(parse(*given))));
}

std::string object_of(const Call& call, std::string_view name, std::string_view standard) {
  return maybe_text(call, name).value_or(std::string(standard));
}

Result<post::Acquaintance> named(const Call& call) {
  return post::parse_acquaintance(TRY(post::parse_kind(text_of(call, "kind"))), text_of(call, "name"));
}

}  // namespace

Answer policy_show(const Office* office, Call call) {
  const auto levels =
      CO_TRY(co_await office->rules->levels(object_of(call, "object", post::kSiteObject), call.deadline));
  std::string out;
  Writer w(out);
  w.begin_object().field("object", levels.front().object);
  write_handling(w, levels.front().handling);
  if (levels.front().made) write_made(w, *levels.front().made);
  w.key("effect").begin_object();
  write_effect(w, "rejected", levels, &post::Handling::rejected);
  write_effect(w, "suspect", levels, &post::Handling::suspect);
  w.end_object().end_object();
  co_return out;
}

Answer policy_list(const Office* office, Call call) {
  std::string out;
  Writer w(out);
  w.begin_object().key("policies").begin_array();
  for (const auto& level : CO_TRY(co_await office->rules->policies(call.deadline))) write_level(w, level);
  w.end_array().end_object();
  co_return out;
}

Answer policy_set(const Office* office, Call call) {
  post::HandlingChange change;
  change.rejected = CO_TRY(change_of(call, "rejected", post::parse_rejected));
  change.suspect = CO_TRY(change_of(call, "suspect", post::parse_suspect));
  if (!change.rejected && !change.suspect) co_return fail(Errc::invalid, "'rejected' or 'suspect' must be given");
  CO_TRY(co_await office->rules->set(call.who, object_of(call, "object", post::kSiteObject), change, call.deadline));
  co_return co_await policy_show(office, std::move(call));
}

Answer know_add(const Office* office, Call call) {
  const auto known = CO_TRY(named(call));
  const auto object = object_of(call, "for", post::kSiteObject);
  CO_TRY(co_await office->rules->add(call.who, object, known, call.deadline));
  std::string out;
  Writer w(out);
  w.begin_object().field("kind", acquaintance_row(known.kind).id).field("name", known.name).field("for", object);
  w.end_object();
  co_return out;
}

Answer know_remove(const Office* office, Call call) {
  const auto known = CO_TRY(named(call));
  CO_TRY(co_await office->rules->remove(call.who, object_of(call, "for", post::kSiteObject), known, call.deadline));
  co_return "{}";
}

Answer know_list(const Office* office, Call call) {
  std::optional<post::Acquaintance::Kind> only;
  if (const auto kind = maybe_text(call, "kind")) only = CO_TRY(post::parse_kind(*kind));
  std::string out;
  Writer w(out);
  w.begin_object().key("known").begin_array();
  for (const auto& entry : CO_TRY(co_await office->rules->known(text_of(call, "for"), call.deadline))) {
    if (only && entry.known.kind != *only) continue;
    w.begin_object().field("kind", acquaintance_row(entry.known.kind).id).field("name", entry.known.name);
    w.field("for", entry.object).field("scope", scope_name(entry.scope.of));
    write_made(w, entry.made);
    w.end_object();
  }
  w.end_array().end_object();
  co_return out;
}

}  // namespace chappe::agents::control
