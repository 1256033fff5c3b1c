#include "trust/listing.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "codec/idna.h"

namespace chappe::trust {
namespace {

constexpr std::array<ListingRow, 9> kStates = {{
    {ListingState::listed, "listed", false, "RFC 5782 §2.1", "It is in the list", "Cela figure dans la liste"},
    {ListingState::not_listed, "not-listed", false, "RFC 5782 §2.1", "It is not in the list",
     "Cela ne figure pas dans la liste"},
    {ListingState::other_code, "other-code", false, "RFC 5782 §2.1",
     "It is in the list, with a code that does not count", "Cela figure dans la liste, avec un code qui ne compte pas"},
    {ListingState::not_asked, "not-asked", false, "RFC 5782 §3", "Nothing of this kind stands in the list",
     "Rien de ce genre ne figure dans la liste"},
    {ListingState::bad_name, "bad-name", false, "RFC 1035 §2.3.4", "No question can be made of this",
     "Aucune question ne peut en être faite"},
    {ListingState::lookup_failed, "lookup-failed", true, "RFC 5782 §2.1", "The list does not answer",
     "La liste ne répond pas"},
    {ListingState::refused, "refused", true, "RFC 5782 §2.1",
     "The list does not serve us: over quota, a public resolver, or a wrong name of the list",
     "La liste ne nous sert pas : quota dépassé, résolveur public, ou mauvais nom de liste"},
    {ListingState::reserved_answer, "reserved-answer", true, "RFC 5782 §5",
     "The list answers 127.0.0.1, which says nothing", "La liste répond 127.0.0.1, ce qui ne veut rien dire"},
    {ListingState::foreign_answer, "foreign-answer", true, "RFC 5782 §7",
     "The answer is no code of a list; the list may have closed and its name been sold",
     "La réponse n'est pas un code de liste ; la liste a peut-être fermé et son nom été vendu"},
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kStates.size(); ++i)
    if (static_cast<std::size_t>(kStates[i].state) != i) return false;
  return true;
}
static_assert(in_order(), "kStates must stand in the order of ListingState");

// What is asked about: an address or a domain.
struct Subject {
  std::optional<Ip> ip;
  std::string domain;  // A-labels; empty: neither

  bool stands_in(const List& list) const { return ip ? (ip->v4() ? list.ipv4 : list.ipv6) : list.domains; }
  // RFC 5782 §2.1, §2.4, §3
  std::string owner() const { return ip ? ip->reversed() : domain; }
};

Subject subject_of(std::string_view text) {
  Subject out{Ip::of_client(text), {}};
  if (out.ip) return out;
  if (auto domain = codec::domain_to_ascii(text)) out.domain = std::move(*domain);
  return out;
}

// Whether every answer is a code that a list may give; and what it is if not.
std::optional<ListingState> wrong(const std::vector<Ip>& codes) {
  static const Ip kLoopback = *Ip::parse("127.0.0.0"), kReserved = *Ip::parse("127.0.0.1"),
                  kErrors = *Ip::parse("127.255.255.0");
  std::optional<ListingState> out;
  for (const Ip& code : codes) {
    if (!code.in(kLoopback, 8)) return ListingState::foreign_answer;
    if (code.in(kErrors, 24)) out = ListingState::refused;
    if (code == kReserved && !out) out = ListingState::reserved_answer;
  }
  return out;
}

void judge(const List& list, const dns::Answer& answer, Listing* out) {
  if (answer.absent()) {
    out->state = ListingState::not_listed;
    return;
  }
  if (!answer) {
    out->state = ListingState::lookup_failed;
    return;
  }
  out->codes = ips_of(answer.records);
  if (const auto state = wrong(out->codes)) {
    out->state = *state;
    return;
  }
  if (list.codes.empty()) {
    out->state = ListingState::listed;
    out->weight = list.weight;
    return;
  }
  for (std::size_t i = 0; i < list.codes.size(); ++i) {
    const ListCode& code = list.codes[i];
    const bool said = std::any_of(out->codes.begin(), out->codes.end(),
                                  [&](const Ip& ip) { return ip.in(code.network, code.prefix); });
    if (!said) continue;
    out->weight = out->meanings.empty() ? code.weight : std::max(out->weight, code.weight);
    out->meanings.push_back(i);
  }
  out->state = out->meanings.empty() ? ListingState::other_code : ListingState::listed;
}

// A zone may hold a key of this host's. Of a list with a name of its own, what is kept and told of the answers has that
// name in the place of the zone.
class Veil {
 public:
  explicit Veil(const List& list) : name_(list.name) {
    const auto zone = dns::Name::parse(list.zone);
    const auto shown = dns::Name::parse(list.name);
    if (list.name.empty() || !zone || (shown && *shown == *zone)) return;
    zone_ = *zone;
    shown_ = shown.value_or(*dns::Name::parse("list.invalid"));
    secrets_.push_back(to_lower(zone->domain()));
    // The words of a list may name the key alone.
    const std::string key = secrets_.front().substr(0, secrets_.front().find('.'));
    if (key.size() >= kLeastKey) secrets_.push_back(key);
  }

