// The people of the demo and their mail programs: strangers at port 25, and our own with submission, IMAP and POP3.
// Each holds one conversation (app/talk.h), over TLS where a password is said, and knows the few words of its protocol
// that the scenarios need.
//
// Main thread, which blocks.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/demo/world.h"
#include "app/talk.h"

namespace chappe::app::demo {

struct SmtpReply {
  int code = 0;
  std::string enhanced;       // may be empty
  std::string text;           // of the last line
  std::string brief() const;  // "550 5.7.1"
  bool positive() const { return code >= 200 && code < 400; }
  // Of a 250 to a letter: the id that it was taken as. Empty: none is named.
  std::string letter_id() const;
};

// The machine that somebody sits at.
struct Desk {
  std::string ip = {};  // empty: any of ours
  std::string name = "desk.example";
};

class Smtp {
 public:
  // Connects, and says EHLO. With TLS for the roles of submission. `who` empty: nobody listens. `all`: to the greetings
  // as well.
  static Result<Smtp> connect(World& world, const HostPlan& host, Role role, Teller& teller, std::string_view who,
                              bool all = false, const Desk& desk = {});

  Result<SmtpReply> say(std::string_view line, std::string_view shown = {});
  Result<SmtpReply> hear();
  Result<SmtpReply> login(std::string_view account, std::string_view password);
  // The octets of a letter, with CRLF line ends, dots stuffed here, and the end. After DATA was answered with 354.
  Result<void> send_letter(std::string_view octets);
  Result<void> send(Bytes octets) { return talk_.send(std::move(octets)); }
  // MAIL, RCPT, DATA: the reply to the letter, or the first refusal.
  Result<SmtpReply> post(std::string_view from, std::string_view to, std::string_view octets,
                         std::string_view parameters = {});
  void quit();

  const std::optional<net::TlsFacts>& tls() const { return tls_; }

 private:
  explicit Smtp(Talk talk) : talk_(std::move(talk)) {}
  Talk talk_;
  std::optional<net::TlsFacts> tls_;
};

class Imap {
 public:
  // Connects by imaps, logs in, and selects the mailbox.
  static Result<Imap> open(World& world, std::string_view account, Teller& teller, std::string_view who,
                           std::string_view mailbox = "INBOX");

  // How many letters there are.
  std::size_t count() const { return count_; }
  // Asks whether there is something new.
  Result<void> look();
  Result<void> idle();
  // While idle: until more letters are told of. False: nothing was said in that time.
  Result<bool> told(Duration patience);
  Result<void> end_idle();
  // A whole letter, by its number from 1 on.
  Result<Bytes> fetch(std::size_t number);
  // The letter, of those that came since this was opened, that has `words` in it; nothing: none within that time.
  Result<std::optional<Bytes>> await(std::string_view words, Duration patience);
  void logout();

 private:
  explicit Imap(Talk talk) : talk_(std::move(talk)) {}
  Result<void> command(std::string_view words, std::string_view shown = {});
  // Reads until the answer to the command, or a continuation. Errc::denied with the server's words.
  Result<void> answered(std::string_view until);
  void note(std::string_view line);

  Talk talk_;
  int tag_ = 0;
  std::size_t count_ = 0;
  std::size_t seen_ = 0;  // by await()
};

class Pop3 {
 public:
  static Result<Pop3> open(World& world, std::string_view account, Teller& teller, std::string_view who);
  Result<std::size_t> count();
  Result<Bytes> fetch(std::size_t number);
  Result<void> remove(std::size_t number);
  void quit();

 private:
  explicit Pop3(Talk talk) : talk_(std::move(talk)) {}
  Result<std::string> command(std::string_view words, std::string_view shown = {});
  Talk talk_;
};

// A letter as a mail program writes it; `subject` and `words` in UTF-8.
Bytes make_letter(std::string_view from, std::string_view to, std::string_view subject, std::string_view words);

}  // namespace chappe::app::demo
