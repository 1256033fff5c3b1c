#include "app/dns_serve_verb.h"

#include <cstdio>
#include <mutex>

#include "agents/nameserver/nameserver.h"
#include "app/admin_input.h"
#include "app/dns_print.h"
#include "app/dns_query_verb.h"
#include "app/signals.h"
#include "base/text.h"
#include "dns/sign.h"
#include "dns/zone_file.h"

namespace chappe::app {
namespace {

namespace ns = agents::nameserver;

constexpr std::size_t kMaxKey = 64 * 1024;
constexpr std::size_t kMaxLines = 10'000;
constexpr Duration kBreath = std::chrono::milliseconds(50);
constexpr Duration kSignedBefore = -std::chrono::hours(1);  // clocks differ
constexpr Duration kSignedFor = std::chrono::hours(24 * 30);

// Lines that shards hand to the thread that may wait for the terminal. What comes too fast is not told.
class Lines {
 public:
  void add(std::string line) {
    const std::lock_guard lock(mutex_);
    if (lines_.size() < kMaxLines) lines_.push_back(std::move(line));
  }
  void print() {
    std::vector<std::string> now;
    {
      const std::lock_guard lock(mutex_);
      now.swap(lines_);
    }
    for (const std::string& line : now) std::fputs(line.c_str(), stdout);
    if (!now.empty()) std::fflush(stdout);
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> lines_;
};

Result<dns::ZoneKey> key_of(const Invocation& invocation) {
  const auto file = invocation.value("key");
  if (!file) return dns::ZoneKey::make(system_random());
  auto key = dns::ZoneKey::parse(crypto::Secret::take(TRY(read_input(*file, kMaxKey))));
  if (!key) return fail(Errc::usage, "{}: {}", *file, key.error().text());
  return key;
}

// The zones of the command line, read and signed as it says.
class Shelf {
 public:
  static Result<Shelf> make(const Invocation& invocation) {
    Shelf out(invocation);
    const auto proof = invocation.value("sign");
    if (!proof) return out;
    out.proof_ = *proof == "nsec3" ? dns::SignOptions::Proof::nsec3 : dns::SignOptions::Proof::nsec;
    out.key_ = TRY(key_of(invocation));
    return out;
  }

  Result<std::shared_ptr<const dns::Zones>> read(std::string& told) const {
    auto zones = std::make_shared<dns::Zones>();
    for (const std::string& file : invocation_.arguments()) {
      auto records = TRY(dns::read_zone_file(file)).records;
      std::optional<dns::Record> ds;
      if (key_) {
        records = TRY(sign(records, file));
        ds = dns::ds_of(apex_of(records), key_->dnskey());
      }
      auto zone = dns::Zone::make(records);
      if (!zone) return fail(Errc::invalid, "{}: {}", file, zone.error().text());
      told += line_of(*zone, ds);
      TRY(zones->add(std::move(*zone)));
    }
    return zones;
  }

 private:
  explicit Shelf(const Invocation& invocation) : invocation_(invocation) {}

  static dns::Name apex_of(const std::vector<dns::Record>& records) {
    for (const dns::Record& r : records)
      if (r.type == dns::Type::soa) return r.name;
    return {};
  }

  Result<std::vector<dns::Record>> sign(const std::vector<dns::Record>& records, const std::string& file) const {
    const Time now = system_clock().now();
    dns::SignOptions options;
    options.proof = proof_;
    options.from = now + kSignedBefore;
    options.until = now + kSignedFor;
    auto out = dns::sign_zone(records, *key_, options);
    if (!out) return fail(Errc::invalid, "{}: {}", file, out.error().text());
    return out;
  }

  std::string line_of(const dns::Zone& zone, const std::optional<dns::Record>& ds) const {
    const std::string ds_text = ds ? rdata_to_text(ds->type, ds->rdata) : "";
    if (invocation_.json()) {
      std::string out;
      codec::json::Writer json(out);
      json.begin_object().field("zone", zone.apex().text()).field("serial", zone.serial());
      json.field("signed", zone.is_signed());
      if (ds) json.field("ds", ds_text);
      json.end_object();
      return out + '\n';
    }
    std::string out = fmt::format("{} {}, {} {}{}\n", invocation_.say({"zone", "zone"}), zone.apex().text(),
                                  invocation_.say({"serial", "numéro"}), zone.serial(),
                                  zone.is_signed() ? invocation_.say({", signed", ", signée"}) : "");
    if (ds) out += fmt::format("  {} IN DS {}\n", zone.apex().text(), ds_text);
    return out;
  }

  const Invocation& invocation_;
  std::optional<dns::ZoneKey> key_;
  dns::SignOptions::Proof proof_{};
};

std::string note_line(const Invocation& invocation, const ns::QueryNote& note) {
  const ns::Reply& reply = note.reply;
  const std::string question = reply.question ? reply.question->text() : "?";
  const std::string_view transport = note.transport == ns::Transport::udp ? "udp" : "tcp";
  if (invocation.json()) {
    std::string out;
    codec::json::Writer json(out);
    json.begin_object().field("time", to_rfc3339(note.when)).field("who", note.who.describe());
    json.field("at", note.at.describe()).field("transport", transport).field("question", question);
    json.field("rcode", rcode_name(reply.rcode)).field("answers", reply.answers).field("referral", reply.referral);
    json.field("truncated", reply.truncated).field("dnssec", reply.dnssec).end_object();
    return out + '\n';
  }
  std::string said = reply.referral ? std::string(invocation.say({"referral", "renvoi"}))
                                    : fmt::format("{} ({})", rcode_name(reply.rcode), reply.answers);
  if (reply.truncated) said += invocation.say({", cut short", ", tronqué"});
  return fmt::format("{} {} {}: {} -> {}\n", to_rfc3339(note.when), note.who.describe(), transport, question, said);
}

Result<void> serve(const Invocation& invocation) {
  const Shelf shelf = TRY(Shelf::make(invocation));
  ns::NameServerOptions options;
  for (const std::string& at : invocation.values("listen")) options.listen.push_back(TRY(parse_name_server(at)));
  if (options.listen.empty()) options.listen.push_back(TRY(parse_name_server(*invocation.value("listen"))));
  std::string told;
  auto zones = TRY(shelf.read(told));

  Lines lines;
  net::Shards shards(1);
  const auto server =
      TRY(ns::NameServer::open({&shards, &system_clock()}, std::move(options), std::move(zones),
                               [&](const ns::QueryNote& note) { lines.add(note_line(invocation, note)); }));
  lines.add(std::move(told));
  for (const net::Endpoint& at : server->at()) {
    lines.add(invocation.json()
                  ? fmt::format("{{\"listening\":\"{}\"}}\n", at.describe())
                  : fmt::format("{} {}\n", invocation.say({"listening on", "à l'écoute sur"}), at.describe()));
  }
  server->start();
  for (;;) {
    lines.print();
    const auto asked = wait_for_signal(kBreath);
    if (asked == Asked::stop) break;
    if (asked != Asked::reload) continue;
    std::string again;
    if (auto fresh = shelf.read(again)) {
      server->serve(std::move(*fresh));
      lines.add(std::move(again));
    } else {
      (void)invocation.refuse(fresh.error());  // those of before stay
    }
  }
  server->stop();
  shards.stop();
  lines.print();
  return {};
}

}  // namespace

int run_dns_serve(const Invocation& invocation) {
  block_signals();
  const auto served = serve(invocation);
  return served ? 0 : invocation.refuse(served.error());
}

}  // namespace chappe::app
