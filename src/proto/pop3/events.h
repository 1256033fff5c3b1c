// What the POP3 machine tells its driver, one event at a time. A question must be answered before the next event comes.
// All are values: nothing in them points into the machine.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "base/bytes.h"

namespace chappe::proto::pop3 {

// ---- what the driver has to do
struct NeedInput {};   // write out take_output(), then feed
struct NeedFlush {};   // write out take_output(), then call next() again
struct NeedAnswer {};  // the last question is not answered yet
struct NeedTls {};     // STLS was accepted: write out, shake hands, tls_started()
enum class CloseReason : std::uint8_t { quit, refused, timeout, shutdown, lost };
struct Close {  // the last event: write out and close
  CloseReason reason = CloseReason::quit;
};

// ---- questions

// STLS (RFC 2595 §4): accept() or reject()
struct StartTls {};
// USER and PASS together, when the password is there (RFC 1939 §7): log_in() or reject(). A user's name is never
// judged alone, so that nobody learns which names exist.
struct Login {
  std::string user = {};
  std::string password = {};  // octets; UTF-8 after the UTF8 command (RFC 6856 §2.2)
};
// AUTH (RFC 5034 §4): challenge(), log_in() or reject()
struct AuthBegin {
  std::string mechanism = {};  // upper case, one of those offered
  std::optional<Bytes> initial = {};
};
struct AuthResponse {
  Bytes response = {};
};
// RETR and TOP: the letter is wanted. send() or reject().
struct Retrieve {
  std::size_t number = 0;                        // the index in the maildrop given to log_in(), from 0
  std::optional<std::uint64_t> body_lines = {};  // TOP: so many lines of the body (RFC 1939 §7)
};
// QUIT in the TRANSACTION state: remove what deleted() says. accept() when it is done and durable, reject() when not
// all could be removed (RFC 1939 §6).
struct Update {};

// ---- notices
struct AuthCancel {};  // the exchange is over without a result (RFC 5034 §4)
// A command was refused by the machine itself.
struct Refused {
  std::string line = {};  // escaped, secrets left out
};

using Event = std::variant<NeedInput, NeedFlush, NeedAnswer, NeedTls, Close, StartTls, Login, AuthBegin, AuthResponse,
                           Retrieve, Update, AuthCancel, Refused>;

}  // namespace chappe::proto::pop3
