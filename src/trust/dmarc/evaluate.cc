#include "trust/dmarc/evaluate.h"

#include <algorithm>
#include <utility>

#include "trust/mail_domain.h"

namespace chappe::trust::dmarc {
namespace {

class Evaluation {
 public:
  Evaluation(dns::Resolver& resolver, Input input, net::Deadline deadline)
      : input_(std::move(input)), discoverer_(resolver, deadline) {}

  net::Task<void> run() {
    list_identifiers();
    out_.author = input_.author;
    const auto author = mail_domain(input_.author);
    if (author) out_.author = *author;
    auto name = author ? dns::Name::parse(*author) : std::unexpected(author.error());
    if (name) {
      author_ = std::move(*name);
      co_await judge();
    } else {
      end(Outcome::permerror, Reason::author_invalid);
    }
    out_.discovery = discoverer_.take();
  }
  Verdict take() { return std::move(out_); }

 private:
  void end(Outcome result, Reason reason) {
    out_.result = result;
    out_.reason = reason;
  }

  void list_identifiers() {
    const auto add = [&](Method method, std::string domain, std::string selector, Authentication result) {
      Identifier id;
      id.method = method;
      id.domain = std::move(domain);
      id.selector = std::move(selector);
      id.result = result;
      if (auto key = mail_domain(id.domain)) id.domain = std::move(*key);
      out_.identifiers.push_back(std::move(id));
    };
    out_.identifiers.reserve(input_.dkim.size() + 1);
    if (input_.spf) add(Method::spf, input_.spf->domain, {}, input_.spf->result);
    for (const DkimIdentity& d : input_.dkim) add(Method::dkim, d.domain, d.selector, d.result);
  }

  net::Task<void> judge() {
    if (!co_await find_policy()) co_return;
    const Record& record = out_.policy->record;
    if (!record.applies()) {
      const bool broken = record.standing == Standing::broken;
      end(broken ? Outcome::permerror : Outcome::none, broken ? Reason::record_broken : Reason::record_without_policy);
      co_return;
    }
    co_await align();
    const bool passes = std::any_of(out_.identifiers.begin(), out_.identifiers.end(),
                                    [](const Identifier& id) { return id.aligned(); });
    if (passes) {
      end(Outcome::pass, Reason::aligned);
    } else {
      end_without_pass();
    }
    co_await choose_tag(record);
    if (out_.result != Outcome::fail) co_return;
    // RFC 9989 §4.7, t
    out_.lowered = record.test && out_.asked != Policy::none;
    out_.wanted = !out_.lowered ? out_.asked : out_.asked == Policy::reject ? Policy::quarantine : Policy::none;
  }

  const Discovery& seen() const { return discoverer_.discovery(); }

  void leave_unknown() {
    end(Outcome::temperror, Reason::dns_error_policy);
    for (Identifier& id : out_.identifiers) id.alignment = Alignment::policy_unknown;
  }

  // RFC 9989 §4.10.1. False: there is none, and the result is set.
  net::Task<bool> find_policy() {
    const std::size_t own = co_await discoverer_.look(author_);
    if (seen().found[own].standard == Standard::error) {
      leave_unknown();
      co_return false;
    }
    if (take_policy(own, Source::author)) co_return true;
    co_await author_walk();
    const Walk& walk = seen().walks[*out_.author_walk];
    if (walk.failed()) {
      leave_unknown();
      co_return false;
    }
    for (const std::size_t step : walk.steps)
      if (seen().found[step].domain == *walk.organization && take_policy(step, Source::organization)) co_return true;
    if (walk.psd && take_policy(*walk.psd, Source::psd)) co_return true;
    const bool several = std::any_of(walk.steps.begin(), walk.steps.end(), [&](std::size_t step) {
      return seen().found[step].standard == Standard::several;
    });
    end(Outcome::none, several ? Reason::several_records : Reason::no_record);
    co_return false;
  }

  bool take_policy(std::size_t index, Source source) {
    const Found& found = seen().found[index];
    if (found.record() == nullptr) return false;
    out_.policy =
        PolicyRecord{.found = index, .domain = found.domain.domain(), .source = source, .record = *found.record()};
    return true;
  }

  net::Task<void> author_walk() {
    if (out_.author_walk) co_return;
    out_.author_walk = co_await discoverer_.walk(author_);
    const Walk& walk = seen().walks[*out_.author_walk];
    if (walk.organization) out_.organization = walk.organization->domain();
  }

  net::Task<void> align() {
    for (Identifier& id : out_.identifiers) first_look(id);
    for (Identifier& id : out_.identifiers)
      if (id.alignment == Alignment::no_record) co_await compare_organizations(&id);
  }

