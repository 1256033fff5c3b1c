// The words of the milter protocol: how a mail server tells a filter of a letter step by step, and how the filter
// answers. There is no RFC; this is what Sendmail's libmilter speaks, versions 2 to 6, and what Postfix and rspamd
// speak with it. Constants and values only.
//
// A packet is a length of four octets (big-endian), which counts what follows: one octet that says what it is, and
// data. Strings in data end with a NUL.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace chappe::proto::milter {

inline constexpr std::uint32_t kVersion = 6;        // ours
inline constexpr std::uint32_t kOldestVersion = 2;  // Sendmail 8.12

// ---- limits
// Data of a packet that we send: libmilter reads no more (MILTER_MAX_DATA_SIZE).
inline constexpr std::size_t kMaxSentData = 65535;
inline constexpr std::size_t kMaxBodyChunk = 65535;
// Data of a packet that we take: a new header field, or a piece of a new body.
inline constexpr std::size_t kMaxReplyData = 128 * 1024;
// Changes that are asked for in one answer, and their octets; beyond, they are counted and left out.
inline constexpr std::size_t kMaxChanges = 500;
inline constexpr std::size_t kMaxChangeOctets = 1024 * 1024;
// Packets in one answer, all kinds together: a new body of a gigabyte comes in some 16000.
inline constexpr std::size_t kMaxPackets = 50'000;
inline constexpr std::size_t kMaxMacros = 100;         // names in the list of one step
inline constexpr std::size_t kMaxMacroName = 64;       // octets
inline constexpr std::size_t kMaxMacroValue = 1024;    // octets that we send of a value
inline constexpr std::size_t kMaxEnvelopeData = 4096;  // octets that we send of an address, an argument, a name

// What the server says (SMFIC_*).
enum class Command : char {
  abort = 'A',
  body = 'B',
  connect = 'C',
  macro = 'D',
  end_of_body = 'E',
  hello = 'H',
  quit_nc = 'K',  // the connection to the client is over, another one follows (version 6)
  header = 'L',
  mail = 'M',
  end_of_header = 'N',
  negotiate = 'O',
  quit = 'Q',
  rcpt = 'R',
  data = 'T',  // version 4
};

// What the filter says (SMFIR_*).
enum class Said : char {
  add_rcpt = '+',
  delete_rcpt = '-',
  add_rcpt_with = '2',  // with ESMTP arguments
  shutdown = '4',
  accept = 'a',
  replace_body = 'b',
  go_on = 'c',
  discard = 'd',
  change_from = 'e',
  connection_failed = 'f',
  add_header = 'h',
  insert_header = 'i',
  macro_list = 'l',
  change_header = 'm',
  negotiate = 'O',
  progress = 'p',
  quarantine = 'q',
  reject = 'r',
  skip = 's',
  temporary = 't',
  reply_code = 'y',
};

// What a filter may ask for (SMFIF_*).
namespace action {
inline constexpr std::uint32_t kAddHeaders = 0x01;
inline constexpr std::uint32_t kChangeBody = 0x02;
inline constexpr std::uint32_t kAddRcpt = 0x04;
inline constexpr std::uint32_t kDeleteRcpt = 0x08;
inline constexpr std::uint32_t kChangeHeaders = 0x10;
inline constexpr std::uint32_t kQuarantine = 0x20;
inline constexpr std::uint32_t kChangeFrom = 0x40;
inline constexpr std::uint32_t kAddRcptWith = 0x80;
inline constexpr std::uint32_t kMacroList = 0x100;
// All that is done here: the body of a letter is never replaced.
inline constexpr std::uint32_t kOffered =
    kAddHeaders | kAddRcpt | kDeleteRcpt | kChangeHeaders | kQuarantine | kChangeFrom | kAddRcptWith | kMacroList;
}  // namespace action

// Which steps a filter wants, and how (SMFIP_*).
namespace step {
inline constexpr std::uint32_t kNoConnect = 0x01;  // steps it does not want to hear of
inline constexpr std::uint32_t kNoHello = 0x02;
inline constexpr std::uint32_t kNoMail = 0x04;
inline constexpr std::uint32_t kNoRcpt = 0x08;
inline constexpr std::uint32_t kNoBody = 0x10;
inline constexpr std::uint32_t kNoHeaders = 0x20;
inline constexpr std::uint32_t kNoEndOfHeader = 0x40;
inline constexpr std::uint32_t kSilentHeader = 0x80;  // steps that it does not answer
inline constexpr std::uint32_t kNoUnknown = 0x100;
inline constexpr std::uint32_t kNoData = 0x200;
inline constexpr std::uint32_t kSkip = 0x400;         // it may say that it has seen enough of the body
inline constexpr std::uint32_t kRefusedRcpt = 0x800;  // it wants to hear of recipients that are refused
inline constexpr std::uint32_t kSilentConnect = 0x1000;
inline constexpr std::uint32_t kSilentHello = 0x2000;
inline constexpr std::uint32_t kSilentMail = 0x4000;
inline constexpr std::uint32_t kSilentRcpt = 0x8000;
inline constexpr std::uint32_t kSilentData = 0x10000;
inline constexpr std::uint32_t kSilentUnknown = 0x20000;
inline constexpr std::uint32_t kSilentEndOfHeader = 0x40000;
inline constexpr std::uint32_t kSilentBody = 0x80000;
inline constexpr std::uint32_t kLeadingSpace = 0x100000;  // values of fields have the blank that follows the colon
inline constexpr std::uint32_t kOffered = 0x1fffff;       // all of them
}  // namespace step

// The lists of macros (SMFIM_*), one for each of these steps.
enum class MacroStep : std::uint8_t { connect, hello, mail, rcpt, data, end_of_body, end_of_header };
inline constexpr std::size_t kMacroSteps = 7;

// ---- what a filter answers

// What it decides at a step.
enum class Decision : std::uint8_t {
  go_on,
  accept,
  reject,
  temporary,
  discard,
  reply_code,  // reject or temporary, in its own words
  shutdown,    // 421
};

// What it would have changed; asked for with its answer to the whole letter.
struct Change {
  enum class Kind : std::uint8_t {
    add_header,     // name, value
    insert_header,  // place (from 0), name, value
    change_header,  // place (from 1), name, value; an empty value removes the field
    change_from,    // address, parameters
    add_rcpt,       // address, parameters
    delete_rcpt,    // address
    quarantine,     // value: why
    replace_body,   // nothing of it is kept
  };
  Kind kind;
  std::uint32_t place = 0;
  std::string name = {};   // of a field; an address with its brackets, as sent
  std::string value = {};  // of a field, behind the colon, lines ended by CRLF; parameters
  bool agreed = true;      // it said in the beginning that it would

  bool operator==(const Change&) const = default;
};

}  // namespace chappe::proto::milter
