// Address lists: no crash, and what is read can be written and read again.

#include "../../tests/fuzz/fuzzing.h"
#include "codec/utf8.h"
#include "message/address.h"
#include "message/builder.h"
#include "message/letter.h"

using namespace chappe;
using namespace chappe::message;
using fuzz::check;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const AddressList list = parse_addresses(fuzz::view(data, size));
  int depth = 0;
  for (const Address& a : list.entries) {
    depth += a.kind == Address::Kind::group_begin ? 1 : a.kind == Address::Kind::group_end ? -1 : 0;
    check(depth == 0 || depth == 1);
    for (const std::string* s : {&a.name, &a.comment, &a.local, &a.domain}) check(codec::utf8_valid(*s));
    check(a.spec().find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
    check(a.name.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
  }
  check(depth == 0);
  // A clean list comes back from what the builder makes of it.
  if (!list.findings.empty()) return 0;
  const std::string bytes = HeaderBlock().addresses("To", list.entries).bytes() + "\r\n";
  const Letter letter(bytes);
  check(letter.fields().size() == 1 && letter.root().blank_line);
  const AddressList again = parse_addresses(letter.fields()[0].value());
  check(again.entries.size() == list.entries.size());
  for (std::size_t i = 0; i < list.entries.size(); ++i) {
    check(again.entries[i].kind == list.entries[i].kind);
    check(again.entries[i].spec() == list.entries[i].spec());
  }
  return 0;
}
