// A letter on its way in: fed chunk by chunk by whoever receives it (SMTP, LMTP, sendmail), measured in the same pass,
// written into the store as it comes, and then taken by one commit: the body, an entry in each local mailbox and a
// queue row for each remote recipient.
//
// Ingest is an object of one session. Deliver begins it and takes the result into the store; it serves the whole
// process, from any executor.
//
//   Ingest ingest = deliver.begin(id);         // at DATA
//   ingest.feed(chunk);                        // for each piece, dot-stuffing already undone (RFC 5321 §4.5.2)
//   if (ingest.full()) co_await ingest.drain(deadline);
//   Letter letter{.id = id, .sender = …, .recipients = …, .trace = Received…, .draft = …ingest.finish(deadline)};
//   auto taken = co_await deliver.take(std::move(letter), deadline);   // then: 250
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "crypto/digest.h"
#include "message/letter.h"
#include "net/task.h"
#include "post/ids.h"
#include "post/letter_id.h"
#include "post/mailbox/mailbox.h"
#include "post/queue/queue.h"
#include "trust/dkim/body_hash.h"

namespace chappe::post {

// A letter as who judges or signs it sees it: its header as it came, and hashes of its body.
struct Watched {
  Bytes header;                                   // at most Ingest::kMaxHeader of it
  message::Letter letter;                         // its fields, in `header`
  std::optional<trust::dkim::BodyHashes> bodies;  // finished; nothing of a header that was too large
};

class Ingest {
 public:
  // Of a larger header no more is kept.
  static constexpr std::size_t kMaxHeader = 1024 * 1024;
  // A header that is held back to the end is not larger: it stands in the row that says where the rest is.
  static constexpr std::size_t kMaxHeld = 128 * 1024;
  // Whether a field of the header is left out of what is stored.
  using Drop = std::function<bool(const message::Field&)>;

  // What the first pass over the octets tells.
  struct Facts {
    std::uint64_t size = 0;
    std::uint64_t header_size = 0;   // with the empty line; all of it when there is no body
    std::uint32_t received = 0;      // Received fields: the loop guard of RFC 5321 §6.3 counts them
    std::uint32_t longest_line = 0;  // octets without CRLF (RFC 5321 §4.5.3.1.6: at most 998)
    bool eight_bit = false;          // octets above 127: needs 8BITMIME to travel
    bool eight_bit_header = false;   // in the header: needs SMTPUTF8 (RFC 6532)
    bool nul = false;                // a NUL octet
    bool bare_cr_or_lf = false;      // CR or LF that is no line end (RFC 5321 §2.3.8)
    crypto::Sum256 sha256;           // of all octets
  };

  explicit Ingest(std::shared_ptr<LetterDraft> draft) : draft_(std::move(draft)) {}

  // The letter will be judged: its header is held back until it is whole, fields that `drop` names are left out of what
  // is stored, and the body is hashed as it comes, as its signatures ask, and as `sealed` does. Before anything is fed.
  // Of a header above kMaxHeader nothing is left out, and no body is hashed.
  void watch(Drop drop, std::optional<trust::dkim::BodyHashKind> sealed = {});
  // The letter will be signed: so is its body hashed.
  void watch(trust::dkim::BodyHashKind kind);
  // When all has been fed. Null without watch().
  std::shared_ptr<const Watched> watched();
  // The header may be changed before the letter is taken: up to kMaxHeld octets of it are not written into the draft.
  // Before anything is fed, and behind watch().
  void hold_header();
  // When all has been fed: the header as it will be stored, fields that are left out left out. Nothing when it has been
  // written already, without hold_header() or because it was too large.
  const std::optional<Bytes>& held_header();
  // What stands there instead, whole fields and an empty line where there was one; watched() shows it from now on.
  void change_header(Bytes header);

  // Never blocks and never refuses; the caller enforces its size limit on size(), and drains when full().
  void feed(Chunk chunk);
  void feed(ChunkList chunks);
  // So much is held that it should be written before more is fed.
  bool full() const { return held_.size() >= kFull; }
  // Writes what is held. What goes wrong is told by finish(); from then on what is fed is only measured.
  Task<void> drain(Deadline deadline);
  // So far; sha256 only after finish().
  const Facts& facts() const { return facts_; }
  std::uint64_t size() const { return facts_.size; }
  bool header_complete() const { return state_ == State::body; }
  // The header with the empty line, at most kMaxHeader of it.
  const ChunkList& header() const { return header_; }
  // Octets in memory.
  std::size_t held() const {
    return held_.size() + header_.size() + (watch_ ? watch_->seen->header.size() : 0) +
           (held_header_ ? held_header_->size() : 0);
  }
  // All of it, ready to be taken. Errors: those of the draft.
  Task<Result<std::shared_ptr<LetterDraft>>> finish(Deadline deadline);

