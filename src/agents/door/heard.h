// What judges (post/policy/judge.h: milters) are told at a door, and what becomes of what they say. A HeardSession
// tells them of one SMTP session; heed() does to a letter what they want done with it; discard() throws it away with a
// word.
//
// Belongs to the session's coroutine, on its shard. A door without judges has no HeardSession, and pays nothing. Every
// call returns within post::Judges::kAll, earlier when the process drains; the judges' own times are shorter.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "agents/door/smtp_session.h"
#include "post/policy/judge.h"

namespace chappe::agents {

class HeardSession {
 public:
  // `judges` is not empty.
  HeardSession(Session& session, std::vector<std::shared_ptr<post::Judge>> judges);

  // What the client is told instead of yes; nothing: go on. The judges hear of a connection when it says EHLO: those
  // that say nothing are no matter of theirs.
  net::Task<std::optional<proto::smtp::Reply>> hello(const proto::smtp::Hello* hello);
  net::Task<std::optional<proto::smtp::Reply>> mail(const Transaction* transaction, std::string mechanism);
  // `refused`: already, by somebody else; then the judges are told, and have no say.
  net::Task<std::optional<proto::smtp::Reply>> rcpt(proto::smtp::Rcpt rcpt, std::optional<proto::smtp::Reply> refused);
  net::Task<std::optional<proto::smtp::Reply>> data();

  // The letter: begin() once, then feed() with each piece that `ingest` was fed, of which the last `body` octets are
  // behind the header. What is said meanwhile waits for end(), because SMTP has no place for it (RFC 5321 §3.3).
  void begin(post::Ingest* ingest);
  net::Task<void> feed(const post::Ingest* ingest, Chunk piece, std::size_t body);
  // All has come. Writes into the transaction what the judges made of it, and tells the log.
  net::Task<std::optional<proto::smtp::Reply>> end(const post::Ingest* ingest, Transaction* transaction);
  // The same of a letter that ended earlier, at a refusal.
  void note(Transaction* transaction);

  net::Task<void> abort();
  net::Task<void> close();

  // Octets in memory that the judges have not heard yet.
  std::size_t held() const { return body_.size(); }

 private:
  net::Task<void> introduce();
  net::Task<void> tell_header(const post::Ingest* ingest);
  std::optional<proto::smtp::Reply> reply_of(const post::Ruling& ruling) const;
  net::Deadline deadline() { return session_.within(post::Judges::kAll); }

  Session& session_;
  post::Judges judges_;
  bool introduced_ = false;
  bool in_letter_ = false;
  bool header_told_ = false;
  ChunkList body_;
};

// Does to a letter that is about to be taken what its judges want: changes in the header, which `ingest` has held back,
// recipients, the sender. What cannot be done is told to the log and the trail. `place` says where the letter goes of a
// recipient that a judge adds. False: nobody is left to have it. Errors, of the directory: the letter must wait.
using Place = std::function<void(post::LetterRecipient&)>;
net::Task<Result<bool>> heed(Session* session, Transaction* transaction, post::Ingest* ingest,
                             post::Ingest::Drop drop = {}, Place place = {});

// Throws the letter away, as a judge wants it: 250, and a row on its trail, which is durable then.
net::Task<Replies> discard(Session* session, Transaction* transaction, std::uint64_t size);

// Where a letter goes of which judges have said junk (into Junk, of this site) or quarantine (it is kept from each
// recipient until somebody has looked).
void set_apart(Transaction* transaction);

}  // namespace chappe::agents
