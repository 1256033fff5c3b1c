// The directory's text form: TOML in (by toml++, here only) and out (by hand, so that it is the same each time).
#include <toml++/toml.h>

#include <limits>

#include "base/text.h"
#include "codec/base64.h"
#include "codec/idna.h"
#include "crypto/password.h"
#include "post/directory/apply.h"
#include "post/directory/grants.h"

namespace chappe::post {
namespace {

int line_of(const toml::node& node) { return static_cast<int>(node.source().begin.line); }

template <class... Args>
std::unexpected<Error> bad(const toml::node& node, fmt::format_string<Args...> format, Args&&... args) {
  return fail(Errc::invalid, "line {}: {}", line_of(node), fmt::format(format, std::forward<Args>(args)...));
}

template <class T>
Result<T> with_line(const toml::node& node, Result<T> result) {
  if (result) return result;
  return std::unexpected(std::move(result.error()).within(fmt::format("line {}", line_of(node))));
}

Result<const toml::table*> table(const toml::node& node) {
  const auto* out = node.as_table();
  if (!out) return bad(node, "a table expected");
  return out;
}

Result<bool> boolean(const toml::node& node) {
  const auto out = node.value_exact<bool>();
  if (!out) return bad(node, "true or false expected");
  return *out;
}

Result<std::string> text(const toml::node& node) {
  auto out = node.value_exact<std::string>();
  if (!out) return bad(node, "a text expected");
  return std::move(*out);
}

Result<std::uint64_t> number(const toml::node& node, std::uint64_t limit) {
  const auto out = node.value_exact<std::int64_t>();
  if (!out || *out < 0 || static_cast<std::uint64_t>(*out) > limit)
    return bad(node, "a number from 0 to {} expected", limit);
  return static_cast<std::uint64_t>(*out);
}

Result<crypto::Sum256> sum(std::string_view base64) {
  const auto octets = codec::base64_decode(base64);
  if (!octets || octets->size() != crypto::Sum256::kSize) return fail(Errc::invalid, "not a SCRAM key");
  crypto::Sum256 out;
  octets->copy(out.octets.data(), octets->size());
  return out;
}

Result<trust::ScramVerifier> scram(std::string_view value) {
  const auto parts = split(value, '$');
  if (parts.size() != 4) return fail(Errc::invalid, "a SCRAM verifier is iterations$salt$stored key$server key");
  const auto iterations = to_number<std::uint32_t>(parts[0]);
  if (!iterations || *iterations < trust::kMinScramIterations || *iterations > trust::kMaxScramIterations)
    return fail(Errc::invalid, "SCRAM iterations are {} to {}", trust::kMinScramIterations, trust::kMaxScramIterations);
  auto salt = codec::base64_decode(parts[1]);
  if (!salt || salt->empty() || salt->size() > trust::kMaxScramSalt) return fail(Errc::invalid, "not a SCRAM salt");
  const auto stored = TRY(sum(parts[2]));
  const auto server = TRY(sum(parts[3]));
  return trust::ScramVerifier{
      .salt = std::move(*salt), .iterations = *iterations, .stored_key = stored, .server_key = server};
}

class Read {
 public:
  Result<DirectoryText> operator()(const toml::table& all) {
    for (const auto& [key, node] : all) {
      const auto* section = TRY(table(node));
      if (key.str() == "domains") {
        TRY(each(*section, &Read::domain));
      } else if (key.str() == "accounts") {
        TRY(each(*section, &Read::account));
      } else if (key.str() == "aliases") {
        TRY(each(*section, &Read::alias));
      } else if (key.str() == "site") {
        TRY(site(*section));
      } else {
        return bad(node, "unknown section {}", printable(key.str()));
      }
    }
    for (const auto& [address, facts] : out_.accounts) TRY(listed(address));
    for (const auto& [address, targets] : out_.aliases) {
      TRY(listed(address));
      if (out_.accounts.contains(address))
        return fail(Errc::invalid, "{} is an account and an alias", address.written());
    }
    return std::move(out_);
  }

 private:
  using Item = Result<void> (Read::*)(std::string_view name, const toml::node& at, const toml::table& fields);

  Result<void> each(const toml::table& section, Item item) {
    for (const auto& [key, node] : section) {
      const auto* fields = TRY(table(node));
      TRY((this->*item)(key.str(), node, *fields));
    }
    return {};
  }

  Result<void> listed(const AddressKey& address) {
    const auto it = out_.domains.find(address.domain());
    if (it == out_.domains.end()) return fail(Errc::invalid, "{}: its domain is not listed", address.written());
    if (it->second.removed) return fail(Errc::invalid, "{}: its domain is to be removed", address.written());
    return {};
  }

