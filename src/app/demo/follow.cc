#include "app/demo/follow.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

namespace chappe::app::demo {
namespace {

constexpr Duration kLook = std::chrono::milliseconds(10);

Result<Letter> trail_of(Scene& scene, const HostPlan& host, const std::string& id) {
  Params params;
  params.add("letter", id);
  const auto found = TRY(scene.world.call(host, "trail.show", params));
  Letter out{.id = id, .state = text_of(found, "state"), .from = text_of(found, "from"), .steps = {}};
  const auto* steps = TRY(found.get("steps"));
  for (const auto& step : steps->items()) {
    out.steps.push_back({.letter = id,
                         .event = text_of(step, "event"),
                         .to = text_of(step, "to"),
                         .host = text_of(step, "host"),
                         .peer = text_of(step, "peer"),
                         .hello = text_of(step, "hello"),
                         .tls = text_of(step, "tls"),
                         .status = text_of(step, "status"),
                         .words = text_of(step, "words"),
                         .mailbox = text_of(step, "mailbox"),
                         .notice = text_of(step, "notice"),
                         .action = text_of(step, "action"),
                         .reason = text_of(step, "reason"),
                         .authentication = text_of(step, "authentication"),
                         .evidence = list_of(step, "evidence")});
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
  return send_as(scene, kParis, "alice@paris.example", to, octets);
}

Result<std::string> send_as(Scene& scene, std::string_view org, std::string_view account, std::string_view to,
                            std::string_view octets) {
  const HostPlan& msa = scene.world.org(org).host(Actor::msa);
  Smtp writer = TRY(Smtp::connect(scene.world, msa, Role::submissions, scene.tell, ""));
  const SmtpReply in = TRY(writer.login(account, kPassword));
  if (!in.positive()) return fail(Errc::denied, "AUTH: {}", in.brief());
  bool ascii = true;
  for (const char c : to) ascii = ascii && static_cast<unsigned char>(c) < 0x80;
  const SmtpReply reply = TRY(writer.post(account, to, octets, ascii ? " BODY=8BITMIME" : " BODY=8BITMIME SMTPUTF8"));
  writer.quit();
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

std::string fate(const Teller& tell, const Letter& letter) {
  static constexpr std::pair<std::string_view, Text> kFates[] = {{"delivered", {"delivered", "remise"}},
                                                                 {"filed", {"filed", "classée"}},
                                                                 {"bounced", {"bounced", "renvoyée"}},
                                                                 {"silent", {"silent", "en silence"}},
                                                                 {"deferred", {"deferred", "remise à plus tard"}}};
  for (const auto& [event, name] : kFates) {
    const Step* step = letter.last(event);
    if (!step) continue;
    const bool arrived = event == "delivered" || event == "filed";
    return std::string(tell.in(name)) + (arrived || step->status.empty() ? "" : " " + step->status);
  }
  return state(tell, letter);
}

std::string state(const Teller& tell, const Letter& letter) {
  static constexpr std::pair<std::string_view, Text> kStates[] = {{"waiting", {"waiting", "en attente"}},
                                                                  {"failed", {"failed", "en échec"}},
                                                                  {"done", {"done", "arrivée"}},
                                                                  {"refused", {"refused", "refusée"}}};
  for (const auto& [id, name] : kStates)
    if (letter.state == id) return std::string(tell.in(name));
  return letter.state;
}

}  // namespace chappe::app::demo
