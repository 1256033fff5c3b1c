// Who says to be whom: a bank, those who write in its name, and what SPF is worth.
#include <fmt/format.h>

#include "app/demo/judged.h"

namespace chappe::app::demo {

Result<std::string> bank_writes(Scene& scene) {
  auto& [world, tell] = scene;
  tell.say(
      {"A teller of bank.example writes to Clara, in Paris. Brest's server, which sends for the bank, signs the "
       "letter with the bank's key.",
       "Un guichetier de bank.example écrit à Clara, à Paris. Le serveur de Brest, qui envoie pour la banque, "
       "signe la lettre avec la clé de la banque."});
  const std::string id =
      TRY(send_as(scene, kBrest, "teller@bank.example", kReader,
                  make_letter("teller@bank.example", kReader, "Your statement", "All is well.\r\n")));
  const Letter sent = TRY(ended(scene, world.org(kBrest).host(Actor::mta), id));
  const auto filed = TRY(follow(scene, sent));
  if (!filed) return fate(tell, sent);
  const Brought letter = TRY(brought_by_host(scene, *filed));
  return TRY(judged(scene, letter)).seen(tell, letter);
}

Result<std::string> bank_forged(Scene& scene) {
  auto& [world, tell] = scene;
  const std::string& ip = world.plan().forger;
  tell.say({"Somebody at {} talks to Paris by hand, as with telnet, and says to be the bank.",
            "Quelqu'un, à {}, parle à Paris à la main, comme avec telnet, et se dit la banque."},
           ip);
  const Desk desk{.ip = ip, .name = "mail.bank.example"};
  const Brought letter = TRY(bring(scene, "X", desk, "teller@bank.example",
                                   fmt::format("From: Your bank <teller@bank.example>\r\nTo: {}\r\n"
                                               "Subject: Your account is blocked\r\n\r\nTell me your password.\r\n",
                                               kReader),
                                   Shown::everything));
  const Judged found = TRY(judged(scene, letter));
  tell.say({"Whoever has the letter comes to the same: chappe verify LETTER --ip {} --helo {} --from {}",
            "Quiconque a la lettre en arrive là : chappe verify LETTRE --ip {} --helo {} --from {}"},
           desk.ip, desk.name, "teller@bank.example");
  return found.seen(tell, letter);
}

Result<std::string> hole_in_spf(Scene& scene) {
  auto& [world, tell] = scene;
  const Desk desk{.ip = "127.1.8.66", .name = "guest.crowd.example"};
  const Bytes octets = make_letter("sales@shop.example", kReader, "Your order", "Pay here.\r\n");
  tell.say(
      {"A crook says MAIL FROM his own domain, whose SPF record allows every host, and From the shop. SPF passes, "
       "for the crook; DMARC asks for whom.",
       "Un escroc dit MAIL FROM son propre domaine, dont le SPF permet tout hôte, et From la boutique. SPF est "
       "satisfait, pour l'escroc ; DMARC demande pour qui."});
  const Brought own = TRY(bring(scene, "X", desk, "x@crook.example", octets));
  const Judged first = TRY(judged(scene, own));
  tell.say(
      {"The shop lets crowd.example send for it, and so does everybody else. The crook rents a host there, and "
       "says MAIL FROM the shop. Nobody can tell this letter from the shop's: the hole is in its own record.",
       "La boutique laisse crowd.example envoyer pour elle, comme tout le monde. L'escroc y loue une machine, et "
       "dit MAIL FROM la boutique. Nul ne distingue cette lettre d'une vraie : le trou est dans son propre "
       "enregistrement."});
  const Brought through = TRY(bring(scene, "X", desk, "sales@shop.example", octets));
  const Judged second = TRY(judged(scene, through));
  return tell.words(
      {"his own name: {}; through the hole: {}; by {}", "en son nom : {} ; par le trou : {} ; grâce à {}"},
      first.seen(tell, own), second.seen(tell, through), second.again.spf->decided_by);
}

Result<std::string> spf_costs_too_much(Scene& scene) {
  scene.tell.say(
      {"The SPF record of many.example has a term for each of its servers. Each is a question to the DNS, "
       "and no more than ten are asked.",
       "L'enregistrement SPF de many.example a un terme pour chacun de ses serveurs. Chacun est une question "
       "au DNS, et l'on n'en pose pas plus de dix."});
  const Brought letter = TRY(bring(scene, "M", {.ip = "127.1.9.71", .name = "h11.many.example"}, "info@many.example",
                                   make_letter("info@many.example", kReader, "News", "From our newest server.\r\n")));
  const Judged found = TRY(judged(scene, letter));
  return scene.tell.words({"{}; {}: {}", "{} ; {} : {}"}, found.seen(scene.tell, letter),
                          reason_row(found.again.spf->reason).id, found.again.spf->decided_by);
}

Result<std::string> two_authors(Scene& scene) {
  auto& [world, tell] = scene;
  tell.say(
      {"Programs differ in which of two From fields they show, and in what is a name and what an address. So a "
       "letter with two readings is none, and DMARC is not asked.",
       "Les logiciels ne s'accordent ni sur celui de deux champs From qu'ils montrent, ni sur ce qui est nom et "
       "ce qui est adresse. Une lettre à deux lectures n'en est donc pas une, et DMARC n'est pas consulté."});
  const Desk desk{.ip = "127.1.9.2", .name = "mail.crook.example"};
  const std::string real = "From: <x@crook.example>\r\n", other = "From: Your bank <teller@bank.example>\r\n";
  const std::string rest = fmt::format("To: {}\r\nSubject: Hello\r\n\r\nHello.\r\n", kReader);
  const Brought twice = TRY(
      bring(scene, "X", desk, "x@crook.example", (world.plan().second_from ? other : "") + real + rest, Shown::letter));
  const Judged first = TRY(judged(scene, twice));
  const Brought within = TRY(bring(scene, "X", desk, "x@crook.example",
                                   "From: teller@bank.example <x@crook.example>\r\n" + rest, Shown::letter));
  const Judged second = TRY(judged(scene, within));
  return tell.words({"two fields: {}; an address for a name: {}", "deux champs : {} ; une adresse pour nom : {}"},
                    first.seen(tell, twice), second.seen(tell, within));
}

}  // namespace chappe::app::demo
