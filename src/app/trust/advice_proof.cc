// Advice on signatures and chains of seals.
#include "app/trust/advice.h"

namespace chappe::app {
namespace {

using enum Topic;

constexpr Advice kRows[] = {
    {dkim,
     "body-differs",
     {"It was changed after it was signed, by a list that adds a footer, by a gateway, or by a forger; this signature "
      "proves nothing of it.",
      "Elle a changé après la signature : par une liste qui ajoute un pied de page, une passerelle ou un faussaire ; "
      "cette signature n'en prouve rien."},
     {"Sign last, behind everything that changes the body, with c=relaxed/relaxed and lines of at most 998 octets.",
      "Signer en dernier, après tout ce qui change le corps, avec c=relaxed/relaxed et des lignes d'au plus 998 "
      "octets."},
     kKnowWhoChanges},
    {dkim,
     "signature-differs",
     {"A field that is signed was changed or added on the way, or the published key is not the one that signed.",
      "Un champ signé a été changé ou ajouté en route, ou la clef publiée n'est pas celle qui a signé."},
     {"Compare the published key with the one that signs (chappe sign --zone, chappe dns records), and sign last.",
      "Comparer la clef publiée à celle qui signe (chappe sign --zone, chappe dns records), et signer en dernier."},
     kKnowWhoChanges},
    {dkim,
     "not-a-tag-list duplicate-tag missing-tag version algorithm-unknown bad-value canon-unknown query-unknown "
     "domain-invalid selector-invalid identity-invalid fields-invalid time-invalid instance-invalid from-not-signed "
     "identity-elsewhere expires-too-soon tag-not-allowed",
     {"The signature counts as if it were not there; its detail names the tag.",
      "La signature compte comme si elle n'était pas là ; le détail nomme l'étiquette."},
     {"Mend the settings of the program that signs, or replace it.",
      "Corriger les réglages du programme qui signe, ou le remplacer."},
     kNothingToSet},
    {dkim,
     "expired",
     {"It was longer on its way than its signer allows (x=), or is an old letter sent once more.",
      "Elle a voyagé plus longtemps que le signataire ne le permet (x=), ou c'est une ancienne lettre renvoyée."},
     {"Let signatures hold a week at least, as long as letters may wait in queues, or leave x= out.",
      "Laisser les signatures valoir une semaine au moins, le temps que les lettres peuvent attendre dans les files, "
      "ou omettre x=."},
     {"See that the clock of this host is right.", "Vérifiez l'horloge de ce serveur."}},
    {dkim,
     "in-future",
     {"The signature does not count until its time has come.", "La signature ne compte pas avant son heure."},
     {"Set the clock of the host that signs.", "Régler l'horloge du serveur qui signe."},
     {"See that the clock of this host is right.", "Vérifiez l'horloge de ce serveur."}},
    {dkim,
     "body-shorter",
     {"A part of what was signed (l=) is gone.", "Une partie de ce qui fut signé (l=) a disparu."},
     {"Do not use l=, and sign behind everything that changes the body.",
      "Ne pas employer l=, et signer après tout ce qui change le corps."},
     kKnowWhoChanges},
    {dkim,
     "key-unavailable",
     {"Whether it is genuine is not known now; where DMARC hangs on it, it is asked for again later (4yz).",
      "On ne sait pas maintenant si elle est authentique ; si DMARC en dépend, elle est redemandée plus tard (4yz)."},
     {"See that the name servers of the domain answer for SELECTOR._domainkey, over TCP too.",
      "Veiller à ce que les serveurs de noms du domaine répondent pour SÉLECTEUR._domainkey, en TCP aussi."},
     kOurDns},
    {dkim,
     "key-missing key-malformed key-revoked key-type key-hash key-service key-strict key-unusable",
     {"Nobody can check the signature with what is published; it proves nothing.",
      "Nul ne peut vérifier la signature avec ce qui est publié ; elle ne prouve rien."},
     {"Publish the key that signs at SELECTOR._domainkey.DOMAIN, and leave it there for some days after the last "
      "letter "
      "that it signed. Of a domain of Chappe: chappe dns records says what belongs there.",
      "Publier la clef qui signe à SÉLECTEUR._domainkey.DOMAINE, et l'y laisser quelques jours après la dernière "
      "lettre "
      "signée. Pour un domaine de Chappe : chappe dns records dit quoi."},
     kNothingToSet},
    {dkim,
     "key-too-large",
     {"The signature proves nothing here.", "La signature ne prouve rien ici."},
     {"Sign with RSA of 2048 bits, or with Ed25519 beside it.", "Signer en RSA de 2048 bits, ou Ed25519 en plus."},
     kNothingToSet},
    {dkim,
     "sha1 key-too-short",
     {"Anybody may have made such a signature by now; it counts as none.",
      "N'importe qui peut de nos jours faire une telle signature ; elle ne compte pas."},
     {"Sign with rsa-sha256 and at least 2048 bits (chappe key new makes such keys).",
      "Signer avec rsa-sha256 et au moins 2048 bits (chappe key new crée de telles clefs)."},
     kNothingToSet},
    {dkim,
     "body-partly-signed",
     {"Anybody can add to its body, so this signature does not prove what is read.",
      "N'importe qui peut ajouter au corps ; cette signature ne prouve donc pas ce qui se lit."},
     {"Sign without l=.", "Signer sans l=."},
     kNothingToSet},
    {dkim,
     "not-looked-at too-many-signatures too-many-bodies header-too-large",
     {"This signature was not tried, so that a letter cannot make this host work without end; the others were.",
      "Cette signature n'a pas été essayée, pour qu'une lettre ne fasse pas travailler ce serveur sans fin ; les "
      "autres l'ont été."},
     {"Sign once or twice, and remove signatures that no longer hold.",
      "Signer une ou deux fois, et ôter les signatures qui ne valent plus."},
     kNothingToSet},

    {arc,
     "failed-before bad-field set-incomplete set-twofold gap chain-value message-signature seal too-many-keys",
     {"What those who passed it on say of it cannot be believed; it is judged by its own signatures and by SPF alone.",
      "Ce que disent d'elle ceux qui l'ont transmise ne peut être cru ; elle est jugée par ses seules signatures et "
      "par "
      "SPF."},
     {"Whoever seals must add all three fields, with the next number, behind every change, and publish the key. A "
      "broken chain cannot be mended further on.",
      "Qui scelle doit ajouter les trois champs, avec le numéro suivant, après tout changement, et publier la clef. "
      "Une "
      "chaîne rompue ne se répare pas plus loin."},
     {"Its source can be known in another way: chappe know add list DOMAIN, or forwarder NETWORK.",
      "On peut connaître sa source autrement : chappe know add list DOMAINE, ou forwarder RÉSEAU."}},
    {arc_trust,
     "no-chain",
     {"No forwarder vouches for it.", "Aucun service de renvoi n'en répond."},
     {"Lists and forwarders can seal what they pass on (chappe seal).",
      "Listes et services de renvoi peuvent sceller ce qu'ils transmettent (chappe seal)."},
     kKnowWhoChanges},
    {arc_trust,
     "sealer-unknown",
     {"The chain holds, but anybody can make one, so it excuses nothing.",
      "La chaîne tient, mais chacun peut en faire une ; elle n'excuse donc rien."},
     {},
     {"Name the sealer if you trust it: chappe know add sealer DOMAIN, or mx.trusted_sealers.",
      "Nommez le scelleur si vous vous y fiez : chappe know add sealer DOMAINE, ou mx.trusted_sealers."}},
    {arc_trust,
     "sealer-does-not",
     {"Already when it came to those whom this host trusts, it did not prove to be from its author.",
      "Déjà en arrivant chez ceux à qui ce serveur se fie, elle ne prouvait pas venir de son auteur."},
     {"The author's domain must sign with DKIM, for SPF seldom outlives a forwarder.",
      "Le domaine de l'auteur doit signer avec DKIM, car SPF survit rarement à un renvoi."},
     kKnowWhoChanges},
};

}  // namespace

std::span<const Advice> proof_advice() { return kRows; }

}  // namespace chappe::app
