// Notifications: the letters that tell a sender what became of a letter (RFC 3461 §5 says when, RFC 3464 how). Whoever
// finds out what became of it has one written and takes it in one commit with what it tells of.
//
// A notification has no sender, so that none is ever written about it (RFC 5321 §4.5.5), and asks for none
// (NOTIFY=NEVER). Letters from nobody, and those whose sender leads nowhere, have nobody who could be told.
//
// Keeps nothing; any executor; blocks nothing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "message/dsn.h"
#include "post/delivery/route.h"
#include "post/ingest/ingest.h"
#include "post/keys/signer.h"
#include "post/letter_id.h"

namespace chappe::post {

// What there is to tell.
struct Tidings {
  message::DsnAction action = message::DsnAction::failed;
  std::vector<message::DsnRecipient> recipients = {};  // of whom; those who asked for it
  // Of the letter.
  LetterId letter = {};
  std::string sender = {};
  std::string envid = {};
  bool smtputf8 = false;
  Time arrived = {};
  std::optional<Time> gives_up = {};  // of a delay
  Bytes original = {};                // the letter, or what to_header() left of it
  bool whole = false;                 // it is the whole letter
};

class Notices {
 public:
  struct Parts {
    RcptSource& directory;
    LetterIds& ids;
    Clock& clock;
    Random& random;
    std::string hostname;
    Signer* signer = nullptr;  // null: notifications are not signed
  };
  explicit Notices(Parts parts) : parts_(std::move(parts)) {}

  // The notification, signed where that is possible now: who is told late is told badly. To be taken (Deliver); nothing
  // when there is nobody to tell. Errors: those of the directory that may be others later.
  net::Task<Result<std::optional<Letter>>> write(Tidings tidings, Deadline deadline) const;

  // For `recipients` of `letter`, which arrives here now: of those who wanted to hear of success, the ones that are
  // delivered into mailboxes. And `expanded`: the aliases with more than one target (RFC 3461 §5.2.7.3). To be added to
  // its notices.
  net::Task<Result<std::vector<Letter>>> arrived(const Letter* letter, std::vector<message::DsnRecipient> expanded,
                                                 Deadline deadline) const;

 private:
  net::Task<Result<void>> add(std::vector<Letter>* to, const Letter* about, message::DsnAction action,
                              std::vector<message::DsnRecipient> recipients, Deadline deadline) const;

  Parts parts_;
};

// As much of a letter as RET=HDRS brings back: its header.
inline constexpr std::uint64_t kHeaderShown = 64 * 1024;
Bytes to_header(Bytes letter);

// ORCPT as it stands in a report: decoded (RFC 3464 §2.3.1).
std::string decoded_orcpt(std::string_view written);

}  // namespace chappe::post