  void over(dns::Answer& answer) const {
    if (secrets_.empty()) return;
    over(answer.question.name);
    over(answer.canonical);
    answer.chain.clear();  // aliases of the list's own
    over(answer.records.name);
    if (answer.records.type == dns::Type::txt)
      for (Bytes& rdata : answer.records.rdata) rdata = one_txt(over(dns::Txt::joined(rdata)));
    answer.why = over(std::move(answer.why));
  }

 private:
  static constexpr std::size_t kLeastKey = 12;  // octets of a label; a shorter one is a word that is no secret

  void over(dns::Name& name) const {
    if (name.under(zone_)) name = name.with_suffix(zone_, shown_).value_or(shown_);
  }
  std::string over(std::string text) const {
    for (const std::string& secret : secrets_) {
      std::string folded = to_lower(text);
      std::string out;
      std::size_t from = 0;
      for (std::size_t at = 0; (at = folded.find(secret, from)) != folded.npos; from = at + secret.size())
        out.append(text, from, at - from).append(name_);
      text = out.append(text, from);
    }
    return text;
  }
  // RFC 1035 §3.3.14
  static Bytes one_txt(std::string_view text) {
    Bytes out;
    do {
      const std::string_view part = text.substr(0, 255);
      out += static_cast<char>(part.size());
      out += part;
      text.remove_prefix(part.size());
    } while (!text.empty());
    return out;
  }

  std::string name_;
  std::vector<std::string> secrets_;  // in lower case; empty: nothing is to be hidden
  dns::Name zone_, shown_;
};

// The words of a listing: of several the first.
std::string words(const dns::Answer& answer) {
  if (!answer) return {};
  std::string out = dns::Txt::joined(answer.records.rdata.front()).substr(0, kMaxListText);
  for (char& c : out)
    if (is_ctl(c) || is_8bit(c)) c = '?';
  return out;
}

net::Task<void> ask_list(dns::Resolver* resolver, const Subject* subject, const List* list, net::Deadline deadline,
                         Listing* out) {
  if (!subject->stands_in(*list)) {
    out->state = ListingState::not_asked;
    co_return;
  }
  const std::string owner = subject->owner();
  const auto name = owner.empty() ? fail(Errc::invalid, "neither an address nor a domain")
                                  : dns::Name::parse(owner + '.' + list->zone);
  if (!name) {
    out->state = ListingState::bad_name;
    co_return;
  }
  const Veil veil(*list);
  out->questions.push_back(co_await resolver->ask({*name, dns::Type::a}, deadline));
  judge(*list, out->questions.front(), out);
  veil.over(out->questions.front());
  if (out->state != ListingState::listed || !list->explain) co_return;
  out->questions.push_back(co_await resolver->ask({*name, dns::Type::txt}, deadline));
  veil.over(out->questions.back());
  out->text = words(out->questions.back());
}

}  // namespace

const ListingRow& listing_row(ListingState state) { return kStates[static_cast<std::size_t>(state)]; }

std::span<const ListingRow> listing_rows() { return kStates; }

net::Task<std::vector<Listing>> ask_lists(dns::Resolver& resolver, std::string subject, std::vector<List> lists,
                                          net::Deadline deadline) {
  const Subject about = subject_of(subject);
  std::vector<Listing> out(lists.size());
  net::Scope all;
  for (std::size_t i = 0; i < lists.size(); ++i) {
    out[i].list = i;
    all.spawn(ask_list(&resolver, &about, &lists[i], deadline, &out[i]));
  }
  co_await all.join();
  co_return out;
}

bool ListTest::passed() const {
  const bool listed = listing.state == ListingState::listed || listing.state == ListingState::other_code;
  return should_be_listed ? listed : listing.state == ListingState::not_listed;
}

net::Task<std::vector<ListTest>> test_lists(dns::Resolver& resolver, std::vector<List> lists, net::Deadline deadline) {
  // RFC 5782 §5. The addresses of IPv6 are asked for as they stand, not as those of IPv4 that they are mapped from.
  struct Point {
    std::string_view text;
    bool domain, listed;
  };
  constexpr std::array<Point, 6> kPoints = {{
      {"127.0.0.2", false, true},
      {"127.0.0.1", false, false},
      {"::ffff:127.0.0.2", false, true},
      {"::ffff:127.0.0.1", false, false},
      {"test", true, true},
      {"invalid", true, false},
  }};
  std::array<Subject, kPoints.size()> subjects;
  for (std::size_t p = 0; p < kPoints.size(); ++p) {
    if (kPoints[p].domain)
      subjects[p].domain = kPoints[p].text;
    else
      subjects[p].ip = Ip::parse(kPoints[p].text);
  }
  std::vector<ListTest> out;
  std::vector<std::size_t> points;
  for (std::size_t i = 0; i < lists.size(); ++i)
    for (std::size_t p = 0; p < kPoints.size(); ++p)
      if (subjects[p].stands_in(lists[i])) {
        ListTest& test = out.emplace_back();
        test.list = test.listing.list = i;
        test.subject = kPoints[p].text;
        test.should_be_listed = kPoints[p].listed;
        points.push_back(p);
      }
  net::Scope all;
  for (std::size_t t = 0; t < out.size(); ++t)
    all.spawn(ask_list(&resolver, &subjects[points[t]], &lists[out[t].list], deadline, &out[t].listing));
  co_await all.join();
  co_return out;
}

}  // namespace chappe::trust
