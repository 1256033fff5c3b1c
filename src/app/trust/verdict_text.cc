#include "app/trust/verdict_text.h"

#include <fmt/format.h>

#include <utility>

#include "app/admin_print.h"
#include "codec/base64.h"

namespace chappe::app {
namespace {

namespace dmarc = trust::dmarc;
namespace spf = trust::spf;

// A sentence of a table, with what it speaks of.
template <class... Args>
std::string say(bool french, Text text, const Args&... args) {
  return fmt::format(fmt::runtime(text.in(french)), args...);
}

std::string_view in(const auto& row, bool french) { return french ? row.fr : row.en; }

// A sentence that more follows.
std::string_view open_end(std::string_view sentence) {
  if (sentence.ends_with('.')) sentence.remove_suffix(1);
  return sentence;
}

std::string_view colon(bool french) { return french ? " : " : ": "; }

std::string rule_of(std::string_view rule) { return rule.empty() ? std::string() : fmt::format(" ({})", rule); }

// --- SPF

constexpr std::string_view kMarks[] = {"→", "·", "!"};  // match, no match, error

void append_evaluation(std::string& out, const spf::Evaluation& e, std::size_t depth, bool french) {
  const std::string indent(2 * depth, ' ');
  const std::string_view record = e.record.text;
  out += fmt::format("{}{}  {}\n", indent, one_line(e.domain),
                     record.empty() ? std::string(in(reason_row(e.reason), french)) : one_line(record));
  for (const spf::SyntaxFault& fault : e.record.faults) {
    const spf::FlawRow& row = flaw_row(fault.flaw);
    out += fmt::format("{}  ! {}{}{}{}\n", indent, one_line(record.substr(fault.at, fault.size)), colon(french),
                       in(row, french), rule_of(row.rule));
  }
  for (const spf::Step& step : e.steps) {
    const spf::ReasonRow& why = reason_row(step.reason);
    std::string term = one_line(e.record.text_of(e.record.terms.at(step.term)));
    if (!step.target.empty() && term.find(step.target) == term.npos)
      term += fmt::format(" = {}", one_line(step.target));
    out += fmt::format("{}  {} {}  {}\n", indent, kMarks[static_cast<std::size_t>(step.effect)], term, in(why, french));
    for (const spf::Evaluation& inside : step.inside) append_evaluation(out, inside, depth + 2, french);
  }
}

// --- DKIM

std::string signature_text(const trust::dkim::SignatureVerdict& v, bool french) {
  const trust::dkim::ReasonRow& why = reason_row(v.reason);
  const trust::dkim::Signature& s = v.signature;
  std::string out = fmt::format("DKIM {}{}{}{}\n", result_name(v.result()), colon(french), in(why, french),
                                why.section.empty() ? "" : fmt::format(" ({})", why.section));
  Facts facts;
  if (!v.detail.empty()) facts.add(Text{"In particular", "En particulier"}.in(french), v.detail);
  if (!s.domain.empty()) {
    facts.add(Text{"Signed by", "Signé par"}.in(french), fmt::format("{} ({})", s.domain, s.identity()));
    facts.add(Text{"Key", "Clef"}.in(french),
              fmt::format("{}._domainkey.{}, {}{}{}", s.selector, s.domain, s.algorithm,
                          v.bits() ? fmt::format(", {} bits", v.bits()) : "",
                          v.testing() ? Text{", only tried out (t=y)", ", seulement à l'essai (t=y)"}.in(french) : ""));
  }
  if (v.body) {
    facts.add(Text{"Body signed", "Corps signé"}.in(french), codec::base64_encode(s.body_hash));
    if (v.body->hash != s.body_hash)
      facts.add(Text{"Body found", "Corps trouvé"}.in(french), codec::base64_encode(v.body->hash));
    if (v.body->uncovered() > 0)
      facts.add(Text{"Not signed", "Non signé"}.in(french),
                say(french, {"the last {} octets of the body (l=)", "les {} derniers octets du corps (l=)"},
                    v.body->uncovered()));
  }
  return out + facts.text();
}

// --- ARC

std::string arc_text(const trust::arc::Verdict& v, const trust::ArcTrust& trust, bool french) {
  const trust::arc::ReasonRow& why = reason_row(v.reason);
  std::string out =
      fmt::format("ARC {}{}{}{}\n", status_name(v.status()), colon(french), in(why, french), rule_of(why.section));
  if (!v.detail.empty()) out += fmt::format("  {}\n", one_line(v.detail));
  for (const trust::arc::Set& set : v.sets)
    if (set.seal)
      out += fmt::format("  {} {} cv={}\n", set.instance, one_line(set.seal->signature.domain),
                         one_line(set.seal->signature.chain));
  if (v.status() != trust::arc::Status::pass) return out;
  const trust::ArcTrustRow& worth = arc_trust_row(trust.reason);
  out += fmt::format("  {}{}", in(worth, french), rule_of(worth.rule));
  if (trust.instance != 0)
    out += fmt::format("{}i={} {}, dmarc={}", colon(french), trust.instance, one_line(trust.sealer),
                       outcome_name(trust.knowledge.reported));
  return out + '\n';
}

// --- the client

std::string client_text(const trust::Judgement& j, bool french) {
  std::string out;
  if (j.iprev) {
    const trust::IprevRow& why = iprev_row(j.iprev->reason);
    out += fmt::format("iprev {}{}{}{}\n", iprev_result_name(j.iprev->result()), colon(french), in(why, french),
                       rule_of(why.rule));
    for (const trust::IprevName& name : j.iprev->names)
      out += fmt::format("  {} {}\n", kMarks[name.confirmed ? 0 : 1], one_line(name.name.domain()));
  }
  if (j.helo_name) {
    const trust::HeloRow& why = helo_row(j.helo_name->finding);
    out += fmt::format("HELO {}{}{}{}\n", one_line(j.envelope.helo), colon(french), in(why, french), rule_of(why.rule));
  }
  return out.empty() ? out : out + '\n';
}

std::string lists_text(const trust::SenderListing& lists, bool french) {
  static constexpr Text kEffectTexts[] = {{"", ""},
                                          {"this counts", "cela compte"},
                                          {"an allow list knows better", "une liste d'accueil sait mieux"},
                                          {"it does not count, for the letter does not prove to be from there",
                                           "cela ne compte pas, car la lettre ne prouve pas en venir"}};
  std::string out;
  for (const trust::ListFinding& f : lists.findings) {
    const trust::List& list = lists.rule_of(f).list;
    const std::string_view kind = list.kind == trust::List::Kind::block
                                      ? Text{"block list", "liste de blocage"}.in(french)
                                      : Text{"allow list", "liste d'accueil"}.in(french);
    std::string codes;
    for (const trust::Ip& code : f.listing.codes) codes += (codes.empty() ? " (" : ", ") + code.text();
    if (!codes.empty()) codes += ')';
    const std::string_view effect = kEffectTexts[static_cast<std::size_t>(f.effect)].in(french);
    out += fmt::format("{0} {1}{7}{2}{7}{3}{4}{5}{6}\n", kind, one_line(list.name), f.subject,
                       in(listing_row(f.listing.state), french), codes,
                       effect.empty() ? ""
                       : french       ? " ; "
                                      : "; ",
                       effect, colon(french));
    if (!f.listing.text.empty()) out += fmt::format("  \"{}\"\n", one_line(f.listing.text));
  }
  return out.empty() ? out : out + '\n';
}

// --- DMARC

std::string found_text(const dmarc::Found& found, bool french) {
  std::string what;
  switch (found.standard) {
    case dmarc::Standard::nothing:
      what = Text{"nothing", "rien"}.in(french);
      break;
    case dmarc::Standard::record:
      what = one_line(found.record()->text);
      break;
    case dmarc::Standard::several:
      what =
          say(french, {"{} records, of which none counts", "{} enregistrements, dont aucun ne compte"}, found.records);
      break;
    case dmarc::Standard::error:
      what = Text{"no answer", "pas de réponse"}.in(french);
  }
  std::string out = fmt::format("  _dmarc.{}  {}\n", one_line(found.domain.domain()), what);
  for (const dmarc::Flawed& f : found.reading.flaws)
    out += fmt::format("    ! {}{}{}\n",
                       f.what.empty() ? in(flaw_row(f.flaw), french) : open_end(in(flaw_row(f.flaw), french)),
                       f.what.empty() ? "" : colon(french), one_line(f.what));
  return out;
}

// What was looked at on the way to the record.
std::string names_text(const dmarc::Discovery& discovery, bool french) {
  std::string out;
  for (const dmarc::Walk& walk : discovery.walks) {
    out += say(french, {"From {} upwards:\n", "De {} en montant :\n"}, one_line(walk.start.domain()));
    for (const std::size_t at : walk.steps) out += found_text(discovery.found.at(at), french);
  }
  // A record at the author's own name needs no walk.
  if (discovery.walks.empty())
    for (const dmarc::Found& found : discovery.found) out += found_text(found, french);
  return out;
}

std::string policy_said(const dmarc::Verdict& v, bool french) {
  return fmt::format("{}={}{}", tag_name(v.tag), policy_name(v.asked),
                     v.lowered ? Text{", one step lower by t=y", ", un degré plus bas par t=y"}.in(french) : "");
}

// What a letter meets that fails DMARC, as the domain wants it.
Text unproven_fate(dmarc::Policy wanted) {
  switch (wanted) {
    case dmarc::Policy::none:
      return {"would be taken as any other", "serait prise comme une autre"};
    case dmarc::Policy::quarantine:
      return {"would be set apart (Junk)", "serait mise à l'écart (Junk)"};
    case dmarc::Policy::reject:  // RFC 9989 §5.4
      return {"would be refused if anything else speaks against it, and else set apart (Junk)",
              "serait refusée si autre chose parle contre elle, et sinon mise à l'écart (Junk)"};
  }
  std::unreachable();
}

}  // namespace

std::string spf_text(const spf::Verdict& v, bool french) {
  const spf::ReasonRow& why = reason_row(v.reason);
  std::string out =
      fmt::format("SPF {}{}{}\n", result_row(v.result).name, colon(french), in(result_row(v.result), french));
  Facts facts;
  const bool of_helo = v.identity == spf::Identity::helo || v.null_sender;
  if (of_helo && v.domain.empty())
    facts.add("MAIL FROM",
              Text{"<>, and no HELO that names a host", "<>, et aucun HELO qui nomme une machine"}.in(french));
  else
    facts.add(of_helo ? "HELO" : "MAIL FROM", v.sender);
  std::string decided = fmt::format("{}{}", in(why, french), rule_of(why.rule));
  if (!v.decided_by.empty()) decided = fmt::format("{}{}{}, {}", v.decided_at, colon(french), v.decided_by, decided);
  facts.add(Text{"Because", "Parce que"}.in(french), decided);
  if (!v.explanation.empty()) facts.add(Text{"It explains", "Il explique"}.in(french), v.explanation);
  facts.add(
      Text{"Costs", "Coût"}.in(french),
      say(french, {"{} of 10 lookups, {} of them void", "{} recherches sur 10, dont {} vaines"}, v.lookups, v.voids));
  out += facts.text() + "\n";
  append_evaluation(out, v.evaluation, 0, french);
  return out;
}

std::string dmarc_text(const dmarc::Verdict& v, bool french) {
  const dmarc::ReasonRow& why = reason_row(v.reason);
  std::string out =
      fmt::format("DMARC {}{}{}{}\n", outcome_name(v.result), colon(french), in(why, french), rule_of(why.section));
  Facts facts;
  facts.add(Text{"Author", "Auteur"}.in(french), v.author);
  if (v.policy) {
    facts.add(Text{"Record of", "Enregistrement de"}.in(french), v.policy->domain);
    facts.add(Text{"Policy", "Politique"}.in(french), policy_said(v, french));
  }
  if (!v.organization.empty()) facts.add(Text{"Organization", "Organisation"}.in(french), v.organization);
  out += facts.text() + "\n";
  for (const dmarc::Identifier& id : v.identifiers)
    out += fmt::format("{} {}{} {}{}{}\n", id.method == dmarc::Method::spf ? "SPF" : "DKIM", one_line(id.domain),
                       id.selector.empty() ? "" : fmt::format(" (s={})", one_line(id.selector)),
                       authentication_name(id.result), colon(french), in(alignment_row(id.alignment), french));
  if (!v.identifiers.empty()) out += '\n';
  return out + names_text(v.discovery, french);
}

std::string dmarc_policy_text(const dmarc::Verdict& v, bool french) {
  const dmarc::ReasonRow& why = reason_row(v.reason);
  std::string out;
  if (v.result == dmarc::Outcome::temperror)
    out = say(french,
              {"DMARC policy of {}: not known now. {}{}.\n", "Politique DMARC de {} : inconnue pour l'heure. {}{}.\n"},
              one_line(v.author), open_end(in(why, french)), rule_of(why.section));
  else if (!v.policy || v.result != dmarc::Outcome::fail)
    out = say(french,
              {"DMARC policy of {}: none. {}{}. A letter without proof {}.\n",
               "Politique DMARC de {} : aucune. {}{}. Une lettre sans preuve {}.\n"},
              one_line(v.author), open_end(in(why, french)), rule_of(why.section),
              unproven_fate(dmarc::Policy::none).in(french));
  else
    out =
        say(french,
            {"DMARC policy of {}: {}, by the record at _dmarc.{}; a letter without proof {}.\n",
             "Politique DMARC de {} : {}, par l'enregistrement à _dmarc.{} ; une lettre sans preuve {}.\n"},
            one_line(v.author), policy_said(v, french), one_line(v.policy->domain), unproven_fate(v.wanted).in(french));
  if (!v.organization.empty()) {
    Facts facts;
    facts.add(Text{"Organization", "Organisation"}.in(french), v.organization);
    out += facts.text();
  }
  return out + "\n" + names_text(v.discovery, french);
}

std::string_view decision_text(const trust::Judgement& j, bool french) {
  const bool no_domain = j.decision.reason == dmarc::ActionReason::author_ambiguous &&
                         j.author.reason == trust::AuthorReason::domain_invalid;
  if (no_domain) return in(author_reason_row(j.author.reason), french);
  return in(action_reason_row(j.decision.reason), french);
}

std::string judgement_text(const trust::Judgement& j, bool french) {
  const std::string_view decision = decision_text(j, french), author = in(author_reason_row(j.author.reason), french);
  std::string out = fmt::format("→ {}{}{}\n\n", action_name(j.decision.action), colon(french), decision);
  std::string domains;
  for (const std::string& domain : j.author.domains) domains += (domains.empty() ? "" : ", ") + domain;
  if (!domains.empty())
    out += fmt::format("From {}{}{}\n\n", domains, colon(french), author);
  else if (author != decision)
    out += fmt::format("{}\n\n", author);
  if (j.dmarc.empty()) {
    out += say(french, {"DMARC is not asked: there is no author to be judged.\n\n",
                        "DMARC n'est pas consulté : il n'y a pas d'auteur à juger.\n\n"});
  }
  for (const dmarc::Verdict& v : j.dmarc) out += dmarc_text(v, french) + "\n";
  if (j.dkim.signatures.empty())
    out += say(french,
               {"DKIM none: nobody has signed this letter\n\n", "DKIM none : personne n'a signé cette lettre\n\n"});
  for (const auto& v : j.dkim.signatures) out += signature_text(v, french) + "\n";
  if (j.arc.status() != trust::arc::Status::none) out += arc_text(j.arc, j.arc_trust, french) + "\n";
  if (j.spf) out += spf_text(*j.spf, french) + "\n";
  if (j.helo && !(j.spf && j.spf->null_sender)) out += spf_text(*j.helo, french) + "\n";
  out += client_text(j, french) + lists_text(j.lists, french);
  out.pop_back();
  return out;
}

}  // namespace chappe::app
