#include "post/keys/to_publish.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>

#include "trust/dkim/key.h"

namespace chappe::post {
namespace {

constexpr unsigned kTtl = 3600;
constexpr std::size_t kString = 255;  // octets of one string (RFC 1035 §3.3)

using Now = ToPublish::Now;

std::vector<std::string> texts_of(const dns::Answer& answer) {
  std::vector<std::string> out;
  for (const Bytes& rdata : answer.records.rdata) out.push_back(dns::Txt::joined(rdata));
  return out;
}

// What stands at a name; nothing: the DNS does not say.
net::Task<std::optional<std::vector<std::string>>> texts_at(dns::Resolver* resolver, dns::Name name,
                                                            net::Deadline deadline) {
  const dns::Answer answer = co_await resolver->ask({std::move(name), dns::Type::txt}, deadline);
  if (answer) co_return texts_of(answer);
  if (answer.absent()) co_return std::vector<std::string>();
  co_return std::nullopt;
}

// What is there is left as it is, right or wrong.
void leave(ToPublish& record, Now now, std::vector<std::string> there) {
  record.now = now;
  record.text = now == Now::same ? std::move(there.front()) : std::string();
  if (now != Now::same) record.there = std::move(there);
}

ToPublish spf_record(dns::Name name, trust::spf::Tree tree) {
  using trust::spf::Lint;
  using trust::spf::NodeState;
  // Hosts that take the domain's mail send it as well; who else does is to be found out before ~all becomes -all.
  ToPublish out{.what = ToPublish::For::spf, .name = std::move(name), .text = "v=spf1 mx ~all"};
  bool wrong = false, almost = false;
  for (trust::spf::LintFinding& found : lint(tree)) {
    if (found.lint == Lint::no_domain || found.lint == Lint::no_record || found.lint == Lint::lookup_failed ||
        found.lint == Lint::several_records)
      continue;  // `now` says so
    wrong = wrong || lint_row(found.lint).level == trust::spf::Level::error;
    almost = almost || found.lint == Lint::almost_record;
    out.spf.push_back(std::move(found));
  }
  switch (tree.root.state) {
    case NodeState::failed:
    case NodeState::not_looked_at:
      leave(out, Now::unknown, {});
      break;
    case NodeState::several_records:
      leave(out, Now::several, std::move(tree.root.texts));
      break;
    case NodeState::bad_domain:
    case NodeState::no_domain:
    case NodeState::no_record:
      // One that nobody reads is to be mended; the finding tells it.
      if (almost)
        leave(out, Now::wrong, {});
      else
        out.now = Now::absent;
      break;
    case NodeState::good:
    case NodeState::bad_syntax:
    case NodeState::circle:
      leave(out, wrong ? Now::wrong : Now::same, {std::move(tree.root.record.text)});
  }
  return out;
}

ToPublish dmarc_record(dns::Name name, const std::string& domain, std::optional<std::vector<std::string>> there) {
  namespace dmarc = trust::dmarc;
  ToPublish out{.what = ToPublish::For::dmarc,
                .name = std::move(name),
                .text = fmt::format("v=DMARC1; p=none; rua=mailto:postmaster@{}", domain)};
  if (!there) {
    leave(out, Now::unknown, {});
    return out;
  }
  std::vector<std::string> records, ignored;
  bool wrong = false;
  for (std::string& text : *there) {
    dmarc::Reading reading = dmarc::lint(text);
    const bool bad = std::ranges::any_of(
        reading.flaws, [](const dmarc::Flawed& f) { return flaw_row(f.flaw).severity == dmarc::Severity::danger; });
    if (!reading.record && !bad) continue;  // a text about something else
    wrong = wrong || bad;
    std::ranges::move(reading.flaws, std::back_inserter(out.dmarc));
    (reading.record ? records : ignored).push_back(std::move(text));
  }
  if (records.size() > 1) {
    leave(out, Now::several, std::move(records));
  } else if (wrong) {
    std::ranges::move(ignored, std::back_inserter(records));
    leave(out, Now::wrong, std::move(records));
  } else if (!records.empty()) {
    leave(out, Now::same, std::move(records));
  } else {
    out.now = Now::absent;
  }
  return out;
}

ToPublish key_record(dns::Name name, DkimKey key, std::optional<std::vector<std::string>> there) {
  ToPublish out{.what = ToPublish::For::dkim, .name = std::move(name), .text = key.record()};
  const auto wanted = trust::dkim::parse_key(out.text);
  out.key = std::move(key);
  if (!there) {
    leave(out, Now::unknown, {});
    return out;
  }
  const auto says_so = [&](const std::string& text) {
    const auto found = trust::dkim::parse_key(text);
    return found && wanted && found->type == wanted->type && found->data == wanted->data;
  };
  out.now = there->empty() ? Now::absent : there->size() == 1 && says_so(there->front()) ? Now::same : Now::other;
  if (out.now == Now::other) out.there = std::move(*there);
  return out;
}

// The zones of names, each name looked up once.
class Zones {
 public:
  Zones(dns::Resolver& resolver, net::Deadline deadline) : resolver_(resolver), deadline_(deadline) {}

