
#include "../../tests/fuzz/fuzzing.h"
#include "codec/json.h"

using namespace chappe;
using namespace chappe::codec;

namespace {

void write(json::Writer& w, const json::Value& v) {
  switch (v.kind()) {
    case json::Value::Kind::null:
      w.value(nullptr);
      break;
    case json::Value::Kind::boolean:
      w.value(*v.as_bool());
      break;
    case json::Value::Kind::integer:
      w.value(*v.as_int());
      break;
    case json::Value::Kind::real:
      w.value(*v.as_double());
      break;
    case json::Value::Kind::string:
      w.value(*v.as_string());
      break;
    case json::Value::Kind::array:
      w.begin_array();
      for (const auto& item : v.items()) write(w, item);
      w.end_array();
      break;
    case json::Value::Kind::object:
      w.begin_object();
      for (const auto& member : v.members()) {
        fuzz::check(v.find(member.name) == &member.value);
        w.key(member.name);
        write(w, member.value);
      }
      w.end_object();
      break;
  }
}

std::string rewrite(const json::Value& v, int indent) {
  std::string out;
  json::Writer w(out, indent);
  write(w, v);
  return out;
}

}  // namespace

// What parses is written, parses again, and is then written as the same bytes; so is any string of bytes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::view(data, size);
  std::string quoted;
  json::Writer(quoted).value(text);
  fuzz::check(size >= 100'000 || json::parse(quoted));

  const auto first = json::parse(text);
  if (!first) return 0;
  const std::string once = rewrite(*first, 0);
  const auto second = json::parse(once, {.bytes = 1 << 26});
  fuzz::check(second && rewrite(*second, 0) == once);
  const auto third = json::parse(rewrite(*first, 1), {.bytes = 1 << 27});
  fuzz::check(third && rewrite(*third, 0) == once);
  return 0;
}
