// Becoming somebody else: whom `chappe serve` gives up root for, and whom the folder of the store belongs to.
// Main thread only; asks the system's user database, which may block.
#pragma once

#include <optional>
#include <string>

#include "app/config.h"
#include "base/result.h"

namespace chappe::app {

struct User {
  std::string name;
  unsigned uid = 0;
  unsigned gid = 0;
};

// Errc::config: there is nobody of that name.
Result<User> find_user(const std::string& name);
// The name of a user, for people: "chappe", or "uid 990" when it has none.
std::string user_name(unsigned uid);

// Whom this process has to become before it serves: nobody, when it is not root. Errc::config when it is root and no
// server.user says whom, when that is root again, or when it is somebody else than server.user.
Result<std::optional<User>> user_to_become(const Config& config);

// For ever: supplementary groups, group and user of the whole process. Errc::config.
Result<void> become(const User& user);

// The data folder: made with mode 0700 if it is missing, and given to `owner` then (nothing: to who runs this). One
// that belongs to somebody else than `owner` is Errc::config, with the command that gives it to him.
Result<void> prepare_data_dir(const std::string& path, const std::optional<User>& owner);

}  // namespace chappe::app
