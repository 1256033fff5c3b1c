// The directory as text: out (`chappe config export`) and in (`chappe config apply`). TOML:
//
//   [domains."example.org"]
//   scram = true                  # and scram_iterations, separator, detail_is_folder
//   [accounts."bob@example.org"]
//   name = "Bob"                  # and enabled, quota, quota_messages
//   password_hash = "$argon2id$…" # with them only if hashes were asked for
//   scram_sha_256 = "4096$salt$stored key$server key"
//   send_as = ["info@example.org", "*@sales.example"]  # grants (post/directory/grants.h)
//   send_on_behalf = ["alice@example.org"]
//   [aliases."sales@example.org"]
//   targets = ["bob@example.org"]
//   [site]                        # and in domains and accounts: post/policy/local.h
//   rejected = "junk"
//   suspect = "quarantine"
//   list = ["lists.example.net"]  # and sealer, forwarder, allow, block
//
// What is listed is made so: a domain that stands in the text has exactly the accounts and aliases that the text gives
// it, others go. A domain that is not in the text stays as it is; `removed = true` in a domain takes it away with all
// it has. A setting that is left out is the default one; a password that is left out stays, and so does what is laid
// down for the site, if there is no section [site]. Applying a text twice changes nothing the second time.
//
// Pure, but for apply(), which runs inside a Change.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "post/directory/types.h"
#include "post/policy/local.h"

namespace chappe::post {

class Editor;

inline constexpr std::size_t kMaxDirectoryText = 16 * 1024 * 1024;  // octets

struct ExportOptions {
  bool hashes = false;
};

struct DirectoryText {
  struct OfDomain {
    std::string written;
    bool removed = false;
    DomainSettings settings;
    ScopeRules rules = {};
  };
  struct OfAccount {
    std::string name;
    bool enabled = true;
    std::uint64_t quota = 0;
    std::uint64_t quota_messages = 0;
    std::optional<Credential> credential;    // without serial
    std::map<AddressKey, SendRight> grants;  // by identity
    ScopeRules rules = {};
  };
  std::optional<ScopeRules> site;
  std::map<std::string, OfDomain> domains;  // by key
  std::map<AddressKey, OfAccount> accounts;
  std::map<AddressKey, std::vector<AddressKey>> aliases;
};

// Errc::invalid: not TOML, an unknown key, a value of the wrong kind, something named twice or in a domain that is not
// listed; the error says where. Errc::too_large.
Result<DirectoryText> read_directory_text(std::string_view text);
std::string write_directory_text(const DirectoryText& directory);

struct Difference {
  enum class Kind { added, changed, removed };
  Kind kind;
  std::string what;  // "domain", "account", "password", "grant", "alias", "policy", "known"
  std::string object;
  std::string text;  // how it is now, or from what to what
  // "+ account bob@example.org: …", "~ …", "- …"
  std::string describe() const;
};
using Differences = std::vector<Difference>;

// Makes the directory as `wanted` says. The Editor's finish() is the caller's.
Result<Differences> apply(Editor& editor, const DirectoryText& wanted);

}  // namespace chappe::post
