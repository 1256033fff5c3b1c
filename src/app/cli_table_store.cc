// The rows of the verbs that care for what the store holds.
#include "app/cli_rows.h"

namespace chappe::app {
namespace {

const OptionRow kAccount = {"account", "ADDRESS", {"Whose mailboxes.", "De qui sont les boîtes."}};

}  // namespace

std::vector<VerbRow> store_verbs() {
  return {
      {"store import",
       {"Bring letters from files into an account.", "Faire entrer dans un compte des lettres venues de fichiers."},
       {"Reads a Maildir with its folders, mbox files (Thunderbird's too), trees of .eml files, or a zip of any of "
        "these, "
        "with flags, keywords and dates; mailboxes that are missing are made. A letter that is there already (the same "
        "mailbox and octets, the date within two seconds) is not imported again: an import that was interrupted is "
        "simply "
        "repeated. Links are not followed. What is left out is named, with the reason, and the exit code is then 65.",
        "Lit un Maildir et ses dossiers, des fichiers mbox (ceux de Thunderbird aussi), des arborescences de fichiers "
        ".eml "
        "ou un zip de tout cela, avec marques, mots-clés et dates ; les boîtes qui manquent sont créées. Une lettre "
        "déjà "
        "présente (même boîte, mêmes octets, date à deux secondes près) n'est pas importée une seconde fois : un "
        "import "
        "interrompu se répète simplement. Les liens ne sont pas suivis. Ce qui est laissé est nommé, avec la raison, "
        "et le "
        "code de sortie est alors 65."},
       {{"SOURCE"}},
       {kAccount,
        {"into", "MAILBOX", {"Put everything below this mailbox.", "Tout mettre au-dessous de cette boîte."}},
        {.name = "format",
         .argument = "FORMAT",
         .doc = {"What the files are, if it cannot be seen.", "Ce que sont les fichiers, si cela ne se voit pas."},
         .choices = {"maildir", "mbox", "eml", "zip"}},
        kConfig,
        kData},
       {{"chappe store import /home/bob/Maildir --account bob@example.org", {"", ""}},
        {"chappe store import old.mbox --account bob@example.org --into Archive/Old", {"", ""}}}},
      {"store export",
       {"Write the letters of an account into files.", "Écrire les lettres d'un compte dans des fichiers."},
       {"Into a folder, as a Maildir with its folders, mbox files or a tree of .eml files, or into a zip of such a "
        "tree, "
        "with flags, keywords and dates. Into a folder that holds an earlier export, only what is new is added; what "
        "was "
        "interrupted is gone on with. A zip is begun anew. Letters that the format cannot give back octet for octet "
        "are "
        "named; .eml files are always exact.",
        "Dans un dossier, en Maildir avec ses dossiers, en fichiers mbox ou en arborescence de fichiers .eml, ou dans "
        "un "
        "zip d'une telle arborescence, avec marques, mots-clés et dates. Dans un dossier qui contient un export "
        "antérieur, "
        "seul le nouveau s'ajoute ; ce qui fut interrompu se poursuit. Un zip est recommencé. Les lettres que le "
        "format ne "
        "peut rendre à l'octet près sont nommées ; les fichiers .eml sont toujours exacts."},
       {{"DEST"}},
       {kAccount,
        {.name = "format",
         .argument = "FORMAT",
         .doc = {"maildir, mbox, eml or zip.", "maildir, mbox, eml ou zip."},
         .standard = "maildir",
         .choices = {"maildir", "mbox", "eml", "zip"}},
        {"mailbox", "MAILBOX", {"Only this one.", "Seulement celle-ci."}},
        kConfig,
        kData},
       {{"chappe store export /backup/bob --account bob@example.org --format eml", {"", ""}}}},
      {"store undelete",
       {"Bring deleted letters back.", "Récupérer des lettres supprimées."},
       {"Lists what was deleted from the mailboxes of an account and is still kept (limits.deleted_mail); with --yes, "
        "brings "
        "it back into the mailboxes where it was, with flags and dates. A mailbox that was removed comes back with its "
        "letters. ACCOUNT may be one that was removed; then --to says which account gets the letters.",
        "Liste ce qui fut supprimé des boîtes d'un compte et qui est encore conservé (limits.deleted_mail) ; avec "
        "--yes, le "
        "remet dans les boîtes où c'était, avec marques et dates. Une boîte supprimée revient avec ses lettres. "
        "ACCOUNT "
        "peut être un compte fermé ; --to dit alors quel compte reçoit les lettres."},
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
        kData},
       {{"chappe store undelete bob@example.org --since 2h --yes", {"", ""}}}},
      {"store hold add",
       {"Put an account or a domain under legal hold.", "Mettre un compte ou un domaine sous conservation légale."},
       {"Nothing that is deleted there goes for good until the hold is lifted; the account, or the domain, cannot be "
        "removed. "
        "The people concerned see no difference.",
        "Rien de ce qui y est supprimé ne disparaît avant la levée ; le compte ou le domaine ne peut être retiré. Les "
        "personnes concernées ne voient pas de différence."},
       {{"ADDRESS-OR-DOMAIN"}},
       {{"reason", "TEXT", {"For the audit.", "Pour le journal des changements."}}, kConfig, kData},
       {{"chappe store hold add bob@example.org --reason case-17", {"", ""}}}},
      {"store hold list",
       {"List what is under legal hold.", "Lister ce qui est sous conservation légale."},
       {},
       {},
       {kConfig, kData}},
      {"store hold remove",
       {"Lift a legal hold.", "Lever une conservation légale."},
       {"What was deleted longer ago than limits.deleted_mail then goes.",
        "Ce qui fut supprimé depuis plus longtemps que limits.deleted_mail disparaît alors."},
       {{"ADDRESS-OR-DOMAIN"}},
       {kConfig, kData}},
  };
}

}  // namespace chappe::app
