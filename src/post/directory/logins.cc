// Who logs in. Nothing here tells an unknown user from a wrong password: not the words, not the number of lookups, not
// the amount of hashing.
#include "post/directory/directory.h"
#include "post/directory/rows.h"
#include "trust/sasl_prep.h"

namespace chappe::post {

// What there is to check against.
struct Directory::Login {
  AccountId account;      // 0: nobody may log in by that name
  Credential credential;  // of the account
  // How a name of this domain would be salted.
  DomainSettings settings;
  std::string key;  // the name, one text for all its spellings
};

Task<Result<Directory::Login>> Directory::find_login(std::string address, Deadline deadline) {
  // A name that is no address is nobody's, and is looked for like another.
  auto key = AddressKey::parse(address);
  if (!key) key = AddressKey::stored("*", "", "");
  const auto domain = CO_TRY(co_await find_domain(key->domain(), deadline));
  const DomainId domain_id = domain ? domain->id : DomainId();
  const auto entry_row = CO_TRY(co_await parts_.store->get(rows::address_key(domain_id, key->local()), deadline));
  AccountId id;
  if (entry_row) id = CO_TRY(rows::decode_entry(entry_row->view())).account;
  const auto account_row = CO_TRY(co_await parts_.store->get(rows::account_key(id), deadline));
  const auto credential_row = CO_TRY(co_await parts_.store->get(rows::credential_key(id), deadline));

  Login login{.account = {},
              .credential = {},
              .settings = domain ? domain->settings : DomainSettings(),
              .key = key->domain().empty() ? std::move(address) : key->text()};
  if (!account_row || !credential_row) co_return login;
  login.credential = CO_TRY(rows::decode_credential(credential_row->view()));
  if (CO_TRY(rows::decode_account(account_row->view())).enabled) login.account = id;
  co_return login;
}

Task<Result<AccountId>> Directory::verify_password(std::string address, crypto::Secret password, Deadline deadline) {
  const auto login = CO_TRY(co_await find_login(std::move(address), deadline));
  // One that cannot be prepared cannot be right, and takes as long.
  auto prepared = trust::sasl_prep(password);
  const bool possible = prepared.has_value() && login.account;
  if (!prepared) prepared = crypto::Secret("x");
  const auto serial = login.credential.serial;
  const auto now = parts_.clock->steady();
  if (possible && logins_.has(login.account, serial, *prepared, now)) co_return login.account;

  std::string hash = login.account ? login.credential.hash : false_hash_;
  auto copy = prepared->clone();
  auto verified = CO_TRY(co_await net::offload(
      *parts_.offload, [copy = std::move(copy), hash = std::move(hash)] { return crypto::verify_password(copy, hash); },
      deadline));
  const bool right = CO_TRY(std::move(verified));
  if (!right || !possible) co_return fail(Errc::unauthenticated, "wrong user or password");
  // Kept under the serial that was read before: if the password has changed since, nobody will ever ask for it.
  logins_.keep(login.account, serial, *prepared, parts_.clock->steady());
  co_return login.account;
}

trust::ScramVerifier Directory::false_verifier(ByteView name, std::uint32_t iterations) const {
  const auto made = [&](ByteView use) { return crypto::hmac_sha256(secret_.reveal(), {use, name}); };
  return {.salt = Bytes(made("scram salt:").view().substr(0, trust::kScramSaltSize)),
          .iterations = iterations,
          .stored_key = made("scram stored key:"),
          .server_key = made("scram server key:")};
}

Task<Result<Directory::ScramAnswer>> Directory::scram_verifier(std::string address, Deadline deadline) {
  const auto login = CO_TRY(co_await find_login(std::move(address), deadline));
  // Made in any case, so that it takes its time in any case.
  ScramAnswer answer{.verifier = false_verifier(login.key, login.settings.scram_iterations), .account = {}};
  if (login.account && login.settings.scram && login.credential.scram)
    answer = {.verifier = *login.credential.scram, .account = login.account};
  co_return answer;
}

}  // namespace chappe::post
