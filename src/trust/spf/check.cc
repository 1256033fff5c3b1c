#include "trust/spf/check.h"

#include <algorithm>

#include "base/text.h"
#include "codec/idna.h"

namespace chappe::trust::spf {
namespace {

constexpr std::string_view kPostmaster = "postmaster";  // RFC 7208 §4.3
constexpr std::size_t kUsualQuestions = 4;              // that room is made for

ResultCode result_of(Qualifier qualifier) {
  switch (qualifier) {
    case Qualifier::pass:
      return ResultCode::pass;
    case Qualifier::fail:
      return ResultCode::fail;
    case Qualifier::softfail:
      return ResultCode::softfail;
    case Qualifier::neutral:
      return ResultCode::neutral;
  }
  return ResultCode::neutral;
}

bool ascii(std::string_view text) { return std::none_of(text.begin(), text.end(), is_8bit); }

// What mail calls a domain, before anything is asked about it (RFC 7208 §4.3): A-labels without final dot; nothing for
// literals, single labels and what is no name. Underscores are let through, they are seen.
std::optional<std::string> identity_domain(std::string_view given) {
  if (given.ends_with('.')) given.remove_suffix(1);
  std::string domain(given);
  if (!ascii(domain)) {  // RFC 8616 §4
    auto encoded = codec::domain_to_ascii(domain);
    if (!encoded) return std::nullopt;
    domain = std::move(*encoded);
  }
  const bool plain =
      std::all_of(domain.begin(), domain.end(), [](char c) { return is_alnum(c) || c == '-' || c == '_' || c == '.'; });
  if (!plain || domain.ends_with('.')) return std::nullopt;
  const auto name = query_name(domain);
  if (!name || name->label_count() < 2) return std::nullopt;
  return domain;
}

// The question for a term or a record, the target of a term.
struct Target {
  std::string text;
  std::optional<dns::Name> name;
  Reason trouble = Reason::bad_target;  // without name
};

class Checker {
 public:
  Checker(dns::Resolver& resolver, const Query& query, const Ip& ip, std::string_view local, net::Deadline deadline,
          Verdict& out)
      : resolver_(resolver), limits_(query.limits), deadline_(deadline), out_(out) {
    values_.local = local;
    values_.sender_domain = out.domain;
    values_.helo = query.helo;
    values_.receiver = query.receiver;
    values_.ip = ip;
    values_.now = query.now;
  }

  // RFC 7208 §4.3 to §4.7.
  net::Task<void> evaluate(std::string domain, Evaluation* out) {
    out->domain = domain;
    const auto name = query_name(domain);
    if (!name || name->label_count() < 2) co_return end(out, ResultCode::none, Reason::bad_domain);
    const dns::Answer* answer = co_await ask(*name, dns::Type::txt, &out->questions);
    if (answer->absent())
      co_return end(out, ResultCode::none,
                    answer->outcome == dns::Outcome::nxdomain ? Reason::no_domain : Reason::no_record);
    if (!*answer) co_return end(out, ResultCode::temperror, failure(*answer));  // RFC 7208 §4.4
    const std::vector<std::string> texts = select_records(answer->records);
    if (texts.empty()) co_return end(out, ResultCode::none, Reason::no_record);
    if (texts.size() > 1) co_return end(out, ResultCode::permerror, Reason::several_records);
    out->record = parse_record(texts.front());
    // RFC 7208 §4.6: errors anywhere, before anything is evaluated.
    if (!out->record.faults.empty()) co_return end(out, ResultCode::permerror, Reason::bad_syntax);

    out->steps.reserve(std::min(out->record.terms.size(), kUsualTerms));
    for (std::size_t i = 0; i < out->record.terms.size(); ++i) {
      const Term& term = out->record.terms[i];
      if (!term.mechanism()) continue;
      Step step;
      step.term = i;
      co_await run(term, domain, &step);
      const Effect effect = step.effect;
      const ResultCode error = step.error;
      out->steps.push_back(std::move(step));
      if (effect == Effect::error) co_return end(out, error, Reason::term_failed);
      if (effect == Effect::match) co_return end(out, result_of(term.qualifier), Reason::matched);
    }
    // No redirect is followed beside an all, which always matches (RFC 7208 §5.1, §6.1).
    const Term* redirect = out->record.redirect();
    if (redirect == nullptr) co_return end(out, ResultCode::neutral, Reason::nothing_matched);
    Step step;
    step.term = static_cast<std::size_t>(redirect - out->record.terms.data());
    co_await follow(*redirect, domain, &step);
    const ResultCode result = step.effect == Effect::error   ? step.error
                              : step.effect == Effect::match ? step.inside.front().result
                                                             : ResultCode::neutral;
    const Reason reason = step.effect == Effect::error   ? Reason::term_failed
                          : step.effect == Effect::match ? Reason::redirected
                                                         : Reason::nothing_matched;
    out->steps.push_back(std::move(step));
    end(out, result, reason);
  }

