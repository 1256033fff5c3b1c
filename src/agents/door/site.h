// What every door stands on: the post office behind it, and the machine's services. One for the process, made by app/,
// outlives every session. Members that are references may be used from any shard, by the rules of their own types.
#pragma once

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agents/door/handshakes.h"
#include "agents/door/list_watch.h"
#include "agents/door/throttle.h"
#include "base/budget.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "crypto/tls.h"
#include "net/network.h"
#include "net/shard.h"
#include "post/directory/directory.h"
#include "post/ingest/ingest.h"
#include "post/keys/signer.h"
#include "post/letter_id.h"
#include "post/mailbox/mailbox.h"
#include "post/trail/trail.h"
#include "trust/dmarc/action.h"

namespace chappe::post {
class Judge;
class LocalRules;
class Reputation;
class RuleSource;
}  // namespace chappe::post
namespace chappe::post::search {
class Search;
}

namespace chappe::agents {

class SaslLogin;
class Session;
using SaslLogins = std::function<std::unique_ptr<SaslLogin>(Session&)>;

// How long things may take, and how much they may be. Defaults are the configuration's ([limits]).
struct SiteLimits {
  Duration tls_handshake = std::chrono::seconds(30);
  Duration login = std::chrono::minutes(1);     // from the greeting to a login, at the doors that ask for one
  Duration smtp = std::chrono::minutes(5);      // RFC 5321 §4.5.3.2.7: for a command, or a stretch of a letter
  Duration imap = std::chrono::minutes(30);     // RFC 9051 §5.4
  Duration pop3 = std::chrono::minutes(10);     // RFC 1939 §3
  Duration judging = std::chrono::seconds(30);  // for the DNS to say who sent a letter
  Duration commit = std::chrono::minutes(1);    // for the store to make something durable
  Duration goodbye = std::chrono::seconds(2);   // for our last words
  Duration memory = std::chrono::seconds(30);   // for room in the budget, while others use it up
  std::uint64_t letter = 50'000'000;            // octets
  std::uint32_t recipients = 1000;
  std::uint32_t bad_commands = 20;
  std::uint32_t received = 100;  // fields of one letter before it is taken to be in a loop (RFC 5321 §6.3)
};

struct Site {
  std::string hostname;
  SiteLimits limits;
  Clock& clock;
  Random& random;
  Log& log;
  Budget& budget;
  net::Shards& shards;
  net::Offload& offload;        // for work on large letters
  post::Directory& directory;   // of the accounts that are here
  post::RcptSource& rcpts;      // who has an address: the directory, or the mda in another process
  post::SenderSource& senders;  // who may write as whom: the same
  SaslLogins logins;            // who checks the logins of our own people when they hand in letters: the same
  post::Mailboxes& mailboxes;
  post::Deliver& deliver;
  post::LetterIds& letter_ids;
  post::Trail& trail;
  Throttle& throttle;
  std::vector<net::Network> networks;  // of the site's own hosts
  std::vector<Handshakes> handshakes;  // of each shard, by its index
  // The certificates shown now; a session takes what is there when its handshake begins.
  std::atomic<std::shared_ptr<const crypto::TlsServer>> tls;
  dns::Resolver* resolver = nullptr;  // null: who sent a letter is not looked into
  trust::dmarc::LocalPolicy policy = {};
  post::Keys* keys = nullptr;                     // null: what aliases lead elsewhere is not sealed here
  post::Signer* signer = nullptr;                 // null: letters of our own people are not signed here
  post::ReturnPaths* return_paths = nullptr;      // null: letters that go on elsewhere keep their sender
  post::search::Search* search = nullptr;         // null: there is no index, and letters are looked into
  post::Reputation* reputation = nullptr;         // null: nobody counts what becomes of letters
  post::RuleSource* rules = nullptr;              // beside `policy`: of recipients; null: nobody lays down any
  post::LocalRules* laid_down = nullptr;          // all that are kept here; null: the mda keeps them
  std::vector<trust::ListRule> lists = {};        // that are asked who sends
  std::vector<std::string> trusted_sealers = {};  // in A-labels
  ListWatch list_watch = {};                      // of these lists
  // Who hears of letters of strangers, and of those of our own people.
  std::vector<std::shared_ptr<post::Judge>> mx_judges = {};
  std::vector<std::shared_ptr<post::Judge>> submission_judges = {};

  bool is_own_host(const net::Endpoint& peer) const {
    return std::ranges::any_of(networks, [&peer](const net::Network& n) { return n.contains(peer); });
  }
};

}  // namespace chappe::agents
