#include "trust/dkim/reason.h"

#include <utility>

namespace chappe::trust::dkim {
namespace {

using enum ResultCode;

constexpr ReasonRow kReasons[] = {
    {Reason::verified, "verified", pass, "RFC 6376 §6.1.3", "The signature holds", "La signature est valide"},
    {Reason::sha1, "sha1", policy, "RFC 8301 §3.1", "The signature holds, but is made with SHA-1",
     "La signature correspond, mais elle est faite avec SHA-1"},
    {Reason::key_too_short, "key-too-short", policy, "RFC 8301 §3.2", "The signature holds, but its key is too short",
     "La signature correspond, mais sa clé est trop courte"},
    {Reason::body_partly_signed, "body-partly-signed", policy, "RFC 6376 §8.2",
     "The signature holds, but it leaves the end of the body unsigned",
     "La signature correspond, mais elle ne couvre pas la fin du corps"},
    {Reason::body_differs, "body-differs", fail, "RFC 6376 §6.1.3", "The body is not the one that was signed",
     "Le corps n'est pas celui qui a été signé"},
    {Reason::signature_differs, "signature-differs", fail, "RFC 6376 §6.1.3",
     "The signature does not match the header and the key", "La signature ne correspond pas à l'en-tête et à la clé"},
    {Reason::not_a_tag_list, "not-a-tag-list", neutral, "RFC 6376 §3.2", "The signature cannot be read",
     "La signature est illisible"},
    {Reason::duplicate_tag, "duplicate-tag", neutral, "RFC 6376 §3.2", "A tag stands twice in the signature",
     "Une étiquette figure deux fois dans la signature"},
    {Reason::missing_tag, "missing-tag", neutral, "RFC 6376 §3.5", "A tag that must be there is missing",
     "Il manque une étiquette obligatoire"},
    {Reason::version, "version", neutral, "RFC 6376 §3.5", "The signature is of a version that is not known",
     "La signature est d'une version inconnue"},
    {Reason::algorithm_unknown, "algorithm-unknown", neutral, "RFC 6376 §3.3", "The algorithm is not known",
     "L'algorithme est inconnu"},
    {Reason::bad_value, "bad-value", neutral, "RFC 6376 §6.1.1", "The value of a tag cannot be read",
     "La valeur d'une étiquette est illisible"},
    {Reason::canon_unknown, "canon-unknown", neutral, "RFC 6376 §3.5", "The canonicalisation is not known",
     "La forme canonique est inconnue"},
    {Reason::query_unknown, "query-unknown", neutral, "RFC 6376 §3.5", "The key is to be had in no way that is known",
     "La clé ne s'obtient par aucun moyen connu"},
    {Reason::domain_invalid, "domain-invalid", neutral, "RFC 6376 §3.5", "The domain that signed is no domain name",
     "Le domaine signataire n'est pas un nom de domaine"},
    {Reason::selector_invalid, "selector-invalid", neutral, "RFC 6376 §3.1", "The selector is no name in the DNS",
     "Le sélecteur n'est pas un nom du DNS"},
    {Reason::identity_invalid, "identity-invalid", neutral, "RFC 6376 §3.5", "The identity is no address",
     "L'identité n'est pas une adresse"},
    {Reason::fields_invalid, "fields-invalid", neutral, "RFC 6376 §3.5", "The list of signed fields cannot be read",
     "La liste des champs signés est illisible"},
    {Reason::time_invalid, "time-invalid", neutral, "RFC 6376 §3.5", "A time in the signature cannot be read",
     "Une date de la signature est illisible"},
    {Reason::instance_invalid, "instance-invalid", neutral, "RFC 8617 §4.2.1", "The instance is no number from 1 to 50",
     "L'instance n'est pas un nombre de 1 à 50"},
    {Reason::from_not_signed, "from-not-signed", permerror, "RFC 6376 §6.1.1", "The author (From) is not signed",
     "L'auteur (From) n'est pas signé"},
    {Reason::identity_elsewhere, "identity-elsewhere", permerror, "RFC 6376 §6.1.1",
     "The identity is not below the domain that signed", "L'identité n'est pas sous le domaine signataire"},
    {Reason::expires_too_soon, "expires-too-soon", permerror, "RFC 6376 §3.5",
     "The signature expires before it is made", "La signature expire avant d'être faite"},
    {Reason::expired, "expired", permerror, "RFC 6376 §6.1.1", "The signature has expired", "La signature a expiré"},
    {Reason::in_future, "in-future", permerror, "RFC 6376 §3.5", "The signature is made in the future",
     "La signature est datée du futur"},
    {Reason::body_shorter, "body-shorter", permerror, "RFC 6376 §3.5", "The body is shorter than what was signed",
     "Le corps est plus court que ce qui a été signé"},
    {Reason::tag_not_allowed, "tag-not-allowed", permerror, "RFC 8617 §4.1.3", "A tag is there that may not be",
     "Une étiquette interdite est présente"},
    {Reason::key_unavailable, "key-unavailable", temperror, "RFC 6376 §6.1.2", "The key cannot be had at the moment",
     "La clé ne peut être obtenue pour l'instant"},
    {Reason::key_missing, "key-missing", permerror, "RFC 6376 §6.1.2", "There is no such key",
     "Il n'y a pas de telle clé"},
    {Reason::key_malformed, "key-malformed", permerror, "RFC 6376 §6.1.2", "The key record cannot be read",
     "L'enregistrement de la clé est illisible"},
    {Reason::key_revoked, "key-revoked", permerror, "RFC 6376 §6.1.2", "The key is revoked", "La clé est révoquée"},
    {Reason::key_type, "key-type", permerror, "RFC 6376 §6.1.2", "The key is of another kind than the signature",
     "La clé n'est pas du même type que la signature"},
    {Reason::key_hash, "key-hash", permerror, "RFC 6376 §6.1.2", "The key is not for this hash",
     "La clé n'admet pas cette fonction de hachage"},
    {Reason::key_service, "key-service", permerror, "RFC 6376 §3.6.1", "The key is not for mail",
     "La clé n'est pas pour le courrier"},
    {Reason::key_strict, "key-strict", permerror, "RFC 6376 §3.6.1",
     "The key wants the identity to be of the very domain that signed",
     "La clé exige une identité du domaine signataire lui-même"},
    {Reason::key_unusable, "key-unusable", permerror, "RFC 6376 §6.1.2", "What is in the record is no such key",
     "Le contenu de l'enregistrement n'est pas une telle clé"},
    {Reason::key_too_large, "key-too-large", permerror, "RFC 8301 §3.2", "The key is larger than what is computed with",
     "La clé est plus grande que ce qui est calculé"},
    {Reason::not_looked_at, "not-looked-at", neutral, "", "Not looked at", "Non examinée"},
    {Reason::too_many_signatures, "too-many-signatures", neutral, "RFC 6376 §8.4",
     "Not looked at: there are too many signatures", "Non examinée : il y a trop de signatures"},
    {Reason::too_many_bodies, "too-many-bodies", neutral, "",
     "Not looked at: the signatures want the body hashed in too many ways",
     "Non examinée : les signatures demandent trop de hachages du corps"},
    {Reason::header_too_large, "header-too-large", neutral, "",
     "Not looked at: too much of the header is signed too often",
     "Non examinée : trop d'octets de l'en-tête sont signés trop souvent"},
};

}  // namespace

std::string_view result_name(ResultCode code) {
  switch (code) {
    case none:
      return "none";
    case pass:
      return "pass";
    case fail:
      return "fail";
    case policy:
      return "policy";
    case neutral:
      return "neutral";
    case temperror:
      return "temperror";
    case permerror:
      return "permerror";
  }
  std::unreachable();
}

const ReasonRow& reason_row(Reason reason) {
  for (const ReasonRow& row : kReasons)
    if (row.reason == reason) return row;
  std::unreachable();
}

std::span<const ReasonRow> reason_rows() { return kReasons; }

}  // namespace chappe::trust::dkim
