// The checks of the DNS lists that letters are judged by: each is asked for what every list has, and for what none has
// (RFC 5782 §5). One that holds what none has would list everybody, and must not be used (RFC 5782 §7).
#include <algorithm>
#include <functional>

#include "app/check.h"
#include "app/list_rules.h"
#include "net/task.h"

namespace chappe::app {
namespace {

constexpr Duration kPatience = std::chrono::seconds(10);

net::Task<std::vector<trust::ListTest>> test_all(dns::Resolver* resolver, std::vector<trust::List> lists) {
  co_return co_await trust::test_lists(*resolver, std::move(lists), net::Deadline::in(kPatience));
}

// It holds what no list holds.
bool holds_too_much(const trust::ListTest& test) {
  using enum trust::ListingState;
  return !test.should_be_listed && (test.listing.state == listed || test.listing.state == other_code);
}

void tell(CheckList& out, const std::string& name, std::span<const trust::ListTest> tests) {
  if (const auto wrong = std::ranges::find_if(tests, holds_too_much); wrong != tests.end()) {
    out.add(Health::failure, "lists",
            {"{} holds {}, which stands in no list: it may hold everybody (RFC 5782 §7); take it out of mx.dns_list",
             "{} contient {}, qui n'est dans aucune liste : elle contient peut-être tout le monde (RFC 5782 §7) ; "
             "retirez-la de mx.dns_list"},
            name, wrong->subject);
    return;
  }
  // A list of IPv4 alone lacks the entry of IPv6.
  if (std::ranges::any_of(tests, [](const auto& t) { return t.should_be_listed && t.passed(); })) {
    out.add(Health::ok, "lists", {"{} answers as a list does", "{} répond comme une liste"}, name);
    return;
  }
  const auto missed = std::ranges::find(tests, true, &trust::ListTest::should_be_listed);
  const std::string_view why = trust::listing_row(missed->listing.state).id;
  out.add(Health::warning, "lists",
          {"{} does not show {}, which stands in every list (RFC 5782 §5): {}. Letters go on without it",
           "{} ne montre pas {}, qui est dans toute liste (RFC 5782 §5) : {}. Les lettres continuent sans elle"},
          name, missed->subject, why)
      .fix = fmt::format("chappe explain {}", why);
}

}  // namespace

void check_lists(CheckList& out, const Config& config, dns::Resolver& resolver) {
  std::vector<trust::List> lists;
  for (trust::ListRule& rule : list_rules(config.mx)) lists.push_back(std::move(rule.list));
  net::LocalExecutor executor;
  const std::vector<trust::ListTest> tests = executor.run(test_all(&resolver, lists));
  for (std::size_t i = 0; i < lists.size(); ++i) {
    const auto own = std::ranges::equal_range(tests, i, std::less(), &trust::ListTest::list);
    tell(out, lists[i].name, own);
  }
}

}  // namespace chappe::app
