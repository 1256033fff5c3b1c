// The rows of the verbs that judge letters, and of the keys that sign them.
#include "app/cli_rows.h"

namespace chappe::app {
namespace {

const OptionRow kTimeout = {
    "timeout", "TIME", {"How long all of it may take.", "Combien de temps le tout peut durer."}, "30s"};
const OptionRow kAt = {
    "at", "TIME", {"As if it were this time (RFC 3339).", "Comme s'il était cette heure (RFC 3339)."}};

}  // namespace

std::vector<VerbRow> trust_verbs() {
  return {
      {"verify",
       {"Say who sent a letter, and by what proof.", "Dire qui a envoyé une lettre, et sur quelle preuve."},
       {"Judges a letter as the exchanger does: who it says that it is from, each DKIM signature, SPF for the address "
        "and "
        "the host that the options name, DMARC for the author's domain; with every question to the DNS and every "
        "reason. Exits with 0 for any verdict that the DNS did not keep back.",
        "Juge une lettre comme le fait l'échangeur : de qui elle se dit, chaque signature DKIM, SPF pour l'adresse et "
        "la "
        "machine que nomment les options, DMARC pour le domaine de l'auteur ; avec chaque question au DNS et chaque "
        "raison. Sort avec 0 pour tout verdict que le DNS n'a pas retenu."},
       {{"MESSAGE"}},
       {{"ip",
         "IP",
         {"The host that sent it; without it SPF is not asked.",
          "La machine qui l'a envoyée ; sans elle SPF n'est pas consulté."}},
        {"helo", "NAME", {"What that host called itself.", "Le nom que cette machine s'est donné."}},
        {"from",
         "ADDRESS",
         {"The address of MAIL FROM; without it, the null sender.",
          "L'adresse de MAIL FROM ; sans elle, l'expéditeur vide."}},
        {"list",
         "ZONE",
         {"Ask this DNS list: one of the configuration by its name or zone, or else a block list.",
          "Interroger cette liste du DNS : une de la configuration, par son nom ou sa zone, sinon une liste de "
          "blocage."},
         {},
         true},
        {"trust-sealer",
         "DOMAIN",
         {"Believe what this domain seals (ARC).", "Croire ce que scelle ce domaine (ARC)."},
         {},
         true},
        kAt,
        kTimeout,
        kZone,
        kRootHints,
        kAnchor,
        kConfig},
       {{"chappe verify letter.eml --ip 192.0.2.25 --helo mail.example.org --from alice@example.org", {"", ""}}}},
      {"sign",
       {"Sign a letter with DKIM.", "Signer une lettre avec DKIM."},
       {"Prints the letter with a DKIM-Signature above it. Every field that is shown, answered or read by is signed, "
        "once "
        "more than it is there, so that none can be added; never only a part of the body (l=).",
        "Écrit la lettre sous une DKIM-Signature. Tout champ qui se montre, sert à répondre ou à lire est signé, une "
        "fois "
        "de plus qu'il n'est là, pour que nul ne s'ajoute ; jamais une partie seulement du corps (l=)."},
       {{"MESSAGE"}},
       {{"domain", "NAME", {"Who signs: d=.", "Qui signe : d=."}},
        {"selector", "NAME", {"The selector of the key: s=.", "Le sélecteur de la clef : s=."}},
        {"key",
         "FILE",
         {"The private key: PEM, or 32 octets of Ed25519 in base64.",
          "La clef privée : PEM, ou 32 octets d'Ed25519 en base64."}},
        {"identity", "ADDRESS", {"For whom: i=.", "Pour qui : i=."}},
        {"algorithm",
         "NAME",
         {"What the key must be for.", "Ce à quoi la clef doit servir."},
         {},
         false,
         {"rsa-sha256", "ed25519-sha256"}},
        {"canon",
         "HEADER/BODY",
         {"simple or relaxed, for each.", "simple ou relaxed, pour chacun."},
         "relaxed/relaxed"},
        {"headers",
         "NAMES",
         {"The fields to be signed, with colons between; one named twice is kept from being added.",
          "Les champs à signer, séparés par deux-points ; nommé deux fois, un champ ne peut "
          "s'ajouter."}},
        kAt,
        {"zone",
         "FILE",
         {"Try the signature with the key in this zone text, as a receiver would, and say so if it does not hold.",
          "Essayer la signature avec la clef de ce texte de zone, comme un destinataire, et dire si elle ne tient "
          "pas."}}},
       {{"chappe sign letter.eml --domain example.org --selector mail --key mail.private", {"", ""}}}},
      {"seal",
       {"Seal a letter that is handed on (ARC).", "Sceller une lettre que l'on transmet (ARC)."},
       {"Verifies the chain of seals that the letter has, and prints it with one more set above it: what was found "
        "(the Authentication-Results of that server above the first Received, or else what is found now), and "
        "signatures of it and of the letter. A chain that is broken is sealed as broken, once.",
        "Vérifie la chaîne de sceaux que porte la lettre, et l'écrit sous un jeu de plus : ce qui fut trouvé (les "
        "Authentication-Results de ce serveur au-dessus du premier Received, sinon ce qui est trouvé maintenant), "
        "signé "
        "avec la lettre. Une chaîne rompue est scellée comme rompue, une fois."},
       {{"MESSAGE"}},
       {{"domain", "NAME", {"Who seals: d=.", "Qui scelle : d=."}},
        {"selector", "NAME", {"The selector of the key: s=.", "Le sélecteur de la clef : s=."}},
        {"key",
         "FILE",
         {"The private key: PEM, or 32 octets of Ed25519 in base64.",
          "La clef privée : PEM, ou 32 octets d'Ed25519 en base64."}},
        {"authserv-id", "NAME", {"As whom the results are told.", "Au nom de qui les résultats sont dits."}},
        kAt,
        kTimeout,
        kZone,
        kRootHints,
        kAnchor,
        kConfig},
       {{"chappe seal letter.eml --domain example.org --selector arc --key arc.private --authserv-id mx.example.org",
         {"", ""}}}},
      {"spf lint",
       {"Show all that a domain's SPF record leads to, and what is wrong with it.",
        "Montrer tout ce à quoi mène l'enregistrement SPF d'un domaine, et ce qui n'y va pas."},
       {"Draws the terms of the record as a tree, with the domains that it includes and the lookups that each branch "
        "costs of the ten that there are, and says what breaks it, what weakens it and what will break it soon. Exits "
        "with 0 if the DNS gave the record.",
        "Dessine les termes de l'enregistrement en arbre, avec les domaines qu'il inclut et les recherches que coûte "
        "chaque branche sur les dix permises, et dit ce qui le rompt, ce qui l'affaiblit et ce qui le rompra bientôt. "
        "Sort avec 0 si le DNS a donné l'enregistrement."},
       {{"DOMAIN"}},
       {kTimeout, kZone, kRootHints, kAnchor, kConfig},
       {{"chappe spf lint example.org", {"", ""}}}},
      {"spf",
       {"Say whether a host may send for a domain (SPF).", "Dire si une machine peut envoyer pour un domaine (SPF)."},
       {"Evaluates the SPF record as for a letter from that address and host, and shows each term that was looked at, "
        "with what it led to. Of a name without @, as of the null sender <> with HELO, the identity is that of HELO. "
        "Exits with 0 for any verdict that the DNS did not keep back.",
        "Évalue l'enregistrement SPF comme pour une lettre de cette adresse et de cette machine, et montre chaque "
        "terme "
        "examiné avec ce à quoi il a mené. D'un nom sans @, comme de l'expéditeur vide <> avec HELO, l'identité est "
        "celle de HELO. Sort avec 0 pour tout verdict que le DNS n'a pas retenu."},
       {{"IP"}, {"FROM"}, {"HELO", true}},
       {kAt, kTimeout, kZone, kRootHints, kAnchor, kConfig},
       {{"chappe spf 192.0.2.25 alice@example.org", {"", ""}},
        {"chappe spf 2001:db8::25 \"<>\" mail.example.org", {"", ""}}}},
      {"dmarc",
       {"Say what a domain asks for letters that do not prove to be its own (DMARC).",
        "Dire ce qu'un domaine demande pour les lettres qui ne prouvent pas être de lui (DMARC)."},
       {"Finds the policy record of the domain as RFC 9989 says, from name to name up the tree, and shows which one "
        "counts, what a letter without any proof would meet, and what the owner of the record should know; also where "
        "the "
        "Public Suffix List, by which receivers of the old kind (RFC 7489) go, names another organization.",
        "Trouve l'enregistrement de politique du domaine selon la RFC 9989, de nom en nom en remontant l'arbre, et "
        "montre lequel compte, ce que rencontrerait une lettre sans aucune preuve, et ce que devrait savoir qui publie "
        "l'enregistrement ; aussi où la Public Suffix List, que suivent les anciens destinataires (RFC 7489), nomme "
        "une "
        "autre organisation."},
       {{"DOMAIN"}},
       {kTimeout, kZone, kRootHints, kAnchor, kConfig},
       {{"chappe dmarc example.org", {"", ""}}}},
      {"dns records",
       {"Say what a domain of ours should publish: SPF, DKIM, DMARC.",
        "Dire ce qu'un de nos domaines devrait publier : SPF, DKIM, DMARC."},
       {"Prints the records in the form of a zone file, with what they are for, what stands there now, in which zone "
        "each "
        "belongs and who serves it, and where the private keys lie. What the domain says already of SPF and DMARC is "
        "left as it is, and what is wrong with it is told. Ends with 75 where the DNS does not answer: nothing is to "
        "be "
        "published beside what is not known.",
        "Écrit les enregistrements sous forme de fichier de zone, avec leur raison, ce qui est publié maintenant, la "
        "zone "
        "de chacun et qui la sert, et où sont les clefs privées. Ce que le domaine dit déjà de SPF et de DMARC "
        "reste "
        "tel quel, et ce qui n'y va pas est dit. Se termine par 75 quand le DNS ne répond pas : rien n'est à publier à "
        "côté de ce qu'on ignore."},
       {{"DOMAIN"}},
       {kTimeout, kZone, kRootHints, kAnchor, kConfig, kData},
       {{"chappe dns records example.org", {"", ""}}}},
      {"key new",
       {"Make DKIM keys for a domain.", "Créer des clefs DKIM pour un domaine."},
       {"One of RSA and one of Ed25519, each under a selector of its own. They sign when they are told to (key set), "
        "and "
        "should not before their records are published: chappe dns records says what these are.",
        "Une RSA et une Ed25519, chacune sous son sélecteur. Elles signent quand on le leur dit (key set), ce qui ne "
        "doit "
        "pas être avant la publication de leurs enregistrements : chappe dns records dit lesquels."},
       {{"DOMAIN"}},
       {{"selector", "NAME", {"Its name, instead of one made of the day.", "Son nom, au lieu d'un nom tiré du jour."}},
        {"algorithm",
         "NAME",
         {"Which keys are made.", "Quelles clefs sont créées."},
         "both",
         false,
         {"both", "rsa", "ed25519"}},
        kConfig,
        kData},
       {{"chappe key new example.org", {"", ""}}}},
      {"key import",
       {"Take over DKIM keys that were made elsewhere.", "Reprendre des clefs DKIM créées ailleurs."},
       {"One key from a PEM file, or all that OpenDKIM's KeyTable names: with its SigningTable, those sign that sign "
        "there, and the others are published. What cannot be taken over is told, and does not keep the others out.",
        "Une clef d'un fichier PEM, ou toutes celles que nomme la KeyTable d'OpenDKIM : avec sa SigningTable, signent "
        "celles qui y signent, et les autres sont publiées. Ce qui ne peut être repris est dit, sans retenir le "
        "reste."},
       {{"DOMAIN", true}},
       {{"selector", "NAME", {"The selector of the key.", "Le sélecteur de la clef."}},
        {"key",
         "FILE",
         {"The private key, in PEM; \"-\" is standard input.",
          "La clef privée, en PEM ; « - » est l'entrée standard."}},
        {"state",
         "STATE",
         {"What it is from now on.", "Ce qu'elle est désormais."},
         "signing",
         false,
         {"next", "published", "signing", "retiring"}},
        {"opendkim", "FILE", {"The KeyTable of OpenDKIM.", "La KeyTable d'OpenDKIM."}},
        {"signing-table", "FILE", {"Its SigningTable.", "Sa SigningTable."}},
        kConfig,
        kData},
       {{"chappe key import example.org --selector mail --key mail.private", {"", ""}},
        {"chappe key import --opendkim /etc/opendkim/KeyTable --signing-table /etc/opendkim/SigningTable", {"", ""}}}},
      {"key list", {"List the DKIM keys.", "Lister les clefs DKIM."}, {}, {{"DOMAIN", true}}, {kConfig, kData}},
      {"key set",
       {"Bring a DKIM key into another state.", "Faire passer une clef DKIM à un autre état."},
       {"published: its record is in the DNS. signing: letters are signed with it. retiring: no longer, while others "
        "may "
        "still look at what it signed. revoked: for good; the private key is destroyed.",
        "published : son enregistrement est dans le DNS. signing : elle signe les lettres. retiring : plus maintenant, "
        "mais d'autres vérifient encore ce qu'elle a signé. revoked : pour toujours ; la clef privée est détruite."},
       {{"DOMAIN"}, {"SELECTOR"}, {.name = "STATE", .choices = {"published", "signing", "retiring", "revoked"}}},
       {kConfig, kData},
       {{"chappe key set example.org r20261126 signing", {"", ""}}}},
      {"key remove",
       {"Forget a DKIM key.", "Oublier une clef DKIM."},
       {"One that was never published, or is revoked.", "Une qui n'a jamais été publiée, ou qui est révoquée."},
       {{"DOMAIN"}, {"SELECTOR"}},
       {kConfig, kData}},
      {"reputation show",
       {"Say what is remembered of a sender's letters.", "Dire ce qu'on retient des lettres d'un expéditeur."},
       {"Of a domain: as who signs (DKIM), as the domain of MAIL FROM (SPF) and as the author's (DMARC), each only for "
        "letters that prove it; fail and none count letters that named it in vain, which is not held against it. Of an "
        "address: the letters of its network. Older letters count less (mx.reputation_half_life). The score is the "
        "share of good letters to be expected, 0 to 1; the confidence says how much it rests on.",
        "D'un domaine : comme signataire (DKIM), comme domaine de MAIL FROM (SPF) et comme auteur (DMARC), chaque fois "
        "pour les seules lettres qui le prouvent ; les échecs sont des lettres qui l'ont nommé en vain, ce qui ne lui "
        "est pas reproché. D'une adresse : les lettres de son réseau. Les lettres anciennes comptent moins "
        "(mx.reputation_half_life). La note est la part de bonnes lettres à attendre, de 0 à 1 ; la confiance dit sur "
        "quoi elle repose."},
       {{"NAME"}},
       {kConfig, kData},
       {{"chappe reputation show example.org", {"", ""}}, {"chappe reputation show 192.0.2.25", {"", ""}}}},
      {"reputation list",
       {"List the senders of whom something is remembered.", "Lister les expéditeurs dont on retient quelque chose."},
       {},
       {},
       {{"most",
         {},
         {"Those with most letters first, as without option.",
          "D'abord ceux qui ont le plus de lettres, comme sans option."}},
        {"worst", {}, {"The lowest score first.", "D'abord la note la plus basse."}},
        {"kind",
         "KIND",
         {"Only senders of this kind.", "Seulement les expéditeurs de cette sorte."},
         {},
         false,
         {"network", "dkim", "mail-from", "author"}},
        {"limit", "N", {"At most so many.", "Au plus tant."}, "50"},
        kConfig,
        kData},
       {{"chappe reputation list --worst --limit 10", {"", ""}}}},
  };
}

}  // namespace chappe::app
