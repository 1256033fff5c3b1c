// Where an SMTP session stands: the facts that decide which command may come next. The server machine keeps one; the
// `check` of each command reads it and changes nothing.
#pragma once

#include <cstddef>
#include <cstdint>

#include "proto/smtp/events.h"
#include "proto/smtp/options.h"

namespace chappe::proto::smtp {

struct Session {
  const ServerOptions& options;
  bool tls = false;
  bool hello = false;  // EHLO, HELO or LHLO was accepted
  bool authenticated = false;

  // The transaction (RFC 5321 §3.3).
  bool in_mail = false;
  bool smtputf8 = false;
  Body body = Body::unsaid;
  std::size_t recipients = 0;  // accepted
  std::size_t offered = 0;     // RCPT commands, accepted or not
  bool chunked = false;        // a BDAT came
  bool chunk_failed = false;   // a BDAT was refused; RSET must follow (RFC 3030 §2)

  // The size of the letter may be this and that; whether AUTH can be offered now.
  bool auth_offered() const { return !options.auth_mechanisms.empty() && (tls || options.auth_without_tls); }
  bool starttls_offered() const { return options.tls_available && !tls; }
  void end_transaction() {
    in_mail = smtputf8 = chunked = chunk_failed = false;
    body = Body::unsaid;
    recipients = offered = 0;
  }
};

}  // namespace chappe::proto::smtp
