// Headers with what judges wanted changed: no crash; what is written reads back as fields, none of which is forged, and
// the fields on which the body rests are the same.
#include "post/policy/rewrite.h"

#include "../../../tests/fuzz/fuzzing.h"
#include "trust/authres/results.h"

using namespace chappe;
using namespace chappe::post;
using fuzz::check;

namespace {

std::vector<Bytes> structure(const message::Letter& letter) {
  std::vector<Bytes> out;
  for (const message::Field& field : letter.fields())
    if (field.id() == message::FieldName::content_type || field.id() == message::FieldName::mime_version)
      out.emplace_back(field.raw());
  return out;
}

}  // namespace

// Lines: how a field is changed ("+", "<3", "=2", "-1"), its name and value; an empty line; the header.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteView rest(reinterpret_cast<const char*>(data), size);
  Heard heard{.judge = "one", .opinion = {}, .failure = {}};
  while (!rest.empty()) {
    const ByteView line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (line.size() < 2) break;
    HeaderChange change;
    change.kind = static_cast<HeaderChange::Kind>(static_cast<unsigned char>(line[0]) % 4);
    change.place = static_cast<unsigned char>(line[1]) % 8;
    const auto colon = line.find(':');
    change.name = line.substr(2, colon == line.npos ? colon : colon - std::min<std::size_t>(colon, 2));
    if (colon != line.npos) change.value = line.substr(colon + 1);
    heard.opinion.change(std::move(change));
  }
  const message::Letter before(rest);
  const auto drop = [](const message::Field& field) { return trust::authres::claims(field, "mx.example.org"); };
  const Rewritten out = rewrite(rest, std::span(&heard, 1), {.authserv_id = "mx.example.org", .drop = drop});
  const message::Letter after(out.header);
  check(structure(before) == structure(after));
  for (const message::Field& field : after.fields()) check(!drop(field));
  return 0;
}
