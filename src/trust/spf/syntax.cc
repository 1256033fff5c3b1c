#include "trust/spf/syntax.h"

#include <array>

namespace chappe::trust::spf {
namespace {

constexpr std::array<FlawRow, 18> kFlaws = {{
    {Flaw::bad_character, "bad-character", "RFC 7208 §4.6.1",
     "Only visible ASCII characters may stand here, and spaces between terms",
     "Seuls des caractères ASCII visibles sont permis ici, et des espaces entre les termes"},
    {Flaw::bad_name, "bad-name", "RFC 7208 §4.6.1", "A term begins with the name of a mechanism or a modifier",
     "Un terme commence par le nom d'un mécanisme ou d'un modificateur"},
    {Flaw::unknown_mechanism, "unknown-mechanism", "RFC 7208 §4.6.1", "There is no mechanism of this name",
     "Il n'existe pas de mécanisme de ce nom"},
    {Flaw::qualified_modifier, "qualified-modifier", "RFC 7208 §4.6.1", "A modifier has no qualifier before it",
     "Un modificateur n'est pas précédé d'un qualificatif"},
    {Flaw::repeated_modifier, "repeated-modifier", "RFC 7208 §6", "This modifier may stand only once in a record",
     "Ce modificateur ne peut figurer qu'une fois dans un enregistrement"},
    {Flaw::argument_missing, "argument-missing", "RFC 7208 §4.6.1", "This term needs something behind its name",
     "Ce terme exige un argument après son nom"},
    {Flaw::argument_unexpected, "argument-unexpected", "RFC 7208 §4.6.1", "This mechanism does not take that",
     "Ce mécanisme n'accepte pas cela"},
    {Flaw::address_as_domain, "address-as-domain", "RFC 7208 §7.1",
     "A domain is wanted here; addresses are written with ip4: or ip6:",
     "Un domaine est attendu ici ; les adresses s'écrivent avec ip4: ou ip6:"},
    {Flaw::bad_domain_end, "bad-domain-end", "RFC 7208 §7.1",
     "A domain of at least two labels must stand here, or one that ends with a macro",
     "Il faut ici un domaine d'au moins deux étiquettes, ou qui finit par une macro"},
    {Flaw::bad_percent, "bad-percent", "RFC 7208 §7.3", "Behind a percent sign stands {, %, _ or -",
     "Après un signe pour cent vient {, %, _ ou -"},
    {Flaw::bad_macro_letter, "bad-macro-letter", "RFC 7208 §7.2", "There is no macro of this letter",
     "Il n'existe pas de macro de cette lettre"},
    {Flaw::exp_only_macro, "exp-only-macro", "RFC 7208 §7.2",
     "The macros c, r and t are for the text of an explanation",
     "Les macros c, r et t sont réservées au texte d'une explication"},
    {Flaw::bad_transformer, "bad-transformer", "RFC 7208 §7.3",
     "Behind the letter of a macro stand a number above 0, an r and delimiters, in this order",
     "Après la lettre d'une macro viennent un nombre supérieur à 0, un r et des délimiteurs, dans cet ordre"},
    {Flaw::open_macro, "open-macro", "RFC 7208 §7.1", "A macro ends with }", "Une macro finit par }"},
    {Flaw::bad_ip4, "bad-ip4", "RFC 7208 §5.6", "An IPv4 address has four numbers from 0 to 255, without leading zeros",
     "Une adresse IPv4 a quatre nombres de 0 à 255, sans zéros de tête"},
    {Flaw::bad_ip6, "bad-ip6", "RFC 7208 §5.6", "This is no IPv6 address", "Ce n'est pas une adresse IPv6"},
    {Flaw::bad_ip4_prefix, "bad-ip4-prefix", "RFC 7208 §5.6",
     "The prefix length of an IPv4 network is from 0 to 32, without leading zeros",
     "La longueur de préfixe d'un réseau IPv4 va de 0 à 32, sans zéros de tête"},
    {Flaw::bad_ip6_prefix, "bad-ip6-prefix", "RFC 7208 §5.6",
     "The prefix length of an IPv6 network is from 0 to 128, without leading zeros",
     "La longueur de préfixe d'un réseau IPv6 va de 0 à 128, sans zéros de tête"},
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kFlaws.size(); ++i)
    if (static_cast<std::size_t>(kFlaws[i].flaw) != i) return false;
  return true;
}
static_assert(in_order(), "kFlaws must stand in the order of Flaw");

}  // namespace

const FlawRow& flaw_row(Flaw flaw) { return kFlaws[static_cast<std::size_t>(flaw)]; }

std::span<const FlawRow> flaw_rows() { return kFlaws; }

}  // namespace chappe::trust::spf
