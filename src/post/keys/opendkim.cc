#include "post/keys/opendkim.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "codec/base64.h"
#include "codec/idna.h"
#include "post/keys/dkim_key.h"

namespace chappe::post {
namespace {

// Everybody's domain, put in when a letter is signed.
constexpr std::string_view kWriters = "%";

std::pair<std::string_view, std::string_view> two_words(std::string_view line) {
  constexpr std::string_view kBlanks = " \t\r";
  const std::size_t first = line.find_first_not_of(kBlanks);
  if (first == line.npos) return {};
  line.remove_prefix(first);
  const std::size_t end = std::min(line.find_first_of(kBlanks), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(end);
  const std::size_t second = line.find_first_not_of(kBlanks);
  if (second == line.npos) return {word, {}};
  line.remove_prefix(second);
  return {word, line.substr(0, line.find_last_not_of(kBlanks) + 1)};
}

// Calls row(first word, rest) for each line that says something; what it complains of becomes a flaw.
template <class T, class F>
OpendkimTable<T> each_line(OpendkimFile file, std::string_view text, F row) {
  OpendkimTable<T> out;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.size() > kMaxOpendkimLine) {
      out.flaws.push_back({file, number, fmt::format("a line of over {} octets", kMaxOpendkimLine)});
      continue;
    }
    line = line.substr(0, line.find('#'));
    const auto [first, rest] = two_words(line);
    if (first.empty()) continue;
    if (auto made = row(first, rest)) {
      made->line = number;
      out.rows.push_back(std::move(*made));
    } else {
      out.flaws.push_back({file, number, made.error().text()});
    }
  }
  return out;
}

bool is_file(std::string_view third) {
  return third.starts_with('/') || third.starts_with("./") || third.starts_with("../");
}

// A key that stands in a table: base64 of DER, or a PEM whose line ends are gone. Null: it is neither.
std::shared_ptr<const crypto::Secret> der_of(std::string_view third) {
  constexpr std::string_view kBegin = "-----BEGIN ", kEnd = "-----END ", kDashes = "-----";
  if (third.starts_with(kBegin)) {
    third.remove_prefix(kBegin.size());
    third.remove_prefix(std::min(third.find(kDashes), third.size()));
    third.remove_prefix(std::min(kDashes.size(), third.size()));
    const std::size_t end = third.find(kEnd);
    if (end == third.npos) return nullptr;
    third = third.substr(0, end);
  }
  std::string base64(third);
  std::erase_if(base64, [](char c) { return c == ' ' || c == '\t'; });
  auto der = codec::base64_decode(base64);
  crypto::wipe(base64.data(), base64.size());
  if (!der || der->empty()) return nullptr;
  return std::make_shared<const crypto::Secret>(crypto::Secret::take(std::move(*der)));
}

Result<OpendkimKey> key_of(std::string_view name, std::string_view rest) {
  const std::size_t first = rest.find(':');
  const std::size_t second = first == rest.npos ? first : rest.find(':', first + 1);
  if (second == rest.npos || second + 1 == rest.size())
    return fail(Errc::invalid, "not NAME DOMAIN:SELECTOR:FILE, nor NAME DOMAIN:SELECTOR:KEY");
  OpendkimKey key;
  key.name = name;
  const bool writers = rest.substr(0, first) == kWriters;
  const auto domain = codec::domain_to_ascii(rest.substr(0, first));
  if (!writers && !domain) return fail(Errc::invalid, "what stands before the first colon is no domain");
  key.domain = writers ? std::string(kWriters) : *domain;
  const auto selector = parse_selector(rest.substr(first + 1, second - first - 1), writers ? "" : *domain);
  if (!selector)
    return fail(Errc::invalid,
                "what stands between the colons is no selector: letters, digits and hyphens, with dots between");
  key.selector = *selector;
  const std::string_view third = rest.substr(second + 1);
  if (is_file(third))
    key.file = third;
  else if (!(key.der = der_of(third)))
    return fail(Errc::invalid,
                "what follows the second colon is no file (/…, ./…, ../…) and no private key (base64 of DER, or PEM)");
  return key;
}

// "/keys/%/mail.private": the domain of who writes stands for "%".
std::string file_for(std::string file, const std::string& domain) {
  for (std::size_t at = file.find('%'); at != file.npos && file.size() <= kMaxOpendkimLine;
       at = file.find('%', at + domain.size()))
    file.replace(at, 1, domain);
  return file;
}

bool same_key(const OpendkimImport& a, const OpendkimImport& b) {
  return a.file == b.file && (a.der == b.der || (a.der && b.der && a.der->equals(b.der->reveal())));
}

Result<OpendkimSigning> signing_of(std::string_view pattern, std::string_view rest) {
  if (rest.empty()) return fail(Errc::invalid, "not PATTERN NAME");
  OpendkimSigning out;
  const std::size_t at = pattern.rfind('@');
  const std::string_view local = at == pattern.npos ? "*" : pattern.substr(0, at);
  std::string_view domain = at == pattern.npos ? pattern : pattern.substr(at + 1);
  // ".example.org" means what is below it; those who write from there are found by the parent, too.
  if (domain.starts_with('.')) domain.remove_prefix(1);
  if (domain == "*" || domain.find('*') != domain.npos)
    return fail(Errc::unsupported, "{} names no single domain: give the keys of each domain by itself",
                printable(pattern));
  const auto name = codec::domain_to_ascii(domain);
  if (!name) return fail(Errc::invalid, "its pattern names no domain");
  out.domain = *name;
  out.whole = local == "*" || local.empty();
  out.key = rest.substr(0, rest.find_first_of(" \t"));
  return out;
}

}  // namespace