 private:
  struct Watch {
    bool looks = false;                             // who asked for it wants to see it
    bool holds = false;                             // back the header
    Drop drop;                                      // empty: nothing is left out, and no signature looked at
    std::optional<trust::dkim::BodyHashKind> kind;  // for a signature of ours
    std::shared_ptr<Watched> seen = std::make_shared<Watched>();
    bool begun = false;  // the header is whole, or too large
  };
  void feed_watched(Chunk chunk, std::size_t kept);
  void begin_body();
  Bytes without_dropped() const;
  void look(ByteView bytes);
  void end_header_line();

  enum class State : std::uint8_t { header, body };
  static constexpr std::size_t kFull = store::Flow::kExtent;
  State state_ = State::header;
  std::shared_ptr<LetterDraft> draft_;
  std::optional<Error> failed_;
  ChunkList held_;
  ChunkList header_;
  std::unique_ptr<Watch> watch_;
  std::optional<Bytes> held_header_;
  Facts facts_;
  crypto::Sha256 hash_;
  static constexpr std::uint32_t kMaxCountedLine = 1u << 30;
  std::uint32_t line_ = 0;  // octets of the current line, at most that many
  char name_[9] = {};       // its first octets, lower case
  bool cr_ = false;         // the last octet was CR
};

// Where one recipient's letter goes, as post/delivery/route.h found out.
struct Destination {
  enum class Kind : std::uint8_t {
    mailbox,  // here
    mda,      // of our site, at the mda: through the queue, by LMTP
    remote,   // elsewhere: through the queue
  };
  Kind kind = Kind::mailbox;
  AccountId account;    // of a mailbox
  std::string mailbox;  // its name; empty or unknown: INBOX
};

struct LetterRecipient {
  std::string address;  // as given in RCPT, without angle brackets; for an alias, the address that came out of it
  Destination destination;
  std::uint8_t notify = 0;  // of Notify (queue.h)
  std::string orcpt;        // as written
  // Of one elsewhere that an address of ours leads to: that address, as RCPT named it, and what MAIL FROM becomes for
  // it; empty: what it was.
  std::string via = {};
  std::string mail_from = {};
  std::string held = {};  // why it is kept in quarantine (QueueEntry::reason); empty: it is not
};

// A recipient of the queue that a letter settles, and what happened to it.
struct Settled {
  QueueKey key;
  TrailStep step;
};

// A letter to be taken. Two recipients with the same mailbox give one entry.
struct Letter {
  LetterId id;
  std::string sender;  // envelope, without angle brackets; empty for a bounce
  std::vector<LetterRecipient> recipients;
  ChunkList trace;  // Received and Authentication-Results, each line ended by CRLF
  Bytes header;     // of the letter, where the draft has none (Ingest::hold_header)
  // As received: what an Ingest has written, or (of a letter that is made here) all of it in memory.
  std::shared_ptr<LetterDraft> draft = {};
  ChunkList octets = {};
  Time arrived;
  bool smtputf8 = false;
  bool eight_bit = false;
  Ret ret = Ret::unsaid;
  std::string envid;
  FlagList flags;  // of the mailbox entries (a filter's)
  Time expires;    // of queue rows; 0: kQueueLife after arrival
  // Queue rows that this letter settles: taken away in the same commit (the failure that a DSN tells of).
  std::vector<Settled> settles;
  // Notifications about this letter, taken in the same commit.
  std::vector<Letter> notices = {};
  // For its trail: where it came from, what RCPT named, and (of a notification) which letter it tells of. The rest of
  // the head is filled in when it is taken.
  TrailHead trail = {};
};

// RFC 5321 §4.5.4.1: four to five days.
inline constexpr Duration kQueueLife = std::chrono::hours(5 * 24);

// Takes letters. What is stored is Return-Path (RFC 5321 §4.4), the trace, and the octets as received, as one body that
// all recipients share; queue rows skip the Return-Path (QueueEntry::front_size). See docs/formats/letters.md.
class Deliver {
 public:
  // All must outlive it.
  Deliver(store::Store& store, store::Commit& commit, Mailboxes& mailboxes, Queue& queue, Clock& clock);

  Ingest begin(LetterId id) { return Ingest(std::make_shared<LetterDraft>(store_, id.body())); }

  // One commit; when it returns, the letter is durable and visible. Taking the same letter id again while its body is
  // there changes nothing and succeeds, so it may be repeated after a timeout. A letter without recipients that only
  // settles rows stores nothing. Quota is not enforced here: it was asked at RCPT.
  Task<Result<LetterId>> take(Letter letter, Deadline deadline);

 private:
  // Sees to it that the letter's octets are in a draft.
  Task<Result<void>> draft(Letter* letter, Deadline deadline);

  store::Store& store_;
  store::Commit& commit_;
  Mailboxes& mailboxes_;
  Queue& queue_;
  Clock& clock_;
};

}  // namespace chappe::post
