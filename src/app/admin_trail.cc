// chappe trail: what became of a letter.
#include <fmt/format.h>

#include "app/admin.h"
#include "app/admin_call.h"
#include "app/config.h"
#include "base/text.h"

namespace chappe::app {
namespace {

using codec::json::Value;

constexpr std::size_t kLettersAtATime = 500;

Text state_text(std::string_view state) {
  if (state == "done") return {"done", "arrivée"};
  if (state == "waiting") return {"waiting", "en attente"};
  if (state == "failed") return {"failed", "échouée"};
  if (state == "refused") return {"refused", "refusée"};
  if (state == "discarded") return {"thrown away", "jetée"};
  return {"given up by its sender", "abandonnée par l'expéditeur"};
}

Text event_text(std::string_view event) {
  struct Row {
    std::string_view event;
    Text text;
  };
  static constexpr Row kRows[] = {
      {"accepted", {"accepted", "acceptée"}},
      {"judged", {"judged", "jugée"}},
      {"heard", {"judge heard", "juge entendu"}},
      {"refused", {"refused", "refusée"}},
      {"abandoned", {"given up", "abandonnée"}},
      {"discarded", {"thrown away", "jetée"}},
      {"filed", {"filed", "classée"}},
      {"queued", {"queued", "mise en file"}},
      {"delivered", {"delivered", "transmise"}},
      {"deferred", {"deferred", "remise à plus tard"}},
      {"bounced", {"bounced", "renvoyée"}},
      {"silent", {"given up, nobody told", "abandonnée, personne n'est prévenu"}},
      {"held", {"held", "retenue"}},
      {"released", {"released", "libérée"}},
      {"retried", {"tried at once", "essai immédiat"}},
      {"dropped", {"taken out", "retirée"}},
  };
  for (const Row& row : kRows)
    if (row.event == event) return row.text;
  return {event, event};
}

// "16:30:12.104" of an RFC 3339 text.
std::string clock_of(const std::string& rfc3339) { return rfc3339.size() < 23 ? rfc3339 : rfc3339.substr(11, 12); }

// "mx.two.tower [192.0.2.3]", of what there is.
std::string peer_of(const Value& step, std::string_view name) {
  std::string host = one_line(text_of(step, name));
  const std::string ip = one_line(text_of(step, "peer"));
  if (ip.empty() || ip == host) return host;
  return host.empty() ? ip : host + " [" + ip + "]";
}

// What is worth saying of a step, behind its name and its recipient.
std::string about(const Invocation& i, const Value& step) {
  std::vector<std::string> parts;
  const auto add = [&parts](std::string text) {
    if (!text.empty()) parts.push_back(std::move(text));
  };
  const auto named = [&](Text text, std::string_view name) {
    const std::string value = one_line(text_of(step, name));
    if (!value.empty()) add(fmt::format(fmt::runtime(i.say(text)), value));
  };
  named({"at {}", "à la porte {}"}, "door");
  const std::string from = peer_of(step, "hello");
  if (step.find("door") && !from.empty()) add(fmt::format(fmt::runtime(i.say({"from {}", "de {}"})), from));
  named({"by {}", "de la part de {}"}, "account");
  named({"{}", "{}"}, "judge");
  named({"{}", "{}"}, "action");
  named({"at {}", "à {}"}, "step");
  named({"score {}", "score {}"}, "score");
  named({"because {}", "car {}"}, "reason");
  named({"{}", "{}"}, "overrides");
  named({"no answer: {}", "sans réponse : {}"}, "failure");
  if (step.find("undone"))
    add(fmt::format(fmt::runtime(i.say({"not done: {}", "non fait : {}"})), one_line(list_of(step, "undone"))));
  if (step.find("judge")) add(fmt::format("{} ms", number_of(step, "ms")));
  named({"{}", "{}"}, "authentication");
  if (const Value* known = step.find("reputation"))
    for (const Value& one : known->items())
      add(fmt::format(
          fmt::runtime(i.say({"{} {} scores {:.2f} (confidence {:.2f})", "{} {} est noté {:.2f} (confiance {:.2f})"})),
          text_of(one, "kind"), one_line(text_of(one, "name")), one.get_double("score").value_or(0),
          one.get_double("confidence").value_or(0)));
  named({"it tells of {}", "elle parle de {}"}, "about");
  named({"in {}", "dans {}"}, "mailbox");
  if (step.find("host")) add(peer_of(step, "host"));
  named({"{}", "{}"}, "tls");
  const std::string code = step.find("code") ? std::to_string(number_of(step, "code")) + " " : std::string();
  const std::string words = one_line(text_of(step, "words"));
  if (!code.empty() || !words.empty())
    add("« " + code + (code.empty() ? "" : text_of(step, "status") + " ") + words + " »");
  named({"by {}", "par {}"}, "who");
  if (step.find("next"))
    add(fmt::format(fmt::runtime(i.say({"again at {}", "nouvel essai à {}"})), time_for_people(text_of(step, "next"))));
  named({"its sender is told by {}", "l'expéditeur est prévenu par {}"}, "notice");
  return fmt::format("{}", fmt::join(parts, ", "));
}

// What a verdict rests on; nothing where that is not known.
std::string grounds_of(const Invocation& i, const Value& step) {
  std::vector<std::string> parts;
  const auto add = [&](Text text, std::string_view value) {
    if (!value.empty()) parts.push_back(fmt::format(fmt::runtime(i.say(text)), value));
  };
  add({"evidence: {}", "indices : {}"}, one_line(list_of(step, "evidence")));
  if (const Value* spf = step.find("spf"))
    add({"SPF by {}", "SPF par {}"},
        fmt::format("« {} », {}", one_line(text_of(*spf, "decided_by")), one_line(text_of(*spf, "decided_at"))));
  add({"DKIM: {}", "DKIM : {}"}, one_line(list_of(step, "dkim")));
  if (const Value* dmarc = step.find("dmarc"))
    add({"DMARC by {}", "DMARC par {}"}, one_line(text_of(*dmarc, "record")));
  return fmt::format("{}", fmt::join(parts, i.say({"; ", " ; "})));
}

// The letter, and under it a line for each step, joined like stations on a line.
std::string page(const Invocation& i, const Value& letter) {
  std::string out =
      fmt::format("{}  {}  <{}> → {}  {}  {}\n", text_of(letter, "letter"), time_for_people(text_of(letter, "at")),
                  one_line(text_of(letter, "from")), one_line(list_of(letter, "to")),
                  size_for_people(number_of(letter, "size"), i.french()), i.say(state_text(text_of(letter, "state"))));
  const Value* steps = letter.find("steps");
  if (!steps) return out;
  std::size_t columns = 0;
  for (const Value& step : steps->items())
    columns = std::max(columns, width(i.say(event_text(text_of(step, "event")))));
  std::size_t left = steps->items().size();
  for (const Value& step : steps->items()) {
    const std::string event(i.say(event_text(text_of(step, "event"))));
    const std::string to = one_line(text_of(step, "to"));
    const std::string more = about(i, step);
    out += fmt::format("  {} {}  {}{}{}{}{}\n", --left == 0 ? "└" : "├", clock_of(text_of(step, "at")), event,
                       to.empty() && more.empty() ? "" : std::string(columns - width(event) + 2, ' '), to,
                       to.empty() || more.empty() ? "" : "  ", more);
    if (const std::string grounds = grounds_of(i, step); !grounds.empty())
      out += fmt::format("  {} {:{}}{}\n", left == 0 ? " " : "│", "", 12 + 2 + columns + 2, grounds);
  }
  if (const auto more = number_of(letter, "more_steps"); more > 0)
    out += fmt::format(fmt::runtime(i.say({"    and {} steps more\n", "    et {} autres étapes\n"})), more);
  return out;
}

Result<std::vector<Value>> find(const Invocation& invocation) {
  const auto limit = to_number<std::size_t>(invocation.value("limit").value_or("50"));
  if (!limit || *limit == 0) return fail(Errc::usage, "--limit must be a number from 1 on");
  std::vector<std::pair<std::string_view, std::string>> given;
  for (const std::string_view name : {"from", "to"})
    if (const auto value = invocation.value(name)) given.emplace_back(name, *value);
  for (const std::string_view name : {"since", "until"})
    if (const auto value = invocation.value(name)) given.emplace_back(name, TRY(moment(*value)));
  auto office = TRY(AdminOffice::open(invocation));
  std::vector<Value> letters;
  std::string before;
  for (;;) {
    Params params;
    for (const auto& [name, value] : given) params.add(name, value);
    if (invocation.has("refused")) params.add("refused", true);
    if (!before.empty()) params.add("before", before);
    params.add("limit", std::min(*limit - letters.size(), kLettersAtATime));
    const Answer answer = TRY(ask(*office, "trail.find", params));
    const Value* found = TRY(answer.value.get("letters"));
    letters.insert(letters.end(), found->items().begin(), found->items().end());
    before = text_of(answer.value, "next");
    if (before.empty() || letters.size() >= *limit) return letters;
  }
}

int connections(const Invocation& invocation) {
  Params params;
  if (const auto since = invocation.value("since")) {
    const auto from = moment(*since);
    if (!from) return invocation.refuse(from.error());
    params.add("since", *from);
  }
  return show(invocation, "trail.refused", params, [](const Invocation& i, const Value& answer) -> std::string {
    Table table({i.say({"HOUR", "HEURE"}), i.say({"DOOR", "PORTE"}), i.say({"FROM", "DE"}), i.say({"WHY", "CAUSE"}),
                 i.say({"HOW OFTEN", "NOMBRE"}), i.say({"LAST", "DERNIÈRE"})});
    const Value* rows = answer.find("connections");
    if (!rows || rows->items().empty())
      return std::string(i.say({"No connection was turned away.\n", "Aucune connexion n'a été refusée.\n"}));
    for (const Value& row : rows->items())
      table.add({time_for_people(text_of(row, "hour")), text_of(row, "door"), text_of(row, "network"),
                 text_of(row, "reason"), std::to_string(number_of(row, "count")), clock_of(text_of(row, "last"))});
    return table.text();
  });
}

int trail(const Invocation& invocation) {
  if (!invocation.arguments().empty()) {
    Params params;
    params.add("letter", invocation.argument(0));
    return show(invocation, "trail.show", params, page);
  }
  if (invocation.has("connections")) return connections(invocation);
  const auto letters = find(invocation);
  if (!letters) return invocation.refuse(letters.error());
  Table table({invocation.say({"LETTER", "LETTRE"}), invocation.say({"WHEN", "QUAND"}),
               invocation.say({"STATE", "ÉTAT"}), invocation.say({"SIZE", "TAILLE"}), invocation.say({"FROM", "DE"}),
               invocation.say({"TO", "À"})});
  for (const Value& letter : *letters)
    table.add({text_of(letter, "letter"), time_for_people(text_of(letter, "at")),
               std::string(invocation.say(state_text(text_of(letter, "state")))),
               size_for_people(number_of(letter, "size"), invocation.french()), "<" + text_of(letter, "from") + ">",
               list_of(letter, "to")});
  return show_rows(invocation, "letters", *letters, table,
                   {"The trail knows no such letter.", "La trace ne connaît pas de telle lettre."});
}

constexpr Binding kBindings[] = {{"trail", trail}};

}  // namespace

std::span<const Binding> trail_bindings() { return kBindings; }

}  // namespace chappe::app
