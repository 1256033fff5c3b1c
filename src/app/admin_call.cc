#include "app/admin_call.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <thread>

#include "app/admin_input.h"
#include "app/config.h"
#include "base/text.h"
#include "crypto/secret.h"

namespace chappe::app {

using codec::json::Value;
using codec::json::Writer;

namespace {

constexpr std::size_t kPage = 10'000;
constexpr Duration kFirstLook = std::chrono::milliseconds(5);
constexpr Duration kLook = std::chrono::milliseconds(500);

}  // namespace

Params::~Params() { crypto::wipe(text_.data(), text_.size()); }

Result<Answer> ask(AdminOffice& office, std::string_view method, Params& params) {
  std::string text = TRY(office.call(std::string(method), params.take()));
  Value value = TRY(codec::json::parse(text, {.bytes = kMaxAnswer}));
  return Answer{std::move(text), std::move(value)};
}

Result<void> follow(AdminOffice& office, std::uint64_t job, const std::function<void(const Value&)>& seen) {
  std::uint64_t after = 0;
  for (Duration pause = kFirstLook;; pause = std::min(pause * 2, kLook)) {
    std::this_thread::sleep_for(pause);
    Params params;
    params.add("job", job).add("after", after);
    const Answer answer = TRY(ask(office, "store.job", params));
    seen(answer.value);
    after = number_of(answer.value, "next");
    if (!yes(answer.value, "ended")) continue;
    if (const Value* error = answer.value.find("error")) return std::unexpected(error_of(*error));
    return {};
  }
}

int show(const Invocation& invocation, std::string_view method, Params& params,
         std::string (*people)(const Invocation&, const Value&)) {
  auto office = AdminOffice::open(invocation);
  if (!office) return invocation.refuse(office.error());
  const auto answer = ask(**office, method, params);
  if (!answer) return invocation.refuse(answer.error());
  return print(invocation.json() ? answer->text + "\n" : people(invocation, answer->value));
}

Result<std::vector<Value>> all_pages(const Invocation& invocation, std::string_view method, std::string_view name,
                                     const std::vector<std::string>& where) {
  auto office = TRY(AdminOffice::open(invocation));
  std::vector<Value> rows;
  Value next;
  for (;;) {
    Params params;
    params.add("limit", kPage);
    if (!where.empty()) params.add_all("where", where);
    if (const auto text = next.as_string()) params.add("after", *text);
    if (const auto number = next.as_int()) params.add("after", *number);
    const Answer answer = TRY(ask(*office, method, params));
    const Value* page = TRY(answer.value.get(name));
    rows.insert(rows.end(), page->items().begin(), page->items().end());
    const Value* more = answer.value.find("next");
    if (!more) return rows;
    next = *more;
  }
}

int show_rows(const Invocation& invocation, std::string_view name, const std::vector<Value>& rows, Table& table,
              Text none) {
  if (!invocation.json()) {
    if (table.empty()) std::fprintf(stderr, "%s\n", std::string(invocation.say(none)).c_str());
    return table.empty() ? 0 : print(table.text());
  }
  std::string out;
  Writer w(out);
  w.begin_object().key(name).begin_array();
  for (const Value& row : rows) write_json(w, row);
  w.end_array().end_object();
  return print(out + "\n");
}

Result<std::string> data_dir_of(const Invocation& invocation) {
  for (const char* option : {"data", "dir"})
    if (const auto dir = invocation.value(option)) return *dir;
  return TRY(load_config(invocation.value("config").value_or(std::string(kStandardConfig)))).server.data_dir.value;
}

Result<std::string> moment(const std::string& text) {
  if (from_rfc3339(text)) return text;
  const auto ago = parse_duration(text);
  if (!ago)
    return fail(Errc::usage, "'{}' is neither a time span (2h, 3d) nor a time (2026-11-24, 2026-11-24T18:00:00Z)",
                printable(text, 40));
  return to_rfc3339(system_clock().now() + -*ago);
}

std::string text_of(const Value& row, std::string_view name) { return std::string(row.get_string(name).value_or("")); }
std::uint64_t number_of(const Value& row, std::string_view name) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, row.get_int(name).value_or(0)));
}
bool yes(const Value& row, std::string_view name) { return row.get_bool(name).value_or(false); }
std::string_view yes_no(const Invocation& i, bool b) { return b ? i.say({"yes", "oui"}) : i.say({"no", "non"}); }
std::string list_of(const Value& row, std::string_view name) {
  std::string out;
  const Value* items = row.find(name);
  if (!items) return out;
  for (const Value& item : items->items())
    out += (out.empty() ? "" : ", ") + std::string(item.as_string().value_or(""));
  return out;
}

std::string sentence(const Invocation& i, Text text) {
  return fmt::format(fmt::runtime(i.say(text)), one_line(i.argument(0))) + "\n";
}

}  // namespace chappe::app
