// The verbs of grants.
#include "app/cli_rows.h"

namespace chappe::app {

std::vector<VerbRow> grant_verbs() {
  return {
      {"grant add",
       {"Let an account write as somebody else.", "Permettre à un compte d'écrire en tant qu'un autre."},
       {"An account may write as itself and as the aliases that lead to it; nobody else's address is let through in "
        "From, Sender or MAIL FROM. A grant adds an identity: an address, *@DOMAIN for a whole domain, or * for any "
        "address at all. It may be of another host, but what others make of it then is told by their DMARC. Of an "
        "address of ours, a grant ends with the address.",
        "Un compte peut écrire en tant que lui-même et que les alias qui mènent à lui ; nulle autre adresse n'est "
        "admise dans From, Sender ou MAIL FROM. Une autorisation ajoute une identité : une adresse, *@DOMAINE pour "
        "tout un domaine, ou * pour n'importe quelle adresse. Elle peut être d'une autre machine, mais ce que d'autres "
        "en pensent, leur DMARC le dit. Sur une de nos adresses, une autorisation prend fin avec l'adresse."},
       {{"ACCOUNT"}, {"IDENTITY"}},
       {{"on-behalf",
         "",
         {"Only in From, with the account itself in Sender.", "Seulement dans From, le compte figurant dans Sender."}},
        kConfig,
        kData},
       {{"chappe grant add alice@example.org info@example.org", {"", ""}},
        {"chappe grant add shop@example.org '*@sales.example'", {"an application", "une application"}},
        {"chappe grant add secretary@example.org boss@example.org --on-behalf", {"", ""}}}},
      {"grant list",
       {"List who may write as whom.", "Lister qui peut écrire en tant que qui."},
       {"Of one account, or of all. What an account may do without a grant is not listed.",
        "D'un compte, ou de tous. Ce qu'un compte peut sans autorisation n'est pas listé."},
       {{"ACCOUNT", true}},
       {kConfig, kData}},
      {"grant remove",
       {"No longer let an account write as somebody else.",
        "Ne plus permettre à un compte d'écrire en tant qu'un autre."},
       {"Where the submission server is another process, it may remember the right for five minutes.",
        "Si le serveur de soumission est un autre processus, il peut s'en souvenir cinq minutes."},
       {{"ACCOUNT"}, {"IDENTITY"}},
       {kConfig, kData}},
  };
}

}  // namespace chappe::app
