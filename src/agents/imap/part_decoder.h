// A part's body with its transfer encoding undone, a stretch at a time, however large it is (RFC 3516 §4.2). Owned by
// the command that reads; waits for the store, and lets others run after each stretch.
#pragma once

#include <algorithm>
#include <optional>
#include <variant>

#include "agents/imap/letter_reader.h"
#include "codec/transfer.h"
#include "proto/imap/section.h"

namespace chappe::agents::imap {

class PartDecoder {
 public:
  // `reader` must outlive it.
  PartDecoder(LetterReader* reader, wire::EncodedPlace place);

  // What comes next; nothing at the end. Errors: those of reading; corrupt, when the letter is too short.
  Task<Result<std::optional<Bytes>>> next();

 private:
  void feed(ByteView octets, Bytes& out);
  void finish(Bytes& out);

  LetterReader* reader_;
  std::uint64_t at_;
  std::uint64_t end_;
  bool ended_ = false;
  std::variant<std::monostate, codec::Base64Decoder, codec::QuotedPrintableDecoder> decoder_;
};

// The octets of `piece`, which stands at `at` in the decoded part, that lie in what was asked for.
ByteView within(ByteView piece, std::uint64_t at, const std::optional<wire::Partial>& partial);

}  // namespace chappe::agents::imap
