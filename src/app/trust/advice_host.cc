// Advice on the host that sends: SPF, its names, the DNS lists that hold it.
#include "app/trust/advice.h"

namespace chappe::app {
namespace {

using enum Topic;

constexpr Text kAuthorise = {
    "Name every host that sends for the domain in its SPF record (ip4:, ip6:, include: of a service); chappe spf lint "
    "DOMAIN shows what it says now.",
    "Nommer dans l'enregistrement SPF du domaine chaque machine qui envoie pour lui (ip4:, ip6:, include: d'un "
    "service) "
    "; chappe spf lint DOMAINE montre ce qu'il dit."};
constexpr Text kMendRecord = {"Mend the record: chappe spf lint DOMAIN shows where, and what each term costs.",
                              "Corriger l'enregistrement : chappe spf lint DOMAINE montre où, et ce que coûte chaque "
                              "terme."};
constexpr Text kNoSpf = {"SPF neither speaks for it nor against it; only DKIM can prove its author then.",
                         "SPF ne parle ni pour elle ni contre elle ; seul DKIM peut alors prouver son auteur."};
constexpr Text kBroken = {
    "Every receiver gets permerror, so SPF proves nothing for any letter of the domain.",
    "Tout destinataire obtient permerror ; SPF ne prouve donc rien pour aucune lettre du domaine."};
constexpr Text kSpfHere = {
    "SPF by itself refuses no letter here. A forwarder of yours sends for everybody: chappe know add forwarder "
    "NETWORK.",
    "SPF à lui seul ne refuse aucune lettre ici. Un service de renvoi qui est le vôtre envoie pour tous : chappe know "
    "add forwarder RÉSEAU."};
constexpr Text kOnlyTold = {"Nothing needs to be set: it is told and weighed, and refuses no letter.",
                            "Rien à régler : cela est dit et pesé, et ne refuse aucune lettre."};
constexpr Text kReverse = {
    "Ask whoever gives out the address (the provider) for a PTR record, whose name has that address.",
    "Demander à qui attribue l'adresse (l'hébergeur) un enregistrement PTR, dont le nom a cette adresse."};
constexpr Text kOwnName = {
    "Set the host's own name, with its domain, as what its mail program says in EHLO, and give that name its address.",
    "Régler le programme de courrier pour qu'il dise en EHLO le nom complet de la machine, et donner à ce nom son "
    "adresse."};
constexpr Text kListUseless = {"It is judged as if the list had not been asked.",
                               "Elle est jugée comme si la liste n'avait pas été consultée."};

constexpr Advice kRows[] = {
    {spf_result, "none neutral", kNoSpf, kAuthorise, kNothingToSet},
    {spf_result,
     "fail softfail",
     {"It came from a host that the domain does not name: a forwarder, a service that was forgotten, or a forger.",
      "Elle vient d'une machine que le domaine ne nomme pas : un renvoi, un service oublié ou un faussaire."},
     kAuthorise,
     kSpfHere},
    {spf_result,
     "temperror",
     {"Where DMARC hangs on it, it is asked for again later (4yz).",
      "Si DMARC en dépend, elle est redemandée plus tard (4yz)."},
     {"See that all name servers that the record leads to answer.",
      "Veiller à ce que répondent tous les serveurs de noms auxquels mène l'enregistrement."},
     kOurDns},
    {spf_result, "permerror", kBroken, kMendRecord, kNothingToSet},

    {spf,
     "matched nothing-matched redirected always",
     {"If the result is fail or softfail: it came from a host that the domain does not name.",
      "Si le résultat est fail ou softfail : elle vient d'une machine que le domaine ne nomme pas."},
     kAuthorise,
     kSpfHere},
    {spf,
     "no-address",
     {"It came over no IP network, so SPF cannot be asked.",
      "Elle n'est pas venue par IP ; SPF ne peut être consulté."},
     {},
     kNothingToSet},
    {spf,
     "bad-domain no-domain no-record",
     kNoSpf,
     {"Send from a domain that exists and has an SPF record; for one that never sends, \"v=spf1 -all\".",
      "Envoyer d'un domaine qui existe et a un enregistrement SPF ; pour un qui n'envoie jamais, « v=spf1 -all »."},
     kNothingToSet},
    {spf,
     "several-records bad-syntax term-failed too-many-lookups too-many-mx include-without-record "
     "redirect-without-record include-failed",
     kBroken, kMendRecord, kNothingToSet},
    {spf,
     "void-lookup too-many-voids",
     {"A term asks for a name without such records; more than two break the record (permerror).",
      "Un terme demande un nom sans de tels enregistrements ; plus de deux rendent l'enregistrement invalide "
      "(permerror)."},
     {"Remove the terms that name what is gone: chappe spf lint DOMAIN marks them as void.",
      "Ôter les termes qui nomment ce qui a disparu : chappe spf lint DOMAINE les marque « vaine »."},
     kNothingToSet},
    {spf,
     "no-reverse-lookup bad-target utf8-local-part",
     {"The term was passed over, as if it did not match.", "Le terme fut passé, comme s'il ne convenait pas."},
     {"Do not lean on ptr and on macros of the address; name networks (ip4:, ip6:).",
      "Ne pas compter sur ptr ni sur des macros de l'adresse ; nommer des réseaux (ip4:, ip6:)."},
     kNothingToSet},
    {spf,
     "lookup-failed out-of-time",
     {"SPF is not known now (temperror); where DMARC hangs on it, it is asked for again later (4yz).",
      "SPF n'est pas connu maintenant (temperror) ; si DMARC en dépend, elle est redemandée plus tard (4yz)."},
     {"See that all name servers that the record leads to answer, and lead to fewer of them.",
      "Veiller à ce que répondent tous les serveurs de noms auxquels mène l'enregistrement, et en réduire le nombre."},
     kOurDns},
    {spf_syntax,
     "bad-character bad-name unknown-mechanism qualified-modifier repeated-modifier argument-missing "
     "argument-unexpected address-as-domain bad-domain-end bad-percent bad-macro-letter exp-only-macro bad-transformer "
     "open-macro bad-ip4 bad-ip6 bad-ip4-prefix bad-ip6-prefix",
     kBroken, kMendRecord, kNothingToSet},

    {spf_lint,
     "no-domain no-record bad-domain",
     kNoSpf,
     {"Publish a record: chappe dns records DOMAIN proposes one for a domain that is served here; \"v=spf1 -all\" for "
      "one that never sends.",
      "Publier un enregistrement : chappe dns records DOMAINE en propose un pour un domaine servi ici ; « v=spf1 -all "
      "» "
      "pour un qui n'envoie jamais."},
     {}},
    {spf_lint,
     "several-records bad-syntax too-many-lookups too-many-voids too-many-mx bad-target include-broken circle",
     kBroken,
     {"Remove, merge or mend what the finding names; networks (ip4:, ip6:) cost no lookup.",
      "Ôter, réunir ou corriger ce que nomme le constat ; les réseaux (ip4:, ip6:) ne coûtent aucune recherche."},
     {}},
    {spf_lint,
     "lookup-failed term-failed",
     {"Receivers get temperror while it lasts, and may ask for letters again later.",
      "Les destinataires obtiennent temperror tant que cela dure, et peuvent redemander les lettres plus tard."},
     {"See that the name servers of the domain that is named answer, or do without it.",
      "Veiller à ce que les serveurs de noms du domaine nommé répondent, ou s'en passer."},
     {}},
    {spf_lint,
     "almost-record old-type mechanism-as-modifier unknown-modifier redirect-ignored unreachable duplicate covered "
     "upper-case host-bits bad-explanation",
     {"What stands there has no effect, or not the one that was meant.",
      "Ce qui est écrit là est sans effet, ou n'a pas l'effet voulu."},
     {"Rewrite or remove the term.", "Réécrire ou ôter le terme."},
     {}},
    {spf_lint,
     "all-passes include-all-passes wide-network all-neutral no-end",
     {"Hosts of strangers pass SPF for the domain, and with it DMARC, or are not told from its own.",
      "Des machines d'inconnus satisfont à SPF pour le domaine, et par là à DMARC, ou ne se distinguent pas des "
      "siennes."},
     {"Name the hosts that send and no others, and end with ~all or -all.",
      "Ne nommer que les machines qui envoient, et finir par ~all ou -all."},
     {}},
    {spf_lint,
     "special-network",
     {"The term matches no client from the Internet.", "Le terme ne convient à aucun client d'Internet."},
     {"Name the address that others see, or remove the term.",
      "Nommer l'adresse que voient les autres, ou ôter le terme."},
     {}},
    {spf_lint,
     "too-long",
     {"The answer may come over TCP only, which some name servers and firewalls do not let pass.",
      "La réponse peut exiger TCP, que certains serveurs de noms et pare-feu ne laissent pas passer."},
     {"Remove TXT records that nobody needs, or move a part of the terms into a domain that is included.",
      "Ôter les enregistrements TXT inutiles, ou déplacer une partie des termes dans un domaine inclus."},
     {}},
    {spf_lint,
     "ptr-used p-macro",
     {"Many receivers do not heed it, and then letters of such hosts fail.",
      "Beaucoup de destinataires n'en tiennent pas compte, et les lettres de ces machines échouent alors."},
     {"Name networks instead (ip4:, ip6:).", "Nommer plutôt des réseaux (ip4:, ip6:)."},
     {}},
    {spf_lint,
     "lookups-used-up voids-used-up void-lookup one-family included-twice",
     {"It holds today; one more term, or a name that goes, and receivers get permerror.",
      "Cela tient aujourd'hui ; un terme de plus, ou un nom qui disparaît, et les destinataires obtiennent permerror."},
     {"Remove what is void or there twice, and write networks (ip4:, ip6:) where they are steady.",
      "Ôter ce qui est vain ou en double, et écrire des réseaux (ip4:, ip6:) là où ils sont stables."},
     {}},
    {spf_lint,
     "cut",
     {"Behind this point nothing was looked at; receivers stop far earlier.",
      "Au-delà, rien n'a été examiné ; les destinataires s'arrêtent bien avant."},
     {"Shorten the record: ten lookups are all that there are.",
      "Raccourcir l'enregistrement : il n'y a que dix recherches."},
     {}},

    {iprev, "other-addresses no-addresses no-names no-address", {}, kReverse, kOnlyTold},
    {iprev, "reverse-failed forward-failed", {}, kReverse, kOurDns},
    {helo,
     "other-addresses no-addresses no-name literal other-literal bad-literal dotless own-name bad-name",
     {},
     kOwnName,
     kOnlyTold},
    {helo, "lookup-failed", {}, kOwnName, kOurDns},

    {list,
     "listed",
     {"The list holds its sender. What comes of it is the list's action; beside a failure of DMARC it is evidence.",
      "La liste contient son expéditeur. Ce qui en vient est l'action de la liste ; avec un échec de DMARC, c'est un "
      "indice."},
     {"Find out what was sent from there, end it, and ask the list to let the address go.",
      "Chercher ce qui fut envoyé de là, y mettre fin, et demander à la liste de retirer l'adresse."},
     {"action of [[mx.dns_list]]: reject, junk or note; a list of kind \"allow\" with the same address outweighs it.",
      "action de [[mx.dns_list]] : reject, junk ou note ; une liste de genre « allow » qui a la même adresse "
      "l'emporte."}},
    {list,
     "other-code",
     {"The answer of the list is none of those that count here.",
      "La réponse de la liste n'est pas de celles qui comptent ici."},
     {},
     {"codes of [[mx.dns_list]] says which count.", "codes de [[mx.dns_list]] dit lesquelles comptent."}},
    {list,
     "not-asked bad-name",
     kListUseless,
     {},
     {"domains of [[mx.dns_list]] says whether it holds domains or addresses.",
      "domains de [[mx.dns_list]] dit si elle contient des domaines ou des adresses."}},
    {list,
     "lookup-failed refused reserved-answer foreign-answer",
     kListUseless,
     {},
     {"chappe check tries every list. A list that refuses wants a resolver of your own (not dns.forward to a public "
      "one) "
      "or "
      "a key in zone of [[mx.dns_list]]; take out one that is gone.",
      "chappe check essaie chaque liste. Une liste qui refuse veut un résolveur à vous (pas dns.forward vers un "
      "résolveur "
      "public) ou une clef dans zone de [[mx.dns_list]] ; ôtez celle qui a disparu."}},
    {list_effect,
     "unproven",
     {"It names a domain of the allow list without proof, as anybody can.",
      "Elle nomme sans preuve un domaine de la liste d'accueil, comme chacun le peut."},
     {"Sign with DKIM, or send from hosts that SPF names.", "Signer avec DKIM, ou envoyer de machines que nomme SPF."},
     {}},
    {list_effect,
     "counts",
     {"Of a block list it speaks against the letter, of an allow list for it.",
      "D'une liste de blocage, cela parle contre la lettre ; d'une liste d'accueil, pour elle."},
     {"Ask the list to let the address or the domain go.", "Demander à la liste de retirer l'adresse ou le domaine."},
     {"action of [[mx.dns_list]]: reject, junk or note.", "action de [[mx.dns_list]] : reject, junk ou note."}},
};

}  // namespace

std::span<const Advice> host_advice() { return kRows; }

}  // namespace chappe::app
