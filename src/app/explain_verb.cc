#include "app/explain_verb.h"

#include <algorithm>

#include "app/admin_input.h"
#include "app/explain_print.h"
#include "app/resolver_choice.h"
#include "app/trust/reasons.h"
#include "base/text.h"
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

// What somebody can do about it, a line for each who can.
struct PartRow {
  std::string_view key;
  Text head;
  Text Advice::* text;
};
constexpr PartRow kParts[] = {{"letter", {"The letter", "La lettre"}, &Advice::letter},
                              {"sender", {"Its sender", "L'expéditeur"}, &Advice::sender},
                              {"here", {"Here", "Ici"}, &Advice::here}};

int explain_reasons(const Invocation& invocation, const std::vector<ReasonFound>& reasons) {
  const bool french = invocation.french();
  const std::string_view colon = french ? " : " : ": ";
  std::string out;
  if (invocation.json()) {
    codec::json::Writer w(out, 2);
    w.begin_object().key("reasons").begin_array();
    for (const ReasonFound& r : reasons) {
      w.begin_object().field("subject", r.subject.en).field("id", r.id).field("rule", r.rule);
      w.field("text", french ? r.fr : r.en);
      for (const PartRow& part : kParts)
        if (r.advice != nullptr && !(r.advice->*part.text).en.empty())
          w.field(part.key, (r.advice->*part.text).in(french));
      w.end_object();
    }
    w.end_array().end_object();
    out += '\n';
  } else {
    for (const ReasonFound& r : reasons) {
      out += fmt::format("{}{}{}{}{}\n", r.subject.in(french), r.rule.empty() ? "" : ", ", r.rule, colon,
                         french ? r.fr : r.en);
      for (const PartRow& part : kParts)
        if (r.advice != nullptr && !(r.advice->*part.text).en.empty())
          out += fmt::format("  {}{}{}\n", part.head.in(french), colon, (r.advice->*part.text).in(french));
    }
  }
  return print(out);
}

Error unknown_id(std::string_view id) {
  std::string known;
  for (const std::string_view other : similar_reasons(id, 3))
    known += fmt::format("{}{}", known.empty() ? "" : ", ", other);
  return Error(Errc::usage, fmt::format("'{}' is no id of a reason{}{}; an address has an @ and a domain a dot",
                                        printable(id, 60), known.empty() ? "" : "; there are ", known));
}

// "5.7.1" (RFC 3463 §2)
bool is_status_code(std::string_view text) {
  const auto parts = split(text, '.');
  return parts.size() == 3 && (parts[0] == "2" || parts[0] == "4" || parts[0] == "5") &&
         to_number<unsigned>(parts[1]) && to_number<unsigned>(parts[2]);
}

Result<int> explain_word(const Invocation& invocation) {
  const std::string& word = invocation.argument(0);
  if (is_status_code(word))
    return fail(Errc::usage,
                "{} is a status code (RFC 3463), which many refusals share; ask for the id that stands in parentheses "
                "behind the words of the reply, as in: chappe explain reject-with-evidence",
                word);
  // Every address and domain has a dot or an @ (a literal has a bracket), and no id has.
  if (word.find_first_of("@.[") != word.npos || std::ranges::any_of(word, is_8bit)) return explain_address(invocation);
  const auto reasons = find_reasons(word);
  if (reasons.empty()) return std::unexpected(unknown_id(word));
  return explain_reasons(invocation, reasons);
}

}  // namespace

int run_explain(const Invocation& invocation) {
  const auto code = explain_word(invocation);
  return code ? *code : invocation.refuse(code.error());
}

}  // namespace chappe::app
