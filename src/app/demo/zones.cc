#include "app/demo/zones.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

#include "dns/sign.h"
#include "dns/zone_file.h"

namespace chappe::app::demo {
namespace {

constexpr int kTtl = 300;
constexpr Duration kSignedBefore = -std::chrono::hours(1);
constexpr Duration kSignedFor = std::chrono::hours(24 * 7);

// "example" as it stands in a zone text.
std::string absolute(const std::string& name) { return name == "." ? name : name + "."; }

Result<void> write_file(const std::string& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary);
  out << text;
  out.close();
  if (!out) return fail(Errc::io, "cannot write {}", path);
  return {};
}

class Registry {
 public:
  explicit Registry(const Plan& plan) : plan_(plan) {}

  Result<void> make_keys() {
    for (const ZonePlan& zone : plan_.zones) keys_.emplace(zone.apex, TRY(dns::ZoneKey::make(system_random())));
    return {};
  }

  Result<std::vector<dns::Record>> records_of(const ZonePlan& zone) const {
    auto records = TRY(dns::parse_zone_text(text_of(zone), {}, zone.apex)).records;
    for (const ZonePlan& child : plan_.zones)
      if (child.parent == zone.apex && child.delegated)
        records.push_back(dns::ds_of(TRY(dns::Name::parse(absolute(child.apex))), key(child).dnskey(), kTtl));
    dns::SignOptions options;
    options.from = system_clock().now() + kSignedBefore;
    options.until = system_clock().now() + kSignedFor;
    auto out = TRY(dns::sign_zone(records, key(zone), options));
    if (zone.forged) forge(out);
    return out;
  }

  Result<std::string> anchor() const {
    const dns::Record ds = dns::ds_of(dns::Name(), key(plan_.zones.front()).dnskey());
    return fmt::format(". IN DS {}\n", rdata_to_text(ds.type, ds.rdata));
  }

 private:
  const dns::ZoneKey& key(const ZonePlan& zone) const { return keys_.at(zone.apex); }

  std::string text_of(const ZonePlan& zone) const {
    std::string out =
        fmt::format("$TTL {}\n{} SOA {}. hostmaster.{} 1 3600 600 86400 60\n{} NS {}.\n", kTtl, absolute(zone.apex),
                    zone.server, absolute(zone.apex == "." ? "root" : zone.apex), absolute(zone.apex), zone.server);
    if (below(zone.server, zone.apex)) out += fmt::format("{}. A {}\n", zone.server, zone.address);
    out += zone.records;
    // Delegations, with the addresses of their servers.
    for (const ZonePlan& child : plan_.zones) {
      if (child.parent != zone.apex || !child.delegated) continue;
      out += fmt::format("{} NS {}.\n", absolute(child.apex), child.server);
      if (below(child.server, child.apex)) out += fmt::format("{}. A {}\n", child.server, child.address);
    }
    return out;
  }

  static bool below(const std::string& name, const std::string& apex) {
    return apex == "." ? name == "ns.root" : name.ends_with("." + apex);
  }

  // The mail exchanger is another one than the signature says.
  static void forge(std::vector<dns::Record>& records) {
    for (dns::Record& record : records)
      if (record.type == dns::Type::mx) record.rdata[1] = static_cast<char>(record.rdata[1] + 1);  // its preference
  }

  const Plan& plan_;
  std::map<std::string, dns::ZoneKey> keys_;
};

}  // namespace

Result<ZoneFiles> write_zones(const Plan& plan, const std::string& dir) {
  const std::string folder = dir + "/names";
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return fail(Errc::io, "cannot make {}: {}", folder, error.message());
  Registry registry(plan);
  TRY(registry.make_keys());
  ZoneFiles out{.servers = {}, .root_hints = folder + "/root.hints", .trust_anchor = folder + "/root.ds"};
  for (const ZonePlan& zone : plan.zones) {
    const std::string file = folder + "/" + (zone.apex == "." ? "root" : zone.apex) + ".zone";
    const auto records = TRY(registry.records_of(zone));
    TRY(write_file(file, dns::write_zone(records, dns::Name())));
    const auto known = std::ranges::find(out.servers, zone.address, &NameServerFiles::address);
    if (known != out.servers.end()) {
      known->files.push_back(file);
    } else {
      out.servers.push_back({zone.server, zone.address, {file}});
    }
  }
  const ZonePlan& root = plan.zones.front();
  TRY(write_file(out.root_hints,
                 fmt::format(". {} NS {}.\n{}. {} A {}\n", kTtl, root.server, root.server, kTtl, root.address)));
  const std::string anchor = TRY(registry.anchor());
  TRY(write_file(out.trust_anchor, anchor));
  return out;
}

}  // namespace chappe::app::demo
