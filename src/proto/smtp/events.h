// What the server machine tells its driver, one event at a time. A *question* must be answered (accept, reject, …)
// before the next event comes; a *notice* must not. All are values: nothing in them points into the machine.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "base/bytes.h"
#include "proto/smtp/path.h"
#include "proto/smtp/rules.h"

namespace chappe::proto::smtp {

// ---- what the driver has to do

// All input is used up: write out `take_output()`, then feed more.
struct NeedInput {};
// Replies have piled up (ServerLimits::output): write out `take_output()`, then call next() again.
struct NeedFlush {};
// The last question is not answered yet.
struct NeedAnswer {};
// STARTTLS was accepted: write out `take_output()`, shake hands, call tls_started(). Whatever arrived in clear behind
// the command is gone (RFC 3207 §4.2).
struct NeedTls {};

enum class CloseReason : std::uint8_t { quit, refused, timeout, shutdown, lost };
// The last event: write out `take_output()` and close. It comes again if next() is called again.
struct Close {
  CloseReason reason = CloseReason::quit;
  std::optional<Rule> rule = {};  // which rule ended it, for `refused`
};

// ---- questions

// HELO, EHLO or LHLO: the transaction that was open, if any, is gone. accept() sends the list of extensions.
struct Hello {
  std::string name = {};     // as sent, printable ASCII, at most 255 octets
  bool extended = false;     // EHLO or LHLO
  bool well_formed = false;  // a domain or an address literal (RFC 5321 §4.1.3); else whatever it is
};

// accept() sends 220 and ends the clear text; reject(): 454 (RFC 3207 §4).
struct StartTls {};

// AUTH: answer with challenge(), accept() (235) or reject() (535).
struct AuthBegin {
  std::string mechanism = {};         // upper case, one of those offered
  std::optional<Bytes> initial = {};  // decoded; `=` is an empty one (RFC 4954 §4)
};
// The client's answer to a challenge(), decoded.
struct AuthResponse {
  Bytes response = {};
};

enum class Body : std::uint8_t { unsaid, seven_bit, eight_bit, binary };  // RFC 6152 §2, RFC 3030 §3

struct Mail {
  Path path = {};
  std::optional<std::uint64_t> size = {};  // RFC 1870 §6; never over the limit
  Body body = Body::unsaid;
  bool smtputf8 = false;                  // RFC 6531 §3.4
  std::optional<std::string> auth = {};   // RFC 4954 §5, decoded; empty for `<>`. Believe it only of whom you trust
  std::optional<std::string> ret = {};    // RFC 3461 §4.3: "FULL" or "HDRS"
  std::optional<std::string> envid = {};  // RFC 3461 §4.4, decoded
};

struct Rcpt {
  Path path = {};
  std::optional<std::string> notify = {};  // RFC 3461 §4.1: upper case, as listed
  std::optional<std::string> orcpt = {};   // RFC 3461 §4.2: as written, still xtext: "rfc822;bob+2Bx@example.org"
  std::optional<std::string> folder = {};  // XFOLDER, decoded (ServerOptions::folders)
};

// A letter begins: DATA, or the first BDAT. accept() sends 354 for DATA and nothing for BDAT.
struct DataBegin {
  bool chunked = false;
};

// What a letter was like, seen in the pass that took it in.
struct LetterFacts {
  std::uint64_t size = 0;          // octets given out in Data events
  std::uint64_t header_size = 0;   // up to and with the first empty line; `size` if there is none
  std::uint64_t lines = 0;         // ended by <CRLF>, repaired ones too
  std::uint64_t longest_line = 0;  // octets, without its <CRLF>
  std::uint64_t bare_lf = 0;       // found; by LineFault they were repaired or kept
  std::uint64_t bare_cr = 0;
  std::uint64_t nul = 0;
  bool eight_bit_header = false;  // RFC 6532 needs SMTPUTF8 for it
  bool eight_bit_body = false;
  bool ends_in_crlf = true;  // false is possible by BDAT only
};

// The letter is complete. accept() promises to keep it (RFC 5321 §6.1). At an LMTP door call answer_each() instead,
// or accept() or reject() for all recipients alike.
struct DataEnd {
  LetterFacts facts = {};
};

// accept() says 252 (RFC 5321 §3.5.3); accept(Reply) with 250 tells; reject() as it likes.
struct Vrfy {
  std::string argument = {};
};

// ---- notices

// The next octets of the letter, dot-unstuffed: a slice of what was fed, not a copy.
struct Data {
  Chunk bytes = {};
};
// The letter breaks a rule: throw away what came of it. The machine reads on to its end and refuses it there by itself.
struct DataRefused {
  Rule rule;
};
// The transaction was given up by the client (RSET, or a BDAT that failed): no DataEnd will come.
struct Reset {};
// "*" in answer to a challenge, or a response that cannot be read (RFC 4954 §4): the exchange is over.
struct AuthCancel {};
// A command was refused by the machine itself.
struct Refused {
  Rule rule;
  std::string line = {};  // the command, escaped, at most 200 octets; secrets of AUTH left out
};
struct Help {};
struct Noop {};

using Event =
    std::variant<NeedInput, NeedFlush, NeedAnswer, NeedTls, Close, Hello, StartTls, AuthBegin, AuthResponse, Mail, Rcpt,
                 DataBegin, DataEnd, Vrfy, Data, DataRefused, Reset, AuthCancel, Refused, Help, Noop>;

}  // namespace chappe::proto::smtp