  // What can be said without asking. Leaves no_record where a walk must tell.
  void first_look(Identifier& id) const {
    if (id.result != Authentication::pass && id.result != Authentication::temperror) {
      id.alignment = Alignment::not_authenticated;
    } else if (id.method == Method::spf && input_.spf->scope == SpfScope::helo) {
      id.alignment = Alignment::helo;
    } else if (id.method == Method::dkim && signature(id).partial) {
      id.alignment = Alignment::partial_body;
    } else if (!mail_domain(id.domain)) {
      id.alignment = Alignment::domain_invalid;
    } else if (id.domain == out_.author) {  // RFC 4343: both are in lower case
      id.alignment = Alignment::identical;
    } else if (mode(id.method) == Mode::strict) {
      id.alignment = Alignment::strict_differs;
    }
  }

  const DkimIdentity& signature(const Identifier& id) const {
    return input_.dkim[static_cast<std::size_t>(&id - out_.identifiers.data()) - (input_.spf ? 1 : 0)];
  }
  Mode mode(Method method) const {
    return method == Method::spf ? out_.policy->record.aspf : out_.policy->record.adkim;
  }

  // RFC 9989 §4.10.2
  net::Task<void> compare_organizations(Identifier* id) {
    const auto name = dns::Name::parse(id->domain);
    if (!name) {
      id->alignment = Alignment::domain_invalid;
      co_return;
    }
    co_await author_walk();
    const Walk& mine = seen().walks[*out_.author_walk];
    // The author's walk failed, but no organization could hold both where not even the last label is the same.
    if (mine.failed()) {
      id->alignment =
          name->common_labels(author_) == 0 ? Alignment::other_organization : Alignment::organization_unknown;
      co_return;
    }
    const dns::Name organization = *mine.organization;
    if (!name->under(organization)) {
      id->alignment = Alignment::other_organization;
      co_return;
    }
    if (seen().walks.size() >= kMaxWalks) {
      id->alignment = Alignment::over_limit;
      co_return;
    }
    id->walk = co_await discoverer_.walk(*name);
    const Walk& theirs = seen().walks[*id->walk];
    if (theirs.organization) id->organization = theirs.organization->domain();
    id->alignment = theirs.failed()                        ? Alignment::organization_unknown
                    : *theirs.organization == organization ? Alignment::same_organization
                                                           : Alignment::other_organization;
  }

  // RFC 9989 §5.3.5, §5.3.6
  void end_without_pass() {
    const auto any = [&](auto pred) { return std::any_of(out_.identifiers.begin(), out_.identifiers.end(), pred); };
    if (any([](const Identifier& id) {
          return id.alignment == Alignment::organization_unknown && id.result == Authentication::pass;
        }))
      return end(Outcome::temperror, Reason::dns_error_alignment);
    if (any([](const Identifier& id) {
          return id.result == Authentication::temperror &&
                 (id.agrees() || id.alignment == Alignment::organization_unknown);
        }))
      return end(Outcome::temperror, Reason::dns_error_authentication);
    const bool authenticated = any([](const Identifier& id) {
      return id.result == Authentication::pass && id.alignment != Alignment::helo &&
             id.alignment != Alignment::partial_body;
    });
    end(Outcome::fail, authenticated ? Reason::nothing_aligned : Reason::nothing_authenticated);
  }

  // RFC 9989 §4.10.1: p of the author's own record; else sp, or np if the author domain does not exist.
  net::Task<void> choose_tag(const Record& record) {
    const bool as_none = record.standing == Standing::taken_as_none;
    const Policy p = as_none ? Policy::none : *record.p;
    out_.asked = p;
    if (out_.policy->source == Source::author || as_none) co_return;
    const Policy sp = record.sp.value_or(p);
    if (record.sp) out_.tag = Tag::sp;
    out_.asked = sp;
    if (!record.np || *record.np == sp) co_return;  // whether it exists changes nothing
    out_.existence = co_await discoverer_.existence(author_);
    if (out_.existence == Existence::nonexistent) {
      out_.tag = Tag::np;
      out_.asked = *record.np;
    } else if (out_.existence == Existence::unknown && out_.result == Outcome::fail) {
      end(Outcome::temperror, Reason::dns_error_existence);
    }
  }

  Input input_;
  Discoverer discoverer_;
  dns::Name author_;
  Verdict out_;
};

}  // namespace

bool Verdict::aligned(Method method) const {
  return std::any_of(identifiers.begin(), identifiers.end(),
                     [&](const Identifier& id) { return id.method == method && id.aligned(); });
}

net::Task<Verdict> evaluate(dns::Resolver& resolver, Input input, net::Deadline deadline) {
  Evaluation evaluation(resolver, std::move(input), deadline);
  co_await evaluation.run();
  co_return evaluation.take();
}

}  // namespace chappe::trust::dmarc
