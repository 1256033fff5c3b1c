// The methods of care: letters in and out of mailboxes for export and import, deleted mail, legal hold.
#include <map>

#include "agents/control/params.h"
#include "base/text.h"
#include "codec/base64.h"
#include "message/letter.h"
#include "message/words.h"
#include "post/mailbox/records.h"

namespace chappe::agents::control {
namespace {

using codec::json::Writer;
using post::AccountId;
using post::Flag;

constexpr std::size_t kPageOctets = 1024 * 1024;      // when `octets` is not given
constexpr std::size_t kMostOctets = 8 * 1024 * 1024;  // of one answer
constexpr std::size_t kMostLetters = 1000;            // of one store.append
constexpr std::size_t kMostSums = 1000;               // of one store.sums
constexpr std::uint64_t kHead = 16 * 1024;            // of a letter, to say what it is about
constexpr std::size_t kMostDeleted = 200;             // rows of a list for which letters are opened

struct FlagRow {
  Flag flag;
  std::string_view name;
};
constexpr FlagRow kFlags[] = {{Flag::answered, "\\Answered"},
                              {Flag::flagged, "\\Flagged"},
                              {Flag::deleted, "\\Deleted"},
                              {Flag::seen, "\\Seen"},
                              {Flag::draft, "\\Draft"}};

void write_flags(Writer& w, post::Flags flags, const std::vector<std::string>& keywords) {
  w.key("flags").begin_array();
  for (const FlagRow& row : kFlags)
    if (flags.has(row.flag)) w.value(row.name);
  for (const std::string& keyword : keywords) w.value(keyword);
  w.end_array();
}

Result<post::FlagList> flags_of(const Value& letter) {
  post::FlagList out;
  const Value* flags = letter.find("flags");
  if (!flags) return out;
  for (const Value& item : flags->items()) {
    const std::string_view name = TRY(item.as_string());
    const auto row = std::ranges::find_if(kFlags, [&](const FlagRow& r) { return iequals(r.name, name); });
    if (row != std::end(kFlags))
      out.system.set(row->flag);
    else
      out.keywords.emplace_back(name);
  }
  return out;
}

Task<Result<AccountId>> account_of(const Office* office, const Call* call, std::string_view param) {
  const std::string address = text_of(*call, param);
  co_return CO_TRY(co_await office->directory->show_account(address, call->deadline)).id;
}

// Also one that was removed: the one that went last, if several had the address.
Task<Result<AccountId>> past_account_of(const Office* office, const Call* call) {
  const std::string address = text_of(*call, "account");
  const auto there = co_await office->directory->show_account(address, call->deadline);
  if (there) co_return there->id;
  if (there.error().code() != Errc::not_found) co_return std::unexpected(there.error());
  const auto key = CO_TRY(post::AddressKey::parse(address));
  AccountId found;
  for (const auto& removed : CO_TRY(co_await office->directory->list_removed(call->deadline)))
    if (removed.address == key) found = removed.id;
  if (!found) co_return std::unexpected(there.error());
  co_return found;
}

Result<post::KeptQuery> query_of(const Call& call) {
  post::KeptQuery out;
  out.since = TRY(time_of(call, "since")).value_or(Time());
  out.mailbox = text_of(call, "mailbox");
  return out;
}

// Where the next page begins, as it is given to clients and comes back.
Result<Bytes> cursor_of(const Call& call) {
  const auto text = maybe_text(call, "after");
  if (!text) return Bytes();
  auto key = codec::base64url_decode(*text);
  if (!key) return fail(Errc::invalid, "'after' is not what an answer gave");
  return std::move(*key);
}
void write_next(Writer& w, const std::optional<Bytes>& next) {
  if (next) w.field("next", codec::base64url_encode(*next));
}

struct Head {
  std::string from, subject;
};
Task<Result<Head>> head_of(const Office* office, store::BodyRef body, Deadline deadline) {
  Head out;
  const auto octets = co_await office->mailboxes->read(body, 0, std::min(body.size, kHead), deadline);
  if (!octets && octets.error().code() == Errc::not_found) co_return out;
  if (!octets) co_return std::unexpected(octets.error());
  const Bytes bytes = octets->flatten();
  const message::Letter letter(bytes);
  if (const auto* field = letter.find(message::FieldName::from))
    out.from = message::decode_text(message::unfold(field->value()));
  if (const auto* field = letter.find(message::FieldName::subject))
    out.subject = message::decode_text(message::unfold(field->value()));
  co_return out;
}

// A letter that a call brings: in itself, or as a draft.
Task<Result<post::NewMessage>> message_of(const Office* office, const Value* letter, Deadline deadline) {
  post::NewMessage out;
  out.flags = CO_TRY(flags_of(*letter));
  if (const Value* date = letter->find("date")) out.internal_date = Time{CO_TRY(date->as_int())};
  if (const Value* draft = letter->find("draft")) {
    const auto number = static_cast<std::uint64_t>(CO_TRY(draft->as_int()));
    out.draft = CO_TRY(co_await office->drafts->take(number, deadline));
    co_return out;
  }
  const std::string_view text = CO_TRY(letter->get_string("octets"));
  const auto octets = codec::base64_decode(text);
  if (!octets) co_return fail(Errc::invalid, "'octets' is not base64");
  out.octets = ChunkList(*octets);
  co_return out;
}

Task<Result<post::MailboxInfo>> find_or_make(const Office* office, AccountId account, std::string name,
                                             Deadline deadline) {
  auto found = co_await office->mailboxes->find(account, name, deadline);
  if (found || found.error().code() != Errc::not_found) co_return found;
  auto made = co_await office->mailboxes->create(account, name, post::SpecialUse::none, deadline);
  if (!made && made.error().code() == Errc::exists) co_return co_await office->mailboxes->find(account, name, deadline);
  if (made) CO_TRY(co_await office->mailboxes->subscribe(account, name, true, deadline));
  co_return made;
}

}  // namespace

// --- export and import

Answer store_mailboxes(const Office* office, Call call) {
  const AccountId account = CO_TRY(co_await account_of(office, &call, "account"));
  const auto mailboxes = CO_TRY(co_await office->mailboxes->list(account, call.deadline));
  std::string out;
  Writer w(out);
  w.begin_object().key("mailboxes").begin_array();
  for (const auto& m : mailboxes) {
    w.begin_object().field("name", m.name).field("id", m.id.value).field("uidvalidity", m.uidvalidity);
    w.field("messages", m.messages).field("size", m.size).end_object();
  }
  w.end_array().end_object();
  co_return out;
}

Answer store_index(const Office* office, Call call) {
  const AccountId account = CO_TRY(co_await account_of(office, &call, "account"));
  const auto mailbox = CO_TRY(co_await office->mailboxes->find(account, text_of(call, "mailbox"), call.deadline));
  const auto after = maybe_number(call, "after").value_or(0);
  const std::size_t limit = page_of(call);
  std::string out;
  Writer w(out);
  w.begin_object().key("letters").begin_array();
  std::optional<post::Uid> next;
  if (after < UINT32_MAX) {
    const auto records = CO_TRY(co_await office->mailboxes->messages(
        account, mailbox.id, {static_cast<std::uint32_t>(after) + 1}, {UINT32_MAX}, limit, call.deadline));
    for (const auto& r : records)
      w.begin_array().value(r.uid.value).value(r.body.size).value(r.internal_date.us).end_array();
    if (records.size() == limit) next = records.back().uid;
  }
  w.end_array();
  if (next) w.field("next", next->value);
  w.end_object();
  co_return out;
}

Answer store_find(const Office* office, Call call) {
  const AccountId account = CO_TRY(co_await account_of(office, &call, "account"));
  const post::LetterId letter = CO_TRY(letter_of(text_of(call, "letter")));
  std::string out;
  Writer w(out);
  w.begin_object().key("places").begin_array();
  for (const auto& mailbox : CO_TRY(co_await office->mailboxes->list(account, call.deadline))) {
    std::vector<post::MessageRecord> page;
    for (post::Uid from{1};; from = {page.back().uid.value + 1}) {
      page = CO_TRY(
          co_await office->mailboxes->messages(account, mailbox.id, from, {UINT32_MAX}, kMostPage, call.deadline));
      for (const auto& r : page)
        if (r.letter == letter || r.email == letter || r.body.id == letter.body())
          w.begin_object().field("mailbox", mailbox.name).field("uid", r.uid.value).end_object();
      if (page.size() < kMostPage || page.back().uid.value == UINT32_MAX) break;
      co_await net::yield();
    }
  }
  w.end_array().end_object();
  co_return out;
}

Answer store_sums(const Office* office, Call call) {
  const AccountId account = CO_TRY(co_await account_of(office, &call, "account"));
  const auto mailbox = CO_TRY(co_await office->mailboxes->find(account, text_of(call, "mailbox"), call.deadline));
  std::vector<post::Uid> uids;
  for (const std::string& text : texts_of(call, "uids")) {
    const auto uid = to_number<std::uint32_t>(text);
    if (!uid) co_return fail(Errc::invalid, "'uids' must be numbers");
    uids.push_back({*uid});
  }
  if (uids.size() > kMostSums) co_return fail(Errc::too_large, "at most {} uids at a time", kMostSums);
  const auto sums = CO_TRY(co_await office->care->sums(account, mailbox.id, std::move(uids), call.deadline));
  std::string out;
  Writer w(out);
  w.begin_object().key("sums").begin_array();
  for (const auto& s : sums) w.begin_object().field("uid", s.uid.value).field("sha256", s.sha256.hex()).end_object();
  w.end_array().end_object();
  co_return out;
}

Answer store_read(const Office* office, Call call) {
  const AccountId account = CO_TRY(co_await account_of(office, &call, "account"));
  const auto mailbox = CO_TRY(co_await office->mailboxes->find(account, text_of(call, "mailbox"), call.deadline));
  const auto after = std::min<std::uint64_t>(maybe_number(call, "after").value_or(0), UINT32_MAX);
  const auto octets = std::min<std::uint64_t>(maybe_number(call, "octets").value_or(kPageOctets), kMostOctets);
  const auto page = CO_TRY(
      co_await office->care->outgoing(account, mailbox.id, {static_cast<std::uint32_t>(after)}, octets, call.deadline));
  std::string out;
  Writer w(out);
  w.begin_object().key("letters").begin_array();
  for (const auto& letter : page.letters) {
    w.begin_object().field("uid", letter.record.uid.value).field("size", letter.record.body.size);
    w.field("date", letter.record.internal_date.us);
    write_flags(w, letter.flags, letter.keywords);
    if (letter.octets) w.field("octets", codec::base64_encode(letter.octets->flatten()));
    w.end_object();
    co_await net::yield();
  }
  w.end_array().field("last", page.last.value).field("more", page.more).end_object();
  co_return out;
}

Answer store_octets(const Office* office, Call call) {
  const AccountId account = CO_TRY(co_await account_of(office, &call, "account"));
  const auto mailbox = CO_TRY(co_await office->mailboxes->find(account, text_of(call, "mailbox"), call.deadline));
  const auto uid = maybe_number(call, "uid").value_or(0);
  const auto record = uid > UINT32_MAX ? std::nullopt
                                       : CO_TRY(co_await office->mailboxes->message(
                                             account, mailbox.id, {static_cast<std::uint32_t>(uid)}, call.deadline));
  if (!record) co_return fail(Errc::not_found, "there is no such message");
  const auto size = std::min<std::uint64_t>(maybe_number(call, "size").value_or(kPageOctets), kMostOctets);
  const auto octets = CO_TRY(
      co_await office->mailboxes->read(record->body, maybe_number(call, "offset").value_or(0), size, call.deadline));
  std::string out;
  Writer(out).begin_object().field("octets", codec::base64_encode(octets.flatten())).end_object();
  co_return out;
}

Answer store_draft(const Office* office, Call call) {
  const auto given = maybe_number(call, "draft");
  const auto octets = codec::base64_decode(text_of(call, "octets"));
  if (!octets) co_return fail(Errc::invalid, "'octets' is not base64");
  const std::uint64_t draft = given ? *given : CO_TRY(office->drafts->begin());
  const std::uint64_t size = CO_TRY(co_await office->drafts->append(draft, ChunkList(*octets), call.deadline));
  std::string out;
  Writer(out).begin_object().field("draft", draft).field("size", size).end_object();
  co_return out;
}

Answer store_append(const Office* office, Call call) {
  const AccountId account = CO_TRY(co_await account_of(office, &call, "account"));
  const auto& letters = call.params.find("letters")->items();
  if (letters.size() > kMostLetters) co_return fail(Errc::too_large, "at most {} letters at a time", kMostLetters);
  std::vector<post::NewMessage> messages;
  for (const Value& letter : letters) {
    messages.push_back(CO_TRY(co_await message_of(office, &letter, call.deadline)));
    co_await net::yield();
  }
  const auto mailbox = CO_TRY(co_await find_or_make(office, account, text_of(call, "mailbox"), call.deadline));
  std::string out;
  Writer w(out);
  w.begin_object().key("uids").begin_array();
  if (!messages.empty()) {
    const auto done =
        CO_TRY(co_await office->mailboxes->append(account, mailbox.id, std::move(messages), call.deadline));
    for (const post::Uid uid : done.uids) w.value(uid.value);
  }
  w.end_array().end_object();
  co_return out;
}

// --- deleted mail

Answer store_deleted(const Office* office, Call call) {
  const AccountId account = CO_TRY(co_await past_account_of(office, &call));
  const auto query = CO_TRY(query_of(call));
  const auto after = CO_TRY(cursor_of(call));
  const auto page =
      CO_TRY(co_await office->care->kept(account, query, after, std::min(page_of(call), kMostDeleted), call.deadline));
  std::string out;
  Writer w(out);
  w.begin_object().key("letters").begin_array();
  for (const auto& letter : page.letters) {
    const Head head = CO_TRY(co_await head_of(office, letter.record.body, call.deadline));
    w.begin_object().field("deleted", to_rfc3339(letter.when)).field("mailbox", letter.name);
    w.field("uid", letter.record.uid.value).field("date", to_rfc3339(letter.record.internal_date));
    w.field("size", letter.record.body.size).field("from", head.from).field("subject", head.subject);
    write_flags(w, letter.flags, letter.keywords);
    w.end_object();
  }
  w.end_array();
  write_next(w, page.next);
  w.end_object();
  co_return out;
}

Answer store_undelete(const Office* office, Call call) {
  const AccountId from = CO_TRY(co_await past_account_of(office, &call));
  const AccountId to = call.params.find("to") ? CO_TRY(co_await account_of(office, &call, "to")) : from;
  const auto query = CO_TRY(query_of(call));
  const auto after = CO_TRY(cursor_of(call));
  const auto done =
      CO_TRY(co_await office->care->undelete(from, to, query, text_of(call, "into"), after, call.deadline));
  std::string out;
  Writer w(out);
  w.begin_object().field("letters", done.letters).field("size", done.size);
  write_next(w, done.next);
  w.end_object();
  co_return out;
}

// --- legal hold

namespace {

void write_hold(Writer& w, const post::Hold& hold) {
  w.begin_object().field("object", hold.object);
  w.field("kind", hold.of == post::Hold::Of::account ? "account" : "domain");
  w.field("since", to_rfc3339(hold.since)).field("who", hold.who).field("reason", hold.reason).end_object();
}

}  // namespace

Answer hold_add(const Office* office, Call call) {
  const auto hold = CO_TRY(
      co_await office->directory->hold(call.who, text_of(call, "object"), text_of(call, "reason"), call.deadline));
  std::string out;
  Writer w(out);
  write_hold(w, hold);
  co_return out;
}

Answer hold_remove(const Office* office, Call call) {
  CO_TRY(co_await office->directory->lift_hold(call.who, text_of(call, "object"), call.deadline));
  co_return "{}";
}

Answer hold_list(const Office* office, Call call) {
  const auto holds = CO_TRY(co_await office->directory->list_holds(call.deadline));
  std::string out;
  Writer w(out);
  w.begin_object().key("holds").begin_array();
  for (const auto& hold : holds) write_hold(w, hold);
  w.end_array().end_object();
  co_return out;
}

}  // namespace chappe::agents::control
