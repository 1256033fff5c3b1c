#include "app/trust/verdict_json.h"

#include "app/dns_print.h"
#include "app/trust/verdict_text.h"
#include "codec/base64.h"

namespace chappe::app {
namespace {

using codec::json::Writer;
namespace dmarc = trust::dmarc;
namespace spf = trust::spf;

void write_questions(Writer& w, const std::vector<dns::Answer>& questions) {
  w.key("questions").begin_array();
  for (const dns::Answer& answer : questions) write_answer(w, answer);
  w.end_array();
}

void write_numbers(Writer& w, std::string_view key, const std::vector<std::size_t>& numbers) {
  w.key(key).begin_array();
  for (const std::size_t n : numbers) w.value(n);
  w.end_array();
}

// --- SPF

void write_evaluation(Writer& w, const spf::Evaluation& e);

void write_step(Writer& w, const spf::Evaluation& e, const spf::Step& step) {
  static constexpr std::string_view kEffects[] = {"match", "no-match", "error"};
  w.begin_object().field("term", e.record.text_of(e.record.terms.at(step.term)));
  if (!step.target.empty()) w.field("target", step.target);
  w.field("effect", kEffects[static_cast<std::size_t>(step.effect)]);
  if (step.effect == spf::Effect::error) w.field("error", result_row(step.error).name);
  const spf::ReasonRow& why = reason_row(step.reason);
  w.field("reason", why.id).field("rule", why.rule);
  write_numbers(w, "questions", step.questions);
  if (!step.inside.empty()) {
    w.key("inside");
    write_evaluation(w, step.inside.front());
  }
  w.end_object();
}

void write_evaluation(Writer& w, const spf::Evaluation& e) {
  w.begin_object().field("domain", e.domain).field("record", e.record.text);
  w.field("result", result_row(e.result).name).field("reason", reason_row(e.reason).id);
  write_numbers(w, "questions", e.questions);
  if (!e.record.faults.empty()) {
    w.key("faults").begin_array();
    for (const spf::SyntaxFault& fault : e.record.faults)
      w.begin_object()
          .field("fault", flaw_row(fault.flaw).id)
          .field("rule", flaw_row(fault.flaw).rule)
          .field("text", std::string_view(e.record.text).substr(fault.at, fault.size))
          .end_object();
    w.end_array();
  }
  w.key("steps").begin_array();
  for (const spf::Step& step : e.steps) write_step(w, e, step);
  w.end_array().end_object();
}

}  // namespace

// --- DKIM

void write_signature(Writer& w, const trust::dkim::SignatureVerdict& v) {
  const trust::dkim::ReasonRow& why = reason_row(v.reason);
  const trust::dkim::Signature& s = v.signature;
  w.begin_object().field("result", result_name(v.result())).field("domain", s.domain).field("selector", s.selector);
  w.field("reason", why.id).field("rule", why.section).field("text", why.en);
  if (!v.detail.empty()) w.field("detail", v.detail);
  w.field("algorithm", s.algorithm);
  w.field("canonicalization", std::string(canon_name(s.header_canon)) + "/" + std::string(canon_name(s.body_canon)));
  if (!s.domain.empty()) w.field("identity", s.identity());
  w.field("bits", v.bits()).field("testing", v.testing()).field("header_field", v.field);
  w.key("signed").begin_array();
  for (const std::string& name : s.fields) w.value(name);
  w.end_array();
  if (v.body) {
    w.key("body").begin_object().field("signed", codec::base64_encode(s.body_hash));
    w.field("found", codec::base64_encode(v.body->hash)).field("octets", v.body->octets);
    w.field("unsigned_octets", v.body->uncovered()).end_object();
  }
  if (v.question) w.field("question", *v.question);
  w.end_object();
}

namespace {

// --- ARC

void write_chain(Writer& w, const trust::arc::Verdict& v, const trust::ArcTrust& trust) {
  const trust::arc::ReasonRow& why = reason_row(v.reason);
  w.begin_object().field("cv", status_name(v.status())).field("reason", why.id).field("rule", why.section);
  w.field("text", why.en);
  if (v.at > 0) w.field("at", v.at);
  if (!v.detail.empty()) w.field("detail", v.detail);
  if (v.status() == trust::arc::Status::pass) w.field("oldest_pass", v.oldest_pass);
  w.key("sets").begin_array();
  for (const trust::arc::Set& set : v.sets) {
    w.begin_object().field("instance", set.instance);
    if (set.message && set.message_looked_at) {
      w.key("message");
      write_signature(w, *set.message);
    }
    if (set.seal && set.seal_looked_at) {
      w.key("seal");
      write_signature(w, *set.seal);
    }
    w.end_object();
  }
  w.end_array();
  const trust::ArcTrustRow& worth = arc_trust_row(trust.reason);
  w.key("trust").begin_object().field("trusted", trust.knowledge.trusted).field("reason", worth.id);
  w.field("rule", worth.rule).field("text", worth.en);
  if (trust.instance != 0)
    w.field("instance", trust.instance)
        .field("sealer", trust.sealer)
        .field("reported", outcome_name(trust.knowledge.reported));
  w.end_object();
  write_questions(w, v.questions);
  w.end_object();
}

// --- iprev

void write_iprev(Writer& w, const trust::Iprev& v) {
  const trust::IprevRow& why = iprev_row(v.reason);
  w.key("iprev").begin_object().field("result", iprev_result_name(v.result())).field("reason", why.id);
  w.field("rule", why.rule).field("text", why.en).key("names").begin_array();
  for (const trust::IprevName& name : v.names)
    w.begin_object().field("name", name.name.domain()).field("confirmed", name.confirmed).end_object();
  w.end_array();
  write_questions(w, v.questions);
  w.end_object();
}

void write_helo_name(Writer& w, const trust::HeloCheck& v) {
  const trust::HeloRow& why = helo_row(v.finding);
  w.key("helo_name").begin_object().field("finding", why.id).field("rule", why.rule).field("text", why.en);
  w.key("addresses").begin_array();
  for (const trust::Ip& ip : v.addresses) w.value(ip.text());
  w.end_array();
  write_questions(w, v.questions);
  w.end_object();
}

// --- DNS lists

void write_lists(Writer& w, const trust::SenderListing& lists) {
  w.key("lists").begin_array();
  for (const trust::ListFinding& f : lists.findings) {
    const trust::ListRule& rule = lists.rule_of(f);
    const trust::ListingRow& why = listing_row(f.listing.state);
    w.begin_object().field("list", rule.list.name);
    w.field("kind", rule.list.kind == trust::List::Kind::block ? "block" : "allow");
    w.field("of", list_subject_name(f.of)).field("subject", f.subject).field("state", why.id);
    w.field("effect", list_effect_name(f.effect)).field("action", action_name(rule.action)).field("rule", why.rule);
    w.key("codes").begin_array();
    for (const trust::Ip& code : f.listing.codes) w.value(code.text());
    w.end_array();
    if (!f.listing.text.empty()) w.field("text", f.listing.text);
    write_questions(w, f.listing.questions);
    w.end_object();
  }
  w.end_array();
}

// --- DMARC

void write_decision(Writer& w, const trust::Judgement& j) {
  const dmarc::Decision& d = j.decision;
  const dmarc::ActionReasonRow& why = action_reason_row(d.reason);
  w.key("action").begin_object().field("action", action_name(d.action)).field("reason", why.id);
  w.field("text", decision_text(j, false));
  w.key("overrides").begin_array();
  for (const dmarc::Override& o : d.overrides)
    w.begin_object().field("type", override_name(o.type)).field("comment", o.comment).end_object();
  w.end_array().key("evidence").begin_array();
  for (const dmarc::Evidence e : d.evidence) w.value(evidence_name(e));
  w.end_array().end_object();
}

void write_identifier(Writer& w, const dmarc::Identifier& id) {
  w.begin_object().field("method", id.method == dmarc::Method::spf ? "spf" : "dkim").field("domain", id.domain);
  if (!id.selector.empty()) w.field("selector", id.selector);
  w.field("result", authentication_name(id.result)).field("aligned", id.aligned());
  w.field("alignment", alignment_row(id.alignment).id);
  if (!id.organization.empty()) w.field("organization", id.organization);
  if (id.walk) w.field("walk", *id.walk);
  w.end_object();
}

void write_flaws(Writer& w, const dmarc::Reading& reading) {
  if (reading.flaws.empty()) return;
  w.key("flaws").begin_array();
  for (const dmarc::Flawed& f : reading.flaws)
    w.begin_object().field("flaw", flaw_row(f.flaw).id).field("at", f.at).field("text", f.what).end_object();
  w.end_array();
}

void write_discovery(Writer& w, const dmarc::Discovery& discovery) {
  static constexpr std::string_view kStandards[] = {"nothing", "record", "several", "error"};
  w.key("names").begin_array();
  for (const dmarc::Found& found : discovery.found) {
    w.begin_object().field("domain", found.domain.domain());
    w.field("found", kStandards[static_cast<std::size_t>(found.standard)]);
    if (found.asked != dmarc::Found::kNotAsked) w.field("question", found.asked);
    if (found.record()) w.field("record", found.record()->text);
    write_flaws(w, found.reading);
    w.end_object();
  }
  w.end_array().key("walks").begin_array();
  for (const dmarc::Walk& walk : discovery.walks) {
    w.begin_object().field("start", walk.start.domain());
    write_numbers(w, "names", walk.steps);
    w.field("end", walk_end_name(walk.end)).field("choice", choice_name(walk.choice));
    if (walk.organization) w.field("organization", walk.organization->domain());
    w.end_object();
  }
  w.end_array();
}

}  // namespace

void write_arc(Writer& w, const trust::Judgement& j) { write_chain(w, j.arc, j.arc_trust); }

void write_spf(Writer& w, const spf::Verdict& v) {
  const spf::ReasonRow& why = reason_row(v.reason);
  w.begin_object().field("result", result_row(v.result).name);
  w.field("identity", v.identity == spf::Identity::helo || v.null_sender ? "helo" : "mailfrom");
  w.field("sender", v.sender).field("domain", v.domain);
  w.field("reason", why.id).field("rule", why.rule);
  w.field("decided_at", v.decided_at).field("decided_by", v.decided_by).field("text", describe(v));
  if (!v.explanation.empty()) w.field("explanation", v.explanation);
  w.field("lookups", v.lookups).field("voids", v.voids).key("evaluation");
  write_evaluation(w, v.evaluation);
  write_questions(w, v.questions);
  w.end_object();
}

void write_dmarc(Writer& w, const dmarc::Verdict& v) {
  const dmarc::ReasonRow& why = reason_row(v.reason);
  w.begin_object().field("result", outcome_name(v.result));
  w.field("policy", v.policy ? policy_name(v.asked) : std::string_view()).field("domain", v.author);
  w.field("disposition", policy_name(v.wanted)).field("reason", why.id).field("rule", why.section);
  if (v.policy) {
    w.key("record").begin_object().field("domain", v.policy->domain).field("text", v.policy->record.text);
    w.field("source", source_name(v.policy->source)).field("tag", tag_name(v.tag)).field("lowered", v.lowered);
    w.field("discovery_method", discovery_method_name(v.policy->method)).end_object();
  }
  if (!v.organization.empty()) w.field("organization", v.organization);
  w.key("identifiers").begin_array();
  for (const dmarc::Identifier& id : v.identifiers) write_identifier(w, id);
  w.end_array();
  write_discovery(w, v.discovery);
  write_questions(w, v.discovery.asked);
  w.end_object();
}

void write_judgement(Writer& w, const trust::Judgement& j) {
  if (j.spf) {
    w.key("spf");
    write_spf(w, *j.spf);
  }
  if (j.helo) {
    w.key("helo");
    write_spf(w, *j.helo);
  }
  if (j.iprev) write_iprev(w, *j.iprev);
  if (j.helo_name) write_helo_name(w, *j.helo_name);
  write_lists(w, j.lists);
  w.key("dkim").begin_array();
  for (const auto& signature : j.dkim.signatures) write_signature(w, signature);
  w.end_array().key("dkim_questions").begin_array();
  for (const dns::Answer& answer : j.dkim.questions) write_answer(w, answer);
  w.end_array();
  w.key("arc");
  write_arc(w, j);
  static constexpr std::string_view kClasses[] = {"one", "several", "no-author", "ambiguous"};
  const trust::AuthorReasonRow& author = author_reason_row(j.author.reason);
  w.key("from").begin_object().field("class", kClasses[static_cast<std::size_t>(author.class_)]);
  w.field("reason", author.id).field("text", author.en).key("domains").begin_array();
  for (const std::string& domain : j.author.domains) w.value(domain);
  w.end_array().end_object();
  write_decision(w, j);
  w.key("dmarc");
  if (const auto* verdict = j.decisive()) {
    write_dmarc(w, *verdict);
  } else {
    w.begin_object().field("result", "permerror").field("policy", "").field("domain", "");
    w.field("disposition", policy_name(dmarc::Policy::none)).field("reason", author.id).end_object();
  }
  w.key("dmarc_by_author").begin_array();
  for (const dmarc::Verdict& verdict : j.dmarc) write_dmarc(w, verdict);
  w.end_array();
}

}  // namespace chappe::app
