#include "app/demo/demo_verb.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <thread>

#include "app/demo/card.h"
#include "app/demo/room.h"
#include "app/demo/scenarios.h"
#include "app/serve_user.h"
#include "app/signals.h"

namespace chappe::app {
namespace {

using namespace demo;

constexpr Duration kLook = std::chrono::milliseconds(50);
constexpr int kInterrupted = 130;  // as a shell says it
constexpr const char* kNobody = "nobody";

std::int64_t ms_since(Steady begin) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(system_clock().steady() - begin).count();
}

// Ends everything at once when somebody asks for it while scenarios run: the servers die with us, and the folder is
// taken care of (room.h).
class Interruption {
 public:
  Interruption() : thread_([this] { wait(); }) {}
  ~Interruption() {
    over_ = true;
    thread_.join();
  }

 private:
  void wait() {
    while (!over_)
      if (wait_for_signal(kLook) == Asked::stop) _exit(kInterrupted);
  }
  std::atomic<bool> over_{false};
  std::thread thread_;
};

// Keys come one by one, unseen, as long as it lives.
class Keys {
 public:
  Keys() : there_(tcgetattr(STDIN_FILENO, &before_) == 0) {
    termios raw = before_;
    raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    if (there_) tcsetattr(STDIN_FILENO, TCSANOW, &raw);
  }
  ~Keys() {
    if (there_) tcsetattr(STDIN_FILENO, TCSANOW, &before_);
  }
  // Whether q was pressed, or nobody is there any more.
  bool quit() const {
    pollfd wanted{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
    if (poll(&wanted, 1, 0) <= 0) return false;
    char key = 0;
    return read(STDIN_FILENO, &key, 1) != 1 || key == 'q' || key == 'Q';
  }

 private:
  termios before_{};
  const bool there_;
};

struct Wanted {
  Plan plan = standard_plan();
  bool stay = false;
};

Wanted wanted(const Invocation& invocation) {
  Wanted out;
  for (const std::string& name : invocation.values("break"))
    std::ranges::find(scenarios(), name, &Scenario::name)->sabotage(out.plan);
  out.stay = !invocation.has("headless") && !invocation.json() && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
  return out;
}

struct Place {
  Mode mode = Mode::network;
  std::string why;  // it is not the network
};

// Where the servers are to live; from here on we are there.
Result<Place> find_place(const std::string& mode) {
  Place out{Mode::ports, "--mode ports"};
  if (mode != "ports") {
    auto entered = enter_own_network();
    if (entered) return Place{};
    if (mode == "namespace") return std::unexpected(std::move(entered.error()));
    out.why = entered.error().text();
  }
  // The servers refuse to be root.
  if (geteuid() == 0) {
    const User nobody = TRY(find_user(kNobody));
    TRY(become(nobody));
  }
  return out;
}

void introduce(Teller& tell, const Place& place) {
  if (place.mode == Mode::network) {
    tell.open(
        tell.in({"Chappe demo, in a network of its own (mode: namespace): ports 25 and 53 are real, and nothing "
                 "leaves this machine.",
                 "Démonstration de Chappe, dans un réseau à elle (mode : namespace) : les ports 25 et 53 sont "
                 "vrais, et rien ne quitte cette machine."}));
    return;
  }
  tell.open(fmt::format("{} ({})",
                        tell.in({"Chappe demo, on high ports of this machine (mode: ports): 25 and 53 are moved, and "
                                 "each zone's name server is named to the resolvers.",
                                 "Démonstration de Chappe, sur des ports élevés de cette machine (mode : ports) : 25 "
                                 "et 53 sont déplacés, et le serveur de chaque zone est nommé aux résolveurs."}),
                        place.why));
}

std::vector<Outcome> go_through(World& world, Teller& tell) {
  std::vector<Outcome> out;
  Scene scene{world, tell};
  for (const Scenario& scenario : scenarios()) {
    tell.chapter(fmt::format("{:2}. {}", out.size() + 1, tell.in(scenario.title)));
    const Steady begin = system_clock().steady();
    auto seen = scenario.run(scene);
    Outcome outcome{.scenario = &scenario,
                    .seen = seen ? std::move(*seen) : tell.words({"error: {}", "erreur : {}"}, seen.error().text()),
                    .passed = false,
                    .ms = ms_since(begin),
                    .evidence = tell.take_evidence()};
    const std::string_view expected = tell.in(scenario.expected);
    outcome.passed = seen && outcome.seen == expected;
    tell.verdict(outcome.passed, outcome.seen, expected);
    out.push_back(std::move(outcome));
  }
  return out;
}

void stay_up(const World& world, Teller& tell) {
  tell.block("\n" + joining(tell, world) + "\n");
  tell.block(fmt::format("{}\n", tell.inked(tell.in({"It stays up until q or Ctrl-C.",
                                                     "Elle continue jusqu'à q ou "
                                                     "Ctrl-C."}),
                                            Teller::Ink::strong)));
  const Keys keys;
  while (!keys.quit() && wait_for_signal(kLook) != Asked::stop) {
  }
}

Result<int> demonstrate(const Invocation& invocation) {
  const Steady begin = system_clock().steady();
  Wanted want = wanted(invocation);
  const auto voice = invocation.json()       ? Teller::Voice::silent
                     : isatty(STDOUT_FILENO) ? Teller::Voice::terminal
                                             : Teller::Voice::plain;
  Teller tell(voice, invocation.french());
  umask(0077);
  auto doors = TRY(open_outside_doors(want.plan));
  const Place place = TRY(find_place(*invocation.value("mode")));
  introduce(tell, place);
  const Room room = TRY(Room::open());
  std::vector<Outcome> outcomes;
  std::unique_ptr<World> world;
  {
    const Interruption interruption;
    world = TRY(World::start({std::move(want.plan), place.mode, room.dir(), std::move(doors)}, tell));
    outcomes = go_through(*world, tell);
  }
  const auto passed = static_cast<std::size_t>(std::ranges::count(outcomes, true, &Outcome::passed));
  if (invocation.json()) {
    std::fputs(outcomes_json(tell, place.mode, place.why, outcomes, ms_since(begin)).c_str(), stdout);
  } else {
    tell.block("\n" + score_card(tell, outcomes));
    tell.say({"{} of {} as expected, in {:.1f} s.", "{} sur {} comme attendu, en {:.1f} s."}, passed, outcomes.size(),
             static_cast<double>(ms_since(begin)) / 1000);
  }
  if (want.stay) stay_up(*world, tell);
  return passed == outcomes.size() ? 0 : 1;
}

}  // namespace

int run_demo(const Invocation& invocation) {
  block_signals();
  const auto code = demonstrate(invocation);
  return code ? *code : invocation.refuse(code.error());
}

}  // namespace chappe::app
