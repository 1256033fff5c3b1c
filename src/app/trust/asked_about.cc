#include "app/trust/asked_about.h"

#include <algorithm>

#include "app/list_rules.h"
#include "app/nearest.h"
#include "base/text.h"
#include "trust/mail_domain.h"

namespace chappe::app {
namespace {

bool configured(const Config::Mx& config, const trust::List& list) {
  return std::ranges::any_of(config.dns_lists, [&](const DnsListRow& row) { return row.title() == list.name; });
}

}  // namespace

Result<std::string> client_named(std::string_view what, const std::string& text) {
  if (!trust::Ip::parse(text)) return fail(Errc::usage, "{}: '{}' is no IP address", what, printable(text, 60));
  return text;
}

Result<std::string> sender_named(std::string_view what, std::string_view text) {
  std::string_view address = text;
  if (address.starts_with('<') && address.ends_with('>')) address = address.substr(1, address.size() - 2);
  if (address.empty()) return std::string();
  const std::size_t at = address.rfind('@');
  const std::string_view domain = at == address.npos ? std::string_view() : address.substr(at + 1);
  const bool literal = domain.starts_with('[') && domain.ends_with(']');  // RFC 5321 §4.1.3
  const bool bad = at == address.npos || at == 0 || std::ranges::any_of(address, is_ctl) ||
                   (address.front() != '"' && address.find_first_of(" <>") != address.npos);
  if (bad || (!literal && !trust::mail_domain(domain)))
    return fail(Errc::usage, "{}: '{}' is no address; <> is the null sender", what, printable(text, 80));
  return std::string(address);
}

Result<trust::ListRule> list_named(const Config::Mx& config, const std::string& name) {
  auto rule = list_rule_named(config, name);
  if (configured(config, rule.list)) return rule;
  auto zone = trust::mail_domain(name);
  if (zone && zone->find('.') != zone->npos) {
    rule.list.zone = std::move(*zone);
    return rule;
  }
  std::vector<std::string_view> names;
  names.reserve(config.dns_lists.size());
  for (const DnsListRow& row : config.dns_lists) names.push_back(row.title());
  return fail(Errc::usage, "--list: '{}' is neither a list of the configuration nor a zone with a dot{}",
              printable(name, 60), did_you_mean(name, names));
}

const trust::ListRule* doubtful_list(const Config::Mx& config, const trust::SenderListing& found) {
  for (std::size_t i = 0; i < found.rules.size(); ++i) {
    if (configured(config, found.rules[i].list)) continue;
    const auto silent = [&](const trust::ListFinding& f) {
      return f.listing.list != i || f.listing.state == trust::ListingState::not_listed;
    };
    if (std::ranges::all_of(found.findings, silent)) return &found.rules[i];
  }
  return nullptr;
}

}  // namespace chappe::app
