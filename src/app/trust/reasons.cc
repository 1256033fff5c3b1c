#include "app/trust/reasons.h"

#include <algorithm>
#include <utility>

#include "app/nearest.h"
#include "base/text.h"
#include "trust/judgement.h"
#include "trust/spf/lint.h"

namespace chappe::app {
namespace {

namespace dmarc = trust::dmarc;

// What only has a name beside its judge. In the order of their enumerations (a test checks it).
struct WordRow {
  Topic topic;
  std::string_view id;
  std::string_view rule;
  std::string_view en, fr;
};
constexpr WordRow kWords[] = {
    {Topic::evidence, "author-nonexistent", "RFC 9989 §3.2.13",
     "The domain of the author does not exist, so no list and no forwarder can have had it.",
     "Le domaine de l'auteur n'existe pas ; ni liste ni service de renvoi ne peut donc l'avoir eu."},
    {Topic::evidence, "no-indirect-flow", "RFC 9989 §5.4",
     "Nothing in the letter tells of a list, a forwarder or a gateway that could have broken its proof.",
     "Rien dans la lettre ne parle d'une liste, d'un renvoi ou d'une passerelle qui aurait pu rompre sa preuve."},
    {Topic::evidence, "sender-listed", "", "A block list holds the client, or a domain that the sender named.",
     "Une liste de blocage contient le client, ou un domaine que l'expéditeur a nommé."},
    {Topic::evidence, "content", "", "It is spam or worse by its content.", "C'est du spam ou pis par son contenu."},
    {Topic::evidence, "local-block", "", "A rule of this host is against its sender.",
     "Une règle de ce serveur vise son expéditeur."},
    {Topic::override_, "local_policy", "RFC 9990 §3.1.6",
     "A rule of this host decided otherwise than the author's domain wants.",
     "Une règle de ce serveur a décidé autrement que ne le veut le domaine de l'auteur."},
    {Topic::override_, "mailing_list", "RFC 9990 §3.1.6", "It came by a mailing list that is known here.",
     "Elle est venue par une liste de diffusion connue ici."},
    {Topic::override_, "other", "RFC 9990 §3.1.6", "Something else that is known here excuses the failure.",
     "Autre chose, connu ici, excuse l'échec."},
    {Topic::override_, "policy_test_mode", "RFC 9990 §3.1.6", "The author's domain only tests its policy (t=y).",
     "Le domaine de l'auteur ne fait que tester sa politique (t=y)."},
    {Topic::override_, "trusted_forwarder", "RFC 9990 §3.1.6", "It came by a forwarder that is known here.",
     "Elle est venue par un service de renvoi connu ici."},
    {Topic::list_effect, "none", "RFC 5782 §7", "What the list says changes nothing.",
     "Ce que dit la liste ne change rien."},
    {Topic::list_effect, "counts", "", "What the list says counts.", "Ce que dit la liste compte."},
    {Topic::list_effect, "overridden", "", "An allow list that counts holds the same address or domain.",
     "Une liste d'accueil qui compte contient la même adresse ou le même domaine."},
    {Topic::list_effect, "unproven", "",
     "An allow list holds the domain, but the letter does not prove to be from there.",
     "Une liste d'accueil contient le domaine, mais la lettre ne prouve pas en venir."},
    {Topic::dmarc_walk, "psd-yes", "RFC 9989 §4.10", "The walk up the tree ended at a record with psd=y.",
     "La remontée de l'arbre a pris fin à un enregistrement avec psd=y."},
    {Topic::dmarc_walk, "psd-no", "RFC 9989 §4.10",
     "The walk up the tree ended at a record with psd=n, which names the organization.",
     "La remontée de l'arbre a pris fin à un enregistrement avec psd=n, qui nomme l'organisation."},
    {Topic::dmarc_walk, "top", "RFC 9989 §4.10", "The walk went up the tree to the top.",
     "La remontée est allée jusqu'en haut de l'arbre."},
    {Topic::dmarc_walk, "error", "RFC 9989 §5.3.6", "The DNS did not answer, so the walk ended there.",
     "Le DNS n'a pas répondu ; la remontée s'est arrêtée là."},
    {Topic::dmarc_walk, "below-psd", "RFC 9989 §4.10.2",
     "The organization is the domain one label below a record with psd=y.",
     "L'organisation est le domaine une étiquette au-dessous d'un enregistrement avec psd=y."},
    {Topic::dmarc_walk, "fewest-labels", "RFC 9989 §4.10.2",
     "The organization is the domain of the record with the fewest labels.",
     "L'organisation est le domaine de l'enregistrement qui a le moins d'étiquettes."},
    {Topic::dmarc_walk, "itself", "RFC 9989 §4.10.2", "There is no record, so the domain is its own organization.",
     "Il n'y a pas d'enregistrement ; le domaine est donc sa propre organisation."},
    {Topic::dmarc_walk, "unknown", "RFC 9989 §5.3.6", "The DNS did not answer, so the organization is not known now.",
     "Le DNS n'a pas répondu ; l'organisation n'est donc pas connue pour l'heure."},
};

// Of a shorter word it says nothing that an id holds it.
constexpr std::size_t kLeastHeld = 3;

constexpr auto kNone = [](const auto&) { return std::string_view(); };
constexpr auto kRule = [](const auto& row) { return row.rule; };
constexpr auto kSection = [](const auto& row) { return row.section; };

Text subject_of(Topic topic) {
  switch (topic) {
    case Topic::author:
      return {"From", "From"};
    case Topic::decision:
      return {"Decision", "Décision"};
    case Topic::evidence:
      return {"Evidence", "Indice"};
    case Topic::override_:
      return {"Override", "Exception"};
    case Topic::dmarc:
      return {"DMARC", "DMARC"};
    case Topic::alignment:
      return {"DMARC alignment", "Accord DMARC"};
    case Topic::dmarc_record:
      return {"DMARC record", "Enregistrement DMARC"};
    case Topic::dmarc_walk:
      return {"DMARC walk", "Remontée DMARC"};
    case Topic::dkim:
      return {"DKIM", "DKIM"};
    case Topic::arc:
    case Topic::arc_trust:
      return {"ARC", "ARC"};
    case Topic::spf_result:
      return {"SPF result", "Résultat SPF"};
    case Topic::spf:
      return {"SPF", "SPF"};
    case Topic::spf_syntax:
      return {"SPF syntax", "Syntaxe SPF"};
    case Topic::spf_lint:
      return {"SPF record", "Enregistrement SPF"};
    case Topic::iprev:
      return {"iprev", "iprev"};
    case Topic::helo:
      return {"HELO", "HELO"};
    case Topic::list:
      return {"DNS list", "Liste DNS"};
    case Topic::list_effect:
      return {"DNS list, effect", "Liste DNS, effet"};
  }
  std::unreachable();
}

class Collected {
 public:
  void add(Topic topic, std::string_view id, std::string_view rule, std::string_view en, std::string_view fr) {
    out_.push_back({topic, subject_of(topic), id, rule, en, fr, advice_on(topic, id)});
  }
  template <class Rows, class Rule>
  void add(Topic topic, const Rows& rows, Rule rule) {
    for (const auto& row : rows) add(topic, row.id, rule(row), row.en, row.fr);
  }
  std::vector<ReasonFound> take() { return std::move(out_); }

