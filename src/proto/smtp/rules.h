// What the SMTP machine says by itself: one table of rules, each with a name that never changes, a reply code, an
// enhanced status code (RFC 3463) and a sentence. Documentation, tests, logs and the trail name a rule by its id; the
// sentence may be improved, the id may not. Pure data, lives for ever, safe from any thread.
//
// The rules about the letter itself (ids `letter.*`) are the door's answer to bytes that are not a letter by
// RFC 5321 §2.3.8 and RFC 5322 §2.1:
//
//   letter.bare-lf        a line feed without its carriage return is data, never a line end, so that no two hops can
//                         disagree on where a letter ends; it is refused, repaired or kept (LineFault)
//   letter.bare-cr        the same for a carriage return without its line feed
//   letter.nul-in-header  a NUL before the first empty line is refused always; in the body it is kept as it is
//   letter.line-too-long  see ServerLimits::letter_line
//   letter.header-too-large, letter.too-large   limits of ServerLimits
//
// A letter that breaks a rule is read to its end (RFC 5321 §4.2.5 gives no way to stop a sender) and refused there.
#pragma once

#include <cstdint>
#include <string_view>

namespace chappe::proto::smtp {

enum class Rule : std::uint8_t {
  // Answers when nothing is wrong.
  noop_ok,
  reset_ok,
  vrfy_unsaid,
  help,
  goodbye,
  tls_go,
  auth_ok,
  mail_ok,
  rcpt_ok,
  data_go,
  chunk_ok,
  letter_ok,
  // The command line.
  line_bare_lf,
  line_bare_cr,
  line_nul,
  line_too_long,
  line_8bit,
  line_endless,
  // Commands: syntax and order.
  command_unknown,
  command_unsupported,
  command_alien,
  command_too_early,
  argument_missing,
  argument_unwanted,
  hello_syntax,
  hello_first,
  hello_lmtp,
  hello_not_lmtp,
  mail_syntax,
  mail_path,
  mail_nested,
  mail_first,
  rcpt_syntax,
  rcpt_path,
  rcpt_too_many,
  rcpt_first,
  rcpt_refused_first,
  parameter_unknown,
  parameter_syntax,
  size_too_large,
  body_unknown,
  utf8_address,
  data_after_chunk,
  data_binary,
  chunk_open,
  chunk_after_failure,
  chunk_syntax,
  chunk_too_large,
  tls_first,
  tls_already,
  auth_first,
  auth_already,
  auth_in_mail,
  auth_needs_tls,
  auth_mechanism,
  auth_base64,
  auth_cancelled,
  auth_line_too_long,
  // The letter.
  letter_bare_lf,
  letter_bare_cr,
  letter_nul_in_header,
  letter_line_too_long,
  letter_header_too_large,
  letter_too_large,
  // Endings.
  too_many_errors,
  too_many_idle,
  too_many_refused_rcpts,
  too_many_auth_failures,
  too_much_refused_data,
  out_of_step,
  turned_away,
  timeout,
  shutdown,
  short_of_memory,
  driver_fault,
};
inline constexpr int kRuleCount = static_cast<int>(Rule::driver_fault) + 1;

struct RuleRow {
  Rule rule;
  std::string_view id;        // "letter.bare-lf": stable
  int code;                   // RFC 5321 §4.2
  std::string_view enhanced;  // RFC 3463; empty where RFC 2034 §4 wants none (3xx)
  std::string_view text;      // one printable ASCII line, at most 400 octets
};

// The row of a rule; the reference lives for ever.
const RuleRow& rule_row(Rule rule);

}  // namespace chappe::proto::smtp
