// What a host needs to start, read from one TOML file: names, addresses, TLS files, limits, the memory budget. Domains,
// accounts and policies are not here, they live in the store.
//
// One table (config_keys.cc) declares every key: its type, what it means in English and French, and where its value
// goes. The reader, `chappe config describe` and the manual all follow it. What a key is worth when the file does not
// name it is what stands below.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/budget.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "net/network.h"

namespace chappe::post {
struct HistoryLimits;
}

namespace chappe::app {

// What a process plays of a site (docs/decisions/0010-split-sites.md). By default one plays all.
enum class Actor : std::uint8_t { mx, msa, mta, mda };
inline constexpr int kActors = 4;
std::string_view actor_name(Actor actor);

// What is spoken at a listener.
enum class Role : std::uint8_t { mx, submission, submissions, imap, imaps, pop3, pop3s, lmtp, relay };
inline constexpr int kRoles = 9;
std::string_view role_name(Role role);
std::optional<Role> role_named(std::string_view name);
// Whose door it is.
Actor role_actor(Role role);
// The port that the role has at IANA (RFC 5321 §4.5.4.2, RFC 6409 §3.1, RFC 8314 §7); of LMTP, which has none there,
// the one that is free for "any private mail system".
std::uint16_t role_port(Role role);
// TLS begins with the first byte, not by STARTTLS.
bool role_is_implicit_tls(Role role);

// Types that a key may have beside text, number and yes-or-no. Each is written in its own way in the file.
struct Path {
  std::string value;  // relative to the folder that the file lies in
};
struct Size {
  std::uint64_t bytes;
  bool operator==(const Size&) const = default;
};
struct Port {
  int value = -1;  // -1: the one that the role has at IANA; 0: any that is free
};
struct HostPort {
  std::string host;  // empty: none
  std::uint16_t port = 25;
};
struct Command {
  std::vector<std::string> words;  // an absolute path, and arguments
  bool operator==(const Command&) const = default;
};
struct FileTypes {
  std::vector<std::string> list;  // media types and endings of names
  bool operator==(const FileTypes&) const = default;
};

struct Listener {
  Role role = Role::mx;
  std::string address = "::";  // an IP address; "::" takes IPv4 too
  Port port;
};

struct TlsName {
  std::string name;
  Path cert, key;
};

// What is done with letters of those whom a DNS list holds.
enum class ListAction : std::uint8_t { note, junk, reject };
std::string_view list_action_name(ListAction action);
enum class ListKind : std::uint8_t { block, allow };
std::string_view list_kind_name(ListKind kind);
// Domains of mail, in A-labels.
struct Domains {
  std::vector<std::string> list;
  bool operator==(const Domains&) const = default;
};

// A DNS list that is asked who sends (trust/sender_lists.h).
struct DnsListRow {
  std::string zone;
  std::string name;  // empty: the zone
  ListKind kind = ListKind::block;
  std::vector<net::Network> codes;  // empty: every good one
  bool domains = false;
  ListAction action = ListAction::note;
  bool operator==(const DnsListRow&) const = default;

  const std::string& title() const { return name.empty() ? zone : name; }
};
inline constexpr std::size_t kMaxDnsLists = 20;

// A zone whose name server is not to be found by the DNS.
struct DnsStub {
  std::string zone;
  HostPort server{.host = {}, .port = 53};  // an IP address
};

// A program that finds the text of attachments (post/search/extractors.h).
struct ExtractorRow {
  FileTypes types;
  Command command;
  Duration time = std::chrono::seconds(10);
  Size input{32ull << 20}, output{1ull << 20}, memory{512ull << 20};
  bool operator==(const ExtractorRow&) const = default;
};

struct Config {
  struct Server {
    std::string hostname;
    Path data_dir;
    std::string user;
    std::uint64_t shards = 0;  // 0: one a core
    std::uint64_t offload_threads = 2;
    HostPort relay;
    std::string postmaster;
    std::vector<Actor> roles = {Actor::mx, Actor::msa, Actor::mta, Actor::mda};
    HostPort mda{.host = {}, .port = 24};  // empty: this process
    Path mda_ca;                           // empty: whoever answers there
    std::vector<net::Network> networks = loopback_networks();

    bool plays(Actor actor) const;
  } server;

  std::vector<Listener> listen;

  struct Tls {
    Path cert, key;
    std::vector<TlsName> names;
  } tls;

  struct Dns {
    Path root_hints;    // empty: the root of the Internet
    Path trust_anchor;  // empty: the one of dns-root-data, if it is installed
    HostPort forward{.host = {}, .port = 53};
    bool loopback_exchangers = false;
    std::vector<DnsStub> stubs;
  } dns;

  struct Mx {
    bool judge = true;
    bool reject = true;
    Domains trusted_sealers;
    std::vector<DnsListRow> dns_lists;
  } mx;

  struct Mta {
    std::uint64_t port = 25;  // where other servers listen
  } mta;

  struct Search {
    std::vector<ExtractorRow> extractors;
  } search;

