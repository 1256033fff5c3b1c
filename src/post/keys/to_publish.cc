#include "post/keys/to_publish.h"

#include <fmt/format.h>

#include <algorithm>

#include "trust/dkim/key.h"
#include "trust/dmarc/record.h"
#include "trust/spf/record.h"

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

// Of a record that the domain may have written itself: that one, or the proposal.
ToPublish own_or(ToPublish proposal, std::optional<std::vector<std::string>> there, bool (*is_one)(ByteView)) {
  if (!there) return proposal;
  std::erase_if(*there, [is_one](const std::string& text) { return !is_one(text); });
  if (there->empty()) {
    proposal.now = Now::absent;
  } else if (there->size() == 1) {
    proposal.now = Now::same;
    proposal.text = std::move(there->front());
  } else {
    proposal.now = Now::other;
    proposal.there = std::move(*there);
  }
  return proposal;
}

bool is_dmarc(ByteView text) { return trust::dmarc::parse_record(text).record.has_value(); }

ToPublish key_record(dns::Name name, DkimKey key, std::optional<std::vector<std::string>> there) {
  ToPublish out{.what = ToPublish::For::dkim, .name = std::move(name), .text = key.record()};
  const auto wanted = trust::dkim::parse_key(out.text);
  out.key = std::move(key);
  if (!there) return out;
  const auto says_so = [&](const std::string& text) {
    const auto found = trust::dkim::parse_key(text);
    return found && wanted && found->type == wanted->type && found->data == wanted->data;
  };
  out.now = there->empty() ? Now::absent : there->size() == 1 && says_so(there->front()) ? Now::same : Now::other;
  if (out.now == Now::other) out.there = std::move(*there);
  return out;
}

// The zone that a name is in (RFC 1034 §4.2): the nearest name above with an SOA.
net::Task<dns::Name> zone_of(dns::Resolver* resolver, dns::Name name, net::Deadline deadline) {
  for (; !name.is_root(); name = name.parent()) {
    const dns::Answer answer = co_await resolver->ask({name, dns::Type::soa}, deadline);
    if (answer && answer.canonical == name) co_return name;
    if (!answer && !answer.absent()) break;
  }
  co_return dns::Name();
}

}  // namespace

std::string_view published_name(Now now) {
  static constexpr std::string_view kNames[] = {"same", "other", "absent", "unknown"};
  return kNames[static_cast<std::size_t>(now)];
}

std::string_view purpose_name(ToPublish::For what) {
  static constexpr std::string_view kNames[] = {"spf", "dkim", "dmarc"};
  return kNames[static_cast<std::size_t>(what)];
}

net::Task<Publication> to_publish(dns::Resolver& resolver, std::string domain, std::vector<DkimKey> keys,
                                  net::Deadline deadline) {
  Publication out;
  const auto name = dns::Name::parse(domain);
  if (!name) co_return out;
  out.zone = co_await zone_of(&resolver, *name, deadline);
  if (!out.zone.is_root()) {
    const dns::Answer servers = co_await resolver.ask({out.zone, dns::Type::ns}, deadline);
    if (servers)
      for (const dns::Ns& ns : servers.records.as<dns::Ns>()) out.servers.push_back(ns.target.domain());
  }
  // Hosts that take the domain's mail send it as well; who else does is to be found out before ~all becomes -all.
  ToPublish spf{.what = ToPublish::For::spf, .name = *name, .text = "v=spf1 mx ~all"};
  out.records.push_back(own_or(std::move(spf), co_await texts_at(&resolver, *name, deadline), trust::spf::is_record));
  for (DkimKey& key : keys) {
    const auto at = dns::Name::parse(fmt::format("{}._domainkey.{}", key.selector, domain));
    if (!at) continue;
    auto there = co_await texts_at(&resolver, *at, deadline);
    out.records.push_back(key_record(*at, std::move(key), std::move(there)));
  }
  if (const auto at = dns::Name::parse("_dmarc." + domain)) {
    ToPublish dmarc{.what = ToPublish::For::dmarc,
                    .name = *at,
                    .text = fmt::format("v=DMARC1; p=none; rua=mailto:postmaster@{}", domain)};
    out.records.push_back(own_or(std::move(dmarc), co_await texts_at(&resolver, *at, deadline), is_dmarc));
  }
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
