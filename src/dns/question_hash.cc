#include "dns/question_hash.h"

#include <utility>

#include "base/text.h"

namespace chappe::dns {

std::size_t QuestionHash::operator()(const Question& question) const {
  constexpr std::ptrdiff_t kTogether = 7;  // octets of one coefficient: as many as are surely below the prime
  std::uint64_t hash = 0, coefficient = std::to_underlying(question.type);
  const auto take = [&] {
    const auto product = static_cast<unsigned __int128>(hash + coefficient) * point_;
    hash = (static_cast<std::uint64_t>(product) & kPrime) + static_cast<std::uint64_t>(product >> 61);
    if (hash >= kPrime) hash -= kPrime;
    coefficient = 0;
  };
  const auto append = [&](char c) { coefficient = coefficient << 8 | static_cast<unsigned char>(lower(c)); };
  take();
  const char* at = question.name.wire().data();
  const char* const end = at + question.name.wire().size();
  for (; end - at >= kTogether; at += kTogether, take())
    for (std::ptrdiff_t i = 0; i < kTogether; ++i) append(at[i]);
  for (; at != end; ++at) append(*at);
  take();
  return hash;
}

}  // namespace chappe::dns