  // RFC 7208 §6.2: of the record whose mechanism came to fail; empty if anything is wrong with it.
  net::Task<std::string> explanation(const Evaluation* at) {
    const Term* exp = at->record.exp();
    if (exp == nullptr) co_return std::string();
    const Target target = co_await target_of(*exp, at->domain, &out_.explanation_questions);
    if (!target.name) co_return std::string();
    const dns::Answer* answer = co_await ask(*target.name, dns::Type::txt, &out_.explanation_questions);
    if (!*answer || answer->records.rdata.size() != 1) co_return std::string();
    const auto text =
        MacroString::parse(dns::Txt::joined(answer->records.rdata.front()), MacroString::Kind::explain_string);
    if (!text) co_return std::string();
    values_.domain = at->domain;
    if (text->uses('p')) values_.validated = co_await validated_domain(&out_.explanation_questions);
    std::string out = expand_text(*text, values_, kMaxExplanation);
    for (char& c : out)  // a local part or a HELO may hold anything
      if (is_ctl(c) || is_8bit(c)) c = '?';
    co_return out;
  }

 private:
  static void end(Evaluation* out, ResultCode result, Reason reason) {
    out->result = result;
    out->reason = reason;
  }
  static void end(Step* step, Effect effect, Reason reason) {
    step->effect = effect;
    step->reason = reason;
  }
  static void fail(Step* step, ResultCode error, Reason reason) {
    end(step, Effect::error, reason);
    step->error = error;
  }

  Reason failure(const dns::Answer& answer) const {
    return answer.outcome == dns::Outcome::timeout && deadline_.passed() ? Reason::out_of_time : Reason::lookup_failed;
  }

  // The answer stays where it is until the next question.
  net::Task<const dns::Answer*> ask(dns::Name name, dns::Type type, std::vector<std::size_t>* mentioned) {
    mentioned->push_back(out_.questions.size());
    dns::Answer answer = co_await resolver_.ask({std::move(name), type}, deadline_);
    out_.questions.push_back(std::move(answer));
    co_return &out_.questions.back();
  }

  // RFC 7208 §4.6.4. False: the step has ended.
  bool count_lookup(Step* step) {
    if (out_.lookups++ < limits_.lookups) return true;
    fail(step, ResultCode::permerror, Reason::too_many_lookups);
    return false;
  }
  // The end of a step whose own question found nothing.
  void end_void(Step* step) {
    if (out_.voids++ < limits_.voids)
      end(step, Effect::no_match, Reason::void_lookup);
    else
      fail(step, ResultCode::permerror, Reason::too_many_voids);
  }

