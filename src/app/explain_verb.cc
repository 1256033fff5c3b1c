#include "app/explain_verb.h"

#include "app/admin_input.h"
#include "app/explain_print.h"
#include "app/resolver_choice.h"
#include "app/trust/reasons.h"
#include "dns/root_servers.h"
#include "dns/zone_resolver.h"
#include "net/shard.h"

namespace chappe::app {
namespace {

net::Task<Result<Explanation>> explain_within(const ExplainSources* sources, std::string address, Duration limit) {
  co_return co_await explain(sources, std::move(address), net::Deadline::in(limit));
}

Result<int> explain_address(const Invocation& invocation) {
  const auto limit = parse_duration(*invocation.value("timeout"));
  if (!limit) return fail(Errc::usage, "--timeout: {}", limit.error().text());
  const Config config = TRY(config_of(invocation));
  std::unique_ptr<dns::Resolver> resolver;
  dns::NetExchange exchange(system_random());
  std::optional<dns::Walker> walker;
  ExplainSources sources{.resolver = nullptr, .walker = nullptr, .roots = {}};
  if (const auto zone = invocation.value("zone")) {
    resolver = TRY(dns::ZoneResolver::from_file(*zone));
  } else {
    dns::LiveOptions options = TRY(live_options(config.dns));
    take_options(invocation, options);
    resolver = TRY(dns::LiveResolver::start(options));
    walker.emplace(exchange,
                   options.root_hints.empty() ? dns::internet_roots() : TRY(dns::read_root_hints(options.root_hints)));
    sources.walker = &*walker;
    sources.validating = !options.trust_anchors.empty();
    sources.roots = options.root_hints;
  }
  sources.resolver = resolver.get();
  if (!config.server.hostname.empty()) sources.hostname = config.server.hostname;
  sources.connect = invocation.has("connect");
  // A root or a zone text of one's own may well have its mail hosts on this machine.
  sources.loopback = config.dns.loopback_exchangers || invocation.has("root-hints") || invocation.has("zone");
  net::Shards shards(1);
  auto explanation = run_on(shards.at(0), explain_within(&sources, invocation.argument(0), *limit));
  shards.stop();
  if (!explanation) return std::unexpected(std::move(explanation.error()));
  std::string text;
  if (invocation.json()) {
    codec::json::Writer out(text, 2);
    write_explanation(out, *explanation);
    text += '\n';
  } else {
    text = explanation_text(invocation, *explanation);
  }
  const int printed = print(text);
  return printed != 0 ? printed : exit_code(*explanation);
}

int explain_reasons(const Invocation& invocation, const std::vector<ReasonFound>& reasons) {
  std::string out;
  if (invocation.json()) {
    codec::json::Writer w(out, 2);
    w.begin_object().key("reasons").begin_array();
    for (const ReasonFound& r : reasons)
      w.begin_object()
          .field("subject", r.subject.en)
          .field("id", r.id)
          .field("rule", r.rule)
          .field("text", invocation.french() ? r.fr : r.en)
          .end_object();
    w.end_array().end_object();
    out += '\n';
  } else {
    for (const ReasonFound& r : reasons)
      out += fmt::format("{}{}{}: {}\n", r.subject.in(invocation.french()), r.rule.empty() ? "" : ", ", r.rule,
                         invocation.french() ? r.fr : r.en);
  }
  return print(out);
}

}  // namespace

int run_explain(const Invocation& invocation) {
  // Every address and domain has a dot or an @, and no id has.
  if (invocation.argument(0).find_first_of("@.") == std::string::npos)
    if (const auto reasons = find_reasons(invocation.argument(0)); !reasons.empty())
      return explain_reasons(invocation, reasons);
  const auto code = explain_address(invocation);
  return code ? *code : invocation.refuse(code.error());
}

}  // namespace chappe::app
