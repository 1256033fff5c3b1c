#include "post/mailbox/summary.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "codec/utf8.h"
#include "message/body.h"
#include "message/html.h"
#include "message/letter_stream.h"
#include "store/record.h"

namespace chappe::post {

using message::Field;
using message::kNone;
using message::Letter;
using message::Part;
using store::RecordReader;
using store::RecordWriter;

namespace {

constexpr std::uint8_t kVersion = 2;                // 1 had no previews of HTML
constexpr std::size_t kMaxParts = kLook.parts - 1;  // of a letter that is not absurd
constexpr std::size_t kAtOnce = 256 * 1024;         // octets that are read before others get their turn
constexpr std::size_t kPreviewText = 4096;          // octets of text that a preview is made from

// The fields that are kept of the letter, and of messages in it. A number on disk is the place in this list, from 1:
// add at the end, with a new version of the row, for a row of an older one does not tell that a field is not there.
constexpr auto kOfMessages = std::to_array<ByteView>({"Date",
                                                      "Subject",
                                                      "From",
                                                      "Sender",
                                                      "Reply-To",
                                                      "To",
                                                      "Cc",
                                                      "Bcc",
                                                      "In-Reply-To",
                                                      "Message-ID",
                                                      "References",
                                                      "MIME-Version",
                                                      "Content-Type",
                                                      "List-Id",
                                                      "List-Post",
                                                      "List-Unsubscribe",
                                                      "X-Priority",
                                                      "Importance",
                                                      "Priority",
                                                      "List-Unsubscribe-Post",
                                                      "Newsgroups",
                                                      "Content-Transfer-Encoding",
                                                      "Content-ID",
                                                      "Content-Description",
                                                      "Content-Disposition",
                                                      "Content-Language",
                                                      "Content-Location",
                                                      "Content-MD5",
                                                      "X-Uniform-Type-Identifier",
                                                      "X-Universally-Unique-Identifier",
                                                      "List-Help",
                                                      "List-Subscribe",
                                                      "Disposition-Notification-To",
                                                      "Chat-Version",
                                                      "X-K9mail-Identity"});

// 0: not kept.
std::size_t number_of(const Field& field) {
  for (std::size_t i = 0; i < kOfMessages.size(); ++i)
    if (field.is(kOfMessages[i])) return i + 1;
  return 0;
}

bool kept(const Letter& letter, const Part& part, std::size_t number) {
  if (number == 0) return false;
  const bool message = part.parent == kNone || letter.part(part.parent).kind == Part::Kind::message;
  return message || istarts_with(kOfMessages[number - 1], "content-");
}

constexpr std::uint8_t kHasPreview = 1;
constexpr std::uint8_t kAbsurd = 2;

constexpr std::uint8_t kKindBits = 3;
constexpr std::uint8_t kClosed = 4;
constexpr std::uint8_t kBlankLine = 8;

Bytes absurd(std::uint64_t size) { return RecordWriter(kVersion).u8(kAbsurd).number(size).take(); }

}  // namespace

bool Summary::has_fields(std::span<const Bytes> names) const {
  if (all_fields) return true;
  return std::ranges::all_of(names, [](const Bytes& name) {
    return std::ranges::any_of(kOfMessages, [&](ByteView known) { return iequals(known, name); });
  });
}

// --- the stored form

Bytes encode_summary(std::uint64_t size, const Letter& outline, const std::optional<Bytes>& preview,
                     std::uint64_t front, const Letter* header) {
  if (outline.parts().size() > kMaxParts) return absurd(size);
  const std::vector<std::size_t> lines = outline.body_lines();
  RecordWriter w(kVersion);
  w.u8(preview ? kHasPreview : 0).number(size);
  if (preview) w.text(*preview);
  w.number(outline.parts().size());
  std::size_t octets = 0;
  std::uint64_t before = 0;
  // What is behind the header moves with its end.
  const std::uint64_t shift = front + (header ? header->root().body - outline.root().body : 0);
  for (const Part& p : outline.parts()) {
    w.u8(static_cast<std::uint8_t>(static_cast<std::uint8_t>(p.kind) | (p.closed ? kClosed : 0) |
                                   (p.blank_line ? kBlankLine : 0)));
    w.number(p.parent == kNone ? 0 : p.index - p.parent);
    // The front belongs to the header of the letter.
    const bool root = p.parent == kNone;
    const std::uint64_t more = root ? front : 0;
    const std::uint64_t begin = root ? 0 : p.begin + shift;
    const std::uint64_t head = root ? p.body + shift : p.body - p.begin;
    w.number(begin - before).number(head).number(p.end - p.body).number(lines[p.index]);
    w.text(p.type).text(p.subtype);
    before = begin;
    std::vector<std::pair<std::size_t, const Field*>> fields;
    for (const Field& f : root&& header ? header->fields() : outline.fields(p))
      if (const std::size_t n = number_of(f); kept(outline, p, n)) fields.emplace_back(n, &f);
    w.number(fields.size());
    for (const auto& [number, field] : fields) {
      ByteView raw = field->raw();
      octets += raw.size();
      if (octets > kMaxSummary) return absurd(size);
      // As RFCs spell it, mostly; otherwise with its name.
      const ByteView name = kOfMessages[number - 1];
      const bool usual = raw.starts_with(name) && raw.substr(name.size()).starts_with(": ");
      w.u8(static_cast<std::uint8_t>(usual ? number : 0)).number(field->offset() - p.begin + more);
      w.text(usual ? raw.substr(name.size() + 2) : raw);
    }
  }
  Bytes out = w.take();
  return out.size() > kMaxSummary ? absurd(size) : out;
}

Result<std::optional<Summary>> decode_summary(ByteView bytes) {
  RecordReader r(bytes, kVersion);
  const std::uint8_t bits = r.u8();
  const std::uint64_t size = r.number();
  if (bits & ~(kHasPreview | kAbsurd) || size > Letter::kMaxSize) r.fail_here();
  if (bits & kAbsurd) {
    TRY(r.finish("a summary of a letter"));
    return std::optional<Summary>();
  }
  std::optional<Bytes> preview;
  if (bits & kHasPreview) preview = r.text();
  const std::uint64_t parts = r.number();
  if (parts == 0 || parts > kMaxParts) r.fail_here();
  message::OutlineBuilder builder;
  std::vector<std::pair<Part::Kind, std::uint32_t>> made;  // each part's kind, and how many parts are in it
  std::uint64_t before = 0;
  for (std::uint32_t index = 0; index < parts && r.ok(); ++index) {
    Part p;
    const std::uint8_t shape = r.u8();
    const std::uint64_t up = r.number();
    p.begin = before + std::min<std::uint64_t>(r.number(), size);
    p.body = p.begin + std::min<std::uint64_t>(r.number(), size);
    p.end = p.body + std::min<std::uint64_t>(r.number(), size);
    const std::uint64_t lines = r.number();
    p.type = r.text();
    p.subtype = r.text();
    before = p.begin;
    if ((shape & kKindBits) > 2 || (shape & ~(kKindBits | kClosed | kBlankLine)) != 0 || p.end > size ||
        (index == 0 ? up != 0 : up == 0 || up > index))
      r.fail_here();
    if (!r.ok()) break;
    p.kind = static_cast<Part::Kind>(shape & kKindBits);
    p.closed = shape & kClosed;
    p.blank_line = shape & kBlankLine;
    p.parent = index == 0 ? kNone : index - static_cast<std::uint32_t>(up);
    if (p.parent != kNone) ++made[p.parent].second;
    made.emplace_back(p.kind, 0);
    builder.add_part(p, lines);
    const std::uint64_t fields = r.number();
    for (std::uint64_t f = 0; f < fields && r.ok(); ++f) {
      const std::uint8_t number = r.u8();
      const std::uint64_t offset = r.number();
      const ByteView text = r.text();
      if (number > kOfMessages.size() || offset > size) r.fail_here();
      if (!r.ok()) break;
      if (number == 0)
        builder.add_field(text, p.begin + offset);
      else
        builder.add_field(Bytes(kOfMessages[number - 1]) + ": " + Bytes(text), p.begin + offset);
    }
  }
  for (const auto& [kind, children] : made) {
    const bool fits = kind == Part::Kind::leaf      ? children == 0
                      : kind == Part::Kind::message ? children == 1
                                                    : children > 0;
    if (!fits) r.fail_here();
  }
  TRY(r.finish("a summary of a letter"));
  return std::optional<Summary>(Summary{size, builder.take(), std::move(preview), false});
}

// --- from a letter

namespace {

// A blank, or what newsletters put behind their first words so that nothing else is shown beside them.
bool pads(char32_t c) {
  return c == ' ' || c < 0x20 || c == 0x7f || c == 0xa0 || c == 0xad || c == 0x34f || (c >= 0x2000 && c <= 0x200f) ||
         c == 0x2060 || c == 0xfeff;
}

}  // namespace

std::optional<Bytes> preview_of(const Letter& outline) {
  const Part* const text = outline.lead_part();
  if (!text) return std::nullopt;
  const ByteView lead = outline.lead_octets();
  std::string body;
  if (text->is("text", "html"))
    body = message::html_text(message::decode_text_octets(outline, *text, lead, nullptr, lead.size()), kPreviewText);
  else
    body = message::decode_text_octets(outline, *text, lead, nullptr, kPreviewText);
  Bytes line;
  std::size_t characters = 0;
  bool blank = false;
  for (ByteView left = body; !left.empty();) {
    const ByteView before = left;
    const char32_t c = codec::take_utf8(left);
    if (pads(c)) {
      blank = !line.empty();
      continue;
    }
    if (characters + blank >= kMaxPreview) break;
    if (blank) line += ' ';
    characters += 1u + blank;
    blank = false;
    line += before.substr(0, before.size() - left.size());
  }
  return line;
}

Digest digest_of(std::uint64_t size, const Letter& outline, std::uint64_t front, const Letter* header) {
  Digest out{{}, clues_of(header ? *header : outline)};
  // What begins with neither a field nor an empty line may be read in another way behind other fields.
  const Part& root = outline.root();
  const auto found = [&](message::Finding what) {
    return outline.findings().has(what) || (header && header->findings().has(what));
  };
  const bool odd = front > 0 && ((root.body == 0 && root.end > 0) || found(message::Finding::mbox_from));
  const bool much = found(message::Finding::too_many_fields) || found(message::Finding::too_many_parts);
  out.summary = odd || much ? absurd(size) : encode_summary(size, outline, preview_of(outline), front, header);
  return out;
}

net::Task<Result<void>> LetterDraft::append(ChunkList octets, net::Deadline deadline) {
  for (const Chunk& chunk : octets.chunks()) look_.feed(chunk.view());
  co_return co_await store::Draft::append(std::move(octets), deadline);
}

void LetterDraft::set_header(ByteView header) {
  look_.feed(header);
  header_ = header.size();
}

Digest LetterDraft::digest(std::uint64_t front, ByteView header) {
  if (!outline_) outline_ = look_.finish();
  const std::uint64_t whole = front + header.size() + size();
  // Somebody appended without our knowing, or it is more than can be looked at.
  if (outline_->root().end != header_ + size()) return {absurd(whole), {}};
  if (header_ == 0) return digest_of(whole, *outline_, front);
  const Letter now(header, kLook);
  return digest_of(whole, *outline_, front, &now);
}

net::Task<Result<std::shared_ptr<LetterDraft>>> letter_draft_of(store::Store* store, store::BodyId id, ChunkList octets,
                                                                net::Deadline deadline) {
  auto draft = std::make_shared<LetterDraft>(*store, id);
  ChunkList some;
  for (const Chunk& chunk : octets.chunks()) {
    some.append(chunk);
    if (some.size() < kAtOnce) continue;
    CO_TRY(co_await draft->append(std::exchange(some, {}), deadline));
    co_await net::yield();
  }
  CO_TRY(co_await draft->append(std::move(some), deadline));
  CO_TRY(co_await draft->finish(deadline));
  co_return draft;
}

// --- beside the body

Bytes summary_key(const store::BodyId& body) {
  return store::KeyWriter(store::kSystemAccount, store::Space::body_summary).rest(body.view()).take();
}

Result<void> release_body(store::Txn& txn, const store::BodyId& body, std::uint32_t count) {
  TRY(store::Bodies::release(txn, body, count));
  if (!TRY(store::Bodies::exists(txn, body))) txn.remove(summary_key(body));
  return {};
}

}  // namespace chappe::post
