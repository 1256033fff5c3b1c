// Address lists: no crash, and what is read can be written and read again.
#include <cstdint>
#include <cstdlib>

#include "codec/utf8.h"
#include "message/address.h"
#include "message/builder.h"
#include "message/letter.h"

using namespace chappe;
using namespace chappe::message;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const AddressList list = parse_addresses({reinterpret_cast<const char*>(data), size});
  int depth = 0;
  for (const Address& a : list.entries) {
    depth += a.kind == Address::Kind::group_begin ? 1 : a.kind == Address::Kind::group_end ? -1 : 0;
    require(depth == 0 || depth == 1);
    for (const std::string* s : {&a.name, &a.comment, &a.local, &a.domain}) require(codec::utf8_valid(*s));
    require(a.spec().find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
    require(a.name.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
  }
  require(depth == 0);
  // A clean list comes back from what the builder makes of it.
  if (!list.findings.empty()) return 0;
  const std::string bytes = HeaderBlock().addresses("To", list.entries).bytes() + "\r\n";
  const Letter letter(bytes);
  require(letter.fields().size() == 1 && letter.root().blank_line);
  const AddressList again = parse_addresses(letter.fields()[0].value());
  require(again.entries.size() == list.entries.size());
  for (std::size_t i = 0; i < list.entries.size(); ++i) {
    require(again.entries[i].kind == list.entries[i].kind);
    require(again.entries[i].spec() == list.entries[i].spec());
  }
  return 0;
}