  static Result<void> unknown(std::string_view key, const toml::node& node) {
    return bad(node, "unknown key {}", printable(key));
  }

  // A field of what is laid down for a scope; false: it is none.
  static Result<bool> rule(ScopeRules& out, std::string_view field, const toml::node& node) {
    if (field == "rejected" || field == "suspect") {
      const auto action = TRY(text(node));
      const auto parsed = field == "rejected" ? parse_rejected(action) : parse_suspect(action);
      (field == "rejected" ? out.handling.rejected : out.handling.suspect) = TRY(with_line(node, parsed));
      return true;
    }
    const auto kind = parse_kind(field);
    if (!kind) return false;
    const auto* list = node.as_array();
    if (!list) return bad(node, "a list of names expected");
    for (const auto& element : *list) {
      const auto name = TRY(text(element));
      out.known.insert(TRY(with_line(element, parse_acquaintance(*kind, name))));
      if (out.known.size() > kMaxAcquaintances) return bad(node, "over {} who are known", kMaxAcquaintances);
    }
    return true;
  }

  Result<void> site(const toml::table& fields) {
    out_.site.emplace();
    for (const auto& [field, node] : fields)
      if (!TRY(rule(*out_.site, field.str(), node))) return unknown(field.str(), node);
    return {};
  }

  Result<void> domain(std::string_view name, const toml::node& at, const toml::table& fields) {
    auto key = TRY(with_line(at, codec::domain_to_ascii(name)));
    DirectoryText::OfDomain domain;
    domain.written = name;
    for (const auto& [field, node] : fields) {
      const std::string_view f = field.str();
      if (f == "scram") {
        domain.settings.scram = TRY(boolean(node));
      } else if (f == "scram_iterations") {
        domain.settings.scram_iterations = static_cast<std::uint32_t>(TRY(number(node, trust::kMaxScramIterations)));
      } else if (f == "separator") {
        const auto separator = TRY(text(node));
        if (separator.size() > 1) return bad(node, "a separator is one character or none");
        domain.settings.separator = separator.empty() ? '\0' : separator[0];
      } else if (f == "detail_is_folder") {
        domain.settings.detail_is_folder = TRY(boolean(node));
      } else if (f == "removed") {
        domain.removed = TRY(boolean(node));
      } else if (!TRY(rule(domain.rules, f, node))) {
        return unknown(f, node);
      }
    }
    if (!out_.domains.emplace(std::move(key), std::move(domain)).second)
      return bad(at, "the domain {} is listed twice", printable(name));
    return {};
  }

  static Result<void> grants(const toml::node& node, SendRight right, std::map<AddressKey, SendRight>& to) {
    const auto* list = node.as_array();
    if (!list) return bad(node, "a list of identities expected");
    for (const auto& element : *list) {
      const auto written = TRY(text(element));
      if (!to.emplace(TRY(with_line(element, parse_identity(written))), right).second)
        return bad(element, "{} is listed twice", printable(written));
      if (to.size() > kMaxGrantsOfAccount) return bad(node, "over {} grants", kMaxGrantsOfAccount);
    }
    return {};
  }

  Result<void> account(std::string_view name, const toml::node& at, const toml::table& fields) {
    auto address = TRY(with_line(at, AddressKey::parse(name)));
    DirectoryText::OfAccount account;
    std::optional<trust::ScramVerifier> verifier;
    for (const auto& [field, node] : fields) {
      const std::string_view f = field.str();
      if (f == "name") {
        account.name = TRY(text(node));
      } else if (f == "enabled") {
        account.enabled = TRY(boolean(node));
      } else if (f == "quota") {
        account.quota = TRY(number(node, std::numeric_limits<std::int64_t>::max()));
      } else if (f == "quota_messages") {
        account.quota_messages = TRY(number(node, std::numeric_limits<std::int64_t>::max()));
      } else if (f == "password_hash") {
        auto hash = TRY(text(node));
        TRY(with_line(node, crypto::password_hash_params(hash)));
        account.credential = Credential{.serial = 0, .hash = std::move(hash), .scram = {}};
      } else if (f == "scram_sha_256") {
        const auto value = TRY(text(node));
        verifier = TRY(with_line(node, scram(value)));
      } else if (f == "send_as" || f == "send_on_behalf") {
        TRY(grants(node, f == "send_as" ? SendRight::as : SendRight::on_behalf, account.grants));
      } else if (!TRY(rule(account.rules, f, node))) {
        return unknown(f, node);
      }
    }
    if (verifier && !account.credential) return bad(at, "scram_sha_256 without password_hash");
    if (verifier) account.credential->scram = std::move(verifier);
    if (!out_.accounts.emplace(std::move(address), std::move(account)).second)
      return bad(at, "the account {} is listed twice", printable(name));
    return {};
  }

