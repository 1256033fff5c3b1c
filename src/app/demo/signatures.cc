// What a signature holds together, and what it does not: letters changed on their way, added to, and sent on.
#include <fmt/format.h>

#include "app/demo/judged.h"
#include "app/demo/signing.h"

namespace chappe::app::demo {
namespace {

constexpr std::string_view kAccount = "XX11 1111", kOtherAccount = "XX99 6666";

const trust::dkim::SignatureVerdict* signature_in(const Judged& found) {
  const auto& all = found.again.dkim.signatures;
  return all.empty() ? nullptr : &all.front();
}

std::string_view reason_of(const Judged& found) {
  const auto* signature = signature_in(found);
  return signature ? reason_row(signature->reason).id : "unsigned";
}

// Somebody who has got hold of a letter brings it to Paris, from elsewhere.
const Desk kElsewhere{.ip = "127.1.9.3", .name = "elsewhere.example"};

}  // namespace

Result<std::string> letter_altered(Scene& scene) {
  auto& [world, tell] = scene;
  tell.say({"trade.example signs an invoice. Somebody on the way changes the account to be paid into, nothing else.",
            "trade.example signe une facture. Quelqu'un, en chemin, change le compte à créditer, rien d'autre."});
  Bytes octets = TRY(signed_well(world.signer("trade.example"),
                                 make_letter("bills@trade.example", kReader, "Invoice",
                                             fmt::format("Please pay into account {}.\r\n", kAccount))));
  if (world.plan().altered) octets.replace(octets.rfind(kAccount), kAccount.size(), kOtherAccount);
  const Brought letter = TRY(bring(scene, "X", kElsewhere, "bills@trade.example", std::move(octets)));
  const Judged found = TRY(judged(scene, letter));
  return tell.words({"{}; {}", "{} ; {}"}, found.seen(tell, letter), reason_of(found));
}

Result<std::string> signature_leaves_end_open(Scene& scene) {
  auto& [world, tell] = scene;
  tell.say(
      {"journal.example signs with l=, which says how many octets of the body count. Who gets such a letter may "
       "write on, and the signature still holds.",
       "journal.example signe avec l=, qui dit combien d'octets du corps comptent. Qui reçoit une telle lettre "
       "peut écrire la suite, et la signature correspond encore."});
  const Bytes signed_part =
      TRY(signed_carelessly(world.signer("journal.example"),
                            make_letter("desk@journal.example", kReader, "Your subscription", "Thank you.\r\n"), true));
  const Brought letter = TRY(bring(scene, "X", kElsewhere, "desk@journal.example", signed_part + world.plan().added));
  const Judged found = TRY(judged(scene, letter));
  const auto* signature = signature_in(found);
  return tell.words({"{}; {}: {} octets unsigned", "{} ; {} : {} octets non signés"}, found.seen(tell, letter),
                    reason_of(found), signature && signature->body ? signature->body->uncovered() : 0);
}

Result<std::string> key_too_short(Scene& scene) {
  auto& [world, tell] = scene;
  tell.say(
      {"savings.example still publishes a key of 512 bits. Its private half can be computed on one machine; so "
       "somebody has, and signs with it.",
       "savings.example publie encore une clé de 512 bits. Sa moitié privée se calcule sur une seule machine ; "
       "quelqu'un l'a fait, et signe avec elle."});
  Bytes octets =
      TRY(signed_carelessly(world.signer("savings.example"),
                            make_letter("office@savings.example", kReader, "New terms", "Sign here.\r\n"), false));
  const Brought letter = TRY(bring(scene, "X", kElsewhere, "office@savings.example", std::move(octets)));
  const Judged found = TRY(judged(scene, letter));
  const auto* signature = signature_in(found);
  return tell.words({"{}; {}: {} bits", "{} ; {} : {} bits"}, found.seen(tell, letter), reason_of(found),
                    signature ? signature->bits() : 0);
}

Result<std::string> forwarded(Scene& scene) {
  auto& [world, tell] = scene;
  tell.say(
      {"A clerk of notary.example writes to Clara's address in Lille, from where her letters are sent on to Paris. "
       "Lille may not send for the notary, so it puts an address of its own into MAIL FROM (SRS), and SPF speaks for "
       "Lille alone; but the letter is as the notary signed it.",
       "Un clerc de notary.example écrit à l'adresse de Clara à Lille, d'où ses lettres sont renvoyées à Paris. "
       "Lille ne peut envoyer pour le notaire : elle met une adresse à elle dans MAIL FROM (SRS), et SPF ne parle que "
       "pour Lille ; mais la lettre est telle que le notaire l'a signée."});
  const std::string to = "clara@lille.example";
  const HostPlan& mx = world.org(kLille).host(Actor::mx);
  const Bytes octets = TRY(signed_well(world.signer("notary.example"),
                                       make_letter("clerk@notary.example", to, "The deed", "It is signed.\r\n")));
  Smtp notary =
      TRY(Smtp::connect(world, mx, Role::mx, tell, "N", false, {.ip = "127.1.9.10", .name = "mail.notary.example"}));
  const SmtpReply taken = TRY(notary.post("clerk@notary.example", to, octets));
  notary.quit();
  if (!taken.positive()) return taken.brief();
  std::string hosts = mx.host;
  const Letter sent = TRY(ended(scene, mx, taken.letter_id()));
  const auto filed = TRY(follow(scene, sent, &hosts));
  if (!filed) return tell.words({"{}: {}", "{} : {}"}, hosts, fate(tell, sent));
  const Brought letter = TRY(brought_by_host(scene, *filed));
  return tell.words({"{}; {}", "{} ; {}"}, hosts, TRY(judged(scene, letter)).seen(tell, letter));
}

Result<std::string> saved_by_seal(Scene& scene) {
  auto& [world, tell] = scene;
  const std::string sender = "warden@guild.example", subject = "Subject: ";
  tell.say(
      {"The warden of guild.example writes to the guild's list, which puts its name into the subject: the signature "
       "does not hold any more. The list seals what it found when the letter came, and Paris trusts list.example.",
       "Le doyen de guild.example écrit à la liste de la guilde, qui met son nom dans le sujet : la signature ne "
       "correspond plus. La liste scelle ce qu'elle a trouvé à l'arrivée, et Paris se fie à list.example."});
  Bytes octets = TRY(signed_well(world.signer("guild.example"),
                                 make_letter(sender, "all@list.example", "Meeting", "On Monday, as always.\r\n")));
  const auto came = TRY(look_into(world, {.ip = "127.1.9.80", .helo = "mail.guild.example", .mail_from = sender},
                                  octets, "mx.list.example"));
  const std::string found = trust::authres::write(results_of(came, "mx.list.example"));
  octets.insert(octets.find(subject) + subject.size(), "[guild] ");
  octets = TRY(sealed(world.signer("list.example"), octets, came.arc.status(),
                      std::string_view(found).substr(found.find(':') + 1)));
  const Desk list{.ip = "127.1.9.90", .name = "mx.list.example"};
  const Brought letter = TRY(bring(scene, "L", list, "bounces@list.example", std::move(octets)));
  const Judged now = TRY(judged(scene, letter));
  return tell.words({"{}; arc={}, {}", "{} ; arc={}, {}"}, now.seen(tell, letter), now.arc,
                    arc_trust_row(now.again.arc_trust.reason).id);
}

}  // namespace chappe::app::demo
