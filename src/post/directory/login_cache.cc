#include "post/directory/login_cache.h"

#include <array>
#include <cstring>

namespace chappe::post {

LoginCache::LoginCache(Random& random, Duration life, std::size_t limit)
    : key_(crypto::Secret::take(random.bytes(32))), life_(life), limit_(limit) {}

crypto::Sum256 LoginCache::mac(AccountId account, std::uint64_t serial, const crypto::Secret& password) const {
  // Both numbers have a fixed size, so that nothing runs into the password.
  std::array<char, sizeof account.value + sizeof serial> numbers{};
  std::memcpy(numbers.data(), &account.value, sizeof account.value);
  std::memcpy(numbers.data() + sizeof account.value, &serial, sizeof serial);
  return crypto::hmac_sha256(key_.reveal(), {ByteView(numbers.data(), numbers.size()), password.reveal()});
}

bool LoginCache::has(AccountId account, std::uint64_t serial, const crypto::Secret& password, Steady now) {
  const auto wanted = mac(account, serial, password);
  std::lock_guard lock(mutex_);
  const auto it = entries_.find(account);
  return it != entries_.end() && it->second.until > now &&
         crypto::equal_constant_time(it->second.mac.view(), wanted.view());
}

void LoginCache::keep(AccountId account, std::uint64_t serial, const crypto::Secret& password, Steady now) {
  if (limit_ == 0 || life_ <= Duration(0)) return;
  const Entry entry{.mac = mac(account, serial, password), .until = now + life_};
  std::lock_guard lock(mutex_);
  auto& kept = entries_[account];
  const bool placed = kept.until == entry.until;  // it has this very place in the order already
  kept = entry;
  if (placed) return;
  order_.emplace_back(account, entry.until);
  // Each entry has at least one place in the order; so this ends, and the order stays as short as twice the entries.
  while (entries_.size() > limit_ || order_.front().second <= now || order_.size() > 2 * limit_) {
    const auto [oldest, until] = order_.front();
    order_.pop_front();
    const auto it = entries_.find(oldest);
    if (it != entries_.end() && it->second.until == until) entries_.erase(it);
  }
}

void LoginCache::drop(AccountId account) {
  std::lock_guard lock(mutex_);
  entries_.erase(account);
}

std::size_t LoginCache::size() const {
  std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace chappe::post
