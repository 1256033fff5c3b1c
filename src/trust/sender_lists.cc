#include "trust/sender_lists.h"

#include <algorithm>
#include <utility>

#include "trust/mail_domain.h"

namespace chappe::trust {
namespace {

constexpr std::string_view kSubjects[] = {"client", "helo", "mail-from", "author"};
constexpr std::string_view kEffects[] = {"none", "counts", "overridden", "unproven"};

bool listed(const ListFinding& finding) { return finding.listing.state == ListingState::listed; }

net::Task<void> ask_about(dns::Resolver* resolver, std::string subject, std::vector<List> lists, net::Deadline deadline,
                          std::vector<Listing>* out) {
  *out = co_await ask_lists(*resolver, std::move(subject), std::move(lists), deadline);
}

std::vector<std::pair<ListSubject, std::string>> subjects_of(const SenderNames& names) {
  std::vector<std::pair<ListSubject, std::string>> out;
  if (const auto ip = Ip::of_client(names.ip)) out.emplace_back(ListSubject::client, ip->text());
  const auto add_domain = [&](ListSubject of, std::string_view written) {
    const auto domain = mail_domain(written);
    if (!domain || Ip::parse(*domain)) return;
    if (std::ranges::find(out, *domain, &std::pair<ListSubject, std::string>::second) == out.end())
      out.emplace_back(of, *domain);
  };
  for (const std::string& author : names.authors) add_domain(ListSubject::author, author);
  if (const auto at = names.mail_from.rfind('@'); at != std::string::npos)
    add_domain(ListSubject::mail_from, std::string_view(names.mail_from).substr(at + 1));
  add_domain(ListSubject::helo, names.helo);
  return out;
}

}  // namespace

std::string_view list_subject_name(ListSubject subject) { return kSubjects[std::to_underlying(subject)]; }
std::string_view list_effect_name(ListEffect effect) { return kEffects[std::to_underlying(effect)]; }

const ListFinding* SenderListing::against() const {
  const ListFinding* out = nullptr;
  for (const ListFinding& finding : findings) {
    if (finding.effect != ListEffect::counts || rule_of(finding).list.kind != List::Kind::block) continue;
    if (out == nullptr || rule_of(finding).action > rule_of(*out).action) out = &finding;
  }
  return out;
}

net::Task<SenderListing> ask_sender_lists(dns::Resolver& resolver, SenderNames names, std::vector<ListRule> rules,
                                          net::Deadline deadline) {
  SenderListing out;
  std::vector<List> lists;
  for (const ListRule& rule : rules) lists.push_back(rule.list);
  out.rules = std::move(rules);
  const auto subjects = lists.empty() ? decltype(subjects_of(names))() : subjects_of(names);
  std::vector<std::vector<Listing>> listings(subjects.size());
  net::Scope all;
  for (std::size_t i = 0; i < subjects.size(); ++i)
    all.spawn(ask_about(&resolver, subjects[i].second, lists, deadline.at_most(kListTime), &listings[i]));
  co_await all.join();
  for (std::size_t i = 0; i < subjects.size(); ++i)
    for (Listing& listing : listings[i])
      if (listing.state != ListingState::not_asked)
        out.findings.push_back({.of = subjects[i].first, .subject = subjects[i].second, .listing = std::move(listing)});
  co_return out;
}

void weigh(SenderListing& listing, const std::vector<std::string>& proven) {
  const auto allows = [&](const ListFinding& f) { return listing.rule_of(f).list.kind == List::Kind::allow; };
  for (ListFinding& f : listing.findings) {
    if (!listed(f)) continue;
    const bool sure = !allows(f) || f.of == ListSubject::client || std::ranges::find(proven, f.subject) != proven.end();
    f.effect = sure ? ListEffect::counts : ListEffect::unproven;
  }
  for (ListFinding& f : listing.findings) {
    if (f.effect != ListEffect::counts || allows(f)) continue;
    const bool excused = std::ranges::any_of(listing.findings, [&](const ListFinding& other) {
      return other.effect == ListEffect::counts && allows(other) && other.subject == f.subject;
    });
    if (excused) f.effect = ListEffect::overridden;
  }
}

void apply(const SenderListing& listing, const dmarc::LocalPolicy& policy, dmarc::Decision& decision) {
  const ListFinding* const against = listing.against();
  if (against == nullptr) return;
  dmarc::Action action = listing.rule_of(*against).action;
  if (action == dmarc::Action::reject && !policy.rejects) action = dmarc::Action::junk;
  if (action <= decision.action) return;
  decision.action = action;
  decision.reason = dmarc::ActionReason::sender_listed;
}

}  // namespace chappe::trust
