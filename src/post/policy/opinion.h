// What a judge thinks of a letter: what is to be done with it, in which words, and what the judge would have changed.
// A milter, a virus scanner and the spam filter all say it in this form. A value; nothing here blocks.
//
// Everything in an Opinion has passed the limits and the checks below, whoever said it: what breaks them is left out,
// and unheeded() tells of it. So no judge can end a line, forge a field or add a thousand recipients.
// RFC 5321 §4.2 (replies), RFC 3463 (enhanced codes), RFC 5322 §2.2 (fields).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "proto/smtp/reply.h"

namespace chappe::post {

// From mild to harsh; of several judges, the harshest action wins.
enum class Action : std::uint8_t {
  nothing,     // go on
  accept,      // go on, and do not ask the judges behind this one
  junk,        // deliver into the junk mailbox
  quarantine,  // keep, deliver to nobody until somebody has looked
  defer,       // 4xx: the client tries again
  reject,      // 5xx
  discard,     // say 250 and throw it away
};
std::string_view action_id(Action action);  // "quarantine"

struct HeaderChange {
  enum class Kind : std::uint8_t {
    add,     // below the others
    insert,  // above the field number `place` of the letter as it came, from 0; beyond the last: below the others
    change,  // the value of the `place`th field of that name, from 1; where there is none, add
    remove,  // the `place`th field of that name, from 1
  };
  Kind kind = Kind::add;
  std::string name = {};
  // What follows the colon, blank and folding included (lines end with CRLF), without the last line end.
  std::string value = {};
  std::uint32_t place = 0;

  bool operator==(const HeaderChange&) const = default;
};

struct RecipientChange {
  enum class Kind : std::uint8_t { add, remove };
  Kind kind = Kind::add;
  std::string address = {};     // without angle brackets
  std::string parameters = {};  // as behind RCPT (RFC 5321 §4.1.2), when added

  bool operator==(const RecipientChange&) const = default;
};

struct SenderChange {
  std::string address = {};  // without angle brackets; empty: <>
  std::string parameters = {};

  bool operator==(const SenderChange&) const = default;
};

// Why something that a judge asked for is not done. The numbers are no promise, the ids in the table (opinion.cc) are.
enum class Unheeded : std::uint8_t {
  body,           // another body: letters are never rewritten
  not_agreed,     // a kind of change that was not agreed on when the conversation with the judge began
  too_many,       // more changes than Opinion::kMaxChanges
  too_large,      // more octets than a field, or all changes together, may have
  bad_field,      // a field that would not be one (RFC 5322 §2.2)
  bad_place,      // a field number that cannot be
  bad_recipient,  // no address (RFC 5321 §4.1.2)
  bad_sender,     // no address
  bad_reply,      // a reply that is none, or does not fit the action; a common one takes its place
  // What was found out later, of the letter.
  forged,          // a field that could be taken for our own Authentication-Results
  reserved,        // a field that is ours, or on which the reading of the body rests
  no_destination,  // a recipient that leads nowhere
  parameters,      // of an address; the address is heeded
};
struct UnheededRow {
  Unheeded unheeded;
  std::string_view id;
  std::string_view en, fr;
};
const UnheededRow& unheeded_row(Unheeded unheeded);
std::span<const UnheededRow> unheeded_rows();

struct UnheededWish {
  Unheeded why;
  std::string what;  // fit for a log

  bool operator==(const UnheededWish&) const = default;
};

class Opinion {
 public:
  static constexpr std::size_t kMaxChanges = 200;           // of fields and recipients together
  static constexpr std::size_t kMaxFieldName = 76;          // a line of 78 has room for it (RFC 5322 §2.1.1)
  static constexpr std::size_t kMaxFieldValue = 64 * 1024;  // octets
  static constexpr std::size_t kMaxOctets = 256 * 1024;     // of all changes together
  static constexpr std::size_t kMaxFieldPlace = 100'000;    // of a change
  static constexpr std::size_t kMaxParameters = 500;        // octets (RFC 5321 §4.5.3.1: a command has 512)
  static constexpr std::size_t kMaxReplyText = 2000;        // octets, all lines together
  static constexpr std::size_t kMaxReason = 300;            // octets
  static constexpr std::size_t kMaxUnheeded = 20;           // told; the rest is counted

  Opinion() = default;
  // Defer and reject get a common reply.
  explicit Opinion(Action action) { decide(action); }

  void decide(Action action);
  // In the judge's own words: 4xx to defer, 5xx to reject, with an enhanced code of the same class or none
  // (RFC 3463 §2); no controls, several lines are separated by '\n'. 421 asks that the connection be closed
  // (RFC 5321 §3.8).
  void decide(Action action, proto::smtp::Reply reply);
  void score(double points) { score_ = points; }
  void reason(std::string_view text);
  void change(HeaderChange change);
  void change(RecipientChange change);
  void change(SenderChange change);
  void leave(Unheeded why, std::string_view what);

  Action action() const { return action_; }
  bool refuses() const { return action_ == Action::defer || action_ == Action::reject; }
  // What the client is told; of defer and reject only.
  const proto::smtp::Reply& reply() const { return reply_; }
  std::optional<double> score() const { return score_; }
  // A short sentence, printable ASCII: "GTUBE", "Win.Test.EICAR_HDB-1".
  const std::string& reason() const { return reason_; }
  // In the order in which they were asked for.
  const std::vector<HeaderChange>& fields() const { return fields_; }
  const std::vector<RecipientChange>& recipients() const { return recipients_; }
  const std::optional<SenderChange>& sender() const { return sender_; }
  const std::vector<UnheededWish>& unheeded() const { return unheeded_; }
  std::size_t more_unheeded() const { return more_unheeded_; }

 private:
  bool room(std::size_t octets, std::string_view what);

  Action action_ = Action::nothing;
  proto::smtp::Reply reply_;
  std::optional<double> score_;
  std::string reason_;
  std::vector<HeaderChange> fields_;
  std::vector<RecipientChange> recipients_;
  std::optional<SenderChange> sender_;
  std::size_t octets_ = 0;
  std::vector<UnheededWish> unheeded_;
  std::size_t more_unheeded_ = 0;
};

// What Opinion::decide asks of a reply. Errc::invalid says what is wrong with it.
Result<> fits(Action action, const proto::smtp::Reply& reply);

}  // namespace chappe::post
