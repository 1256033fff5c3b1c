// What servers do when others die, or they themselves.
#include <fmt/format.h>

#include "app/demo/follow.h"

namespace chappe::app::demo {

Result<std::string> destination_down(Scene& scene) {
  auto& [world, tell] = scene;
  const HostPlan& mx = world.org(kBrest).host(Actor::mx);
  const HostPlan& mta = world.org(kParis).host(Actor::mta);
  if (world.plan().brest_fails) {
    world.kill(mx);
    tell.say({"{} is gone.", "{} a disparu."}, mx.host);
  }
  const std::string id =
      TRY(send(scene, "yann@brest.example",
               make_letter("alice@paris.example", "yann@brest.example", "When you are back", "Hello.\r\n")));
  const Letter before = TRY(settled(scene, mta, id));
  const Step* deferred = before.last("deferred");
  if (!deferred) return tell.words({"{}; {}", "{} ; {}"}, state(tell, before), fate(tell, before));
  tell.say({"Paris keeps the letter and will try again: {}", "Paris garde la lettre et réessaiera : {}"},
           deferred->words);
  TRY(world.start_again(mx));
  tell.say({"{} is back. An operator does not wait for the next try: chappe queue retry {}",
            "{} est revenu. Un opérateur n'attend pas l'essai suivant : chappe queue retry {}"},
           mx.host, id);
  Params params;
  params.add("letter", id);
  TRY(world.call(mta, "queue.retry", params));
  const Letter after = TRY(ended(scene, mta, id));
  TRY(follow(scene, after));
  return tell.words({"{}; {}; {} after queue retry", "{} ; {} ; {} après queue retry"}, state(tell, before),
                    fate(tell, before), fate(tell, after));
}

Result<std::string> killed_after_250(Scene& scene) {
  auto& [world, tell] = scene;
  const HostPlan& mx = world.org(kBrest).host(Actor::mx);
  Imap before = TRY(Imap::open(world, "safe@brest.example", tell, ""));
  const std::size_t had = before.count();
  before.logout();
  const Bytes octets = make_letter("a@junk.example", "safe@brest.example", "Safe?", "Is it on disk?\r\n");
  Smtp stranger = TRY(Smtp::connect(world, mx, Role::mx, tell, "X"));
  std::string reply = tell.words({"no reply", "aucune réponse"});
  if (world.plan().killed_before_250) {
    TRY(stranger.say("MAIL FROM:<a@junk.example>"));
    TRY(stranger.say("RCPT TO:<safe@brest.example>"));
    TRY(stranger.say("DATA"));
    TRY(stranger.send(octets));  // and not its end
  } else {
    reply = fmt::format("{}", TRY(stranger.post("a@junk.example", "safe@brest.example", octets)).code);
  }
  world.kill(mx);
  tell.say({"kill -9 to {}, in the same moment. It starts anew, on the store as it was left.",
            "kill -9 à {}, au même instant. Il redémarre, sur le magasin tel qu'il est resté."},
           mx.host);
  TRY(world.start_again(mx));
  Imap after = TRY(Imap::open(world, "safe@brest.example", tell, ""));
  const std::size_t has = after.count();
  const bool same = has > 0 && TRY(after.fetch(has)).ends_with(octets);
  after.logout();
  return tell.words(
      {"{} before the kill; {} letter after the restart; {}", "{} avant le kill ; {} lettre après le redémarrage ; {}"},
      reply, has - had, same ? tell.in({"unchanged", "inchangée"}) : tell.in({"not there", "absente"}));
}

}  // namespace chappe::app::demo
