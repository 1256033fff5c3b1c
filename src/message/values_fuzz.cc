// Everything else a field value can be: date, encoded words, parameters, identifiers, trace line. The first octet
// chooses one; what is written from what was read must read the same.

#include "../../tests/fuzz/fuzzing.h"
#include "codec/utf8.h"
#include "message/builder.h"
#include "message/content.h"
#include "message/date.h"
#include "message/ids.h"
#include "message/letter.h"
#include "message/received.h"
#include "message/words.h"

using namespace chappe;
using namespace chappe::message;
using fuzz::check;

namespace {

void one_line_of_text(const std::string& s) {
  check(codec::utf8_valid(s) && s.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
}

void date(ByteView v) {
  const auto d = parse_date(v);
  if (!d || d->time.us < -2'000'000'000'000'000 || d->time.us > 200'000'000'000'000'000) return;
  const auto again = parse_date(format_date(d->time, d->offset_minutes));
  check(again && again->time == d->time && again->offset_minutes == d->offset_minutes);
}

void words(ByteView v) {
  const std::string text = decode_text(v);
  one_line_of_text(text);
  const std::string bytes = HeaderBlock().text("Subject", text).bytes() + "\r\n";
  const Letter letter(bytes);
  check(letter.fields().size() == 1 && decode_text(letter.fields()[0].value()) == text);
}

void parameters(ByteView v) {
  parse_disposition(v);
  const ContentType type = parse_content_type(v);
  for (const Parameter& p : type.parameters.list) {
    one_line_of_text(p.value);
    const std::string bytes = HeaderBlock().with_parameters("Content-Type", "a/b", {{"x", p.value}}).bytes() + "\r\n";
    const Letter letter(bytes);
    check(letter.fields().size() == 1);
    const ContentType again = parse_content_type(letter.fields()[0].value());
    const std::string* x = again.parameters.find("x");
    check(x != nullptr);
    // A value that looks like an encoded word is decoded, by everybody.
    if (!has_encoded_word(p.value)) check(*x == p.value);
  }
}

void ids(ByteView v) {
  for (const std::string& id : parse_message_ids(v).list) one_line_of_text(id);
  for (const std::string& uri : parse_list_uris(v)) one_line_of_text(uri);
  if (const auto id = parse_list_id(v)) one_line_of_text(id->description);
}

void received(ByteView v) {
  const Received r = parse_received(v);
  for (const std::string* s : {&r.from, &r.from_comment, &r.by, &r.via, &r.with, &r.id, &r.for_})
    check(codec::utf8_valid(*s));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView value = fuzz::view(data, size).substr(1);
  switch (data[0]) {
    case 'd':
      date(value);
      break;
    case 'w':
      words(value);
      break;
    case 'p':
      parameters(value);
      break;
    case 'i':
      ids(value);
      break;
    default:
      received(value);
      break;
  }
  return 0;
}
