#include "agents/imap/conversation.h"

#include <algorithm>

#include "agents/imap/commands/proceed.h"
#include "base/text.h"

namespace chappe::agents::imap {

using post::View;

namespace {

const Event kBad("imap.bye", Level::info, {"session", "why"},
                 "A client was sent away: why is timeout, refused (too much nonsense, or over a limit), or shutdown.");

// How long a reader waits before it looks again whether memory has become free.
constexpr Duration kBudgetPause = std::chrono::milliseconds(10);
constexpr Duration kRetry = std::chrono::seconds(1);  // after a mailbox could not be read, in IDLE
// A word from time to time keeps address translators from forgetting an idle connection.
constexpr Duration kStillHere = std::chrono::minutes(2);

wire::Limits limits_of(const Site& site) {
  wire::Limits limits;
  limits.append = site.limits.letter;
  limits.bad = static_cast<int>(site.limits.bad_commands);
  return limits;
}

}  // namespace

Conversation::Conversation(Session& session, bool tls)
    : session_(session),
      site_(session.site()),
      login_(session),
      receiver_(limits_of(site_)),
      login_by_(session.within(site_.limits.login)) {
  facts().tls = tls;
  facts().plain_login = tls;
  facts().can_starttls = !tls && site_.tls.load() != nullptr;
}

// --- answers

void Conversation::ok(const Call& call, ByteView code, ByteView text) {
  wire::write_status(out_, call.tag, "OK", code,
                     text.empty() ? fmt::format("{} completed", std::string_view(call.name)) : text);
}

void Conversation::no(const Call& call, ByteView code, ByteView text) {
  wire::write_status(out_, call.tag, "NO", code, text);
}

void Conversation::no(const Call& call, const Error& error) {
  // RFC 5530 §3: CLIENTBUG is for what only a broken client asks; a name that is not allowed is CANNOT.
  no(call, error.code() == Errc::invalid ? "CANNOT" : error_row(error.code()).imap, error.text());
}

void Conversation::bad(const Call& call, ByteView text) { wire::write_status(out_, call.tag, "BAD", {}, text); }

void Conversation::bye(ByteView code, ByteView text, ByteView why) {
  if (ending_) return;
  wire::write_untagged(out_, "BYE", code, text);
  if (why != "quit") site_.log.event(kBad, session_.id(), std::string_view(why));
  session_.ended(why);
  ending_ = true;
}

Bytes Conversation::capabilities() const {
  // RFC 9051 §6.1.1: both revisions; the list before login is short, as clients ask again afterwards.
  Bytes out = "IMAP4rev1 IMAP4rev2 LITERAL+ SASL-IR ENABLE ID";
  const wire::Facts& facts = receiver_.facts();
  if (facts.state == wire::State::not_authenticated) {
    if (facts.can_starttls && !facts.tls) out += " STARTTLS";
    if (!facts.plain_login) out += " LOGINDISABLED";
    for (const std::string& mechanism : Login::mechanisms(facts.tls)) out += " AUTH=" + mechanism;
    return out;
  }
  out +=
      " IDLE NAMESPACE UIDPLUS UNSELECT CHILDREN MOVE ESEARCH SEARCHRES WITHIN LIST-EXTENDED LIST-STATUS SPECIAL-USE"
      " CREATE-SPECIAL-USE STATUS=SIZE CONDSTORE QRESYNC BINARY SAVEDATE OBJECTID PREVIEW QUOTA"
      " QUOTA=RES-STORAGE QUOTA=RES-MESSAGE UTF8=ACCEPT APPENDLIMIT=";
  wire::write_number(out, receiver_.limits().append);
  return out;
}

Task<bool> Conversation::flush() {
  if (gone_) co_return false;
  if (out_.empty()) co_return true;
  Bytes octets = std::exchange(out_, {});
  ++flushes_;
  const auto sent = co_await session_.stream().write(std::move(octets), session_.within(kSend));
  if (!sent) gone_ = true;
  co_return !gone_;
}

Task<bool> Conversation::room() {
  if (out_.size() < kFlush) co_return !gone_;
  co_return co_await flush();
}

Task<bool> Conversation::send(ChunkList octets) {
  if (!co_await flush()) co_return false;
  const auto sent = co_await session_.stream().write(std::move(octets), session_.within(kSend));
  if (!sent) gone_ = true;
  co_return !gone_;
}

// --- the connection

Deadline Conversation::patience() {
  return facts().state == wire::State::not_authenticated ? login_by_ : session_.within(site_.limits.imap);
}

// Hands what was read to the machine, or ends the session.
void Conversation::fed(Result<Chunk> chunk) {
  if (chunk && !chunk->empty()) return receiver_.feed(std::move(*chunk));
  if (chunk || chunk.error().code() == Errc::closed) {
    gone_ = true;
  } else if (chunk.error().code() == Errc::timeout) {
    bye("", "you were quiet for too long", "timeout");  // RFC 9051 §5.4
  } else if (chunk.error().code() == Errc::cancelled) {
    bye("UNAVAILABLE", "the server is shutting down", "shutdown");
  } else {
    gone_ = true;
  }
}

Task<bool> Conversation::read(bool budgeted) {
  const Deadline until = patience();
  const Deadline memory = until.at_most(site_.limits.memory);
  while (!budgeted && site_.budget.over(Part::in_flight) && !memory.passed())
    (void)co_await net::sleep(session_.within(kBudgetPause));
  fed(co_await session_.stream().read(until));
  co_return !gone_ && !ending_;
}

Task<void> Conversation::run() {
  wire::write_untagged(out_, "OK", "CAPABILITY " + capabilities(), site_.hostname + " is ready");
  while (!gone_ && !ending_) {
    auto event = receiver_.next(out_);
    if (event) {
      co_await handle(std::move(*event));
      if (!co_await room()) break;
    } else if (!co_await flush() || !co_await read()) {
      break;
    }
  }
  selected.reset();
  if (gone_) co_return;
  co_await session_.close(std::exchange(out_, {}));
}

Task<void> Conversation::handle(wire::Event event) {
  if (auto* command = std::get_if<wire::Command>(&event)) {
    Call call{std::move(command->tag), command->name, command->uid};
    wire::Args args = std::move(command->args);
    co_await std::visit([&](auto& a) { return proceed(this, std::move(call), std::move(a)); }, args);
    // Long loops of short commands must let others run, too.
    co_await net::yield();
  } else if (std::holds_alternative<wire::Closed>(event)) {
    session_.ended("refused");
    site_.log.event(kBad, session_.id(), "refused");
    ending_ = true;
  }
  // Pieces, SASL responses and the end of IDLE belong to commands, which take them themselves.
}

Task<std::optional<wire::SaslResponse>> Conversation::take_sasl() {
  while (!gone_ && !ending_) {
    auto event = receiver_.next(out_);
    if (!event) {
      if (!co_await flush() || !co_await read()) break;
    } else if (auto* response = std::get_if<wire::SaslResponse>(&*event)) {
      co_return std::move(*response);
    } else {
      co_await handle(std::move(*event));
    }
  }
  co_return std::nullopt;
}

Task<Result<Lease>> Conversation::reserve(std::uint64_t size) {
  const Deadline until = session_.within(site_.limits.memory);
  for (;;) {
    auto lease = site_.budget.reserve(Part::in_flight, size);
    if (lease || lease.error().code() != Errc::busy || until.passed()) co_return lease;
    (void)co_await net::sleep(session_.within(kBudgetPause));
  }
}

Task<std::optional<Result<void>>> Conversation::take_letter(post::LetterDraft* draft) {
  Result<void> written;
  ChunkList held;
  while (!gone_ && !ending_) {
    auto event = receiver_.next(out_);
    if (!event) {
      if (!co_await flush() || !co_await read(true)) break;
    } else if (auto* piece = std::get_if<wire::AppendPiece>(&*event)) {
      if (!written) continue;
      held.append_compact(std::move(piece->octets));
      if (held.size() >= store::Flow::kExtent)
        written = co_await draft->append(std::exchange(held, {}), commit_deadline());
    } else if (std::holds_alternative<wire::AppendEnd>(*event)) {
      if (written) written = co_await draft->append(std::move(held), commit_deadline());
      if (written) written = co_await draft->finish(commit_deadline());
      co_return written;
    } else {
      co_await handle(std::move(*event));
      break;
    }
  }
  co_return std::nullopt;
}

Task<bool> Conversation::idle() {
  net::Event never;
  const Deadline end = session_.within(site_.limits.imap);
  for (;;) {
    while (auto event = receiver_.next(out_)) {
      if (auto* done = std::get_if<wire::IdleEnd>(&*event)) co_return done->done;
      co_await handle(std::move(*event));
    }
    if (!co_await flush() || ending_) co_return false;
    net::Event& changed = selected ? selected->view->changed() : never;
    const auto readable = co_await session_.stream().readable_or(changed, end.at_most(kStillHere));
    if (!readable && readable.error().code() == Errc::timeout && !end.passed()) {
      wire::write_untagged(out_, "OK", "", "still here");
    } else if (!readable) {
      fed(std::unexpected(readable.error()));
    } else if (*readable) {
      fed(co_await session_.stream().read(end));
    } else {
      if (!co_await announce(View::Expunges::announce)) (void)co_await net::sleep(end.at_most(kRetry));
    }
  }
}

// --- the selected mailbox

void Conversation::unselect() {
  selected.reset();
  last_look = {};
  facts().state = wire::State::authenticated;
}

void Conversation::write_flag_list(Bytes& to, const post::MessageState& state) const {
  static constexpr std::pair<post::Flag, ByteView> kFlags[] = {{post::Flag::answered, "\\Answered"},
                                                               {post::Flag::flagged, "\\Flagged"},
                                                               {post::Flag::deleted, "\\Deleted"},
                                                               {post::Flag::seen, "\\Seen"},
                                                               {post::Flag::draft, "\\Draft"}};
  // Without a list of its own: a client may ask for a million of these at once.
  char before = '(';
  const auto write = [&](ByteView name) {
    to += std::exchange(before, ' ');
    to += name;
  };
  for (const auto& [flag, name] : kFlags)
    if (state.flags.has(flag)) write(name);
  if (state.keywords.any())
    for (const std::string& name : selected->view->mailbox().keyword_names(state.keywords)) write(name);
  if (before == '(') to += before;
  to += ')';
}

void Conversation::write_flags_of(std::uint32_t seq, const post::MessageState& state, bool uid) {
  wire::write_fetch_head(out_, seq);
  out_ += "FLAGS ";
  write_flag_list(out_, state);
  if (uid || condstore) out_ += fmt::format(" UID {}", state.uid.value);
  if (condstore) out_ += fmt::format(" MODSEQ ({})", state.modseq.value);  // RFC 7162 §3.2.4
  out_ += ")\r\n";
}

void Conversation::write_mailbox_flags() {
  std::vector<Bytes> names = {"\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft"};
  for (const std::string& keyword : selected->view->mailbox().keywords()) names.push_back(keyword);
  out_ += "* FLAGS ";
  wire::write_flags(out_, names);
  out_ += "\r\n";
  Bytes code = "PERMANENTFLAGS ";
  if (selected->read_only) {
    code += "()";
  } else {
    names.emplace_back("\\*");
    wire::write_flags(code, names);
  }
  wire::write_untagged(out_, "OK", code, selected->read_only ? "nothing can be changed" : "these can be changed");
}

Task<bool> Conversation::announce(View::Expunges expunges, std::optional<post::ModSeq> own) {
  if (!selected) co_return true;
  View& view = *selected->view;
  const auto update = co_await view.update(expunges, deadline());
  if (!update) co_return false;
  if (update->empty()) co_return true;
  if (qresync) {
    std::vector<wire::Range> ranges;
    for (const auto& r : update->vanished.ranges()) ranges.push_back({r.first, r.last});
    wire::write_vanished(out_, false, ranges);
  } else {
    for (const std::uint32_t seq : update->expunged) wire::write_numbered(out_, seq, "EXPUNGE");
  }
  if (update->removed) {
    unselect();
    bye("", "the selected mailbox was deleted", "refused");
    co_return true;
  }
  if (update->keywords) write_mailbox_flags();
  if (update->grown) wire::write_numbered(out_, view.size(), "EXISTS");
  for (const std::uint32_t seq : update->flags) {
    const auto state = view.state(seq);
    if (!state || (own && state->modseq == *own)) continue;
    write_flags_of(seq, *state, false);
  }
  co_return true;
}

Task<void> Conversation::finish(Call call, Bytes code, Bytes text) {
  // RFC 9051 §7.5.1: the UID forms are other commands, in which EXPUNGE may be sent.
  const bool keep = !call.uid && (call.name == "FETCH" || call.name == "STORE" || call.name == "SEARCH");
  (void)co_await announce(keep ? View::Expunges::keep : View::Expunges::announce);
  if (!ending_) ok(call, code, text);
}

Result<std::vector<wire::Range>> Conversation::resolve(const wire::SequenceSet& set, bool uid) const {
  const View& view = *selected->view;
  std::vector<wire::Range> out;
  const auto add = [&](std::uint32_t first, std::uint32_t last) {  // UIDs
    const std::uint32_t end = last == UINT32_MAX ? view.size() + 1 : view.lower_bound({last + 1});
    first = view.lower_bound({first});
    if (first >= end) return;
    if (!out.empty() && out.back().last + 1 == first)
      out.back().last = end - 1;
    else
      out.push_back({first, end - 1});
  };
  if (set.is_saved_result()) {
    for (const auto& r : selected->saved.ranges()) add(r.first, r.last);
    return out;
  }
  if (uid) {
    for (const wire::Range& r : set.resolve(view.size() ? view.uid(view.size()).value : 0)) add(r.first, r.last);
    return out;
  }
  // An empty mailbox has no numbers at all; clients ask for 1:* there nevertheless, and mean nothing.
  if (set.largest() > view.size() && !(view.size() == 0 && set.has_star()))
    return fail(Errc::invalid, "there is no message number {}", set.largest());
  for (const wire::Range& r : set.resolve(view.size()))
    if (r.first <= view.size()) out.push_back({r.first, std::min(r.last, view.size())});
  return out;
}

post::UidSet Conversation::uids_of(std::span<const wire::Range> seqs) const {
  post::UidSet out;
  for (const wire::Range& r : seqs) out.add(selected->view->uid(r.first).value, selected->view->uid(r.last).value);
  return out;
}

}  // namespace chappe::agents::imap
