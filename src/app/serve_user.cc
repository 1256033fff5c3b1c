#include "app/serve_user.h"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <vector>

namespace chappe::app {
namespace {

constexpr std::size_t kEntrySpace = 64 * 1024;

}  // namespace

Result<User> find_user(const std::string& name) {
  std::vector<char> space(kEntrySpace);
  passwd entry{};
  passwd* found = nullptr;
  const int error = getpwnam_r(name.c_str(), &entry, space.data(), space.size(), &found);
  if (!found)
    return fail(Errc::config, "there is no user '{}'{}{}: make it with `useradd --system {}`", name, error ? ": " : "",
                error ? std::strerror(error) : "", name);
  return User{name, found->pw_uid, found->pw_gid};
}

std::string user_name(unsigned uid) {
  std::vector<char> space(kEntrySpace);
  passwd entry{};
  passwd* found = nullptr;
  if (getpwuid_r(uid, &entry, space.data(), space.size(), &found) == 0 && found) return found->pw_name;
  return fmt::format("uid {}", uid);
}

Result<std::optional<User>> user_to_become(const Config& config) {
  const std::string& name = config.server.user;
  if (geteuid() == 0) {
    if (name.empty())
      return fail(Errc::config,
                  "Chappe does not serve as root: set 'user' in [server] to whom it shall become, for instance "
                  "user = \"chappe\"");
    User user = TRY(find_user(name));
    if (user.uid == 0) return fail(Errc::config, "server.user is root: name somebody who can do less");
    return user;
  }
  if (name.empty()) return std::nullopt;
  const User user = TRY(find_user(name));
  if (user.uid != geteuid())
    return fail(Errc::config, "server.user is {}, but this is {}: only root can become somebody else", name,
                user_name(geteuid()));
  return std::nullopt;
}

Result<void> become(const User& user) {
  if (initgroups(user.name.c_str(), user.gid) != 0 || setresgid(user.gid, user.gid, user.gid) != 0 ||
      setresuid(user.uid, user.uid, user.uid) != 0)
    return fail(Errc::config, "cannot become {}: {}", user.name, std::strerror(errno));
  if (setuid(0) == 0 || geteuid() != user.uid)
    return fail(Errc::bug, "became {}, but could become root again", user.name);
  return {};
}

Result<void> prepare_data_dir(const std::string& path, const std::optional<User>& owner) {
  struct stat there{};
  if (stat(path.c_str(), &there) != 0) {
    if (errno != ENOENT) return fail(Errc::config, "server.data_dir {}: {}", path, std::strerror(errno));
    std::error_code error;
    std::filesystem::create_directories(path, error);
    if (error) return fail(Errc::config, "cannot make server.data_dir {}: {}", path, error.message());
    if (chmod(path.c_str(), 0700) != 0 || (owner && chown(path.c_str(), owner->uid, owner->gid) != 0))
      return fail(Errc::config, "cannot prepare server.data_dir {}: {}", path, std::strerror(errno));
    return {};
  }
  if (!S_ISDIR(there.st_mode)) return fail(Errc::config, "server.data_dir {} is no folder", path);
  if (owner && there.st_uid != owner->uid)
    return fail(Errc::config, "server.data_dir {} belongs to {}, not to {}: chown -R {}: {}", path,
                user_name(there.st_uid), owner->name, owner->name, path);
  return {};
}

}  // namespace chappe::app
