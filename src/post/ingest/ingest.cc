#include "post/ingest/ingest.h"

#include <algorithm>

#include "base/text.h"

namespace chappe::post {
namespace {

constexpr std::string_view kReceived = "received:";

}  // namespace

void Ingest::feed(Chunk chunk) {
  const std::uint64_t header_before = facts_.header_size;
  look(chunk.view());
  const std::uint64_t header = facts_.header_size - header_before;
  const std::size_t kept = std::min<std::uint64_t>(header, kMaxHeader - header_.size());
  if (kept > 0) header_.append_compact(chunk.slice(0, kept));
  if (watch_) return feed_watched(std::move(chunk), kept);
  if (!failed_) held_.append_compact(std::move(chunk));
}

void Ingest::watch(Drop drop, std::optional<trust::dkim::BodyHashKind> sealed) {
  watch_ = std::make_unique<Watch>();
  watch_->looks = true;
  watch_->drop = std::move(drop);
  watch_->kind = sealed;
}

void Ingest::watch(trust::dkim::BodyHashKind kind) {
  watch_ = std::make_unique<Watch>();
  watch_->looks = true;
  watch_->kind = kind;
}

void Ingest::hold_header() {
  if (!watch_) watch_ = std::make_unique<Watch>();
  watch_->holds = true;
}

// `kept`: octets of it that are in header_.
void Ingest::feed_watched(Chunk chunk, std::size_t kept) {
  if (!watch_->begun) {
    if (!header_complete() && header_.size() < kMaxHeader) return;
    begin_body();
    chunk = chunk.slice(kept, chunk.size() - kept);
  }
  if (auto& bodies = watch_->seen->bodies) bodies->feed(chunk.view());
  if (!failed_ && !chunk.empty()) held_.append_compact(std::move(chunk));
}

// The header goes on its way.
void Ingest::begin_body() {
  Watched& seen = *watch_->seen;
  watch_->begun = true;
  seen.header = header_.flatten();
  seen.letter = message::Letter(seen.header);
  if (facts_.header_size > seen.header.size()) {
    held_.append(header_);
    return;
  }
  if (watch_->looks && watch_->drop)
    seen.bodies.emplace(seen.letter.fields(), watch_->kind);
  else if (watch_->kind)
    seen.bodies.emplace(std::span(&*watch_->kind, 1));
  if (watch_->holds && seen.header.size() <= kMaxHeld) {
    draft_->set_header(seen.header);
    held_header_ = without_dropped();
  } else {
    held_.append_copy(without_dropped());
  }
}

Bytes Ingest::without_dropped() const {
  Bytes out;
  ByteView rest = watch_->seen->header;
  for (const message::Field& field : watch_->seen->letter.fields()) {
    if (!watch_->drop || !watch_->drop(field)) continue;
    const std::size_t at = static_cast<std::size_t>(field.raw().data() - rest.data());
    out += rest.substr(0, at);
    rest.remove_prefix(at + field.raw().size());
  }
  return out += rest;
}

std::shared_ptr<const Watched> Ingest::watched() {
  if (!watch_ || !watch_->looks) return nullptr;
  if (!watch_->begun) begin_body();
  if (auto& bodies = watch_->seen->bodies) bodies->finish();
  return watch_->seen;
}

const std::optional<Bytes>& Ingest::held_header() {
  if (watch_ && !watch_->begun) begin_body();
  return held_header_;
}

void Ingest::change_header(Bytes header) {
  held_header_ = std::move(header);
  Watched& seen = *watch_->seen;
  seen.header = *held_header_;
  seen.letter = message::Letter(seen.header);
}

void Ingest::feed(ChunkList chunks) {
  for (const Chunk& c : chunks.chunks()) feed(c);
}

void Ingest::look(ByteView bytes) {
  hash_.update(bytes);
  facts_.size += bytes.size();
  // Line by line; the few octets around a line's end one by one, the rest at the speed of memchr.
  while (!bytes.empty()) {
    if (cr_ && bytes.front() != '\n') facts_.bare_cr_or_lf = true;
    const auto lf = bytes.find('\n');
    const ByteView part = bytes.substr(0, lf);  // npos: all
    if (!part.empty()) {
      for (std::size_t i = 0; i < part.size() && line_ + i < kReceived.size(); ++i) name_[line_ + i] = lower(part[i]);
      const bool eight_bit = std::any_of(part.begin(), part.end(), is_8bit);
      facts_.eight_bit |= eight_bit;
      facts_.eight_bit_header |= eight_bit && state_ == State::header;
      facts_.nul |= part.find('\0') != part.npos;
      // A CR that is not the last octet of the part is bare; the last one may yet get its LF.
      const auto cr = part.find('\r');
      if (cr != part.npos && cr + 1 < part.size()) facts_.bare_cr_or_lf = true;
      line_ += static_cast<std::uint32_t>(std::min<std::size_t>(part.size(), kMaxCountedLine - line_));
      cr_ = part.back() == '\r';
    }
    if (state_ == State::header) facts_.header_size += part.size();
    facts_.longest_line = std::max(facts_.longest_line, line_ - (cr_ ? 1 : 0));
    if (lf == bytes.npos) return;
    if (!cr_) facts_.bare_cr_or_lf = true;
    if (state_ == State::header) {
      ++facts_.header_size;
      end_header_line();
    }
    line_ = 0;
    cr_ = false;
    bytes.remove_prefix(lf + 1);
  }
}

void Ingest::end_header_line() {
  const std::uint32_t size = line_ - (cr_ ? 1 : 0);
  if (size == 0) {
    state_ = State::body;
    return;
  }
  if (size >= kReceived.size() && std::string_view(name_, kReceived.size()) == kReceived) ++facts_.received;
}

Task<void> Ingest::drain(Deadline deadline) {
  if (failed_) co_return;
  const auto written = co_await draft_->append(std::exchange(held_, ChunkList()), deadline);
  if (!written) failed_ = written.error();
}

Task<Result<std::shared_ptr<LetterDraft>>> Ingest::finish(Deadline deadline) {
  if (cr_) facts_.bare_cr_or_lf = true;
  if (watch_ && !watch_->begun) begin_body();
  facts_.sha256 = hash_.finish();
  co_await drain(deadline);
  if (failed_) co_return std::unexpected(*failed_);
  CO_TRY(co_await draft_->finish(deadline));
  co_return std::exchange(draft_, nullptr);
}

}  // namespace chappe::post
