// Letters that cannot be delivered, and what their senders are told.
#include <fmt/format.h>

#include "app/demo/follow.h"
#include "message/words.h"

namespace chappe::app::demo {
namespace {

constexpr std::string_view kDns = "dns; ";  // the type of a name (RFC 3464 §2.2.2)

// The value of the first field of that name, of the notification itself or of a part of it (RFC 3464 §2), as people
// read it.
std::string field_of(std::string_view octets, std::string_view name) {
  const auto at = octets.find(fmt::format("\r\n{}: ", name));
  if (at == std::string_view::npos) return {};
  const std::string_view value = octets.substr(at + name.size() + 4);
  std::size_t end = value.find("\r\n");
  while (end != std::string_view::npos && value.substr(end + 2).starts_with(' ')) end = value.find("\r\n", end + 2);
  return message::decode_text(value.substr(0, end));
}

// Alice writes to an address that leads nowhere, and reads what comes back.
Result<std::string> goes_back(Scene& scene, const std::string& to) {
  auto& [world, tell] = scene;
  Imap alice = TRY(Imap::open(world, "alice@paris.example", tell, ""));
  const std::string id =
      TRY(send(scene, to, make_letter("alice@paris.example", to, "Is anybody there?", "Hello?\r\n")));
  const Letter sent = TRY(ended(scene, world.org(kParis).host(Actor::mta), id));
  const Step* bounced = sent.last("bounced");
  if (!bounced) return tell.words({"taken with 250; {}", "prise avec 250 ; {}"}, fate(tell, sent));
  tell.say({"Paris cannot deliver it: {}", "Paris ne peut la remettre : {}"}, bounced->words);
  const auto notice = TRY(alice.await("Final-Recipient: rfc822; " + to, kArrival));
  alice.logout();
  if (!notice)
    return tell.words({"taken with 250; bounced; no notification in the sender's mailbox",
                       "prise avec 250 ; renvoyée ; pas d'avis dans la boîte de l'expéditeur"});
  tell.say({"So Alice finds in her mailbox: « {} »", "Alice trouve donc dans sa boîte : « {} »"},
           field_of(*notice, "Subject"));
  std::string by = field_of(*notice, "Remote-MTA");
  if (by.starts_with(kDns)) by.erase(0, kDns.size());
  if (by.empty()) by = tell.in({"nobody", "personne"});
  return tell.words(
      {"taken with 250; bounced; notification: {}, {}, by {}", "prise avec 250 ; renvoyée ; avis : {}, {}, par {}"},
      field_of(*notice, "Action"), field_of(*notice, "Status"), by);
}

}  // namespace

Result<std::string> unknown_recipient(Scene& scene) {
  scene.tell.say({"Alice writes to nobody@lille.example. Paris cannot know that there is no such person.",
                  "Alice écrit à nobody@lille.example. Paris ne peut savoir que cette personne n'existe pas."});
  return goes_back(scene, "nobody@lille.example");
}

Result<std::string> not_for_us(Scene& scene) {
  scene.tell.say({"The DNS says that Lille takes the mail of stray.example. Lille knows nothing of that.",
                  "Le DNS dit que Lille reçoit le courrier de stray.example. Lille n'en sait rien."});
  return goes_back(scene, "anyone@stray.example");
}

Result<std::string> null_mx(Scene& scene) {
  scene.tell.say({"nomail.example has one MX record, « 0 . », which means: no mail, ever.",
                  "nomail.example a un seul enregistrement MX, « 0 . », qui signifie : jamais de courrier."});
  return goes_back(scene, "anyone@nomail.example");
}

Result<std::string> bounce_loop(Scene& scene) {
  auto& [world, tell] = scene;
  tell.say(
      {"A letter with a sender who does not exist comes to Brest, which forwards it to somebody who does not "
       "exist either.",
       "Une lettre d'un expéditeur qui n'existe pas arrive à Brest, qui la fait suivre à quelqu'un qui n'existe "
       "pas non plus."});
  const HostPlan& mta = world.org(kBrest).host(Actor::mta);
  Smtp stranger = TRY(Smtp::connect(world, world.org(kBrest).host(Actor::mx), Role::mx, tell, "X"));
  const SmtpReply taken =
      TRY(stranger.post("lost@paris.example", "onward@brest.example",
                        make_letter("lost@paris.example", "onward@brest.example", "Round and round", "Hello?\r\n")));
  stranger.quit();
  const Letter letter = TRY(ended(scene, mta, taken.letter_id()));
  const Step* bounced = letter.last("bounced");
  if (!bounced) return tell.words({"taken with {}; {}", "prise avec {} ; {}"}, taken.code, fate(tell, letter));
  tell.say({"Lille refuses it: {}. Brest writes a notification to the sender, with no sender of its own.",
            "Lille la refuse : {}. Brest écrit un avis à l'expéditeur, sans expéditeur lui-même."},
           bounced->words);
  const Letter notice = TRY(ended(scene, mta, bounced->notice));
  const Step* silent = notice.last("silent");
  if (silent) {
    tell.say({"Paris refuses that, too: {}. Nobody is told of a notification; it ends here.",
              "Paris refuse aussi : {}. D'un avis, on n'avise personne ; il s'arrête là."},
             silent->words);
  }
  Params params;
  const auto queue = TRY(world.call(mta, "queue.list", params));
  return tell.words({"taken with {}; bounced; its notification: {}; queue: {}",
                     "prise avec {} ; renvoyée ; son avis : {} ; file : {}"},
                    taken.code,
                    silent ? tell.words({"{}, silent", "{}, en silence"}, silent->status) : fate(tell, notice),
                    TRY(queue.get("queue"))->items().size());
}

}  // namespace chappe::app::demo
