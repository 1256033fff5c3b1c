// What an account's rows say of each other.
#include <fmt/format.h>

#include <algorithm>

#include "post/care/kept.h"
#include "post/care/verify_rows.h"
#include "post/mailbox/threads.h"

namespace chappe::post {

using namespace records;  // NOLINT

std::string place_of(std::uint32_t mailbox, std::uint32_t uid) {
  return fmt::format("mailbox {}, uid {}", mailbox, uid);
}

void VerifyRows::begin_account(AccountId account) {
  account_ = account;
  account_row_ = {};
  mailboxes_.clear();
  messages_.clear();
  if (first_) ++counts_.accounts;
}

Result<void> VerifyRows::read(const Row& row, AccountId account, Space space) {
  if (!bodies_done_) {
    bodies_done_ = true;
    for (const auto& [body, names] : std::exchange(early_, {}))
      for (const Named& n : names)
        fault_at(Fault::body_missing, n.key, n.who, fmt::format("letter {}", LetterId::of(body).text()));
  }
  store::KeyReader key(row.key);
  TRY(key.expect(account.value, space));
  switch (space) {
    case Space::account:
      account_row_ = TRY(decode_account(row.value.view()));
      return {};
    case Space::mailbox: {
      const MailboxId id = TRY(mailbox_of(account, row.key));
      mailboxes_[id.value].info = TRY(decode_mailbox(row.value.view(), id));
      return {};
    }
    case Space::mailbox_name: {
      const std::string text = TRY(name_of(account, row.key));
      const MailboxId id = TRY(decode_id(row.value.view()));
      const auto m = mailboxes_.find(id.value);
      if (m != mailboxes_.end() && m->second.info && m->second.info->name == text)
        m->second.named = true;
      else if (first_)
        fault(Fault::name_astray, text, fmt::format("mailbox {}", id.value));
      return {};
    }
    case Space::keywords:
      TRY(decode_keywords(row.value.view()));
      return {};
    case Space::message: {
      const MailboxId id{TRY(key.u32())};
      const Uid uid{TRY(key.u32())};
      const MessageRecord record = TRY(decode_message(row.value.view(), uid));
      name(record.body, row.key, fmt::format("account {}, {}", account.value, place_of(id.value, uid.value)));
      if (!first_) return {};
      ++counts_.messages;
      messages_.push_back({id.value, uid.value, record.body.size});
      return {};
    }
    case Space::flag_page: {
      const MailboxId id{TRY(key.u32())};
      const std::uint32_t number = TRY(key.u32());
      if (first_) page(id, TRY(decode_page(row.value.view(), number)));
      return {};
    }
    case Space::change: {
      const ModSeq when = TRY(change_of(account, row.key));
      TRY(decode_change(row.value.view()));
      if (first_ && when > account_row_.modseq)
        fault(Fault::modseq_too_high, fmt::format("change {}", when.value),
              fmt::format("last {}", account_row_.modseq.value));
      return {};
    }
    case Space::expunged:
      TRY(decode_uids(row.value.view()));
      return {};
    case Space::thread:
      if (TRY(decode_thread(row.value.view())).thread == 0) return fail(Errc::corrupt, "a thread has no number");
      return {};
    case Space::kept: {
      const KeptLetter letter = TRY(decode_kept(account, row));
      name(letter.record.body, row.key,
           fmt::format("account {}, deleted, {}", account.value,
                       place_of(letter.mailbox.value, letter.record.uid.value)));
      return {};
    }
    default:
      return {};
  }
}

void VerifyRows::page(MailboxId mailbox, const std::vector<MessageState>& states) {
  Mailbox& m = mailboxes_[mailbox.value];
  for (const MessageState& s : states) {
    const auto i = std::lower_bound(messages_.begin(), messages_.end(), std::pair(mailbox.value, s.uid.value),
                                    [](const Message& a, const auto& b) { return std::pair(a.mailbox, a.uid) < b; });
    if (i == messages_.end() || i->mailbox != mailbox.value || i->uid != s.uid.value) {
      if (!reaped(mailbox.value)) fault(Fault::record_missing, place_of(mailbox.value, s.uid.value));
      continue;
    }
    i->flagged = true;
    ++m.messages;
    m.unseen += !s.flags.has(Flag::seen);
    m.deleted += s.flags.has(Flag::deleted);
    m.size += i->size;
    if (m.info && s.modseq > m.info->highestmodseq)
      fault(Fault::modseq_too_high, place_of(mailbox.value, s.uid.value),
            fmt::format("{} above {}", s.modseq.value, m.info->highestmodseq.value));
    if (m.info && s.uid.value >= m.info->uidnext)
      fault(Fault::uid_too_high, place_of(mailbox.value, s.uid.value), fmt::format("UIDNEXT {}", m.info->uidnext));
  }
}

void VerifyRows::end_account() {
  if (!first_ || !account_) return;
  for (const Message& m : messages_)
    if (!m.flagged && !reaped(m.mailbox)) fault(Fault::flags_missing, place_of(m.mailbox, m.uid));
  std::uint64_t messages = 0, size = 0;
  std::uint32_t count = 0;
  for (const auto& [id, m] : mailboxes_) {
    const std::string what = fmt::format("mailbox {}", id);
    if (!m.info) {
      if (!reaped(id)) fault(Fault::messages_astray, what, fmt::format("{} messages", m.messages));
      continue;
    }
    ++count;
    messages += m.messages;
    size += m.size;
    if (!m.named) fault(Fault::name_lost, what, m.info->name);
    const MailboxInfo& i = *m.info;
    if (std::tuple(i.messages, i.unseen, i.deleted, i.size) != std::tuple(m.messages, m.unseen, m.deleted, m.size))
      fault(Fault::mailbox_counts, what,
            fmt::format("{} messages, {} unseen, {} deleted, {} octets instead of {}, {}, {}, {}", i.messages, i.unseen,
                        i.deleted, i.size, m.messages, m.unseen, m.deleted, m.size));
  }
  const AccountRow& a = account_row_;
  if (!a.removed && std::tuple(a.mailboxes, a.messages, a.size) != std::tuple(count, messages, size))
    fault(Fault::account_counts, "account",
          fmt::format("{} mailboxes, {} messages, {} octets instead of {}, {}, {}", a.mailboxes, a.messages, a.size,
                      count, messages, size));
}

}  // namespace chappe::post
