// The table of verbs.
#include <algorithm>

#include "app/cli.h"
#include "app/cli_rows.h"
#include "app/demo/scenarios.h"

namespace chappe::app {
namespace {

const OptionRow kPasswordFile = {
    "password-file",
    "FILE",
    {"Where the password stands, on the first line; \"-\" is standard input. Without it, the terminal is asked.",
     "Où se trouve le mot de passe, sur la première ligne ; « - » est l'entrée standard. À défaut, le terminal le "
     "demande."}};

const OptionRow kWhere = {
    "where",
    "KEY=PATTERN",
    {"Those of the queue that this describes: letter, from, to, domain, state or error, with * for "
     "anything. Several must all hold.",
     "Celles de la file que ceci décrit : letter, from, to, domain, state ou error, avec * pour "
     "n'importe quoi. Plusieurs doivent toutes être vraies."},
    {},
    true};

std::vector<VerbRow> make_verbs() {
  return {
      {"serve",
       {"Serve mail, as the configuration says.", "Servir le courrier, selon la configuration."},
       {"Binds the ports, becomes the configured user, and serves until SIGTERM, which lets open connections come to "
        "an "
        "end first. SIGHUP opens the log file and the certificates anew. Only one process may own a store.",
        "Ouvre les ports, devient l'utilisateur configuré et sert jusqu'à SIGTERM, qui laisse d'abord se terminer les "
        "connexions ouvertes. SIGHUP rouvre le journal et les certificats. Un seul processus peut posséder un "
        "magasin."},
       {},
       {kConfig},
       {{"chappe serve --config /etc/chappe/chappe.toml", {"as systemd does", "comme le fait systemd"}}}},
      {"check",
       {"Say what is wrong with a configuration.", "Dire ce qui ne va pas dans une configuration."},
       {"Reads the configuration, looks at the user, the folder, the store, the milters, the DNS lists, the "
        "certificates and the ports that it names, and prints one line for each, with what to do about those that "
        "would keep Chappe from serving. Exits "
        "with 78 if the configuration or what it names is wrong, with 69 if only a port or the store is taken.",
        "Lit la configuration, examine l'utilisateur, le dossier, le magasin, les milters, les listes DNS, les "
        "certificats et les ports qu'elle nomme, et écrit une ligne pour chacun, avec le remède à ce qui empêcherait "
        "Chappe de servir. Sort avec 78 si "
        "la configuration ou ce qu'elle nomme est en faute, avec 69 si seul un port ou le magasin est pris."},
       {},
       {kConfig},
       {{"chappe check --config chappe.toml", {"before a restart", "avant un redémarrage"}}}},

      {"status",
       {"Say how the running server is.", "Dire comment va le serveur."},
       {"Asks the server that owns the store: since when it runs, where it listens, how many connections are open, "
        "whether the store takes letters.",
        "Demande au serveur qui possède le magasin depuis quand il tourne, où il écoute, combien de connexions sont "
        "ouvertes et si le magasin accepte les lettres."},
       {},
       {kConfig, kData}},
      {"metrics",
       {"Print the running server's counters.", "Écrire les compteurs du serveur."},
       {"In the text format of Prometheus: letters, refusals, logins and TLS handshakes of each door, stalls of the "
        "shards, memory by its budget. A node exporter can collect them from a file that a timer writes.",
        "Au format texte de Prometheus : lettres, refus, identifications et négociations TLS de chaque porte, arrêts "
        "des "
        "fils, mémoire selon son budget. Un « node exporter » peut les lire d'un fichier écrit par une minuterie."},
       {},
       {kConfig, kData},
       {{"chappe metrics > /var/lib/node_exporter/chappe.prom", {"", ""}}}},

      {"domain add",
       {"Take mail for a domain.", "Recevoir le courrier d'un domaine."},
       {"Letters for the domain's accounts and aliases are delivered here from now on; other addresses in it are "
        "refused.",
        "Les lettres pour les comptes et les alias du domaine sont désormais livrées ici ; ses autres adresses sont "
        "refusées."},
       {{"DOMAIN"}},
       {kConfig, kData},
       {{"chappe domain add example.org", {"", ""}}}},
      {"domain list", {"List the domains.", "Lister les domaines."}, {}, {}, {kConfig, kData}},
      {"domain show", {"Show one domain.", "Montrer un domaine."}, {}, {{"DOMAIN"}}, {kConfig, kData}},
      {"domain remove",
       {"No longer take mail for a domain.", "Ne plus recevoir le courrier d'un domaine."},
       {"Refused as long as accounts or aliases are in it.", "Refusé tant qu'il contient des comptes ou des alias."},
       {{"DOMAIN"}},
       {kConfig, kData}},

      {"account add",
       {"Open an account.", "Ouvrir un compte."},
       {"The address is the name to log in with. Its domain must be one of ours.",
        "L'adresse est le nom d'identification. Son domaine doit être un des nôtres."},
       {{"ADDRESS"}},
       {kPasswordFile, kConfig, kData},
       {{"chappe account add alice@example.org", {"asks for the password", "demande le mot de passe"}}}},
      {"account password",
       {"Give an account another password.", "Donner un autre mot de passe à un compte."},
       {"Open connections stay; the next login needs the new one.",
        "Les connexions ouvertes restent ; la prochaine identification demande le nouveau."},
       {{"ADDRESS"}},
       {kPasswordFile, kConfig, kData}},
      {"account list", {"List the accounts.", "Lister les comptes."}, {}, {}, {kConfig, kData}},
      {"account show", {"Show one account.", "Montrer un compte."}, {}, {{"ADDRESS"}}, {kConfig, kData}},
      {"account remove",
       {"Close an account and delete its mail.", "Fermer un compte et supprimer son courrier."},
       {"For the time of limits.deleted_mail, its letters can be given to another account: store undelete. Refused "
        "under "
        "legal hold.",
        "Pendant le temps de limits.deleted_mail, ses lettres peuvent être remises à un autre compte : store undelete. "
        "Refusé sous conservation légale."},
       {{"ADDRESS"}},
       {kConfig, kData}},

      {"alias add",
       {"Forward an address to others.", "Faire suivre une adresse vers d'autres."},
       {"A letter for the alias goes to each of the targets, which may be here or elsewhere.",
        "Une lettre pour l'alias va à chacune des cibles, qui peuvent être ici ou ailleurs."},
       {{"ADDRESS"}, {.name = "TARGET", .repeatable = true}},
       {kConfig, kData},
       {{"chappe alias add postmaster@example.org alice@example.org", {"", ""}}}},
      {"alias list", {"List the aliases.", "Lister les alias."}, {}, {}, {kConfig, kData}},
      {"alias show", {"Show one alias.", "Montrer un alias."}, {}, {{"ADDRESS"}}, {kConfig, kData}},
      {"alias remove", {"Remove an alias.", "Supprimer un alias."}, {}, {{"ADDRESS"}}, {kConfig, kData}},

      {"queue list",
       {"List the letters that wait for other hosts.", "Lister les lettres en attente d'autres machines."},
       {},
       {},
       {kWhere, kConfig, kData},
       {{"chappe queue list --where domain=example.net --where state=held", {"", ""}}}},
      {"queue show",
       {"Show one letter of the queue and its recipients.",
        "Montrer une lettre de la file d'attente et ses destinataires."},
       {},
       {{"LETTER"}},
       {kConfig, kData}},
      {"queue retry",
       {"Try a letter again now.", "Réessayer une lettre maintenant."},
       {"A letter by its id, or all that --where means. What is under way or held is left alone.",
        "Une lettre par son identifiant, ou toutes celles que désigne --where. Ce qui est en cours d'envoi ou retenu "
        "ne change pas."},
       {{"LETTER", true}},
       {kWhere, kConfig, kData}},
      {"queue hold",
       {"Make no further attempt, until it is released.", "Ne plus faire d'essai, jusqu'à la libération."},
       {"A letter by its id, or all that --where means.",
        "Une lettre par son identifiant, ou toutes celles que désigne --where."},
       {{"LETTER", true}},
       {kWhere, kConfig, kData}},
      {"queue release",
       {"Let a letter that is held go on its way.", "Laisser partir une lettre retenue."},
       {"A letter by its id, or all that --where means. The next attempt is made at once.",
        "Une lettre par son identifiant, ou toutes celles que désigne --where. L'essai suivant a lieu aussitôt."},
       {{"LETTER", true}},
       {kWhere, kConfig, kData}},
      {"queue drop",
       {"Take a letter out of the queue; nobody is told.",
        "Retirer une lettre de la file d'attente ; personne n'est prévenu."},
       {"A letter by its id, or all that --where means.",
        "Une lettre par son identifiant, ou toutes celles que désigne --where."},
       {{"LETTER", true}},
       {kWhere, kConfig, kData}},

      {"route",
       {"Say where letters to an address would go, and why.",
        "Dire où iraient les lettres à une adresse, et pourquoi."},
       {"Asks the running server, which asks its directory and the DNS as it would for a letter: the hosts in the "
        "order "
        "in which they are tried, or the reason why there are none. Nothing is sent.",
        "Interroge le serveur, qui consulte son annuaire et le DNS comme pour une lettre : les machines dans l'ordre "
        "des "
        "essais, ou la raison pour laquelle il n'y en a pas. Rien n'est envoyé."},
       {{"ADDRESS"}},
       {kConfig, kData},
       {{"chappe route bob@octo.com", {"", ""}}}},

      {"explain",
       {"Explain how a letter to an address finds its way, from the root of the DNS on.",
        "Expliquer comment une lettre trouve son chemin, depuis la racine du DNS."},
       {"Walks from the root to the domain's MX and to its first host's address, and shows each name server that is "
        "asked, what it says, how long that may be remembered and whether its signatures hold; then the hosts in the "
        "order in which a letter would try them, and what the domain publishes for those who want to be sure. Needs no "
        "running server, and looks at the domain as the rest of the world does. Servers of the root, trust anchor and "
        "forwarder are those of the configuration, if there is one. Exits with 0 only if the walk came to its end and "
        "there is a host to hand the letter to; with 67 if none takes letters, with 69 if that is not known now. Of "
        "the "
        "id of a reason, as it stands in an answer, on a trail or in JSON, it says instead what it means for the "
        "letter, "
        "what its sender can do about it, and what can be set here.",
        "Marche de la racine jusqu'au MX du domaine et à l'adresse de sa première machine, et montre chaque serveur de "
        "noms interrogé, ce qu'il dit, combien de temps cela peut être retenu et si ses signatures tiennent ; puis les "
        "machines dans l'ordre où une lettre les essaierait, et ce que le domaine publie pour qui veut être sûr. Sans "
        "serveur en marche, et comme le reste du monde voit le domaine. Serveurs de la racine, ancre de confiance et "
        "résolveur sont ceux de la configuration, s'il y en a une. Ne sort avec 0 que si la marche est arrivée à son "
        "terme et qu'une machine peut recevoir la lettre ; avec 67 si aucune n'en prend, avec 69 si on ne le sait pas "
        "maintenant. De l'identifiant d'une raison, tel qu'il figure dans une réponse, une trace ou du JSON, il dit à "
        "la "
        "place ce que cela veut dire pour la lettre, ce qu'y peut son expéditeur, et ce qui se règle ici."},
       {{"ADDRESS"}},
       {{"connect",
         "",
         {"Also connect to the first host on port 25, see what it offers and which certificate it shows, and quit "
          "without a letter.",
          "Se connecter aussi à la première machine au port 25, voir ce qu'elle propose et quel certificat elle "
          "montre, et repartir sans lettre."}},
        kRootHints,
        kAnchor,
        kZone,
        {"timeout", "TIME", {"How long all of it may take.", "Combien de temps le tout peut durer."}, "30s"},
        kConfig},
       {{"chappe explain bob@octo.com", {"", ""}},
        {"chappe explain octo.com --connect --lang fr", {"", ""}},
        {"chappe explain reject-with-evidence", {"", ""}}}},

      {"trail",
       {"Say what became of a letter.", "Dire ce qu'est devenue une lettre."},
       {"One letter by its id (it stands in the answer 250, in Received, in the log and in notifications), with every "
        "step: who handed it in, what was answered, where it was filed, each attempt to hand it on with the words of "
        "the other side. Without an id: the newest letters that the options describe, refused ones too. What is older "
        "than limits.trail_age is forgotten.",
        "Une lettre par son identifiant (il figure dans la réponse 250, dans Received, dans le journal et dans les "
        "avis), avec chaque étape : qui l'a remise, ce qui lui fut répondu, où elle est classée, chaque essai de "
        "transmission avec les mots de l'autre côté. Sans identifiant : les lettres les plus récentes que décrivent "
        "les "
        "options, refusées comprises. Ce qui est plus vieux que limits.trail_age est oublié."},
       {{"LETTER", true}},
       {{"from",
         "PATTERN",
         {"Of this sender; * stands for anything.", "De cet expéditeur ; * remplace n'importe quoi."}},
        {"to", "PATTERN", {"With a recipient like this.", "Avec un tel destinataire."}},
        {"since",
         "TIME",
         {"From then on: a time span ago (2h, 3d), a day or an RFC 3339 time.",
          "Depuis : il y a une durée (2h, 3d), un jour ou un instant RFC 3339."}},
        {"until", "TIME", {"Before then.", "Avant."}},
        {"refused",
         "",
         {"Only what was refused, or for one of its recipients.",
          "Seulement ce qui a été refusé, ou à un destinataire."}},
        {"connections",
         "",
         {"Instead of letters: connections that were turned away, by hour and network.",
          "Au lieu des lettres : les connexions refusées, par heure et par réseau."}},
        {"limit", "N", {"So many letters at most.", "Au plus tant de lettres."}, "50"},
        kConfig,
        kData},
       {{"chappe trail 01KAXW2N7RE5T9C3VQJ8M4B6ZD", {"", ""}},
        {"chappe trail --to '*@octo.com' --since 2h", {"", ""}}}},

      {"search",
       {"Look for letters of an account.", "Chercher des lettres d'un compte."},
       {"The letters that hold all the words, in any of their forms, the best first. Also: \"words in a row\", "
        "beginn*, from:, to:, cc:, subject:, list:, attachment: and body: before a word, before:, after: and on: a "
        "day, "
        "a month or a year, OR, -word, and parentheses. Case and accents do not matter. Put the query in single "
        "quotes.",
        "Les lettres qui contiennent tous les mots, sous toutes leurs formes, les meilleures d'abord. Aussi : \"des "
        "mots "
        "de suite\", débu*, from:, to:, cc:, subject:, list:, attachment: et body: devant un mot, before:, after: et "
        "on: un jour, un mois ou une année, OR, -mot, et des parenthèses. Ni la casse ni les accents ne comptent. "
        "Mettez la requête entre apostrophes."},
       {{"ACCOUNT"}, {"QUERY", false, true}},
       {{"limit", "N", {"So many letters at most.", "Au plus tant de lettres."}, "20"}, kConfig, kData},
       {{"chappe search alice@octo.com 'invoice from:bob after:2026-01'", {"", ""}}}},

      {"config export",
       {"Write the domains, accounts and aliases as text.",
        "Écrire les domaines, comptes et alias sous forme de texte."},
       {"The text can be kept, compared, and given to config apply. It holds password hashes: keep it to yourself.",
        "Ce texte peut être conservé, comparé et rendu à config apply. Il contient les empreintes des mots de passe : "
        "gardez-le pour vous."},
       {},
       {kConfig, kData},
       {{"chappe config export > directory.toml", {"", ""}}}},
      {"config apply",
       {"Make the domains, accounts and aliases what a text says.",
        "Rendre les domaines, comptes et alias conformes à un texte."},
       {"All of it or nothing. \"-\" is standard input.", "Tout ou rien. « - » est l'entrée standard."},
       {{"FILE"}},
       {kConfig, kData},
       {{"chappe config apply directory.toml", {"", ""}}}},
      {"config describe",
       {"Write a configuration with every key explained.", "Écrire une configuration où chaque clé est expliquée."},
       {"What is printed can be served once the host's name, folder and certificate are filled in.",
        "Ce qui est écrit peut être servi une fois remplis le nom de la machine, le dossier et le certificat."},
       {},
       {},
       {{"chappe config describe > chappe.toml", {"to begin with", "pour commencer"}}}},

      {"message",
       {"Show how a letter is understood.", "Montrer comment une lettre est comprise."},
       {"Prints its headers, its MIME parts and what is wrong with it, as the server and its clients see them. \"-\" "
        "is "
        "standard input.",
        "Écrit ses en-têtes, ses parties MIME et ses défauts, tels que le serveur et ses clients les voient. « - » est "
        "l'entrée standard."},
       {{"FILE"}},
       {},
       {{"chappe message letter.eml --json", {"", ""}}}},

      {"dns query",
       {"Ask the DNS.", "Interroger le DNS."},
       {"Asks from the root down, and validates if a trust anchor is given; or one server, with --server, and shows "
        "what "
        "it says as it is; or a zone text, with --zone. Exits with 0 only if there are records, except with --server.",
        "Interroge depuis la racine, et valide si une ancre de confiance est donnée ; ou un seul serveur, avec "
        "--server, "
        "et montre sa réponse telle quelle ; ou un texte de zone, avec --zone. Ne sort avec 0 que s'il y a des "
        "enregistrements, sauf avec --server."},
       {{"NAME"}, {"TYPE"}},
       {{"server",
         "ADDRESS:PORT",
         {"Ask this name server, and nobody else.", "Interroger ce serveur de noms, et nul autre."}},
        {"dnssec", "", {"Ask the server for signatures, too.", "Demander aussi les signatures au serveur."}},
        kZone,
        kRootHints,
        kAnchor,
        {"timeout", "TIME", {"How long to wait.", "Combien de temps attendre."}, "5s"}},
       {{"chappe dns query example.org MX --anchor /usr/share/dns/root.key", {"", ""}},
        {"chappe dns query example.org MX --server 127.0.0.1:5300 --dnssec", {"", ""}}}},
      {"dns serve",
       {"Serve zones as a name server.", "Servir des zones comme serveur de noms."},
       {"Answers for the zones of these files, over UDP and TCP, and prints a line for each question, until SIGTERM. "
        "SIGHUP reads the files anew. With --sign, the zones are signed when they are read, for 30 days, and the DS "
        "for "
        "the zone above is printed.",
        "Répond pour les zones de ces fichiers, en UDP et en TCP, et écrit une ligne par question, jusqu'à SIGTERM. "
        "SIGHUP relit les fichiers. Avec --sign, les zones sont signées à la lecture, pour 30 jours, et le DS destiné "
        "à "
        "la zone supérieure est écrit."},
       {{.name = "ZONE", .repeatable = true}},
       {{"listen",
         "ADDRESS:PORT",
         {"Where to listen; an address alone means port 53.", "Où écouter ; une adresse seule signifie le port 53."},
         "127.0.0.1:5300",
         true},
        {.name = "sign",
         .argument = "PROOF",
         .doc = {"Sign, and prove by these records what is not there.",
                 "Signer, et prouver les absences par ces enregistrements."},
         .choices = {"nsec", "nsec3"}},
        {"key",
         "FILE",
         {"The private key to sign with (algorithm 13), as ldns-keygen writes it; without it one is made.",
          "La clé privée de signature (algorithme 13), telle que l'écrit ldns-keygen ; à défaut, une clé est créée."}}},
       {{"chappe dns serve example.zone --listen 127.0.0.1:5300 --sign nsec", {"", ""}}}},

      {"local",
       {"Serve mail on this machine only, to try things out.",
        "Servir le courrier sur cette seule machine, pour essayer."},
       {"Needs no configuration, no root and no network: listens on 127.0.0.1, with a certificate of its own making, "
        "on "
        "the usual ports plus the base (1025, 1587, 1143 and so on). Without --account, one is opened and its password "
        "shown. Without --dir, everything is forgotten at the end.",
        "Sans configuration, sans root et sans réseau : écoute sur 127.0.0.1, avec un certificat fait sur place, sur "
        "les ports usuels augmentés de la base (1025, 1587, 1143, etc.). Sans --account, un compte est ouvert et son "
        "mot de passe affiché. Sans --dir, tout est oublié à la fin."},
       {},
       {{"dir", "DIR", {"Keep the store there.", "Garder le magasin à cet endroit."}},
        {"port-base", "NUMBER", {"What is added to each port.", "Ce qui est ajouté à chaque port."}, "1000"},
        {"domain", "DOMAIN", {"Take mail for this domain.", "Recevoir le courrier de ce domaine."}, {}, true},
        {"account", "NAME:PASSWORD", {"Open this account.", "Ouvrir ce compte."}, {}, true},
        {"accounts",
         "FILE",
         {"Open the accounts of this file, one NAME:PASSWORD a line.",
          "Ouvrir les comptes de ce fichier, un NAME:PASSWORD par ligne."}},
        {"zone",
         "FILE",
         {"The names that exist, as a zone file (docs/formats/zone-text.md). Without it none does.",
          "Les noms qui existent, en fichier de zone (docs/formats/zone-text.md). À défaut, aucun."}},
        {"relay",
         "HOST:PORT",
         {"Give letters for other hosts to this one.", "Confier à cette machine les lettres destinées à d'autres."}},
        {"no-limits",
         "",
         {"Lift the limits per network and per connection, for measurements.",
          "Lever les limites par réseau et par connexion, pour des mesures."}},
        {"ready-file",
         "FILE",
         {"Write the ports into this file, as JSON, once they are served.",
          "Écrire les ports dans ce fichier, en JSON, une fois qu'ils sont servis."}}},
       {{"chappe local --domain example.test --account alice@example.test:secret", {"", ""}}}},
      {"demo",
       {"A small Internet on this machine: letters on their way, hop by hop.",
        "Un petit Internet sur cette machine : des lettres en chemin, étape par étape."},
       {"Needs no root, no network and no configuration: a signed DNS from the root down and three organisations with "
        "servers of their own, in a network namespace, or on high ports where the system gives none. Shows what "
        "happens to letters, good ones and others, and what was seen of it. On a terminal it then stays up for your "
        "own mail program, until q or Ctrl-C. Exits with 1 when something was not seen as expected.",
        "Sans root, sans réseau et sans configuration : un DNS signé depuis la racine et trois organisations avec "
        "leurs "
        "serveurs, dans un espace de réseau à part, ou sur des ports élevés si le système n'en donne pas. Montre ce "
        "qui arrive aux lettres, bonnes ou non, et ce qui en a été vu. Sur un terminal, tout continue ensuite pour "
        "votre logiciel de courrier, jusqu'à q ou Ctrl-C. Sort avec 1 si quelque chose n'a pas été vu comme attendu."},
       {},
       {{"headless", "", {"End when everything was shown.", "Terminer quand tout a été montré."}},
        {.name = "mode",
         .argument = "MODE",
         .doc = {"Where the servers live: in a network namespace, on high ports, or whichever there is.",
                 "Où vivent les serveurs : dans un espace de réseau, sur des ports élevés, ou selon le système."},
         .standard = "auto",
         .choices = {"auto", "namespace", "ports"}},
        {.name = "break",
         .argument = "SCENARIO",
         .doc = {"Spoil what this scenario hangs on, to see it fail.",
                 "Gâcher ce dont dépend ce scénario, pour le voir échouer."},
         .repeatable = true,
         .choices = demo::scenario_names()}},
       {{"make demo", {"the same, from a checkout", "la même chose, depuis les sources"}},
        {"chappe demo --headless --json", {"for programs", "pour des programmes"}},
        {"chappe demo --break null-mx", {"", ""}}}},
      {"run",
       {"A walk through Chappe: two accounts and one letter between them.",
        "Une visite de Chappe : deux comptes et une lettre entre eux."},
       {"Starts local mode, sends a letter from one account to the other, reads it there, and tells each step. On a "
        "terminal, the server then goes on until Ctrl-C; else it ends.",
        "Lance le mode local, envoie une lettre d'un compte à l'autre, l'y relit, et raconte chaque étape. Sur un "
        "terminal, le serveur continue ensuite jusqu'à Ctrl-C ; sinon il s'arrête."},
       {},
       {},
       {{"make run", {"the same, from a checkout", "la même chose, depuis les sources"}}}},

      {"completion",
       {"Write the completion for a shell.", "Écrire la complétion pour un interpréteur."},
       {},
       {{.name = "SHELL", .choices = {"bash"}}},
       {},
       {{"chappe completion bash > /usr/share/bash-completion/completions/chappe", {"", ""}}}},
      {"man",
       {"Write this manual, in roff.", "Écrire ce manuel, en roff."},
       {},
       {},
       {},
       {{"chappe man --lang fr | man -l -", {"to read it", "pour le lire"}}}},
  };
}

}  // namespace

const std::vector<VerbRow>& verbs() {
  static const std::vector<VerbRow> kVerbs = [] {
    std::vector<VerbRow> out = make_verbs();
    // Grants behind aliases, the store's behind the directory's, those of trust behind what tells of a letter, policy
    // before the queue.
    const auto insert = [&out](std::string_view before, const std::vector<VerbRow>& rows) {
      out.insert(std::ranges::find(out, before, &VerbRow::name), rows.begin(), rows.end());
    };
    insert("queue list", grant_verbs());
    insert("message", store_verbs());
    insert("dns query", trust_verbs());
    insert("queue list", policy_verbs());
    return out;
  }();
  return kVerbs;
}

const std::vector<OptionRow>& common_options() {
  static const std::vector<OptionRow> kOptions = {
      {"json", "", {"Write for programs.", "Écrire pour des programmes."}},
      {.name = "lang",
       .argument = "LANG",
       .doc = {"The language to speak: en or fr.", "La langue à parler : en ou fr."},
       .choices = {"en", "fr"}},
      {"help", "", {"Explain the verb.", "Expliquer le verbe."}},
      {"version", "", {"Say which version this is.", "Dire de quelle version il s'agit."}},
  };
  return kOptions;
}

}  // namespace chappe::app
