#include "trust/dmarc/discover.h"

#include <algorithm>
#include <utility>

namespace chappe::trust::dmarc {
namespace {

// The size: it is not there yet.
template <class T, class Key>
std::size_t place_of(const std::vector<T>& all, const Key& key, Key T::* member) {
  return static_cast<std::size_t>(std::ranges::find(all, key, member) - all.begin());
}

}  // namespace

std::string_view walk_end_name(WalkEnd end) {
  switch (end) {
    case WalkEnd::psd_yes:
      return "psd-yes";
    case WalkEnd::psd_no:
      return "psd-no";
    case WalkEnd::top:
      return "top";
    case WalkEnd::error:
      return "error";
  }
  std::unreachable();
}

std::string_view choice_name(Choice choice) {
  switch (choice) {
    case Choice::psd_no:
      return "psd-no";
    case Choice::below_psd:
      return "below-psd";
    case Choice::fewest_labels:
      return "fewest-labels";
    case Choice::itself:
      return "itself";
    case Choice::unknown:
      return "unknown";
  }
  std::unreachable();
}

Discoverer::Discoverer(dns::Resolver& resolver, net::Deadline deadline) : resolver_(resolver), deadline_(deadline) {
  constexpr std::size_t kUsualNames = 4;  // that room is made for
  out_.asked.reserve(kUsualNames);
  out_.found.reserve(kUsualNames);
}

net::Task<std::size_t> Discoverer::ask(dns::Question question) {
  const std::size_t known = place_of(out_.asked, question, &dns::Answer::question);
  if (known == out_.asked.size()) out_.asked.push_back(co_await resolver_.ask(std::move(question), deadline_));
  co_return known;
}

net::Task<std::size_t> Discoverer::look(dns::Name domain) {
  const std::size_t known = place_of(out_.found, domain, &Found::domain);
  if (known < out_.found.size()) co_return known;
  Found found;
  found.domain = std::move(domain);
  if (auto name = found.domain.child("_dmarc")) {
    found.asked = co_await ask({std::move(*name), dns::Type::txt});
    const dns::Answer& answer = out_.asked[found.asked];
    if (!answer && !answer.absent()) found.standard = Standard::error;
    for (const Bytes& rdata : answer.records.rdata) {
      ++found.texts;
      Reading reading = parse_record(dns::Txt::joined(rdata));  // RFC 9989 §4.5
      if (reading.record) {
        ++found.records;
        found.reading = std::move(reading);
      } else if (found.records == 0 && !reading.has(Flaw::not_dmarc)) {
        found.reading = std::move(reading);
      }
    }
    // RFC 9989 §4.10 steps 2 and 6
    if (found.records == 1) found.standard = Standard::record;
    if (found.records > 1) {
      found.standard = Standard::several;
      found.reading = {};
    }
  }
  out_.found.push_back(std::move(found));
  co_return known;
}

// RFC 9989 §4.10
net::Task<std::size_t> Discoverer::walk(dns::Name start) {
  const std::size_t known = place_of(out_.walks, start, &Walk::start);
  if (known < out_.walks.size()) co_return known;
  Walk walk;
  walk.start = std::move(start);
  for (dns::Name target = walk.start; !target.is_root();) {
    walk.steps.push_back(co_await look(std::move(target)));
    const Found& found = out_.found[walk.steps.back()];
    if (found.standard == Standard::error) {
      walk.end = WalkEnd::error;
      break;
    }
    const Psd psd = found.record() != nullptr ? found.record()->psd : Psd::unsaid;
    if (psd != Psd::unsaid) {
      walk.end = psd == Psd::yes ? WalkEnd::psd_yes : WalkEnd::psd_no;
      break;
    }
    // Step 4: from eight labels or more to seven; then one after the other.
    target = found.domain.label_count() > kWalkLabels ? found.domain.suffix(kWalkLabels) : found.domain.parent();
  }
  choose(walk);
  out_.walks.push_back(std::move(walk));
  co_return known;
}

// RFC 9989 §4.10.2. A walk stops at the first psd=n or psd=y, so only its last step can have one.
void Discoverer::choose(Walk& walk) const {
  if (walk.failed()) return;
  walk.choice = Choice::itself;
  walk.organization = walk.start;
  if (walk.steps.empty()) return;  // the root
  const Found& last = out_.found[walk.steps.back()];
  if (walk.end == WalkEnd::psd_no) {
    walk.choice = Choice::psd_no;
    walk.organization = last.domain;
    return;
  }
  if (walk.end == WalkEnd::psd_yes && walk.steps.size() > 1) {
    walk.choice = Choice::below_psd;
    walk.organization = walk.start.suffix(last.domain.label_count() + 1);
    walk.psd = walk.steps.back();
    return;
  }
  for (const std::size_t step : walk.steps) {
    if (out_.found[step].record() == nullptr) continue;
    walk.choice = Choice::fewest_labels;
    walk.organization = out_.found[step].domain;
  }
}

net::Task<Existence> Discoverer::existence(dns::Name domain) {
  const dns::Answer& answer = out_.asked[co_await ask({std::move(domain), dns::Type::a})];
  if (answer.outcome == dns::Outcome::nxdomain)
    co_return answer.chain.empty() ? Existence::nonexistent : Existence::exists;
  co_return answer || answer.absent() ? Existence::exists : Existence::unknown;
}

}  // namespace chappe::trust::dmarc
