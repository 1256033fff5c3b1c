// What is written down of a letter's way: where it came from and what became of it there (one TrailHead a letter, also
// of one that was refused), then a TrailStep for each thing that happened to it later. Plain values.
// docs/formats/trail.md says how they are stored and shown.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "post/letter_id.h"

namespace chappe::post {

// An answer as SMTP gives it (RFC 5321 §4.2, RFC 3463).
struct TrailReply {
  std::uint16_t code = 0;
  std::string status = {};
  std::string text = {};
};

// The connection that a letter came by.
struct TrailOrigin {
  std::string door = {};     // "mx", "submissions"; "notice": this server wrote the letter itself
  std::string session = {};  // as in the log
  std::string peer = {};     // its IP address
  std::string hello = {};    // as the peer named itself
  std::string account = {};  // who was logged in; empty: nobody
  std::string tls = {};      // "TLSv1.3 TLS_AES_256_GCM_SHA384"; empty: none
};

// What RCPT named, and what it was answered.
struct TrailRcpt {
  std::string address;
  TrailReply reply;  // code 0: accepted
};

// Where an accepted recipient leads: a mailbox here, or another host by way of the queue.
struct TrailEnd {
  enum class Kind : std::uint8_t { mailbox = 0, queue = 1 };
  std::string address;
  Kind kind = Kind::mailbox;
  std::string mailbox = {};
};

// What was known then of an identity that answered for a letter (post/reputation/types.h).
struct TrailStanding {
  std::string kind;
  std::string name;
  std::uint16_t score = 0, confidence = 0;  // thousandths
};

// What a judge (post/policy/judge.h) made of a letter.
struct TrailJudge {
  std::string name = {};                 // as the configuration calls it
  std::string action = {};               // "nothing", "accept", "junk", ...
  std::string step = {};                 // at which that was decided: "mail", "end", ...; "none"
  std::string score = {};                // as a number; empty: it gave none
  std::string reason = {};               // its words
  std::string failure = {};              // why it has none of its own; empty: it answered
  Duration took = {};                    // for all of its answers
  std::vector<std::string> undone = {};  // what it wanted and was not done: an id, and what
};

// What a verdict rests on, in few words; chappe verify shows the whole of it.
struct TrailGrounds {
  std::vector<std::string> evidence = {};    // ids: what there was against the letter beside DMARC
  std::string author = {};                   // the author's domain that governed
  std::string record = {};                   // the name of its DMARC record; empty: there is none
  std::string spf_term = {};                 // that decided SPF of MAIL FROM, as it is written
  std::string spf_domain = {};               // in whose record
  std::vector<std::string> signatures = {};  // of each DKIM signature the id of its reason

  bool operator==(const TrailGrounds&) const = default;
};

// Of a letter that was judged.
struct TrailVerdict {
  std::string authentication = {};  // what was found, as Authentication-Results has it; empty: it was not judged
  std::string action = {};          // what was done about it: "accept", "junk", "quarantine", "defer", "reject"
  std::string reason = {};          // an id (chappe explain ID)
  std::vector<TrailStanding> standings = {};
  std::string overrides = {};  // where that is not what the author's domain wants, and who knew; empty: it is
  // Recipients for whom it was decided otherwise.
  struct Apart {
    std::string address;
    std::string action = {}, reason = {}, overrides = {};
    std::vector<std::string> evidence = {};
  };
  std::vector<Apart> apart = {};
  std::vector<TrailJudge> judges = {};
  TrailGrounds grounds = {};
};

struct TrailHead {
  Time at;
  TrailOrigin origin = {};
  std::string sender = {};
  bool taken = false;      // else refused, or given up by its sender
  bool discarded = false;  // not taken either: its sender was told 250, and it was thrown away
  TrailReply reply = {};   // why it was not taken; code 0: its sender gave it up
  std::uint64_t size = 0;  // octets; 0 if it never came
  LetterId about = {};     // of a notification: the letter it tells of
  std::vector<TrailRcpt> rcpts = {};
  std::uint32_t more_rcpts = 0;  // that are left out of `rcpts`
  std::vector<TrailEnd> ends = {};
  TrailVerdict verdict = {};
};

// The numbers are on disk.
enum class TrailEvent : std::uint8_t {
  delivered = 1,  // another host took it
  deferred = 2,   // tried in vain, again at `next`
  bounced = 3,    // given up; `notice` tells its sender
  silent = 4,     // given up; there is nobody to tell
  held = 5,       // from here on by an operator, who is `who`
  released = 6,
  retried = 7,
  dropped = 8,
  filed = 9,  // out of quarantine, by an operator, into the mailbox that `words` names
};
std::string_view trail_event_name(TrailEvent event);

struct TrailStep {
  TrailEvent event = TrailEvent::delivered;
  Time at = {};
  std::uint32_t recipient = 0;  // number, as in QueueKey
  std::string address = {};     // of the recipient
  std::string host = {};        // who spoke; empty: nobody was reached
  std::string peer = {};        // its IP address
  std::string tls = {};         // of that connection; "none": in clear
  std::string status = {};      // RFC 3463
  std::string words = {};       // of the other side, or why nobody was reached
  Time next = {};               // of deferred
  LetterId notice = {};         // the letter that tells its sender
  std::string who = {};         // of what an operator did
};

// Everything that is known of one letter, in the order of time.
struct TrailLetter {
  LetterId id;
  TrailHead head;
  std::vector<TrailStep> steps;
  std::uint64_t more_steps = 0;  // that are left out
};

// What it has come to: "refused", "abandoned" and "discarded" (it was not taken), "waiting" (for another host, for one
// recipient at least), "failed" (given up for one at least), "done" (filed here, or taken by another host, for
// everybody).
std::string_view trail_state(const TrailLetter& letter);

// Connections that brought no letter because they were turned away, counted by the hour.
struct TrailRefused {
  Time hour;  // its beginning
  std::string door;
  std::string network;  // an IPv4 address, an IPv6 /64
  std::string reason;   // "limit", "tls", "login", "rules", "letters", "network"
  std::uint64_t count = 0;
  Time first, last;
};

}  // namespace chappe::post