  struct Logging {
    LogFormat format = LogFormat::logfmt;
    Level level = Level::info;
    Path file;  // empty: standard error
  } log;

  struct Limits {
    std::uint64_t connections = 10'000;
    std::uint64_t connections_per_network = 100;
    std::uint64_t tls_handshakes_per_network = 50;  // a second
    Size message_size{50'000'000};
    std::uint64_t recipients = 1'000;  // RFC 5321 §4.5.3.1.8: at least 100
    std::uint64_t bad_commands = 20;
    Duration tls_handshake_timeout = std::chrono::seconds(30);
    Duration login_timeout = std::chrono::minutes(1);
    Duration judging_timeout = std::chrono::seconds(30);
    Duration smtp_timeout = std::chrono::minutes(5);   // RFC 5321 §4.5.3.2.7: at least 5 minutes
    Duration imap_timeout = std::chrono::minutes(30);  // RFC 9051 §5.4: at least 30 minutes
    Duration pop3_timeout = std::chrono::minutes(10);  // RFC 1939 §3: at least 10 minutes
    Duration shutdown_grace = std::chrono::seconds(30);
    Size free_space{256 * 1024 * 1024};
    std::uint64_t history_changes = 100'000;
    Duration history_age = std::chrono::hours(24 * 90);
    Duration deleted_mail = std::chrono::hours(24 * 14);
    // Of other mail servers (RFC 5321 §4.5.3.2).
    Duration peer_connect_timeout = std::chrono::seconds(30);
    Duration peer_reply_timeout = std::chrono::minutes(5);
    Duration peer_data_timeout = std::chrono::minutes(3);
    Duration peer_final_timeout = std::chrono::minutes(10);
    std::uint64_t outbound_connections = 200;
    std::uint64_t destination_connections = 20;
    Duration destination_pause = std::chrono::seconds(30);
    Duration trail_age = std::chrono::hours(24 * 30);
  } limits;

  // What the mailboxes remember.
  post::HistoryLimits history() const;

  std::array<Size, kParts> budget = standard_budget();
  Budget::Limits budget_limits() const;

 private:
  static std::array<Size, kParts> standard_budget();
  static std::vector<net::Network> loopback_networks();
};

// What is wrong with the file, and where.
struct Diagnostic {
  std::string file;
  int line = 0;  // 0: the file as a whole
  std::string text;

  // "chappe.toml:12: error: unknown key 'hostnme' in [server], did you mean 'hostname'?"
  std::string describe() const;
};

struct ParsedConfig {
  Config config;                   // complete only when there are no errors
  std::vector<Diagnostic> errors;  // all of them, by line
};

// Reads `toml`; `file` is its name for messages, and relative paths are meant from its folder. Opens no other file.
ParsedConfig parse_config(ByteView toml, std::string_view file);

inline constexpr std::size_t kMaxConfigBytes = 1024 * 1024;

// Reads a file (blocks). Errc::config; the text has one line for each thing that is wrong.
Result<Config> load_config(const std::string& path);

// "50 MB", "64KiB", "1000": bytes. Decimal and binary units are told apart. Errc::invalid.
Result<Size> parse_size(std::string_view text);
std::string format_size(Size size);
// "500ms", "5m", "1h30m", "2d". A number without a unit is refused. Errc::invalid.
Result<Duration> parse_duration(std::string_view text);
std::string format_duration(Duration duration);
// "mail.example.org:25", "192.0.2.1:25", "[2001:db8::1]:25". Errc::invalid.
Result<HostPort> parse_host_port(std::string_view text);

// Where the value of a key goes; which type it is says how it is written.
using Slot = std::variant<std::string*, bool*, std::uint64_t*, Path*, Size*, Duration*, Port*, HostPort*, Role*,
                          LogFormat*, Level*, std::vector<Actor>*, std::vector<net::Network>*, Command*, FileTypes*,
                          Domains*, ListKind*, ListAction*>;

struct SectionRow {
  std::string_view name;   // "server", "tls.name"
  bool repeated;           // [[name]]
  void (*begin)(Config&);  // makes room for one more of a repeated section
  std::string_view doc, doc_fr;
};

struct KeyRow {
  std::string_view section;
  std::string_view name;
  bool required;
  std::uint64_t least, most;  // of a number; least also of a size (octets) and of a duration (µs)
  Slot (*slot)(Config&);      // in a repeated section: that of the last one
  std::string_view doc, doc_fr;
};

const std::vector<SectionRow>& config_sections();
const std::vector<KeyRow>& config_keys();

// The table, for people: every key with its type, its value when it is not set, and what it means.
struct KeyText {
  std::string_view section, name;
  std::string type, standard;  // standard is empty when the key is required or has no value of its own
  bool required;
  std::string_view doc;
};
std::vector<KeyText> describe_keys(bool french);

// A file that says the same: what is not as it is by itself. Paths stand there as they are in `config`.
std::string write_config(const Config& config);

// `chappe config describe`: a complete file with every key at its standard value, explained in comments.
std::string describe_config(bool french);

}  // namespace chappe::app