OpendkimTable<OpendkimKey> parse_key_table(std::string_view text) {
  return each_line<OpendkimKey>(OpendkimFile::key_table, text, key_of);
}

OpendkimTable<OpendkimSigning> parse_signing_table(std::string_view text) {
  return each_line<OpendkimSigning>(OpendkimFile::signing_table, text, signing_of);
}

std::vector<OpendkimImport> opendkim_imports(const OpendkimTable<OpendkimKey>& keys,
                                             const OpendkimTable<OpendkimSigning>* signing,
                                             std::vector<OpendkimFlaw>& flaws) {
  using enum OpendkimFile;
  std::map<std::string_view, std::vector<const OpendkimSigning*>> uses;
  if (signing)
    for (const OpendkimSigning& row : signing->rows) uses[row.key].push_back(&row);
  std::vector<OpendkimImport> out;
  std::set<std::string_view> named;
  for (const OpendkimKey& key : keys.rows) {
    named.insert(key.name);
    const bool writers = key.domain == kWriters;
    std::set<std::string> domains;
    if (!writers) domains.insert(key.domain);
    bool signs = !signing;
    for (const OpendkimSigning* use : uses[key.name]) {
      if (!use->whole)
        flaws.push_back({signing_table, use->line,
                         fmt::format("it signs for one address of {}: here a key signs for all of them", use->domain)});
      if (writers)
        domains.insert(use->domain);
      else if (use->domain != key.domain && !use->domain.ends_with("." + key.domain))
        flaws.push_back({signing_table, use->line,
                         fmt::format("{} is signed with the key of {}, which does not align: make one of its own "
                                     "(chappe key new {})",
                                     use->domain, key.domain, use->domain)});
      signs = true;
    }
    if (domains.empty())
      flaws.push_back({key_table, key.line, "its key is for whoever writes (%), and the SigningTable names nobody"});
    for (const std::string& domain : domains) {
      OpendkimImport row{domain, key.selector, file_for(key.file, domain), signs, key.der};
      const auto same = [&](const OpendkimImport& o) { return o.domain == domain && o.selector == key.selector; };
      const auto there = std::ranges::find_if(out, same);
      if (there == out.end())
        out.push_back(std::move(row));
      else if (!same_key(*there, row))
        flaws.push_back({key_table, key.line,
                         fmt::format("{}._domainkey.{} has another key in a line before: this one is left out",
                                     key.selector, domain)});
      else
        there->signs = there->signs || row.signs;
    }
  }
  for (const auto& [name, rows] : uses)
    if (!named.contains(name))
      flaws.push_back({signing_table, rows.front()->line, "the KeyTable has no key of that name"});
  return out;
}

}  // namespace chappe::post
