// The half of Mailboxes that changes messages: append, flags, copy, move, expunge.
#include <algorithm>

#include "post/mailbox/account_txn.h"
#include "post/mailbox/change.h"
#include "post/mailbox/mailbox.h"

namespace chappe::post {

std::shared_ptr<LetterDraft> Mailboxes::draft() { return std::make_shared<LetterDraft>(store_, ids_.next().body()); }

Task<Result<Appended>> Mailboxes::append(AccountId account, MailboxId mailbox, std::vector<NewMessage> messages,
                                         Deadline deadline) {
  for (NewMessage& m : messages)
    if (!m.draft)
      m.draft =
          CO_TRY(co_await letter_draft_of(&store_, ids_.next().body(), std::exchange(m.octets, ChunkList()), deadline));
  std::vector<Digest> digests;
  for (const NewMessage& m : messages) digests.push_back(m.draft->digest());
  co_return co_await change<Appended>(
      account,
      [=, messages = std::move(messages), digests = std::move(digests),
       clock = &clock_](AccountTxn& a) -> Result<Appended> {
        Appended out;
        out.uidvalidity = TRY(a.mailbox(mailbox)).uidvalidity;
        out.modseq = a.modseq();
        for (std::size_t i = 0; i < messages.size(); ++i) {
          const NewMessage& m = messages[i];
          TRY(a.check_quota(m.draft->size()));
          MessageRecord record;
          record.letter = record.email = LetterId::of(m.draft->id());
          record.body = TRY(store::Bodies::add(a.txn(), m.draft, {}, 1));
          a.txn().put(summary_key(record.body.id), digests[i].summary);
          record.thread = TRY(a.thread_of(digests[i].clues, record.letter));
          record.internal_date = m.internal_date.value_or(clock->now());
          const KeywordBits keywords = TRY(a.keyword_bits(mailbox, m.flags.keywords, true));
          out.uids.push_back(TRY(a.add(mailbox, record, m.flags.system, keywords)));
        }
        return out;
      },
      deadline);
}

Task<Result<FlagsChanged>> Mailboxes::store_flags(AccountId account, MailboxId mailbox, FlagChange what,
                                                  Deadline deadline) {
  co_return co_await change<FlagsChanged>(
      account,
      [=, what = std::move(what)](AccountTxn& a) -> Result<FlagsChanged> {
        // RFC 9051 §6.4.3: what is to be expunged is marked first
        if (what.how != FlagChange::How::remove && what.flags.system.has(Flag::deleted)) a.txn().use_reserve();
        FlagsChanged out;
        const auto states = TRY(a.states(mailbox, what.uids));
        const bool make = what.how != FlagChange::How::remove && !states.empty();
        const KeywordBits named = TRY(a.keyword_bits(mailbox, what.flags.keywords, make));
        for (const MessageState& s : states) {
          if (what.unchanged_since && s.modseq > *what.unchanged_since) {
            out.modified.add(s.uid);
            continue;
          }
          Flags flags = what.flags.system;
          KeywordBits keywords = named;
          if (what.how != FlagChange::How::replace) {
            const bool add = what.how == FlagChange::How::add;
            flags.bits = static_cast<std::uint8_t>(add ? s.flags.bits | flags.bits : s.flags.bits & ~flags.bits);
            for (std::size_t w = 0; w < keywords.words.size(); ++w)
              keywords.words[w] = add ? s.keywords.words[w] | named.words[w] : s.keywords.words[w] & ~named.words[w];
          }
          out.states.push_back(TRY(a.set_flags(mailbox, s.uid, flags, keywords)));
        }
        if (a.changed()) out.modseq = a.modseq();
        return out;
      },
      deadline);
}

Task<Result<Copied>> Mailboxes::copy(AccountId account, MailboxId from, UidSet uids, MailboxId to, Deadline deadline) {
  co_return co_await change<Copied>(
      account,
      [=, uids = std::move(uids)](AccountTxn& a) -> Result<Copied> {
        Copied out;
        out.uidvalidity = TRY(a.mailbox(to)).uidvalidity;
        for (const MessageState& s : TRY(a.states(from, uids))) {
          const MessageRecord record = TRY(a.record(from, s.uid));
          TRY(a.check_quota(record.body.size));
          out.uids.emplace_back(s.uid, TRY(a.copy(from, s, to, false)));
        }
        return out;
      },
      deadline);
}

Task<Result<Copied>> Mailboxes::move(AccountId account, MailboxId from, UidSet uids, MailboxId to, Deadline deadline) {
  struct Portion {
    Copied copied;
    bool more = false;
  };
  Copied out;
  // Messages that arrive meanwhile, and those that a move within one mailbox makes, are not of the set.
  Uid next{1};
  const MailboxInfo source = CO_TRY(co_await status(account, from, deadline));
  const Uid end{source.uidnext};
  for (bool more = true; more;) {
    Portion p = CO_TRY(co_await change<Portion>(
        account,
        [=](AccountTxn& a) -> Result<Portion> {
          a.txn().use_reserve();
          Portion portion;
          portion.copied.uidvalidity = TRY(a.mailbox(to)).uidvalidity;
          for (const MessageState& s : TRY(a.states(from, uids, next, kPortion))) {
            if (s.uid >= end) break;
            portion.copied.uids.emplace_back(s.uid, TRY(a.copy(from, s, to, true)));
            TRY(a.expunge(from, s.uid, true));
          }
          portion.more = portion.copied.uids.size() == kPortion;
          return portion;
        },
        deadline));
    out.uidvalidity = p.copied.uidvalidity;
    out.uids.insert(out.uids.end(), p.copied.uids.begin(), p.copied.uids.end());
    more = p.more;
    if (more) next = {out.uids.back().first.value + 1};
  }
  co_return out;
}

Task<Result<UidSet>> Mailboxes::expunge(AccountId account, MailboxId mailbox, UidSet among, Expunge which,
                                        Deadline deadline) {
  struct Portion {
    UidSet gone;
    std::optional<Uid> next;
  };
  UidSet out;
  for (std::optional<Uid> next = Uid{1}; next;) {
    Portion p = CO_TRY(co_await change<Portion>(
        account,
        [=, from = *next](AccountTxn& a) -> Result<Portion> {
          a.txn().use_reserve();
          Portion portion;
          std::size_t n = 0;
          TRY(a.mailbox(mailbox));
          for (const MessageState& s : TRY(a.states(mailbox, among, from))) {
            if (which == Expunge::deleted && !s.flags.has(Flag::deleted)) continue;
            if (n++ == kPortion) {
              portion.next = s.uid;
              break;
            }
            TRY(a.expunge(mailbox, s.uid));
            portion.gone.add(s.uid);
          }
          return portion;
        },
        deadline));
    for (const UidSet::Range& r : p.gone.ranges()) out.add(r.first, r.last);
    next = p.next;
  }
  co_return out;
}

}  // namespace chappe::post
