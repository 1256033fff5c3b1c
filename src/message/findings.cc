#include "message/findings.h"

#include <algorithm>

namespace chappe::message {
namespace {

using enum Finding;
using enum Severity;

// In the order of the enumeration (a test checks it).
constexpr FindingRow kRows[] = {
    {mbox_from, "mbox_from", note, "A mailbox separator line stands before the header.",
     "Une ligne de séparation de boîte mbox précède l'en-tête."},
    {header_cut, "header_cut", danger, "A line that is no field ends the header; other programs may read on.",
     "Une ligne qui n'est pas un champ termine l'en-tête ; d'autres programmes peuvent continuer à le lire."},
    {blank_fold, "blank_fold", warn,
     "A folded field holds a line of blanks only, which some take for the header's end.",
     "Un champ replié contient une ligne de blancs, que certains prennent pour la fin de l'en-tête."},
    {spaced_colon, "spaced_colon", warn, "Blanks stand between a field's name and its colon.",
     "Des blancs séparent le nom d'un champ de ses deux-points."},
    {part_header_cut, "part_header_cut", warn, "The header of a part has no empty line after it.",
     "L'en-tête d'une partie n'est pas suivi d'une ligne vide."},
    {nul_in_header, "nul_in_header", danger, "The header holds a NUL octet.", "L'en-tête contient un octet NUL."},
    {nul_in_body, "nul_in_body", warn, "The body holds a NUL octet.", "Le corps contient un octet NUL."},
    {bare_cr, "bare_cr", warn, "A CR stands without LF.", "Un CR n'est pas suivi de LF."},
    {bare_lf, "bare_lf", note, "Lines end with LF alone, not CRLF.", "Des lignes finissent par LF seul, sans CR."},
    {long_line, "long_line", warn, "A line is longer than 998 octets.", "Une ligne dépasse 998 octets."},
    {raw_8bit_header, "raw_8bit_header", warn, "The header holds 8-bit octets that are not UTF-8.",
     "L'en-tête contient des octets à 8 bits qui ne sont pas de l'UTF-8."},
    {too_large, "too_large", danger, "The letter is larger than can be read; the rest was left out.",
     "La lettre dépasse la taille lisible ; le reste est ignoré."},
    {too_many_fields, "too_many_fields", danger, "There are more header fields than the limit; the rest was left out.",
     "Il y a plus de champs d'en-tête que la limite ; le reste est ignoré."},
    {too_many_parts, "too_many_parts", danger, "There are more parts than the limit; the rest was not taken apart.",
     "Il y a plus de parties que la limite ; le reste n'est pas décomposé."},
    {too_deep, "too_deep", danger, "Parts are nested deeper than the limit; the innermost were not taken apart.",
     "L'imbrication des parties dépasse la limite ; les plus profondes ne sont pas décomposées."},
    {boundary_missing, "boundary_missing", danger, "A multipart names no boundary; it is read as plain text.",
     "Un multipart n'indique pas de délimiteur ; il est lu comme du texte brut."},
    {boundary_invalid, "boundary_invalid", warn, "A boundary is longer than 70 characters or holds forbidden ones.",
     "Un délimiteur dépasse 70 caractères ou en contient d'interdits."},
    {boundary_reused, "boundary_reused", danger, "A multipart uses the boundary of one that it stands in.",
     "Un multipart reprend le délimiteur d'un autre qui le contient."},
    {boundary_extended, "boundary_extended", warn, "A line begins like a boundary but goes on; some take it for one.",
     "Une ligne commence comme un délimiteur mais continue ; certains la prennent pour tel."},
    {multipart_empty, "multipart_empty", danger, "A multipart has no parts; it is read as plain text.",
     "Un multipart n'a aucune partie ; il est lu comme du texte brut."},
    {multipart_unterminated, "multipart_unterminated", warn, "A multipart has no closing boundary.",
     "Un multipart n'a pas de délimiteur final."},
    {encoded_container, "encoded_container", danger,
     "A multipart or message claims a transfer encoding that it may not have.",
     "Un multipart ou un message annonce un codage de transfert qui lui est interdit."},
    {content_type_invalid, "content_type_invalid", warn, "A Content-Type cannot be read; the default is used.",
     "Un Content-Type est illisible ; la valeur par défaut s'applique."},
    {encoding_unknown, "encoding_unknown", warn, "A transfer encoding is unknown; the octets are taken as they are.",
     "Un codage de transfert est inconnu ; les octets sont pris tels quels."},
    {base64_damaged, "base64_damaged", warn, "A base64 body holds foreign characters or is cut off.",
     "Un corps base64 contient des caractères étrangers ou est tronqué."},
    {quoted_printable_damaged, "quoted_printable_damaged", note,
     "A quoted-printable body holds escapes that are none, or raw octets.",
     "Un corps quoted-printable contient de faux échappements ou des octets bruts."},
    {charset_unknown, "charset_unknown", warn, "A text names a charset that nobody knows.",
     "Un texte indique un jeu de caractères inconnu."},
    {charset_mismatch, "charset_mismatch", note, "A text holds octets that its charset does not have.",
     "Un texte contient des octets étrangers à son jeu de caractères."},
    {duplicate_field, "duplicate_field", danger, "A field that may stand once stands more often; the first is used.",
     "Un champ qui doit être unique est répété ; le premier est retenu."},
    {from_missing, "from_missing", danger, "There is no From field with an address.",
     "Aucun champ From ne contient d'adresse."},
    {from_multiple, "from_multiple", danger, "There are several From fields.", "Il y a plusieurs champs From."},
    {from_several_authors, "from_several_authors", warn, "From names several authors.",
     "From nomme plusieurs auteurs."},
    {from_group, "from_group", warn, "From holds a group.", "From contient un groupe."},
    {sender_missing, "sender_missing", note, "From names several authors, but there is no Sender.",
     "From nomme plusieurs auteurs, mais Sender est absent."},
    {date_missing, "date_missing", note, "There is no Date field.", "Le champ Date est absent."},
    {date_invalid, "date_invalid", note, "A date cannot be read.", "Une date est illisible."},
    {message_id_missing, "message_id_missing", note, "There is no Message-ID field.",
     "Le champ Message-ID est absent."},
    {message_id_invalid, "message_id_invalid", note, "A message identifier is malformed.",
     "Un identifiant de message est mal formé."},
    {address_invalid, "address_invalid", warn, "An address cannot be read without guessing.",
     "Une adresse n'est lisible qu'en devinant."},
    {address_unclosed, "address_unclosed", danger, "An angle bracket, quote or comment is not closed.",
     "Un chevron, un guillemet ou un commentaire n'est pas fermé."},
    {address_route, "address_route", warn, "An address holds a source route, which is ignored.",
     "Une adresse contient une route, qui est ignorée."},
    {address_comment, "address_comment", note, "A comment stands inside an address.",
     "Un commentaire figure dans une adresse."},
    {address_quoted_local, "address_quoted_local", note, "The local part of an address needs quotes.",
     "La partie locale d'une adresse exige des guillemets."},
    {address_quoted_at, "address_quoted_at", danger, "The quoted local part of an address holds an @.",
     "La partie locale, entre guillemets, d'une adresse contient un @."},
    {address_word_at, "address_word_at", danger, "An encoded word in an address field decodes to text with an @ or <.",
     "Un mot codé d'un champ d'adresse cache un @ ou un <."},
    {address_control, "address_control", danger, "An address holds control characters or NUL.",
     "Une adresse contient des caractères de contrôle ou NUL."},
    {address_domain_invalid, "address_domain_invalid", danger, "What follows the @ is no domain name.",
     "Ce qui suit le @ n'est pas un nom de domaine."},
    {name_is_address, "name_is_address", warn, "A display name looks like another address.",
     "Un nom affiché ressemble à une autre adresse."},
    {word_invalid, "word_invalid", note, "An encoded word breaks the rules.", "Un mot codé enfreint les règles."},
    {word_charset_unknown, "word_charset_unknown", note, "An encoded word names a charset that nobody knows.",
     "Un mot codé indique un jeu de caractères inconnu."},
    {word_control, "word_control", warn, "An encoded word hides control characters or line breaks.",
     "Un mot codé cache des caractères de contrôle ou des sauts de ligne."},
    {word_in_quoted, "word_in_quoted", note, "An encoded word stands inside quotes, where none is allowed.",
     "Un mot codé figure entre guillemets, où il est interdit."},
    {parameter_duplicate, "parameter_duplicate", warn, "A parameter is given more than once; the first is used.",
     "Un paramètre est donné plusieurs fois ; le premier est retenu."},
    {parameter_invalid, "parameter_invalid", note, "Parameters cannot be read without guessing.",
     "Des paramètres ne sont lisibles qu'en devinant."},
};
static_assert(std::size(kRows) == kFindingCount);

}  // namespace

const FindingRow& finding_row(Finding id) { return kRows[static_cast<std::size_t>(id)]; }

std::string_view severity_name(Severity severity) {
  switch (severity) {
    case note:
      return "note";
    case warn:
      return "warn";
    case danger:
      return "danger";
  }
  return "note";
}

Severity Findings::worst() const {
  Severity worst = note;
  for (std::size_t i = 0; i < kinds_.size(); ++i)
    if (kinds_.test(i)) worst = std::max(worst, kRows[i].severity);
  return worst;
}

}  // namespace chappe::message
