// APPEND (RFC 9051 §6.3.12, RFC 4315 §3). The answer comes when the letter is durable, never before.
#include "agents/imap/commands/proceed.h"
#include "base/text.h"

namespace chappe::agents::imap {

post::FlagList to_flag_list(const std::vector<Bytes>& flags) {
  static constexpr std::pair<ByteView, post::Flag> kFlags[] = {{"\\Answered", post::Flag::answered},
                                                               {"\\Flagged", post::Flag::flagged},
                                                               {"\\Deleted", post::Flag::deleted},
                                                               {"\\Seen", post::Flag::seen},
                                                               {"\\Draft", post::Flag::draft}};
  post::FlagList out;
  for (const Bytes& flag : flags) {
    bool system = false;
    for (const auto& [name, bit] : kFlags) {
      if (flag != name) continue;
      out.system.set(bit);
      system = true;
    }
    if (!system) out.keywords.push_back(flag);
  }
  return out;
}

namespace {

// An extent on its way into the store, and the next one on its way in.
constexpr std::uint64_t kHeld = 2 * store::Flow::kExtent;

Bytes refusal(const Call& call, ByteView code, ByteView text) {
  Bytes out;
  wire::write_status(out, call.tag, "NO", code, text);
  return out;
}

}  // namespace

Task<void> proceed(Conversation* c, Call call, wire::Append args) {
  const auto refuse = [&](ByteView code, ByteView text) {
    c->receiver().refuse_append(refusal(call, code, text), c->out());
  };
  const auto info = co_await c->mailboxes().find(c->account, args.mailbox, c->deadline());
  if (!info) {
    // RFC 9051 §6.3.12: TRYCREATE tells that CREATE would help.
    const bool missing = info.error().code() == Errc::not_found;
    co_return refuse(missing ? "TRYCREATE" : error_row(info.error().code()).imap, info.error().text());
  }
  if (args.size == 0) co_return refuse("CANNOT", "a letter has at least one octet");
  const auto usage = co_await c->mailboxes().usage(c->account, c->deadline());
  if (usage && !usage->holds(args.size)) co_return refuse("OVERQUOTA", "the mailbox is full");
  // What is held of it at a time.
  const auto memory = co_await c->reserve(std::min<std::uint64_t>(args.size, kHeld));
  if (!memory) co_return refuse("LIMIT", "too many letters are under way; try again later");  // RFC 5530 §3
  c->receiver().accept_append(c->out());
  const auto draft = c->mailboxes().draft();
  const auto written = co_await c->take_letter(draft.get());
  if (!written) co_return;
  if (!*written) co_return c->no(call, written->error());
  std::vector<post::NewMessage> messages;
  messages.push_back({.octets = {}, .draft = draft, .flags = to_flag_list(args.flags), .internal_date = args.date});
  const auto done = co_await c->mailboxes().append(c->account, info->id, std::move(messages), c->commit_deadline());
  if (!done)
    co_return c->no(call, done.error().code() == Errc::not_found ? "TRYCREATE" : error_row(done.error().code()).imap,
                    done.error().text());
  co_await c->finish(std::move(call), wire::append_uid_code(done->uidvalidity, done->uids.front().value));
}

}  // namespace chappe::agents::imap
