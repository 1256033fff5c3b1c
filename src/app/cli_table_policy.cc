// The rows of the verbs that lay down what becomes of letters from others.
#include "app/cli_rows.h"

namespace chappe::app {
namespace {

const ArgumentRow kObject = {"OBJECT", true};
const ArgumentRow kKind = {.name = "KIND", .choices = {"sealer", "list", "forwarder", "allow", "block"}};
const OptionRow kFor = {
    "for",
    "OBJECT",
    {"For a domain or an account only, not the site.", "Pour un domaine ou un compte seulement, non le site."}};

}  // namespace

std::vector<VerbRow> policy_verbs() {
  return {
      {"policy show",
       {"Say what becomes of letters that are judged badly.", "Dire ce que deviennent les lettres mal jugées."},
       {"OBJECT is a domain or the address of an account; without it, or with \"site\", the whole site. What nobody "
        "laid "
        "down for it holds as laid down above it: for its domain, for the site, by the configuration.",
        "OBJECT est un domaine ou l'adresse d'un compte ; sans lui, ou avec « site », le site entier. Ce que nul n'a "
        "établi pour lui vaut comme établi plus haut : pour son domaine, pour le site, par la configuration."},
       {kObject},
       {kConfig, kData},
       {{"chappe policy show alice@example.org", {"", ""}}}},
      {"policy set",
       {"Lay down what becomes of letters that are judged badly.", "Établir ce que deviennent les lettres mal jugées."},
       {"For the site, a domain or an account; the most specific rule holds. A letter is refused only if it is for "
        "each "
        "of its recipients; one who would refuse what others take finds it in Junk. What is in quarantine is kept in "
        "the queue: chappe queue list, release, drop.",
        "Pour le site, un domaine ou un compte ; la règle la plus précise vaut. Une lettre n'est refusée que si elle "
        "l'est pour chacun de ses destinataires ; qui refuserait ce que d'autres prennent le trouve dans Junk. Ce qui "
        "est en quarantaine est gardé dans la file : chappe queue list, release, drop."},
       {kObject},
       {{"rejected",
         "ACTION",
         {"For letters that would be rejected: reject, junk, accept or inherit.",
          "Pour les lettres qui seraient rejetées : reject, junk, accept ou inherit."},
         {},
         false,
         {"reject", "junk", "accept", "inherit"}},
        {"suspect",
         "ACTION",
         {"For letters that would be set apart: junk, quarantine, accept or inherit.",
          "Pour les lettres qui seraient mises à l'écart : junk, quarantine, accept ou inherit."},
         {},
         false,
         {"junk", "quarantine", "accept", "inherit"}},
        kConfig,
        kData},
       {{"chappe policy set --suspect quarantine", {"", ""}},
        {"chappe policy set alice@example.org --rejected accept", {"", ""}}}},
      {"policy list", {"List what is laid down.", "Lister ce qui est établi."}, {}, {}, {kConfig, kData}},
      {"know add",
       {"Know somebody of whom letters come.", "Connaître quelqu'un dont viennent des lettres."},
       {"sealer DOMAIN: its ARC seal is believed. list DOMAIN or LIST-ID/DOMAIN: a mailing list, which must be proven "
        "by "
        "SPF or DKIM of the domain. forwarder NETWORK or DOMAIN: passes on letters to us; a domain must be proven. "
        "allow "
        "ADDRESS or DOMAIN: an author, if proven, whom no rule that is less exact turns away. block ADDRESS, DOMAIN or "
        "NETWORK: an author or a sender who is turned away, or put into Junk where nothing is rejected. A domain "
        "stands "
        "for those below it, too; not that of a sealer.",
        "sealer DOMAINE : son sceau ARC est cru. list DOMAINE ou LIST-ID/DOMAINE : une liste de diffusion, que SPF ou "
        "DKIM du domaine doit prouver. forwarder RÉSEAU ou DOMAINE : nous fait suivre des lettres ; un domaine doit "
        "être "
        "prouvé. allow ADRESSE ou DOMAINE : un auteur, s'il est prouvé, que nulle règle moins précise n'éconduit. "
        "block "
        "ADRESSE, DOMAINE ou RÉSEAU : un auteur ou un expéditeur qui est éconduit, ou mis dans Junk où rien n'est "
        "rejeté. Un domaine vaut aussi pour ceux d'en dessous ; non celui d'un sealer."},
       {kKind, {"NAME"}},
       {kFor, kConfig, kData},
       {{"chappe know add list lists.example.net", {"", ""}},
        {"chappe know add forwarder 192.0.2.0/24 --for example.org", {"", ""}},
        {"chappe know add block news@example.net --for alice@example.org", {"", ""}}}},
      {"know list",
       {"List whom we know.", "Lister ceux que nous connaissons."},
       {},
       {{.name = "KIND", .optional = true, .choices = {"sealer", "list", "forwarder", "allow", "block"}}},
       {kFor, kConfig, kData}},
      {"know remove",
       {"Know somebody no longer.", "Ne plus connaître quelqu'un."},
       {},
       {kKind, {"NAME"}},
       {kFor, kConfig, kData}},
  };
}

}  // namespace chappe::app
