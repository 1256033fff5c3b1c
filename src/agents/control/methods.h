// What operators can ask of the post office and of the process, as methods by name: "domain.add", "queue.show". One
// table says what each takes and does. The control socket (control.h) serves them when a server runs; the command line
// runs the same ones in its own process when none does.
//
// No sockets here. A method may be called from any executor and blocks none; what it changes is durable when it
// returns, with an audit row that names `who`. Owned by app/, one for the process.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "codec/json.h"
#include "post/care/care.h"
#include "post/care/drafts.h"
#include "post/care/jobs.h"
#include "post/directory/directory.h"
#include "post/keys/keys.h"
#include "post/mailbox/mailbox.h"
#include "post/queue/queue.h"
#include "post/reputation/reputation.h"
#include "post/search/indexer.h"
#include "post/search/search.h"
#include "post/trail/trail.h"

namespace chappe::post {
class LocalRules;
}

namespace chappe::agents::control {

using codec::json::Value;
using net::Deadline;
using net::Task;

// What a running server says of itself.
struct Status {
  std::string version;
  std::string hostname;
  int pid = 0;
  Time started;
  std::vector<std::string> listeners;  // "imaps 127.0.0.1:993"
  std::uint64_t connections = 0;       // open now
  std::uint64_t commits = 0;           // changes made durable since the start
  std::uint64_t groups = 0;            // in so many writes
  bool read_only = false;              // a write has failed: the store refuses more until a restart
  std::uint64_t log_dropped = 0;       // lines of the log that found no room
  std::uint64_t stalls = 0;            // turns of a shard that took more than 20 ms
  Duration longest_turn{0};

  // Of the transfer agent, since the start. Nothing: letters for other hosts wait.
  struct Transfer {
    std::uint64_t delivered = 0, deferred = 0, bounced = 0, silent = 0;  // recipients, by what attempts came to
    std::int64_t connections = 0, destinations = 0, unreachable = 0;     // now
  };
  std::optional<Transfer> transfer = {};

  // Of the search index, since the start. Nothing: mailboxes are elsewhere.
  struct Index {
    std::uint64_t letters = 0;   // taken in
    std::uint64_t left_out = 0;  // that could not be read
    std::uint64_t waiting = 0;   // accounts whose index is to be looked at, now
    std::uint64_t failures = 0;
    std::uint64_t attachments = 0;         // whose text was found
    std::uint64_t attachments_failed = 0;  // whose text a program should have found and did not
  };
  std::optional<Index> index = {};
};

// The process as its operator commands it. Without a server the functions are empty, and their methods `unsupported`.
struct Host {
  std::function<Status()> status;  // from any thread, quick
  // As Prometheus reads them, with what the queue holds; from any thread, quick.
  std::function<std::string(const post::QueueCounts&)> metrics;
  // What would happen to a letter to `address`, as JSON; on a shard.
  std::function<Task<Result<std::string>>(std::string address, Deadline)> route;
  std::function<Task<Result<void>>()> reload;  // ends when the configuration was read anew, or says why not
  std::function<void()> stop;                  // asks for it and returns
};

// What the methods stand on; all must outlive the calls.
struct Office {
  post::Directory* directory;  // null: domains and accounts are kept by the mda of the site
  post::Mailboxes* mailboxes;
  post::Queue* queue;
  post::Trail* trail;
  post::Care* care;
  post::Drafts* drafts;
  post::Jobs* jobs;
  Host host;
  // Null: mailboxes are elsewhere.
  post::search::Search* search = nullptr;
  post::search::Indexer* indexer = nullptr;
  post::Keys* keys = nullptr;  // null: there is no directory
  post::Reputation* reputation = nullptr;
  post::LocalRules* rules = nullptr;  // null: there is no directory
};

enum class ParamKind : std::uint8_t { text, secret, number, yes_no, texts, objects };

struct ParamRow {
  std::string_view name;
  ParamKind kind;
  bool required;
  std::string_view doc;
};

struct Call {
  Value params;     // an object with what the row names, checked
  std::string who;  // for the audit
  Deadline deadline;
};

struct MethodRow {
  std::string_view name;
  std::string_view doc;
  std::vector<ParamRow> params;
  // Gives the result as the text of one JSON value.
  Task<Result<std::string>> (*run)(const Office* office, Call call);
};

// In the order in which people read them.
const std::vector<MethodRow>& methods();

// Runs a method. `params`: an object, or null when there are none. Errors: unsupported (no such method, or it needs a
// server), invalid (parameters that are missing, unknown or of another kind; the text names them), and the method's.
// `office` must outlive the task.
Task<Result<std::string>> call(const Office* office, std::string method, Value params, std::string who,
                               Deadline deadline);

inline constexpr std::size_t kPage = 1000;  // rows of a list, when `limit` is not given
inline constexpr std::size_t kMostPage = 10'000;

}  // namespace chappe::agents::control
