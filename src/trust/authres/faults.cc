#include <iterator>
#include <utility>

#include "trust/authres/results.h"

namespace chappe::trust::authres {
namespace {

using enum Fault;

// In the order of the enumeration (a test checks it).
constexpr FaultRow kRows[] = {
    {too_long, "too-long", "The field is longer than is read.", "Le champ dépasse la longueur lue."},
    {too_many_results, "too-many-results", "There are more results than are read.",
     "Il y a plus de résultats que la limite."},
    {too_many_properties, "too-many-properties", "A result has more properties than are read.",
     "Un résultat a plus de propriétés que la limite."},
    {control_octets, "control-octets", "The field holds control characters.",
     "Le champ contient des caractères de contrôle."},
    {comment_unclosed, "comment-unclosed", "A comment is not closed.", "Un commentaire n'est pas fermé."},
    {quote_unclosed, "quote-unclosed", "A quoted text is not closed.", "Un texte entre guillemets n'est pas fermé."},
    {id_missing, "id-missing", "It does not say who checked.", "Il ne dit pas qui a vérifié."},
    {id_invalid, "id-invalid", "The name of who checked cannot be read.", "Le nom du vérificateur est illisible."},
    {version_invalid, "version-invalid", "The version of the field is unknown.", "La version du champ est inconnue."},
    {nothing_said, "nothing-said", "There is neither a result nor \"none\".", "Il n'y a ni résultat ni « none »."},
    {separator_missing, "separator-missing", "A semicolon is missing.", "Un point-virgule manque."},
    {none_not_alone, "none-not-alone", "\"none\" stands beside results.", "« none » figure à côté de résultats."},
    {method_invalid, "method-invalid", "The name of a method cannot be read.", "Le nom d'une méthode est illisible."},
    {result_invalid, "result-invalid", "The result of a method cannot be read.",
     "Le résultat d'une méthode est illisible."},
    {reason_invalid, "reason-invalid", "A reason cannot be read.", "Un motif est illisible."},
    {property_invalid, "property-invalid", "The name of a property cannot be read.",
     "Le nom d'une propriété est illisible."},
    {value_invalid, "value-invalid", "The value of a property cannot be read.",
     "La valeur d'une propriété est illisible."},
};
static_assert(std::size(kRows) == static_cast<std::size_t>(value_invalid) + 1);

}  // namespace

const FaultRow& fault_row(Fault fault) { return kRows[std::to_underlying(fault)]; }

}  // namespace chappe::trust::authres
