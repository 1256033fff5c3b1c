#include "trust/sasl_scram.h"

#include "base/text.h"
#include "trust/sasl_prep.h"

namespace chappe::trust {

Result<ScramVerifier> make_scram_verifier(const crypto::Secret& password, Bytes salt, std::uint32_t iterations) {
  if (iterations < kMinScramIterations || iterations > kMaxScramIterations)
    return fail(Errc::invalid, "SCRAM iterations are {} to {}", kMinScramIterations, kMaxScramIterations);
  if (salt.empty() || salt.size() > kMaxScramSalt) return fail(Errc::invalid, "a SCRAM salt of {} octets", salt.size());
  const auto prepared = TRY(sasl_prep(password));
  const auto keys = scram::derive(prepared, salt, iterations);
  return ScramVerifier{
      .salt = std::move(salt), .iterations = iterations, .stored_key = keys.stored_key, .server_key = keys.server_key};
}

namespace scram {

Keys derive(const crypto::Secret& prepared, ByteView salt, std::uint32_t iterations) {
  crypto::Sum256 salted = crypto::pbkdf2_sha256(prepared, salt, iterations);
  Keys keys;
  keys.client_key = crypto::hmac_sha256(salted.view(), "Client Key");
  keys.stored_key = crypto::sha256(keys.client_key.view());
  keys.server_key = crypto::hmac_sha256(salted.view(), "Server Key");
  crypto::wipe(salted.octets.data(), salted.octets.size());
  return keys;
}

crypto::Sum256 mixed(const crypto::Sum256& a, const crypto::Sum256& b) {
  crypto::Sum256 out;
  for (std::size_t i = 0; i < crypto::Sum256::kSize; ++i) out.octets[i] = static_cast<char>(a.octets[i] ^ b.octets[i]);
  return out;
}

std::string escaped(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c == ',') {
      out += "=2C";
    } else if (c == '=') {
      out += "=3D";
    } else {
      out += c;
    }
  }
  return out;
}

Result<std::string> unescaped(std::string_view name) {
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] != '=') {
      out += name[i];
    } else if (name.substr(i, 3) == "=2C" || name.substr(i, 3) == "=3D") {
      out += name[i + 1] == '2' ? ',' : '=';
      i += 2;
    } else {
      return fail(Errc::invalid, "a user name with a bare '='");
    }
  }
  return out;
}

Result<std::string_view> take(std::string_view& message, char name) {
  if (message.size() < 3 || message[0] != name || message[1] != '=')
    return fail(Errc::invalid, "SCRAM attribute '{}' expected", name);
  const auto comma = message.find(',');
  const auto value = message.substr(2, comma == std::string_view::npos ? comma : comma - 2);
  if (value.empty()) return fail(Errc::invalid, "SCRAM attribute '{}' is empty", name);
  message.remove_prefix(comma == std::string_view::npos ? message.size() : comma + 1);
  // A comma promises another attribute.
  if (comma != std::string_view::npos && message.empty()) return fail(Errc::invalid, "a SCRAM message ends in ','");
  return value;
}

bool are_extensions(std::string_view rest) {
  if (rest.empty()) return true;
  for (const auto part : split(rest, ','))
    if (part.size() < 3 || !is_alpha(part[0]) || part[0] == 'm' || part[1] != '=') return false;
  return rest.find('\0') == std::string_view::npos;
}

bool is_nonce(std::string_view nonce) {
  for (const char c : nonce)
    if (c <= ' ' || c >= 0x7f || c == ',') return false;
  return !nonce.empty();
}

Bytes make_nonce(Random& random, std::size_t size) {
  Bytes out;
  while (out.size() < size) {
    for (char c : random.bytes(size - out.size())) {
      c = static_cast<char>(c & 0x7f);
      if (is_nonce({&c, 1})) out += c;
    }
  }
  return out;
}

}  // namespace scram
}  // namespace chappe::trust
