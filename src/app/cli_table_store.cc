// The rows of the verbs that care for what the store holds.
#include "app/cli_rows.h"

namespace chappe::app {
namespace {

const OptionRow kDir = {"dir",
                        "DIR",
                        {"The data folder, instead of the one that the configuration names.",
                         "Le dossier des données, au lieu de celui que nomme la configuration."}};
const OptionRow kAccount = {"account", "ADDRESS", {"Whose mailboxes.", "De qui sont les boîtes."}};

}  // namespace

std::vector<VerbRow> store_verbs() {
  return {
      {"store import",
       {"Bring letters from files into an account.", "Faire entrer dans un compte des lettres venues de fichiers."},
       {"Reads a Maildir with its folders, mbox files (Thunderbird's too), trees of .eml files, or a zip of any of "
        "these, with flags, keywords and dates; mailboxes that are missing are made. A letter that is there "
        "already (the same mailbox and octets, the date within two seconds) is not imported again: an import "
        "that was interrupted is simply repeated. Links are not followed. What is left out is named, with the "
        "reason, and the exit code is then 65.",
        "Lit un Maildir et ses dossiers, des fichiers mbox (ceux de Thunderbird aussi), des arborescences de "
        "fichiers .eml ou un zip de tout cela, avec marques, mots-clés et dates ; les boîtes qui manquent sont "
        "créées. Une lettre déjà présente (même boîte, mêmes octets, date à deux secondes près) n'est pas "
        "importée une seconde fois : un import interrompu se répète simplement. Les liens ne sont pas suivis. Ce "
        "qui est laissé est nommé, avec la raison, et le code de sortie est alors 65."},
       {{"SOURCE"}},
       {kAccount,
        {"into", "MAILBOX", {"Put everything below this mailbox.", "Tout mettre au-dessous de cette boîte."}},
        {.name = "format",
         .argument = "FORMAT",
         .doc = {"What the files are, if it cannot be seen.", "Ce que sont les fichiers, si cela ne se voit pas."},
         .choices = {"maildir", "mbox", "eml", "zip"}},
        kConfig,
        kDir},
       {{"chappe store import /home/bob/Maildir --account bob@example.org", {"", ""}},
        {"chappe store import old.mbox --account bob@example.org --into Archive/Old", {"", ""}}}},
      {"store export",
       {"Write the letters of an account into files.", "Écrire les lettres d'un compte dans des fichiers."},
       {"Into a folder, as a Maildir with its folders, mbox files or a tree of .eml files, or into a zip of such a "
        "tree, with flags, keywords and dates. Into a folder that holds an earlier export, only what is new is "
        "added; what was interrupted is gone on with. A zip is begun anew. Letters that the format cannot give "
        "back octet for octet are named; .eml files are always exact.",
        "Dans un dossier, en Maildir avec ses dossiers, en fichiers mbox ou en arborescence de fichiers .eml, ou "
        "dans un zip d'une telle arborescence, avec marques, mots-clés et dates. Dans un dossier qui contient un "
        "export antérieur, seul le nouveau s'ajoute ; ce qui fut interrompu se poursuit. Un zip est recommencé. "
        "Les lettres que le format ne peut rendre à l'octet près sont nommées ; les fichiers .eml sont toujours "
        "exacts."},
       {{"DEST"}},
       {kAccount,
        {.name = "format",
         .argument = "FORMAT",
         .doc = {"maildir, mbox, eml or zip.", "maildir, mbox, eml ou zip."},
         .standard = "maildir",
         .choices = {"maildir", "mbox", "eml", "zip"}},
        {"mailbox", "MAILBOX", {"Only this one.", "Seulement celle-ci."}},
        kConfig,
        kDir},
       {{"chappe store export /backup/bob --account bob@example.org --format eml", {"", ""}}}},
      {"store undelete",
       {"Bring deleted letters back.", "Récupérer des lettres supprimées."},
       {"Lists what was deleted from the mailboxes of an account and is still kept (limits.deleted_mail); with --yes, "
        "brings it back into the mailboxes where it was, with flags and dates. A mailbox that was removed comes "
        "back with its letters. ACCOUNT may be one that was removed; then --to says which account gets the "
        "letters.",
        "Liste ce qui fut supprimé des boîtes d'un compte et qui est encore conservé (limits.deleted_mail) ; "
        "avec --yes, le remet dans les boîtes où c'était, avec marques et dates. Une boîte supprimée revient "
        "avec ses lettres. ACCOUNT peut être un compte fermé ; --to dit alors quel compte reçoit les lettres."},
       {{"ACCOUNT"}},
       {{"since",
         "TIME",
         {"Deleted from then on: a time span ago (2h, 3d), a day or an RFC 3339 time.",
          "Supprimées depuis : il y a une durée (2h, 3d), un jour ou un instant RFC 3339."}},
        {"mailbox", "MAILBOX", {"Only what was in this one.", "Seulement ce qui était dans celle-ci."}},
        {"into", "MAILBOX", {"Put all of it into this one.", "Tout mettre dans celle-ci."}},
        {"to", "ADDRESS", {"The account that gets it.", "Le compte qui le reçoit."}},
        {"list", "", {"Only list.", "Lister seulement."}},
        {"yes", "", {"Do it.", "Le faire."}},
        kConfig,
        kDir},
       {{"chappe store undelete bob@example.org --since 2h --yes", {"", ""}}}},
      {"store verify",
       {"Compare the store with itself.", "Comparer le magasin à lui-même."},
       {"Reads every row and every letter: whether each letter that a mailbox or the queue names is there, octet for "
        "octet, whether mailboxes and accounts count what they hold, whether summaries and the search index say what "
        "the letters say, whether anything is kept that nobody names. Each fault is told with the account and the "
        "place; the exit code is then 65. The server goes on meanwhile.",
        "Lit chaque entrée et chaque lettre : si chaque lettre que désigne une boîte ou la file est là, à l'octet "
        "près, si boîtes et comptes comptent ce qu'ils contiennent, si les résumés et l'index de recherche disent ce "
        "que disent les lettres, si rien n'est gardé que personne ne désigne. Chaque défaut est dit avec le compte et "
        "l'endroit ; le code de sortie est alors 65. Le serveur continue pendant ce temps."},
       {},
       {{"quick", "", {"Rows only: letters are not read.", "Les entrées seulement : les lettres ne sont pas lues."}},
        {"since",
         "TIME",
         {"Read only letters that came from then on: a time span ago (2h, 3d), a day or an RFC 3339 time.",
          "Lire seulement les lettres venues depuis : il y a une durée (2h, 3d), un jour ou un instant RFC 3339."}},
        {"rate",
         "MB/S",
         {"Read so many megabytes of letters a second at most.",
          "Lire au plus tant de mégaoctets de lettres par seconde."}},
        kConfig,
        kDir},
       {{"chappe store verify --rate 20", {"", ""}}, {"chappe store verify --since 1d", {"", ""}}}},
      {"store reindex",
       {"Make the search index anew.", "Refaire l'index de recherche."},
       {"Of one account, or of all, one after the other: for instance to find the text of attachments that came before "
        "a [[search.extractor]] was configured. Letters are not touched. Meanwhile chappe search finds what is in the "
        "index again already, and IMAP looks into the letters, which takes longer. Without a server, the index is "
        "thrown away, and made anew once one runs.",
        "D'un compte, ou de tous, l'un après l'autre : par exemple pour trouver le texte de pièces jointes "
        "arrivées avant qu'un [[search.extractor]] ne soit configuré. Les lettres ne sont pas touchées. Pendant "
        "ce temps, chappe search trouve ce qui est déjà revenu dans l'index, et IMAP regarde dans les lettres, "
        "ce qui prend plus de temps. Sans serveur, l'index est jeté, et refait dès qu'il en tourne un."},
       {{"ACCOUNT", true}},
       {kConfig, kDir},
       {{"chappe store reindex bob@example.org", {"", ""}}, {"chappe store reindex", {"", ""}}}},
      {"store repair",
       {"Mend what store verify finds.", "Réparer ce que trouve store verify."},
       {"Without --yes, only tells what it finds. With it, damaged letters and rows that cannot be read are taken "
        "away, and kept aside first; counts are made right; all else stays as it is. A store that does not open, "
        "or of which a file is damaged, is made anew from all that can be read of it, and the old files are kept "
        "beside it: that needs the server to be stopped, and room for a second copy of the rows. The exit code "
        "is 65 when faults are left. A letter that was taken away comes back from a backup with store restore.",
        "Sans --yes, dit seulement ce qui se trouve. Avec, les lettres abîmées et les entrées illisibles sont "
        "retirées, et d'abord mises de côté ; les comptes sont refaits ; le reste ne bouge pas. Un magasin qui "
        "ne s'ouvre pas, ou dont un fichier est abîmé, est refait avec tout ce qui se lit, et les anciens "
        "fichiers restent à côté : le serveur doit être arrêté, et il faut la place d'une seconde copie des "
        "entrées. Le code de sortie est 65 s'il reste des défauts. Une lettre retirée revient d'une sauvegarde "
        "par store restore."},
       {},
       {{"yes", "", {"Do it.", "Le faire."}},
        {"aside",
         "DIR",
         {"Where what is taken away goes; a new folder in the data folder when not given.",
          "Où va ce qui est retiré ; par défaut, un nouveau dossier dans celui des données."}},
        kConfig,
        kDir},
       {{"chappe store repair --yes", {"", ""}}}},
      {"store backup",
       {"Copy the store, with what a server needs besides.",
        "Copier le magasin, avec ce qu'il faut d'autre à un serveur."},
       {"While the server goes on: all that was acknowledged when the copy begins is in it. DEST is a folder with any "
        "number of generations; what has not changed since the last one is not copied again. What is written is read "
        "back. The configuration, certificates and keys, and the files that the configuration names are in it, unless "
        "only --dir is named and no server runs. Keep it "
        "where only you can read: it holds everybody's mail. The server itself writes it, so DEST must be writable for "
        "its user.",
        "Pendant que le serveur continue : tout ce qui était confirmé au début de la copie y est. DEST est un "
        "dossier de générations ; ce qui n'a pas changé depuis la dernière n'est pas recopié. Ce qui est écrit "
        "est relu. La configuration, les certificats et leurs clés, les fichiers que nomme la configuration y "
        "sont, sauf avec --dir seul et sans serveur en marche. À garder là où vous seul pouvez lire : c'est le "
        "courrier de tous. Le serveur l'écrit lui-même : son utilisateur doit pouvoir écrire dans DEST."},
       {{"DEST"}},
       {{"keep",
         "N",
         {"Remove older generations, so that N stay.", "Retirer les vieilles générations : il en reste N."}},
        {"list", "", {"List the generations that DEST holds.", "Lister les générations que contient DEST."}},
        kConfig,
        kDir},
       {{"chappe store backup /backup/chappe --keep 14", {"", ""}}}},
      {"store restore",
       {"Bring a backup back: all of it, or letters of an account.",
        "Rétablir une sauvegarde : tout, ou les lettres d'un compte."},
       {"Without --account, all of it into --dir, which must not exist; then `chappe serve --config "
        "DIR/config/chappe.toml` serves it. With --account, letters of that account go into the mailboxes of the "
        "running server that they were in, with flags and dates; what is there already stays as it is and does not "
        "come twice. A letter of the backup that cannot be read is named, and the exit code is then 65.",
        "Sans --account, tout dans --dir, qui ne doit pas exister ; `chappe serve --config DIR/config/chappe.toml` le "
        "sert ensuite. Avec --account, les lettres de ce compte reviennent dans les boîtes du serveur en marche où "
        "elles étaient, avec marques et dates ; ce qui est déjà là reste tel quel et ne vient pas deux fois. Une "
        "lettre illisible de la sauvegarde est nommée, et le code de sortie est alors 65."},
       {{"SOURCE"}},
       {{"generation",
         "NAME",
         {"Which one (store backup --list); the newest when not given.",
          "Laquelle (store backup --list) ; par défaut, la plus récente."}},
        {"account", "ADDRESS", {"Only letters of this account.", "Seulement les lettres de ce compte."}},
        {"mailbox", "MAILBOX", {"Only this mailbox.", "Seulement cette boîte."}},
        {"letter", "ID", {"Only this letter.", "Seulement cette lettre."}},
        {"to",
         "ADDRESS",
         {"The account that gets them, if it is another.", "Le compte qui les reçoit, si c'est un autre."}},
        kConfig,
        {"dir",
         "DIR",
         {"The folder to make; with --account, the data folder of the server, instead of the one that the "
          "configuration names.",
          "Le dossier à créer ; avec --account, le dossier des données du serveur, au lieu de celui que nomme la "
          "configuration."}}},
       {{"chappe store restore /backup/chappe --dir /var/lib/chappe", {"", ""}},
        {"chappe store restore /backup/chappe --account bob@example.org --mailbox Clients", {"", ""}}}},
      {"store hold add",
       {"Put an account or a domain under legal hold.", "Mettre un compte ou un domaine sous conservation légale."},
       {"Nothing that is deleted there goes for good until the hold is lifted; the account, or the domain, cannot be "
        "removed. The people concerned see no difference.",
        "Rien de ce qui y est supprimé ne disparaît avant la levée ; le compte ou le domaine ne peut être retiré. Les "
        "personnes concernées ne voient pas de différence."},
       {{"ADDRESS-OR-DOMAIN"}},
       {{"reason", "TEXT", {"For the audit.", "Pour le journal des changements."}}, kConfig, kDir},
       {{"chappe store hold add bob@example.org --reason case-17", {"", ""}}}},
      {"store hold list",
       {"List what is under legal hold.", "Lister ce qui est sous conservation légale."},
       {},
       {},
       {kConfig, kDir}},
      {"store hold remove",
       {"Lift a legal hold.", "Lever une conservation légale."},
       {"What was deleted longer ago than limits.deleted_mail then goes.",
        "Ce qui fut supprimé depuis plus longtemps que limits.deleted_mail disparaît alors."},
       {{"ADDRESS-OR-DOMAIN"}},
       {kConfig, kDir}},
  };
}

}  // namespace chappe::app
