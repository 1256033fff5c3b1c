#include "dns/root_servers.h"

#include "dns/zone_file.h"

namespace chappe::dns {
namespace {

struct Row {
  const char *v4, *v6;
};
// a.root-servers.net. and so on, in the order of their letters.
constexpr Row kRoots[] = {
    {"198.41.0.4", "2001:503:ba3e::2:30"},   {"170.247.170.2", "2801:1b8:10::b"},  {"192.33.4.12", "2001:500:2::c"},
    {"199.7.91.13", "2001:500:2d::d"},       {"192.203.230.10", "2001:500:a8::e"}, {"192.5.5.241", "2001:500:2f::f"},
    {"192.112.36.4", "2001:500:12::d0d"},    {"198.97.190.53", "2001:500:1::53"},  {"192.36.148.17", "2001:7fe::53"},
    {"192.58.128.30", "2001:503:c27::2:30"}, {"193.0.14.129", "2001:7fd::1"},      {"199.7.83.42", "2001:500:9f::42"},
    {"202.12.27.33", "2001:dc3::35"},
};
static_assert(std::size(kRoots) == 13);

constexpr std::uint32_t kHintsTtl = 3'600'000;

}  // namespace

std::vector<NamedServer> internet_roots() {
  std::vector<NamedServer> out;
  char letter = 'a';
  for (const Row& row : kRoots) {
    NamedServer server;
    server.name = *Name::parse(fmt::format("{}.root-servers.net.", letter++));
    for (const char* ip : {row.v4, row.v6}) server.addresses.push_back(*net::Endpoint::parse(ip, kDnsPort));
    out.push_back(std::move(server));
  }
  return out;
}

Result<std::vector<NamedServer>> read_root_hints(const std::string& path) {
  ZoneFileOptions options;
  options.default_ttl = kHintsTtl;
  const auto text = read_zone_file(path, options);
  if (!text) return fail(Errc::config, "the root hints: {}", text.error().text());
  // Hints have the form of what a root server says of its own zone.
  Message message;
  for (const Record& r : text->records)
    (r.type == Type::ns && r.name.is_root() ? message.authority : message.additional).push_back(r);
  auto servers = delegation_of(message, Name(), Name()).servers;
  std::erase_if(servers, [](const NamedServer& s) { return s.addresses.empty(); });
  if (servers.empty()) return fail(Errc::config, "{} names no server of the root with an address", path);
  return servers;
}

}  // namespace chappe::dns
