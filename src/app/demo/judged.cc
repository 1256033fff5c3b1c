#include "app/demo/judged.h"

#include <fmt/format.h>

#include <chrono>
#include <ranges>
#include <thread>

#include "app/demo/evidence.h"
#include "base/text.h"
#include "trust/authres/results.h"

namespace chappe::app::demo {

namespace authres = trust::authres;
namespace dkim = trust::dkim;
namespace dmarc = trust::dmarc;

namespace {

constexpr Duration kLook = std::chrono::milliseconds(10);
constexpr Duration kPatience = std::chrono::seconds(10);

net::Task<trust::Judgement> judge(dns::Resolver* resolver, trust::Envelope envelope, const message::Letter* letter,
                                  const dkim::BodyHashes* bodies, trust::JudgeOptions options) {
  co_return co_await trust::judge(*resolver, std::move(envelope), *letter, *bodies, std::move(options),
                                  net::Deadline::in(kPatience));
}

// The letter that was refused since then; the sender is told no id.
Result<std::string> refused_id(Scene& scene, std::string_view mail_from, Time since) {
  const HostPlan& mx = scene.world.org(kParis).host(Actor::mx);
  const auto until = std::chrono::steady_clock::now() + kArrival;
  for (;;) {
    Params params;
    params.add("from", mail_from).add("to", kReader).add("refused", true).add("since", to_rfc3339(since));
    const auto found = TRY(scene.world.call(mx, "trail.find", params));
    const auto& letters = TRY(found.get("letters"))->items();
    if (!letters.empty()) return text_of(letters.front(), "letter");
    if (std::chrono::steady_clock::now() > until) return fail(Errc::timeout, "the trail does not know the letter");
    std::this_thread::sleep_for(kLook);
  }
}

// The results of a method, one behind the other; "none" without any. Of SPF, that of MAIL FROM.
std::string results_of(const authres::Results& all, std::string_view method) {
  std::string out;
  for (const authres::MethodResult& one : all.results) {
    if (one.method != method) continue;
    if (!out.empty() && method == "spf") break;
    out += (out.empty() ? "" : "+") + one.result;
  }
  return out.empty() ? "none" : out;
}

void take_results(Judged& out, const authres::Results& all) {
  out.spf = results_of(all, "spf");
  out.dkim = results_of(all, "dkim");
  out.dmarc = results_of(all, "dmarc");
  out.arc = results_of(all, "arc");
}

std::string_view reason_id(const trust::Judgement& j) {
  return j.dmarc.empty() ? author_reason_row(j.author.reason).id : action_reason_row(j.decision.reason).id;
}

// Where the letter begins that a host handed over: behind the fields that Paris put above it.
std::size_t begin_of(const message::Letter& letter) {
  for (const message::Field& field : letter.fields())
    if (field.id() == message::FieldName::received) return field.offset() + field.raw().size();
  return 0;
}

Result<Bytes> newest_in(Scene& scene, std::string_view mailbox) {
  Imap clara = TRY(Imap::open(scene.world, kReader, scene.tell, "", mailbox));
  Bytes out = TRY(clara.fetch(clara.count()));
  clara.logout();
  return out;
}

}  // namespace

Result<Brought> bring(Scene& scene, std::string_view who, const Desk& desk, std::string_view mail_from, Bytes octets,
                      Shown shown) {
  auto& [world, tell] = scene;
  const Time since = system_clock().now();
  Smtp smtp = TRY(
      Smtp::connect(world, world.org(kParis).host(Actor::mx), Role::mx, tell, who, shown == Shown::everything, desk));
  TRY(smtp.say(fmt::format("MAIL FROM:<{}>", mail_from)));
  TRY(smtp.say(fmt::format("RCPT TO:<{}>", kReader)));
  const SmtpReply ready = TRY(smtp.say("DATA"));
  if (ready.code != 354) return fail(Errc::denied, "DATA: {}", ready.brief());
  if (shown != Shown::envelope) {
    for (const std::string_view line : split(trim(octets), '\n')) tell.wire(who, trim(line));
    tell.wire(who, ".");
  }
  TRY(smtp.send_letter(octets));
  const SmtpReply reply = TRY(smtp.hear());
  smtp.quit();
  Brought out{.id = reply.letter_id(), .reply = reply.brief(), .octets = std::move(octets)};
  if (out.id.empty()) out.id = TRY(refused_id(scene, mail_from, since));
  return out;
}

Result<Brought> brought_by_host(Scene& scene, const Step& filed) {
  const Bytes octets = TRY(newest_in(scene, filed.mailbox));
  return Brought{.id = filed.letter, .reply = {}, .octets = octets.substr(begin_of(message::Letter(octets)))};
}

std::string Judged::seen(const Teller& tell, const Brought& letter) const {
  const std::string_view between = tell.in({"; ", " ; "});
  std::string out = letter.reply.empty() ? std::string() : letter.reply + std::string(between);
  out += fmt::format("spf={}, dkim={}, dmarc={}{}{} ({})", spf, dkim, dmarc, between, action, reason);
  if (!mailbox.empty())
    out += fmt::format("{}{}, Authentication-Results {}", between, mailbox,
                       written ? tell.in({"as in the trail", "comme dans la trace"})
                               : tell.in({"unlike the trail", "autre que la trace"}));
  if (!comes_to_same)
    out += fmt::format("{}{}", between,
                       tell.in({"a second look comes to something else", "un second examen en juge autrement"}));
  return out;
}

Result<trust::Judgement> look_into(World& world, trust::Envelope envelope, const Bytes& octets, std::string receiver) {
  dns::Resolver* resolver = TRY(world.resolver());
  const message::Letter letter(octets);
  dkim::BodyHashes bodies(letter.fields());
  bodies.feed(letter.body_bytes(letter.root()));
  bodies.finish();
  return net::run_on(world.shard(), judge(resolver, std::move(envelope), &letter, &bodies,
                                          {.receiver = std::move(receiver),
                                           .now = system_clock().now(),
                                           .trusted_sealers = world.plan().trusted_sealers}));
}

Result<Judged> judged(Scene& scene, const Brought& letter) {
  auto& [world, tell] = scene;
  const HostPlan& mx = world.org(kParis).host(Actor::mx);
  const Letter trail = TRY(ended(scene, mx, letter.id));
  const Step* verdict = trail.last("judged");
  if (!verdict) return fail(Errc::not_found, "{} did not judge the letter {}", mx.host, letter.id);
  Judged out{.action = verdict->action, .reason = verdict->reason};
  const auto reading = authres::parse(verdict->authentication);
  if (!reading.ok()) return fail(Errc::invalid, "the trail has {}", verdict->authentication);
  take_results(out, reading.results);
  if (const Step* filed = trail.last("filed")) {
    out.mailbox = filed->mailbox;
    const Bytes stored = TRY(newest_in(scene, filed->mailbox));
    const message::Letter lies(stored);
    for (const message::Field& field : lies.fields()) {
      if (field.id() != message::FieldName::authentication_results) continue;
      out.written = authres::parse(field.value()).results == reading.results;
      break;
    }
  }

  const Step& arrival = trail.steps.front();
  out.again = TRY(
      look_into(world, {.ip = arrival.peer, .helo = arrival.hello, .mail_from = trail.from}, letter.octets, mx.host));
  Judged second;
  take_results(second, authres::cleaned(results_of(out.again, mx.host)));
  const std::string beside =
      fmt::format("{}", fmt::join(out.again.decision.evidence | std::views::transform(dmarc::evidence_name), ", "));
  out.comes_to_same = beside == verdict->evidence && second.spf == out.spf && second.dkim == out.dkim &&
                      second.dmarc == out.dmarc && second.arc == out.arc &&
                      action_name(out.again.decision.action) == out.action && reason_id(out.again) == out.reason;
  tell_evidence(tell, out.again);
  if (!verdict->evidence.empty())
    tell.evidence({std::string(tell.in({"Beside DMARC", "Hors DMARC"})), verdict->evidence, "RFC 9989 §5.4"});
  return out;
}

}  // namespace chappe::app::demo