  // The target-name of a term (RFC 7208 §4.8).
  net::Task<Target> target_of(const Term& term, std::string_view domain, std::vector<std::size_t>* mentioned) {
    Target out;
    if (!term.domain) {
      out.text = domain;
    } else {
      // RFC 8616 §4: such a term matches nothing.
      if (!ascii(values_.local) && (term.domain->uses('s') || term.domain->uses('l'))) {
        out.trouble = Reason::utf8_local_part;
        co_return out;
      }
      values_.domain = domain;
      if (term.domain->uses('p')) values_.validated = co_await validated_domain(mentioned);
      out.text = expand_domain(*term.domain, values_);
    }
    out.name = query_name(out.text);
    co_return out;
  }

  net::Task<void> run(const Term& term, std::string_view domain, Step* step) {
    switch (term.kind) {
      case TermKind::all:
        co_return end(step, Effect::match, Reason::always);
      case TermKind::ip4:
      case TermKind::ip6:
        co_return match_network(term, step);
      default:
        break;
    }
    if (!count_lookup(step)) co_return;
    Target target = co_await target_of(term, domain, &step->questions);
    step->target = target.text;
    if (!target.name && target.trouble == Reason::utf8_local_part)
      co_return end(step, Effect::no_match, target.trouble);
    if (term.kind == TermKind::include) {
      co_await include(step);
      co_return;
    }
    if (!target.name) co_return end(step, Effect::no_match, Reason::bad_target);
    if (term.kind == TermKind::ptr) {
      co_await match_ptr(*target.name, step);
    } else if (term.kind == TermKind::mx) {
      co_await match_mx(term, *target.name, step);
    } else {
      // RFC 7208 §5.3, §5.7: exists asks for A whatever the client is.
      const bool exists = term.kind == TermKind::exists;
      const dns::Type type = exists ? dns::Type::a : values_.ip.record_type();
      const dns::Answer* answer = co_await ask(*target.name, type, &step->questions);
      if (answer->absent()) co_return end_void(step);
      if (!*answer) co_return fail(step, ResultCode::temperror, failure(*answer));
      if (exists) co_return end(step, Effect::match, Reason::name_exists);
      compare(term, *answer, step);
    }
  }

  void match_network(const Term& term, Step* step) const {
    if (values_.ip.v4() != (term.kind == TermKind::ip4)) return end(step, Effect::no_match, Reason::other_family);
    const bool in = values_.ip.in(term.network, values_.ip.v4() ? term.prefix4 : term.prefix6);
    end(step, in ? Effect::match : Effect::no_match, in ? Reason::in_network : Reason::not_in_network);
  }

  void compare(const Term& term, const dns::Answer& answer, Step* step) const {
    for (const Ip& ip : ips_of(answer.records))
      if (values_.ip.in(ip, values_.ip.v4() ? term.prefix4 : term.prefix6))
        return end(step, Effect::match, Reason::among_addresses);
    end(step, Effect::no_match, Reason::not_among_addresses);
  }

  // RFC 7208 §5.2
  net::Task<void> include(Step* step) {
    Evaluation& inside = step->inside.emplace_back();
    co_await evaluate(step->target, &inside);
    count_void_record(inside);
    switch (inside.result) {
      case ResultCode::pass:
        co_return end(step, Effect::match, Reason::include_passes);
      case ResultCode::none:
        co_return fail(step, ResultCode::permerror, Reason::include_without_record);
      case ResultCode::temperror:
      case ResultCode::permerror:
        co_return fail(step, inside.result, Reason::include_failed);
      default:
        co_return end(step, Effect::no_match, Reason::include_does_not_pass);
    }
  }

  // RFC 7208 §6.1. Match: the result is that of the other domain.
  net::Task<void> follow(const Term& redirect, std::string_view domain, Step* step) {
    if (!count_lookup(step)) co_return;
    const Target target = co_await target_of(redirect, domain, &step->questions);
    step->target = target.text;
    if (!target.name && target.trouble == Reason::utf8_local_part)
      co_return end(step, Effect::no_match, target.trouble);
    Evaluation& inside = step->inside.emplace_back();
    co_await evaluate(step->target, &inside);
    count_void_record(inside);
    if (inside.result == ResultCode::none) co_return fail(step, ResultCode::permerror, Reason::redirect_without_record);
    end(step, Effect::match, Reason::redirected);
  }

