#include "trust/spf/reasons.h"

#include <array>

namespace chappe::trust::spf {
namespace {

constexpr std::array<ResultRow, 7> kResults = {{
    {ResultCode::none, "none", "The domain says nothing about who may send for it",
     "Le domaine ne dit pas qui peut envoyer en son nom"},
    {ResultCode::neutral, "neutral", "The domain leaves open whether the host may send for it",
     "Le domaine ne se prononce pas sur cet hôte"},
    {ResultCode::pass, "pass", "The host may send for the domain", "L'hôte peut envoyer au nom du domaine"},
    {ResultCode::fail, "fail", "The host may not send for the domain", "L'hôte ne peut pas envoyer au nom du domaine"},
    {ResultCode::softfail, "softfail", "The host probably may not send for the domain",
     "L'hôte n'est probablement pas autorisé à envoyer au nom du domaine"},
    {ResultCode::temperror, "temperror", "The DNS did not answer; a later check may succeed",
     "Le DNS n'a pas répondu ; une vérification ultérieure peut réussir"},
    {ResultCode::permerror, "permerror", "The records of the domain are wrong, and its operator must mend them",
     "Les enregistrements du domaine sont incorrects, son exploitant doit les corriger"},
}};

constexpr std::array<ReasonRow, 33> kReasons = {{
    {Reason::matched, "matched", "RFC 7208 §4.6.2", "A term of the record matches",
     "Un terme de l'enregistrement convient"},
    {Reason::nothing_matched, "nothing-matched", "RFC 7208 §4.7",
     "No term of the record matches, and there is no redirect",
     "Aucun terme de l'enregistrement ne convient, et il n'y a pas de redirect"},
    {Reason::redirected, "redirected", "RFC 7208 §6.1", "No term matches, so the domain of the redirect decides",
     "Aucun terme ne convient, le domaine du redirect décide"},
    {Reason::no_address, "no-address", "RFC 7208 §4.1", "The client has no IP address",
     "Le client n'a pas d'adresse IP"},
    {Reason::bad_domain, "bad-domain", "RFC 7208 §4.3", "This is no domain name of at least two labels",
     "Ce n'est pas un nom de domaine d'au moins deux étiquettes"},
    {Reason::no_domain, "no-domain", "RFC 7208 §4.3", "The domain does not exist", "Le domaine n'existe pas"},
    {Reason::no_record, "no-record", "RFC 7208 §4.5", "The domain has no SPF record",
     "Le domaine n'a pas d'enregistrement SPF"},
    {Reason::several_records, "several-records", "RFC 7208 §4.5", "The domain has more than one SPF record",
     "Le domaine a plus d'un enregistrement SPF"},
    {Reason::bad_syntax, "bad-syntax", "RFC 7208 §4.6", "The SPF record has an error in its text",
     "Le texte de l'enregistrement SPF contient une erreur"},
    {Reason::term_failed, "term-failed", "RFC 7208 §4.6.2", "A term of the record came to an error",
     "Un terme de l'enregistrement a produit une erreur"},
    {Reason::always, "always", "RFC 7208 §5.1", "all matches every host", "all convient à tout hôte"},
    {Reason::in_network, "in-network", "RFC 7208 §5.6", "The host is in this network", "L'hôte est dans ce réseau"},
    {Reason::among_addresses, "among-addresses", "RFC 7208 §5", "The host is one of these addresses",
     "L'hôte est l'une de ces adresses"},
    {Reason::name_exists, "name-exists", "RFC 7208 §5.7", "The name has an address", "Le nom a une adresse"},
    {Reason::include_passes, "include-passes", "RFC 7208 §5.2", "The included domain authorises the host",
     "Le domaine inclus autorise l'hôte"},
    {Reason::host_is_of_domain, "host-is-of-domain", "RFC 7208 §5.5", "The host bears a name of this domain",
     "L'hôte porte un nom de ce domaine"},
    {Reason::not_in_network, "not-in-network", "RFC 7208 §5.6", "The host is not in this network",
     "L'hôte n'est pas dans ce réseau"},
    {Reason::other_family, "other-family", "RFC 7208 §5.6", "The host has an address of the other kind",
     "L'hôte a une adresse de l'autre famille"},
    {Reason::not_among_addresses, "not-among-addresses", "RFC 7208 §5", "The host is none of these addresses",
     "L'hôte n'est aucune de ces adresses"},
    {Reason::void_lookup, "void-lookup", "RFC 7208 §4.6.4", "There are no such records",
     "Il n'y a pas de tels enregistrements"},
    {Reason::include_does_not_pass, "include-does-not-pass", "RFC 7208 §5.2",
     "The included domain does not authorise the host", "Le domaine inclus n'autorise pas l'hôte"},
    {Reason::host_is_not_of_domain, "host-is-not-of-domain", "RFC 7208 §5.5", "The host bears no name of this domain",
     "L'hôte ne porte aucun nom de ce domaine"},
    {Reason::no_reverse_lookup, "no-reverse-lookup", "RFC 7208 §5.5", "The names of the host cannot be looked up",
     "Les noms de l'hôte ne peuvent être obtenus"},
    {Reason::bad_target, "bad-target", "RFC 7208 §4.8", "What the macros make is no domain name",
     "Le résultat des macros n'est pas un nom de domaine"},
    {Reason::utf8_local_part, "utf8-local-part", "RFC 8616 §4",
     "The local part of the sender has characters that no domain name can hold",
     "La partie locale de l'expéditeur a des caractères qu'aucun nom de domaine ne peut contenir"},
    {Reason::lookup_failed, "lookup-failed", "RFC 7208 §4.4, §5", "The DNS gave no usable answer",
     "Le DNS n'a pas donné de réponse utilisable"},
    {Reason::out_of_time, "out-of-time", "RFC 7208 §4.6.4", "The time for the check is over",
     "Le temps imparti à la vérification est écoulé"},
    {Reason::too_many_lookups, "too-many-lookups", "RFC 7208 §4.6.4",
     "The record needs more terms that ask the DNS than are allowed",
     "L'enregistrement exige plus de termes interrogeant le DNS que permis"},
    {Reason::too_many_voids, "too-many-voids", "RFC 7208 §4.6.4",
     "Too many terms of the record ask for what does not exist",
     "Trop de termes de l'enregistrement demandent ce qui n'existe pas"},
    {Reason::too_many_mx, "too-many-mx", "RFC 7208 §4.6.4", "The domain has more MX records than are allowed here",
     "Le domaine a plus d'enregistrements MX que permis ici"},
    {Reason::include_without_record, "include-without-record", "RFC 7208 §5.2", "The included domain has no SPF record",
     "Le domaine inclus n'a pas d'enregistrement SPF"},
    {Reason::redirect_without_record, "redirect-without-record", "RFC 7208 §6.1",
     "The domain of the redirect has no SPF record", "Le domaine du redirect n'a pas d'enregistrement SPF"},
    {Reason::include_failed, "include-failed", "RFC 7208 §5.2", "The check of the included domain came to an error",
     "La vérification du domaine inclus a produit une erreur"},
}};

template <class Rows, class Key>
constexpr bool in_order(const Rows& rows, Key key) {
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (static_cast<std::size_t>(rows[i].*key) != i) return false;
  return true;
}
static_assert(in_order(kResults, &ResultRow::result), "kResults must stand in the order of ResultCode");
static_assert(in_order(kReasons, &ReasonRow::reason), "kReasons must stand in the order of Reason");

}  // namespace

const ResultRow& result_row(ResultCode result) { return kResults[static_cast<std::size_t>(result)]; }

std::optional<ResultCode> parse_result(std::string_view name) {
  for (const ResultRow& row : kResults)
    if (row.name == name) return row.result;
  return std::nullopt;
}

const ReasonRow& reason_row(Reason reason) { return kReasons[static_cast<std::size_t>(reason)]; }

std::span<const ReasonRow> reason_rows() { return kReasons; }

}  // namespace chappe::trust::spf
