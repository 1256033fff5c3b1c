// The methods of DKIM keys.
#include <map>

#include "agents/control/params.h"

namespace chappe::agents::control {
namespace {

using codec::json::Writer;

constexpr std::uint32_t kRsaBits = 2048;  // RFC 8301 §3.2 advises it

std::string_view kind_name(crypto::KeyKind kind) { return kind == crypto::KeyKind::rsa ? "rsa" : "ed25519"; }

Result<crypto::KeyKind> kind_of(const Call& call) {
  const std::string name = text_of(call, "algorithm");
  for (const crypto::KeyKind kind : {crypto::KeyKind::rsa, crypto::KeyKind::ed25519})
    if (name == kind_name(kind)) return kind;
  return fail(Errc::invalid, "'algorithm' is rsa or ed25519, not '{}'", printable(name, 40));
}

Result<post::KeyState> state_of(std::string_view name) {
  if (const auto state = post::parse_key_state(name)) return *state;
  std::string all;
  for (const auto& row : post::key_state_rows()) all += (all.empty() ? "" : ", ") + std::string(row.id);
  return fail(Errc::invalid, "'{}' is no state of a key: those are {}", printable(name, 40), all);
}

void write_key(Writer& w, const post::DkimKey& key, std::string_view domain) {
  w.begin_object().field("domain", domain).field("selector", key.selector);
  w.field("name", key.selector + "._domainkey." + std::string(domain));
  w.field("algorithm", kind_name(key.kind)).field("bits", key.bits).field("state", post::key_state_row(key.state).id);
  w.field("created", to_rfc3339(key.created)).field("since", to_rfc3339(key.since)).field("record", key.record());
  w.end_object();
}

Answer one_key(const Office* office, Call call, post::DkimKey key) {
  const auto domain = CO_TRY(co_await office->directory->show_domain(text_of(call, "domain"), call.deadline));
  std::string out;
  Writer w(out);
  write_key(w, key, domain.name);
  co_return out;
}

}  // namespace

Answer key_new(const Office* office, Call call) {
  const auto kind = CO_TRY(kind_of(call));
  const std::uint64_t bits = maybe_number(call, "bits").value_or(kRsaBits);
  auto made = CO_TRY(co_await office->keys->generate(
      call.who, text_of(call, "domain"), text_of(call, "selector"), kind,
      static_cast<std::uint32_t>(std::min<std::uint64_t>(bits, UINT32_MAX)), call.deadline));
  co_return co_await one_key(office, std::move(call), std::move(made));
}

Answer key_import(const Office* office, Call call) {
  const auto state = CO_TRY(state_of(text_of(call, "state")));
  const Value* pem = call.params.find("pem");
  auto made = CO_TRY(co_await office->keys->import(
      call.who, text_of(call, "domain"), text_of(call, "selector"),
      crypto::Secret(pem ? pem->as_string().value_or("") : std::string_view()), state, call.deadline));
  co_return co_await one_key(office, std::move(call), std::move(made));
}

Answer key_set(const Office* office, Call call) {
  const auto state = CO_TRY(state_of(text_of(call, "state")));
  auto key = CO_TRY(co_await office->keys->set_state(call.who, text_of(call, "domain"), text_of(call, "selector"),
                                                     state, call.deadline));
  co_return co_await one_key(office, std::move(call), std::move(key));
}

Answer key_remove(const Office* office, Call call) {
  CO_TRY(co_await office->keys->remove(call.who, text_of(call, "domain"), text_of(call, "selector"), call.deadline));
  co_return "{}";
}

Answer key_list(const Office* office, Call call) {
  const auto keys = CO_TRY(co_await office->keys->list(text_of(call, "domain"), call.deadline));
  std::map<post::DomainId, std::string> names;
  for (const auto& domain : CO_TRY(co_await office->directory->list_domains(call.deadline)))
    names.emplace(domain.id, domain.name);
  std::string out;
  Writer w(out);
  w.begin_object().key("keys").begin_array();
  for (const auto& key : keys)
    if (const auto name = names.find(key.domain); name != names.end()) write_key(w, key, name->second);
  w.end_array().end_object();
  co_return out;
}

}  // namespace chappe::agents::control
