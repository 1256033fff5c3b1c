// How names are found, and when they are not believed.
#include <fmt/format.h>

#include <memory>

#include "app/demo/follow.h"
#include "base/random.h"
#include "base/text.h"
#include "dns/exchange.h"
#include "dns/live.h"

namespace chappe::app::demo {
namespace {

constexpr Duration kPatience = std::chrono::seconds(5);
constexpr std::size_t kMostReferrals = 8;

net::Task<Result<dns::Exchanged>> ask_server(net::Endpoint server, dns::Message query) {
  co_return co_await dns::exchange(server, std::move(query), system_random(), net::Deadline::in(kPatience));
}
net::Task<dns::Answer> ask(dns::Resolver* resolver, dns::Question question) {
  co_return co_await resolver->ask(std::move(question), net::Deadline::in(kPatience));
}

// Without the dot at its end.
std::string plain(const dns::Name& name) {
  std::string text = name.text();
  if (text.size() > 1 && text.ends_with('.')) text.pop_back();
  return text;
}

// Where a referral leads: the zone, and the address of a server of it that stands beside.
struct Referral {
  std::string zone, server, address;
};
std::optional<Referral> referral_in(const dns::Message& message) {
  for (const dns::Record& record : message.authority) {
    if (record.type != dns::Type::ns) continue;
    const dns::Name server = dns::Ns::of(record.rdata).target;
    for (const dns::Record& glue : message.additional)
      if (glue.type == dns::Type::a && glue.name == server)
        return Referral{plain(record.name), plain(server), dns::A::of(glue.rdata).text()};
  }
  return std::nullopt;
}

}  // namespace

Result<std::string> walk_the_dns(Scene& scene) {
  auto& [world, tell] = scene;
  const dns::Question question{TRY(dns::Name::parse("nantes.example")), dns::Type::mx};
  tell.say(
      {"Where does nantes.example take its mail? Nobody knows it by heart but the root's servers, and they know "
       "who to ask next.",
       "Où nantes.example reçoit-il son courrier ? Nul ne le sait par cœur ; mais la racine sait qui interroger "
       "ensuite."});
  std::string seen, zone = "root";
  Referral at{.zone = ".", .server = "ns.root", .address = world.plan().zones.front().address};
  for (std::size_t i = 0; i < kMostReferrals; ++i) {
    const net::Endpoint place = TRY(world.name_server(at.address));
    const auto got = TRY(net::run_on(world.shard(), ask_server(place, dns::make_query(question, 0, false, true))));
    const dns::Answer answer = dns::answer_of(got.message, question);
    if (answer) {
      const auto mx = answer.records.as<dns::Mx>().front();
      const std::string said = fmt::format("MX {} {}", mx.preference, plain(mx.exchange));
      tell.wire("DNS", fmt::format("{} [{}] ← {} → {}", at.server, at.address, question.text(), said));
      seen += fmt::format("{}: {}", zone, said);
      break;
    }
    const auto next = referral_in(got.message);
    if (got.message.header.authoritative || !next) {
      const std::string said(outcome_row(answer.outcome).name);
      tell.wire("DNS", fmt::format("{} [{}] ← {} → {}", at.server, at.address, question.text(), said));
      seen += fmt::format("{}: {}", zone, said);
      break;
    }
    tell.wire("DNS", fmt::format("{} [{}] ← {} → {} NS {} [{}]", at.server, at.address, question.text(), next->zone,
                                 next->server, next->address));
    seen += fmt::format("{}: referral to {}; ", zone, next->zone);
    zone = next->zone;
    at = *next;
  }
  // What a resolver says that starts at that root and checks every signature on the way.
  const auto options = TRY(world.resolver_options());
  const auto resolver = TRY(dns::LiveResolver::start(options));
  const dns::Answer answer = net::run_on(world.shard(), ask(resolver.get(), question));
  tell.say({"A validating resolver that trusts the root's key and nothing else calls the answer: {}.",
            "Un résolveur validant, qui ne fait confiance qu'à la clé de la racine, dit de la réponse : {}."},
           security_name(answer.security));
  return fmt::format("{}; {}", seen, security_name(answer.security));
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
  if (!deferred) return fmt::format("{}; {}", letter.state, fate(letter));
  tell.say({"Paris does not go where the forged record leads. The trail says: {}",
            "Paris ne va pas où mène l'enregistrement falsifié. La trace dit : {}"},
           deferred->words);
  Params params;
  params.add("letter", id);
  TRY(world.call(mta, "queue.drop", params));
  return fmt::format("{}; {}; {}", letter.state, fate(letter),
                     deferred->words.contains("bogus") ? "bogus" : deferred->words);
}

}  // namespace chappe::app::demo