 private:
  std::vector<ReasonFound> out_;
};

}  // namespace

std::vector<ReasonFound> all_reasons() {
  namespace spf = trust::spf;
  Collected out;
  out.add(Topic::author, trust::author_reason_rows(), kNone);
  out.add(Topic::decision, dmarc::action_reason_rows(), kNone);
  for (const WordRow& row : kWords) out.add(row.topic, row.id, row.rule, row.en, row.fr);
  out.add(Topic::dmarc, dmarc::reason_rows(), kSection);
  for (const dmarc::AlignmentRow& row : dmarc::alignment_rows())
    out.add(Topic::alignment, row.id, "RFC 9989 §4.4", row.en, row.fr);
  for (int i = 0; i < dmarc::kFlawCount; ++i) {
    const dmarc::FlawRow& row = flaw_row(static_cast<dmarc::Flaw>(i));
    out.add(Topic::dmarc_record, row.id, {}, row.en, row.fr);
  }
  out.add(Topic::dkim, trust::dkim::reason_rows(), kSection);
  out.add(Topic::arc, trust::arc::reason_rows(), kSection);
  out.add(Topic::arc_trust, trust::arc_trust_rows(), kRule);
  for (int i = 0; i <= static_cast<int>(spf::ResultCode::permerror); ++i) {
    const spf::ResultRow& row = result_row(static_cast<spf::ResultCode>(i));
    out.add(Topic::spf_result, row.name, "RFC 7208 §2.6", row.en, row.fr);
  }
  out.add(Topic::spf, spf::reason_rows(), kRule);
  out.add(Topic::spf_syntax, spf::flaw_rows(), kRule);
  out.add(Topic::spf_lint, spf::lint_rows(), kRule);
  out.add(Topic::iprev, trust::iprev_rows(), kRule);
  out.add(Topic::helo, trust::helo_rows(), kRule);
  out.add(Topic::list, trust::listing_rows(), kRule);
  return out.take();
}

std::vector<ReasonFound> find_reasons(std::string_view id) {
  auto out = all_reasons();
  std::erase_if(out, [&](const ReasonFound& r) { return !iequals(r.id, id); });
  return out;
}

std::vector<std::string_view> similar_reasons(std::string_view id, std::size_t most) {
  const std::string word = to_lower(id);
  std::vector<std::pair<std::size_t, std::string_view>> found;  // how far away
  for (const ReasonFound& r : all_reasons()) {
    const std::size_t distance = edit_distance(word, r.id);
    if (word.size() >= kLeastHeld && r.id.find(word) != r.id.npos)
      found.emplace_back(0, r.id);
    else if (distance <= std::max<std::size_t>(1, r.id.size() / 3))
      found.emplace_back(distance, r.id);
  }
  std::ranges::sort(found);
  std::vector<std::string_view> out;
  for (const auto& [distance, known] : found)
    if (out.size() < most && (out.empty() || std::ranges::find(out, known) == out.end())) out.push_back(known);
  return out;
}

}  // namespace chappe::app
