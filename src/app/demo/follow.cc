#include "app/demo/follow.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>

namespace chappe::app::demo {
namespace {

constexpr Duration kLook = std::chrono::milliseconds(10);

Result<Letter> trail_of(Scene& scene, const HostPlan& host, const std::string& id) {
  Params params;
  params.add("letter", id);
  const auto found = TRY(scene.world.call(host, "trail.show", params));
  Letter out{.id = id, .state = text_of(found, "state"), .steps = {}};
  const auto* steps = TRY(found.get("steps"));
  for (const auto& step : steps->items()) {
    out.steps.push_back({.event = text_of(step, "event"),
                         .to = text_of(step, "to"),
                         .host = text_of(step, "host"),
                         .peer = text_of(step, "peer"),
                         .tls = text_of(step, "tls"),
                         .status = text_of(step, "status"),
                         .words = text_of(step, "words"),
                         .mailbox = text_of(step, "mailbox"),
                         .notice = text_of(step, "notice")});
  }
  return out;
}

Result<Letter> when(Scene& scene, const HostPlan& host, const std::string& id, bool (*enough)(const Letter&)) {
  const auto until = std::chrono::steady_clock::now() + kArrival;
  for (;;) {
    auto letter = trail_of(scene, host, id);
    if (letter && enough(*letter)) return letter;
    if (!letter && letter.error().code() != Errc::not_found) return letter;
    if (std::chrono::steady_clock::now() > until)
      return fail(Errc::timeout, "nothing has become of the letter {} at {}", id, host.host);
    std::this_thread::sleep_for(kLook);
  }
}

}  // namespace

const Step* Letter::last(std::string_view event) const {
  for (auto step = steps.rbegin(); step != steps.rend(); ++step)
    if (step->event == event) return &*step;
  return nullptr;
}

Result<Letter> settled(Scene& scene, const HostPlan& host, const std::string& id) {
  return when(scene, host, id, [](const Letter& l) { return l.state != "waiting" || l.last("deferred"); });
}

Result<Letter> ended(Scene& scene, const HostPlan& host, const std::string& id) {
  return when(scene, host, id, [](const Letter& l) { return l.state != "waiting"; });
}

Result<std::string> send(Scene& scene, std::string_view to, std::string_view octets) {
  const HostPlan& msa = scene.world.org(kParis).host(Actor::msa);
  Smtp alice = TRY(Smtp::connect(scene.world, msa, Role::submissions, scene.tell, ""));
  const SmtpReply in = TRY(alice.login("alice@paris.example", kPassword));
  if (!in.positive()) return fail(Errc::denied, "AUTH: {}", in.brief());
  bool ascii = true;
  for (const char c : to) ascii = ascii && static_cast<unsigned char>(c) < 0x80;
  const SmtpReply reply =
      TRY(alice.post("alice@paris.example", to, octets, ascii ? " BODY=8BITMIME" : " BODY=8BITMIME SMTPUTF8"));
  alice.quit();
  if (reply.code != 250 || reply.letter_id().empty())
    return fail(Errc::denied, "the submission agent said {}", reply.brief());
  return reply.letter_id();
}

Result<std::optional<Step>> follow(Scene& scene, Letter letter, std::string* hosts) {
  constexpr std::size_t kMostHops = 8;
  for (std::size_t hop = 0; hop < kMostHops; ++hop) {
    if (const Step* filed = letter.last("filed")) {
      scene.tell.say({"It is filed for {} in {}; the trail calls it done.",
                      "Elle est classée pour {} dans {} ; la trace la dit arrivée."},
                     filed->to, filed->mailbox);
      return *filed;
    }
    const Step* handed = letter.last("delivered");
    if (!handed) return std::nullopt;
    scene.tell.say({"It is handed to {} [{}], {}; who takes it with: « {} »",
                    "Elle est remise à {} [{}], {}, qui la prend avec : « {} »"},
                   handed->host, handed->peer,
                   handed->tls.empty() ? std::string(scene.tell.in({"in clear", "en clair"})) : handed->tls,
                   handed->words);
    const SmtpReply reply{.code = 250, .enhanced = {}, .text = handed->words};
    const HostPlan* there = scene.world.host_called(handed->host, handed->peer);
    if (!there) return fail(Errc::not_found, "nobody of ours took the letter: {}", handed->host);
    if (hosts) *hosts += " → " + there->host;
    letter = TRY(ended(scene, *there, reply.letter_id()));
  }
  return std::nullopt;
}

std::string fate(const Letter& letter) {
  for (const std::string_view event : {"delivered", "filed", "bounced", "silent", "deferred"})
    if (const Step* step = letter.last(event))
      return step->status.empty() || event == "delivered" || event == "filed"
                 ? std::string(event)
                 : fmt::format("{} {}", event, step->status);
  return letter.state;
}

}  // namespace chappe::app::demo
