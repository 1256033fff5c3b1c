// The check of the ports: free, held by our own running server, or by whom.
#include <dirent.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <fstream>
#include <memory>
#include <set>

#include "app/check.h"
#include "base/text.h"
#include "net/endpoint.h"

namespace chappe::app {
namespace {

constexpr std::string_view kListening = "0A";  // the state in /proc/net/tcp

// The inodes of the sockets that listen on `port`.
std::set<std::string> listening_inodes(std::uint16_t port) {
  std::set<std::string> out;
  for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    std::ifstream in(table);
    std::string line;
    std::getline(in, line);
    while (std::getline(in, line)) {
      // sl local remote state tx:rx tr:when retransmits uid timeout inode
      std::vector<std::string_view> fields;
      for (const auto field : split(line, ' '))
        if (!field.empty()) fields.push_back(field);
      if (fields.size() < 10 || fields[3] != kListening) continue;
      const auto colon = fields[1].rfind(':');
      if (colon == std::string_view::npos) continue;
      const std::string hex(fields[1].substr(colon + 1));
      if (std::strtoul(hex.c_str(), nullptr, 16) == port) out.emplace(fields[9]);
    }
  }
  return out;
}

using Folder = std::unique_ptr<DIR, int (*)(DIR*)>;

bool holds_one_of(const std::string& fds, const std::set<std::string>& links) {
  const Folder folder(opendir(fds.c_str()), closedir);
  if (!folder) return false;
  while (const dirent* entry = readdir(folder.get())) {
    char to[PATH_MAX];
    const ssize_t n = readlink((fds + "/" + entry->d_name).c_str(), to, sizeof to);
    if (n > 0 && links.contains(std::string(to, static_cast<std::size_t>(n)))) return true;
  }
  return false;
}

// 0, or what bind says to it.
int try_bind(const net::Endpoint& at) {
  const int fd = socket(at.raw()->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  const int on = 1, off = 0;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (at.ipv6()) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  const int error = bind(fd, at.raw(), at.raw_size()) != 0 || listen(fd, 1) != 0 ? errno : 0;
  ::close(fd);
  return error;
}

bool ours(const std::optional<Running>& running, std::string_view where, const std::optional<PortOwner>& owner) {
  if (!running) return false;
  if (owner && owner->pid == running->pid) return true;
  return std::ranges::any_of(running->listeners, [&](std::string_view l) { return l.ends_with(where); });
}

}  // namespace

std::optional<PortOwner> port_owner(std::uint16_t port) {
  std::set<std::string> links;
  for (const auto& inode : listening_inodes(port)) links.insert("socket:[" + inode + "]");
  if (links.empty()) return std::nullopt;
  const Folder proc(opendir("/proc"), closedir);
  while (const dirent* entry = proc ? readdir(proc.get()) : nullptr) {
    const auto pid = to_number<int>(entry->d_name);
    const std::string folder = std::string("/proc/") + entry->d_name;
    if (!pid || !holds_one_of(folder + "/fd", links)) continue;
    PortOwner owner{*pid, {}};
    std::ifstream(folder + "/comm") >> owner.name;
    return owner;
  }
  return PortOwner{};
}

void check_ports(CheckList& out, const Config& config, const std::optional<Running>& running) {
  for (const Listener& l : config.listen) {
    const auto port = static_cast<std::uint16_t>(l.port.value < 0 ? role_port(l.role) : l.port.value);
    const auto at = net::Endpoint::parse(l.address, port);
    if (!at) continue;  // the configuration's errors have said so
    const std::string where = at->describe();
    const std::string_view role = role_name(l.role);
    const int error = try_bind(*at);
    if (error == 0) {
      out.add(Health::ok, "ports", {"{} {} is free", "{} {} est libre"}, role, where);
      continue;
    }
    const std::string why = std::strerror(error);
    if (error == EACCES && geteuid() != 0) {
      out.add(Health::warning, "ports",
              {"{} {} cannot be tried: ports below 1024 need root or CAP_NET_BIND_SERVICE",
               "{} {} ne peut être essayé : les ports inférieurs à 1024 demandent root ou CAP_NET_BIND_SERVICE"},
              role, where);
      continue;
    }
    if (error != EADDRINUSE) {
      out.add(Health::failure, "ports", {"{} {}: {}", "{} {} : {}"}, role, where, why).fix = "ip address show";
      continue;
    }
    const auto owner = port_owner(port);
    if (ours(running, fmt::format("{}:{}", at->ip(), port), owner)) {
      out.add(Health::ok, "ports",
              {"{} {} is served by the running server", "{} {} est servi par le serveur qui tourne"}, role, where);
    } else if (owner && owner->pid) {
      out.add(Health::failure, "ports", {"{} {} is held by {}, process {}", "{} {} est tenu par {}, processus {}"},
              role, where, owner->name, owner->pid)
          .fix = fmt::format("systemctl stop {}", owner->name);
    } else {
      out.add(Health::failure, "ports", {"{} {} is held by another program", "{} {} est tenu par un autre programme"},
              role, where)
          .fix = fmt::format("ss -ltnp 'sport = :{}'", port);
    }
  }
}

}  // namespace chappe::app
