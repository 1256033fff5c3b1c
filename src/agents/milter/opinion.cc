#include "agents/milter/opinion.h"

#include <fmt/format.h>

#include "base/text.h"

namespace chappe::agents::milter {

using post::Action;
using post::HeaderChange;
using post::Opinion;
using post::RecipientChange;
using post::Unheeded;
using proto::milter::Change;
using proto::milter::Decision;
using proto::smtp::Reply;

namespace {

void decide(Opinion& opinion, const proto::milter::ClientMachine& machine) {
  switch (machine.decision()) {
    case Decision::go_on:
      return;
    case Decision::accept:
      return opinion.decide(Action::accept);
    case Decision::reject:
      return opinion.decide(Action::reject);
    case Decision::temporary:
      return opinion.decide(Action::defer);
    case Decision::discard:
      return opinion.decide(Action::discard);
    case Decision::shutdown:  // RFC 5321 §3.8
      return opinion.decide(Action::defer, Reply(421, "4.7.0", "The connection is closed, try again later"));
    case Decision::reply_code: {
      const auto& said = machine.reply_code();
      return opinion.decide(said.code >= 500 ? Action::reject : Action::defer,
                            Reply(said.code, said.enhanced, said.text));
    }
  }
}

void ask(Opinion& opinion, const Change& change) {
  using Kind = Change::Kind;
  if (change.kind == Kind::replace_body) return opinion.leave(Unheeded::body, "");
  if (!change.agreed) return opinion.leave(Unheeded::not_agreed, change.name.empty() ? change.value : change.name);
  switch (change.kind) {
    case Kind::add_header:
      return opinion.change(HeaderChange{.kind = HeaderChange::Kind::add, .name = change.name, .value = change.value});
    case Kind::insert_header:
      return opinion.change(HeaderChange{
          .kind = HeaderChange::Kind::insert, .name = change.name, .value = change.value, .place = change.place});
    case Kind::change_header:
      return opinion.change(
          HeaderChange{.kind = change.value.empty() ? HeaderChange::Kind::remove : HeaderChange::Kind::change,
                       .name = change.name,
                       .value = change.value,
                       .place = change.place});
    case Kind::change_from:
      return opinion.change(post::SenderChange{.address = change.name, .parameters = change.value});
    case Kind::add_rcpt:
      return opinion.change(
          RecipientChange{.kind = RecipientChange::Kind::add, .address = change.name, .parameters = change.value});
    case Kind::delete_rcpt:
      return opinion.change(
          RecipientChange{.kind = RecipientChange::Kind::remove, .address = change.name, .parameters = ""});
    case Kind::quarantine:
      opinion.reason(change.value);
      if (opinion.action() < Action::quarantine) opinion.decide(Action::quarantine);
      return;
    case Kind::replace_body:
      return;
  }
}

std::optional<double> points(std::string_view text) {
  const bool below = text.starts_with('-');
  const auto number = to_number<double>(text.substr(below ? 1 : 0));
  return number ? std::optional(below ? -*number : *number) : std::nullopt;
}

// A filter that cannot sort letters says in a field what it takes them for: "X-Spam: Yes" (rspamd), "X-Spam-Flag: YES",
// "X-Spam-Status: Yes, score=7.1 required=5.0" (SpamAssassin).
void read_marks(Opinion& opinion) {
  constexpr std::string_view kScore = "score=";
  bool spam = false;
  for (const HeaderChange& field : opinion.fields()) {
    if (field.kind == HeaderChange::Kind::remove) continue;
    const std::string_view value = trim(field.value);
    if (iequals(field.name, "X-Spam-Score")) {
      if (const auto score = points(value)) opinion.score(*score);
    }
    const bool status = iequals(field.name, "X-Spam-Status");
    if (!status && !iequals(field.name, "X-Spam") && !iequals(field.name, "X-Spam-Flag")) continue;
    spam = spam || istarts_with(value, "yes");
    const auto at = status ? value.find(kScore) : value.npos;
    if (at == value.npos) continue;
    const std::string_view number = value.substr(at + kScore.size());
    if (const auto score = points(number.substr(0, number.find_first_of(" ,\t\r\n")))) opinion.score(*score);
  }
  if (spam && opinion.action() < Action::junk) opinion.decide(Action::junk);
}

}  // namespace

Opinion opinion_of(const proto::milter::ClientMachine& machine) {
  Opinion out;
  decide(out, machine);
  for (const Change& change : machine.changes()) ask(out, change);
  if (machine.more_changes() > 0) out.leave(Unheeded::too_many, fmt::format("{} more changes", machine.more_changes()));
  read_marks(out);
  return out;
}

}  // namespace chappe::agents::milter
