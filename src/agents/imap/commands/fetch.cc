// FETCH and UID FETCH (RFC 9051 §6.4.5, RFC 7162 §3.1.4, RFC 3516, RFC 8474, RFC 8970, RFC 8514).
//
// Messages are answered one after another, each with as little reading as its items need: flags from the open mailbox,
// dates and sizes from the record, headers and structure from the summary. What is a stretch of the stored octets is
// streamed from the store, so that no letter stands in memory, however large it is.
#include <algorithm>

#include "agents/door/pace.h"
#include "agents/imap/commands/proceed.h"
#include "agents/imap/letter_reader.h"
#include "agents/imap/part_decoder.h"
#include "base/text.h"
#include "proto/imap/envelope.h"
#include "proto/imap/section.h"

namespace chappe::agents::imap {

namespace {

using wire::FetchItem;
using Kind = FetchItem::Kind;

constexpr std::uint32_t kRecords = 200;  // read at a time
constexpr std::uint32_t kStates = 4096;  // answered in one turn, when nothing need be read
constexpr std::size_t kNamed = 20;       // messages that cannot be read, by UID

class Fetcher {
 public:
  Fetcher(Conversation* c, Call call, wire::Fetch args)
      : c_(c), call_(std::move(call)), args_(std::move(args)), pace_(c->site().clock) {}
  Task<void> run();

 private:
  Task<bool> mark_seen(std::span<const wire::Range> seqs);
  Task<bool> states(wire::Range seqs);
  void write_state(std::uint32_t seq, const post::MessageState& state);
  void write_item_of(const FetchItem& item, const post::MessageState& state);
  Task<bool> some(wire::Range seqs);
  Task<bool> one(std::uint32_t seq, post::MessageState state, post::MessageRecord record);
  Task<Result<void>> item(const FetchItem* item, LetterReader* reader, const post::MessageState* state);
  Task<Result<void>> described(const FetchItem* item, LetterReader* reader);
  Task<Result<void>> section(const FetchItem* item, LetterReader* reader);
  Task<Result<void>> binary(const FetchItem* item, LetterReader* reader);
  Task<Result<void>> preview(const FetchItem* item, LetterReader* reader);
  Task<Result<void>> stream(const FetchItem* item, LetterReader* reader, std::uint64_t offset, std::uint64_t size);
  Task<bool> there(post::Uid uid);
  void tell_damaged();
  Task<Result<void>> send_decoded(wire::EncodedPlace place, LetterReader* reader, std::optional<wire::Partial> partial);
  bool needs_record() const;
  void write_octets(const FetchItem& item, ByteView octets);

