// DNS messages (RFC 1035 §4.1) with EDNS (RFC 6891), as structures and as octets. Only records of class IN.
// Values and pure functions; any thread; nothing blocks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dns/resolver.h"

namespace chappe::dns {

enum class Rcode : std::uint16_t {
  noerror = 0,
  formerr = 1,
  servfail = 2,
  nxdomain = 3,
  notimp = 4,
  refused = 5,
  yxdomain = 6,  // RFC 6672 §2.2: a DNAME makes the name too long
  notauth = 9,
  badvers = 16,  // RFC 6891 §6.1.3
};
// "NXDOMAIN"; "RCODE11".
std::string rcode_name(Rcode rcode);

inline constexpr std::uint8_t kOpcodeQuery = 0;
inline constexpr std::uint16_t kClassIn = 1;
inline constexpr std::uint16_t kDnsPort = 53;  // delegations carry no other

// What fits without EDNS (RFC 1035 §2.3.4), what we offer with it (no fragments on any common path), and the most.
inline constexpr std::size_t kMinUdp = 512;
inline constexpr std::uint16_t kEdnsUdp = 1232;
inline constexpr std::size_t kMaxMessage = 65'535;

struct Header {
  std::uint16_t id = 0;
  bool response = false;  // QR
  std::uint8_t opcode = kOpcodeQuery;
  bool authoritative = false;        // AA
  bool truncated = false;            // TC
  bool recursion_desired = false;    // RD
  bool recursion_available = false;  // RA
  bool authentic = false;            // AD (RFC 4035 §3.2.3)
  bool checking_disabled = false;    // CD (RFC 4035 §3.2.2)
  Rcode rcode = Rcode::noerror;
};

struct Edns {
  std::uint16_t udp_size = kEdnsUdp;
  std::uint8_t version = 0;
  bool dnssec_ok = false;  // DO
};

struct Message {
  Header header;
  std::optional<Question> question;
  std::uint16_t question_class = kClassIn;
  std::vector<Record> answer, authority, additional;  // without OPT
  std::optional<Edns> edns;
};

// The first 12 octets alone: enough to refuse the rest. Errc::invalid.
Result<Header> parse_header(ByteView octets);
// Errc::invalid: not well-formed, or with more than one question (RFC 9619 §4), or two OPT, or a class that is not IN.
// The records of TSIG and dynamic update are of other classes, too.
Result<Message> parse_message(ByteView octets);

struct WriteOptions {
  std::size_t limit = kMaxMessage;
  bool glue_needed = false;  // the additional section may not be cut in silence (RFC 9471 §3)
};
// Names are compressed. What does not fit into the limit is left out by whole RRsets (RFC 2181 §9), with TC set if it
// was of the answer or authority section; records of the additional section go first and, unless they are needed,
// without a word.
Bytes write_message(const Message& message, const WriteOptions& options = {});

// A question for a server: EDNS on; `dnssec` sets DO.
Message make_query(Question question, std::uint16_t id, bool recursion, bool dnssec);

// The records of `message` that answer its question, with the chain of aliases followed as far as it goes there. Says
// nothing about security. Outcomes are by RFC 2308 §2 and, for what is no answer at all, servfail with the reason.
Answer answer_of(const Message& message, const Question& question);

// As dig shows it: header, question and sections, a record a line.
std::string message_text(const Message& message);

}  // namespace chappe::dns
