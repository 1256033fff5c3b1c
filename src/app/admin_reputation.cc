// chappe reputation: what is remembered of who sends letters.
#include <fmt/format.h>

#include <algorithm>

#include "app/admin.h"
#include "app/admin_call.h"
#include "base/text.h"

namespace chappe::app {
namespace {

using codec::json::Value;

constexpr std::size_t kBar = 20;  // columns

double real_of(const Value& row, std::string_view name) { return row.get_double(name).value_or(0); }

// "17" or "16.4": what fades is seldom whole.
std::string letters(const Invocation& i, double n) {
  std::string out = fmt::format("{:.1f}", n);
  if (out.ends_with(".0")) out.resize(out.size() - 2);
  if (i.french()) std::ranges::replace(out, '.', ',');
  return out;
}

std::string share(const Invocation& i, double x) {
  std::string out = fmt::format("{:.2f}", x);
  if (i.french()) std::ranges::replace(out, '.', ',');
  return out;
}

// How much of `all` is good, as a bar.
std::string bar(double good, double all) {
  if (all <= 0) return std::string(kBar, '-');
  const auto filled = static_cast<std::size_t>(std::clamp(good / all, 0.0, 1.0) * kBar + 0.5);
  std::string out;
  for (std::size_t at = 0; at < kBar; ++at) out += at < filled ? "█" : "░";
  return out;
}

Text kind_text(std::string_view kind) {
  if (kind == "network") return {"network", "réseau"};
  if (kind == "dkim") return {"DKIM d=", "DKIM d="};
  if (kind == "mail-from") return {"MAIL FROM", "MAIL FROM"};
  return {"author", "auteur"};
}

// "17 accepted, 3 refused", of what there is.
std::string parts(const Invocation& i, const Value& row, const std::vector<std::pair<std::string_view, Text>>& named) {
  std::string out;
  for (const auto& [name, text] : named)
    if (const double n = real_of(row, name); n > 0)
      out += fmt::format("{}{} {}", out.empty() ? "" : ", ", letters(i, n), i.say(text));
  return out;
}

std::string facts(const Invocation& i, const Value& row) {
  Facts out;
  out.add(i.say({"Sender", "Expéditeur"}),
          fmt::format("{} ({})", text_of(row, "name"), i.say(kind_text(text_of(row, "kind")))));
  out.add(i.say({"Score", "Note"}), fmt::format(fmt::runtime(i.say({"{}, confidence {}", "{}, confiance {}"})),
                                                share(i, real_of(row, "score")), share(i, real_of(row, "confidence"))));
  const double answered = real_of(row, "accepted") + real_of(row, "junk") + real_of(row, "refused");
  out.add(i.say({"Letters", "Lettres"}), fmt::format("{} {}", bar(real_of(row, "accepted"), answered),
                                                     parts(i, row,
                                                           {{"accepted", {"accepted", "acceptées"}},
                                                            {"junk", {"into Junk", "dans Junk"}},
                                                            {"refused", {"refused", "refusées"}},
                                                            {"deferred", {"deferred", "différées"}}})));
  const double proved = real_of(row, "pass") + real_of(row, "fail") + real_of(row, "none") + real_of(row, "temperror");
  const Text proof = text_of(row, "kind") == "network" ? Text{"DMARC", "DMARC"} : Text{"Proof", "Preuve"};
  out.add(i.say(proof), fmt::format("{} {}", bar(real_of(row, "pass"), proved),
                                    parts(i, row,
                                          {{"pass", {"pass", "réussies"}},
                                           {"fail", {"fail", "échouées"}},
                                           {"none", {"none", "sans preuve"}},
                                           {"temperror", {"DNS error", "erreur DNS"}}})));
  const std::string moved = parts(i, row,
                                  {{"spam", {"moved into Junk by people", "mises dans Junk par des gens"}},
                                   {"ham", {"moved out of it", "qui en sont sorties"}}});
  if (!moved.empty()) out.add(i.say({"Moved", "Déplacées"}), moved);
  out.add(i.say({"Seen", "Vu"}),
          fmt::format(fmt::runtime(i.say({"from {} to {}", "du {} au {}"})), time_for_people(text_of(row, "first")),
                      time_for_people(text_of(row, "last"))));
  return out.text();
}

int reputation_show(const Invocation& invocation) {
  Params params;
  params.add("name", invocation.argument(0));
  return show(invocation, "reputation.show", params, [](const Invocation& i, const Value& answer) {
    std::string out;
    if (const Value* senders = answer.find("senders"))
      for (const Value& row : senders->items()) out += (out.empty() ? "" : "\n") + facts(i, row);
    return out;
  });
}

int reputation_list(const Invocation& invocation) {
  const auto rows = [&]() -> Result<std::vector<Value>> {
    const auto limit = to_number<std::uint64_t>(*invocation.value("limit"));
    if (!limit || *limit == 0) return fail(Errc::usage, "--limit must be a number from 1 on");
    if (invocation.has("worst") && invocation.has("most"))
      return fail(Errc::usage, "--worst and --most are two different orders");
    Params params;
    params.add("limit", *limit).add("worst", invocation.has("worst"));
    if (const auto kind = invocation.value("kind")) params.add("kind", *kind);
    auto office = TRY(AdminOffice::open(invocation));
    const Answer answer = TRY(ask(*office, "reputation.list", params));
    return TRY(answer.value.get("senders"))->items();
  }();
  if (!rows) return invocation.refuse(rows.error());
  Table table({invocation.say({"KIND", "SORTE"}), invocation.say({"SENDER", "EXPÉDITEUR"}),
               invocation.say({"LETTERS", "LETTRES"}), invocation.say({"ACCEPTED", "ACCEPTÉES"}),
               invocation.say({"SCORE", "NOTE"}), invocation.say({"CONFIDENCE", "CONFIANCE"}),
               invocation.say({"LAST", "DERNIÈRE"})});
  for (const Value& row : *rows)
    table.add({std::string(invocation.say(kind_text(text_of(row, "kind")))), text_of(row, "name"),
               letters(invocation, real_of(row, "letters")),
               bar(real_of(row, "accepted"), real_of(row, "accepted") + real_of(row, "junk") + real_of(row, "refused")),
               share(invocation, real_of(row, "score")), share(invocation, real_of(row, "confidence")),
               time_for_people(text_of(row, "last"))});
  return show_rows(invocation, "senders", *rows, table,
                   {"Nothing is remembered of anybody yet.", "On ne retient encore rien de personne."});
}

}  // namespace

std::span<const Binding> reputation_bindings() {
  static constexpr Binding kBindings[] = {{"reputation show", reputation_show}, {"reputation list", reputation_list}};
  return kBindings;
}

}  // namespace chappe::app
