#include "app/list_rules.h"

#include "base/text.h"

namespace chappe::app {
namespace {

trust::ListRule list_rule(const DnsListRow& row) {
  using trust::dmarc::Action;
  trust::ListRule out;
  trust::List& list = out.list;
  list.name = row.title();
  list.zone = row.zone;
  list.kind = row.kind == ListKind::allow ? trust::List::Kind::allow : trust::List::Kind::block;
  list.domains = row.domains;
  list.ipv4 = list.ipv6 = !row.domains;
  list.explain = list.kind == trust::List::Kind::block;
  for (const net::Network& code : row.codes) {
    const std::string_view text = code.text();
    const std::size_t slash = text.find('/');
    list.codes.push_back({.network = trust::Ip::parse(text.substr(0, slash)).value_or(trust::Ip()),
                          .prefix = slash == text.npos ? 32 : to_number<unsigned>(text.substr(slash + 1)).value_or(32),
                          .meaning = {}});
  }
  out.action = row.action == ListAction::reject ? Action::reject
               : row.action == ListAction::junk ? Action::junk
                                                : Action::accept;
  return out;
}

}  // namespace

std::vector<trust::ListRule> list_rules(const Config::Mx& config) {
  std::vector<trust::ListRule> out;
  for (const DnsListRow& row : config.dns_lists) out.push_back(list_rule(row));
  return out;
}

trust::ListRule list_rule_named(const Config::Mx& config, std::string_view name) {
  for (const DnsListRow& row : config.dns_lists)
    if (iequals(row.title(), name) || iequals(row.zone, name)) return list_rule(row);
  trust::ListRule out = list_rule({.zone = std::string(name), .name = {}, .codes = {}});
  out.list.domains = true;
  return out;
}

}  // namespace chappe::app
