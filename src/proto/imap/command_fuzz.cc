// One command, without a connection: the parsers and checks of every row of the table. The first octet chooses the
// state, the rest is the command without its tag.

#include "../../../tests/fuzz/fuzzing.h"
#include "proto/imap/command_table.h"

using namespace chappe;
using namespace chappe::proto::imap;
using fuzz::check;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteView input = fuzz::view(data, size);
  const unsigned state = fuzz::choose(input);
  const Bytes line = "a " + Bytes(input);
  Limits limits;
  limits.depth = 10;
  limits.list_items = 50;
  limits.set_items = 20;
  Facts facts;
  facts.state = (state & 6) ? State::selected : State::not_authenticated;
  facts.utf8 = state & 8;
  facts.plain_login = state & 16;
  facts.can_starttls = state & 32;
  facts.tls = state & 64;
  Cursor cursor(line, limits, facts.utf8);
  CommandHead head;
  const auto command = parse_command(cursor, facts, head);
  if (!command) {
    const Errc code = command.error().code();
    check(code == Errc::invalid || code == Errc::too_large || code == Errc::denied);
    return 0;
  }
  check(cursor.done() && command->tag == "a");
  if (const auto* search = std::get_if<Search>(&command->args))
    check(search->program.keys.size() <= limits.list_items + 1);
  if (const auto* fetch = std::get_if<Fetch>(&command->args)) {
    // What an item is called in the answer is again an item.
    for (const FetchItem& item : fetch->items) {
      Bytes name = "a FETCH 1 ";
      const bool partial = item.partial.has_value();
      write_item_name(name, item);
      if (partial) continue;
      Facts again{.state = State::selected};
      Cursor second(name, limits, false);
      CommandHead second_head;
      check(parse_command(second, again, second_head).has_value());
    }
  }
  return 0;
}
