// What can go wrong, as a value. Chappe has no exceptions of its own: a function that can fail returns Result<T>
// (base/result.h), and what went wrong is an Error: a code from one closed list, and a sentence for people.
//
// The code decides everything that a machine does with the failure. One table (error.cc) maps it to a class
// (temporary, permanent, bug) and to what each door says: SMTP reply and enhanced code (RFC 5321 §4.2, RFC 3463),
// IMAP response code (RFC 9051 §7.1), HTTP status and the exit code of the command line (sysexits).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace chappe {

enum class ErrorClass : std::uint8_t { temporary, permanent, bug };

enum class Errc : std::uint8_t {
  timeout,      // a deadline passed
  cancelled,    // the caller, or the whole server, no longer wants the answer
  closed,       // the other side went away
  busy,         // a queue or a budget is full; the same request may pass later
  no_space,     // the disk is below its reserve
  io,           // the system refused a read, write or sync
  read_only,    // the store refuses writes until restart, after a failed sync
  unavailable,  // something this needs (server, resolver, other node) does not answer
  conflict,     // an assertion of a batch did not hold: somebody else was first
  not_found,
  exists,
  invalid,    // the input breaks its syntax; the text says where
  too_large,  // a limit; the text names it
  over_quota,
  denied,  // authenticated or not, this is not allowed
  unauthenticated,
  unsupported,
  config,   // a configuration that cannot be served
  usage,    // a command line that cannot be understood
  corrupt,  // stored bytes fail their checks
  bug,      // this cannot happen
};
inline constexpr int kErrcCount = static_cast<int>(Errc::bug) + 1;

struct ErrorRow {
  Errc code;
  std::string_view name;  // as logs and JSON spell it
  ErrorClass cls;
  int smtp;                   // basic reply code
  std::string_view enhanced;  // RFC 3463
  std::string_view imap;      // response code without brackets; empty: none fits
  int http;
  int exit;  // sysexits.h
};

// The row of a code; the reference lives for ever.
const ErrorRow& error_row(Errc code);

class Error {
 public:
  Error(Errc code, std::string text) : code_(code), text_(std::move(text)) {}

  Errc code() const { return code_; }
  ErrorClass cls() const { return error_row(code_).cls; }
  bool temporary() const { return cls() == ErrorClass::temporary; }
  // A plain English sentence without a final full stop. Never a secret, never unescaped bytes from outside.
  const std::string& text() const { return text_; }
  // "not_found: no such account: bob@example.org"
  std::string describe() const;

  // The same failure, told from one level further up: "opening the store: <text>".
  Error within(std::string_view doing) && {
    text_.insert(0, std::string(doing) + ": ");
    return std::move(*this);
  }

  bool operator==(const Error&) const = default;

 private:
  Errc code_;
  std::string text_;
};

}  // namespace chappe
