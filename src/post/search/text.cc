#include "post/search/text.h"

#include <algorithm>

#include "base/text.h"
#include "codec/idna.h"
#include "codec/utf8.h"
#include "message/body.h"
#include "message/html.h"
#include "message/words.h"

namespace chappe::post::search {

using message::Letter;
using message::Part;

std::string caseless(const std::string& text) {
  if (codec::is_ascii(text)) return to_lower(text);
  return codec::fold_case(text).value_or(to_lower(text));
}

std::string readable_text(const Letter& letter, const Part& part) {
  std::string text = message::decode_text_body(letter, part, nullptr, kMaxText);
  return iequals(part.subtype, "html") ? message::html_text(text) : text;
}

Where where_of(ByteView field_name) {
  static constexpr std::pair<ByteView, Where> kNames[] = {{"subject", Where::subject}, {"from", Where::from},
                                                          {"to", Where::to},           {"cc", Where::cc},
                                                          {"bcc", Where::bcc},         {"list-id", Where::list}};
  for (const auto& [name, where] : kNames)
    if (iequals(name, field_name)) return where;
  return Where::header;
}

bool each_text(const Letter& letter, std::size_t limit, const std::function<void(Where, const std::string&)>& take) {
  const auto give = [&](Where where, const std::string& text) {
    if (text.size() > limit) return false;
    limit -= text.size();
    take(where, caseless(text));
    return true;
  };
  for (const Part& part : letter.parts()) {
    const bool root = part.index == 0;
    const bool inner = !root && letter.part(part.parent).kind == Part::Kind::message;
    for (const message::Field& field : letter.fields(part)) {
      const Where where = root || inner ? where_of(field.name()) : Where::header;
      const std::string value = message::decode_text(field.value());
      const std::string name = std::string(field.name()) + ": ";
      // A field that is looked for by name has its words there, and only its name among the others.
      const bool named = root && where != Where::header;
      if (!give(Where::header, named ? name : name + value)) return false;
      if (named && !give(where, value)) return false;
      if (inner && where != Where::header && !give(Where::body, value)) return false;
    }
    if (part.kind != Part::Kind::leaf) continue;
    const std::string file = message::file_name_of(letter, part);
    if (!file.empty() && !give(Where::attachment, file)) return false;
    if (part.is_text() && !give(Where::body, readable_text(letter, part))) return false;
  }
  return true;
}

}  // namespace chappe::post::search
