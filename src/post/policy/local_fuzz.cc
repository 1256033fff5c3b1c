// Names of those whom we know, as anybody may write them, and the rows in which they are kept, whatever is in these:
// what is taken, is taken again as it is kept; what is read, is written and read again. And all rules of a scope as one
// text. The first octet chooses.
#include <cstdint>
#include <cstdlib>

#include "post/policy/known.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chappe;
  using namespace chappe::post;
  if (size == 0) return 0;
  const ByteView in(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto must = [](bool ok) {
    if (!ok) std::abort();
  };
  const unsigned kinds = static_cast<unsigned>(acquaintance_rows().size());
  const unsigned choice = data[0] % (kinds + 3);
  if (choice < kinds) {
    const auto known = parse_acquaintance(acquaintance_rows()[choice].kind, in);
    if (!known) return 0;
    const auto again = parse_acquaintance(known->kind, known->name);
    must(again && *again == *known);
    const Bytes key = rows::acquaintance_key(Scope::account({7}), *known);
    const auto read = rows::decode_acquaintance(key, rows::encode(LaidDown{}));
    must(read && read->known == *known && read->scope == Scope::account({7}));
    ScopeRules rules;
    rules.known.insert(*known);
    must(Known(Scope::site(), rules).has(known->kind, known->name));
    return 0;
  }
  if (choice == kinds + 2) {
    const auto rules = read_rules_text(in);
    if (!rules) return 0;
    const auto again = read_rules_text(rules_text(*rules));
    must(again && *again == *rules);
    must(Known(Scope::site(), *rules).name() == Known(Scope::site(), *again).name());
    return 0;
  }
  // A key, then a value: as long as the seeds have them.
  const auto cut = std::min<std::size_t>(in.size(), choice == kinds ? 5 : 12);
  if (choice == kinds) {
    const Bytes key = rows::all_handlings().begin + Bytes(in.substr(0, cut));
    if (const auto read = rows::decode_handling(key, in.substr(cut)))
      must(
          rows::decode_handling(rows::handling_key(read->scope), rows::encode(read->handling, read->made)).has_value());
  } else {
    const Bytes key = rows::all_acquaintances().begin + Bytes(in.substr(0, cut));
    if (const auto read = rows::decode_acquaintance(key, in.substr(cut)))
      must(rows::acquaintance_key(read->scope, read->known) == key);
  }
  return 0;
}
