// What the verbs of administration share: a call of a method (agents/control/methods.h) through the office, and its
// answer shown to people or programs. Used by the main thread, which blocks.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/admin_office.h"
#include "app/admin_print.h"
#include "app/cli.h"
#include "codec/json.h"

namespace chappe::app {

// The members of a JSON object, as it is put together.
class Params {
 public:
  Params() { writer_.begin_object(); }
  ~Params();  // wipes the text: a password may be in it
  template <class T>
  Params& add(std::string_view name, const T& value) {
    writer_.field(name, value);
    return *this;
  }
  Params& add_all(std::string_view name, std::span<const std::string> values) {
    writer_.key(name).begin_array();
    for (const auto& value : values) writer_.value(value);
    writer_.end_array();
    return *this;
  }
  // Once, at the end.
  std::string take() {
    writer_.end_object();
    return std::move(text_);
  }

 private:
  std::string text_;
  codec::json::Writer writer_{text_};
};

struct Answer {
  std::string text;
  codec::json::Value value;
};

Result<Answer> ask(AdminOffice& office, std::string_view method, Params& params);

// Looks at a job that the office has begun until it has ended. `seen` gets each answer of store.job. Errors: the job's.
Result<void> follow(AdminOffice& office, std::uint64_t job, const std::function<void(const codec::json::Value&)>& seen);

// One call, one answer, shown; gives the exit code.
int show(const Invocation& invocation, std::string_view method, Params& params,
         std::string (*people)(const Invocation&, const codec::json::Value&));
// All pages of a list, as its rows. The member `name` of each answer is the array, `next` where the next page begins.
// `where`: conditions, of lists that take them.
Result<std::vector<codec::json::Value>> all_pages(const Invocation& invocation, std::string_view method,
                                                  std::string_view name, const std::vector<std::string>& where = {});
// The rows as a table, or as JSON under `name`; `none` is said when there are none. Gives the exit code.
int show_rows(const Invocation& invocation, std::string_view name, const std::vector<codec::json::Value>& rows,
              Table& table, Text none);

// As --data or --dir, or else the configuration says.
Result<std::string> data_dir_of(const Invocation& invocation);
// "2h" as that time ago; a time or a day as it is (RFC 3339). Errc::usage.
Result<std::string> moment(const std::string& text);

// Members of an answer; what is not there is empty, zero or false.
std::string text_of(const codec::json::Value& row, std::string_view name);
std::uint64_t number_of(const codec::json::Value& row, std::string_view name);
bool yes(const codec::json::Value& row, std::string_view name);
// Its array of texts, joined by commas.
std::string list_of(const codec::json::Value& row, std::string_view name);
std::string_view yes_no(const Invocation& i, bool b);
// A sentence about the verb's first word.
std::string sentence(const Invocation& i, Text text);

}  // namespace chappe::app
