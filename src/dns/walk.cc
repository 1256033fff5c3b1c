#include "dns/walk.h"

#include <algorithm>
#include <array>

namespace chappe::dns {

using net::Task;

namespace {

// In the order of Trust and of WalkEnd.
constexpr std::array<std::string_view, 6> kTrust = {"unchecked", "secure", "proven_unsigned",
                                                    "insecure",  "bogus",  "unknown"};
static_assert(kTrust.size() == static_cast<std::size_t>(Trust::unknown) + 1);
constexpr std::array<std::string_view, 7> kEnds = {"answered", "nobody",       "steps", "referrals",
                                                   "aliases",  "alias_circle", "time"};
static_assert(kEnds.size() == static_cast<std::size_t>(WalkEnd::time) + 1);

Said said_of(const Error& error) {
  switch (error.code()) {
    case Errc::timeout:
    case Errc::cancelled:
      return Said::timeout;
    case Errc::invalid:
      return Said::garbled;
    default:
      return Said::unreachable;
  }
}

}  // namespace

std::string_view trust_name(Trust trust) { return kTrust[static_cast<std::size_t>(trust)]; }
std::string_view walk_end_name(WalkEnd end) { return kEnds[static_cast<std::size_t>(end)]; }

// One walk, with those within it.
struct Walker::Run {
  Walk out;
  net::Deadline deadline;
  std::vector<Name> homes_sought;    // name servers whose address is being looked up, the outermost first
  std::optional<WalkEnd> stop = {};  // everything is over

