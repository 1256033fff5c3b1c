#include <iterator>
#include <utility>

#include "trust/dmarc/evaluate.h"

namespace chappe::trust::dmarc {
namespace {

// Each in the order of its enumeration (a test checks it).
constexpr AlignmentRow kAlignments[] = {
    {Alignment::identical, "identical", "It is the author domain itself.", "C'est le domaine de l'auteur même."},
    {Alignment::same_organization, "same-organization", "It belongs to the organization of the author domain.",
     "Il relève de la même organisation que le domaine de l'auteur."},
    {Alignment::strict_differs, "strict-differs", "It is not the author domain, and the record asks for just that.",
     "Ce n'est pas le domaine de l'auteur, que l'enregistrement exige à l'identique."},
    {Alignment::other_organization, "other-organization", "It belongs to another organization than the author domain.",
     "Il relève d'une autre organisation que le domaine de l'auteur."},
    {Alignment::organization_unknown, "organization-unknown",
     "The DNS does not tell now to which organization it belongs.",
     "Le DNS ne dit pas, pour l'heure, de quelle organisation il relève."},
    {Alignment::not_authenticated, "not-authenticated", "Its check did not pass.", "Sa vérification n'a pas abouti."},
    {Alignment::helo, "helo", "It is the name that the server gave in HELO, which does not count for DMARC.",
     "C'est le nom donné par le serveur dans HELO, qui ne compte pas pour DMARC."},
    {Alignment::partial_body, "partial-body", "The signature leaves a part of the body out, and does not count.",
     "La signature laisse de côté une partie du corps ; elle ne compte pas."},
    {Alignment::domain_invalid, "domain-invalid", "It is no domain name.", "Ce n'est pas un nom de domaine."},
    {Alignment::over_limit, "over-limit", "There are more identifiers than are looked at.",
     "Il y a plus d'identifiants que la limite."},
    {Alignment::no_record, "no-record", "Nobody looked, since DMARC does not apply.",
     "Rien n'a été examiné, car DMARC ne s'applique pas."},
    {Alignment::policy_unknown, "policy-unknown",
     "Nobody looked, since it could not be found out whether DMARC applies.",
     "Rien n'a été examiné, faute de savoir si DMARC s'applique."},
};
static_assert(std::size(kAlignments) == static_cast<std::size_t>(Alignment::policy_unknown) + 1);

constexpr ReasonRow kReasons[] = {
    {Reason::no_record, "no-record", "RFC 9989 §4.10.1", "No DMARC record applies to the author domain.",
     "Aucun enregistrement DMARC ne s'applique au domaine de l'auteur."},
    {Reason::several_records, "several-records", "RFC 9989 §4.10",
     "Several DMARC records stand at one name, so none of them counts.",
     "Plusieurs enregistrements DMARC portent le même nom ; aucun ne compte."},
    {Reason::record_without_policy, "record-without-policy", "RFC 9989 §4.10.1",
     "The DMARC record has no policy and wants no reports, so it does not apply.",
     "L'enregistrement DMARC n'a ni politique ni adresse de rapports ; il ne s'applique pas."},
    {Reason::record_broken, "record-broken", "RFC 9989 §4.10.1",
     "The policy in the DMARC record is not valid, and it wants no reports, so it does not apply.",
     "La politique de l'enregistrement DMARC est invalide, sans adresse de rapports ; il ne s'applique pas."},
    {Reason::author_invalid, "author-invalid", "RFC 9989 §5.3.1", "The author domain is no domain name.",
     "Le domaine de l'auteur n'est pas un nom de domaine."},
    {Reason::aligned, "aligned", "RFC 9989 §5.3.5", "An authenticated identifier is aligned with the author domain.",
     "Un identifiant authentifié s'accorde avec le domaine de l'auteur."},
    {Reason::nothing_authenticated, "nothing-authenticated", "RFC 9989 §5.3.5",
     "Neither SPF nor a DKIM signature authenticates any domain.",
     "Ni SPF ni aucune signature DKIM n'authentifie de domaine."},
    {Reason::nothing_aligned, "nothing-aligned", "RFC 9989 §5.3.5",
     "Domains are authenticated, but none is aligned with the author domain.",
     "Des domaines sont authentifiés, mais aucun ne s'accorde avec celui de l'auteur."},
    {Reason::dns_error_policy, "dns-error-policy", "RFC 9989 §5.3.6",
     "The DNS does not tell now whether there is a DMARC record.",
     "Le DNS ne dit pas, pour l'heure, s'il existe un enregistrement DMARC."},
    {Reason::dns_error_alignment, "dns-error-alignment", "RFC 9989 §5.3.6",
     "The DNS does not tell now whether an authenticated domain is aligned.",
     "Le DNS ne dit pas, pour l'heure, si un domaine authentifié s'accorde."},
    {Reason::dns_error_authentication, "dns-error-authentication", "RFC 9989 §5.3.6",
     "The check of a domain that would be aligned could not be completed now.",
     "La vérification d'un domaine qui s'accorderait n'a pu être menée à terme pour l'heure."},
    {Reason::dns_error_existence, "dns-error-existence", "RFC 9989 §5.3.6",
     "The DNS does not tell now whether the author domain exists, on which the policy depends.",
     "Le DNS ne dit pas, pour l'heure, si le domaine de l'auteur existe, ce dont dépend la politique."},
};
static_assert(std::size(kReasons) == static_cast<std::size_t>(Reason::dns_error_existence) + 1);

constexpr std::string_view kAuthentications[] = {"none",    "pass",   "fail",      "softfail",
                                                 "neutral", "policy", "temperror", "permerror"};
constexpr std::string_view kOutcomes[] = {"none", "pass", "fail", "temperror", "permerror"};
constexpr std::string_view kSources[] = {"author", "organization", "psd"};
constexpr std::string_view kTagNames[] = {"p", "sp", "np"};
constexpr std::string_view kMethods[] = {"psl", "treewalk"};  // RFC 9990 §3.1.1.5

}  // namespace

const AlignmentRow& alignment_row(Alignment alignment) { return kAlignments[std::to_underlying(alignment)]; }
std::span<const AlignmentRow> alignment_rows() { return kAlignments; }
const ReasonRow& reason_row(Reason reason) { return kReasons[std::to_underlying(reason)]; }
std::span<const ReasonRow> reason_rows() { return kReasons; }
std::string_view authentication_name(Authentication result) { return kAuthentications[std::to_underlying(result)]; }
std::string_view outcome_name(Outcome result) { return kOutcomes[std::to_underlying(result)]; }
std::string_view source_name(Source source) { return kSources[std::to_underlying(source)]; }
std::string_view tag_name(Tag tag) { return kTagNames[std::to_underlying(tag)]; }
std::string_view discovery_method_name(DiscoveryMethod method) { return kMethods[std::to_underlying(method)]; }

}  // namespace chappe::trust::dmarc
