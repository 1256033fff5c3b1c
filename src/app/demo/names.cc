// How names are found, and when they are not believed.
#include <fmt/format.h>

#include "app/demo/follow.h"
#include "base/random.h"
#include "dns/root_servers.h"
#include "dns/walk_trust.h"

namespace chappe::app::demo {
namespace {

constexpr Duration kPatience = std::chrono::seconds(5);

// The name servers at the port where this world has them: a delegation names none.
class Moved final : public dns::Exchange {
 public:
  explicit Moved(const World& world) : world_(world) {}
  bool reaches(const net::Endpoint&) override { return true; }
  net::Task<Result<dns::Exchanged>> ask(net::Endpoint server, dns::Message query, net::Deadline deadline) override {
    const net::Endpoint there = CO_TRY(world_.name_server(server.ip()));
    co_return co_await dns::exchange(there, std::move(query), system_random(), deadline);
  }

 private:
  const World& world_;
};

net::Task<dns::Walk> walk(dns::Walker* walker, dns::Resolver* resolver, dns::Question question) {
  dns::Walk out = co_await walker->walk(std::move(question), net::Deadline::in(kPatience));
  co_await dns::judge(resolver, true, &out, net::Deadline::in(kPatience));
  co_return out;
}

// Without the dot at its end.
std::string plain(const Teller& tell, const dns::Name& name) {
  return name.is_root() ? tell.words({"root", "racine"}) : name.domain();
}

// What a step came to.
std::string said(const Teller& tell, const dns::WalkStep& step) {
  const dns::Delegation& below = step.reading.delegation;
  if (step.reading.said == dns::Said::referral)
    return tell.words({"referral to {}", "renvoi à {}"}, plain(tell, below.zone));
  if (step.reading.said != dns::Said::answer) return std::string(said_name(step.reading.said));
  const auto mx = step.reading.answer.records.as<dns::Mx>().front();
  return fmt::format("MX {} {}", mx.preference, mx.exchange.domain());
}

std::string_view trust_words(const Teller& tell, dns::Trust trust) {
  return trust == dns::Trust::secure ? tell.in({"secure", "prouvé"}) : trust_name(trust);
}

}  // namespace

Result<std::string> walk_the_dns(Scene& scene) {
  auto& [world, tell] = scene;
  tell.say(
      {"Where does nantes.example take its mail? Nobody knows it by heart but the root's servers, and they know "
       "who to ask next.",
       "Où nantes.example reçoit-il son courrier ? Nul ne le sait par cœur ; mais la racine sait qui interroger "
       "ensuite."});
  Moved exchange(world);
  dns::Walker walker(exchange, TRY(dns::read_root_hints(world.root_hints())));
  const dns::Walk found = net::run_on(
      world.shard(), walk(&walker, TRY(world.resolver()), {TRY(dns::Name::parse("nantes.example")), dns::Type::mx}));
  std::string seen;
  for (const dns::WalkStep& step : found.steps) {
    const std::string what = said(tell, step);
    const dns::Delegation& below = step.reading.delegation;
    tell.wire("DNS",
              fmt::format("{} [{}] ← {} → {}", step.server.domain(), step.at ? step.at->ip() : "", step.question.text(),
                          step.reading.said != dns::Said::referral
                              ? what
                              : fmt::format("{} NS {}", below.zone.domain(), below.servers.front().name.domain())));
    seen += tell.words({"{}: {}; ", "{} : {} ; "}, plain(tell, step.zone), what);
  }
  tell.say({"A validating resolver that trusts the root's key and nothing else calls the answer: {}.",
            "Un résolveur validant, qui ne fait confiance qu'à la clé de la racine, dit de la réponse : {}."},
           trust_words(tell, found.trust));
  tell.say({"chappe explain does the same on the Internet, for any address.",
            "chappe explain fait de même sur Internet, pour toute adresse."});
  return seen + std::string(trust_words(tell, found.trust));
}

Result<std::string> forged_zone(Scene& scene) {
  auto& [world, tell] = scene;
  tell.say({"Somebody has changed the MX of forged.example, and could not sign it again.",
            "Quelqu'un a changé le MX de forged.example, sans pouvoir le signer à nouveau."});
  const HostPlan& mta = world.org(kParis).host(Actor::mta);
  const std::string to = "anyone@forged.example";
  const std::string id = TRY(send(scene, to, make_letter("alice@paris.example", to, "Whereto?", "Hello.\r\n")));
  const Letter letter = TRY(settled(scene, mta, id));
  const Step* deferred = letter.last("deferred");
  if (!deferred) return tell.words({"{}; {}", "{} ; {}"}, state(tell, letter), fate(tell, letter));
  tell.say({"Paris does not go where the forged record leads. The trail says: {}",
            "Paris ne va pas où mène l'enregistrement falsifié. La trace dit : {}"},
           deferred->words);
  Params params;
  params.add("letter", id);
  TRY(world.call(mta, "queue.drop", params));
  return tell.words({"{}; {}; {}", "{} ; {} ; {}"}, state(tell, letter), fate(tell, letter),
                    deferred->words.contains("bogus") ? tell.words({"bogus", "falsifié"}) : deferred->words);
}

}  // namespace chappe::app::demo
