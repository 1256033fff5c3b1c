// Letters that arrive: hop by hop, announced, fetched, large, and with accents.
#include <fmt/format.h>

#include <algorithm>

#include "app/demo/follow.h"
#include "crypto/digest.h"

namespace chappe::app::demo {
namespace {

constexpr std::size_t kLarge = 10'000'000;
constexpr Duration kAnnounced = std::chrono::seconds(3);

std::string_view same(const Teller& tell, bool yes) {
  return yes ? tell.in({"unchanged", "inchangée"}) : tell.in({"changed", "changée"});
}

// The questions on the way to a domain's mail. What else was asked (keys, addresses of the name servers) is counted.
void tell_names(Scene& scene, std::string_view domain) {
  std::size_t others = 0;
  for (const Heard& asked : scene.world.asked()) {
    const std::string_view name = std::string_view(asked.question).substr(0, asked.question.find(' '));
    const bool on_the_way =
        std::string(domain).append(".").ends_with(name) || name.ends_with(fmt::format("mx.{}.", domain));
    if (name == "." || !on_the_way || asked.question.ends_with("DNSKEY") || asked.question.ends_with("DS")) {
      ++others;
      continue;
    }
    scene.tell.wire("DNS", fmt::format("{} ← {} → {}", asked.server, asked.question, asked.said));
  }
  scene.tell.say({"({} more questions were for keys, to check the signatures, and for name servers.)",
                  "({} autres questions cherchaient des clés, pour vérifier les signatures, et des serveurs de noms.)"},
                 others);
}

}  // namespace

Result<std::string> letter_travels(Scene& scene) {
  auto& [world, tell] = scene;
  tell.say({"Bob, in Lille, has his mail program open. It asks to be told of new letters.",
            "Bob, à Lille, a ouvert son logiciel de courrier, qui demande à être prévenu."});
  Imap bob = TRY(Imap::open(world, "bob@lille.example", tell, "B"));
  TRY(bob.idle());
  (void)world.asked();

  tell.say({"Alice, in Paris, hands in a letter. First encryption, then who she is, then envelope and letter.",
            "Alice, à Paris, dépose une lettre. D'abord le chiffrement, puis qui elle est, puis l'enveloppe et la "
            "lettre."});
  const OrgPlan& paris = world.org(kParis);
  Smtp alice = TRY(Smtp::connect(world, paris.host(Actor::msa), Role::submission, tell, "A", true));
  TRY(alice.login("alice@paris.example", kPassword));
  const Bytes octets = make_letter("alice@paris.example", "bob@lille.example", "Bonjour de Paris",
                                   "Le télégraphe de Chappe porte cette lettre.\r\n");
  const SmtpReply taken = TRY(alice.post("alice@paris.example", "bob@lille.example", octets, " BODY=8BITMIME"));
  alice.quit();
  tell.say({"The {} is a promise: the letter is on disk in Paris. Its id is {}.",
            "Le {} est une promesse : la lettre est sur le disque à Paris. Son numéro est {}."},
           taken.brief(), taken.letter_id());

  const Letter sent = TRY(settled(scene, paris.host(Actor::mta), taken.letter_id()));
  tell.say({"Paris asks where lille.example takes its mail. The name servers were asked:",
            "Paris demande où lille.example reçoit son courrier. Les serveurs de noms ont entendu :"});
  tell_names(scene, kLille);
  const auto filed = TRY(follow(scene, sent));
  const Step* handed = sent.last("delivered");
  if (!handed || !filed) return tell.words({"taken with {}; {}", "prise avec {} ; {}"}, taken.code, fate(tell, sent));

  tell.say({"Bob's program is told at once, without having asked again, and shows the letter.",
            "Le logiciel de Bob est prévenu aussitôt, sans redemander, et montre la lettre."});
  const bool told = TRY(bob.told(kArrival));
  TRY(bob.end_idle());
  const Bytes read = TRY(bob.fetch(bob.count()));
  bob.logout();
  return tell.words({"taken with {}; {} between the servers; filed in {}; {}; {}",
                     "prise avec {} ; {} entre les serveurs ; classée dans {} ; {} ; {}"},
                    taken.code,
                    handed->tls.empty() ? std::string(tell.in({"no TLS", "pas de TLS"}))
                                        : handed->tls.substr(0, handed->tls.find(' ')),
                    filed->mailbox,
                    told ? tell.in({"told by IDLE", "annoncée par IDLE"}) : tell.in({"not told", "non annoncée"}),
                    same(tell, read.ends_with(octets)));
}

Result<std::string> split_site(Scene& scene) {
  auto& [world, tell] = scene;
  tell.say(
      {"Lille is four processes: msa, mta, mx and mda. Claude hands in a letter at the msa, which asks the mda about "
       "the "
       "password.",
       "Lille, ce sont quatre processus : msa, mta, mx et mda. Claude dépose une lettre au msa, qui interroge le mda "
       "sur le mot de passe."});
  const HostPlan& msa = world.org(kLille).host(Actor::msa);
  Smtp sender = TRY(Smtp::connect(world, msa, Role::submissions, tell, "B"));
  const SmtpReply in = TRY(sender.login("claude@lille.example", kPassword));
  if (!in.positive()) return tell.words({"AUTH: {}", "AUTH : {}"}, in.brief());
  const Bytes octets = make_letter("claude@lille.example", "friends@paris.example", "Split", "By four hands.\r\n");
  const SmtpReply taken = TRY(sender.post("claude@lille.example", "friends@paris.example", octets));
  sender.quit();
  std::string hosts = msa.host;
  const Letter sent = TRY(ended(scene, msa, taken.letter_id()));
  const auto filed = TRY(follow(scene, sent, &hosts));
  return tell.words({"{}: {}", "{} : {}"}, hosts, filed ? filed->mailbox : tell.words({"not filed", "non classée"}));
}

Result<std::string> told_by_idle(Scene& scene) {
  auto& [world, tell] = scene;
  Imap watch = TRY(Imap::open(world, "watch@lille.example", tell, ""));
  const std::size_t before = watch.count();
  TRY(watch.idle());
  tell.say({"A mail program in Lille is silent: it has said IDLE and waits.",
            "Un logiciel à Lille se tait : il a dit IDLE et attend."});
  const std::string id =
      TRY(send(scene, "news@lille.example",
               make_letter("alice@paris.example", "news@lille.example", "News", "Something new.\r\n")));
  TRY(settled(scene, world.org(kParis).host(Actor::mta), id));
  const auto begin = system_clock().steady();
  if (!TRY(watch.told(kAnnounced)))
    return tell.words({"not told within {} s", "non averti en {} s"}, kAnnounced / std::chrono::seconds(1));
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(system_clock().steady() - begin).count();
  tell.wire("S", fmt::format("* {} EXISTS", watch.count()));
  tell.say({"It is told {} ms after Paris knew that the letter had arrived.",
            "Il est prévenu {} ms après que Paris a su la lettre arrivée."},
           ms);
  TRY(watch.end_idle());
  watch.logout();
  return tell.words({"told of {} letter more while idle", "averti de {} lettre de plus sans rien demander"},
                    watch.count() - before);
}

Result<std::string> read_by_pop3(Scene& scene) {
  auto& [world, tell] = scene;
  const Bytes octets =
      make_letter("alice@paris.example", "post@lille.example", "To take away", ".A line with a dot before it.\r\n");
  const std::string id = TRY(send(scene, "post@lille.example", octets));
  const Letter sent = TRY(settled(scene, world.org(kParis).host(Actor::mta), id));
  TRY(follow(scene, sent));
  Pop3 reader = TRY(Pop3::open(world, "pop@lille.example", tell, "P"));
  const std::size_t count = TRY(reader.count());
  if (count == 0) return tell.words({"0 letters", "0 lettre"});
  const Bytes read = TRY(reader.fetch(count));
  TRY(reader.remove(count));
  reader.quit();
  Pop3 again = TRY(Pop3::open(world, "pop@lille.example", tell, ""));
  const std::size_t left = TRY(again.count());
  again.quit();
  return tell.words({"{} letter; {}; {} letters after DELE and QUIT", "{} lettre ; {} ; {} lettre après DELE et QUIT"},
                    count, same(tell, read.ends_with(octets)), left);
}

Result<std::string> large_letter(Scene& scene) {
  auto& [world, tell] = scene;
  std::string body;
  body.reserve(kLarge);
  while (body.size() < kLarge)
    body += fmt::format("{:08} of a letter that takes its time to be written down.\r\n", body.size());
  const Bytes octets = make_letter("alice@paris.example", "large@lille.example", "Large", body);
  tell.say({"Alice sends {} octets.", "Alice envoie {} octets."}, octets.size());
  const std::string id = TRY(send(scene, "large@lille.example", octets));
  const Letter sent = TRY(ended(scene, world.org(kParis).host(Actor::mta), id));
  if (!TRY(follow(scene, sent))) return fate(tell, sent);
  Imap reader = TRY(Imap::open(world, "large@lille.example", tell, ""));
  const Bytes read = TRY(reader.fetch(reader.count()));
  reader.logout();
  if (read.size() < octets.size()) return tell.words({"{} octets arrived", "{} octets arrivés"}, read.size());
  const auto hash = [](ByteView bytes) { return crypto::sha256(bytes); };
  const bool equal = hash(octets) == hash(ByteView(read).substr(read.size() - octets.size()));
  return tell.words({"{} MB; {}; {}", "{} Mo ; {} ; {}"}, octets.size() / 1'000'000, fate(tell, sent),
                    equal ? tell.in({"same SHA-256", "même SHA-256"}) : tell.in({"another SHA-256", "autre SHA-256"}));
}

Result<std::string> international_address(Scene& scene) {
  auto& [world, tell] = scene;
  const std::string to = "chloé@forêt.example";
  tell.say({"Alice writes to {}. In the DNS the domain is xn--fort-ipa.example; the part before the @ stays as it is.",
            "Alice écrit à {}. Dans le DNS, le domaine est xn--fort-ipa.example ; ce qui précède l'@ reste tel quel."},
           to);
  (void)world.asked();
  Imap yann = TRY(Imap::open(world, "yann@brest.example", tell, ""));
  const Bytes octets = make_letter("alice@paris.example", to, "Prénom accentué", "Ça marche.\r\n");
  const std::string id = TRY(send(scene, to, octets));
  const Letter sent = TRY(ended(scene, world.org(kParis).host(Actor::mta), id));
  std::string asked_for = tell.words({"nobody asked for its MX", "nul n'a demandé son MX"});
  for (const Heard& asked : world.asked())
    if (asked.question.ends_with(". MX") && asked.question.starts_with("xn--"))
      asked_for = tell.words({"sent with SMTPUTF8 to {}", "envoyée avec SMTPUTF8 à {}"},
                             asked.question.substr(0, asked.question.size() - 4));
  TRY(follow(scene, sent));
  if (!sent.last("delivered")) return tell.words({"{}; {}", "{} ; {}"}, asked_for, fate(tell, sent));
  const auto read = TRY(yann.await("Ça marche", kArrival));
  yann.logout();
  if (!read)
    return tell.words({"{}; {}; not in the mailbox", "{} ; {} ; absente de la boîte"}, asked_for, fate(tell, sent));
  const bool as_utf8 = read->contains("with UTF8SMTPS ");
  return tell.words(
      {"{}; {}; received {} UTF8SMTPS; addressed {}", "{} ; {} ; reçue {} UTF8SMTPS ; adressée {}"}, asked_for,
      fate(tell, sent), as_utf8 ? tell.in({"with", "avec"}) : tell.in({"without", "sans"}),
      read->contains("To: " + to) ? tell.in({"as written", "comme écrit"}) : tell.in({"otherwise", "autrement"}));
}

}  // namespace chappe::app::demo
