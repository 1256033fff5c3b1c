#include "post/keys/opendkim.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
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

// Calls row(line number, first word, rest) for each line that says something; what it complains of becomes a flaw.
template <class T, class F>
OpendkimTable<T> each_line(std::string_view text, F row) {
  OpendkimTable<T> out;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.size() > kMaxOpendkimLine) {
      out.flaws.push_back({number, fmt::format("a line of over {} octets", kMaxOpendkimLine)});
      continue;
    }
    line = line.substr(0, line.find('#'));
    const auto [first, rest] = two_words(line);
    if (first.empty()) continue;
    if (auto made = row(first, rest)) {
      made->line = number;
      out.rows.push_back(std::move(*made));
    } else {
      out.flaws.push_back({number, made.error().text()});
    }
  }
  return out;
}

Result<OpendkimKey> key_of(std::string_view name, std::string_view rest) {
  const std::size_t first = rest.find(':');
  const std::size_t second = first == rest.npos ? first : rest.find(':', first + 1);
  if (second == rest.npos || second + 1 == rest.size())
    return fail(Errc::invalid, "not NAME DOMAIN:SELECTOR:FILE: {}", printable(rest));
  OpendkimKey key;
  key.name = name;
  const std::string_view domain = rest.substr(0, first);
  key.domain = domain == kWriters ? std::string(kWriters) : TRY(codec::domain_to_ascii(domain));
  key.selector = TRY(parse_selector(rest.substr(first + 1, second - first - 1),
                                    domain == kWriters ? std::string_view() : std::string_view(key.domain)));
  key.file = rest.substr(second + 1);
  return key;
}

Result<OpendkimSigning> signing_of(std::string_view pattern, std::string_view rest) {
  if (rest.empty()) return fail(Errc::invalid, "not PATTERN NAME: {}", printable(pattern));
  OpendkimSigning out;
  const std::size_t at = pattern.rfind('@');
  const std::string_view local = at == pattern.npos ? "*" : pattern.substr(0, at);
  std::string_view domain = at == pattern.npos ? pattern : pattern.substr(at + 1);
  // ".example.org" means what is below it; those who write from there are found by the parent, too.
  if (domain.starts_with('.')) domain.remove_prefix(1);
  if (domain == "*" || domain.find('*') != domain.npos)
    return fail(Errc::unsupported, "{} names no single domain: give the keys of each domain by itself",
                printable(pattern));
  out.domain = TRY(codec::domain_to_ascii(domain));
  out.whole = local == "*" || local.empty();
  out.key = rest.substr(0, rest.find_first_of(" \t"));
  return out;
}

}  // namespace

OpendkimTable<OpendkimKey> parse_key_table(std::string_view text) { return each_line<OpendkimKey>(text, key_of); }

OpendkimTable<OpendkimSigning> parse_signing_table(std::string_view text) {
  return each_line<OpendkimSigning>(text, signing_of);
}

std::vector<OpendkimImport> opendkim_imports(const OpendkimTable<OpendkimKey>& keys,
                                             const OpendkimTable<OpendkimSigning>* signing,
                                             std::vector<OpendkimFlaw>& flaws) {
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
        flaws.push_back(
            {use->line, fmt::format("it signs for one address of {}: here a key signs for all of them", use->domain)});
      if (writers)
        domains.insert(use->domain);
      else if (use->domain != key.domain && !use->domain.ends_with("." + key.domain))
        flaws.push_back({use->line, fmt::format("{} is signed with the key of {}, which does not align: make one of "
                                                "its own (chappe key new {})",
                                                use->domain, key.domain, use->domain)});
      signs = true;
    }
    if (domains.empty())
      flaws.push_back(
          {key.line, fmt::format("the key {} is for whoever writes, and the signing table names nobody", key.name)});
    for (const std::string& domain : domains) {
      OpendkimImport row{domain, key.selector, key.file, signs};
      const auto same = [&](const OpendkimImport& o) { return o.domain == domain && o.selector == key.selector; };
      const auto there = std::ranges::find_if(out, same);
      if (there == out.end())
        out.push_back(std::move(row));
      else if (there->file != row.file)
        flaws.push_back({key.line, fmt::format("{}._domainkey.{} has two files: {} is left out", key.selector, domain,
                                               printable(row.file))});
      else
        there->signs = there->signs || row.signs;
    }
  }
  for (const auto& [name, rows] : uses)
    if (!named.contains(name))
      flaws.push_back({rows.front()->line, fmt::format("no key has the name {}", printable(name))});
  return out;
}

}  // namespace chappe::post
