// Advice on the author, on DMARC, and on what this host decides.
#include "app/trust/advice.h"

namespace chappe::app {
namespace {

using enum Topic;

constexpr Text kProve = {
    "Sign every letter with DKIM as the domain of From (d= the same, or of the same organization), or send from hosts "
    "that "
    "SPF names with that domain in MAIL FROM. rua= in the DMARC record brings reports of what fails.",
    "Signer chaque lettre avec DKIM au nom du domaine de From (d= identique, ou de la même organisation), ou envoyer "
    "de "
    "machines que nomme SPF avec ce domaine dans MAIL FROM. rua= dans l'enregistrement DMARC apporte des rapports sur "
    "les échecs."};
constexpr Text kOneAuthor = {
    "Write one From field with one address whose domain is in the DNS (RFC 5322 §3.6).",
    "Écrire un seul champ From, avec une adresse dont le domaine est dans le DNS (RFC 5322 §3.6)."};
constexpr Text kAuthorHere = {
    "mx.reject = false, or chappe policy set --rejected junk, puts such letters into Junk instead of refusing them.",
    "mx.reject = false, ou chappe policy set --rejected junk, met ces lettres dans Junk au lieu de les refuser."};
constexpr Text kNoDmarc = {"DMARC neither protects it nor speaks against it.",
                           "DMARC ne la protège pas et ne parle pas contre elle."};
constexpr Text kDmarcRecord = {
    "Publish one valid record at _dmarc.DOMAIN; chappe dmarc DOMAIN shows what stands there.",
    "Publier un enregistrement valide à _dmarc.DOMAINE ; chappe dmarc DOMAINE montre ce qui s'y trouve."};
constexpr Text kDelayed = {"It is not refused: its sender is asked to try again later (4yz).",
                           "Elle n'est pas refusée : son expéditeur est prié de réessayer plus tard (4yz)."};
constexpr Text kServers = {
    "See that the name servers of the domain answer, and sign with DKIM, so that less hangs on SPF.",
    "Veiller à ce que les serveurs de noms du domaine répondent, et signer avec DKIM, pour "
    "dépendre moins de SPF."};

constexpr Advice kRows[] = {
    {author,
     "from-missing from-empty without-domain address-literal domain-invalid",
     {"Nobody can be asked whether it is genuine, so it is refused, or put into Junk.",
      "On ne peut demander à personne si elle est authentique ; elle est donc refusée, ou mise dans Junk."},
     kOneAuthor,
     kAuthorHere},
    {author,
     "several-domains",
     {"Each domain is judged, and the harshest outcome holds.",
      "Chaque domaine est jugé, et l'issue la plus sévère vaut."},
     kProve,
     {}},
    {author,
     "header-cut header-limit several-fields control-octets domain-dots read-differently "
     "too-many-domains",
     {"One program could judge one author and another show a different one, so it is refused, or put into Junk.",
      "Un programme pourrait juger un auteur et un autre en montrer un autre ; elle est donc refusée, ou mise dans "
      "Junk."},
     kOneAuthor,
     kAuthorHere},

    {decision, "author-missing author-ambiguous", {}, kOneAuthor, kAuthorHere},
    {decision,
     "dmarc-absent",
     {"It is taken: nothing that this host asks speaks against it.",
      "Elle est prise : rien de ce que ce serveur consulte ne parle contre elle."},
     kDmarcRecord,
     {"Against such a sender: chappe know add block NAME.", "Contre un tel expéditeur : chappe know add block NOM."}},
    {decision, "dns-error", kDelayed, kServers, kOurDns},
    {decision,
     "nothing-wanted test-mode",
     {"It is taken, though it does not prove to be from its author.",
      "Elle est prise, bien qu'elle ne prouve pas venir de son auteur."},
     {"Once all that is genuine passes, publish p=quarantine or p=reject, without t=y.",
      "Quand tout ce qui est authentique passe, publier p=quarantine ou p=reject, sans t=y."},
     {"Against such a sender: chappe know add block NAME.", "Contre un tel expéditeur : chappe know add block NOM."}},
    {decision,
     "overridden",
     {"It is taken: a list, a forwarder, a sealer or a rule that is known here explains the failure; the overrides say "
      "which.",
      "Elle est prise : une liste, un service de renvoi, un scelleur ou une règle connue ici explique l'échec ; les "
      "overrides disent lequel."},
     {},
     {"chappe know list shows who is known, chappe know remove ends it.",
      "chappe know list montre qui est connu, chappe know remove y met fin."}},
    {decision,
     "quarantine-wanted reject-alone",
     {"It goes into Junk, or into quarantine where that is laid down.",
      "Elle va dans Junk, ou en quarantaine là où c'est établi."},
     kProve,
     {"chappe policy set --suspect junk, quarantine or accept; chappe queue list, release and drop for what is in "
      "quarantine. If a list or a forwarder changed it: chappe know add list, forwarder or sealer.",
      "chappe policy set --suspect junk, quarantine ou accept ; chappe queue list, release et drop pour ce qui est en "
      "quarantaine. Si une liste ou un renvoi l'a changée : chappe know add list, forwarder ou sealer."}},
    {decision,
     "reject-not-done",
     {"It goes into Junk instead of being refused.", "Elle va dans Junk au lieu d'être refusée."},
     kProve,
     {"mx.reject = true, or chappe policy set --rejected reject, refuses such letters.",
      "mx.reject = true, ou chappe policy set --rejected reject, refuse ces lettres."}},
    {decision,
     "reject-with-evidence",
     {"It is refused (550 5.7.1): it does not prove to be from its author's domain, and more speaks against it; the "
      "evidence says what.",
      "Elle est refusée (550 5.7.1) : elle ne prouve pas venir du domaine de son auteur, et plus parle contre elle ; "
      "les "
      "indices disent quoi."},
     kProve,
     {"If it is genuine and came by a list or a forwarder: chappe know add list, forwarder or sealer. chappe policy "
      "set "
      "OBJECT --rejected junk, or mx.reject = false, takes such letters into Junk.",
      "Si elle est authentique et vint par une liste ou un renvoi : chappe know add list, forwarder ou sealer. chappe "
      "policy set OBJET --rejected junk, ou mx.reject = false, prend ces lettres dans Junk."}},
    {decision,
     "local-block",
     {"It is refused, or goes into Junk where nothing is rejected, whatever it proves.",
      "Elle est refusée, ou va dans Junk là où rien n'est rejeté, quoi qu'elle prouve."},
     {"Ask the recipient in another way to lift the rule.",
      "Demander au destinataire, par une autre voie, de lever la règle."},
     {"chappe know list block shows the rule, chappe know remove block NAME lifts it; --for names the domain or "
      "account "
      "that it is laid down for. A more exact chappe know add allow outweighs it for an author who is proven.",
      "chappe know list block montre la règle, chappe know remove block NOM la lève ; --for nomme le domaine ou compte "
      "pour qui elle est établie. Un chappe know add allow plus précis l'emporte pour un auteur prouvé."}},
    {decision,
     "sender-listed",
     {"It is refused or goes into Junk, as the action of the list says.",
      "Elle est refusée ou va dans Junk, selon l'action de la liste."},
     {"Find out what was sent from there, end it, and ask the list that the reply names to let the address go.",
      "Chercher ce qui fut envoyé de là, y mettre fin, et demander à la liste que nomme la réponse de retirer "
      "l'adresse."},
     {"action of [[mx.dns_list]]: junk or note instead of reject; a list of kind \"allow\" outweighs it.",
      "action de [[mx.dns_list]] : junk ou note au lieu de reject ; une liste de genre « allow » l'emporte."}},
    {decision,
     "judge-set-apart",
     {"A milter found its content suspect; it is in quarantine.",
      "Un milter a trouvé son contenu suspect ; elle est en quarantaine."},
     {},
     {"chappe queue list shows it; chappe queue release or drop decides. [[judge]] says which programs are asked; what "
      "they find is their own configuration.",
      "chappe queue list la montre ; chappe queue release ou drop décide. [[judge]] dit quels programmes sont "
      "consultés "
      "; ce qu'ils trouvent relève de leur configuration."}},

    {evidence,
     "author-nonexistent",
     {},
     {"Write from a domain that exists.", "Écrire d'un domaine qui existe."},
     {"See whether the domain is in the DNS from here: chappe dns query.",
      "Voyez si le domaine est dans le DNS vu d'ici : chappe dns query."}},
    {evidence,
     "no-indirect-flow",
     {"With p=reject and no proof it is refused, for nothing excuses that the proof is missing.",
      "Avec p=reject et sans preuve elle est refusée, car rien n'excuse que la preuve manque."},
     kProve,
     {"A gateway that leaves no trace can be known: chappe know add forwarder NETWORK.",
      "Une passerelle qui ne laisse pas de trace peut être connue : chappe know add forwarder RÉSEAU."}},
    {evidence,
     "sender-listed",
     {},
     {"Ask the list to let the address go.", "Demander à la liste de retirer l'adresse."},
     {"[[mx.dns_list]] names the lists; one of kind \"allow\" outweighs a listing.",
      "[[mx.dns_list]] nomme les listes ; une de genre « allow » l'emporte."}},
    {evidence,
     "content",
     {},
     {"Write what filters do not take for spam.", "Écrire ce que les filtres ne prennent pas pour du spam."},
     {"[[judge]] names the programs that look at the content.",
      "[[judge]] nomme les programmes qui regardent le contenu."}},
    {evidence,
     "local-block",
     {},
     {},
     {"chappe know list block, chappe know remove block NAME.",
      "chappe know list block, chappe know remove block NOM."}},
    {override_,
     "local_policy mailing_list trusted_forwarder other",
     {"It is treated more mildly than its domain wants, and the reports to that domain say so.",
      "Elle est traitée plus doucement que ne le veut son domaine, et les rapports à ce domaine le disent."},
     {},
     {"chappe know list and chappe policy list show what is laid down.",
      "chappe know list et chappe policy list montrent ce qui est établi."}},
    {override_,
     "policy_test_mode",
     {"It is treated one step more mildly.", "Elle est traitée un degré plus doucement."},
     {"Remove t=y once all that is genuine passes.", "Ôter t=y quand tout ce qui est authentique passe."},
     {}},

    {dmarc, "no-record several-records record-without-policy record-broken", kNoDmarc, kDmarcRecord, kNothingToSet},
    {dmarc, "author-invalid", {}, kOneAuthor, kAuthorHere},
    {dmarc,
     "nothing-authenticated nothing-aligned",
     {"It does not prove to be from its author's domain. What that wants (p=) is done with it, p=reject only with "
      "other "
      "evidence.",
      "Elle ne prouve pas venir du domaine de son auteur. On en fait ce que celui-ci demande (p=), p=reject seulement "
      "avec d'autres indices."},
     kProve,
     kKnowWhoChanges},
    {dmarc, "dns-error-policy dns-error-alignment dns-error-authentication dns-error-existence", kDelayed, kServers,
     kOurDns},
    {alignment,
     "strict-differs other-organization",
     {"This proof is for another domain than that of From, and does not count for DMARC.",
      "Cette preuve vaut pour un autre domaine que celui de From, et ne compte pas pour DMARC."},
     kProve,
     {}},
    {alignment, "organization-unknown policy-unknown", kDelayed, kServers, kOurDns},
    {alignment,
     "not-authenticated helo partial-body domain-invalid over-limit no-record",
     {"This identifier proves nothing for DMARC.", "Cet identifiant ne prouve rien pour DMARC."},
     kProve,
     {}},

    {dmarc_record,
     "not-dmarc version-blank version-case version-late version-other p-invalid sp-invalid np-invalid p-missing "
     "read-as-none not-applied",
     {"The record does not protect the domain as it is meant to: forged letters are taken as any other.",
      "L'enregistrement ne protège pas le domaine comme prévu : les lettres forgées sont prises comme les autres."},
     {"Begin with exactly v=DMARC1; and a policy: p=none, p=quarantine or p=reject.",
      "Commencer par v=DMARC1; exactement, et une politique : p=none, p=quarantine ou p=reject."},
     {}},
    {dmarc_record,
     "tag-empty tag-malformed tag-octets tag-case tag-duplicate tag-unknown tag-obsolete tags-too-many psd-invalid "
     "t-invalid adkim-invalid aspf-invalid fo-invalid fo-without-ruf test-without-effect",
     {"The tag has no effect, or another one with other readers.",
      "La balise est sans effet, ou en a un autre chez d'autres lecteurs."},
     {"Correct or remove it.", "La corriger ou l'ôter."},
     {}},
    {dmarc_record,
     "uri-invalid uri-size uri-scheme uris-too-many rua-missing monitoring-blind",
     {"Reports of what fails do not arrive where they should.",
      "Les rapports sur les échecs n'arrivent pas où ils devraient."},
     {"Publish rua=mailto:ADDRESS with an address that somebody reads.",
      "Publier rua=mailto:ADRESSE, avec une adresse que quelqu'un lit."},
     {}},
    {dmarc_record,
     "policy-none subdomains-weaker nonexistent-weaker pct-lost",
     {"Forgeries of the domain, or of names below it, are taken more mildly than they could be.",
      "Les faux du domaine, ou de noms au-dessous, sont pris plus doucement qu'ils ne pourraient l'être."},
     {"Read the reports, and once all that is genuine passes, raise p=, sp= and np=; t=y to try it out.",
      "Lire les rapports, et quand tout ce qui est authentique passe, relever p=, sp= et np= ; t=y pour l'essayer."},
     {}},
    {dmarc_record,
     "psd-yes",
     {"Proofs of one name below the domain do not count for another one.",
      "Les preuves d'un nom sous le domaine ne comptent pas pour un autre."},
     {"Remove psd=y unless strangers register names below this domain.",
      "Ôter psd=y, sauf si des inconnus enregistrent des noms sous ce domaine."},
     {}},
};

}  // namespace

std::span<const Advice> policy_advice() { return kRows; }

}  // namespace chappe::app