  // The nearest name above with an SOA (RFC 1034 §4.2), and its servers.
  net::Task<Zone> of(dns::Name name) {
    std::vector<std::string> below;
    Zone out;
    for (; !name.is_root(); name = name.parent()) {
      if (const auto known = known_.find(name.domain()); known != known_.end()) {
        out = known->second;
        break;
      }
      below.push_back(name.domain());
      const dns::Answer soa = co_await resolver_.ask({name, dns::Type::soa}, deadline_);
      if (!soa && !soa.absent()) break;
      if (!soa || !(soa.canonical == name)) continue;
      out.name = name;
      const dns::Answer servers = co_await resolver_.ask({name, dns::Type::ns}, deadline_);
      if (servers)
        for (const dns::Ns& ns : servers.records.as<dns::Ns>()) out.servers.push_back(ns.target.domain());
      break;
    }
    for (std::string& one : below) known_.insert_or_assign(std::move(one), out);
    co_return out;
  }

 private:
  dns::Resolver& resolver_;
  const net::Deadline deadline_;
  std::map<std::string, Zone> known_;
};

}  // namespace

std::string_view published_name(Now now) {
  static constexpr std::string_view kNames[] = {"same", "other", "wrong", "several", "absent", "unknown"};
  return kNames[static_cast<std::size_t>(now)];
}

std::string_view purpose_name(ToPublish::For what) {
  static constexpr std::string_view kNames[] = {"spf", "dkim", "dmarc"};
  return kNames[static_cast<std::size_t>(what)];
}

net::Task<std::vector<ToPublish>> to_publish(dns::Resolver& resolver, std::string domain, std::vector<DkimKey> keys,
                                             net::Deadline deadline) {
  std::vector<ToPublish> out;
  const auto name = dns::Name::parse(domain);
  if (!name) co_return out;
  for (DkimKey& key : keys) {
    const auto at = dns::Name::parse(fmt::format("{}._domainkey.{}", key.selector, domain));
    if (!at) continue;
    auto there = co_await texts_at(&resolver, *at, deadline);
    out.push_back(key_record(*at, std::move(key), std::move(there)));
  }
  if (const auto at = dns::Name::parse("_dmarc." + domain))
    out.push_back(dmarc_record(*at, domain, co_await texts_at(&resolver, *at, deadline)));
  Zones zones(resolver, deadline);
  for (ToPublish& record : out) record.zone = co_await zones.of(record.name);
  Zone zone = co_await zones.of(*name);
  // First in the list; asked for last, for it may lead far.
  out.insert(out.begin(), spf_record(*name, co_await trust::spf::tree(resolver, domain, deadline)));
  out.front().zone = std::move(zone);
  co_return out;
}

std::string zone_line(const ToPublish& record) {
  std::string out = fmt::format("{} {} IN TXT", record.name.text(), kTtl);
  const bool several = record.text.size() > kString;
  if (several) out += " (";
  for (std::size_t at = 0; at == 0 || at < record.text.size(); at += kString) {
    out += several ? "\n    " : " ";
    dns::append_quoted_text(out, ByteView(record.text).substr(at, kString));
  }
  return out + (several ? " )\n" : "\n");
}

}  // namespace chappe::post
