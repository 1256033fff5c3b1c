// One IMAP session: its connection, its machine, who logged in, and the mailbox that is selected.
//
// Owned by the coroutine of serve_imap; runs on one shard, after login on the home shard of the account, so that the
// open mailbox is used without locks. Commands (commands/proceed.h) are coroutines that the conversation awaits one
// after another; a pipelined command waits in the machine, and the socket is not read meanwhile. Answers are collected
// and sent when there is no more input, or when they pass kFlush; a client that does not read stops its own session and
// nothing else.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "agents/door/login.h"
#include "agents/door/session.h"
#include "post/mailbox/mailbox.h"
#include "proto/imap/receiver.h"
#include "proto/imap/responses.h"
#include "proto/imap/write.h"

namespace chappe::agents::imap {

namespace wire = proto::imap;
using net::Deadline;
using net::Task;

// Which command is answered.
struct Call {
  Bytes tag;
  ByteView name;
  bool uid = false;
};

// The selected mailbox (RFC 9051 §3.3).
struct Selected {
  std::unique_ptr<post::View> view;
  post::MailboxId id;
  std::string name;
  bool read_only = false;
  post::UidSet saved;  // what `$` stands for (RFC 9051 §6.4.4.1)

  Selected(std::unique_ptr<post::View> v, post::MailboxId i, std::string n, bool r)
      : view(std::move(v)), id(i), name(std::move(n)), read_only(r) {}
};

// The last large letter that had no summary and was read for one, for clients that fetch it piece by piece.
struct LastLook {
  post::LetterId letter;
  post::SharedSummary summary;
};

class Conversation {
 public:
  static constexpr std::size_t kFlush = 64 * 1024;            // octets of answers that are collected
  static constexpr std::size_t kStream = 256 * 1024;          // octets of a letter that are read and sent at a time
  static constexpr Duration kSend = std::chrono::minutes(5);  // for the client to take one flush
  static constexpr int kFailedLogins = 5;                     // of one connection

  Conversation(Session& session, bool tls);
  // Until the connection ends.
  Task<void> run();

  // --- what commands work with

  Session& session() { return session_; }
  Site& site() { return site_; }
  post::Mailboxes& mailboxes() { return site_.mailboxes; }
  wire::Receiver& receiver() { return receiver_; }
  wire::Facts& facts() { return receiver_.facts(); }
  Login& login() { return login_; }
  bool utf8() const { return receiver_.facts().utf8; }
  bool rev2() const { return receiver_.facts().rev2; }
  Bytes& out() { return out_; }
  // For a call of the post office.
  Deadline deadline() { return session_.within(site_.limits.commit); }
  // For one that makes something durable: it ends though the process drains.
  Deadline commit_deadline() { return Session::regardless(site_.limits.commit); }

  post::AccountId account;
  std::string user;
  std::optional<Selected> selected;
  bool condstore = false;  // a CONDSTORE-enabling command was given (RFC 7162 §3.1)
  bool qresync = false;    // ENABLE QRESYNC was given: VANISHED takes the place of EXPUNGE (RFC 7162 §3.2)
  LastLook last_look;
  int failed_logins = 0;

  // --- answers

  void ok(const Call& call, ByteView code = {}, ByteView text = {});
  void no(const Call& call, ByteView code, ByteView text);
  void no(const Call& call, const Error& error);
  void bad(const Call& call, ByteView text);
  // Ends the session behind what has been written.
  void bye(ByteView code, ByteView text, ByteView why);
  bool ending() const { return ending_; }
  // The capabilities that hold now.
  Bytes capabilities() const;

  // Sends what has been collected; false when the client is gone, and the command should end.
  Task<bool> flush();
  // The same, once enough has been collected.
  Task<bool> room();
  // Sends what has been collected, then these octets.
  Task<bool> send(ChunkList octets);
  // How often something was sent.
  std::uint64_t flushes() const { return flushes_; }
  // Half a literal was sent and the rest cannot be had: nothing but hanging up is left.
  void broken() { gone_ = true; }
  bool gone() const { return gone_; }

  // --- the selected mailbox

  // Tells what is new (RFC 9051 §7.5.2), before a tagged answer or in IDLE. Flags whose change is `own` are left out.
  // False when the mailbox cannot be read now: a later call tells it.
  Task<bool> announce(post::View::Expunges expunges, std::optional<post::ModSeq> own = {});
  // Announces, as the command allows it (RFC 9051 §7.5.1: no EXPUNGE in FETCH, STORE and SEARCH), then answers OK.
  Task<void> finish(Call call, Bytes code = {}, Bytes text = {});
  // "* 3 FETCH (FLAGS (\Seen))", with UID and MODSEQ where the client wants them.
  void write_flags_of(std::uint32_t seq, const post::MessageState& state, bool uid);
  void write_flag_list(Bytes& to, const post::MessageState& state) const;
  // "* FLAGS", and PERMANENTFLAGS.
  void write_mailbox_flags();
  // The sequence numbers that a set names, ascending, disjoint. invalid: a number that no message has (RFC 9051 §9
  // seq-number).
  Result<std::vector<wire::Range>> resolve(const wire::SequenceSet& set, bool uid) const;
  // Of sequence numbers, as ranges from the first to the last UID: what stands between two messages is no message.
  post::UidSet uids_of(std::span<const wire::Range> seqs) const;
  // Forgets the selected mailbox; the client stays logged in.
  void unselect();

  // An IDLE that runs until the client ends it.
  Task<bool> idle();
  // The client's answer to a challenge; nothing when it is gone.
  Task<std::optional<wire::SaslResponse>> take_sasl();
  // Memory for a letter of so many octets, before it is let in; waits for a while until others have ended. So letters
  // that have begun can always be finished: none of them waits for memory that another one holds. Errors: busy (still
  // none), too_large (never).
  Task<Result<Lease>> reserve(std::uint64_t size);
  // One letter of an APPEND, as it comes, into the store, and how that went; nothing when the command broke or the
  // client went away. Holds an extent of it at a time.
  Task<std::optional<Result<void>>> take_letter(post::LetterDraft* draft);

 private:
  // `budgeted`: for what is read there is memory already.
  Task<bool> read(bool budgeted = false);
  void fed(Result<Chunk> chunk);
  Deadline patience();
  Task<void> handle(wire::Event event);

  Session& session_;
  Site& site_;
  Login login_;
  wire::Receiver receiver_;
  Bytes out_;
  Deadline login_by_;
  std::uint64_t flushes_ = 0;
  bool ending_ = false;
  bool gone_ = false;
};

}  // namespace chappe::agents::imap
