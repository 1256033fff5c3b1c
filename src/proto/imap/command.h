// IMAP commands as values: what a client asked, after syntax, before the mailbox is looked at.
//
// One struct per command, named like it; `Args` is the closed list, so that an agent that visits it is told by the
// compiler when a command is added. A row of the table (command_table.h) says where each may be given and who parses
// it; the parsers stand one to a file in commands/. Plain values that own their bytes; mailbox names are UTF-8.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "proto/imap/fetch_item.h"
#include "proto/imap/search_key.h"
#include "proto/imap/sequence.h"

namespace chappe::proto::imap {

struct Capability {};  // RFC 9051 §6.1.1
struct Noop {};        // RFC 9051 §6.1.2
struct Logout {};      // RFC 9051 §6.1.3
struct Starttls {};    // RFC 9051 §6.2.1
struct Namespace {};   // RFC 9051 §6.3.10, RFC 2342
struct Idle {};        // RFC 9051 §6.3.13, RFC 2177
struct Close {};       // RFC 9051 §6.4.1
struct Unselect {};    // RFC 9051 §6.4.2, RFC 3691
struct Check {};       // RFC 3501 §6.4.1

// RFC 2971
struct Id {
  std::vector<std::pair<Bytes, std::optional<Bytes>>> fields;
};

// RFC 9051 §6.2.2; the initial response is RFC 4959
struct Authenticate {
  Bytes mechanism;               // in capitals
  std::optional<Bytes> initial;  // decoded; "" when the client sent "="
};

// RFC 9051 §6.2.3
struct Login {
  Bytes user;
  Bytes password;
};

// RFC 9051 §6.3.1, RFC 5161
struct Enable {
  std::vector<Bytes> capabilities;  // in capitals
};

// SELECT and EXAMINE: RFC 9051 §6.3.2, §6.3.3; the parameters are RFC 7162 §3.1.8, §3.2.5
struct Select {
  struct Qresync {
    std::uint32_t uidvalidity = 0;
    std::uint64_t modseq = 0;
    std::optional<SequenceSet> known_uids;
    std::optional<SequenceSet> match_numbers;  // message numbers, and in the same order
    std::optional<SequenceSet> match_uids;     // the UIDs that they had
  };
  Bytes mailbox;
  bool examine = false;
  bool condstore = false;
  std::optional<Qresync> qresync;
};

// RFC 9051 §6.3.4; USE is RFC 6154 §3
struct Create {
  Bytes mailbox;
  std::vector<Bytes> special_use;  // as written: "\Sent"
};
struct Delete {  // RFC 9051 §6.3.5
  Bytes mailbox;
};
struct Rename {  // RFC 9051 §6.3.6
  Bytes from;
  Bytes to;
};
struct Subscribe {  // RFC 9051 §6.3.7
  Bytes mailbox;
};
struct Unsubscribe {  // RFC 9051 §6.3.8
  Bytes mailbox;
};

// RFC 9051 §6.3.11; RECENT is RFC 3501 §6.3.10, HIGHESTMODSEQ RFC 7162 §3.1.7, MAILBOXID RFC 8474 §4.3, APPENDLIMIT
// RFC 7889 §3.2
enum class StatusItem : std::uint8_t {
  messages,
  uidnext,
  uidvalidity,
  unseen,
  deleted,
  size,
  recent,
  highestmodseq,
  mailboxid,
  appendlimit,
};
// RFC 9208 §4.1
struct GetQuota {
  Bytes root;
};
struct GetQuotaRoot {
  Bytes mailbox;
};

struct Status {
  Bytes mailbox;
  std::vector<StatusItem> items;
};

// RFC 9051 §6.3.9, RFC 5258; SPECIAL-USE is RFC 6154 §2, STATUS RFC 5819
struct List {
  Bytes reference;
  std::vector<Bytes> patterns;
  bool extended = false;  // written in the extended form, so "" asks for mailboxes, not for the separator (RFC 5258 §3)
  bool select_subscribed = false;
  bool select_remote = false;
  bool select_recursivematch = false;
  bool select_special_use = false;
  bool return_subscribed = false;
  bool return_children = false;
  bool return_special_use = false;
  std::vector<StatusItem> return_status;
};
struct Lsub {  // RFC 3501 §6.3.9
  Bytes reference;
  Bytes pattern;
};

// RFC 9051 §6.3.12. The letter follows as AppendPiece events.
struct Append {
  Bytes mailbox;
  std::vector<Bytes> flags;
  std::optional<Time> date;
  std::uint64_t size = 0;
  bool synchronizing = true;  // the client waits for leave to send
  bool literal8 = false;      // RFC 3516 §4.4: NUL may stand in it
  bool utf8 = false;          // RFC 6855 §4
};

// EXPUNGE and UID EXPUNGE: RFC 9051 §6.4.3, §6.4.9
struct Expunge {
  std::optional<SequenceSet> uids;
};

// RFC 9051 §6.4.4
struct Search {
  struct Return {
    bool min = false;
    bool max = false;
    bool all = false;
    bool count = false;
    bool save = false;
  };
  std::optional<Return> returns;  // there: the answer is ESEARCH. RETURN () asks for ALL (RFC 4731 §3.1)
  std::optional<Bytes> charset;   // in capitals
  SearchProgram program;
};

// RFC 9051 §6.4.5; the modifiers are RFC 7162 §3.1.4.1, §3.2.6
struct Fetch {
  SequenceSet set;
  std::vector<FetchItem> items;
  std::optional<std::uint64_t> changed_since;
  bool vanished = false;
};

// RFC 9051 §6.4.6; UNCHANGEDSINCE is RFC 7162 §3.1.3
struct Store {
  enum class How : std::uint8_t { set, add, remove };
  SequenceSet set;
  How how = How::set;
  bool silent = false;
  std::vector<Bytes> flags;
  std::optional<std::uint64_t> unchanged_since;
};

struct Copy {  // RFC 9051 §6.4.7
  SequenceSet set;
  Bytes mailbox;
};
struct Move {  // RFC 9051 §6.4.8, RFC 6851
  SequenceSet set;
  Bytes mailbox;
};

using Args = std::variant<Capability, Noop, Logout, Starttls, Namespace, Idle, Close, Unselect, Check, Id, Authenticate,
                          Login, Enable, Select, Create, Delete, Rename, Subscribe, Unsubscribe, Status, List, Lsub,
                          Append, Expunge, Search, Fetch, Store, Copy, Move, GetQuota, GetQuotaRoot>;

struct Command {
  Bytes tag;
  ByteView name;     // from the table, in capitals; lives for ever
  bool uid = false;  // given as UID name: sets are UIDs, and so are the answers
  Args args;
};

}  // namespace chappe::proto::imap
