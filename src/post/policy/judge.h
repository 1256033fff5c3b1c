// Who may say something about a letter while it arrives: a milter, a virus scanner, the spam filter, each a Judge. And
// Judges, which hears several of them in order and comes to one verdict.
//
// A Judge serves the whole process, any shard. It gives out a Hearing for each SMTP connection, which belongs to the
// session and runs on its shard. Its calls come in the order of SMTP, one at a time:
//
//   connect, hello (again after STARTTLS), then for each letter: mail, rcpt …, data, header, body …, end
//
// or abort() at any moment of a letter; then the next letter; close() at last. Each gives an Opinion, of action nothing
// while there is more to be heard. Any other ends the hearing for its scope, and no abort() follows: the connection,
// when it comes from connect or hello, which may accept, defer or reject; the letter, when it comes later; but a
// refusal at rcpt concerns that recipient only. What a judge would have changed counts when it comes from end().
//
// A hearing that fails gives an Error, which ends the letter for it too; whoever hears it (Judges) does as the judge's
// settings say. A call returns by its deadline. Nothing here blocks.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "net/task.h"
#include "post/policy/opinion.h"
#include "proto/smtp/events.h"

namespace chappe::post {

using net::Deadline;
using net::Task;

struct ConnectionFacts {
  std::string ip = {};  // of the client: "192.0.2.1", "2001:db8::1"
  std::uint16_t port = 0;
  std::string name = {};  // its name by reverse and forward DNS (RFC 8601 §2.7.3: iprev); empty: not known
  std::string ptr = {};   // its name by reverse DNS alone; empty: not known
  std::string local_ip = {};
  std::uint16_t local_port = 0;
  std::string hostname = {};  // ours
  std::string door = {};      // "mx", "submission"
};

struct TlsSeen {
  std::string version = {};  // "TLSv1.3"
  std::string cipher = {};
};

struct HelloFacts {
  proto::smtp::Hello hello = {};
  std::optional<TlsSeen> tls = {};
};

struct LoginSeen {
  std::string mechanism = {};  // "PLAIN"
  std::string account = {};
};

struct MailFacts {
  std::string letter = {};  // its id, as the trail shows it
  proto::smtp::Mail mail = {};
  std::optional<LoginSeen> login = {};
};

struct RcptFacts {
  proto::smtp::Rcpt rcpt = {};
  std::optional<proto::smtp::Reply> refused = {};  // already, by somebody else
};

// The octets up to and with the empty line, as they came; shared by all judges. At most Ingest::kMaxHeader.
using HeaderOctets = std::shared_ptr<const Bytes>;

class Hearing {
 public:
  virtual ~Hearing() = default;
  virtual Task<Result<Opinion>> connect(ConnectionFacts facts, Deadline deadline) = 0;
  virtual Task<Result<Opinion>> hello(HelloFacts facts, Deadline deadline) = 0;
  virtual Task<Result<Opinion>> mail(MailFacts facts, Deadline deadline) = 0;
  virtual Task<Result<Opinion>> rcpt(RcptFacts facts, Deadline deadline) = 0;
  virtual Task<Result<Opinion>> data(Deadline deadline) = 0;
  virtual Task<Result<Opinion>> header(HeaderOctets octets, Deadline deadline) = 0;
  // What follows the header; the octets are shared, not copied.
  virtual Task<Result<Opinion>> body(ChunkList octets, Deadline deadline) = 0;
  virtual Task<Result<Opinion>> end(Deadline deadline) = 0;
  // The letter is given up, or decided without this judge.
  virtual Task<void> abort(Deadline deadline) = 0;
  // The connection is over. A hearing may also go without it.
  virtual Task<void> close(Deadline deadline) = 0;
};

struct JudgeSettings {
  enum class Without : std::uint8_t { accept, defer };
  Without without = Without::defer;            // what becomes of a letter when the judge does not answer
  Duration step = std::chrono::seconds(15);    // for an answer
  Duration verdict = std::chrono::minutes(1);  // for the answer to the whole letter
};

class Judge {
 public:
  virtual ~Judge() = default;
  // As the configuration calls it: "rspamd".
  virtual std::string_view name() const = 0;
  virtual const JudgeSettings& settings() const = 0;
  virtual std::unique_ptr<Hearing> hear() = 0;
};

// Steps of a hearing, for the record.
enum class Step : std::uint8_t { none, connect, hello, mail, rcpt, data, header, body, end };
std::string_view step_id(Step step);  // "header"

// What one judge made of a letter.
struct Heard {
  std::string judge;
  Opinion opinion;
  Step at = Step::none;              // which step decided; none: nothing was decided
  std::optional<Error> failure;      // why there is no opinion of its own
  bool excused = false;              // a judge before it had accepted the letter
  std::uint32_t refused = 0;         // recipients, by this judge
  Duration took = Duration::zero();  // for its answers to this letter, all together
};

struct Verdict {
  Action action = Action::nothing;
  proto::smtp::Reply reply = {};  // of defer and reject
  // Whose action it is, in `heard`; nothing: nobody's. Of several with the same action, the first.
  std::optional<std::size_t> by = {};
  std::vector<Heard> heard = {};  // each judge once, in order; their changes hold in this order
};

// What is to be done now: nothing, or defer or reject with a reply.
struct Ruling {
  Action action = Action::nothing;
  proto::smtp::Reply reply = {};
  std::string judge = {};  // whose

