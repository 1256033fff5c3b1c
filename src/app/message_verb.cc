#include "app/message_verb.h"

#include <cstdio>

#include "app/admin_input.h"
#include "message/describe.h"

namespace chappe::app {
namespace {

// The greatest letter that the server can be told to take is greater; this one has to fit into memory several times.
constexpr std::size_t kMaxLetter = 200 * 1024 * 1024;

}  // namespace

int run_message(const Invocation& invocation) {
  const auto letter = read_input(invocation.argument(0), kMaxLetter);
  if (!letter) return invocation.refuse(letter.error());
  std::string text = message::describe(
      *letter, {.json = invocation.json(), .lang = invocation.french() ? message::Lang::fr : message::Lang::en});
  if (!text.ends_with('\n')) text += '\n';
  return print(text);
}

}  // namespace chappe::app