  // The check ends with permerror anyhow, so that there is no limit to look at.
  void count_void_record(const Evaluation& inside) {
    if (!inside.questions.empty() && out_.questions[inside.questions.front()].absent()) ++out_.voids;
  }

  // RFC 7208 §5.4
  net::Task<void> match_mx(const Term& term, dns::Name target, Step* step) {
    const dns::Answer* answer = co_await ask(std::move(target), dns::Type::mx, &step->questions);
    if (answer->absent()) co_return end_void(step);
    if (!*answer) co_return fail(step, ResultCode::temperror, failure(*answer));
    std::vector<dns::Mx> mx = answer->records.as<dns::Mx>();
    if (mx.size() > limits_.mx_names) co_return fail(step, ResultCode::permerror, Reason::too_many_mx);
    std::sort(mx.begin(), mx.end(), [](const dns::Mx& a, const dns::Mx& b) {
      return a.preference != b.preference ? a.preference < b.preference : a.exchange < b.exchange;
    });
    end(step, Effect::no_match, Reason::not_among_addresses);
    for (dns::Mx& host : mx) {
      if (host.exchange.is_root()) continue;  // RFC 7505 §3: no host
      const dns::Answer* addresses = co_await ask(std::move(host.exchange), values_.ip.record_type(), &step->questions);
      if (addresses->absent()) continue;
      if (!*addresses) co_return fail(step, ResultCode::temperror, failure(*addresses));
      compare(term, *addresses, step);
      if (step->effect == Effect::match) co_return;
    }
  }

  // RFC 7208 §5.5
  net::Task<void> match_ptr(dns::Name target, Step* step) {
    co_await look_up_names(&step->questions);
    if (names_->outcome == dns::Outcome::nodata || names_->outcome == dns::Outcome::nxdomain) co_return end_void(step);
    if (names_->outcome != dns::Outcome::answer) co_return end(step, Effect::no_match, Reason::no_reverse_lookup);
    const bool of_domain = std::any_of(names_->validated.begin(), names_->validated.end(),
                                       [&](const dns::Name& name) { return name.under(target); });
    end(step, of_domain ? Effect::match : Effect::no_match,
        of_domain ? Reason::host_is_of_domain : Reason::host_is_not_of_domain);
  }

  // The names of the client that lead back to it (RFC 7208 §5.5), once a check.
  net::Task<void> look_up_names(std::vector<std::size_t>* mentioned) {
    if (names_) {
      mentioned->insert(mentioned->end(), names_->questions.begin(), names_->questions.end());
      co_return;
    }
    Names found;
    const dns::Answer* answer =
        co_await ask(dns::reverse_name(values_.ip.text()).value(), dns::Type::ptr, &found.questions);
    found.outcome = answer->outcome;
    std::vector<dns::Ptr> pointers = answer->records.as<dns::Ptr>();
    if (pointers.size() > limits_.ptr_names) pointers.resize(limits_.ptr_names);  // RFC 7208 §4.6.4
    for (dns::Ptr& pointer : pointers) {
      const dns::Answer* addresses = co_await ask(pointer.target, values_.ip.record_type(), &found.questions);
      const std::vector<Ip> ips = ips_of(addresses->records);
      if (std::find(ips.begin(), ips.end(), values_.ip) != ips.end())
        found.validated.push_back(std::move(pointer.target));
    }
    names_ = std::move(found);
    mentioned->insert(mentioned->end(), names_->questions.begin(), names_->questions.end());
  }

