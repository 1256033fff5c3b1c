// The table of keys.
#include <algorithm>
#include <utility>

#include "app/config.h"
#include "post/mailbox/mailbox.h"

namespace chappe::app {
namespace {

constexpr std::uint64_t kNoMost = UINT64_MAX;
void nothing(Config&) {}

template <std::size_t... I>
void add_budget_keys(std::vector<KeyRow>& keys, std::index_sequence<I...>) {
  (keys.push_back({"budget", budget_parts()[I].name, false, 0, kNoMost, [](Config& c) -> Slot { return &c.budget[I]; },
                   budget_parts()[I].manual, budget_parts()[I].manual_fr}),
   ...);
}

std::vector<KeyRow> make_keys() {
  std::vector<KeyRow> keys = {
      {"server", "hostname", true, 0, 0, [](Config& c) -> Slot { return &c.server.hostname; },
       "The full name of this host, as it greets others and stands in Received. It should be the name that its "
       "address has in the reverse DNS.",
       "Le nom complet de cette machine, tel qu'elle se présente aux autres et qu'il figure dans Received. Il "
       "devrait être le nom que son adresse porte dans le DNS inverse."},
      {"server", "data_dir", true, 0, 0, [](Config& c) -> Slot { return &c.server.data_dir; },
       "The folder of the store: letters, mailboxes, queue, directory. One process at a time owns it.",
       "Le dossier du magasin : lettres, boîtes, file d'attente, annuaire. Un seul processus à la fois le possède."},
      {"server", "user", false, 0, 0, [](Config& c) -> Slot { return &c.server.user; },
       "The user to become once the ports are bound. Needed when started as root: Chappe refuses to stay root.",
       "L'utilisateur à devenir une fois les ports ouverts. Nécessaire au démarrage en root : Chappe refuse de le "
       "rester."},
      {"server", "shards", false, 0, 1024, [](Config& c) -> Slot { return &c.server.shards; },
       "Threads that serve connections. 0: one for each core.",
       "Fils d'exécution qui servent les connexions. 0 : un par cœur."},
      {"server", "offload_threads", false, 1, 1024, [](Config& c) -> Slot { return &c.server.offload_threads; },
       "Threads for work that takes long, such as checking passwords.",
       "Fils d'exécution pour les travaux longs, comme la vérification des mots de passe."},
      {"server", "relay", false, 0, 0, [](Config& c) -> Slot { return &c.server.relay; },
       "Give every letter for other hosts to this one, as host:port, instead of looking for its way in the DNS.",
       "Confier toute lettre destinée à d'autres machines à celle-ci (hôte:port), au lieu de chercher sa route dans "
       "le DNS."},
      {"server", "postmaster", false, 0, 0, [](Config& c) -> Slot { return &c.server.postmaster; },
       "The account that gets the letters to postmaster of every domain where nobody else has that address.",
       "Le compte qui reçoit les lettres adressées à postmaster dans tout domaine où personne d'autre n'a cette "
       "adresse."},

      {"server", "roles", false, 0, 0, [](Config& c) -> Slot { return &c.server.roles; },
       "What this process plays of the site: mx (takes letters from the world), msa (takes those of its own people), "
       "mta "
       "(carries letters to others), mda (keeps mailboxes and accounts). A larger site has a process, or a host, for "
       "each.",
       "Ce que ce processus joue pour le site : mx (reçoit les lettres du monde), msa (reçoit celles des siens), mta "
       "(porte les lettres aux autres), mda (tient les boîtes et les comptes). Un grand site a un processus, ou une "
       "machine, pour chacun."},
      {"server", "mda", false, 0, 0, [](Config& c) -> Slot { return &c.server.mda; },
       "Where the mda of the site speaks LMTP, as host:port, when this process is not it: it is asked who has a "
       "mailbox "
       "and who may log in, and gets the letters.",
       "Où le mda du site parle LMTP (hôte:port), quand ce n'est pas ce processus : on lui demande qui a une boîte et "
       "qui peut s'identifier, et on lui remet les lettres."},
      {"server", "mda_ca", false, 0, 0, [](Config& c) -> Slot { return &c.server.mda_ca; },
       "Speak to the mda only if it shows a certificate for its name that was signed by one of these (PEM). Without "
       "it, "
       "its connections are encrypted, but whoever answers there is believed.",
       "Ne parler au mda que s'il présente pour son nom un certificat signé par l'un de ceux-ci (PEM). À défaut, ses "
       "connexions sont chiffrées, mais on croit qui répond."},
      {"server", "networks", false, 0, 0, [](Config& c) -> Slot { return &c.server.networks; },
       "Where the hosts of the site are: only they may speak to listeners of the roles lmtp and relay.",
       "Où sont les machines du site : elles seules peuvent parler aux écoutes des rôles lmtp et relay."},

      {"listen", "role", true, 0, 0, [](Config& c) -> Slot { return &c.listen.back().role; },
       "What is spoken there: mx, submission, submissions, imap, imaps, pop3 or pop3s; between the hosts of a site, "
       "lmtp (at the mda) and relay (at the mta).",
       "Ce qu'on y parle : mx, submission, submissions, imap, imaps, pop3 ou pop3s ; entre machines d'un site, lmtp "
       "(chez le mda) et relay (chez le mta)."},
      {"listen", "address", false, 0, 0, [](Config& c) -> Slot { return &c.listen.back().address; },
       "The IP address to listen on. \"::\" is every address, IPv4 included.",
       "L'adresse IP d'écoute. « :: » signifie toutes les adresses, IPv4 comprise."},
      {"listen", "port", false, 0, 65535, [](Config& c) -> Slot { return &c.listen.back().port; },
       "The port. When it is not set, the usual one of the role: 25, 587, 465, 143, 993, 110, 995, 24, 25. 0: any free "
       "one.",
       "Le port. À défaut, le port usuel du rôle : 25, 587, 465, 143, 993, 110, 995, 24, 25. 0 : n'importe quel port "
       "libre."},

      {"tls", "cert", false, 0, 0, [](Config& c) -> Slot { return &c.tls.cert; },
       "The certificate and its chain (PEM). Needed by every role but mx, lmtp and relay.",
       "Le certificat et sa chaîne (PEM). Nécessaire à tous les rôles sauf mx, lmtp et relay."},
      {"tls", "key", false, 0, 0, [](Config& c) -> Slot { return &c.tls.key; }, "The certificate's private key (PEM).",
       "La clé privée du certificat (PEM)."},
      {"tls.name", "name", true, 0, 0, [](Config& c) -> Slot { return &c.tls.names.back().name; },
       "The name that a client asks for (SNI).", "Le nom que demande le client (SNI)."},
      {"tls.name", "cert", true, 0, 0, [](Config& c) -> Slot { return &c.tls.names.back().cert; },
       "The certificate for that name (PEM).", "Le certificat pour ce nom (PEM)."},
      {"tls.name", "key", true, 0, 0, [](Config& c) -> Slot { return &c.tls.names.back().key; },
       "The private key of that certificate (PEM).", "La clé privée de ce certificat (PEM)."},

      {"dns", "root_hints", false, 0, 0, [](Config& c) -> Slot { return &c.dns.root_hints; },
       "The name servers of the root, as a file. Without it, those of the Internet.",
       "Les serveurs de noms de la racine, en fichier. À défaut, ceux d'Internet."},
      {"dns", "trust_anchor", false, 0, 0, [](Config& c) -> Slot { return &c.dns.trust_anchor; },
       "The key that DNSSEC validation starts from, as a file of DS or DNSKEY records. Without it, the one of Debian's "
       "package dns-root-data; without that, nothing is validated.",
       "La clé d'où part la validation DNSSEC, en fichier d'enregistrements DS ou DNSKEY. À défaut, celle du paquet "
       "Debian dns-root-data ; à défaut encore, rien n'est validé."},
      {"dns", "forward", false, 0, 0, [](Config& c) -> Slot { return &c.dns.forward; },
       "Ask this resolver, an IP address and a port, instead of the root.",
       "Interroger ce résolveur, une adresse IP et un port, au lieu de la racine."},
      {"dns", "loopback_exchangers", false, 0, 0, [](Config& c) -> Slot { return &c.dns.loopback_exchangers; },
       "Whether the mail servers of other domains may be at loopback addresses. Only for a town of tests on one host: "
       "otherwise a domain that names 127.0.0.1 as its mail server would send letters round in circles.",
       "Si les serveurs de courrier d'autres domaines peuvent avoir des adresses de bouclage. Seulement pour une ville "
       "d'essai sur une seule machine : sinon, un domaine qui nomme 127.0.0.1 ferait tourner les lettres en rond."},
      {"dns.stub", "zone", true, 0, 0, [](Config& c) -> Slot { return &c.dns.stubs.back().zone; },
       "The name at and below which that server is asked; \".\" is the root.",
       "Le nom à partir duquel, et au-dessous, ce serveur est interrogé ; « . » est la racine."},
      {"dns.stub", "server", true, 0, 0, [](Config& c) -> Slot { return &c.dns.stubs.back().server; },
       "An authoritative name server, as an IP address and a port. Its answers are validated like all others.",
       "Un serveur de noms faisant autorité, adresse IP et port. Ses réponses sont validées comme toutes les autres."},

      {"mx", "judge", false, 0, 0, [](Config& c) -> Slot { return &c.mx.judge; },
       "Whether letters of other hosts are judged before they are taken: SPF, DKIM, DMARC. What was found is written "
       "above them (Authentication-Results) and into their trail.",
       "Si les lettres d'autres machines sont jugées avant d'être prises : SPF, DKIM, DMARC. Ce qui est trouvé est "
       "écrit "
       "au-dessus d'elles (Authentication-Results) et dans leur trace."},
      {"mx", "reject", false, 0, 0, [](Config& c) -> Slot { return &c.mx.reject; },
       "Whether letters are rejected that do not prove to be from their author's domain, if it wants that and more "
       "speaks "
       "against them, or that have no clear author. If not, they go into Junk.",
       "Si sont rejetées les lettres qui ne prouvent pas venir du domaine de leur auteur, quand il le veut et que plus "
       "parle contre elles, ou qui n'ont pas d'auteur clair. Sinon, elles vont dans Junk."},

      {"mx", "trusted_sealers", false, 0, 0, [](Config& c) -> Slot { return &c.mx.trusted_sealers; },
       "Lists and forwarders whose word counts, by the domains with which they seal (ARC): a letter that they changed "
       "on its way is taken as they say that it came to them.",
       "Listes et services de renvoi dont la parole compte, par les domaines de leurs sceaux (ARC) : une lettre qu'ils "
       "ont changée en route est prise comme ils disent qu'elle leur est venue."},
      {"mx.dns_list", "zone", true, 0, 0, [](Config& c) -> Slot { return &c.mx.dns_lists.back().zone; },
       "Its zone. Where that holds a key of yours, give the list a name: the zone is never shown then.",
       "Sa zone. Si elle contient une clef qui vous est propre, donnez un nom à la liste : la zone n'est alors jamais "
       "montrée."},
      {"mx.dns_list", "name", false, 0, 0, [](Config& c) -> Slot { return &c.mx.dns_lists.back().name; },
       "What it is called in replies, above letters, in the log and the metrics. When it is not set: the zone.",
       "Comment elle s'appelle dans les réponses, au-dessus des lettres, dans le journal et les mesures. À défaut : la "
       "zone."},
      {"mx.dns_list", "kind", false, 0, 0, [](Config& c) -> Slot { return &c.mx.dns_lists.back().kind; },
       "block: those whom it holds send what nobody wants. allow: they do not, whatever a block list says of the same "
       "address; of a domain only if the letter proves to be from it.",
       "block : ceux qu'elle contient envoient ce dont personne ne veut. allow : ils n'en envoient pas, quoi que dise "
       "une "
       "liste de blocage de la même adresse ; d'un domaine, seulement si la lettre prouve en venir."},
      {"mx.dns_list", "codes", false, 0, 0, [](Config& c) -> Slot { return &c.mx.dns_lists.back().codes; },
       "Which of its answers count, as addresses or networks in 127.0.0.0/8. When they are not set: all but those that "
       "are errors.",
       "Lesquelles de ses réponses comptent, en adresses ou réseaux de 127.0.0.0/8. À défaut : toutes, hormis celles "
       "qui "
       "sont des erreurs."},
      {"mx.dns_list", "domains", false, 0, 0, [](Config& c) -> Slot { return &c.mx.dns_lists.back().domains; },
       "Whether it holds domains instead of addresses: it is asked about those of the author, of MAIL FROM and of "
       "HELO.",
       "Si elle contient des domaines au lieu d'adresses : on l'interroge sur ceux de l'auteur, de MAIL FROM et de "
       "HELO."},
      {"mx.dns_list", "action", false, 0, 0, [](Config& c) -> Slot { return &c.mx.dns_lists.back().action; },
       "What a block list brings upon a letter by itself. reject: it is refused, with the words of the list. junk: it "
       "goes into Junk. note: nothing; as with the others, it is evidence against a letter that fails DMARC.",
       "Ce qu'une liste de blocage attire à elle seule sur une lettre. reject : elle est refusée, avec les mots de la "
       "liste. junk : elle va dans Junk. note : rien ; comme pour les autres, c'est un indice contre une lettre qui ne "
       "satisfait pas à DMARC."},

      {"mta", "port", false, 1, 65535, [](Config& c) -> Slot { return &c.mta.port; },
       "The port on which the servers of other domains are reached. Something else than 25 is for laboratories.",
       "Le port où joindre les serveurs des autres domaines. Autre chose que 25 est bon pour les laboratoires."},

      {"search.extractor", "types", true, 0, 0, [](Config& c) -> Slot { return &c.search.extractors.back().types; },
       "Which attachments: media types, as in application/pdf or application/*, and endings of file names, as in .pdf, "
       "for those that are sent as application/octet-stream. The first block that fits is the one that counts.",
       "Quelles pièces jointes : types de média, comme application/pdf ou application/*, et fins de noms de fichier, "
       "comme .pdf, pour celles envoyées comme application/octet-stream. Le premier bloc qui convient compte."},
      {"search.extractor", "command", true, 0, 0, [](Config& c) -> Slot { return &c.search.extractors.back().command; },
       "The program, by its absolute path, and its arguments. It reads the attachment on standard input and writes "
       "text in UTF-8 on standard output; it has no files to write, an environment of PATH and LANG, and ends with "
       "status 0. One runs at a time. Letters that are in the index already: chappe store reindex.",
       "Le programme, par son chemin absolu, et ses arguments. Il lit la pièce jointe sur l'entrée standard et écrit "
       "du texte en UTF-8 sur la sortie standard ; il n'a pas de fichier où écrire, un environnement de PATH et LANG, "
       "et finit avec le statut 0. Il n'en tourne qu'un à la fois. Pour les lettres déjà dans l'index : "
       "chappe store reindex."},
      {"search.extractor", "time", false, 1, 0, [](Config& c) -> Slot { return &c.search.extractors.back().time; },
       "How long it may take before it is killed, with all that it has started.",
       "Combien de temps il peut prendre avant d'être tué, avec tout ce qu'il a lancé."},
      {"search.extractor", "input", false, 1, 0, [](Config& c) -> Slot { return &c.search.extractors.back().input; },
       "Attachments that are larger are not given to it.", "Les pièces jointes plus grandes ne lui sont pas confiées."},
      {"search.extractor", "output", false, 1, 0, [](Config& c) -> Slot { return &c.search.extractors.back().output; },
       "So much of its text is taken, and no more.", "On prend tant de son texte, et pas davantage."},
      {"search.extractor", "memory", false, 16ull << 20, 0,
       [](Config& c) -> Slot { return &c.search.extractors.back().memory; },
       "Its address space. Some runtimes (Java, Go, Haskell) reserve far more than they use.",
       "Son espace d'adressage. Certains environnements (Java, Go, Haskell) réservent bien plus qu'ils n'utilisent."},

      {"log", "format", false, 0, 0, [](Config& c) -> Slot { return &c.log.format; }, "logfmt or json.",
       "logfmt ou json."},
      {"log", "level", false, 0, 0, [](Config& c) -> Slot { return &c.log.level; },
       "The least that is written: debug, info, warning or error.",
       "Le minimum qui est écrit : debug, info, warning ou error."},
      {"log", "file", false, 0, 0, [](Config& c) -> Slot { return &c.log.file; },
       "The file to write to; SIGHUP opens it anew. When it is not set: standard error.",
       "Le fichier où écrire ; SIGHUP le rouvre. À défaut : la sortie d'erreur."},

      {"limits", "connections", false, 1, kNoMost, [](Config& c) -> Slot { return &c.limits.connections; },
       "Connections at a time, all roles together.", "Connexions simultanées, tous rôles confondus."},
      {"limits", "connections_per_network", false, 1, kNoMost,
       [](Config& c) -> Slot { return &c.limits.connections_per_network; },
       "Connections at a time from one network: an IPv4 address, or an IPv6 /64.",
       "Connexions simultanées d'un même réseau : une adresse IPv4, ou un /64 IPv6."},
      {"limits", "tls_handshakes_per_network", false, 1, kNoMost,
       [](Config& c) -> Slot { return &c.limits.tls_handshakes_per_network; },
       "TLS handshakes a second from one network, on each shard, after a first burst of 100; beyond, they wait.",
       "Négociations TLS par seconde d'un même réseau, sur chaque fil, après une première salve de 100 ; au-delà, "
       "elles "
       "attendent."},
      {"limits", "message_size", false, 65536, kNoMost, [](Config& c) -> Slot { return &c.limits.message_size; },
       "The largest letter taken, as announced by SIZE.",
       "La plus grosse lettre acceptée, telle qu'annoncée par SIZE."},
      {"limits", "recipients", false, 100, 100'000, [](Config& c) -> Slot { return &c.limits.recipients; },
       "Recipients of one letter. RFC 5321 asks for at least 100.",
       "Destinataires d'une même lettre. La RFC 5321 en demande au moins 100."},
      {"limits", "bad_commands", false, 1, 10'000, [](Config& c) -> Slot { return &c.limits.bad_commands; },
       "Commands that make no sense, after which a connection is closed.",
       "Nombre de commandes dénuées de sens après lequel une connexion est fermée."},
      {"limits", "tls_handshake_timeout", false, 1, 0,
       [](Config& c) -> Slot { return &c.limits.tls_handshake_timeout; }, "For a TLS handshake to end.",
       "Pour achever une négociation TLS."},
      {"limits", "login_timeout", false, 1, 0, [](Config& c) -> Slot { return &c.limits.login_timeout; },
       "For a client to log in.", "Pour qu'un client s'identifie."},
      {"limits", "judging_timeout", false, 1, 0, [](Config& c) -> Slot { return &c.limits.judging_timeout; },
       "For the DNS to say who sent a letter. What it has not said by then is judged as kept back: the letter is asked "
       "for again later if that could change what becomes of it.",
       "Pour que le DNS dise qui a envoyé une lettre. Ce qu'il n'a pas dit alors compte comme retenu : la lettre est "
       "redemandée plus tard si son sort pouvait en changer."},
      {"limits", "smtp_timeout", false, 1, 0, [](Config& c) -> Slot { return &c.limits.smtp_timeout; },
       "For the next command or the next data of SMTP. RFC 5321 asks for at least 5 minutes.",
       "Pour la commande ou les données SMTP suivantes. La RFC 5321 demande au moins 5 minutes."},
      {"limits", "imap_timeout", false, 1, 0, [](Config& c) -> Slot { return &c.limits.imap_timeout; },
       "For the next command of IMAP. RFC 9051 asks for at least 30 minutes.",
       "Pour la commande IMAP suivante. La RFC 9051 demande au moins 30 minutes."},
      {"limits", "pop3_timeout", false, 1, 0, [](Config& c) -> Slot { return &c.limits.pop3_timeout; },
       "For the next command of POP3. RFC 1939 asks for at least 10 minutes.",
       "Pour la commande POP3 suivante. La RFC 1939 demande au moins 10 minutes."},
      {"limits", "shutdown_grace", false, 1, 0, [](Config& c) -> Slot { return &c.limits.shutdown_grace; },
       "For open connections to come to an end when the server stops.",
       "Pour que les connexions ouvertes se terminent à l'arrêt du serveur."},
      {"limits", "free_space", false, 64 * 1024 * 1024, kNoMost, [](Config& c) -> Slot { return &c.limits.free_space; },
       "With less free space on the disk of the data folder, mail is refused for a while; what makes space goes on.",
       "Avec moins d'espace libre sur le disque des données, le courrier est refusé pour l'instant ; ce qui libère de "
       "l'espace continue."},
      {"limits", "history_changes", false, 1000, kNoMost, [](Config& c) -> Slot { return &c.limits.history_changes; },
       "How many changes of an account are remembered, for mail programs that come back and ask what is new.",
       "Combien de changements d'un compte sont retenus, pour les logiciels qui reviennent et demandent les "
       "nouveautés."},
      {"limits", "history_age", false, 1, 0, [](Config& c) -> Slot { return &c.limits.history_age; },
       "How long they are remembered. Who comes back later compares everything anew.",
       "Combien de temps ils sont retenus. Qui revient plus tard compare tout à nouveau."},
      {"limits", "deleted_mail", false, 0, 0, [](Config& c) -> Slot { return &c.limits.deleted_mail; },
       "How long deleted letters can be brought back (chappe store undelete). 0s: they go at once, unless they are "
       "under "
       "legal hold.",
       "Combien de temps les lettres supprimées peuvent être récupérées (chappe store undelete). 0s : elles partent "
       "aussitôt, sauf conservation légale."},
      {"limits", "peer_connect_timeout", false, 1, 0, [](Config& c) -> Slot { return &c.limits.peer_connect_timeout; },
       "For a connection to another mail server to be made.",
       "Pour établir une connexion avec un autre serveur de courrier."},
      {"limits", "peer_reply_timeout", false, 1, 0, [](Config& c) -> Slot { return &c.limits.peer_reply_timeout; },
       "For another mail server's greeting and each of its replies. RFC 5321 asks for 5 minutes.",
       "Pour l'accueil d'un autre serveur de courrier et chacune de ses réponses. La RFC 5321 demande 5 minutes."},
      {"limits", "peer_data_timeout", false, 1, 0, [](Config& c) -> Slot { return &c.limits.peer_data_timeout; },
       "For another mail server to take a piece of a letter (256 KiB).",
       "Pour qu'un autre serveur de courrier prenne un morceau d'une lettre (256 Kio)."},
      {"limits", "peer_final_timeout", false, 1, 0, [](Config& c) -> Slot { return &c.limits.peer_final_timeout; },
       "For its reply to a whole letter. RFC 5321 asks for 10 minutes: given up too early, the letter comes twice.",
       "Pour sa réponse à une lettre entière. La RFC 5321 demande 10 minutes : abandonnée trop tôt, la lettre arrive "
       "deux fois."},
      {"limits", "outbound_connections", false, 1, 100'000,
       [](Config& c) -> Slot { return &c.limits.outbound_connections; },
       "Connections to other mail servers at a time, of each shard.",
       "Connexions simultanées vers d'autres serveurs de courrier, de chaque fil."},
      {"limits", "destination_connections", false, 1, 1000,
       [](Config& c) -> Slot { return &c.limits.destination_connections; },
       "Connections at a time to the mail servers of one domain.",
       "Connexions simultanées vers les serveurs de courrier d'un même domaine."},
      {"limits", "destination_pause", false, 1, 0, [](Config& c) -> Slot { return &c.limits.destination_pause; },
       "How long a domain is left alone after none of its mail servers could be spoken to; twice as long each time, up "
       "to ten minutes.",
       "Combien de temps un domaine est laissé en paix quand aucun de ses serveurs de courrier n'a pu être joint ; le "
       "double chaque fois, jusqu'à dix minutes."},
      {"limits", "trail_age", false, 1, 0, [](Config& c) -> Slot { return &c.limits.trail_age; },
       "How long it is known what became of a letter (chappe trail).",
       "Combien de temps on sait ce qu'est devenue une lettre (chappe trail)."},
  };
  add_budget_keys(keys, std::make_index_sequence<kParts>());
  return keys;
}

}  // namespace

std::array<Size, kParts> Config::standard_budget() {
  std::array<Size, kParts> sizes{};
  for (std::size_t i = 0; i < kParts; ++i) sizes[i].bytes = budget_parts()[i].standard;
  return sizes;
}

std::vector<net::Network> Config::loopback_networks() {
  return {net::Network::parse("127.0.0.0/8").value(), net::Network::parse("::1").value()};
}

post::HistoryLimits Config::history() const {
  return {.changes = limits.history_changes, .age = limits.history_age, .deleted = limits.deleted_mail};
}

bool Config::Server::plays(Actor actor) const { return std::ranges::find(roles, actor) != roles.end(); }

Budget::Limits Config::budget_limits() const {
  Budget::Limits out{};
  for (std::size_t i = 0; i < kParts; ++i) out[i] = budget[i].bytes;
  return out;
}

const std::vector<SectionRow>& config_sections() {
  static const std::vector<SectionRow> kSections = {
      {"server", false, nothing, "The host.", "La machine."},
      {"listen", true, [](Config& c) { c.listen.emplace_back(); },
       "One block for each address that is served, one at least.", "Un bloc par adresse servie, un au moins."},
      {"tls", false, nothing, "The certificate that is shown unless a client asks for a name below.",
       "Le certificat présenté, à moins que le client ne demande un des noms ci-dessous."},
      {"tls.name", true, [](Config& c) { c.tls.names.emplace_back(); }, "Certificates for further names.",
       "Certificats pour d'autres noms."},
      {"dns", false, nothing, "How names are looked up.", "Comment les noms sont cherchés."},
      {"dns.stub", true, [](Config& c) { c.dns.stubs.emplace_back(); },
       "Zones whose name server is named here instead of found from the root.",
       "Zones dont le serveur de noms est nommé ici au lieu d'être trouvé depuis la racine."},
      {"mx", false, nothing, "How letters of other hosts are looked at.",
       "Comment les lettres d'autres machines sont examinées."},
      {"mx.dns_list", true, [](Config& c) { c.mx.dns_lists.emplace_back(); },
       "Lists in the DNS of those who send what nobody wants, or who do not. Each is asked for every letter of another "
       "host; what it answers when it does not serve you is counted and logged, and does nothing.",
       "Listes du DNS de ceux qui envoient ce dont personne ne veut, ou de ceux qui n'en envoient pas. Chacune est "
       "interrogée pour toute lettre d'une autre machine ; ce qu'elle répond quand elle ne vous sert pas est compté et "
       "journalisé, et n'a pas d'effet."},
      {"mta", false, nothing, "How letters leave.", "Comment les lettres partent."},
      {"search", false, nothing, "What searches find.", "Ce que trouvent les recherches."},
      {"search.extractor", true, [](Config& c) { c.search.extractors.emplace_back(); },
       "Programs that find the text of attachments, so that chappe search finds their words.",
       "Programmes qui trouvent le texte des pièces jointes, pour que chappe search en trouve les mots."},
      {"log", false, nothing, "The log: one event, one line.", "Le journal : un événement, une ligne."},
      {"limits", false, nothing,
       "What the outside may ask for. Durations are written 30s, 5m, 1h30m; sizes 50 MB, 64 MiB.",
       "Ce que l'extérieur peut demander. Les durées s'écrivent 30s, 5m, 1h30m ; les tailles 50 MB, 64 MiB."},
      {"budget", false, nothing, "The memory of the process, divided. Over its part, a connection waits.",
       "La mémoire du processus, répartie. Au-delà de sa part, une connexion attend."},
  };
  return kSections;
}

const std::vector<KeyRow>& config_keys() {
  static const std::vector<KeyRow> kKeys = make_keys();
  return kKeys;
}

}  // namespace chappe::app
