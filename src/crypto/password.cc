#include "crypto/password.h"

#include <argon2.h>

#include <array>
#include <optional>

#include "base/text.h"

namespace chappe::crypto {
namespace {

constexpr std::size_t kSaltSize = 16;
constexpr std::size_t kHashSize = 32;

Result<> within_limits(const Argon2Params& params) {
  if (params.memory_kib > kMaxArgon2.memory_kib || params.passes > kMaxArgon2.passes || params.lanes > kMaxArgon2.lanes)
    return fail(Errc::too_large, "argon2id parameters over the limit m={},t={},p={}", kMaxArgon2.memory_kib,
                kMaxArgon2.passes, kMaxArgon2.lanes);
  return {};
}

// Takes `name=NUMBER` from the front of `text`, and the separator behind it.
std::optional<std::uint32_t> take_param(std::string_view& text, std::string_view name, char separator) {
  if (!text.starts_with(name)) return std::nullopt;
  text.remove_prefix(name.size());
  const auto end = text.find(separator);
  if (end == std::string_view::npos) return std::nullopt;
  const auto value = to_number<std::uint32_t>(text.substr(0, end));
  text.remove_prefix(end + 1);
  return value;
}

// PHC's base64 is the standard alphabet without padding.
bool base64_text(std::string_view text) {
  return !text.empty() && text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") ==
                              std::string_view::npos;
}

}  // namespace

Result<Argon2Params> password_hash_params(std::string_view phc) {
  if (phc.size() > kMaxPasswordHash) return fail(Errc::too_large, "password hash over {} octets", kMaxPasswordHash);
  constexpr std::string_view kPrefix = "$argon2id$v=19$";
  Argon2Params params;
  const auto read = [&]() -> bool {
    if (!phc.starts_with(kPrefix)) return false;
    phc.remove_prefix(kPrefix.size());
    const auto m = take_param(phc, "m=", ',');
    const auto t = take_param(phc, "t=", ',');
    const auto p = take_param(phc, "p=", '$');
    if (!m || !t || !p || *t == 0 || *p == 0 || *m < 8ULL * *p) return false;  // RFC 9106 §3.1
    params = {.memory_kib = *m, .passes = *t, .lanes = *p};
    const auto dollar = phc.find('$');
    return dollar != std::string_view::npos && base64_text(phc.substr(0, dollar)) &&
           base64_text(phc.substr(dollar + 1));
  };
  if (!read()) return fail(Errc::invalid, "not an argon2id hash in PHC form");
  TRY(within_limits(params));
  return params;
}

Result<std::string> hash_password(const Secret& password, const Argon2Params& params, Random& random) {
  if (password.size() > kMaxPassword) return fail(Errc::too_large, "password over {} octets", kMaxPassword);
  TRY(within_limits(params));
  const std::string salt = random.bytes(kSaltSize);
  std::array<char, kMaxPasswordHash> encoded{};
  const ByteView bytes = password.reveal();
  const int rc = argon2id_hash_encoded(params.passes, params.memory_kib, params.lanes, bytes.data(), bytes.size(),
                                       salt.data(), salt.size(), kHashSize, encoded.data(), encoded.size());
  if (rc == ARGON2_MEMORY_ALLOCATION_ERROR) return fail(Errc::busy, "no memory to hash a password");
  if (rc != ARGON2_OK) return fail(Errc::invalid, "argon2id: {}", argon2_error_message(rc));
  return std::string(encoded.data());
}

Result<bool> verify_password(const Secret& password, std::string_view phc) {
  TRY(password_hash_params(phc));
  if (password.size() > kMaxPassword) return false;
  const ByteView bytes = password.reveal();
  // The library wants a C string; what passed above holds no NUL.
  const int rc = argon2id_verify(std::string(phc).c_str(), bytes.data(), bytes.size());
  if (rc == ARGON2_OK) return true;
  if (rc == ARGON2_VERIFY_MISMATCH) return false;
  if (rc == ARGON2_MEMORY_ALLOCATION_ERROR) return fail(Errc::busy, "no memory to verify a password");
  return fail(Errc::invalid, "password hash: {}", argon2_error_message(rc));
}

}  // namespace chappe::crypto
