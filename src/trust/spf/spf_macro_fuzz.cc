// Macros from anyone, with values from anyone: no crash, and what comes out is within its limits.
#include "../../../tests/fuzz/fuzzing.h"
#include "trust/spf/macro.h"

using namespace chappe;
using namespace chappe::trust;
using namespace chappe::trust::spf;
using fuzz::check;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteView input = fuzz::view(data, size);
  const unsigned how = fuzz::choose(input);
  const auto kind = static_cast<MacroString::Kind>(how % 3);
  const std::size_t cut = std::min<std::size_t>(fuzz::choose(input), input.size());
  MacroValues values;
  values.local = input.substr(0, cut);
  values.helo = values.local;
  values.sender_domain = values.domain = "mail.octo.example";
  values.ip = *Ip::parse(how & 64 ? "2001:db8::1" : "192.0.2.1");
  const ByteView text = input.substr(cut);
  const auto parsed = MacroString::parse(text, kind);
  if (!parsed) {
    check(parsed.error().at + parsed.error().size <= text.size());
    return 0;
  }
  check(parsed->text() == text);
  check(expand_text(*parsed, values, 100).size() <= 100);
  const std::string target = expand_domain(*parsed, values);
  check(target.size() <= kMaxTarget);
  // A name of it has the same labels.
  if (const auto name = query_name(target)) {
    std::string again;
    for (const ByteView label : name->labels()) again += (again.empty() ? "" : ".") + std::string(label);
    check(again == target);
  }
  // What fits is the end of the whole expansion.
  std::string whole = expand_text(*parsed, values, std::string::npos);
  if (whole.ends_with('.')) whole.pop_back();
  check(whole.ends_with(target));
  if (whole.size() <= kMaxTarget) check(whole == target);
  return 0;
}