  Conversation* c_;
  Call call_;
  wire::Fetch args_;
  Pace pace_;
  std::vector<std::uint32_t> newly_seen_;  // ascending
  bool missing_ = false;                   // a message was expunged, and this client does not know yet
  bool unknown_encoding_ = false;
  std::vector<post::Uid> damaged_;  // ascending, of messages that were left out
  std::optional<Error> failed_;
};

bool Fetcher::needs_record() const {
  return std::ranges::any_of(args_.items, [](const FetchItem& i) {
    return i.kind != Kind::flags && i.kind != Kind::uid && i.kind != Kind::modseq;
  });
}

// RFC 9051 §6.4.5: reading sets \Seen, which the answer then tells. In one change for all, before the first octet.
// False: the command was answered.
Task<bool> Fetcher::mark_seen(std::span<const wire::Range> seqs) {
  const bool wanted = std::ranges::any_of(args_.items, [](const FetchItem& i) { return i.sets_seen(); });
  if (!wanted || c_->selected->read_only) co_return true;
  post::FlagChange change;
  change.flags.system.set(post::Flag::seen);
  std::vector<std::uint32_t> unseen;
  for (const wire::Range& r : seqs) {
    c_->selected->view->each(r.first, r.last, [&](std::uint32_t seq, const post::MessageState* state) {
      if (!state || state->flags.has(post::Flag::seen)) return true;
      change.uids.add(state->uid);
      unseen.push_back(seq);
      return true;
    });
  }
  if (unseen.empty()) co_return true;
  const auto done =
      co_await c_->mailboxes().store_flags(c_->account, c_->selected->id, std::move(change), c_->commit_deadline());
  if (!done) {
    c_->no(call_, done.error());
    co_return false;
  }
  newly_seen_ = std::move(unseen);
  // With the numbers kept: the messages of this command stay where they are.
  (void)co_await c_->announce(post::View::Expunges::keep, done->modseq);
  co_return !c_->ending();
}

Task<void> Fetcher::run() {
  if (args_.vanished && !c_->qresync)
    co_return c_->bad(call_, "VANISHED comes after ENABLE QRESYNC");  // RFC 7162 §3.2.6
  auto seqs = c_->resolve(args_.set, call_.uid);
  if (!seqs) co_return c_->bad(call_, seqs.error().text());
  if (args_.changed_since) c_->condstore = true;  // RFC 7162 §3.1
  const auto has = [&](Kind kind) {
    return std::ranges::any_of(args_.items, [&](const FetchItem& i) { return i.kind == kind; });
  };
  if (has(Kind::modseq)) c_->condstore = true;
  // RFC 9051 §6.4.9: the answers of a UID command tell the UID, asked or not; RFC 7162 §3.1.4.1: and the mod-sequence.
  if (call_.uid && !has(Kind::uid)) args_.items.insert(args_.items.begin(), FetchItem{.kind = Kind::uid});
  if (args_.changed_since && !has(Kind::modseq)) args_.items.push_back({.kind = Kind::modseq});
  if (args_.changed_since) {
    std::vector<std::uint32_t> changed;
    for (const wire::Range& r : *seqs) {
      c_->selected->view->each(r.first, r.last, [&](std::uint32_t seq, const post::MessageState* state) {
        if (state && state->modseq.value > *args_.changed_since) changed.push_back(seq);
        return true;
      });
    }
    *seqs = wire::to_ranges(changed);
  }
  if (args_.vanished) {
    const auto gone = co_await c_->mailboxes().expunged_since(c_->account, c_->selected->id,
                                                              post::ModSeq{*args_.changed_since}, c_->deadline());
    if (!gone) co_return c_->no(call_, gone.error());
    const auto asked = args_.set.resolve(UINT32_MAX);
    std::vector<wire::Range> vanished;
    for (std::size_t i = 0, j = 0; i < gone->ranges().size() && j < asked.size();) {
      const auto& g = gone->ranges()[i];
      const wire::Range common{std::max(g.first, asked[j].first), std::min(g.last, asked[j].last)};
      if (common.first <= common.last) vanished.push_back(common);
      if (g.last < asked[j].last)
        ++i;
      else
        ++j;
    }
    wire::write_vanished(c_->out(), true, vanished);
  }
  if (!co_await mark_seen(*seqs)) co_return;
  const bool reads = needs_record();
  for (const wire::Range& r : *seqs) {
    const bool there = reads ? co_await some(r) : co_await states(r);
    if (!there) co_return;
  }
  if (!damaged_.empty()) co_return tell_damaged();
  if (failed_) co_return c_->no(call_, *failed_);
  if (unknown_encoding_) co_return c_->no(call_, "UNKNOWN-CTE", "a part has a transfer encoding that nobody knows");
  co_await c_->finish(call_, missing_ ? "EXPUNGEISSUED" : "");  // RFC 5530 §3
}

// What the open mailbox knows of these messages, at the speed of memory. False: the client is gone.
Task<bool> Fetcher::states(wire::Range seqs) {
  const post::View& view = *c_->selected->view;
  while (seqs.first <= seqs.last) {
    std::uint32_t left = kStates;
    seqs.first = view.each(seqs.first, seqs.last, [&](std::uint32_t seq, const post::MessageState* state) {
      if (state)
        write_state(seq, *state);
      else
        missing_ = true;
      return --left > 0 && c_->out().size() < Conversation::kFlush;
    });
    co_await pace_;
    if (!co_await c_->room()) co_return false;
  }
  co_return true;
}

void Fetcher::write_state(std::uint32_t seq, const post::MessageState& state) {
  Bytes& out = c_->out();
  wire::write_fetch_head(out, seq);
  for (const FetchItem& i : args_.items) {
    if (&i != &args_.items.front()) out += ' ';
    write_item_of(i, state);
  }
  out += ")\r\n";
}

// FLAGS, UID or MODSEQ, with its name.
void Fetcher::write_item_of(const FetchItem& item, const post::MessageState& state) {
  Bytes& out = c_->out();
  switch (item.kind) {
    case Kind::flags:
      out += "FLAGS ";
      return c_->write_flag_list(out, state);
    case Kind::uid:
      out += "UID ";
      return wire::write_number(out, state.uid.value);
    default:
      out += "MODSEQ (";  // RFC 7162 §3.1.4
      wire::write_number(out, state.modseq.value);
      out += ')';
  }
}

// Answers these messages, reading what they need. False: the client is gone.
Task<bool> Fetcher::some(wire::Range seqs) {
  std::vector<post::MessageRecord> records;
  std::size_t next = 0;
  const post::View& view = *c_->selected->view;
  for (std::uint32_t seq = seqs.first; seq <= seqs.last; ++seq) {
    co_await pace_;
    const auto state = view.state(seq);
    if (!state) {
      missing_ = true;
      continue;
    }
    if (next == records.size()) {
      // A run of neighbours is read at once; between two of them no other message can be.
      const std::uint32_t run = std::min(kRecords, seqs.last - seq + 1);
      auto read = co_await c_->mailboxes().messages(c_->account, c_->selected->id, state->uid, view.uid(seq + run - 1),
                                                    run, c_->deadline());
      if (!read) {
        failed_ = std::move(read.error());
        co_return true;
      }
      records = std::move(*read);
      next = 0;
    }
    while (next < records.size() && records[next].uid < state->uid) ++next;
    if (next == records.size() || records[next].uid != state->uid) {
      missing_ = true;
      continue;
    }
    if (!co_await one(seq, *state, records[next++])) co_return false;
  }
  co_return true;
}

Task<bool> Fetcher::one(std::uint32_t seq, post::MessageState state, post::MessageRecord record) {
  LetterReader reader(c_, std::move(record));
  Bytes& out = c_->out();
  const std::size_t start = out.size();
  const std::uint64_t flushes = c_->flushes();
  wire::write_fetch_head(out, seq);
  bool flags = false;
  for (const FetchItem& i : args_.items) {
    if (&i != &args_.items.front()) out += ' ';
    flags = flags || i.kind == Kind::flags;
    auto done = co_await item(&i, &reader, &state);
    if (c_->gone()) co_return false;
    if (done) continue;
    // What was begun cannot be taken back once it was sent; else the message is left out of the answer.
    if (c_->flushes() != flushes) {
      c_->broken();
      co_return false;
    }
    out.resize(start);
    const Errc code = done.error().code();
    if (code == Errc::corrupt || (code == Errc::not_found && co_await there(state.uid)))
      damaged_.push_back(state.uid);
    else if (code == Errc::not_found)
      missing_ = true;
    else if (code == Errc::unsupported)
      unknown_encoding_ = true;
    else
      failed_ = std::move(done.error());
    co_return true;
  }
  if (!flags && std::ranges::binary_search(newly_seen_, seq)) {
    out += " FLAGS ";
    c_->write_flag_list(out, state);
  }
  out += ")\r\n";
  co_return co_await c_->room();
}

// Whether a message of which something is missing has not simply been expunged meanwhile.
Task<bool> Fetcher::there(post::Uid uid) {
  const auto record = co_await c_->mailboxes().message(c_->account, c_->selected->id, uid, c_->deadline());
  co_return record && *record;
}

// All other messages were answered, but those that were asked for are not all there: RFC 9051 §6.4.5, "NO - fetch
// error: can't fetch that data"; §7.1, CORRUPTION. The code says nothing of which ones, so the text does.
void Fetcher::tell_damaged() {
  std::string uids;
  for (std::size_t i = 0; i < std::min(damaged_.size(), kNamed); ++i)
    uids += fmt::format("{}{}", i == 0 ? "" : ",", damaged_[i].value);
  if (damaged_.size() > kNamed) uids += fmt::format(" and {} more", damaged_.size() - kNamed);
  c_->no(call_, error_row(Errc::corrupt).imap, fmt::format("damaged, and left out: UID {}", uids));
}

Task<Result<void>> Fetcher::item(const FetchItem* item, LetterReader* reader, const post::MessageState* state) {
  Bytes& out = c_->out();
  const post::MessageRecord& record = reader->record();
  switch (item->kind) {
    case Kind::section:
    case Kind::rfc822:
    case Kind::rfc822_header:
    case Kind::rfc822_text:
      co_return co_await section(item, reader);
    case Kind::binary:
    case Kind::binary_size:
      co_return co_await binary(item, reader);
    case Kind::preview:
      co_return co_await preview(item, reader);
    case Kind::envelope:
    case Kind::body:
    case Kind::body_structure:
      co_return co_await described(item, reader);
    case Kind::flags:
    case Kind::uid:
    case Kind::modseq:
      write_item_of(*item, *state);
      co_return Result<void>();
    default:
      break;
  }
  wire::write_item_name(out, *item);
  out += ' ';
  switch (item->kind) {
    case Kind::internaldate:
      wire::write_date_time(out, record.internal_date);
      break;
    case Kind::savedate:
      wire::write_date_time(out, record.saved);
      break;
    case Kind::rfc822_size:
      wire::write_number(out, reader->size());
      break;
    case Kind::emailid:
      out += fmt::format("(M{})", record.email.text());
      break;
    case Kind::threadid:
      if (record.thread == 0)
        out += "NIL";  // it came before threads were kept
      else
        out += fmt::format("(T{:x})", record.thread);  // RFC 8474 §5.2
      break;
    default:
      break;
  }
  co_return Result<void>();
}

// What is told about a letter's header or structure.
Task<Result<void>> Fetcher::described(const FetchItem* item, LetterReader* reader) {
  const post::SharedSummary summary = CO_TRY(co_await reader->summary());
  const message::Letter& outline = summary->outline;
  Bytes& out = c_->out();
  wire::write_item_name(out, *item);
  out += ' ';
  if (item->kind == Kind::envelope)
    wire::write_envelope(out, outline, outline.root(), c_->utf8());
  else
    wire::write_body_structure(out, outline, item->kind == Kind::body_structure, c_->utf8());
  co_return Result<void>();
}

// RFC822, RFC822.HEADER and RFC822.TEXT are BODY[], BODY[HEADER] and BODY[TEXT] under another name (RFC 3501 §6.4.5).
wire::Section section_of(const FetchItem& item) {
  using What = wire::Section::What;
  switch (item.kind) {
    case Kind::rfc822_header:
      return {.what = What::header};
    case Kind::rfc822_text:
      return {.what = What::text};
    default:
      return item.section;
  }
}

void Fetcher::write_octets(const FetchItem& item, ByteView octets) {
  const wire::Place part = wire::clip(octets.size(), item.partial);
  wire::write_item_name(c_->out(), item);
  c_->out() += ' ';
  wire::write_literal_head(c_->out(), part.size);
  c_->out() += octets.substr(part.offset, part.size);
}

Task<Result<void>> Fetcher::section(const FetchItem* item, LetterReader* reader) {
  using What = wire::Section::What;
  const wire::Section section = section_of(*item);
  const bool top = section.part.empty();
  if (top && section.what == What::all) co_return co_await stream(item, reader, 0, reader->size());
  const post::SharedSummary summary = CO_TRY(co_await reader->summary());
  auto found = wire::find_octets(summary->outline, section);
  if (!found) {
    wire::write_item_name(c_->out(), *item);
    c_->out() += " NIL";
    co_return Result<void>();
  }
  if (const auto* place = std::get_if<wire::Place>(&*found))
    co_return co_await stream(item, reader, place->offset, place->size);
  // Fields by name. Those that are not kept are looked up in the header, which alone is read.
  if (section.what != What::header_fields || !summary->has_fields(section.fields)) {
    const message::Part* part = summary->outline.find_section(section.part);
    if (!top) part = summary->outline.inner(*part);
    const SharedLetter header = CO_TRY(co_await reader->header_of(part->begin, part->body));
    found = wire::find_octets(header->letter, {.what = section.what, .fields = section.fields});
  }
  write_octets(*item, std::get<Bytes>(*found));
  co_return Result<void>();
}

// [offset, offset + size) of the letter, or the part of it that was asked for, as a literal.
Task<Result<void>> Fetcher::stream(const FetchItem* item, LetterReader* reader, std::uint64_t offset,
                                   std::uint64_t size) {
  const wire::Place part = wire::clip(size, item->partial);
  std::uint64_t at = offset + part.offset;
  std::uint64_t left = part.size;
  // All of it before the literal is announced: until then a failure can still be told, and only this message be left
  // out. What is longer than a stretch is read twice.
  for (std::uint64_t seen = Conversation::kStream; seen < left; seen += Conversation::kStream) {
    CO_TRY(co_await reader->octets(at + seen, std::min<std::uint64_t>(left - seen, Conversation::kStream)));
    co_await pace_;
    if (c_->gone()) co_return fail(Errc::closed, "the client is gone");
  }
  ChunkList first;
  if (left > 0) first = CO_TRY(co_await reader->octets(at, std::min<std::uint64_t>(left, Conversation::kStream)));
  wire::write_item_name(c_->out(), *item);
  c_->out() += ' ';
  wire::write_literal_head(c_->out(), left);
  if (left <= Conversation::kFlush) {
    if (first.size() != left) co_return fail(Errc::corrupt, "the letter is shorter than its record says");
    for (const Chunk& chunk : first.chunks()) c_->out() += chunk.view();
    co_return Result<void>();
  }
  while (left > 0) {
    const std::uint64_t wanted = std::min<std::uint64_t>(left, Conversation::kStream);
    if (first.empty()) {
      auto more = co_await reader->octets(at, wanted);
      if (more) first = std::move(*more);
    }
    if (first.size() != wanted) {
      c_->broken();
      co_return fail(Errc::corrupt, "the letter ends before its size");
    }
    if (!co_await c_->send(std::exchange(first, {}))) co_return fail(Errc::closed, "the client is gone");
    at += wanted;
    left -= wanted;
  }
  co_return Result<void>();
}

// RFC 3516 §4.2, §4.3. A literal is announced with its size and kind, so a large part is decoded twice.
Task<Result<void>> Fetcher::binary(const FetchItem* item, LetterReader* reader) {
  const post::SharedSummary summary = CO_TRY(co_await reader->summary());
  const auto place = CO_TRY(wire::find_encoded(summary->outline, item->section));
  const bool only_size = item->kind == Kind::binary_size;
  std::uint64_t whole = 0;
  std::uint64_t size = 0;
  bool nul = false;
  Bytes small;
  if (place) {
    PartDecoder decoded(reader, *place);
    while (const auto piece = CO_TRY(co_await decoded.next())) {
      const ByteView asked = within(*piece, whole, item->partial);
      whole += piece->size();
      size += asked.size();
      nul = nul || asked.contains('\0');
      if (!only_size && size <= Conversation::kFlush) small += asked;
    }
  }
  Bytes& out = c_->out();
  wire::write_item_name(out, *item);
  out += ' ';
  if (only_size) {
    wire::write_number(out, whole);
  } else if (!place) {
    out += "NIL";
  } else {
    if (nul) out += '~';
    wire::write_literal_head(out, size);
    if (size <= Conversation::kFlush) {
      out += small;
      co_return Result<void>();
    }
    co_return co_await send_decoded(*place, reader, item->partial);
  }
  co_return Result<void>();
}

Task<Result<void>> Fetcher::send_decoded(wire::EncodedPlace place, LetterReader* reader,
                                         std::optional<wire::Partial> partial) {
  PartDecoder decoded(reader, place);
  for (std::uint64_t at = 0;;) {
    const auto piece = co_await decoded.next();
    if (!piece) {
      c_->broken();
      co_return std::unexpected(piece.error());
    }
    if (!*piece) co_return Result<void>();
    const ByteView asked = within(**piece, at, partial);
    at += (*piece)->size();
    if (!asked.empty() && !co_await c_->send(ChunkList(asked))) co_return fail(Errc::closed, "the client is gone");
  }
}

Task<Result<void>> Fetcher::preview(const FetchItem*, LetterReader* reader) {
  const post::SharedSummary summary = CO_TRY(co_await reader->summary());
  c_->out() += "PREVIEW ";
  if (summary->preview)
    wire::write_string(c_->out(), *summary->preview, c_->utf8());
  else
    c_->out() += "NIL";
  co_return Result<void>();
}

}  // namespace

Task<void> proceed(Conversation* c, Call call, wire::Fetch args) {
  Fetcher fetcher(c, std::move(call), std::move(args));
  co_await fetcher.run();
}

}  // namespace chappe::agents::imap
