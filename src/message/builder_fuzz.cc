// A letter built of anything: nothing that is passed in can start another field or part, lines keep to their lengths,
// and what was put in is what a reader takes out. The first octet chooses; up to each NUL: subject, name, file name,
// description, text; the rest: an attachment.
#include "message/builder.h"

#include <algorithm>
#include <functional>

#include "../../tests/fuzz/fuzzing.h"
#include "base/text.h"
#include "codec/utf8.h"
#include "message/body.h"
#include "message/letter.h"
#include "message/words.h"

using namespace chappe;
using namespace chappe::message;
using fuzz::check;

namespace {

std::string until_nul(ByteView& rest) {
  const std::size_t nul = std::min(rest.find('\0'), rest.size());
  const std::string out(rest.substr(0, nul));
  rest.remove_prefix(std::min(nul + 1, rest.size()));
  return out;
}

void check_lines(ByteView octets) {
  for (std::size_t at = 0; at < octets.size();) {
    const std::size_t end = octets.find("\r\n", at);
    const ByteView line = octets.substr(at, end == ByteView::npos ? end : end - at);
    check(line.size() <= 998 && line.find_first_of("\r\n") == ByteView::npos);  // RFC 5322 §2.1.1
    if (end == ByteView::npos) break;
    at = end + 2;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteView rest = fuzz::view(data, size);
  SeededRandom random(std::hash<ByteView>()(rest));
  const unsigned choice = fuzz::choose(rest);
  const std::string subject = until_nul(rest), name = until_nul(rest), file = until_nul(rest),
                    description = until_nul(rest), text = until_nul(rest);
  const bool allow_8bit = (choice & 1) != 0;

  HeaderBlock header;
  header.text("Subject", subject).addresses("To", std::vector{mailbox(name, "local", "example.org")});
  Entity part = Entity::data("application/octet-stream", Bytes(rest)).description(description);
  (choice & 2) != 0 ? part.attachment(file) : part.inlined(file);
  if ((choice & 4) != 0) part.content_id(make_message_id(Time{1}, random, "example.org"));
  std::vector<Entity> parts;
  parts.push_back(Entity::text(text));
  parts.push_back(std::move(part));
  if ((choice & 8) != 0) parts.push_back(Entity::lines("text/rfc822-headers", "Subject: x\r\n"));
  if ((choice & 16) != 0) parts.push_back(Entity::message("Subject: inner\r\n\r\nbody\r\n"));
  const std::size_t children = parts.size();
  const Bytes octets =
      build_letter(header, Entity::multipart("mixed", std::move(parts)), random, {.allow_8bit = allow_8bit});

  check_lines(octets);
  check(allow_8bit || std::ranges::none_of(octets, is_8bit));
  const Letter letter(octets);
  check(letter.root().blank_line && letter.root().children == children);
  const std::size_t own = letter.fields().size();
  check(own == 4 || (own == 5 && allow_8bit));  // Subject, To, MIME-Version, Content-Type; Content-Transfer-Encoding
  const Part* first = letter.find_section(std::vector<std::uint32_t>{1});
  const Part* second = letter.find_section(std::vector<std::uint32_t>{2});
  check(first != nullptr && second != nullptr);
  check(decode_body(letter, *second) == rest);

  std::string wanted;
  for (const char c : codec::utf8_repair(text))
    if (c != '\r') wanted += c;
  if (text.find('\r') == std::string::npos) check(decode_text_body(letter, *first) == wanted);
  const auto plain = [](const std::string& s) {
    return codec::utf8_valid(s) && std::ranges::none_of(s, is_ctl) && !has_encoded_word(s);
  };
  if (plain(file)) check(file_name_of(letter, *second) == file);
  const Field* to = letter.find(FieldName::to);
  check(to != nullptr);
  const AddressList list = parse_addresses(to->value());
  check(list.entries.size() == 1 && list.entries[0].spec() == "local@example.org");
  if (plain(name)) check(trim(list.entries[0].name) == trim(name));
  return 0;
}
