// What a server machine is told about the door it stands at: the role, what is offered, every limit. Made once from the
// configuration, shared by the machines of that door, never changed while one of them uses it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace chappe::proto::smtp {

enum class Role : std::uint8_t {
  exchanger,   // port 25: the world (RFC 5321)
  submission,  // ports 587 and 465: our own people (RFC 6409); MAIL needs AUTH first
  lmtp,        // RFC 2033: LHLO, and one reply for each recipient after the letter
};

// What is done with a line feed or carriage return that stands alone in a letter. None of them ever ends a line, so
// none of them can end a letter.
enum class LineFault : std::uint8_t {
  refuse,  // the letter is refused after its end: rules letter.bare-lf, letter.bare-cr
  repair,  // it becomes <CRLF> on the way in, and is counted (RFC 6409 §8 lets a submission server mend a letter)
  keep,    // it stays, and is counted
};

// Every count and size has a limit; zero means none only where it says so.
struct ServerLimits {
  // RFC 5321 §4.5.3.1.4 asks for 512 at least. MAIL may grow by SIZE 26, BODY 17, SMTPUTF8 10, AUTH 506 and DSN 116
  // octets (the RFCs of each), RCPT by 528.
  std::size_t command_line = 2048;
  std::size_t auth_line = 12288;  // RFC 4954 §4
  // Octets of one overlong command line that are thrown away before the connection is.
  std::size_t line_flood = 64 * 1024;
  std::uint64_t letter = 50 * 1024 * 1024;  // octets, after dot-unstuffing (RFC 1870 §3)
  std::size_t header = 1024 * 1024;         // octets up to the first empty line
  // RFC 5321 §4.5.3.1.6 says 1000 octets; real mail has paragraphs, style sheets and whole base64 bodies on one line,
  // and to views on bytes a long line costs nothing. What is over this is not text.
  std::size_t letter_line = 1024 * 1024;
  // What is read and thrown away over the limit of a letter, or in refused chunks, before the connection is closed.
  std::uint64_t refused_data = 256 * 1024 * 1024;
  std::size_t recipients = 1000;    // RFC 5321 §4.5.3.1.8: 100 at least
  std::size_t errors = 20;          // refused commands since the last accepted letter
  std::size_t idle_commands = 500;  // NOOP, RSET, VRFY, EHLO and their like since the last accepted letter
  std::size_t refused_rcpts = 200;  // recipients refused with 5xx in a session; 0: no limit
  std::size_t auth_failures = 3;    // RFC 4954 §4: SHOULD be limited
  std::size_t output = 64 * 1024;   // pending reply octets after which the machine wants to be flushed
};

struct ServerOptions {
  std::string hostname = "localhost";  // in the greeting and the EHLO reply (RFC 5321 §4.1.1.1)
  std::string banner = "Chappe";       // behind "ESMTP" in the greeting
  Role role = Role::exchanger;
  ServerLimits limits;

  bool tls_available = false;                // STARTTLS can be offered
  bool tls_required = false;                 // before TLS, only EHLO, NOOP, RSET, HELP, STARTTLS and QUIT (RFC 3207 §4)
  bool auth_without_tls = false;             // offer AUTH in clear: for loopback and tests only (RFC 4954 §4)
  std::vector<std::string> auth_mechanisms;  // upper case; empty: AUTH is not offered
  bool auth_required = false;                // MAIL needs AUTH first (RFC 6409 §4.3)

  bool pipelining = true;   // RFC 2920
  bool chunking = true;     // RFC 3030
  bool binarymime = false;  // RFC 3030 §3; needs `chunking`, and a next hop that takes it
  bool smtputf8 = true;     // RFC 6531
  bool dsn = false;         // RFC 3461
  // RCPT may say XFOLDER=name, in xtext: the folder of the mailbox that this letter belongs in. A keyword of ours (RFC
  // 5321 §2.2.2), for hosts that are believed.
  bool folders = false;

  LineFault bare_lf = LineFault::refuse;        // in DATA
  LineFault bare_cr = LineFault::refuse;        // in DATA
  LineFault bare_lf_chunk = LineFault::refuse;  // in BDAT: Microsoft is known to send some
  LineFault bare_cr_chunk = LineFault::refuse;  // in BDAT

  // Close on a client that sends more behind EHLO, HELO or DATA, or anything before the greeting, without waiting for
  // the reply (RFC 2920 §3.1): a bot, or one half of a smuggled letter. What counts is what was fed with the command.
  bool refuse_early_commands = true;
};

// The usual door of each role. A submission door repairs bare <LF>, as RFC 6409 §8 allows, and requires TLS and AUTH.
ServerOptions default_options(Role role);

}  // namespace chappe::proto::smtp
