// One command, without a connection: the parsers and checks of every row of the table. The first octet chooses the
// command and the second the state, so that the fuzzer spends itself on arguments.

#include "../../../tests/fuzz/fuzzing.h"
#include "proto/imap/command_table.h"

using namespace chappe;
using namespace chappe::proto::imap;
using fuzz::check;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const auto table = command_table();
  const CommandRow& row = table[data[0] % table.size()];
  const ByteView arguments = fuzz::view(data, size).substr(2);
  const Bytes line = Bytes(data[1] & 1 ? "a UID " : "a ") + Bytes(row.name) + Bytes(arguments);
  Limits limits;
  limits.depth = 10;
  limits.list_items = 50;
  limits.set_items = 20;
  Facts facts;
  facts.state = (data[1] & 6) ? State::selected : State::not_authenticated;
  facts.utf8 = data[1] & 8;
  facts.plain_login = data[1] & 16;
  facts.can_starttls = data[1] & 32;
  facts.tls = data[1] & 64;
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
