#include "agents/imap/part_decoder.h"

namespace chappe::agents::imap {

PartDecoder::PartDecoder(LetterReader* reader, wire::EncodedPlace place)
    : reader_(reader), at_(place.place.offset), end_(place.place.offset + place.place.size) {
  if (place.encoding == message::Encoding::base64) decoder_.emplace<codec::Base64Decoder>();
  if (place.encoding == message::Encoding::quoted_printable) decoder_.emplace<codec::QuotedPrintableDecoder>();
}

Task<Result<std::optional<Bytes>>> PartDecoder::next() {
  if (ended_) co_return std::optional<Bytes>();
  const std::uint64_t wanted = std::min<std::uint64_t>(end_ - at_, Conversation::kStream);
  const ChunkList read = CO_TRY(co_await reader_->octets(at_, wanted));
  if (read.size() != wanted) co_return fail(Errc::corrupt, "the letter is shorter than its record says");
  at_ += wanted;
  ended_ = at_ == end_;
  Bytes out;
  for (const Chunk& chunk : read.chunks()) feed(chunk.view(), out);
  if (ended_) finish(out);
  co_await net::yield();
  co_return out;
}

void PartDecoder::feed(ByteView octets, Bytes& out) {
  if (auto* base64 = std::get_if<codec::Base64Decoder>(&decoder_))
    base64->feed(octets, out);
  else if (auto* quoted = std::get_if<codec::QuotedPrintableDecoder>(&decoder_))
    quoted->feed(octets, out);
  else
    out += octets;
}

void PartDecoder::finish(Bytes& out) {
  if (auto* base64 = std::get_if<codec::Base64Decoder>(&decoder_)) base64->finish(out);
  if (auto* quoted = std::get_if<codec::QuotedPrintableDecoder>(&decoder_)) quoted->finish(out);
}

ByteView within(ByteView piece, std::uint64_t at, const std::optional<wire::Partial>& partial) {
  if (!partial) return piece;
  const std::uint64_t first = std::min<std::uint64_t>(partial->offset > at ? partial->offset - at : 0, piece.size());
  const std::uint64_t end = partial->offset + std::min(partial->size, UINT64_MAX - partial->offset);
  return piece.substr(first, end > at + first ? end - at - first : 0);
}

}  // namespace chappe::agents::imap
