#include "app/trust/records_verb.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/admin_call.h"
#include "app/admin_input.h"
#include "app/resolver_choice.h"
#include "app/trust/lint_page.h"
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

net::Task<std::vector<ToPublish>> look_up(dns::Resolver* resolver, std::string domain, std::vector<post::DkimKey> keys,
                                          Duration limit) {
  co_return co_await post::to_publish(*resolver, std::move(domain), std::move(keys), net::Deadline::in(limit));
}

std::string_view now_text(const Invocation& i, const ToPublish& record) {
  switch (record.now) {
    case ToPublish::Now::same:
      return i.say({"it stands there", "il y est"});
    case ToPublish::Now::other:
      return i.say({"something else stands there", "autre chose y est"});
    case ToPublish::Now::wrong:
      return i.say({"what stands there is wrong: mend it, and publish no second one beside it",
                    "ce qui y est n'est pas bon : corrigez-le, sans en publier un second à côté"});
    case ToPublish::Now::several:
      if (record.what == ToPublish::For::spf)  // RFC 7208 §4.5
        return i.say({"several stand there, which is an error to receivers: merge them into one",
                      "il y en a plusieurs, ce qui est une erreur pour qui reçoit : réunissez-les en un seul"});
      return i.say({"several stand there, and receivers heed none of them: leave one",  // RFC 9989 §4.10
                    "il y en a plusieurs, et qui reçoit n'en retient aucun : n'en laissez qu'un"});
    case ToPublish::Now::absent:
      return i.say({"it is not there yet", "il n'y est pas encore"});
    case ToPublish::Now::unknown:
      return i.say({"the DNS does not answer, so what stands there is not known: publish nothing here until it is",
                    "le DNS ne répond pas, on ne sait donc pas ce qui y est : n'y publiez rien d'ici là"});
  }
  std::unreachable();
}

bool has_private_part(const ToPublish& record) { return record.key && record.key->state != post::KeyState::revoked; }

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
  std::string out = fmt::format(fmt::runtime(i.say({"DKIM, {} {} bits, {}: {}", "DKIM, {} {} bits, {} : {}"})),
                                record.key->kind == crypto::KeyKind::rsa ? "rsa" : "ed25519", record.key->bits,
                                state.id, i.french() ? state.fr : state.en);
  if (has_private_part(record))
    out += fmt::format(fmt::runtime(i.say({"; the private key lies in {}", " ; la clef privée est dans {}"})), store);
  return out;
}

std::string zone_text(const Invocation& i, const std::string& name, const post::Zone& zone) {
  if (zone.name.is_root())
    return fmt::format(fmt::runtime(i.say({"; {}: the DNS does not say in which zone it is\n",
                                           "; {} : le DNS ne dit pas dans quelle zone il est\n"})),
                       name);
  std::string servers;
  for (const std::string& server : zone.servers) servers += (servers.empty() ? "" : ", ") + server;
  return fmt::format(
      fmt::runtime(i.say({"; {}: in the zone {}, served by {}\n", "; {} : dans la zone {}, servie par {}\n"})), name,
      zone.name.text(), servers.empty() ? "?" : servers);
}

// What the owner need act upon; notes are chappe spf lint's and chappe dmarc's to tell.
std::string findings_of(const Invocation& i, const ToPublish& record) {
  std::string out;
  for (const auto& found : record.spf)
    if (lint_row(found.lint).level != trust::spf::Level::note)
      out += fmt::format("; {}\n", finding_line(found, record.name.domain(), i.french()));
  for (const auto& found : record.dmarc)
    if (flaw_row(found.flaw).severity != trust::dmarc::Severity::note)
      out += fmt::format("; {}\n", finding_line(found, i.french()));
  return out;
}

std::string as_text(const Invocation& i, const std::vector<ToPublish>& records, const std::string& store) {
  std::string out;
  const post::Zone* zone = nullptr;
  for (const ToPublish& record : records) {
    if (!out.empty()) out += '\n';
    if (zone == nullptr || *zone != record.zone)
      out += zone_text(i, record.name.domain(), record.zone) + (zone == nullptr ? "\n" : "");
    zone = &record.zone;
    out += fmt::format("; {}\n; {}\n", comment_of(i, record, store), now_text(i, record));
    for (const std::string& text : record.there) out += fmt::format(";   {}\n", one_line(text));
    out += findings_of(i, record);
    if (!record.text.empty()) out += zone_line(record);
  }
  return out;
}

std::string as_json(const std::string& domain, const std::vector<ToPublish>& records, const std::string& store) {
  std::string out;
  codec::json::Writer w(out, 2);
  w.begin_object().field("domain", domain).key("records").begin_array();
  for (const ToPublish& record : records) {
    w.begin_object().field("for", purpose_name(record.what)).field("name", record.name.text()).field("type", "TXT");
    w.field("text", record.text).field("now", published_name(record.now));
    if (record.key) w.field("selector", record.key->selector).field("state", key_state_row(record.key->state).id);
    if (has_private_part(record)) w.field("private_key", store);
    w.key("there").begin_array();
    for (const std::string& text : record.there) w.value(text);
    w.end_array().key("findings").begin_array();
    for (const auto& found : record.spf) write_finding(w, found);
    for (const auto& found : record.dmarc) write_finding(w, found, record.name.domain());
    w.end_array().field("zone", record.zone.name.is_root() ? std::string() : record.zone.name.text());
    w.key("servers").begin_array();
    for (const std::string& server : record.zone.servers) w.value(server);
    w.end_array().end_object();
  }
  w.end_array().end_object();
  return out + "\n";
}

// The exit code: that of a look-up that failed where it is not known what stands somewhere.
Result<int> records(const Invocation& invocation) {
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
  const auto found = net::run(look_up(resolver.get(), domain, std::move(keys), *limit));
  const std::string store = TRY(data_dir_of(invocation)) + "/store";
  const int printed = print(invocation.json() ? as_json(domain, found, store) : as_text(invocation, found, store));
  const bool unknown = std::ranges::find(found, ToPublish::Now::unknown, &ToPublish::now) != found.end();
  return printed != 0 || !unknown ? printed : error_row(Errc::timeout).exit;
}

}  // namespace

int run_dns_records(const Invocation& invocation) {
  const auto code = records(invocation);
  return code ? *code : invocation.refuse(code.error());
}

}  // namespace chappe::app
