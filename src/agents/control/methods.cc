#include "agents/control/methods.h"

#include "agents/control/params.h"
#include "agents/control/queue_filter.h"
#include "base/text.h"

namespace chappe::agents::control {
namespace {

using enum ParamKind;

constexpr ParamRow kGrantee = {"account", text, true, "who may: an address"};
constexpr ParamRow kIdentity = {"identity", text, true, "as whom: an address, *@domain, or *"};
constexpr ParamRow kAddress = {"address", text, true, "local@domain, as written"};
constexpr ParamRow kDomain = {"domain", text, true, "the name, in Unicode or as A-labels"};
constexpr ParamRow kLetter = {"letter", text, true, "the id of the letter: 26 characters"};
constexpr ParamRow kRecipient = {"recipient", number, false, "only this one, by its number in queue.show"};
constexpr ParamRow kSomeLetter = {"letter", text, false, "the id of the letter: 26 characters"};
constexpr ParamRow kWhere = {
    "where", texts, false,
    "instead of a letter: KEY=PATTERN, all of which must hold; KEY is letter, from, to, domain, "
    "state or error, and * stands for anything"};
constexpr ParamRow kSince = {"since", text, false, "only from this time on (RFC 3339)"};
constexpr ParamRow kAccount = {"account", text, true, "its address"};
constexpr ParamRow kMailbox = {"mailbox", text, true, "its name, '/' between the levels"};
constexpr ParamRow kDeletedSince = {"since", text, false, "only those deleted from this time on (RFC 3339)"};
constexpr ParamRow kDeletedFrom = {"mailbox", text, false, "only those of the mailbox that has, or had, this name"};
constexpr ParamRow kHeld = {"object", text, true, "an address of an account, or a domain"};
constexpr ParamRow kObject = {"object", text, false, "a domain, or an account's address; site when not given"};
constexpr ParamRow kKnownKind = {"kind", text, true, "sealer, list, forwarder, allow or block"};
constexpr ParamRow kKnownName = {"name", text, true, "a domain, LIST-ID/DOMAIN, an address or a network, by kind"};
constexpr ParamRow kKnownFor = {"for", text, false, "a domain, or an account's address; site when not given"};
constexpr ParamRow kSelector = {"selector", text, true, "of the key"};
constexpr ParamRow kLimit = {"limit", number, false, "rows at most; 1000 when not given, never more than 10000"};

std::vector<MethodRow> make_methods() {
  return {
      {"domain.add", "Takes mail for a domain from now on.", {kDomain}, domain_add},
      {"domain.set",
       "Changes settings of a domain; what is not given stays.",
       {kDomain,
        {"scram", yes_no, false, "accounts get a SCRAM verifier with their next password"},
        {"scram_iterations", number, false, "what a guess at a verifier costs"},
        {"separator", text, false, "the character before the detail of a local part; empty: there are no details"},
        {"detail_is_folder", yes_no, false, "the detail names a folder"}},
       domain_set},
      {"domain.list", "All domains.", {}, domain_list},
      {"domain.show", "One domain, with the number of its accounts and aliases.", {kDomain}, domain_show},
      {"domain.remove", "No longer takes mail for a domain, which must be empty.", {kDomain}, domain_remove},

      {"account.add",
       "Opens an account. Without password nobody can log in.",
       {kAddress,
        {"password", secret, false, ""},
        {"name", text, false, "of the person"},
        {"enabled", yes_no, false, "no: takes mail, but nobody may log in or send"},
        {"quota", number, false, "octets; 0: none"},
        {"quota_messages", number, false, "0: none"}},
       account_add},
      {"account.set",
       "Changes an account; what is not given stays.",
       {kAddress,
        {"name", text, false, "of the person"},
        {"enabled", yes_no, false, "no: takes mail, but nobody may log in or send"},
        {"quota", number, false, "octets; 0: none"},
        {"quota_messages", number, false, "0: none"}},
       account_set},
      {"account.password",
       "Gives an account another password; an empty one means that nobody can log in.",
       {kAddress, {"password", secret, true, ""}},
       account_password},
      {"account.rename",
       "Gives an account another address; its mail stays.",
       {kAddress, {"to", text, true, "the new address"}},
       account_rename},
      {"account.list",
       "The accounts in the order they were opened. `next` in the answer is the `after` of the next page.",
       {{"domain", text, false, "only those of this domain"},
        {"after", number, false, "only those behind this id"},
        kLimit},
       account_list},
      {"account.show", "One account, with the space that its mail takes.", {kAddress}, account_show},
      {"account.remove", "Closes an account and deletes its mail.", {kAddress}, account_remove},

      {"alias.add",
       "Forwards an address to others, instead of where it went before.",
       {kAddress, {"targets", texts, true, "addresses, here or elsewhere"}},
       alias_add},
      {"alias.list", "The aliases.", {{"domain", text, false, "only those of this domain"}}, alias_list},
      {"alias.show", "One alias.", {kAddress}, alias_show},
      {"alias.remove", "Removes an alias.", {kAddress}, alias_remove},

      {"grant.add",
       "Lets an account write as somebody whose address is not its own.",
       {kGrantee, kIdentity, {"on_behalf", yes_no, false, "only in From, with the account in Sender"}},
       grant_add},
      {"grant.list", "The grants.", {{"account", text, false, "only those of this one"}}, grant_list},
      {"grant.remove", "Takes a grant away.", {kGrantee, kIdentity}, grant_remove},

      {"queue.list",
       "Recipients that wait for other hosts, in the order of their letters. `next` in the answer is the `after` of "
       "the "
       "next page.",
       {{"after", text, false, "only those behind this one: LETTER/NUMBER"}, kWhere, kLimit},
       queue_list},
      {"queue.show", "One letter of the queue and its recipients.", {kLetter}, queue_show},
      {"queue.drop",
       "Takes a letter, or one recipient, out of the queue; nobody is told.",
       {kSomeLetter, kRecipient, kWhere},
       queue_drop},
      {"queue.hold", "Makes no further attempt until queue.release.", {kSomeLetter, kRecipient, kWhere}, queue_hold},
      {"queue.release",
       "Attempts are made again, the next one at once; what is in quarantine goes into its mailbox.",
       {kSomeLetter, kRecipient, kWhere},
       queue_release},
      {"queue.retry", "The next attempt is made at once.", {kSomeLetter, kRecipient, kWhere}, queue_retry},

      {"trail.show",
       "What is known of one letter: where it came from, and each thing that happened to it.",
       {kLetter},
       trail_show},
      {"trail.find",
       "Letters, the newest first, with what happened to them. `next` in the answer is the `before` of the next page; "
       "a page may be short although there are more.",
       {{"from", text, false, "only those of this sender; * stands for anything"},
        {"to", text, false, "only those with a recipient like this"},
        kSince,
        {"until", text, false, "only those before this time (RFC 3339)"},
        {"refused", yes_no, false, "only those that were refused, or for one of their recipients"},
        {"before", text, false, "only letters older than this one"},
        kLimit},
       trail_find},
      {"trail.refused",
       "Connections that were turned away, counted by hour, door, network and reason.",
       {kSince, kLimit},
       trail_refused},

      {"reputation.show",
       "What is remembered of the letters of a sender, and how good the next one is expected to be.",
       {{"name", text, true, "a domain, an address, or its network"}},
       reputation_show},
      {"reputation.list",
       "Senders of whom something is remembered; what came in the last seconds is not in it yet.",
       {{"kind", text, false, "only network, dkim, mail-from or author"},
        {"worst", yes_no, false, "the lowest score first; else those with most letters"},
        kLimit},
       reputation_list},

      {"config.export",
       "Domains, accounts and aliases as TOML.",
       {{"hashes", yes_no, false, "with the hashes of passwords; yes when not given"}},
       config_export},
      {"config.apply",
       "Makes domains, accounts and aliases what a text says: all of it or nothing. Mail of accounts that go is "
       "deleted.",
       {{"text", text, true, "TOML, as config.export writes it"},
        {"dry_run", yes_no, false, "only says what would change"}},
       config_apply},
      {"audit.list",
       "Who changed what in the directory, newest first. `next` in the answer is the `before` of the next page.",
       {{"before", number, false, "only what happened before this number"}, kLimit},
       audit_list},

      {"store.mailboxes", "The mailboxes of an account, with what is in them.", {kAccount}, store_mailboxes},
      {"store.index",
       "The letters of a mailbox by UID, each as [UID, octets, date in microseconds]. `next` in the answer is the "
       "`after` "
       "of the next page.",
       {kAccount, kMailbox, {"after", number, false, "only those behind this UID"}, kLimit},
       store_index},
      {"store.find",
       "Where in the mailboxes of an account a letter is: the messages that came as it, or are copies of it.",
       {kAccount, kLetter},
       store_find},
      {"store.sums",
       "SHA-256 of letters; those that are not there are left out.",
       {kAccount, kMailbox, {"uids", texts, true, "UIDs, 1000 at most"}},
       store_sums},
      {"store.read",
       "Letters of a mailbox with flags and octets (base64), in the order of their UIDs. Large ones come without "
       "octets: "
       "store.octets reads them. While `more` is true, `last` is the `after` of the next page.",
       {kAccount,
        kMailbox,
        {"after", number, false, "only those behind this UID"},
        {"octets", number, false, "about how much; 1 MiB when not given, never more than 8 MiB"}},
       store_read},
      {"store.octets",
       "A part of a letter (base64).",
       {kAccount,
        kMailbox,
        {"uid", number, true, ""},
        {"offset", number, false, "0 when not given"},
        {"size", number, false, "1 MiB when not given, never more than 8 MiB"}},
       store_octets},
      {"store.draft",
       "Takes a piece of a letter that is too large for one request. Drafts are forgotten when they are left alone.",
       {{"draft", number, false, "which one it continues; a new one when not given"}, {"octets", text, true, "base64"}},
       store_draft},
      {"store.append",
       "Files letters in a mailbox, which is made if it is missing: all of them or none.",
       {kAccount,
        kMailbox,
        {"letters", objects, true,
         "each with octets (base64) or draft, and, if known, flags (\\Seen or a keyword) and date (microseconds)"}},
       store_append},
      {"store.deleted",
       "Deleted letters that can be brought back, the oldest first; of a removed account too. `next` in the answer is "
       "the "
       "`after` of the next page; a page may be short although there are more.",
       {kAccount, kDeletedSince, kDeletedFrom, {"after", text, false, "only those behind this place"}, kLimit},
       store_deleted},
      {"store.undelete",
       "Brings deleted letters back to the mailboxes that they were in: a portion. `next` in the answer is the `after` "
       "of "
       "the next one.",
       {kAccount,
        {"to", text, false, "the account that gets them; needed when the account was removed"},
        kDeletedSince,
        kDeletedFrom,
        {"into", text, false, "the mailbox that gets them"},
        {"after", text, false, "only those behind this place"}},
       store_undelete},

      {"store.verify",
       "Begins to compare the store with itself, octet for octet; store.job tells how far that is and what it finds.",
       {{"letters", yes_no, false, "no: rows only, letters are not read; yes when not given"},
        {"since", text, false, "only letters that came from this time on (RFC 3339); rows are looked at all the same"},
        {"rate", number, false, "octets of letters a second; 0, or not given: as fast as it goes"}},
       store_verify},
      {"store.repair",
       "Begins to mend what store.verify finds; store.job tells how far that is. What is taken away goes into a "
       "folder.",
       {{"aside", text, true, "the folder, as the server sees it"}},
       store_repair},
      {"store.backup",
       "Begins to copy the store, with the files that a server needs besides; store.job tells how far that is.",
       {{"destination", text, true, "a folder, as the server sees it, which may hold earlier copies"},
        {"keep", number, false, "how many copies stay; all when not given"}},
       store_backup},
      {"store.job",
       "How far a long piece of work is, and what it has found. One that nobody looks at for a minute is given up. "
       "`next` in the answer is the `after` of the next call.",
       {{"job", number, true, "the number that beginning it gave"},
        {"after", number, false, "only findings behind this one"}},
       store_job},

      {"hold.add",
       "Puts an account or a domain under legal hold: nothing that it deletes goes for good.",
       {kHeld, {"reason", text, false, "for the audit"}},
       hold_add},
      {"hold.remove", "Lifts a legal hold.", {kHeld}, hold_remove},
      {"hold.list", "The accounts and domains under legal hold.", {}, hold_list},

      {"key.new",
       "Makes a DKIM key for a domain, in state next.",
       {kDomain,
        {"algorithm", text, true, "rsa or ed25519"},
        {"selector", text, false, "made of the algorithm and the day when not given"},
        {"bits", number, false, "of RSA; 2048 when not given"}},
       key_new},
      {"key.import",
       "Takes over a DKIM key that was made elsewhere.",
       {kDomain,
        {"selector", text, true, "under which its record is published"},
        {"pem", secret, true, ""},
        {"state", text, true, "next, published, signing or retiring"}},
       key_import},
      {"key.set",
       "Brings a DKIM key into another state. One that is revoked has no private part any more.",
       {kDomain, kSelector, {"state", text, true, "published, signing, retiring or revoked"}},
       key_set},
      {"key.remove", "Forgets a DKIM key that was never published, or is revoked.", {kDomain, kSelector}, key_remove},
      {"key.list",
       "The DKIM keys with what their records say; no private parts.",
       {{"domain", text, false, "only those of this domain"}},
       key_list},

      {"policy.show", "What becomes of letters that are judged badly, and who says so.", {kObject}, policy_show},
      {"policy.set",
       "Lays down what becomes of letters that are judged badly; what is not given stays, and inherit leaves it to the "
       "scope above.",
       {kObject,
        {"rejected", text, false, "of letters that would be rejected: reject, junk, accept or inherit"},
        {"suspect", text, false, "of letters that would be set apart: junk, quarantine, accept or inherit"}},
       policy_set},
      {"policy.list", "Where that is laid down.", {}, policy_list},
      {"know.add", "Knows somebody of whom letters come.", {kKnownKind, kKnownName, kKnownFor}, know_add},
      {"know.remove", "Knows somebody no longer.", {kKnownKind, kKnownName, kKnownFor}, know_remove},
      {"know.list",
       "Who is known, to whom, since when and by whom.",
       {{"kind", text, false, "only those of this kind"}, {"for", text, false, "only those of this object"}},
       know_list},

      {"search.find",
       "Letters of an account, the best first, with the words that were found. `pending` messages are not in the index "
       "yet.",
       {{"account", text, true, "the address of the account"},
        {"query", text, true, "words, \"phrases\", beginn*, field:word, before:DATE, after:DATE, OR, -word, ( )"},
        {"limit", number, false, "letters at most; 1000 when not given, never more"},
        {"snippets", yes_no, false, "with pieces of the letters; yes when not given"}},
       search_find},
      {"search.progress",
       "How far the search index of an account is.",
       {{"account", text, true, "the address of the account"}},
       search_progress},
      {"search.renew",
       "Throws the search index of an account away; it is made anew from the letters. Until then searches take longer.",
       {{"account", text, true, "the address of the account"}},
       search_renew},

      {"route.show",
       "What would happen to a letter to an address, and why. Asks the DNS; sends nothing.",
       {kAddress},
       route_show},

      {"server.status", "What the server says of itself.", {}, server_status},
      {"server.metrics", "Its counters, in the text format of Prometheus.", {}, server_metrics},
      {"server.reload", "Reads the configuration and the certificates anew.", {}, server_reload},
      {"server.stop", "Stops the server, as SIGTERM does.", {}, server_stop},
      {"server.methods", "This table.", {}, server_methods},
  };
}

std::string_view wanted(ParamKind kind) {
  switch (kind) {
    case text:
    case secret:
      return "a string";
    case number:
      return "a number from 0 on";
    case yes_no:
      return "true or false";
    case texts:
      return "an array of strings";
    case objects:
      return "an array of objects";
  }
  return "";
}

bool fits(const Value& value, ParamKind kind) {
  switch (kind) {
    case text:
    case secret:
      return value.as_string().has_value();
    case number:
      return value.as_int().value_or(-1) >= 0;
    case yes_no:
      return value.as_bool().has_value();
    case texts:
      return value.kind() == Value::Kind::array &&
             std::ranges::all_of(value.items(), [](const Value& item) { return item.as_string().has_value(); });
    case objects:
      return value.kind() == Value::Kind::array &&
             std::ranges::all_of(value.items(), [](const Value& item) { return item.kind() == Value::Kind::object; });
  }
  return false;
}

// Whether the method reads or changes what the directory keeps.
bool about_directory(std::string_view method) {
  static constexpr std::string_view kStore[] = {"store.verify", "store.repair", "store.backup", "store.job"};
  if (std::ranges::find(kStore, method) != std::end(kStore)) return false;
  static constexpr std::string_view kFamilies[] = {"domain.", "account.", "alias.", "config.", "audit.",  "store.",
                                                   "hold.",   "search.",  "key.",   "grant.",  "policy.", "know."};
  return std::ranges::any_of(kFamilies, [method](std::string_view family) { return method.starts_with(family); });
}

// Says what is wrong by name only: values may be secrets.
Result<void> check(const MethodRow& row, const Value& params) {
  if (!params.is_null() && params.kind() != Value::Kind::object)
    return fail(Errc::invalid, "{}: the parameters must be an object", row.name);
  for (const auto& member : params.members()) {
    const auto known = std::ranges::find(row.params, std::string_view(member.name), &ParamRow::name);
    if (known == row.params.end())
      return fail(Errc::invalid, "{}: there is no parameter '{}'", row.name, printable(member.name, 40));
    if (!fits(member.value, known->kind))
      return fail(Errc::invalid, "{}: '{}' must be {}", row.name, known->name, wanted(known->kind));
  }
  for (const auto& param : row.params)
    if (param.required && !params.find(param.name))
      return fail(Errc::invalid, "{}: the parameter '{}' is missing", row.name, param.name);
  return {};
}

}  // namespace

const std::vector<MethodRow>& methods() {
  static const std::vector<MethodRow> kMethods = make_methods();
  return kMethods;
}

Task<Result<std::string>> call(const Office* office, std::string method, Value params, std::string who,
                               Deadline deadline) {
  const auto row = std::ranges::find(methods(), std::string_view(method), &MethodRow::name);
  if (row == methods().end()) co_return fail(Errc::unsupported, "there is no method '{}'", printable(method, 40));
  CO_TRY(check(*row, params));
  if (!office->directory && about_directory(row->name))
    co_return fail(
        Errc::unsupported,
        "this process keeps no domains and accounts (server.roles): they are at the host that server.mda names");
  co_return co_await row->run(office, Call{std::move(params), std::move(who), deadline});
}

Answer route_show(const Office* office, Call call) {
  if (!office->host.route) co_return fail(Errc::unsupported, "no server is running");
  co_return co_await office->host.route(text_of(call, "address"), call.deadline);
}

Answer server_status(const Office* office, Call call) {
  if (!office->host.status) co_return fail(Errc::unsupported, "no server is running");
  const Status status = office->host.status();
  const post::QueueCounts queue = CO_TRY(co_await office->queue->counts(call.deadline));
  std::string out;
  codec::json::Writer w(out);
  w.begin_object().field("version", status.version).field("hostname", status.hostname).field("pid", status.pid);
  w.field("started", to_rfc3339(status.started)).key("listeners").begin_array();
  for (const auto& listener : status.listeners) w.value(listener);
  w.end_array().field("connections", status.connections);
  w.field("commits", status.commits).field("groups", status.groups).field("read_only", status.read_only);
  w.field("log_dropped", status.log_dropped).field("stalls", status.stalls);
  w.field("longest_turn_ms", status.longest_turn / std::chrono::milliseconds(1));
  w.key("queue").begin_object();
  for (const auto state : {post::QueueState::waiting, post::QueueState::leased, post::QueueState::held})
    w.field(state_name(state), queue.of(state));
  if (queue.oldest) w.field("oldest", to_rfc3339(*queue.oldest));
  w.end_object();
  if (const auto& t = status.transfer) {
    w.key("transfer").begin_object();
    w.field("delivered", t->delivered).field("deferred", t->deferred).field("bounced", t->bounced);
    w.field("silent", t->silent).field("connections", t->connections).field("destinations", t->destinations);
    w.field("unreachable", t->unreachable).end_object();
  }
  if (const auto& i = status.index) {
    w.key("index").begin_object().field("letters", i->letters).field("left_out", i->left_out);
    w.field("waiting", i->waiting).field("failures", i->failures);
    w.field("attachments", i->attachments).field("attachments_failed", i->attachments_failed).end_object();
  }
  w.end_object();
  co_return out;
}

Answer server_metrics(const Office* office, Call call) {
  if (!office->host.metrics) co_return fail(Errc::unsupported, "no server is running");
  const post::QueueCounts queue = CO_TRY(co_await office->queue->counts(call.deadline));
  std::string out;
  codec::json::Writer(out).begin_object().field("text", office->host.metrics(queue)).end_object();
  co_return out;
}

Answer server_reload(const Office* office, Call) {
  if (!office->host.reload) co_return fail(Errc::unsupported, "no server is running that could read anything anew");
  CO_TRY(co_await office->host.reload());
  co_return "{}";
}

Answer server_stop(const Office* office, Call) {
  if (!office->host.stop) co_return fail(Errc::unsupported, "no server is running that could be stopped");
  office->host.stop();
  co_return "{}";
}

Answer server_methods(const Office*, Call) {
  std::string out;
  codec::json::Writer w(out);
  w.begin_object().key("methods").begin_array();
  for (const auto& row : methods()) {
    w.begin_object().field("name", row.name).field("doc", row.doc).key("params").begin_array();
    for (const auto& param : row.params) {
      w.begin_object().field("name", param.name).field("type", wanted(param.kind)).field("required", param.required);
      if (!param.doc.empty()) w.field("doc", param.doc);
      w.end_object();
    }
    w.end_array().end_object();
  }
  w.end_array().end_object();
  co_return out;
}

}  // namespace chappe::agents::control
