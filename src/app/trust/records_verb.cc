#include "app/trust/records_verb.h"

#include <fmt/format.h>

#include "app/admin_call.h"
#include "app/admin_input.h"
#include "app/resolver_choice.h"
#include "codec/base64.h"
#include "codec/idna.h"
#include "post/keys/to_publish.h"
#include "trust/dkim/key.h"

namespace chappe::app {
namespace {

using codec::json::Value;
using post::ToPublish;

// A key as key.list tells of it.
Result<post::DkimKey> key_of(const Value& row) {
  post::DkimKey key;
  key.selector = text_of(row, "selector");
  key.kind = text_of(row, "algorithm") == "rsa" ? crypto::KeyKind::rsa : crypto::KeyKind::ed25519;
  key.bits = static_cast<std::uint32_t>(number_of(row, "bits"));
  const auto state = post::parse_key_state(text_of(row, "state"));
  const auto record = trust::dkim::parse_key(text_of(row, "record"));
  if (!state || !record) return fail(Errc::bug, "the office tells of a key that cannot be read");
  key.state = *state;
  key.public_octets = record->data;
  return key;
}

net::Task<post::Publication> look_up(dns::Resolver* resolver, std::string domain, std::vector<post::DkimKey> keys,
                                     Duration limit) {
  co_return co_await post::to_publish(*resolver, std::move(domain), std::move(keys), net::Deadline::in(limit));
}

std::string_view now_text(const Invocation& i, ToPublish::Now now) {
  switch (now) {
    case ToPublish::Now::same:
      return i.say({"it stands there", "il y est"});
    case ToPublish::Now::other:
      return i.say({"something else stands there", "autre chose y est"});
    case ToPublish::Now::absent:
      return i.say({"it is not there yet", "il n'y est pas encore"});
    case ToPublish::Now::unknown:
      return i.say({"the DNS does not say now", "le DNS ne le dit pas pour l'heure"});
  }
  std::unreachable();
}

std::string comment_of(const Invocation& i, const ToPublish& record, const std::string& store) {
  switch (record.what) {
    case ToPublish::For::spf:
      return std::string(
          i.say({"SPF, who may send: before ~all becomes -all, find out who else sends",
                 "SPF, qui peut envoyer : avant que ~all ne devienne -all, cherchez qui d'autre envoie"}));
    case ToPublish::For::dmarc:
      return std::string(i.say({"DMARC, what others are to do with forgeries: p=none only asks for reports",
                                "DMARC, que faire des faux : p=none ne demande que des rapports"}));
    case ToPublish::For::dkim:
      break;
  }
  const post::KeyStateRow& state = key_state_row(record.key->state);
  return fmt::format(fmt::runtime(i.say({"DKIM, {} {} bits, {}: {}; the private key lies in {}",
                                         "DKIM, {} {} bits, {} : {} ; la clef privée est dans {}"})),
                     record.key->kind == crypto::KeyKind::rsa ? "rsa" : "ed25519", record.key->bits, state.id,
                     i.french() ? state.fr : state.en, store);
}

std::string as_text(const Invocation& i, const std::string& domain, const post::Publication& p,
                    const std::string& store) {
  std::string servers;
  for (const std::string& server : p.servers) servers += (servers.empty() ? "" : ", ") + server;
  std::string out = p.zone.is_root()
                        ? fmt::format(fmt::runtime(i.say({"; {}: the DNS does not say in which zone it is\n",
                                                          "; {} : le DNS ne dit pas dans quelle zone il est\n"})),
                                      domain)
                        : fmt::format(fmt::runtime(i.say({"; {}: in the zone {}, served by {}\n",
                                                          "; {} : dans la zone {}, servie par {}\n"})),
                                      domain, p.zone.text(), servers.empty() ? "?" : servers);
  for (const ToPublish& record : p.records) {
    out += fmt::format("\n; {}\n; {}\n", comment_of(i, record, store), now_text(i, record.now));
    for (const std::string& text : record.there) out += fmt::format(";   {}\n", one_line(text));
    out += zone_line(record);
  }
  return out;
}

std::string as_json(const std::string& domain, const post::Publication& p, const std::string& store) {
  std::string out;
  codec::json::Writer w(out, 2);
  w.begin_object().field("domain", domain).field("zone", p.zone.is_root() ? std::string() : p.zone.text());
  w.key("servers").begin_array();
  for (const std::string& server : p.servers) w.value(server);
  w.end_array().field("private_keys", store).key("records").begin_array();
  for (const ToPublish& record : p.records) {
    w.begin_object().field("for", purpose_name(record.what)).field("name", record.name.text()).field("type", "TXT");
    w.field("text", record.text).field("now", published_name(record.now));
    if (record.key) w.field("selector", record.key->selector).field("state", key_state_row(record.key->state).id);
    w.key("there").begin_array();
    for (const std::string& text : record.there) w.value(text);
    w.end_array().end_object();
  }
  w.end_array().end_object();
  return out + "\n";
}

Result<std::string> page(const Invocation& invocation) {
  const auto limit = parse_duration(*invocation.value("timeout"));
  if (!limit) return fail(Errc::usage, "--timeout: {}", limit.error().text());
  const std::string domain = TRY(codec::domain_to_ascii(invocation.argument(0)));
  std::vector<post::DkimKey> keys;
  {
    auto office = TRY(AdminOffice::open(invocation));
    Params params;
    params.add("domain", domain);
    const Answer answer = TRY(ask(*office, "key.list", params));
    for (const Value& row : TRY(answer.value.get("keys"))->items()) keys.push_back(TRY(key_of(row)));
  }
  const Config config = TRY(config_of(invocation));
  const auto resolver = TRY(resolver_of(invocation, config.dns));
  const auto publication = net::run(look_up(resolver.get(), domain, std::move(keys), *limit));
  const std::string store = TRY(data_dir_of(invocation)) + "/store";
  return invocation.json() ? as_json(domain, publication, store) : as_text(invocation, domain, publication, store);
}

}  // namespace

int run_dns_records(const Invocation& invocation) {
  const auto text = page(invocation);
  return text ? print(*text) : invocation.refuse(text.error());
}

}  // namespace chappe::app