  // RFC 7208 §7.3: the domain itself before one below it before any. Empty: there is none.
  net::Task<std::string> validated_domain(std::vector<std::size_t>* mentioned) {
    co_await look_up_names(mentioned);
    const auto domain = query_name(values_.domain);
    const dns::Name* best = nullptr;
    int best_rank = 0;
    for (const dns::Name& name : names_->validated) {
      const int rank = domain && name == *domain ? 3 : domain && name.under(*domain) ? 2 : 1;
      if (rank > best_rank) {
        best = &name;
        best_rank = rank;
      }
    }
    co_return best == nullptr ? std::string() : best->domain();
  }

  struct Names {
    dns::Outcome outcome{};
    std::vector<dns::Name> validated;
    std::vector<std::size_t> questions;
  };

  dns::Resolver& resolver_;
  const Limits& limits_;
  net::Deadline deadline_;
  MacroValues values_;
  Verdict& out_;
  std::optional<Names> names_;
};

// Fills in what decided: from the outside in.
const Evaluation* find_decision(Verdict& verdict) {
  const Evaluation* at = &verdict.evaluation;
  for (;;) {
    verdict.reason = at->reason;
    verdict.decided_at = at->domain;
    verdict.decided_by.clear();
    if (at->steps.empty()) return at;
    const Step& last = at->steps.back();
    const bool decides = last.effect != Effect::no_match;
    if (!decides) return at;
    const bool inward = last.reason == Reason::redirected || last.reason == Reason::include_failed;
    if (!inward) {
      verdict.reason = last.reason;
      verdict.decided_by = at->record.text_of(at->record.terms[last.term]);
      return at;
    }
    at = &last.inside.front();
  }
}

net::Task<Verdict> check_host(dns::Resolver& resolver, Query query, Identity identity, net::Deadline deadline) {
  Verdict out;
  out.identity = identity;
  out.questions.reserve(kUsualQuestions);
  // RFC 7208 §2.3, §2.4
  std::string_view local, domain = query.helo;
  out.null_sender = identity == Identity::mail_from && query.mail_from.empty();
  if (identity == Identity::mail_from && !out.null_sender) {
    domain = query.mail_from;
    if (const auto at = domain.rfind('@'); at != domain.npos) {
      local = domain.substr(0, at);
      domain.remove_prefix(at + 1);
    }
  }
  if (local.empty()) local = kPostmaster;
  out.decided_at = domain;
  const auto ip = Ip::of_client(query.ip);
  auto checked = identity_domain(domain);
  out.domain = checked ? std::move(*checked) : std::string(domain);
  out.sender.append(local).append(1, '@').append(out.domain);
  if (!ip || !checked) {
    out.reason = !ip ? Reason::no_address : Reason::bad_domain;
    out.evaluation.domain = out.domain;
    out.evaluation.reason = out.reason;
    co_return out;
  }
  Checker checker(resolver, query, *ip, local, deadline.at_most(query.limits.time), out);
  co_await checker.evaluate(out.domain, &out.evaluation);
  out.result = out.evaluation.result;
  const Evaluation* decision = find_decision(out);
  if (out.result == ResultCode::fail) out.explanation = co_await checker.explanation(decision);
  co_return out;
}

}  // namespace

net::Task<Verdict> check(dns::Resolver& resolver, Query query, net::Deadline deadline) {
  return check_host(resolver, std::move(query), Identity::mail_from, deadline);
}

net::Task<Verdict> check_helo(dns::Resolver& resolver, Query query, net::Deadline deadline) {
  return check_host(resolver, std::move(query), Identity::helo, deadline);
}

std::string describe(const Verdict& verdict) {
  std::string out(result_row(verdict.result).name);
  out += ": " + printable(verdict.decided_at);
  if (!verdict.decided_by.empty()) out += ": " + printable(verdict.decided_by);
  const std::string_view why = reason_row(verdict.reason).en;
  out += fmt::format(": {}{}", lower(why.front()), why.substr(1));
  return out;
}

}  // namespace chappe::trust::spf
