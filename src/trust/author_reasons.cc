#include <iterator>
#include <utility>

#include "trust/author.h"

namespace chappe::trust {
namespace {

using enum AuthorReason;
using enum AuthorClass;

// In the order of the enumeration (a test checks it).
constexpr AuthorReasonRow kRows[] = {
    {single, one, "single", "From names one author.", "From nomme un seul auteur."},
    {same_domain, one, "same-domain", "From names several authors of one domain.",
     "From nomme plusieurs auteurs d'un même domaine."},
    {several_domains, several, "several-domains", "From names authors of several domains; each is judged.",
     "From nomme des auteurs de plusieurs domaines ; chacun est jugé."},
    {from_missing, no_author, "from-missing", "There is no From field.", "Le champ From est absent."},
    {from_empty, no_author, "from-empty", "From names nobody.", "From ne nomme personne."},
    {without_domain, no_author, "without-domain", "The author's address has no domain.",
     "L'adresse de l'auteur n'a pas de domaine."},
    {address_literal, no_author, "address-literal", "The author's address has an IP address in the place of a domain.",
     "L'adresse de l'auteur porte une adresse IP au lieu d'un domaine."},
    {header_cut, ambiguous, "header-cut",
     "The header ends at a line that is no field; others may read on and find another author.",
     "L'en-tête s'arrête à une ligne qui n'est pas un champ ; d'autres peuvent poursuivre et trouver un autre auteur."},
    {header_limit, ambiguous, "header-limit",
     "The header is too long to be read to its end; another author may follow.",
     "L'en-tête est trop long pour être lu jusqu'au bout ; un autre auteur peut suivre."},
    {several_fields, ambiguous, "several-fields", "There are several From fields.", "Il y a plusieurs champs From."},
    {control_octets, ambiguous, "control-octets", "From holds control characters that readers treat differently.",
     "From contient des caractères de contrôle que les lecteurs traitent différemment."},
    {domain_invalid, ambiguous, "domain-invalid",
     "What follows the @ in From is no domain name, or has characters that IDNA (RFC 5891) allows in none.",
     "Ce qui suit le @ dans From n'est pas un nom de domaine, ou a des caractères que l'IDNA (RFC 5891) n'y admet "
     "pas."},
    {domain_dots, ambiguous, "domain-dots", "The domain in From has dots that are not ASCII dots.",
     "Le domaine de From contient des points qui ne sont pas ceux de l'ASCII."},
    {read_differently, ambiguous, "read-differently", "Other programs may read another author's domain in From.",
     "D'autres programmes peuvent lire dans From le domaine d'un autre auteur."},
    {too_many_domains, ambiguous, "too-many-domains", "From names authors of more domains than are judged.",
     "From nomme des auteurs de plus de domaines qu'il n'en est jugé."},
};
static_assert(std::size(kRows) == static_cast<std::size_t>(too_many_domains) + 1);

}  // namespace

const AuthorReasonRow& author_reason_row(AuthorReason reason) { return kRows[std::to_underlying(reason)]; }
std::span<const AuthorReasonRow> author_reason_rows() { return kRows; }

}  // namespace chappe::trust