  bool over(const WalkLimits& limits) {
    if (!stop && out.steps.size() >= limits.steps) stop = WalkEnd::steps;
    if (!stop && deadline.passed()) stop = WalkEnd::time;
    return stop.has_value();
  }
};

struct Walker::Found {
  WalkEnd end = WalkEnd::nobody;
  Answer answer;
};

Walker::Walker(Exchange& exchange, std::vector<NamedServer> roots, WalkLimits limits)
    : exchange_(exchange), limits_(limits) {
  zones_.emplace(Name(), std::move(roots));
}

Task<Walk> Walker::walk(Question question, net::Deadline deadline) {
  Run run{.out = {}, .deadline = deadline, .homes_sought = {}};
  Found found = co_await resolve(&run, question, 0);
  run.out.question = std::move(question);
  run.out.end = found.end;
  run.out.answer = std::move(found.answer);
  co_return std::move(run.out);
}

Name Walker::closest_zone(const Question& question) const {
  std::size_t labels = question.name.label_count();
  // RFC 4035 §3.1.4.1: of a DS the zone above knows.
  if (question.type == Type::ds && labels > 0) --labels;
  for (;; --labels)
    if (Name zone = question.name.suffix(labels); labels == 0 || zones_.contains(zone)) return zone;
}

Task<Walker::Found> Walker::resolve(Run* run, Question question, std::size_t depth) {
  Found out{.end = WalkEnd::nobody, .answer = without_records(question, Outcome::servfail)};
  std::set<Name> names = {question.name};
  std::uint32_t ttl = ~std::uint32_t{0};
  Question now = question;
  Name zone = closest_zone(now);
  for (std::size_t referrals = 0;;) {
    auto reading = co_await ask_zone(run, zone, now, depth);
    if (!reading) {
      out.end = run->stop.value_or(WalkEnd::nobody);
      if (out.end == WalkEnd::time) out.answer.outcome = Outcome::timeout;
      co_return out;
    }
    if (reading->said == Said::referral) {
      if (++referrals > limits_.referrals) {
        out.end = WalkEnd::referrals;
        co_return out;
      }
      zone = reading->delegation.zone;
      zones_.insert_or_assign(zone, std::move(reading->delegation.servers));
      continue;
    }
    // RFC 1034 §5.3.3 step 4c.
    ttl = std::min(ttl, reading->answer.ttl);
    for (Record& alias : reading->answer.chain) {
      const Name target = Cname::of(alias.rdata).target;
      out.answer.chain.push_back(std::move(alias));
      out.answer.canonical = target;
      if (!names.insert(target).second) out.end = WalkEnd::alias_circle;
    }
    if (out.end != WalkEnd::alias_circle && out.answer.chain.size() > limits_.aliases) out.end = WalkEnd::aliases;
    if (out.end != WalkEnd::nobody) co_return out;
    if (reading->said == Said::alias) {
      now.name = out.answer.canonical;
      zone = closest_zone(now);
      continue;
    }
    out.end = WalkEnd::answered;
    out.answer.outcome = reading->answer.outcome;
    out.answer.records = std::move(reading->answer.records);
    out.answer.ttl = ttl;
    co_return out;
  }
}

std::vector<net::Endpoint> Walker::reachable(const NamedServer& server) {
  std::vector<net::Endpoint> out;
  for (const bool ipv6 : {false, true})
    for (const net::Endpoint& at : server.addresses)
      if (at.ipv6() == ipv6 && exchange_.reaches(at)) out.push_back(at);
  return out;
}

bool Walker::dead(const NamedServer& server) const {
  return !server.addresses.empty() && std::ranges::all_of(server.addresses, [this](const net::Endpoint& at) {
    return dead_.contains(at.describe());
  });
}

std::vector<NamedServer> Walker::in_order(std::vector<NamedServer> servers) {
  const auto rank = [this](const NamedServer& server) {
    return dead(server) ? 3 : server.addresses.empty() ? 1 : reachable(server).empty() ? 2 : 0;
  };
  std::vector<std::pair<int, std::size_t>> ranks;
  for (std::size_t i = 0; i < servers.size(); ++i) ranks.emplace_back(rank(servers[i]), i);
  std::ranges::sort(ranks);
  std::vector<NamedServer> out;
  for (const auto& ranked : ranks) out.push_back(std::move(servers[ranked.second]));
  return out;
}

// RFC 1034 §5.3.3 steps 2 and 3. Nothing: no server was of use, or everything is over.
Task<std::optional<Reading>> Walker::ask_zone(Run* run, Name zone, Question question, std::size_t depth) {
  std::size_t tried = 0;
  for (NamedServer& server : in_order(zones_[zone])) {
    if (tried >= limits_.servers || run->over(limits_)) break;
    if (server.addresses.empty()) server.addresses = co_await find_home(run, zone, server.name, question, depth);
    if (server.addresses.empty()) {
      ++tried;
      continue;
    }
    auto ways = reachable(server);
    // Where no way leads, the exchange says why.
    if (ways.empty()) ways.push_back(server.addresses.front());
    for (const net::Endpoint& at : ways) {
      if (tried >= limits_.servers || run->over(limits_)) break;
      ++tried;
      Reading reading = co_await ask_server(
          run, {.depth = depth, .question = question, .zone = zone, .server = server.name, .at = at, .reading = {}});
      if (of_use(reading.said)) co_return reading;
    }
  }
  run->over(limits_);
  co_return std::nullopt;
}

// The address of a name server that came without glue, by a walk of its own; a step says so if there is none.
Task<std::vector<net::Endpoint>> Walker::find_home(Run* run, Name zone, Name server, Question question,
                                                   std::size_t depth) {
  std::vector<net::Endpoint> addresses;
  Flaw flaw = Flaw::no_address;
  if (std::ranges::find(run->homes_sought, server) != run->homes_sought.end()) {
    flaw = Flaw::circle;
  } else if (depth == limits_.depth) {
    flaw = Flaw::too_deep;
  } else {
    run->homes_sought.push_back(server);
    for (const Type type : {Type::a, Type::aaaa}) {
      if (!addresses.empty() || run->over(limits_)) break;
      const Found found = co_await resolve(run, {server, type}, depth + 1);
      for (const Bytes& rdata : found.answer.records.rdata)
        if (const auto at = net::Endpoint::parse(rdata_to_text(type, rdata), kDnsPort);
            at && addresses.size() < kMaxServerAddresses)
          addresses.push_back(*at);
    }
    run->homes_sought.pop_back();
    auto& known = zones_[zone];
    if (const auto same = std::ranges::find(known, server, &NamedServer::name); same != known.end())
      same->addresses = addresses;
  }
  if (!addresses.empty() || run->over(limits_)) co_return addresses;
  WalkStep step{.depth = depth,
                .question = std::move(question),
                .zone = std::move(zone),
                .server = std::move(server),
                .at = {},
                .reading = {}};
  step.reading.said = Said::homeless;
  step.reading.flaw = flaw;
  step.reading.answer = without_records(step.question, Outcome::servfail);
  run->out.steps.push_back(std::move(step));
  co_return addresses;
}

Task<Reading> Walker::ask_server(Run* run, WalkStep step) {
  const Clock& clock = net::Executor::current()->clock();
  const Steady began = clock.steady();
  auto got = co_await exchange_.ask(*step.at, make_query(step.question, 0, false, true),
                                    run->deadline.at_most(limits_.server));
  step.took = clock.steady() - began;
  if (got) {
    step.rcode = got->message.header.rcode;
    step.authoritative = got->message.header.authoritative;
    step.tcp = got->tcp;
    step.octets = got->octets;
    step.reading = read_reply(got->message, step.question, step.zone);
  } else {
    step.reading.said = said_of(got.error());
    step.reading.answer = without_records(step.question, Outcome::servfail);
    step.why = got.error().text();
    if (step.reading.said == Said::timeout || step.reading.said == Said::unreachable) dead_.insert(step.at->describe());
  }
  run->out.steps.push_back(step);
  co_return std::move(step.reading);
}

}  // namespace chappe::dns
