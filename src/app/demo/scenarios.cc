#include "app/demo/scenarios.h"

#include <iterator>

namespace chappe::app::demo {
namespace {

void take_mail_for(Plan& plan, std::string_view org, const std::string& domain, const std::string& address) {
  plan.org(org).domains.push_back(domain);
  plan.org(org).aliases[address] = {"prey@lille.example"};
}

// Other SPF terms for a domain of plan_trust.cc.
void strict_again(Plan& plan, std::string_view apex, const std::string& spf) {
  std::string& records = plan.zone(apex).records;
  const std::size_t at = records.find("v=spf1");
  records.replace(at, records.find('"', at) - at, "v=spf1 " + spf);
}

}  // namespace

const std::vector<Scenario>& scenarios() {
  static const std::vector<Scenario> kScenarios = {
      {"dns",
       {"How a name is found: from the root, step by step", "Comment un nom se trouve : depuis la racine, pas à pas"},
       {"root: referral to example; example: referral to nantes.example; nantes.example: MX 10 mx.brest.example; "
        "secure",
        "racine : renvoi à example ; example : renvoi à nantes.example ; nantes.example : MX 10 mx.brest.example ; "
        "prouvé"},
       walk_the_dns,
       [](Plan& plan) { plan.zone("nantes.example").delegated = false; }},
      {"letter",
       {"A letter travels from Paris to Lille, hop by hop", "Une lettre va de Paris à Lille, étape par étape"},
       {"taken with 250; TLSv1.3 between the servers; filed in INBOX; told by IDLE; unchanged",
        "prise avec 250 ; TLSv1.3 entre les serveurs ; classée dans INBOX ; annoncée par IDLE ; inchangée"},
       letter_travels,
       [](Plan& plan) { std::erase(plan.org(kLille).accounts, "bob@lille.example"); }},
      {"split",
       {"An organisation of four processes hands a letter out",
        "Une organisation en quatre processus envoie une lettre"},
       {"msa.lille.example → mta.lille.example → mx.paris.example: INBOX",
        "msa.lille.example → mta.lille.example → mx.paris.example : INBOX"},
       split_site,
       [](Plan& plan) { plan.org(kParis).aliases.erase("friends@paris.example"); }},
      {"idle",
       {"New mail is announced, nobody has to ask", "Le nouveau courrier est annoncé, sans qu'on demande"},
       {"told of 1 letter more while idle", "averti de 1 lettre de plus sans rien demander"},
       told_by_idle,
       [](Plan& plan) { plan.org(kLille).aliases["news@lille.example"] = {"prey@lille.example"}; }},
      {"pop3",
       {"A letter is fetched by POP3, and taken away", "Une lettre est relevée par POP3, puis retirée"},
       {"1 letter; unchanged; 0 letters after DELE and QUIT", "1 lettre ; inchangée ; 0 lettre après DELE et QUIT"},
       read_by_pop3,
       [](Plan& plan) { plan.org(kLille).aliases["post@lille.example"] = {"prey@lille.example"}; }},
      {"large",
       {"A large letter", "Une grosse lettre"},
       {"10 MB; delivered; same SHA-256", "10 Mo ; remise ; même SHA-256"},
       large_letter,
       [](Plan& plan) {
         for (HostPlan& host : plan.org(kLille).hosts) host.more_config += "[limits]\nmessage_size = \"1 MB\"\n";
       }},
      {"eai",
       {"An address with accents", "Une adresse accentuée"},
       {"sent with SMTPUTF8 to xn--fort-ipa.example; delivered; received with UTF8SMTPS; addressed as written",
        "envoyée avec SMTPUTF8 à xn--fort-ipa.example ; remise ; reçue avec UTF8SMTPS ; adressée comme écrit"},
       international_address,
       [](Plan& plan) { plan.org(kBrest).aliases.erase("chloé@forêt.example"); }},
      {"relay",
       {"A stranger wants to send through us: refused", "Un inconnu veut passer par chez nous : refusé"},
       {"RCPT: 550 5.7.1", "RCPT : 550 5.7.1"},
       relay_refused,
       [](Plan& plan) { take_mail_for(plan, kLille, "elsewhere.example", "victim@elsewhere.example"); }},
      {"password",
       {"A wrong password: refused", "Un mauvais mot de passe : refusé"},
       {"AUTH: 535 5.7.8", "AUTH : 535 5.7.8"},
       password_refused,
       [](Plan& plan) { plan.wrong_password = kPassword; }},
      {"impostor",
       {"Somebody of our own writes in another's name: refused", "Quelqu'un de chez nous signe d'un autre : refusé"},
       {"MAIL: 553 5.7.1", "MAIL : 553 5.7.1"},
       impostor_refused,
       [](Plan& plan) { plan.impostor = "carol@paris.example"; }},
      {"smuggling",
       {"A second letter hidden in a first: refused", "Une seconde lettre cachée dans la première : refusée"},
       {"one reply: 550 5.6.0; letters of the smuggler: 0", "une réponse : 550 5.6.0 ; lettres du contrebandier : 0"},
       smuggling_refused,
       [](Plan& plan) { plan.smuggled_end = "\r\n.\r\n"; }},
      {"unknown",
       {"Nobody of that name: the letter comes back", "Personne de ce nom : la lettre revient"},
       {"taken with 250; bounced; notification: failed, 5.1.1, by mx.lille.example",
        "prise avec 250 ; renvoyée ; avis : failed, 5.1.1, par mx.lille.example"},
       unknown_recipient,
       [](Plan& plan) { plan.org(kLille).aliases["nobody@lille.example"] = {"prey@lille.example"}; }},
      {"stray",
       {"A letter that is not for us: refused where it arrives",
        "Une lettre qui n'est pas pour nous : refusée à l'arrivée"},
       {"taken with 250; bounced; notification: failed, 5.7.1, by mx.lille.example",
        "prise avec 250 ; renvoyée ; avis : failed, 5.7.1, par mx.lille.example"},
       not_for_us,
       [](Plan& plan) { take_mail_for(plan, kLille, "stray.example", "anyone@stray.example"); }},
      {"null-mx",
       {"A domain that says it takes no mail", "Un domaine qui dit ne pas recevoir de courrier"},
       {"taken with 250; bounced; notification: failed, 5.1.10, by nobody",
        "prise avec 250 ; renvoyée ; avis : failed, 5.1.10, par personne"},
       null_mx,
       [](Plan& plan) { plan.zone("nomail.example").records = "nomail.example. MX 10 mx.brest.example.\n"; }},
      {"bounce-loop",
       {"A bounce that bounces: it ends there", "Un avis de retour refusé à son tour : il s'arrête là"},
       {"taken with 250; bounced; its notification: 5.1.1, silent; queue: 0",
        "prise avec 250 ; renvoyée ; son avis : 5.1.1, en silence ; file : 0"},
       bounce_loop,
       [](Plan& plan) { plan.org(kParis).aliases["lost@paris.example"] = {"doris@paris.example"}; }},
      {"dnssec",
       {"A zone that was tampered with: not believed", "Une zone falsifiée : on ne la croit pas"},
       {"waiting; deferred 4.4.3; bogus", "en attente ; remise à plus tard 4.4.3 ; falsifié"},
       forged_zone,
       [](Plan& plan) { plan.zone("forged.example").forged = false; }},
      {"bank",
       {"A letter of the bank: it proves to be", "Une lettre de la banque : elle le prouve"},
       {"spf=pass, dkim=pass, dmarc=pass; accept (passes); INBOX, Authentication-Results as in the trail",
        "spf=pass, dkim=pass, dmarc=pass ; accept (passes) ; INBOX, Authentication-Results comme dans la trace"},
       bank_writes,
       [](Plan& plan) { strict_again(plan, "bank.example", "-all"); }},
      {"forged",
       {"The bank, forged by hand: refused", "La banque, contrefaite à la main : refusée"},
       {"550 5.7.1; spf=fail, dkim=none, dmarc=fail; reject (reject-with-evidence)",
        "550 5.7.1 ; spf=fail, dkim=none, dmarc=fail ; reject (reject-with-evidence)"},
       bank_forged,
       [](Plan& plan) { plan.forger = "127.0.0.1"; }},
      {"hole",
       {"SPF passes, for a crook, and through a hole", "SPF est satisfait, pour un escroc, et par un trou"},
       {"his own name: 550 5.7.1; spf=pass, dkim=none, dmarc=fail; reject (reject-with-evidence); through the hole: "
        "250 2.0.0; spf=pass, dkim=none, dmarc=pass; accept (passes); INBOX, Authentication-Results as in the trail; "
        "by include:crowd.example",
        "en son nom : 550 5.7.1 ; spf=pass, dkim=none, dmarc=fail ; reject (reject-with-evidence) ; par le trou : "
        "250 2.0.0 ; spf=pass, dkim=none, dmarc=pass ; accept (passes) ; INBOX, Authentication-Results comme dans la "
        "trace ; grâce à include:crowd.example"},
       hole_in_spf,
       [](Plan& plan) { strict_again(plan, "shop.example", "ip4:127.1.9.50 -all"); }},
      {"altered",
       {"A signed letter, changed on its way: refused", "Une lettre signée, changée en chemin : refusée"},
       {"550 5.7.1; spf=fail, dkim=fail, dmarc=fail; reject (reject-with-evidence); body-differs",
        "550 5.7.1 ; spf=fail, dkim=fail, dmarc=fail ; reject (reject-with-evidence) ; body-differs"},
       letter_altered,
       [](Plan& plan) { plan.altered = false; }},
      {"open-end",
       {"Words added behind a signature with l=: refused", "Une suite ajoutée à une signature avec l= : refusée"},
       {"550 5.7.1; spf=fail, dkim=policy, dmarc=fail; reject (reject-with-evidence); body-partly-signed: 48 octets "
        "unsigned",
        "550 5.7.1 ; spf=fail, dkim=policy, dmarc=fail ; reject (reject-with-evidence) ; body-partly-signed : 48 "
        "octets non signés"},
       signature_leaves_end_open,
       [](Plan& plan) { plan.added.clear(); }},
      {"short-key",
       {"A key that anybody can compute: it does not count", "Une clé que chacun peut calculer : elle ne compte pas"},
       {"550 5.7.1; spf=fail, dkim=policy, dmarc=fail; reject (reject-with-evidence); key-too-short: 512 bits",
        "550 5.7.1 ; spf=fail, dkim=policy, dmarc=fail ; reject (reject-with-evidence) ; key-too-short : 512 bits"},
       key_too_short,
       [](Plan& plan) { plan.signer("savings.example").pem.clear(); }},
      {"forwarded",
       {"A letter sent on by another host: its signature speaks for it",
        "Une lettre renvoyée par un autre serveur : sa signature parle pour elle"},
       {"mx.lille.example → mda.lille.example → mta.lille.example → mx.paris.example; spf=pass, dkim=pass, dmarc=pass; "
        "accept (passes); INBOX, Authentication-Results as in the trail",
        "mx.lille.example → mda.lille.example → mta.lille.example → mx.paris.example ; spf=pass, dkim=pass, dmarc=pass "
        "; "
        "accept (passes) ; INBOX, Authentication-Results comme dans la trace"},
       forwarded,
       [](Plan& plan) { plan.signer("notary.example").published = false; }},
      {"sealed",
       {"A list changes the subject: its seal speaks for the letter",
        "Une liste change le sujet : son sceau parle pour la lettre"},
       {"250 2.0.0; spf=pass, dkim=fail, dmarc=fail; accept (overridden); INBOX, Authentication-Results as in the "
        "trail; arc=pass, sealer-vouches",
        "250 2.0.0 ; spf=pass, dkim=fail, dmarc=fail ; accept (overridden) ; INBOX, Authentication-Results comme dans "
        "la trace ; arc=pass, sealer-vouches"},
       saved_by_seal,
       [](Plan& plan) { plan.trusted_sealers.clear(); }},
      {"spf-limit",
       {"An SPF record that costs too much", "Un enregistrement SPF trop coûteux"},
       {"550 5.7.1; spf=permerror, dkim=none, dmarc=fail; reject (reject-with-evidence); too-many-lookups: "
        "a:h11.many.example",
        "550 5.7.1 ; spf=permerror, dkim=none, dmarc=fail ; reject (reject-with-evidence) ; too-many-lookups : "
        "a:h11.many.example"},
       spf_costs_too_much,
       [](Plan& plan) {
         std::string& records = plan.zone("many.example").records;
         records.erase(records.find("a:h5.many.example "), std::string_view("a:h5.many.example ").size());
       }},
      {"two-authors",
       {"A letter with two authors: refused before DMARC", "Une lettre à deux auteurs : refusée avant DMARC"},
       {"two fields: 550 5.7.1; spf=pass, dkim=none, dmarc=permerror; reject (several-fields); an address for a name: "
        "550 5.7.1; spf=pass, dkim=none, dmarc=permerror; reject (read-differently)",
        "deux champs : 550 5.7.1 ; spf=pass, dkim=none, dmarc=permerror ; reject (several-fields) ; une adresse pour "
        "nom : 550 5.7.1 ; spf=pass, dkim=none, dmarc=permerror ; reject (read-differently)"},
       two_authors,
       [](Plan& plan) { plan.second_from = false; }},
      {"down",
       {"The other side is down: the letter waits, and arrives",
        "L'autre côté est en panne : la lettre attend, puis arrive"},
       {"waiting; deferred 4.4.1; delivered after queue retry",
        "en attente ; remise à plus tard 4.4.1 ; remise après queue retry"},
       destination_down,
       [](Plan& plan) { plan.brest_fails = false; }},
      {"kill",
       {"kill -9 right behind the 250: the letter is there", "kill -9 juste après le 250 : la lettre est là"},
       {"250 before the kill; 1 letter after the restart; unchanged",
        "250 avant le kill ; 1 lettre après le redémarrage ; inchangée"},
       killed_after_250,
       [](Plan& plan) { plan.killed_before_250 = true; }},
  };
  return kScenarios;
}

std::vector<std::string_view> scenario_names() {
  std::vector<std::string_view> out;
  for (const Scenario& scenario : scenarios()) out.push_back(scenario.name);
  return out;
}

}  // namespace chappe::app::demo
