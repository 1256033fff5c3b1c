#include "post/directory/directory.h"

#include "codec/idna.h"
#include "post/directory/editor.h"
#include "trust/sasl_prep.h"

namespace chappe::post {
namespace {

constexpr std::size_t kSecretSize = 32;

Result<Domain> existing_domain(Editor& editor, ByteView name) {
  const auto key = TRY(codec::domain_to_ascii(name));
  auto domain = TRY(editor.find_domain(key));
  if (!domain) return fail(Errc::not_found, "no such domain here: {}", key);
  return std::move(*domain);
}

Result<Account> existing_account(Editor& editor, std::string_view written) {
  const auto address = TRY(AddressKey::parse(written));
  auto account = TRY(editor.find_account(address));
  if (!account) return fail(Errc::not_found, "no such account: {}", address.written());
  return std::move(*account);
}

Result<crypto::Secret> get_or_make_secret(store::Txn& txn, const std::string& fresh) {
  if (const auto value = TRY(txn.get(rows::secret_key()))) return rows::decode_secret(value->view());
  txn.put(rows::secret_key(), rows::encode_secret(fresh));
  return crypto::Secret(fresh);
}

}  // namespace

// What editing functions without a result return.
struct Done {};

Directory::Directory(Parts parts, DirectoryOptions options, crypto::Secret secret, std::string false_hash)
    : parts_(parts),
      options_(std::move(options)),
      secret_(std::move(secret)),
      false_hash_(std::move(false_hash)),
      logins_(*parts.random, options_.login_life, options_.login_limit) {}

Directory::~Directory() = default;

Task<Result<std::unique_ptr<Directory>>> Directory::open(Parts parts, DirectoryOptions options, Deadline deadline) {
  std::string fresh = parts.random->bytes(kSecretSize);
  auto secret = CO_TRY(co_await parts.commit->submit<crypto::Secret>(
      [fresh](store::Txn& txn) { return get_or_make_secret(txn, fresh); }, deadline));
  crypto::Secret nobodys(parts.random->bytes(kSecretSize));
  auto hashed = CO_TRY(co_await net::offload(
      *parts.offload,
      [nobodys = std::move(nobodys), params = options.argon2, random = parts.random] {
        return crypto::hash_password(nobodys, params, *random);
      },
      deadline));
  auto false_hash = CO_TRY(std::move(hashed));
  co_return std::unique_ptr<Directory>(
      new Directory(parts, std::move(options), std::move(secret), std::move(false_hash)));
}

template <class R, class F>
Task<Result<R>> Directory::edit(std::string who, F fn, Deadline deadline) {
  auto change = [fn = std::move(fn), who = std::move(who), now = parts_.clock->now()](store::Txn& txn) -> Result<R> {
    Editor editor(txn, who, now);
    auto result = TRY(fn(editor));
    TRY(editor.finish());
    return result;
  };
  auto changed = co_await parts_.commit->submit<R>(std::move(change), deadline);
  if (parts_.changed) parts_.changed();
  co_return changed;
}

Task<Result<void>> Directory::change(std::string who, std::function<Result<void>(Editor&)> fn, Deadline deadline) {
  auto step = [fn = std::move(fn)](Editor& editor) -> Result<Done> {
    TRY(fn(editor));
    return Done{};
  };
  CO_TRY(co_await edit<Done>(std::move(who), std::move(step), deadline));
  co_return Result<void>();
}

// --- domains

Task<Result<Domain>> Directory::add_domain(std::string who, std::string name, DomainSettings settings,
                                           Deadline deadline) {
  auto fn = [name = std::move(name), settings](Editor& editor) { return editor.add_domain(name, settings); };
  co_return co_await edit<Domain>(std::move(who), std::move(fn), deadline);
}

Task<Result<void>> Directory::set_domain(std::string who, std::string name, DomainSettings settings,
                                         Deadline deadline) {
  auto fn = [name = std::move(name), settings](Editor& editor) -> Result<Done> {
    const auto domain = TRY(existing_domain(editor, name));
    TRY(editor.set_domain(domain, settings));
    return Done{};
  };
  CO_TRY(co_await edit<Done>(std::move(who), std::move(fn), deadline));
  co_return Result<void>();
}

Task<Result<void>> Directory::remove_domain(std::string who, std::string name, Deadline deadline) {
  auto fn = [name = std::move(name)](Editor& editor) -> Result<Done> {
    const auto domain = TRY(existing_domain(editor, name));
    TRY(editor.remove_domain(domain));
    return Done{};
  };
  CO_TRY(co_await edit<Done>(std::move(who), std::move(fn), deadline));
  co_return Result<void>();
}

// --- accounts

Task<Result<Credential>> Directory::hash(crypto::Secret password, DomainSettings settings, Deadline deadline) {
  auto prepared = CO_TRY(trust::sasl_prep(password));
  auto job = [prepared = std::move(prepared), settings, params = options_.argon2,
              random = parts_.random]() -> Result<Credential> {
    Credential credential;
    credential.hash = TRY(crypto::hash_password(prepared, params, *random));
    if (settings.scram)
      credential.scram =
          TRY(trust::make_scram_verifier(prepared, random->bytes(trust::kScramSaltSize), settings.scram_iterations));
    return credential;
  };
  co_return CO_TRY(co_await net::offload(*parts_.offload, std::move(job), deadline));
}

Task<Result<Account>> Directory::add_account(std::string who, std::string address, crypto::Secret password,
                                             AccountChange facts, Deadline deadline) {
  const auto key = CO_TRY(AddressKey::parse(address));
  const auto domain = CO_TRY(co_await show_domain(key.domain(), deadline));
  std::optional<Credential> credential;
  if (!password.empty()) credential = CO_TRY(co_await hash(std::move(password), domain.settings, deadline));
  auto fn = [key, facts = std::move(facts), credential = std::move(credential)](Editor& editor) {
    return editor.add_account({.address = key,
                               .name = facts.name.value_or(""),
                               .enabled = facts.enabled.value_or(true),
                               .quota = facts.quota.value_or(0),
                               .quota_messages = facts.quota_messages.value_or(0),
                               .credential = credential});
  };
  co_return co_await edit<Account>(std::move(who), std::move(fn), deadline);
}

Task<Result<void>> Directory::set_account(std::string who, std::string address, AccountChange change,
                                          Deadline deadline) {
  auto fn = [address = std::move(address), change = std::move(change)](Editor& editor) -> Result<Done> {
    const auto account = TRY(existing_account(editor, address));
    TRY(editor.set_account(account, change));
    return Done{};
  };
  CO_TRY(co_await edit<Done>(std::move(who), std::move(fn), deadline));
  co_return Result<void>();
}

Task<Result<void>> Directory::set_password(std::string who, std::string address, crypto::Secret password,
                                           Deadline deadline) {
  const auto key = CO_TRY(AddressKey::parse(address));
  const auto domain = CO_TRY(co_await show_domain(key.domain(), deadline));
  std::optional<Credential> credential;
  if (!password.empty()) credential = CO_TRY(co_await hash(std::move(password), domain.settings, deadline));
  auto fn = [address = std::move(address), credential = std::move(credential)](Editor& editor) -> Result<AccountId> {
    const auto account = TRY(existing_account(editor, address));
    TRY(editor.set_credential(account, credential));
    return account.id;
  };
  const auto id = CO_TRY(co_await edit<AccountId>(std::move(who), std::move(fn), deadline));
  logins_.drop(id);
  co_return Result<void>();
}

Task<Result<void>> Directory::rename_account(std::string who, std::string from, std::string to, Deadline deadline) {
  auto fn = [from = std::move(from), to = std::move(to)](Editor& editor) -> Result<Done> {
    const auto account = TRY(existing_account(editor, from));
    const auto address = TRY(AddressKey::parse(to));
    TRY(editor.rename_account(account, address));
    return Done{};
  };
  CO_TRY(co_await edit<Done>(std::move(who), std::move(fn), deadline));
  co_return Result<void>();
}

Task<Result<AccountId>> Directory::remove_account(std::string who, std::string address, Deadline deadline) {
  auto fn = [address = std::move(address)](Editor& editor) -> Result<AccountId> {
    const auto account = TRY(existing_account(editor, address));
    TRY(editor.remove_account(account));
    return account.id;
  };
  const auto id = CO_TRY(co_await edit<AccountId>(std::move(who), std::move(fn), deadline));
  logins_.drop(id);
  co_return id;
}

// --- legal hold

namespace {

struct HoldObject {
  Hold::Of of;
  std::uint32_t id;
  std::string name;
};

Result<HoldObject> hold_object(Editor& editor, const std::string& object) {
  if (object.find('@') != std::string::npos) {
    const auto account = TRY(existing_account(editor, object));
    return HoldObject{Hold::Of::account, account.id.value, account.address.text()};
  }
  const auto domain = TRY(existing_domain(editor, object));
  return HoldObject{Hold::Of::domain, domain.id.value, domain.name};
}

}  // namespace

Task<Result<Hold>> Directory::hold(std::string who, std::string object, std::string reason, Deadline deadline) {
  auto fn = [object = std::move(object), reason = std::move(reason)](Editor& editor) -> Result<Hold> {
    const auto on = TRY(hold_object(editor, object));
    return editor.hold(on.of, on.id, on.name, reason);
  };
  co_return co_await edit<Hold>(std::move(who), std::move(fn), deadline);
}

Task<Result<void>> Directory::lift_hold(std::string who, std::string object, Deadline deadline) {
  auto fn = [object = std::move(object)](Editor& editor) -> Result<Done> {
    const auto on = TRY(hold_object(editor, object));
    TRY(editor.lift_hold(on.of, on.id));
    return Done{};
  };
  CO_TRY(co_await edit<Done>(std::move(who), std::move(fn), deadline));
  co_return Result<void>();
}

// --- aliases

Task<Result<void>> Directory::set_alias(std::string who, std::string address, std::vector<std::string> targets,
                                        Deadline deadline) {
  auto fn = [address = std::move(address), targets = std::move(targets)](Editor& editor) -> Result<Done> {
    const auto key = TRY(AddressKey::parse(address));
    std::vector<AddressKey> keys;
    for (const auto& target : targets) keys.push_back(TRY(AddressKey::parse(target)));
    TRY(editor.set_alias(key, std::move(keys)));
    return Done{};
  };
  CO_TRY(co_await edit<Done>(std::move(who), std::move(fn), deadline));
  co_return Result<void>();
}

Task<Result<void>> Directory::remove_alias(std::string who, std::string address, Deadline deadline) {
  auto fn = [address = std::move(address)](Editor& editor) -> Result<Done> {
    const auto key = TRY(AddressKey::parse(address));
    TRY(editor.remove_alias(key));
    return Done{};
  };
  CO_TRY(co_await edit<Done>(std::move(who), std::move(fn), deadline));
  co_return Result<void>();
}

// --- as text

Task<Result<Differences>> Directory::apply_text(std::string who, std::string text, bool dry_run, Deadline deadline) {
  // Reading a large text takes a while, so it goes where what takes a while goes.
  auto read = CO_TRY(
      co_await net::offload(*parts_.offload, [text = std::move(text)] { return read_directory_text(text); }, deadline));
  auto wanted = CO_TRY(std::move(read));
  // A Change that fails leaves no trace; so a dry run is a Change that fails at the end, having said what it would do.
  auto shown = std::make_shared<std::optional<Differences>>();
  auto fn = [wanted = std::move(wanted), dry_run, shown](Editor& editor) -> Result<Differences> {
    auto differences = TRY(apply(editor, wanted));
    if (!dry_run) return differences;
    TRY(editor.finish());
    shown->emplace(std::move(differences));
    return fail(Errc::cancelled, "a dry run");
  };
  auto result = co_await edit<Differences>(std::move(who), std::move(fn), deadline);
  if (!result && *shown) co_return std::move(**shown);
  co_return result;
}

}  // namespace chappe::post
