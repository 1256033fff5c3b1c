// What an mda says of rules: the names in a reply, an address that stands for rules, and the rules themselves. What
// reads, writes and reads again as the same. The first octet chooses.
#include <cstdint>

#include "agents/door/rules_question.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chappe;
  using namespace chappe::agents;
  if (size == 0) return 0;
  const ByteView bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto must = [](bool ok) {
    if (!ok) __builtin_trap();
  };
  if (data[0] % 3 == 0) {
    if (const auto rules = read_rules(bytes)) must(read_rules(written_rules(*rules)) == *rules);
  } else if (data[0] % 3 == 1) {
    if (const auto name = parse_rules_address(bytes)) must(parse_rules_address(rules_address(*name)) == *name);
  } else if (const auto chains = read_named_rules(bytes)) {
    must(!chains->empty() && chains->size() <= kMaxChains);
    for (const auto& chain : *chains)
      for (const post::RulesName& name : chain) must(parse_rules_address(rules_address(name)) == name);
  }
  return 0;
}
