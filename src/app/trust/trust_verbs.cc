#include "app/trust/trust_verbs.h"

#include <fmt/format.h>

#include "app/admin_input.h"
#include "app/resolver_choice.h"
#include "app/trust/asked_about.h"
#include "app/trust/lint_page.h"
#include "app/trust/old_way.h"
#include "app/trust/sign_verb.h"
#include "app/trust/verdict_json.h"
#include "app/trust/verdict_text.h"
#include "base/text.h"
#include "trust/arc/seal.h"
#include "trust/judgement.h"
#include "trust/mail_domain.h"

namespace chappe::app {
namespace {

namespace dmarc = trust::dmarc;
namespace spf = trust::spf;

// What all of these verbs need.
struct Asking {
  Config config;
  std::unique_ptr<dns::Resolver> resolver;
  Duration limit;
  Time now;

  net::Deadline deadline() const { return net::Deadline::in(limit); }
};

Result<Asking> asking_of(const Invocation& invocation) {
  Asking out;
  const auto limit = parse_duration(*invocation.value("timeout"));
  if (!limit) return fail(Errc::usage, "--timeout: {}", limit.error().text());
  out.limit = *limit;
  out.now = TRY(time_of(invocation));
  out.config = TRY(config_of(invocation));
  out.resolver = TRY(resolver_of(invocation, out.config.dns));
  return out;
}

// Members of an object as JSON, or a text; gives the exit code: 0 for a verdict, that of a failed look-up where the DNS
// kept it back.
int show(const Invocation& invocation, auto write_members, auto text, bool kept_back) {
  std::string out;
  if (invocation.json()) {
    codec::json::Writer w(out, 2);
    w.begin_object();
    write_members(w);
    w.end_object();
    out += '\n';
  } else {
    out = text(invocation.french());
  }
  const int printed = print(out);
  return printed != 0 || !kept_back ? printed : error_row(Errc::timeout).exit;
}

net::Task<spf::Verdict> check_spf(const Asking* asking, spf::Query query, bool helo) {
  if (helo) co_return co_await spf::check_helo(*asking->resolver, std::move(query), asking->deadline());
  co_return co_await spf::check(*asking->resolver, std::move(query), asking->deadline());
}

Result<int> say_spf(const Invocation& invocation) {
  const Asking asking = TRY(asking_of(invocation));
  spf::Query query;
  query.ip = TRY(client_named("IP", invocation.argument(0)));
  // A name alone is a host's: what it says of itself is its HELO.
  const auto host = trust::mail_domain(invocation.argument(1));
  if (!host) query.mail_from = TRY(sender_named("FROM", invocation.argument(1)));
  if (invocation.arguments().size() > 2) query.helo = invocation.argument(2);
  query.receiver = asking.config.server.hostname;
  query.now = asking.now;
  if (host) query.helo = query.mail_from = invocation.argument(1);
  if (query.mail_from.empty() && query.helo.empty())
    return fail(Errc::usage, "a letter without a sender is judged by its HELO: name that, too");
  const auto verdict = net::run(check_spf(&asking, std::move(query), host.has_value()));
  return show(
      invocation, [&](codec::json::Writer& w) { write_spf(w.key("spf"), verdict); },
      [&](bool french) { return spf_text(verdict, french); }, verdict.result == spf::ResultCode::temperror);
}

net::Task<spf::Tree> grow(const Asking* asking, std::string domain) {
  co_return co_await spf::tree(*asking->resolver, std::move(domain), asking->deadline());
}

Result<int> say_spf_lint(const Invocation& invocation) {
  const Asking asking = TRY(asking_of(invocation));
  const auto domain = trust::mail_domain(invocation.argument(0));
  if (!domain) return fail(Errc::usage, "{}", domain.error().text());
  const spf::Tree tree = net::run(grow(&asking, *domain));
  return show(
      invocation, [&](codec::json::Writer& w) { write_spf_lint(w.key("spf"), tree); },
      [&](bool french) { return spf_lint_text(tree, french); }, tree.root.state == spf::NodeState::failed);
}

net::Task<dmarc::Verdict> find_dmarc(const Asking* asking, dmarc::Input input) {
  co_return co_await dmarc::evaluate(*asking->resolver, std::move(input), asking->deadline());
}

net::Task<OldWay> compare(const Asking* asking, const dmarc::Verdict* verdict, const dmarc::SuffixList* list) {
  co_return co_await old_way(*asking->resolver, *verdict, *list, asking->deadline());
}

// What a letter of the domain without any proof would meet.
Result<int> say_dmarc(const Invocation& invocation) {
  const Asking asking = TRY(asking_of(invocation));
  const auto domain = trust::mail_domain(invocation.argument(0));
  if (!domain) return fail(Errc::usage, "{}", domain.error().text());
  const auto verdict = net::run(find_dmarc(&asking, {.author = *domain, .spf = {}, .dkim = {}}));
  std::optional<OldWay> way;  // a host without a list says nothing of it
  if (const auto list = dmarc::SuffixList::of_system()) way = net::run(compare(&asking, &verdict, &*list));
  return show(
      invocation,
      [&](codec::json::Writer& w) {
        write_dmarc(w.key("dmarc"), verdict);
        write_dmarc_lint(w.key("lint"), verdict);
        if (way) write_old_way(w.key("psl"), *way);
      },
      [&](bool french) {
        const std::string warning = way ? old_way_text(*way, french) : std::string();
        return dmarc_policy_text(verdict, french) + dmarc_lint_text(verdict, french) +
               (warning.empty() ? "" : fmt::format("\nwarn: {}\n", warning));
      },
      verdict.result == dmarc::Outcome::temperror);
}

net::Task<trust::Judgement> judge(const Asking* asking, trust::Envelope envelope, const message::Letter* letter,
                                  const trust::dkim::BodyHashes* bodies, trust::JudgeOptions options) {
  co_return co_await trust::judge(*asking->resolver, std::move(envelope), *letter, *bodies, std::move(options),
                                  asking->deadline());
}

net::Task<std::vector<trust::ListTest>> test(const Asking* asking, trust::List list) {
  std::vector<trust::List> lists;
  lists.push_back(std::move(list));
  co_return co_await trust::test_lists(*asking->resolver, std::move(lists), asking->deadline());
}

// Errc::usage: of what every list holds (RFC 5782 §5) it holds nothing.
Result<void> is_list(const Asking& asking, const trust::List& list) {
  for (const trust::ListTest& test : net::run(test(&asking, list)))
    if (test.should_be_listed && test.listing.state != trust::ListingState::not_listed) return {};
  return fail(Errc::usage, "--list: '{}' holds nothing of what every DNS list holds: is it misspelt?", list.name);
}

Result<int> say_verify(const Invocation& invocation) {
  const Asking asking = TRY(asking_of(invocation));
  const Bytes octets = TRY(read_letter(invocation.argument(0)));
  const message::Letter letter(octets);
  trust::dkim::BodyHashes bodies(letter.fields());
  bodies.feed(ByteView(octets).substr(letter.root().body));
  bodies.finish();
  trust::Envelope envelope{.ip = {}, .helo = invocation.value("helo").value_or(""), .mail_from = {}};
  if (const auto ip = invocation.value("ip")) envelope.ip = TRY(client_named("--ip", *ip));
  if (const auto from = invocation.value("from")) envelope.mail_from = TRY(sender_named("--from", *from));
  trust::JudgeOptions options{.receiver = asking.config.server.hostname, .now = asking.now};
  for (const std::string& name : invocation.values("list"))
    options.lists.push_back(TRY(list_named(asking.config.mx, name)));
  for (const std::string& name : invocation.values("trust-sealer")) {
    auto domain = trust::mail_domain(name);
    if (!domain) return fail(Errc::usage, "--trust-sealer: {}", domain.error().text());
    options.trusted_sealers.push_back(std::move(*domain));
  }
  const auto judgement = net::run(judge(&asking, envelope, &letter, &bodies, std::move(options)));
  if (const auto* rule = doubtful_list(asking.config.mx, judgement.lists)) TRY(is_list(asking, rule->list));
  return show(
      invocation, [&](codec::json::Writer& w) { write_judgement(w, judgement); },
      [&](bool french) { return judgement_text(judgement, french); }, judgement.kept_back());
}

// What this server wrote above the letter, or, if it did not, what is found now: as a field holds it.
std::string results_text(const message::Letter& letter, const trust::Judgement& judgement, const std::string& id) {
  if (auto before = trust::authres::found_before(letter.fields(), id)) return std::move(before->text);
  const std::string field = trust::authres::write(results_of(judgement, id));
  return field.substr(field.find(':') + 1);
}

Result<int> seal(const Invocation& invocation) {
  for (const std::string_view needed : {"domain", "selector", "key", "authserv-id"})
    if (!invocation.has(needed)) return fail(Errc::usage, "--{} is missing", needed);
  const Asking asking = TRY(asking_of(invocation));
  const trust::dkim::SigningKey key{
      .key = std::make_shared<const crypto::PrivateKey>(TRY(read_signing_key(*invocation.value("key")))),
      .domain = *invocation.value("domain"),
      .selector = *invocation.value("selector")};
  const Bytes octets = TRY(read_letter(invocation.argument(0)));
  const message::Letter letter(octets);
  const ByteView body = ByteView(octets).substr(letter.root().body);
  trust::dkim::BodyHashes came(letter.fields());
  came.feed(body);
  came.finish();
  const auto judgement = net::run(judge(&asking, {}, &letter, &came, {.receiver = {}, .now = asking.now}));
  const trust::arc::SealOptions options;
  const trust::dkim::BodyHashKind kind = options.body_kind();
  trust::dkim::BodyHashes leaves({&kind, 1});
  leaves.feed(body);
  leaves.finish();
  const auto sealed = TRY(trust::arc::seal(letter.fields(), leaves, judgement.arc.status(),
                                           results_text(letter, judgement, *invocation.value("authserv-id")), key,
                                           asking.now, options));
  std::string out;
  if (invocation.json()) {
    codec::json::Writer w(out, 2);
    w.begin_object().field("sealed", sealed.has_value());
    if (sealed) w.field("instance", sealed->instance).field("cv", status_name(sealed->chain));
    w.key("fields").begin_array();
    const message::Letter added(sealed ? ByteView(sealed->fields) : ByteView());
    for (const message::Field& one : added.fields()) w.value(one.raw());
    w.end_array().key("arc");
    write_arc(w, judgement);
    w.end_object();
    out += '\n';
  } else {
    // Behind a seal that says cv=fail nothing is added.
    out = (sealed ? sealed->fields : std::string()) + octets;
  }
  return print(out);
}

template <Result<int> (*say)(const Invocation&)>
int run(const Invocation& invocation) {
  const auto code = say(invocation);
  return code ? *code : invocation.refuse(code.error());
}

}  // namespace

std::span<const Binding> trust_bindings() {
  static constexpr Binding kBindings[] = {{"spf", run<say_spf>},     {"spf lint", run<say_spf_lint>},
                                          {"dmarc", run<say_dmarc>}, {"verify", run<say_verify>},
                                          {"sign", run_sign},        {"seal", run<seal>}};
  return kBindings;
}

}  // namespace chappe::app
