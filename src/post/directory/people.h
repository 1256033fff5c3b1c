// Who has logged in, and as whom they may write. The directory answers, or the mda that keeps it in another process.
#pragma once

#include <string>

#include "net/task.h"
#include "post/ids.h"

namespace chappe::post {

struct LoggedIn {
  AccountId account;    // 0: the account is kept by the mda, which knows it by its address
  std::string address;  // the account's main address
};

class SenderSource {
 public:
  virtual ~SenderSource() = default;
  // Whether they may use `address` in MAIL FROM or From. Errors: those of the store, or of reaching the mda.
  virtual net::Task<Result<bool>> may_send(LoggedIn who, std::string address, net::Deadline deadline) = 0;
};

}  // namespace chappe::post
