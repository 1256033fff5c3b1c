#include "app/dns_query_verb.h"

#include "app/admin_input.h"
#include "app/config.h"
#include "app/dns_print.h"
#include "app/resolver_choice.h"
#include "base/text.h"
#include "dns/zone_resolver.h"
#include "net/shard.h"

namespace chappe::app {
namespace {

Result<dns::Question> question_of(const Invocation& invocation) {
  const auto type = dns::parse_type(invocation.argument(1));
  if (!type)
    return fail(Errc::usage, "'{}' is no type of record, as MX, A, TXT or TYPE65", printable(invocation.argument(1)));
  auto name = dns::Name::parse(invocation.argument(0));
  if (!name) return fail(Errc::usage, "{}", name.error().text());
  return dns::Question{std::move(*name), *type};
}

net::Task<dns::Answer> ask(dns::Resolver* resolver, dns::Question question, Duration limit) {
  co_return co_await resolver->ask(std::move(question), net::Deadline::in(limit));
}

net::Task<Result<dns::Exchanged>> ask_server(net::Endpoint server, dns::Message query, Duration limit) {
  co_return co_await dns::exchange(server, std::move(query), system_random(), net::Deadline::in(limit));
}

// Prints, and gives the exit code: 0 only if there are records.
int show(const Invocation& invocation, const dns::Answer& answer) {
  std::string text;
  if (invocation.json()) {
    codec::json::Writer out(text, 2);
    write_answer(out, answer);
    text += '\n';
  } else {
    text = answer_text(answer, invocation.french());
  }
  const int printed = print(text);
  return printed != 0 || answer ? printed : error_row(answer.error().code()).exit;
}

int show(const Invocation& invocation, const net::Endpoint& server, const dns::Exchanged& got) {
  std::string text;
  if (invocation.json()) {
    codec::json::Writer out(text, 2);
    write_exchanged(out, server, got);
    text += '\n';
  } else {
    text = fmt::format(";; {}, {}, {} octets\n{}", server.describe(), got.tcp ? "TCP" : "UDP", got.octets,
                       message_text(got.message));
  }
  return print(text);
}

Result<int> query_server(const Invocation& invocation, dns::Question question, std::string_view at, Duration limit) {
  const net::Endpoint server = TRY(parse_name_server(at));
  net::Shards shards(1);
  auto query = dns::make_query(std::move(question), 0, false, invocation.has("dnssec"));
  const auto got = TRY(run_on(shards.at(0), ask_server(server, std::move(query), limit)));
  return show(invocation, server, got);
}

Result<int> query(const Invocation& invocation) {
  auto question = TRY(question_of(invocation));
  const auto limit = parse_duration(invocation.value("timeout").value_or("5s"));
  if (!limit) return fail(Errc::usage, "--timeout: {}", limit.error().text());
  if (const auto server = invocation.value("server"))
    return query_server(invocation, std::move(question), *server, *limit);
  std::unique_ptr<dns::Resolver> resolver;
  if (const auto zone = invocation.value("zone")) {
    resolver = TRY(dns::ZoneResolver::from_file(*zone));
  } else {
    dns::LiveOptions options;
    take_options(invocation, options);
    resolver = TRY(dns::LiveResolver::start(options));
  }
  return show(invocation, net::run(ask(resolver.get(), std::move(question), *limit)));
}

}  // namespace

Result<net::Endpoint> parse_name_server(std::string_view text) {
  if (auto alone = net::Endpoint::parse(text, dns::kDnsPort)) return alone;
  const auto both = parse_host_port(text);
  auto at = both ? net::Endpoint::parse(both->host, both->port) : fail(Errc::usage, "");
  if (!at) return fail(Errc::usage, "'{}' is no IP address, nor one with a port, as 127.0.0.1:5300", printable(text));
  return at;
}

int run_dns_query(const Invocation& invocation) {
  const auto code = query(invocation);
  return code ? *code : invocation.refuse(code.error());
}

}  // namespace chappe::app
