// What is refused, at the door.
#include <fmt/format.h>

#include "app/demo/follow.h"
#include "base/text.h"

namespace chappe::app::demo {

Result<std::string> relay_refused(Scene& scene) {
  auto& [world, tell] = scene;
  tell.say({"A stranger comes to Lille's port 25 with a letter for somebody who is not of Lille.",
            "Un inconnu se présente au port 25 de Lille avec une lettre pour quelqu'un qui n'est pas de Lille."});
  Smtp stranger = TRY(Smtp::connect(world, world.org(kLille).host(Actor::mx), Role::mx, tell, "X"));
  TRY(stranger.say("MAIL FROM:<spam@junk.example>"));
  const SmtpReply reply = TRY(stranger.say("RCPT TO:<victim@elsewhere.example>"));
  stranger.quit();
  return tell.words({"RCPT: {}", "RCPT : {}"}, reply.brief());
}

Result<std::string> password_refused(Scene& scene) {
  auto& [world, tell] = scene;
  tell.say({"Somebody who is not Carol guesses Carol's password.",
            "Quelqu'un qui n'est pas Carol devine le mot de passe de Carol."});
  Smtp guesser = TRY(Smtp::connect(world, world.org(kParis).host(Actor::msa), Role::submissions, tell, "X"));
  const SmtpReply reply = TRY(guesser.login("carol@paris.example", world.plan().wrong_password));
  guesser.quit();
  return tell.words({"AUTH: {}", "AUTH : {}"}, reply.brief());
}

Result<std::string> impostor_refused(Scene& scene) {
  auto& [world, tell] = scene;
  tell.say({"Carol logs in as herself, and writes as {}.", "Carol s'identifie, puis écrit en tant que {}."},
           world.plan().impostor);
  Smtp carol = TRY(Smtp::connect(world, world.org(kParis).host(Actor::msa), Role::submissions, tell, "C"));
  TRY(carol.login("carol@paris.example", kPassword));
  const SmtpReply reply = TRY(carol.say(fmt::format("MAIL FROM:<{}>", world.plan().impostor)));
  carol.quit();
  return tell.words({"MAIL: {}", "MAIL : {}"}, reply.brief());
}

Result<std::string> smuggling_refused(Scene& scene) {
  auto& [world, tell] = scene;
  tell.say({"In the middle of a letter stands something like its end, and behind it a second letter, from the boss.",
            "Au milieu d'une lettre se trouve ce qui ressemble à sa fin, et derrière une seconde lettre, du patron."});
  const HostPlan& mx = world.org(kLille).host(Actor::mx);
  Smtp attacker = TRY(Smtp::connect(world, mx, Role::mx, tell, "X"));
  TRY(attacker.say("MAIL FROM:<someone@junk.example>"));
  TRY(attacker.say("RCPT TO:<prey@lille.example>"));
  TRY(attacker.say("DATA"));
  tell.wire("X", printable("Hello." + world.plan().smuggled_end + "MAIL FROM:<boss@lille.example>\r\n"));
  TRY(attacker.send("From: someone@junk.example\r\nSubject: outer\r\n\r\nHello." + world.plan().smuggled_end +
                    "MAIL FROM:<boss@lille.example>\r\nRCPT TO:<prey@lille.example>\r\nDATA\r\n"
                    "From: boss@lille.example\r\nSubject: Pay at once\r\n\r\nPay.\r\n.\r\nQUIT\r\n"));
  // Whatever the server takes for commands it answers; the last answer is that to QUIT, or it has had enough.
  std::vector<SmtpReply> replies;
  for (;;) {
    auto reply = attacker.hear();
    if (!reply && reply.error().code() == Errc::closed) break;
    if (!reply) return std::unexpected(std::move(reply.error()));
    if (reply->code == 221) break;
    replies.push_back(std::move(*reply));
  }
  Params params;
  params.add("from", std::string_view("boss@lille.example"));
  const auto found = TRY(world.call(mx, "trail.find", params));
  const std::size_t smuggled = TRY(found.get("letters"))->items().size();
  if (replies.empty()) return tell.words({"no reply", "aucune réponse"});
  return tell.words({"{}: {}; letters of the smuggler: {}", "{} : {} ; lettres du contrebandier : {}"},
                    replies.size() == 1 ? tell.words({"one reply", "une réponse"})
                                        : tell.words({"{} replies", "{} réponses"}, replies.size()),
                    replies.front().brief(), smuggled);
}

}  // namespace chappe::app::demo
