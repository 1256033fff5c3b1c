// What is remembered of who sends letters here: for each identity, how many letters it answered for and what became of
// them. Plain values and the arithmetic on them; any thread, nothing blocks. docs/formats/reputation.md says how they
// are stored.
//
// An identity is only what cannot be forged:
//   network    where the client speaks from: an IPv4 /24, an IPv6 /48. Those are the smallest routes that the networks
//              of the world take from each other, so in both families the smallest thing that has one owner for
//              certain; an address, or a /64, is one of thousands that who sends spam changes at will.
//   dkim       d= of a signature that verifies (RFC 6376 §1: a domain that takes responsibility for the letter)
//   mail_from  the domain of MAIL FROM, where SPF passes (RFC 7208 §2.4)
//   author     the organizational domain of From, where DMARC passes (RFC 9989 §4.10.2); of a domain without a record
//              of DMARC, where SPF or DKIM passes for that very domain
//
// A name that a letter bears without proof gets none of what becomes of the letter: it was worth forging, which says
// nothing of its owner. That it was named in vain is counted beside (fail, none, temperror of the row), if the name is
// known here at all, and is no part of its score. What becomes of such letters falls back on the network.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace chappe::post {

// The numbers are on disk.
enum class IdentityKind : std::uint8_t { network = 1, dkim = 2, mail_from = 3, author = 4 };
// "network", "dkim", "mail-from", "author"
std::string_view identity_kind_name(IdentityKind kind);
std::optional<IdentityKind> parse_identity_kind(std::string_view name);

struct Identity {
  IdentityKind kind{};
  std::string name;  // "192.0.2.0/24", or a domain in A-labels, lower case

  auto operator<=>(const Identity&) const = default;
};
struct IdentityHash {
  std::size_t operator()(const Identity& i) const {
    return std::hash<std::string>()(i.name) * 31 + static_cast<std::size_t>(i.kind);
  }
};
inline constexpr std::size_t kMaxIdentityName = 253;  // octets (RFC 1035 §2.3.4, without the final dot)

// The network of an address; nothing for what is no address.
std::optional<Identity> network_of(std::string_view ip);
// All that may be known under a name as people write it: an address or a network as above, or a domain. Errc::invalid.
Result<std::vector<Identity>> identities_named(std::string_view name);

// What became of a letter.
enum class Fate : std::uint8_t { accepted, junk, refused, deferred };
std::string_view fate_name(Fate fate);
// How the proof of an identity ended; of a network, DMARC of its letter.
enum class Proof : std::uint8_t { pass, fail, none, temperror };

// What is counted. The numbers are on disk: bits of a mask.
enum class Tally : std::uint8_t {
  accepted = 0,
  junk = 1,
  refused = 2,
  deferred = 3,
  spam = 4,  // somebody moved a letter into Junk
  ham = 5,   // or out of it
  pass = 6,
  fail = 7,
  none = 8,
  temperror = 9,
};
inline constexpr std::size_t kTallies = 10;
std::string_view tally_name(Tally tally);
Tally tally_of(Fate fate);
Tally tally_of(Proof proof);

// Letters, each worth less the longer ago it came.
class Tallies {
 public:
  double& operator[](Tally tally) { return values_[static_cast<std::size_t>(tally)]; }
  double operator[](Tally tally) const { return values_[static_cast<std::size_t>(tally)]; }
  Tallies& operator+=(const Tallies& more);
  void scale(double factor);
  bool operator==(const Tallies&) const = default;

  // That the identity answered for.
  double letters() const;
  // What they speak for and against it. A letter that somebody moved between inbox and Junk counts as it lies now. One
  // that was deferred speaks for nothing: it comes again.
  double good() const;
  double bad() const;
  // How much there is to lose: of a row of nothing but claims, nothing.
  double weight() const { return letters() + (*this)[Tally::spam] + (*this)[Tally::ham]; }

 private:
  std::array<double, kTallies> values_{};
};

// A row of the store.
struct Remembered {
  Time at;     // the tallies are of this moment
  Time first;  // letter
  Time last;
  Tallies tallies;

  // Half of every tally is gone after each half-life. The clock may have jumped back: then nothing fades until it has
  // made up for that, rather than that all is forgotten when a clock without a battery is set.
  void fade(Time now, Duration half_life);
  bool operator==(const Remembered&) const = default;
};

// What is known of an identity now.
struct Standing {
  Identity identity;
  bool known = false;     // else nobody has heard of it: score 0.5, confidence 0
  Remembered remembered;  // faded to now

  // How good its next letter is expected to be, 0 to 1: the mean of the Beta distribution over `good` and `bad` letters
  // from a start where every share is as likely as any other, (1 + good) / (2 + good + bad).
  double score() const;
  // How narrow that distribution is, 0 (nothing is known) to almost 1: 1 - its standard deviation / that of the start.
  // One letter gives 0.18, ten of a kind 0.73, a hundred 0.97.
  double confidence() const;
};

}  // namespace chappe::post
