#include "app/trust/reasons.h"

#include "trust/judgement.h"

namespace chappe::app {
namespace {

template <class Rows, class Rule>
void add(std::vector<ReasonFound>& out, Text subject, std::string_view id, const Rows& rows, Rule rule) {
  for (const auto& row : rows)
    if (row.id == id) out.push_back({subject, row.id, rule(row), row.en, row.fr});
}

constexpr auto kNone = [](const auto&) { return std::string_view(); };
constexpr auto kRule = [](const auto& row) { return row.rule; };
constexpr auto kSection = [](const auto& row) { return row.section; };

}  // namespace

std::vector<ReasonFound> find_reasons(std::string_view id) {
  std::vector<ReasonFound> out;
  add(out, {"From", "From"}, id, trust::author_reason_rows(), kNone);
  add(out, {"Decision", "Décision"}, id, trust::dmarc::action_reason_rows(), kNone);
  add(out, {"DMARC, RFC 9989", "DMARC, RFC 9989"}, id, trust::dmarc::reason_rows(), kSection);
  add(out, {"DKIM", "DKIM"}, id, trust::dkim::reason_rows(), kSection);
  add(out, {"ARC", "ARC"}, id, trust::arc::reason_rows(), kSection);
  add(out, {"SPF", "SPF"}, id, trust::spf::reason_rows(), kRule);
  add(out, {"SPF", "SPF"}, id, trust::spf::flaw_rows(), kRule);
  add(out, {"ARC", "ARC"}, id, trust::arc_trust_rows(), kRule);
  add(out, {"iprev", "iprev"}, id, trust::iprev_rows(), kRule);
  add(out, {"HELO", "HELO"}, id, trust::helo_rows(), kRule);
  add(out, {"DNS list", "Liste DNS"}, id, trust::listing_rows(), kRule);
  return out;
}

}  // namespace chappe::app
