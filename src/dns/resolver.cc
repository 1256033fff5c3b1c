#include "dns/resolver.h"

#include <arpa/inet.h>

#include <array>

#include "base/text.h"

namespace chappe::dns {
namespace {

constexpr std::array<OutcomeRow, 6> kOutcomes = {{
    {Outcome::answer, "answer", std::nullopt, "there are records"},
    {Outcome::nodata, "nodata", Errc::not_found, "the name exists, but has no such records"},
    {Outcome::nxdomain, "nxdomain", Errc::not_found, "the name does not exist"},
    {Outcome::servfail, "servfail", Errc::unavailable, "its name servers give no usable answer"},
    {Outcome::timeout, "timeout", Errc::timeout, "its name servers did not answer in time"},
    {Outcome::bogus, "bogus", Errc::unavailable, "the answer fails DNSSEC validation"},
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kOutcomes.size(); ++i)
    if (static_cast<std::size_t>(kOutcomes[i].outcome) != i) return false;
  return true;
}
static_assert(in_order(), "kOutcomes must stand in the order of Outcome");

constexpr std::array<std::string_view, 3> kSecurity = {"secure", "insecure", "indeterminate"};

net::Task<void> ask_into(Resolver* resolver, Question question, net::Deadline deadline, Answer* out) {
  *out = co_await resolver->ask(std::move(question), deadline);
}

}  // namespace

std::string Question::text() const { return name.text() + ' ' + type_name(type); }

const OutcomeRow& outcome_row(Outcome outcome) { return kOutcomes[static_cast<std::size_t>(outcome)]; }

std::optional<Outcome> parse_outcome(std::string_view name) {
  for (const OutcomeRow& row : kOutcomes)
    if (row.name == name) return row.outcome;
  return std::nullopt;
}

std::string_view security_name(Security security) { return kSecurity[static_cast<std::size_t>(security)]; }

std::optional<Security> parse_security(std::string_view name) {
  for (std::size_t i = 0; i < kSecurity.size(); ++i)
    if (kSecurity[i] == name) return static_cast<Security>(i);
  return std::nullopt;
}

Error Answer::error() const {
  const OutcomeRow& row = outcome_row(outcome);
  std::string text = fmt::format("DNS: {}: {}", printable(question.text()), row.says);
  if (!why.empty()) text += fmt::format(" ({})", printable(why));
  return Error(row.error.value_or(Errc::bug), std::move(text));
}

Answer without_records(Question question, Outcome outcome, std::string why) {
  Answer answer;
  answer.canonical = question.name;
  answer.question = std::move(question);
  answer.outcome = outcome;
  answer.why = std::move(why);
  return answer;
}

net::Task<Addresses> addresses_of(Resolver& resolver, Name host, net::Deadline deadline) {
  Addresses out;
  net::Scope both;
  both.spawn(ask_into(&resolver, {host, Type::a}, deadline, &out.v4));
  both.spawn(ask_into(&resolver, {host, Type::aaaa}, deadline, &out.v6));
  co_await both.join();
  co_return out;
}

Result<Name> reverse_name(std::string_view ip) {
  const std::string text(ip);
  std::array<unsigned char, 16> octets;
  if (inet_pton(AF_INET, text.c_str(), octets.data()) == 1)
    return Name::parse(fmt::format("{}.{}.{}.{}.in-addr.arpa.", octets[3], octets[2], octets[1], octets[0]));
  std::string out;
  if (inet_pton(AF_INET6, text.c_str(), octets.data()) == 1) {
    for (int i = 15; i >= 0; --i) {
      const unsigned o = octets[static_cast<std::size_t>(i)];
      out += fmt::format("{:x}.{:x}.", o & 15, o >> 4);
    }
    return Name::parse(out + "ip6.arpa.");
  }
  return fail(Errc::invalid, "not an IP address: {}", printable(ip));
}

}  // namespace chappe::dns
