#include "post/reputation/types.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "trust/ip.h"
#include "trust/mail_domain.h"

namespace chappe::post {
namespace {

constexpr IdentityKind kKinds[] = {IdentityKind::network, IdentityKind::dkim, IdentityKind::mail_from,
                                   IdentityKind::author};
constexpr std::string_view kTallyNames[kTallies] = {"accepted", "junk", "refused", "deferred", "spam",
                                                    "ham",      "pass", "fail",    "none",     "temperror"};
constexpr unsigned kPrefix4 = 24;
constexpr unsigned kPrefix6 = 48;
// Less of a letter is nothing: keeps tallies that fade for ever from becoming denormal numbers.
constexpr double kNothing = 1e-6;

Identity network_around(const trust::Ip& ip) {
  const unsigned prefix = ip.v4() ? kPrefix4 : kPrefix6;
  const unsigned behind = (ip.v4() ? 32U : 128U) - prefix;
  const trust::Ip first = trust::Ip::of_number(ip.number() >> behind << behind, ip.v4());
  return {IdentityKind::network, fmt::format("{}/{}", first.text(), prefix)};
}

}  // namespace

std::string_view identity_kind_name(IdentityKind kind) {
  switch (kind) {
    case IdentityKind::network:
      return "network";
    case IdentityKind::dkim:
      return "dkim";
    case IdentityKind::mail_from:
      return "mail-from";
    case IdentityKind::author:
      return "author";
  }
  std::unreachable();
}

std::optional<IdentityKind> parse_identity_kind(std::string_view name) {
  for (const IdentityKind kind : kKinds)
    if (name == identity_kind_name(kind)) return kind;
  return std::nullopt;
}

std::optional<Identity> network_of(std::string_view ip) {
  const auto parsed = trust::Ip::of_client(ip);
  if (!parsed) return std::nullopt;
  return network_around(*parsed);
}

Result<std::vector<Identity>> identities_named(std::string_view name) {
  const std::size_t slash = name.find('/');
  if (const auto ip = trust::Ip::of_client(name.substr(0, slash))) {
    Identity network = network_around(*ip);
    if (slash != name.npos && name != network.name)
      return fail(Errc::invalid, "networks are counted as {}: '{}' is none of them", network.name, printable(name, 80));
    return std::vector{std::move(network)};
  }
  const std::string domain = TRY(trust::mail_domain(name));
  std::vector<Identity> out;
  for (const IdentityKind kind : kKinds)
    if (kind != IdentityKind::network) out.push_back({kind, domain});
  return out;
}

std::string_view fate_name(Fate fate) { return tally_name(tally_of(fate)); }
std::string_view tally_name(Tally tally) { return kTallyNames[static_cast<std::size_t>(tally)]; }
Tally tally_of(Fate fate) { return static_cast<Tally>(static_cast<int>(Tally::accepted) + static_cast<int>(fate)); }
Tally tally_of(Proof proof) { return static_cast<Tally>(static_cast<int>(Tally::pass) + static_cast<int>(proof)); }

Tallies& Tallies::operator+=(const Tallies& more) {
  for (std::size_t i = 0; i < kTallies; ++i) values_[i] += more.values_[i];
  return *this;
}

void Tallies::scale(double factor) {
  for (double& value : values_) {
    value *= factor;
    if (value < kNothing) value = 0;
  }
}

double Tallies::letters() const {
  const Tallies& t = *this;
  return t[Tally::accepted] + t[Tally::junk] + t[Tally::refused] + t[Tally::deferred];
}

double Tallies::good() const {
  const Tallies& t = *this;
  return std::max(0.0, t[Tally::accepted] + t[Tally::ham] - t[Tally::spam]);
}

double Tallies::bad() const {
  const Tallies& t = *this;
  return std::max(0.0, t[Tally::junk] + t[Tally::refused] + t[Tally::spam] - t[Tally::ham]);
}

void Remembered::fade(Time now, Duration half_life) {
  if (now <= at) return;
  // As reals: a row may name any time.
  const double passed = static_cast<double>(now.us) - static_cast<double>(at.us);
  const double lives = passed / static_cast<double>(half_life.count());
  tallies.scale(std::exp2(-lives));
  at = now;
}

double Standing::score() const {
  const Tallies& t = remembered.tallies;
  return (1 + t.good()) / (2 + t.good() + t.bad());
}

double Standing::confidence() const {
  const double a = 1 + remembered.tallies.good();
  const double b = 1 + remembered.tallies.bad();
  const double n = a + b;
  const double variance = a * b / (n * n * (n + 1));
  return std::max(0.0, 1 - std::sqrt(variance * 12));  // 1/12: the variance where everything is as likely
}

}  // namespace chappe::post
