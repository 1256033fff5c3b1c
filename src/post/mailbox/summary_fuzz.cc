// The first octet chooses: a stored summary read back, which ends in a summary whose parts fit into each other or in an
// Error; or a letter, whose summary tells what the letter does, however it is cut.
#include "post/mailbox/summary.h"

#include "../../../tests/fuzz/fuzzing.h"
#include "message/letter_stream.h"

using namespace chappe;        // NOLINT
using namespace chappe::post;  // NOLINT
using fuzz::check;

namespace {

void check_outline(const message::Letter& letter, std::uint64_t size) {
  for (const message::Part& p : letter.parts()) {
    check(p.begin <= p.body && p.body <= p.end && p.end <= size);
    if (const message::Part* inner = letter.inner(p)) check(inner->parent == p.index);
    check(letter.find_section({1}) == nullptr || letter.find_section({1})->end <= size);
  }
  (void)clues_of(letter);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteView in = fuzz::view(data, size);
  const unsigned how = fuzz::choose(in);
  if (how == 0) {
    const auto summary = decode_summary(in);
    if (!summary || !*summary) return 0;
    const Summary& s = **summary;
    check_outline(s.outline, s.size);
    const auto again = decode_summary(encode_summary(s.size, s.outline, s.preview));
    check(again.has_value());
    if (*again) check((*again)->outline.parts().size() == s.outline.parts().size());
    return 0;
  }
  message::LetterStream stream;
  for (fuzz::Pieces pieces(in, how); !pieces.done();) stream.feed(pieces.next());
  const message::Letter outline = stream.finish();
  check_outline(outline, in.size());
  const message::Letter whole(in);
  check(whole.parts().size() == outline.parts().size() && whole.all_fields().size() == outline.all_fields().size());
  check(whole.body_lines() == outline.body_lines());
  for (std::size_t i = 0; i < whole.parts().size(); ++i) {
    const message::Part& p = whole.parts()[i];
    const message::Part& q = outline.parts()[i];
    check(p.kind == q.kind && p.begin == q.begin && p.body == q.body && p.end == q.end && p.type == q.type);
  }
  const auto preview = preview_of(outline);
  if (const message::Part* lead = outline.lead_part())
    check(outline.lead_octets() ==
          in.substr(lead->body, std::min(lead->end - lead->body, message::Letter::most_lead(*lead))));
  const auto kept = decode_summary(encode_summary(in.size(), outline, preview));
  check(kept.has_value());
  if (*kept) {
    check((*kept)->preview == preview);
    check_outline((*kept)->outline, in.size());
    check((*kept)->outline.body_lines() == outline.body_lines());
  }
  return 0;
}
