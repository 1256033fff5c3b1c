#include "post/policy/judge.h"

namespace chappe::post {

using proto::smtp::Reply;

std::string_view step_id(Step step) {
  constexpr std::string_view kIds[] = {"none", "connect", "hello", "mail", "rcpt", "data", "header", "body", "end"};
  return kIds[static_cast<std::size_t>(step)];
}

Judges::Judges(std::vector<std::shared_ptr<Judge>> judges, Clock& clock, Duration all) : clock_(clock), all_(all) {
  for (auto& judge : judges) {
    Seat seat{.judge = std::move(judge), .hearing = nullptr, .heard = {}};
    seat.hearing = seat.judge->hear();
    seat.heard.judge = seat.judge->name();
    seats_.push_back(std::move(seat));
  }
}

template <class F>
Task<Result<Opinion>> Judges::ask(std::size_t index, Step step, Deadline deadline, F call) {
  Seat& seat = seats_[index];
  const JudgeSettings& settings = seat.judge->settings();
  const Steady begin = clock_.steady();
  auto said = co_await call(*seat.hearing, deadline.at_most(step == Step::end ? settings.verdict : settings.step));
  seat.heard.took += clock_.steady() - begin;
  co_return said;
}

template <class F>
Task<Ruling> Judges::all(Step step, Deadline deadline, F call) {
  deadline = deadline.at_most(all_);
  for (std::size_t i = 0; i < seats_.size(); ++i) {
    if (seats_[i].hears != Hears::everything) continue;
    if (step == Step::mail) seats_[i].in_letter = true;
    settle(i, step, co_await ask(i, step, deadline, call));
    if (decided(step)) {
      co_await leave_letter(deadline);
      break;
    }
    co_await dismiss(deadline);
  }
  co_return ruling();
}

void Judges::settle(std::size_t index, Step step, Result<Opinion> said) {
  Seat& seat = seats_[index];
  const bool of_connection = step == Step::connect || step == Step::hello;
  if (!said) {
    if (of_connection) return;
    seat.heard.failure = std::move(said.error());
    said = seat.judge->settings().without == JudgeSettings::Without::defer ? Opinion(Action::defer) : Opinion();
  } else if (said->action() == Action::nothing && step != Step::end) {
    return;
  }
  if (of_connection && said->refuses()) {
    refused_ = {.action = said->action(), .reply = said->reply(), .judge = seat.heard.judge};
    return;
  }
  if (of_connection && said->action() != Action::accept) return;
  seat.hears = of_connection ? Hears::nothing : Hears::next_letter;
  seat.in_letter = false;
  seat.heard.opinion = std::move(*said);
  if (seat.heard.opinion.action() != Action::nothing) seat.heard.at = step;
  if (seat.heard.opinion.action() != Action::accept) return;
  for (std::size_t i = index + 1; i < seats_.size(); ++i) {
    Seat& behind = seats_[i];
    if (behind.hears == Hears::nothing || (!of_connection && behind.hears != Hears::everything)) continue;
    behind.hears = seat.hears;
    behind.heard.excused = true;
  }
}

bool Judges::decided(Step step) const {
  if (refused_.refuses()) return true;
  const auto by = harshest();
  if (!by) return false;
  const Action action = seats_[*by].heard.opinion.action();
  if (action == Action::reject || action == Action::discard) return true;
  return action == Action::defer && (step == Step::mail || step == Step::data);
}

Task<void> Judges::leave_letter(Deadline deadline) {
  for (Seat& seat : seats_) {
    if (seat.hears == Hears::everything) seat.hears = Hears::next_letter;
    if (std::exchange(seat.in_letter, false)) co_await seat.hearing->abort(deadline);
  }
}

Task<void> Judges::dismiss(Deadline deadline) {
  for (Seat& seat : seats_)
    if (seat.heard.excused && std::exchange(seat.in_letter, false)) co_await seat.hearing->abort(deadline);
}

std::optional<std::size_t> Judges::harshest() const {
  std::optional<std::size_t> out;
  for (std::size_t i = 0; i < seats_.size(); ++i) {
    const Action action = seats_[i].heard.opinion.action();
    if (action <= Action::accept) continue;
    if (!out || action > seats_[*out].heard.opinion.action()) out = i;
  }
  return out;
}

Ruling Judges::ruling() const {
  if (refused_.refuses()) return refused_;
  const auto by = harshest();
  if (!by) return {};
  const Heard& heard = seats_[*by].heard;
  if (!heard.opinion.refuses()) return {};
  return {.action = heard.opinion.action(), .reply = heard.opinion.reply(), .judge = heard.judge};
}

Verdict Judges::verdict() const {
  Verdict out;
  out.by = harshest();
  if (out.by) {
    out.action = seats_[*out.by].heard.opinion.action();
    out.reply = seats_[*out.by].heard.opinion.reply();
  }
  for (const Seat& seat : seats_) out.heard.push_back(seat.heard);
  return out;
}

Task<Ruling> Judges::connect(ConnectionFacts facts, Deadline deadline) {
  return all(Step::connect, deadline,
             [facts = std::move(facts)](Hearing& hearing, Deadline d) { return hearing.connect(facts, d); });
}

Task<Ruling> Judges::hello(HelloFacts facts, Deadline deadline) {
  if (refused_.refuses()) co_return refused_;
  co_await leave_letter(deadline);
  // It concerns those, too, who had heard enough of the letter before.
  for (Seat& seat : seats_)
    if (seat.hears == Hears::next_letter) seat.hears = Hears::everything;
  co_return co_await all(Step::hello, deadline,
                         [facts = std::move(facts)](Hearing& hearing, Deadline d) { return hearing.hello(facts, d); });
}

Task<Ruling> Judges::mail(MailFacts facts, Deadline deadline) {
  if (refused_.refuses()) co_return refused_;
  co_await abort(deadline);
  for (Seat& seat : seats_) {
    seat.heard.took = Duration::zero();
    seat.heard.refused = 0;
    if (seat.hears == Hears::nothing) continue;  // what it said of the connection holds for each letter
    seat.hears = Hears::everything;
    seat.heard = Heard{.judge = std::move(seat.heard.judge), .opinion = {}, .failure = {}};
  }
  co_return co_await all(Step::mail, deadline,
                         [facts = std::move(facts)](Hearing& hearing, Deadline d) { return hearing.mail(facts, d); });
}

Task<Ruling> Judges::rcpt(RcptFacts facts, Deadline deadline) {
  Ruling out = ruling();
  if (out.refuses()) co_return out;
  deadline = deadline.at_most(all_);
  for (std::size_t i = 0; i < seats_.size(); ++i) {
    Seat& seat = seats_[i];
    if (seat.hears != Hears::everything) continue;
    auto said = co_await ask(i, Step::rcpt, deadline,
                             [&facts](Hearing& hearing, Deadline d) { return hearing.rcpt(facts, d); });
    if (!said || !said->refuses()) {
      settle(i, Step::rcpt, std::move(said));
      if (decided(Step::rcpt)) {
        co_await leave_letter(deadline);
        break;
      }
      co_await dismiss(deadline);
      continue;
    }
    if (facts.refused) continue;
    ++seat.heard.refused;
    facts.refused = said->reply();
    out = {.action = said->action(), .reply = said->reply(), .judge = seat.heard.judge};
  }
  if (const Ruling of_letter = ruling(); of_letter.refuses()) co_return of_letter;
  co_return out;
}

Task<Ruling> Judges::data(Deadline deadline) {
  return all(Step::data, deadline, [](Hearing& hearing, Deadline d) { return hearing.data(d); });
}

Task<Ruling> Judges::header(HeaderOctets octets, Deadline deadline) {
  return all(Step::header, deadline,
             [octets = std::move(octets)](Hearing& hearing, Deadline d) { return hearing.header(octets, d); });
}

Task<Ruling> Judges::body(ChunkList octets, Deadline deadline) {
  return all(Step::body, deadline,
             [octets = std::move(octets)](Hearing& hearing, Deadline d) { return hearing.body(octets, d); });
}

Task<Ruling> Judges::end(Deadline deadline) {
  return all(Step::end, deadline, [](Hearing& hearing, Deadline d) { return hearing.end(d); });
}

Task<void> Judges::abort(Deadline deadline) { return leave_letter(deadline); }

Task<void> Judges::close(Deadline deadline) {
  co_await leave_letter(deadline);
  for (Seat& seat : seats_) {
    seat.hears = Hears::nothing;
    co_await seat.hearing->close(deadline);
  }
}

}  // namespace chappe::post