  bool refuses() const { return action != Action::nothing; }
};

// The judges of one SMTP connection, heard in their order. Belongs to its session.
//
//   Judges judges(site_judges, clock);
//   co_await judges.connect(…); co_await judges.hello(…);
//   if (auto r = co_await judges.mail(…); r.refuses()) → r.reply
//   …rcpt, data, header, body…
//   co_await judges.end(deadline); judges.verdict()
//
// Every judge hears the letter as it came, not as those before it would have it. Accept ends the hearing of the judges
// behind; of all other actions the harshest wins, and nobody more is asked about a letter that somebody rejects or
// discards. A refusal at connect or hello is said again to each mail(); one at header or body waits for end().
//
// A judge that fails at connect or hello is asked again at mail(); one that fails later is not asked again about the
// same letter, which is deferred or goes on without it.
class Judges {
 public:
  // For one step of all judges together, whatever the deadline of the call.
  static constexpr Duration kAll = std::chrono::minutes(3);

  // `clock` must outlive it.
  Judges(std::vector<std::shared_ptr<Judge>> judges, Clock& clock, Duration all = kAll);

  Task<Ruling> connect(ConnectionFacts facts, Deadline deadline);
  // Ends a letter that is open (RFC 5321 §4.1.4).
  Task<Ruling> hello(HelloFacts facts, Deadline deadline);
  // Begins a letter, which is over when this refuses.
  Task<Ruling> mail(MailFacts facts, Deadline deadline);
  // Refuses this recipient, or each one when the letter is refused by now. Judges are told of one that is refused
  // already.
  Task<Ruling> rcpt(RcptFacts facts, Deadline deadline);
  Task<Ruling> data(Deadline deadline);
  Task<Ruling> header(HeaderOctets octets, Deadline deadline);
  Task<Ruling> body(ChunkList octets, Deadline deadline);
  // The letter is complete. verdict() holds until the next mail().
  Task<Ruling> end(Deadline deadline);
  Task<void> abort(Deadline deadline);
  Task<void> close(Deadline deadline);

  // What has been made of the letter so far.
  Verdict verdict() const;
  bool empty() const { return seats_.empty(); }

 private:
  enum class Hears : std::uint8_t {
    everything,
    next_letter,  // nothing more of this letter
    nothing,      // of this connection
  };
  struct Seat {
    std::shared_ptr<Judge> judge;
    std::unique_ptr<Hearing> hearing;
    Hears hears = Hears::everything;
    bool in_letter = false;  // it has heard mail() and is owed end() or abort()
    Heard heard;
  };

  // One step of all who still hear; `call` makes the call to one of them.
  template <class F>
  Task<Ruling> all(Step step, Deadline deadline, F call);
  // What one of them answers, by `deadline`.
  template <class F>
  Task<Result<Opinion>> ask(std::size_t index, Step step, Deadline deadline, F call);
  void settle(std::size_t index, Step step, Result<Opinion> said);
  // Whether there is nothing more to be heard of the letter: it is refused at a step where that is said at once, or
  // nothing harsher can come.
  bool decided(Step step) const;
  Task<void> leave_letter(Deadline deadline);
  // Tells those who need not hear the letter further because one before them has accepted it.
  Task<void> dismiss(Deadline deadline);
  std::optional<std::size_t> harshest() const;
  Ruling ruling() const;

  std::vector<Seat> seats_;
  Clock& clock_;
  Duration all_;
  Ruling refused_;  // the connection
};

}  // namespace chappe::post
