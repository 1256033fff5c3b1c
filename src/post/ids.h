// Ids that never change and are never given twice, as types that do not mix. 0 is nobody: no object has it.
//
// They are 32 bits wide because they begin every key of the store (store/keys.h).
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace chappe::post {

template <class Tag>
struct Id {
  std::uint32_t value = 0;

  explicit operator bool() const { return value != 0; }
  auto operator<=>(const Id&) const = default;
};

using DomainId = Id<struct DomainTag>;
using AccountId = Id<struct AccountTag>;

}  // namespace chappe::post

template <class Tag>
struct std::hash<chappe::post::Id<Tag>> {
  std::size_t operator()(chappe::post::Id<Tag> id) const { return std::hash<std::uint32_t>()(id.value); }
};
