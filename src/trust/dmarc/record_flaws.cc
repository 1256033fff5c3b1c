#include <iterator>

#include "trust/dmarc/record.h"

namespace chappe::trust::dmarc {
namespace {

using enum Flaw;
using enum Severity;

// In the order of the enumeration (a test checks it).
constexpr FlawRow kRows[] = {
    {not_dmarc, "not-dmarc", note, "The text is no DMARC record: it does not begin with v=DMARC1.",
     "Le texte n'est pas un enregistrement DMARC : il ne commence pas par v=DMARC1."},
    {version_blank, "version-blank", danger, "Blanks stand before v=DMARC1, so the record is ignored.",
     "Des blancs précèdent v=DMARC1 ; l'enregistrement est donc ignoré."},
    {version_case, "version-case", danger, "DMARC1 is not in capitals, so the record is ignored.",
     "DMARC1 n'est pas en majuscules ; l'enregistrement est donc ignoré."},
    {version_late, "version-late", danger, "v=DMARC1 is not the first tag, so the record is ignored.",
     "v=DMARC1 n'est pas la première balise ; l'enregistrement est donc ignoré."},
    {version_other, "version-other", danger, "The version is not DMARC1, so the record is ignored.",
     "La version n'est pas DMARC1 ; l'enregistrement est donc ignoré."},
    {tag_empty, "tag-empty", note, "Two semicolons stand with nothing between them.",
     "Deux points-virgules se suivent, sans rien entre eux."},
    {tag_malformed, "tag-malformed", warn, "A tag is not of the form name=value, and is ignored.",
     "Une balise n'a pas la forme nom=valeur ; elle est ignorée."},
    {tag_octets, "tag-octets", warn, "A value holds octets that are not printable ASCII, and is ignored.",
     "Une valeur contient des octets hors de l'ASCII imprimable ; elle est ignorée."},
    {tag_case, "tag-case", note, "The name of a tag is not in lower case; some readers do not know it then.",
     "Le nom d'une balise n'est pas en minuscules ; certains lecteurs ne la reconnaissent pas."},
    {tag_duplicate, "tag-duplicate", warn, "A tag stands twice; the first counts here, others may differ.",
     "Une balise est répétée ; la première compte ici, d'autres lecteurs peuvent différer."},
    {tag_unknown, "tag-unknown", note, "A tag is unknown, and is ignored.",
     "Une balise est inconnue ; elle est ignorée."},
    {tag_obsolete, "tag-obsolete", note, "A tag was removed from DMARC in 2026, and is ignored.",
     "Une balise a été retirée de DMARC en 2026 ; elle est ignorée."},
    {tags_too_many, "tags-too-many", warn, "There are more tags than are read; the rest is ignored.",
     "Il y a plus de balises que la limite ; le reste est ignoré."},
    {p_missing, "p-missing", warn, "There is no policy (p).", "La politique (p) manque."},
    {p_invalid, "p-invalid", danger, "The policy (p) is not none, quarantine or reject.",
     "La politique (p) n'est pas none, quarantine ou reject."},
    {sp_invalid, "sp-invalid", danger, "The policy for subdomains (sp) is not none, quarantine or reject.",
     "La politique des sous-domaines (sp) n'est pas none, quarantine ou reject."},
    {np_invalid, "np-invalid", danger,
     "The policy for subdomains that do not exist (np) is not none, quarantine or reject.",
     "La politique des sous-domaines inexistants (np) n'est pas none, quarantine ou reject."},
    {read_as_none, "read-as-none", danger, "Without valid policies the whole record is read as p=none.",
     "Faute de politiques valides, l'enregistrement entier est lu comme p=none."},
    {not_applied, "not-applied", danger, "Without valid policies and without rua the record has no effect.",
     "Sans politiques valides ni rua, l'enregistrement est sans effet."},
    {psd_invalid, "psd-invalid", warn, "psd is not y, n or u; u is used.", "psd n'est pas y, n ou u ; u s'applique."},
    {t_invalid, "t-invalid", warn, "t is not y or n; n is used.", "t n'est pas y ou n ; n s'applique."},
    {adkim_invalid, "adkim-invalid", warn, "adkim is not r or s; r is used.", "adkim n'est pas r ou s ; r s'applique."},
    {aspf_invalid, "aspf-invalid", warn, "aspf is not r or s; r is used.", "aspf n'est pas r ou s ; r s'applique."},
    {fo_invalid, "fo-invalid", warn, "fo is not a list of 0 or 1, d and s; 0 is used.",
     "fo n'est pas une liste de 0 ou 1, d et s ; 0 s'applique."},
    {uri_invalid, "uri-invalid", warn, "An address for reports is no URI, and is ignored.",
     "Une adresse de rapports n'est pas une URI ; elle est ignorée."},
    {uri_size, "uri-size", note, "An address for reports has a size limit, which is obsolete and ignored.",
     "Une adresse de rapports porte une limite de taille, obsolète et ignorée."},
    {uri_scheme, "uri-scheme", note, "An address for reports is not a mailto: one; hardly anybody will use it.",
     "Une adresse de rapports n'est pas de type mailto: ; presque personne ne l'utilisera."},
    {uris_too_many, "uris-too-many", warn, "There are more addresses for reports than are read.",
     "Il y a plus d'adresses de rapports que la limite."},
    {monitoring_blind, "monitoring-blind", warn, "p=none without rua changes nothing and tells nobody anything.",
     "p=none sans rua ne change rien et n'informe personne."},
    {policy_none, "policy-none", note, "p=none only watches: forged letters are treated as any other.",
     "p=none ne fait qu'observer : les lettres forgées sont traitées comme les autres."},
    {rua_missing, "rua-missing", note, "Without rua nobody reports what fails.",
     "Sans rua, personne ne signale les échecs."},
    {subdomains_weaker, "subdomains-weaker", warn, "Subdomains are protected less than the domain itself.",
     "Les sous-domaines sont moins protégés que le domaine lui-même."},
    {nonexistent_weaker, "nonexistent-weaker", warn,
     "Subdomains that do not exist are protected less than those that do.",
     "Les sous-domaines inexistants sont moins protégés que ceux qui existent."},
    {test_without_effect, "test-without-effect", note, "t=y changes nothing where all policies are none.",
     "t=y ne change rien quand toutes les politiques sont none."},
    {pct_lost, "pct-lost", warn, "pct is ignored now, so the policy holds for all letters; t=y lowers it.",
     "pct est désormais ignoré : la politique vaut pour toutes les lettres ; t=y l'abaisse."},
    {fo_without_ruf, "fo-without-ruf", note, "fo means nothing without ruf.", "fo n'a pas de sens sans ruf."},
    {psd_yes, "psd-yes", warn, "psd=y is for registries: each name below counts as an organization of its own.",
     "psd=y est réservé aux registres : chaque nom au-dessous compte comme une organisation à part."},
};
static_assert(std::size(kRows) == kFlawCount);

}  // namespace

const FlawRow& flaw_row(Flaw flaw) { return kRows[static_cast<std::size_t>(flaw)]; }

}  // namespace chappe::trust::dmarc
