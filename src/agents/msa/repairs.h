// What a submission server adds to a letter that its writer's program left incomplete (RFC 6409 §8), each by the id of
// its rule. The ids stand in the 250, in the log and in docs/smtp-rules.md, and do not change:
//
//   letter.bare-lf            line feeds without carriage return became CRLF (done by proto/smtp while reading)
//   header.date-added         no Date: now (RFC 6409 §8.2, RFC 5322 §3.6.1)
//   header.message-id-added   no Message-ID: one of ours (RFC 6409 §8.3)
//   header.from-added         no From: the account's address (RFC 5322 §3.6.2 requires one)
//   header.sender-added       From names several, or one on whose behalf the account writes, and there is no Sender:
//   who
//                             it really was (RFC 5322 §3.6.2, RFC 6409 §8.1)
//
// The fields are put on top of the letter; the letter itself is not touched. A pure function.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "message/letter.h"

namespace chappe::agents {

struct Repairs {
  Bytes fields;                         // whole header fields with their CRLFs, to be put on top
  std::vector<std::string_view> rules;  // ids, in the order above

  std::string list() const;  // "header.date-added, header.sender-added"
};

struct RepairFacts {
  bool bare_lf = false;       // line ends were mended on the way in
  bool wants_sender = false;  // From does not say who hands the letter in (originators.h)
  std::string account;        // its address
  std::string unique;         // for the Message-ID: the letter's id
  std::string hostname;       // for the Message-ID
  Time now;
};

// `header`: the letter, or its header only.
Repairs repairs_of(const message::Letter& header, const RepairFacts& facts);

}  // namespace chappe::agents
