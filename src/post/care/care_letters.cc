// The part of Care that export and import stand on: letters in order, by pages, and their sums.
#include "post/care/care.h"
#include "post/mailbox/records.h"

namespace chappe::post {

using namespace records;  // NOLINT

namespace {

// So much is hashed in one turn of a shard.
constexpr std::uint64_t kHashed = 64 * 1024;

// The states of messages in ascending order, from the pages that they stand in, and the names of their keywords.
class States {
 public:
  States(std::shared_ptr<store::Reader> at, AccountId account, MailboxId mailbox)
      : at_(std::move(at)), account_(account), mailbox_(mailbox) {}

  static Task<Result<void>> describe(States* self, OutgoingLetter* letter, Deadline deadline) {
    const Uid uid = letter->record.uid;
    if (!self->keywords_) {
      const auto table = CO_TRY(co_await self->at_->get(keywords_key(self->account_, self->mailbox_), deadline));
      self->keywords_ = table ? CO_TRY(decode_keywords(table->view())) : std::vector<std::string>();
    }
    if (self->page_ != page_of(uid)) {
      self->page_ = page_of(uid);
      const Bytes key = page_key(self->account_, self->mailbox_, *self->page_);
      const auto page = CO_TRY(co_await self->at_->get(key, deadline));
      self->states_ = page ? CO_TRY(decode_page(page->view(), *self->page_)) : std::vector<MessageState>();
    }
    for (const MessageState& s : self->states_) {
      if (s.uid != uid) continue;
      letter->flags = s.flags;
      for (std::size_t k = 0; k < self->keywords_->size(); ++k)
        if (s.keywords.has(k)) letter->keywords.push_back((*self->keywords_)[k]);
    }
    co_return Result<void>();
  }

 private:
  std::shared_ptr<store::Reader> at_;
  AccountId account_;
  MailboxId mailbox_;
  std::optional<std::vector<std::string>> keywords_;
  std::optional<std::uint32_t> page_;
  std::vector<MessageState> states_;
};

}  // namespace

Task<Result<OutgoingPage>> Care::outgoing(AccountId account, MailboxId mailbox, Uid after, std::size_t octets,
                                          Deadline deadline) {
  OutgoingPage out;
  out.last = after;
  const auto at = store_.snapshot();
  if (!CO_TRY(co_await at->get(mailbox_key(account, mailbox), deadline)))
    co_return fail(Errc::not_found, "there is no such mailbox");
  if (after.value == ~std::uint32_t{0}) co_return out;
  const store::Page rows =
      CO_TRY(co_await at->scan(message_range(account, mailbox, {after.value + 1}), {.rows = kPageLetters}, deadline));
  States states(at, account, mailbox);
  std::size_t taken = 0;
  for (const store::Row& row : rows.rows) {
    const Uid uid = CO_TRY(message_of(account, mailbox, row.key));
    OutgoingLetter letter{
        .record = CO_TRY(decode_message(row.value.view(), uid)), .flags = {}, .keywords = {}, .octets = {}};
    const std::uint64_t size = letter.record.body.size;
    if (size <= kLarge && taken > 0 && taken + size > octets) {
      out.more = true;
      co_return out;
    }
    CO_TRY(co_await States::describe(&states, &letter, deadline));
    out.last = uid;
    if (size <= kLarge) {
      auto read = co_await mailboxes_.read(letter.record.body, 0, size, deadline);
      if (!read && read.error().code() == Errc::not_found) continue;  // expunged since
      // What is damaged comes without its octets: whoever reads them then is told, and of this letter alone.
      if (read || read.error().code() != Errc::corrupt) letter.octets = CO_TRY(std::move(read));
      taken += size;
    }
    out.letters.push_back(std::move(letter));
  }
  out.more = rows.more;
  co_return out;
}

Task<Result<std::vector<LetterSum>>> Care::sums(AccountId account, MailboxId mailbox, std::vector<Uid> uids,
                                                Deadline deadline) {
  std::vector<LetterSum> out;
  for (const Uid uid : uids) {
    const auto record = CO_TRY(co_await mailboxes_.message(account, mailbox, uid, deadline));
    if (!record) continue;
    crypto::Sha256 hash;
    bool gone = false;
    for (std::uint64_t at = 0; at < record->body.size && !gone; at += kHashed) {
      const auto piece = co_await mailboxes_.read(record->body, at, kHashed, deadline);
      gone = !piece && (piece.error().code() == Errc::not_found || piece.error().code() == Errc::corrupt);
      if (!piece && !gone) co_return std::unexpected(piece.error());
      if (piece) hash.update(*piece);
      co_await net::yield();
    }
    if (!gone) out.push_back({uid, hash.finish()});
  }
  co_return out;
}

}  // namespace chappe::post
