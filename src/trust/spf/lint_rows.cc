// The table of findings.
#include <array>

#include "trust/spf/lint.h"

namespace chappe::trust::spf {
namespace {

constexpr std::array<LintRow, 39> kRows = {{
    {Lint::no_domain, "no-domain", Level::error, "RFC 7208 §4.3", "The domain does not exist",
     "Le domaine n'existe pas"},
    {Lint::no_record, "no-record", Level::error, "RFC 7208 §4.5",
     "There is no SPF record, so anybody may send in the name of this domain",
     "Il n'y a pas d'enregistrement SPF : n'importe qui peut envoyer au nom de ce domaine"},
    {Lint::bad_domain, "bad-domain", Level::error, "RFC 7208 §4.3", "This is no domain name of at least two labels",
     "Ce n'est pas un nom de domaine d'au moins deux étiquettes"},
    {Lint::lookup_failed, "lookup-failed", Level::warning, "RFC 7208 §4.4",
     "The DNS gave no usable answer; receivers come to temperror",
     "Le DNS n'a pas donné de réponse utilisable ; les "
     "destinataires obtiennent temperror"},
    {Lint::several_records, "several-records", Level::error, "RFC 7208 §4.5",
     "There is more than one SPF record; merge them into one",
     "Il y a plus d'un enregistrement SPF ; il faut les réunir en un seul"},
    {Lint::almost_record, "almost-record", Level::warning, "RFC 7208 §4.5",
     "A TXT record looks like SPF but is not read: it must begin with v=spf1 and then a space",
     "Un enregistrement TXT ressemble à SPF mais n'est pas lu : il doit commencer par v=spf1 suivi d'un espace"},
    {Lint::old_type, "old-type", Level::note, "RFC 7208 §3.1", "Records of type SPF are read by nobody; remove them",
     "Les enregistrements de type SPF ne sont lus par personne ; supprimez-les"},
    {Lint::too_long, "too-long", Level::warning, "RFC 7208 §3.4",
     "The TXT records of this name together may not fit into a UDP answer of 512 octets",
     "Les enregistrements TXT de ce nom peuvent ne pas tenir ensemble dans une réponse UDP de 512 octets"},
    {Lint::bad_syntax, "bad-syntax", Level::error, "RFC 7208 §4.6",
     "The text has an error; receivers come to permerror and read nothing of the record",
     "Le texte contient une erreur ; les destinataires obtiennent permerror et ne lisent rien de l'enregistrement"},
    {Lint::all_passes, "all-passes", Level::error, "RFC 7208 §5.1", "+all authorises every host of the Internet",
     "+all autorise tous les hôtes de l'Internet"},
    {Lint::all_neutral, "all-neutral", Level::warning, "RFC 7208 §8.2",
     "?all says nothing of other hosts, as if there were no record; use ~all or -all",
     "?all ne dit rien des autres hôtes, comme s'il n'y avait pas d'enregistrement ; utilisez ~all ou -all"},
    {Lint::no_end, "no-end", Level::warning, "RFC 7208 §4.7",
     "The record ends without all or redirect, which counts as ?all",
     "L'enregistrement finit sans all ni redirect, ce qui équivaut à ?all"},
    {Lint::redirect_ignored, "redirect-ignored", Level::warning, "RFC 7208 §6.1", "A redirect beside an all is ignored",
     "Un redirect à côté d'un all est ignoré"},
    {Lint::unreachable, "unreachable", Level::warning, "RFC 7208 §5.1", "What stands behind an all is never looked at",
     "Ce qui suit un all n'est jamais examiné"},
    {Lint::duplicate, "duplicate", Level::warning, "", "The same mechanism stands in the record already",
     "Le même mécanisme figure déjà dans l'enregistrement"},
    {Lint::covered, "covered", Level::note, "", "This network is part of others before it",
     "Ce réseau fait partie d'autres qui le précèdent"},
    {Lint::ptr_used, "ptr-used", Level::warning, "RFC 7208 §5.5", "ptr should not be used: it is slow and unreliable",
     "ptr ne devrait pas être utilisé : il est lent et peu fiable"},
    {Lint::p_macro, "p-macro", Level::warning, "RFC 7208 §7.2",
     "The macro p should not be used: it is slow and unreliable",
     "La macro p ne devrait pas être utilisée : elle est lente et peu fiable"},
    {Lint::unknown_modifier, "unknown-modifier", Level::note, "RFC 7208 §6", "Receivers ignore this modifier",
     "Les destinataires ignorent ce modificateur"},
    {Lint::mechanism_as_modifier, "mechanism-as-modifier", Level::warning, "RFC 7208 §4.6.1",
     "With = behind its name a mechanism is a modifier that receivers ignore; write a colon",
     "Avec = après son nom, un mécanisme est un modificateur que les destinataires ignorent ; écrivez deux-points"},
    {Lint::upper_case, "upper-case", Level::note, "RFC 7208 §4.6.1",
     "Names are written in lower case; some receivers know no other",
     "Les noms s'écrivent en minuscules ; certains destinataires n'en connaissent pas d'autres"},
    {Lint::host_bits, "host-bits", Level::note, "RFC 7208 §5.6",
     "The address has bits behind the prefix, which do not matter",
     "L'adresse a des bits au-delà du préfixe, qui ne comptent pas"},
    {Lint::wide_network, "wide-network", Level::warning, "", "This authorises a very large network",
     "Ceci autorise un très grand réseau"},
    {Lint::special_network, "special-network", Level::warning, "",
     "No mail comes over the Internet from these addresses", "Aucun courrier ne vient de ces adresses par l'Internet"},
    {Lint::too_many_lookups, "too-many-lookups", Level::error, "RFC 7208 §4.6.4",
     "The record needs more than 10 terms that ask the DNS; receivers come to permerror",
     "L'enregistrement exige plus de 10 termes interrogeant le DNS ; les destinataires obtiennent permerror"},
    {Lint::lookups_used_up, "lookups-used-up", Level::note, "RFC 7208 §4.6.4",
     "All 10 terms that may ask the DNS are used", "Les 10 termes pouvant interroger le DNS sont tous utilisés"},
    {Lint::too_many_voids, "too-many-voids", Level::error, "RFC 7208 §4.6.4",
     "More than 2 terms ask for what does not exist; receivers may come to permerror",
     "Plus de 2 termes demandent ce qui n'existe pas ; les destinataires peuvent obtenir permerror"},
    {Lint::voids_used_up, "voids-used-up", Level::note, "RFC 7208 §4.6.4",
     "2 terms ask for what does not exist; one more may break the record",
     "2 termes demandent ce qui n'existe pas ; un de plus peut rendre l'enregistrement invalide"},
    {Lint::void_lookup, "void-lookup", Level::warning, "RFC 7208 §4.6.4", "The term asks for what does not exist",
     "Le terme demande ce qui n'existe pas"},
    {Lint::one_family, "one-family", Level::note, "RFC 7208 §4.6.4",
     "The name has addresses of one kind only, and is void for clients of the other",
     "Le nom n'a des adresses que d'une famille, et n'existe pas pour les clients de l'autre"},
    {Lint::too_many_mx, "too-many-mx", Level::error, "RFC 7208 §4.6.4",
     "The domain has more than 10 MX records; receivers come to permerror",
     "Le domaine a plus de 10 enregistrements MX ; les destinataires obtiennent permerror"},
    {Lint::bad_target, "bad-target", Level::error, "RFC 7208 §4.8", "The term names what can be no domain",
     "Le terme désigne ce qui ne peut être un domaine"},
    {Lint::term_failed, "term-failed", Level::warning, "RFC 7208 §5",
     "The DNS gave no usable answer for this term; receivers come to temperror",
     "Le DNS n'a pas donné de réponse utilisable pour ce terme ; les destinataires obtiennent temperror"},
    {Lint::include_broken, "include-broken", Level::error, "RFC 7208 §5.2, §6.1",
     "The domain that is named has no usable SPF record; receivers come to permerror",
     "Le domaine désigné n'a pas d'enregistrement SPF utilisable ; les destinataires obtiennent permerror"},
    {Lint::include_all_passes, "include-all-passes", Level::error, "RFC 7208 §5.2",
     "The included domain authorises every host of the Internet",
     "Le domaine inclus autorise tous les hôtes de l'Internet"},
    {Lint::included_twice, "included-twice", Level::warning, "RFC 7208 §4.6.4",
     "The domain is included more than once, and costs its lookups each time",
     "Le domaine est inclus plus d'une fois, et coûte ses requêtes à chaque fois"},
    {Lint::circle, "circle", Level::error, "RFC 7208 §4.6.4", "The record leads back to itself",
     "L'enregistrement ramène à lui-même"},
    {Lint::bad_explanation, "bad-explanation", Level::note, "RFC 7208 §6.2",
     "exp names no single TXT record with a good text, and is ignored",
     "exp ne désigne pas un enregistrement TXT unique au texte correct, et est ignoré"},
    {Lint::cut, "cut", Level::note, "", "The record leads to more than is looked at here",
     "L'enregistrement mène à plus que ce qui est examiné ici"},
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kRows.size(); ++i)
    if (static_cast<std::size_t>(kRows[i].lint) != i) return false;
  return true;
}
static_assert(in_order(), "kRows must stand in the order of Lint");

}  // namespace

std::string_view level_name(Level level) {
  switch (level) {
    case Level::error:
      return "error";
    case Level::warning:
      return "warning";
    case Level::note:
      return "note";
  }
  return {};
}

const LintRow& lint_row(Lint lint) { return kRows[static_cast<std::size_t>(lint)]; }

std::span<const LintRow> lint_rows() { return kRows; }

}  // namespace chappe::trust::spf
