#include "app/demo/scenarios.h"

#include <iterator>

namespace chappe::app::demo {
namespace {

void take_mail_for(Plan& plan, std::string_view org, const std::string& domain, const std::string& address) {
  plan.org(org).domains.push_back(domain);
  plan.org(org).aliases[address] = {"prey@lille.example"};
}

}  // namespace

const std::vector<Scenario>& scenarios() {
  static const std::vector<Scenario> kScenarios = {
      {"dns",
       {"How a name is found: from the root, step by step", "Comment un nom se trouve : depuis la racine, pas à pas"},
       "root: referral to example; example: referral to nantes.example; nantes.example: MX 10 mx.brest.example; secure",
       walk_the_dns,
       [](Plan& plan) { plan.zone("nantes.example").delegated = false; }},
      {"letter",
       {"A letter travels from Paris to Lille, hop by hop", "Une lettre va de Paris à Lille, étape par étape"},
       "taken with 250; TLSv1.3 between the servers; filed in INBOX; told by IDLE; unchanged",
       letter_travels,
       [](Plan& plan) { std::erase(plan.org(kLille).accounts, "bob@lille.example"); }},
      {"split",
       {"An organisation of four processes hands a letter out",
        "Une organisation en quatre processus envoie une lettre"},
       "msa.lille.example → mta.lille.example → mx.paris.example: INBOX",
       split_site,
       [](Plan& plan) { plan.org(kParis).aliases.erase("friends@paris.example"); }},
      {"idle",
       {"New mail is announced, nobody has to ask", "Le nouveau courrier est annoncé, sans qu'on demande"},
       "told of 1 letter more while idle",
       told_by_idle,
       [](Plan& plan) { plan.org(kLille).aliases["news@lille.example"] = {"prey@lille.example"}; }},
      {"pop3",
       {"A letter is fetched by POP3, and taken away", "Une lettre est relevée par POP3, puis retirée"},
       "1 letter; unchanged; 0 letters after DELE and QUIT",
       read_by_pop3,
       [](Plan& plan) { plan.org(kLille).aliases["post@lille.example"] = {"prey@lille.example"}; }},
      {"large",
       {"A large letter", "Une grosse lettre"},
       "10 MB delivered; same SHA-256",
       large_letter,
       [](Plan& plan) {
         for (HostPlan& host : plan.org(kLille).hosts) host.more_config += "[limits]\nmessage_size = \"1 MB\"\n";
       }},
      {"eai",
       {"An address with accents", "Une adresse accentuée"},
       "sent with SMTPUTF8 to xn--fort-ipa.example; delivered; received with UTF8SMTPS; addressed as written",
       international_address,
       [](Plan& plan) { plan.org(kBrest).aliases.erase("chloé@forêt.example"); }},
      {"relay",
       {"A stranger wants to send through us: refused", "Un inconnu veut passer par chez nous : refusé"},
       "RCPT: 550 5.7.1",
       relay_refused,
       [](Plan& plan) { take_mail_for(plan, kLille, "elsewhere.example", "victim@elsewhere.example"); }},
      {"password",
       {"A wrong password: refused", "Un mauvais mot de passe : refusé"},
       "AUTH: 535 5.7.8",
       password_refused,
       [](Plan& plan) { plan.wrong_password = kPassword; }},
      {"impostor",
       {"Somebody of our own writes in another's name: refused", "Quelqu'un de chez nous signe d'un autre : refusé"},
       "MAIL: 553 5.7.1",
       impostor_refused,
       [](Plan& plan) { plan.impostor = "carol@paris.example"; }},
      {"smuggling",
       {"A second letter hidden in a first: refused", "Une seconde lettre cachée dans la première : refusée"},
       "one reply: 550 5.6.0; letters of the smuggler: 0",
       smuggling_refused,
       [](Plan& plan) { plan.smuggled_end = "\r\n.\r\n"; }},
      {"unknown",
       {"Nobody of that name: the letter comes back", "Personne de ce nom : la lettre revient"},
       "taken with 250; bounced; notification: failed, 5.1.1, by mx.lille.example",
       unknown_recipient,
       [](Plan& plan) { plan.org(kLille).aliases["nobody@lille.example"] = {"prey@lille.example"}; }},
      {"stray",
       {"A letter that is not for us: refused where it arrives",
        "Une lettre qui n'est pas pour nous : refusée à l'arrivée"},
       "taken with 250; bounced; notification: failed, 5.7.1, by mx.lille.example",
       not_for_us,
       [](Plan& plan) { take_mail_for(plan, kLille, "stray.example", "anyone@stray.example"); }},
      {"null-mx",
       {"A domain that says it takes no mail", "Un domaine qui dit ne pas recevoir de courrier"},
       "taken with 250; bounced; notification: failed, 5.1.10, by nobody",
       null_mx,
       [](Plan& plan) { plan.zone("nomail.example").records = "nomail.example. MX 10 mx.brest.example.\n"; }},
      {"bounce-loop",
       {"A bounce that bounces: it ends there", "Un avis de retour refusé à son tour : il s'arrête là"},
       "taken with 250; bounced; its notification: 5.1.1, silent; queue: 0",
       bounce_loop,
       [](Plan& plan) { plan.org(kParis).aliases["lost@paris.example"] = {"doris@paris.example"}; }},
      {"dnssec",
       {"A zone that was tampered with: not believed", "Une zone falsifiée : on ne la croit pas"},
       "waiting; deferred 4.4.3; bogus",
       forged_zone,
       [](Plan& plan) { plan.zone("forged.example").forged = false; }},
      {"down",
       {"The other side is down: the letter waits, and arrives",
        "L'autre côté est en panne : la lettre attend, puis arrive"},
       "waiting; deferred 4.4.1; delivered after queue retry",
       destination_down,
       [](Plan& plan) { plan.brest_fails = false; }},
      {"kill",
       {"kill -9 right behind the 250: the letter is there", "kill -9 juste après le 250 : la lettre est là"},
       "250 before the kill; 1 letter after the restart; unchanged",
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