  Result<void> alias(std::string_view name, const toml::node& at, const toml::table& fields) {
    auto address = TRY(with_line(at, AddressKey::parse(name)));
    std::vector<AddressKey> targets;
    for (const auto& [field, node] : fields) {
      if (field.str() != "targets") return unknown(field.str(), node);
      const auto* list = node.as_array();
      if (!list) return bad(node, "a list of addresses expected");
      if (list->size() > kMaxTargetsOfAlias) return bad(node, "over {} targets", kMaxTargetsOfAlias);
      for (const auto& element : *list) {
        const auto target = TRY(text(element));
        targets.push_back(TRY(with_line(element, AddressKey::parse(target))));
      }
    }
    if (targets.empty()) return bad(at, "an alias needs targets");
    if (!out_.aliases.emplace(std::move(address), std::move(targets)).second)
      return bad(at, "the alias {} is listed twice", printable(name));
    return {};
  }

  DirectoryText out_;
};

// A basic string of TOML.
std::string quoted(std::string_view value) {
  std::string out = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (is_ctl(c)) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string written(const ScopeRules& rules) {
  std::string out;
  if (rules.handling.rejected) out += fmt::format("rejected = \"{}\"\n", action_name(*rules.handling.rejected));
  if (rules.handling.suspect) out += fmt::format("suspect = \"{}\"\n", action_name(*rules.handling.suspect));
  for (const AcquaintanceRow& row : acquaintance_rows()) {
    std::string names;
    for (const Acquaintance& one : rules.known)
      if (one.kind == row.kind) names += (names.empty() ? "" : ", ") + quoted(one.name);
    if (!names.empty()) out += fmt::format("{} = [{}]\n", row.id, names);
  }
  return out;
}

std::string grants_line(std::string_view name, const std::map<AddressKey, SendRight>& grants, SendRight right) {
  std::string out;
  for (const auto& [identity, what] : grants)
    if (what == right) out += fmt::format("{}{}", out.empty() ? "" : ", ", quoted(identity.written()));
  return out.empty() ? out : fmt::format("{} = [{}]\n", name, out);
}

}  // namespace

Result<DirectoryText> read_directory_text(std::string_view from) {
  if (from.size() > kMaxDirectoryText)
    return fail(Errc::too_large, "a directory text over {} octets", kMaxDirectoryText);
  toml::table all;
  try {
    all = toml::parse(from);
  } catch (const toml::parse_error& error) {
    return fail(Errc::invalid, "line {}: {}", error.source().begin.line, printable(error.description()));
  }
  return Read()(all);
}

std::string write_directory_text(const DirectoryText& directory) {
  std::string out = "# The directory of Chappe: domains, accounts, aliases.\n";
  if (directory.site) out += "\n[site]\n" + written(*directory.site);
  for (const auto& [name, domain] : directory.domains) {
    out += fmt::format("\n[domains.{}]\n", quoted(domain.written));
    if (domain.removed) out += "removed = true\n";
    const auto& s = domain.settings;
    out += fmt::format("scram = {}\nscram_iterations = {}\nseparator = {}\ndetail_is_folder = {}\n", s.scram,
                       s.scram_iterations, quoted(s.separator != 0 ? std::string(1, s.separator) : std::string()),
                       s.detail_is_folder);
    out += written(domain.rules);
  }
  for (const auto& [address, account] : directory.accounts) {
    out += fmt::format("\n[accounts.{}]\n", quoted(address.written()));
    out += fmt::format("name = {}\nenabled = {}\nquota = {}\n", quoted(account.name), account.enabled, account.quota);
    if (account.quota_messages) out += fmt::format("quota_messages = {}\n", account.quota_messages);
    out += written(account.rules);
    out += grants_line("send_as", account.grants, SendRight::as);
    out += grants_line("send_on_behalf", account.grants, SendRight::on_behalf);
    if (!account.credential) continue;
    out += fmt::format("password_hash = {}\n", quoted(account.credential->hash));
    if (const auto& scram = account.credential->scram)
      out +=
          fmt::format("scram_sha_256 = \"{}${}${}${}\"\n", scram->iterations, codec::base64_encode(scram->salt),
                      codec::base64_encode(scram->stored_key.view()), codec::base64_encode(scram->server_key.view()));
  }
  for (const auto& [address, targets] : directory.aliases) {
    out += fmt::format("\n[aliases.{}]\ntargets = [", quoted(address.written()));
    std::string_view separator;
    for (const auto& target : targets) {
      out += fmt::format("{}{}", separator, quoted(target.written()));
      separator = ", ";
    }
    out += "]\n";
  }
  return out;
}

}  // namespace chappe::post
