// An explanation as JSON.
#include <algorithm>

#include "app/admin_print.h"
#include "app/dns_print.h"
#include "app/explain_print.h"

namespace chappe::app {
namespace {

using codec::json::Writer;

double milliseconds(Duration took) { return static_cast<double>(took.count()) / 1000; }

void write_records(Writer& w, std::string_view key, const std::vector<dns::Record>& records) {
  if (records.empty()) return;
  w.key(key).begin_array();
  for (const dns::Record& r : records) write_record(w, r);
  w.end_array();
}

std::vector<dns::Record> records_of(const dns::RRset& set) {
  std::vector<dns::Record> out;
  append_set(out, set, set.name);
  return out;
}

void write_delegation(Writer& w, const dns::Delegation& d) {
  w.key("referral").begin_object().field("zone", d.zone.text()).field("ds", d.signed_below).field("count", d.count);
  w.key("servers").begin_array();
  for (const dns::NamedServer& server : d.servers) {
    w.begin_object().field("name", server.name.text()).key("addresses").begin_array();
    for (const auto& at : server.addresses) w.value(at.ip());
    w.end_array().end_object();
  }
  w.end_array().end_object();
}

void write_step(Writer& w, const dns::WalkStep& step) {
  const dns::Reading& reading = step.reading;
  w.begin_object().field("depth", step.depth).field("question", step.question.text());
  w.field("zone", step.zone.text()).field("server", step.server.text());
  if (step.at) w.field("address", step.at->ip()).field("ms", milliseconds(step.took));
  w.field("said", said_name(reading.said));
  if (reading.flaw != dns::Flaw::none) w.field("flaw", flaw_name(reading.flaw));
  if (step.octets > 0)
    w.field("rcode", rcode_name(step.rcode))
        .field("authoritative", step.authoritative)
        .field("transport", step.tcp ? "tcp" : "udp")
        .field("octets", step.octets);
  if (of_use(reading.said)) w.field("ttl", reading.answer.ttl);
  if (reading.said == dns::Said::referral) write_delegation(w, reading.delegation);
  write_records(w, "chain", reading.answer.chain);
  write_records(w, "records", records_of(reading.answer.records));
  if (!step.why.empty()) w.field("why", step.why);
  w.field("dnssec", trust_name(step.trust));
  if (!step.trust_why.empty()) w.field("dnssec_why", step.trust_why);
  w.end_object();
}

std::string_view pledge_name(Pledge what) {
  static constexpr std::string_view kNames[kPledges] = {"spf", "dmarc", "mta-sts", "tlsa"};
  return kNames[static_cast<std::size_t>(what)];
}

void write_pledge(Writer& w, const PledgeFound& found) {
  w.begin_object().field("kind", pledge_name(found.what)).field("question", found.answer.question.text());
  w.field("outcome", outcome_row(found.answer.outcome).name);
  w.field("security", security_name(found.answer.security));
  w.key("found").begin_array();
  for (const std::string& text : found.texts) w.value(text);
  w.end_array().end_object();
}

void write_certificate(Writer& w, const crypto::CertificateFacts& facts, std::string_view host) {
  w.key("certificate").begin_object().key("names").begin_array();
  for (const std::string& name : facts.dns_names) w.value(name);
  w.end_array().field("covers_host", facts.covers(host)).field("issuer", facts.issuer);
  w.field("until", to_rfc3339(facts.not_after)).field("self_signed", facts.self_signed);
  w.field("sha256", facts.sha256).end_object();
}

void write_contact(Writer& w, const Contact& contact) {
  w.key("contact").begin_object().field("host", contact.host).field("ms", milliseconds(contact.took));
  if (!contact.error.empty()) {
    w.field("error", contact.error).end_object();
    return;
  }
  w.field("address", contact.at).field("greeting", contact.greeting).field("tls", contact.tls);
  w.key("features").begin_array();
  for (const std::string& line : contact.features) w.value(line);
  w.end_array();
  if (contact.certificate) write_certificate(w, *contact.certificate, contact.host);
  w.end_object();
}

}  // namespace

void write_walk(Writer& w, const dns::Walk& walk) {
  w.begin_object().field("question", walk.question.text()).field("end", walk_end_name(walk.end));
  w.field("outcome", outcome_row(walk.answer.outcome).name).field("dnssec", trust_name(walk.trust));
  w.field("canonical", walk.answer.canonical.text());
  if (walk.end == dns::WalkEnd::answered) w.field("ttl", walk.answer.ttl);
  write_records(w, "chain", walk.answer.chain);
  write_records(w, "records", records_of(walk.answer.records));
  w.key("steps").begin_array();
  for (const dns::WalkStep& step : walk.steps) write_step(w, step);
  w.end_array().end_object();
}

void write_explanation(Writer& w, const Explanation& e) {
  w.begin_object().field("address", e.address).field("domain", e.domain);
  w.field("roots", e.roots.empty() ? std::string_view("internet") : std::string_view(e.roots));
  w.field("validating", e.validating);
  w.key("walks").begin_array();
  for (const dns::Walk& walk : e.walks) write_walk(w, walk);
  w.end_array();
  w.key("route");
  write_json(w, e.route);
  if (e.reverse) {
    w.key("reverse").begin_object().field("address", e.first_ip);
    w.field("outcome", outcome_row(e.reverse->outcome).name).key("names").begin_array();
    for (const dns::Ptr& ptr : e.reverse->records.as<dns::Ptr>()) w.value(ptr.target.domain());
    w.end_array().end_object();
  }
  w.key("pledges").begin_array();
  for (const PledgeFound& found : e.pledges) write_pledge(w, found);
  w.end_array();
  if (e.contact) write_contact(w, *e.contact);
  w.end_object();
}

}  // namespace chappe::app
