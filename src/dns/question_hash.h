// A hash of questions for tables whose keys come from outside: a secret key, drawn when the table is made, keeps who
// chooses the names from choosing such that fall together and make each look-up as slow as a list. A value; any thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/random.h"
#include "dns/resolver.h"

namespace chappe::dns {

// The type and the octets of the name, in lower case, are the coefficients of a polynomial over the field of 2^61 - 1
// elements, which is evaluated at the secret point (J. L. Carter, M. N. Wegman, 1979). Two questions that differ have
// the same value at fewer than 40 of all points, whatever they are.
class QuestionHash {
 public:
  explicit QuestionHash(Random& random) : point_(1 + random.below(kPrime - 1)) {}
  std::size_t operator()(const Question& question) const;

 private:
  static constexpr std::uint64_t kPrime = (std::uint64_t{1} << 61) - 1;

  std::uint64_t point_;
};

}  // namespace chappe::dns
