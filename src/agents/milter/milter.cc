#include "agents/milter/milter.h"

#include "agents/milter/hearing.h"
#include "agents/milter/state.h"

namespace chappe::agents {

using milter::Link;
using net::Deadline;
using net::Task;

namespace {

const Event kLeftAlone("milter.left_alone", Level::warning, {"milter", "error"},
                       "A milter failed several times in a row. It is asked again after a short while; until then, "
                       "letters are deferred or go on without it, as the configuration says. Is it running?");
const Event kBack("milter.back", Level::info, {"milter"}, "A milter that was left alone answers again.");

}  // namespace

Milter::State::State(Parts p, MilterOptions o)
    : parts(p), options(std::move(o)), counts(parts.metrics, options.name), breaker(options.breaker) {
  for (std::size_t i = 0; i < parts.shards.size(); ++i) pools.push_back(std::make_shared<milter::Pool>(options.pool));
}

void Milter::State::failed(const Error& error) {
  // The session is over, which is no fault of the milter.
  if (error.code() == Errc::cancelled) return;
  if (breaker.failed(parts.clock.steady())) parts.log.event(kLeftAlone, options.name, error);
}

void Milter::State::succeeded() {
  if (breaker.succeeded()) parts.log.event(kBack, options.name);
}

Task<Result<std::unique_ptr<Link>>> Milter::State::link(std::shared_ptr<State> state, bool* kept, Deadline deadline) {
  if (!state->breaker.may_try(state->parts.clock.steady())) {
    state->counts.left_alone.add();
    co_return fail(Errc::unavailable, "The milter has failed several times and is left alone for a moment");
  }
  if (auto link = co_await state->pool().take()) {
    state->counts.reused.add();
    *kept = true;
    co_return std::move(link);
  }
  *kept = false;
  auto link = co_await Link::open(&state->options.address, state->options.times, &state->counts, deadline);
  if (!link) state->failed(link.error());
  co_return std::move(link);
}

Task<void> Milter::State::give_back(std::shared_ptr<State> state, std::unique_ptr<Link> link) {
  if (state->options.pool.kept > 0 && link->machine().reusable()) {
    link->machine().quit_nc();
    const Duration goodbye = state->options.times.goodbye;
    if (co_await link->run(goodbye, Deadline::in(goodbye)) && state->pool().give(link)) co_return;
  }
  co_await link->quit();
}

Milter::Milter(Parts parts, MilterOptions options)
    : state_(std::make_shared<State>(std::move(parts), std::move(options))) {}
Milter::~Milter() = default;

std::string_view Milter::name() const { return state_->options.name; }
const post::JudgeSettings& Milter::settings() const { return state_->options.settings; }
std::unique_ptr<post::Hearing> Milter::hear() { return std::make_unique<milter::Hearing>(state_); }

}  // namespace chappe::agents
