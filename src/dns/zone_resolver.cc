#include "dns/zone_resolver.h"

#include <algorithm>

#include "base/text.h"

namespace chappe::dns {
namespace {

// "200ms", or a time as in master files.
std::optional<Duration> parse_delay(std::string_view text) {
  if (text.ends_with("ms")) {
    const auto ms = to_number<std::uint32_t>(text.substr(0, text.size() - 2));
    return ms ? std::optional<Duration>(std::chrono::milliseconds(*ms)) : std::nullopt;
  }
  const auto seconds = parse_period(text);
  return seconds ? std::optional<Duration>(std::chrono::seconds(*seconds)) : std::nullopt;
}

ZoneFileOptions options() {
  ZoneFileOptions out;
  out.default_ttl = ZoneResolver::kStandardTtl;
  out.directives = true;
  return out;
}

}  // namespace

Result<std::unique_ptr<ZoneResolver>> ZoneResolver::from_text(std::string_view text, std::string_view file) {
  return from(TRY(parse_zone_text(text, options(), file)));
}

Result<std::unique_ptr<ZoneResolver>> ZoneResolver::from_file(const std::string& path) {
  return from(TRY(read_zone_file(path, options())));
}

Result<std::unique_ptr<ZoneResolver>> ZoneResolver::from(ZoneText text) {
  auto out = std::make_unique<ZoneResolver>();
  for (RRset& set : sets_of(text.records)) out->tree_.add(std::move(set));
  for (const Directive& d : text.directives) {
    const auto added = out->add(d);
    if (!added) return fail(added.error().code(), "{}: {}", d.where, added.error().text());
  }
  return out;
}

Result<void> ZoneResolver::add(const Directive& directive) {
  std::span<const std::string> words = directive.words;
  if (directive.name == "$SECURE" || directive.name == "$INSECURE") {
    if (words.size() != 1) return fail(Errc::invalid, "{} takes one name", directive.name);
    signed_.emplace_back(TRY(Name::parse(words[0], directive.origin)), directive.name == "$SECURE");
    return {};
  }
  Fault fault{};
  if (directive.name == "$TIMEOUT") {
    fault.kind = Fault::Kind::timeout;
  } else if (directive.name == "$SERVFAIL") {
    fault.kind = Fault::Kind::servfail;
  } else if (directive.name == "$BOGUS") {
    fault.kind = Fault::Kind::bogus;
  } else if (directive.name == "$DELAY") {
    fault.kind = Fault::Kind::delay;
    const auto delay = words.empty() ? std::nullopt : parse_delay(words[0]);
    if (!delay) return fail(Errc::invalid, "$DELAY takes a time first, as 200ms or 3s");
    fault.delay = *delay;
    words = words.subspan(1);
  } else {
    return fail(Errc::invalid, "{} is not known; $TIMEOUT, $SERVFAIL, $BOGUS, $DELAY, $SECURE and $INSECURE are",
                printable(directive.name));
  }
  if (words.empty()) return fail(Errc::invalid, "{} takes a name", directive.name);
  fault.name = TRY(Name::parse(words[0], directive.origin));
  fault.below = fault.name.is_wildcard();
  if (fault.below) fault.name = fault.name.parent();
  for (const std::string& word : words.subspan(1)) {
    const auto type = parse_type(word);
    if (!type) return fail(Errc::invalid, "no such type: {}", printable(word));
    fault.types.push_back(*type);
  }
  faults_.push_back(std::move(fault));
  return {};
}

bool ZoneResolver::Fault::concerns(const Name& asked, Type asked_type) const {
  if (below ? !asked.under(name) || asked == name : asked != name) return false;
  return types.empty() || std::ranges::find(types, asked_type) != types.end();
}

const ZoneResolver::Fault* ZoneResolver::fault_at(const Name& name, Type type) const {
  for (const Fault& f : faults_) {
    if (f.kind != Fault::Kind::delay && f.concerns(name, type)) return &f;
  }
  return nullptr;
}

Duration ZoneResolver::delay_at(const Name& name, Type type) const {
  Duration total{};
  for (const Fault& f : faults_) {
    if (f.kind == Fault::Kind::delay && f.concerns(name, type)) total += f.delay;
  }
  return total;
}

bool ZoneResolver::secure(const Name& name) const {
  std::size_t deepest = 0;
  bool out = false;
  for (const auto& [top, is_signed] : signed_) {
    const std::size_t depth = top.label_count() + 1;
    if (!name.under(top) || depth < deepest) continue;
    deepest = depth;
    out = is_signed;
  }
  return out;
}

void ZoneResolver::end_without(Answer& answer, Outcome outcome) const {
  answer.outcome = outcome;
  const auto apex = tree_.lowest_with(Type::soa, answer.canonical);
  std::uint32_t ttl = 0;  // RFC 2308 §5: without an SOA a negative answer is not kept
  if (apex != tree_.nodes().end()) {
    const RRset& soa = *apex->second.find(Type::soa);
    ttl = std::min(soa.ttl, Soa::of(soa.rdata.front()).minimum);
  }
  answer.ttl = std::min(answer.ttl, ttl);
}

std::optional<Record> ZoneResolver::alias(const Name& name, Type type, const Tree::Found& found) const {
  if (found.node && !found.node->find(type)) {
    if (const RRset* cname = found.node->find(Type::cname))
      return Record{name, Type::cname, cname->ttl, cname->rdata[0]};
  }
  if (name.is_root()) return std::nullopt;
  // RFC 6672 §2.3: a DNAME redirects what is below it, and not itself.
  const auto dname = tree_.lowest_with(Type::dname, name.parent());
  if (dname == tree_.nodes().end()) return std::nullopt;
  const RRset& set = *dname->second.find(Type::dname);
  const auto target = name.with_suffix(dname->first, Dname::of(set.rdata[0]).target);
  // A name that becomes too long leads nowhere: the caller sees an empty target.
  return Record{name, Type::cname, set.ttl, target ? Bytes(target->wire()) : Bytes()};
}

Answer ZoneResolver::look_up(const Question& question) const {
  Answer answer = without_records(question, Outcome::servfail);
  answer.security = Security::secure;
  answer.ttl = ~std::uint32_t{0};
  Name& at = answer.canonical;
  for (;;) {
    if (!secure(at)) answer.security = Security::insecure;
    if (const Fault* fault = fault_at(at, question.type)) {
      answer.outcome = fault->kind == Fault::Kind::timeout    ? Outcome::timeout
                       : fault->kind == Fault::Kind::servfail ? Outcome::servfail
                                                              : Outcome::bogus;
      answer.why = "the zone text says so";
      answer.security = Security::indeterminate;
      answer.ttl = 0;
      return answer;
    }
    const Tree::Found found = tree_.find(at);
    auto next = question.type == Type::cname ? std::nullopt : alias(at, question.type, found);
    if (!next) {
      const RRset* set = found.node ? found.node->find(question.type) : nullptr;
      if (!set) {
        end_without(answer, found.exists || found.node ? Outcome::nodata : Outcome::nxdomain);
        return answer;
      }
      answer.outcome = Outcome::answer;
      answer.records = *set;
      answer.records.name = at;
      answer.ttl = std::min(answer.ttl, set->ttl);
      return answer;
    }
    if (next->rdata.empty() || answer.chain.size() == kMaxChain) {
      answer.why =
          next->rdata.empty() ? "a DNAME makes the name too long" : "the aliases go in a circle, or are too many";
      answer.security = Security::indeterminate;
      answer.ttl = 0;
      return answer;
    }
    answer.ttl = std::min(answer.ttl, next->ttl);
    at = Cname::of(next->rdata).target;
    answer.chain.push_back(std::move(*next));
  }
}

net::Task<Answer> ZoneResolver::ask(Question question, net::Deadline deadline) {
  Answer answer = look_up(question);
  Duration delay = delay_at(question.name, question.type);
  for (const Record& alias : answer.chain) delay += delay_at(Cname::of(alias.rdata).target, question.type);
  const net::Deadline ready = deadline.at_most(delay);
  if (answer.outcome == Outcome::timeout || ready.when >= deadline.when) {
    (void)co_await net::sleep(deadline);
    co_return without_records(std::move(question), Outcome::timeout, "the zone text says so");
  }
  if (delay > Duration::zero() && !co_await net::sleep(ready))
    co_return without_records(std::move(question), Outcome::timeout, "it is no longer wanted");
  co_return answer;
}

}  // namespace chappe::dns
