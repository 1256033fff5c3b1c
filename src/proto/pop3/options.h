// What a POP3 machine is told about the door it stands at. Made once from the configuration, shared by the machines of
// that door.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace chappe::proto::pop3 {

struct ServerOptions {
  std::string hostname = "localhost";
  std::string implementation = "Chappe";  // CAPA IMPLEMENTATION (RFC 2449 §6.9)
  bool tls_available = false;             // STLS is offered (RFC 2595 §4)
  // USER, PASS and AUTH are taken in clear: for loopback and tests only (RFC 2595 §2.1)
  bool login_without_tls = false;
  bool user_pass = true;                     // USER and PASS exist at all
  std::vector<std::string> auth_mechanisms;  // upper case; empty: AUTH is not offered (RFC 5034)
  bool utf8 = true;                          // RFC 6856: UTF8 and UTF8 USER

  // RFC 2449 §4: a command has at most 255 octets. UTF-8 names and long passwords are in use.
  std::size_t command_line = 1024;
  std::size_t auth_line = 12288;       // one response of a SASL exchange (RFC 5034 §4)
  std::size_t line_flood = 64 * 1024;  // octets of one overlong line thrown away before the connection is
  std::size_t errors = 20;             // refused commands
  std::size_t auth_failures = 3;       // failed logins
  std::size_t output = 64 * 1024;      // pending octets after which the machine wants to be flushed
};

}  // namespace chappe::proto::pop3
