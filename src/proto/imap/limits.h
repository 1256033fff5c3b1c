// What one IMAP session may ask of us, each with the default that serves ordinary clients. RFC 9051 sets no limits; RFC
// 2683 §3.2.1.5 asks clients to stay below 1000 octets a line and servers to take 8000, and real clients send lists of
// UIDs of some ten thousand octets. Owned by whoever makes a Receiver; plain values.
#pragma once

#include <cstddef>
#include <cstdint>

namespace chappe::proto::imap {

struct Limits {
  // Octets of one line, CRLF not counted. Passing it ends the connection (BYE).
  static constexpr std::size_t kLineBeforeLogin = 8 * 1024;
  static constexpr std::size_t kLine = 64 * 1024;
  // Octets of one line of a SASL exchange; bearer tokens are long.
  static constexpr std::size_t kSaslLine = 16 * 1024;
  // Octets of one literal that is not a letter; a larger one is refused before a byte of it is kept.
  static constexpr std::size_t kLiteralBeforeLogin = 1024;
  static constexpr std::size_t kLiteral = 64 * 1024;
  // Octets of a whole command, its literals included, a letter's not.
  static constexpr std::size_t kCommand = 256 * 1024;
  static constexpr int kLiterals = 100;
  // Octets of a letter given to APPEND; announced as APPENDLIMIT (RFC 7889).
  static constexpr std::uint64_t kAppend = 64 * 1024 * 1024;
  // Octets of refused non-synchronizing literals that are read and thrown away for one command; more ends the
  // connection (RFC 7888 §4). Before login nothing is thrown away for anyone.
  static constexpr std::uint64_t kDiscard = 1024 * 1024;
  // Parentheses, NOTs and ORs inside each other.
  static constexpr int kDepth = 40;
  // Ranges of one sequence set as written.
  static constexpr std::size_t kSetItems = 10'000;
  // Elements of any list: flags, header names, patterns, options, search keys.
  static constexpr std::size_t kListItems = 1'000;
  static constexpr std::size_t kTag = 128;
  static constexpr std::size_t kFlag = 128;
  // Commands that could not be understood, in a row; passing it ends the connection (BYE).
  static constexpr int kBadBeforeLogin = 3;
  static constexpr int kBad = 20;

  std::size_t line_before_login = kLineBeforeLogin;
  std::size_t line = kLine;
  std::size_t sasl_line = kSaslLine;
  std::size_t literal_before_login = kLiteralBeforeLogin;
  std::size_t literal = kLiteral;
  std::size_t command = kCommand;
  int literals = kLiterals;
  std::uint64_t append = kAppend;
  std::uint64_t discard = kDiscard;
  int depth = kDepth;
  std::size_t set_items = kSetItems;
  std::size_t list_items = kListItems;
  std::size_t tag = kTag;
  std::size_t flag = kFlag;
  int bad_before_login = kBadBeforeLogin;
  int bad = kBad;
};

}  // namespace chappe::proto::imap
