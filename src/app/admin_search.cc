// chappe search: letters of an account, by what stands in them.
#include <fmt/format.h>

#include "app/admin.h"
#include "app/admin_call.h"
#include "base/text.h"

namespace chappe::app {
namespace {

using codec::json::Value;

// The text with its marks between asterisks.
std::string marked(const Value* snippet) {
  if (!snippet) return {};
  const std::string text = text_of(*snippet, "text");
  std::string out;
  std::size_t at = 0;
  if (const Value* marks = snippet->find("marks"))
    for (const Value& mark : marks->items()) {
      if (mark.items().size() != 2) continue;
      const auto begin = static_cast<std::size_t>(mark.items()[0].as_int().value_or(0));
      const auto end = static_cast<std::size_t>(mark.items()[1].as_int().value_or(0));
      if (begin < at || end < begin || end > text.size()) continue;
      out += text.substr(at, begin - at) + "*" + text.substr(begin, end - begin) + "*";
      at = end;
    }
  return one_line(out + text.substr(at));
}

std::string found(const Invocation& i, const Value& answer) {
  std::string out;
  const Value* letters = answer.find("letters");
  if (!letters || letters->items().empty())
    out = i.say({"No letter fits.\n", "Aucune lettre ne convient.\n"});
  else
    for (const Value& letter : letters->items()) {
      std::string places;
      if (const Value* all = letter.find("places"))
        for (const Value& place : all->items())
          places += fmt::format("{}{}/{}", places.empty() ? "" : ", ", one_line(text_of(place, "mailbox")),
                                number_of(place, "uid"));
      out += fmt::format("{}  {}  {}\n  {}\n  {}\n", time_for_people(text_of(letter, "date")),
                         one_line(text_of(letter, "from")), places, marked(letter.find("subject")),
                         marked(letter.find("snippet")));
    }
  const std::uint64_t total = number_of(answer, "total");
  const std::size_t shown = letters ? letters->items().size() : 0;
  if (total > shown)
    out += fmt::format(fmt::runtime(i.say({"The best {} of {} letters.\n", "Les {} meilleures de {} lettres.\n"})),
                       shown, total);
  if (const std::uint64_t pending = number_of(answer, "pending"); pending > 0)
    out += fmt::format(fmt::runtime(i.say({"{} messages are not in the index yet.\n",
                                           "{} messages ne sont pas encore dans l'index.\n"})),
                       pending);
  return out;
}

int search(const Invocation& invocation) {
  const auto limit = to_number<std::size_t>(invocation.value("limit").value_or("20"));
  if (!limit || *limit == 0) return invocation.refuse(Error(Errc::usage, "--limit must be a number from 1 on"));
  std::string query;
  for (std::size_t n = 1; n < invocation.arguments().size(); ++n)
    query += (query.empty() ? "" : " ") + std::string(invocation.argument(n));
  Params params;
  params.add("account", invocation.argument(0)).add("query", query).add("limit", *limit);
  return show(invocation, "search.find", params, found);
}

constexpr Binding kBindings[] = {{"search", search}};

}  // namespace

std::span<const Binding> search_bindings() { return kBindings; }

}  // namespace chappe::app
