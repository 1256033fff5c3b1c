// What is kept of a letter beside its octets, in the same commit, so that a list of messages never opens a body: the
// tree of its parts as places in it, the fields that clients ask for, and the first words (docs/formats/summaries.md).
// A message::Letter without octets stands for it, so everything that tells of a letter (ENVELOPE, BODYSTRUCTURE, where
// BODY[1.2] is) tells the same of its summary.
//
// A body has one summary or none: the letters that nobody here reads have none, nor those from before there were any;
// those whose structure is absurd have one that says so. Then the letter is read, as a stream, and never kept whole.
//
// Pure but for LetterDraft; nothing blocks. RFC 9051 §7.5.2, RFC 8970.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "message/letter.h"
#include "message/letter_stream.h"
#include "net/task.h"
#include "post/mailbox/threads.h"
#include "store/bodies.h"

namespace chappe::post {

inline constexpr std::size_t kMaxSummary = 32 * 1024;  // octets; a letter that needs more is looked into
inline constexpr std::size_t kMaxPreview = 200;        // characters (RFC 8970 §3.1)
// What is remembered of a letter on its way in; one that has more is looked into.
inline constexpr message::Letter::Limits kLook{
    .fields = 5000, .parts = 501, .field = 128 * 1024, .headers = 256 * 1024};

struct Summary {
  std::uint64_t size = 0;        // of the letter
  message::Letter outline;       // of root and nested messages: fields that has_fields() knows; of all parts: Content-*
  std::optional<Bytes> preview;  // one line of UTF-8; nothing when there is no text
  bool all_fields = false;       // it was made from the letter itself: no field is missing

  // Whether the outline has every field of these names that the letter has.
  bool has_fields(std::span<const Bytes> names) const;
};
using SharedSummary = std::shared_ptr<const Summary>;

// What is learnt of a letter before it is committed.
struct Digest {
  Bytes summary;  // the stored form
  Clues clues;    // of its thread
};

// `outline`: of the letter without the `front` octets of whole header fields that will stand before it, none of which
// is kept. `size`: of all of it. From a LetterStream, which has the beginning of the text. `header`: what stands
// instead of the outline's header, if it is another one; its fields that tell of the structure must be the same.
Digest digest_of(std::uint64_t size, const message::Letter& outline, std::uint64_t front,
                 const message::Letter* header = nullptr);
// The beginning of what people would read, on one line (RFC 8970 §3).
std::optional<Bytes> preview_of(const message::Letter& outline);

// A letter on its way into the store that is looked at while it flows. As store::Draft.
class LetterDraft final : public store::Draft {
 public:
  using store::Draft::Draft;
  // Looks at the octets; a pause for others is the caller's matter, who has few at a time.
  net::Task<Result<void>> append(ChunkList octets, net::Deadline deadline) override;
  // The header, which is looked at and not stored: who takes the draft puts it in front, changed or not. Before
  // anything is appended.
  void set_header(ByteView header);
  // Of the letter with `front` octets of header fields before it. After finish(). `header`: what stands in front of the
  // draft, after set_header().
  Digest digest(std::uint64_t front = 0, ByteView header = {});

 private:
  message::LetterStream look_{kLook};
  std::uint64_t header_ = 0;  // octets that are not in the draft
  std::optional<message::Letter> outline_;
};
// Of a letter that is in memory already: appended, with pauses in which others run, and finished.
net::Task<Result<std::shared_ptr<LetterDraft>>> letter_draft_of(store::Store* store, store::BodyId id, ChunkList octets,
                                                                net::Deadline deadline);

// The stored form of `outline` and `preview`: what is kept of them. `front` and `header` as in digest_of().
Bytes encode_summary(std::uint64_t size, const message::Letter& outline, const std::optional<Bytes>& preview,
                     std::uint64_t front = 0, const message::Letter* header = nullptr);
// Nothing: the letter must be looked into. Errors: corrupt, unsupported.
Result<std::optional<Summary>> decode_summary(ByteView bytes);

// --- beside the body, in a Change

Bytes summary_key(const store::BodyId& body);
// Drops references to a body; its summary goes with the last. Everybody releases bodies through this.
Result<void> release_body(store::Txn& txn, const store::BodyId& body, std::uint32_t count = 1);

}  // namespace chappe::post
