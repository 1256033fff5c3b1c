#include "app/backup_files.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/text.h"

namespace chappe::app {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kLocalFiles[] = {"cert.pem", "key.pem", "password"};  // local.cc

// A file that has no name.
class Unnamed {
 public:
  explicit Unnamed(int fd) : fd_(fd) {}
  ~Unnamed() { ::close(fd_); }
  Unnamed(const Unnamed&) = delete;
  Unnamed& operator=(const Unnamed&) = delete;
  std::string path() const { return fmt::format("/proc/self/fd/{}", fd_); }

 private:
  int fd_;
};

Result<std::shared_ptr<Unnamed>> unnamed(std::string_view text) {
  const int fd = ::memfd_create("configuration", MFD_CLOEXEC);
  if (fd < 0) return fail(Errc::io, "cannot write the configuration for the backup: {}", std::strerror(errno));
  auto file = std::make_shared<Unnamed>(fd);
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n <= 0) return fail(Errc::io, "cannot write the configuration for the backup: {}", std::strerror(errno));
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return file;
}

class Files {
 public:
  explicit Files(const std::string& data_dir) : data_dir_(fs::absolute(data_dir).lexically_normal()) {}

  // Takes the file that `path` names, and makes `path` what it is in the restored folder, seen from its configuration.
  // A file of the data folder stays where it is; another one gets the name `otherwise`.
  void take(Path& path, const std::string& otherwise) {
    if (path.value.empty()) return;
    const fs::path from = fs::absolute(path.value).lexically_normal();
    const std::string within = from.lexically_relative(data_dir_).string();
    const std::string name = fits(within) ? within : otherwise;
    add(name, from.string());
    path.value = "../" + name;
  }
  void add(const std::string& name, const std::string& from) {
    if (std::ranges::find(files, name, &store::BackupExtra::name) == files.end()) files.push_back({name, from});
  }

  std::vector<store::BackupExtra> files;

 private:
  // As names in a backup may be (docs/formats/backup.md), and not among those that it has itself.
  static bool fits(const std::string& name) {
    if (name.empty() || name.starts_with("store/") || name.starts_with("config/")) return false;
    for (const std::string_view part : split(name, '/'))
      if (part.empty() || part.front() == '.' ||
          !std::ranges::all_of(part, [](char c) { return is_alnum(c) || c == '-' || c == '.' || c == '_'; }))
        return false;
    return true;
  }

  const fs::path data_dir_;
};

}  // namespace

Result<post::Beside> beside_store(const Config& config) {
  const std::string& data_dir = config.server.data_dir.value;
  Files out(data_dir);
  std::shared_ptr<Unnamed> written;
  if (!config.server.hostname.empty()) {
    Config c = config;
    c.server.data_dir.value = "..";
    out.take(c.tls.cert, "tls/cert.pem");
    out.take(c.tls.key, "tls/key.pem");
    for (std::size_t i = 0; i < c.tls.names.size(); ++i) {
      out.take(c.tls.names[i].cert, fmt::format("tls/{}/cert.pem", i + 1));
      out.take(c.tls.names[i].key, fmt::format("tls/{}/key.pem", i + 1));
    }
    out.take(c.server.mda_ca, "tls/site-ca.pem");
    out.take(c.dns.root_hints, "dns/root.hints");
    out.take(c.dns.trust_anchor, "dns/root.key");
    if (!c.log.file.value.empty()) c.log.file.value = "../chappe.log";
    written = TRY(unnamed(write_config(c)));
    out.add("config/chappe.toml", written->path());
  }
  for (const std::string_view name : kLocalFiles) {
    const std::string path = data_dir + "/" + std::string(name);
    if (fs::is_regular_file(path)) out.add(std::string(name), path);
  }
  const bool configuration = written != nullptr;
  return post::Beside{std::move(out.files), std::move(written), configuration};
}

}  // namespace chappe::app
