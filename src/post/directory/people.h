// Who has logged in, and as whom they may write. The directory answers, or the mda that keeps it in another process.
#pragma once

#include <cstdint>
#include <string>

#include "net/task.h"
#include "post/ids.h"

namespace chappe::post {

struct LoggedIn {
  AccountId account;    // 0: the account is kept by the mda, which knows it by its address
  std::string address;  // the account's main address
};

// What an account may do with an address. The numbers are on disk, and a greater one is more.
enum class SendRight : std::uint8_t {
  none = 0,
  on_behalf = 1,  // write it in From, with the account itself in Sender (RFC 5322 §3.6.2)
  as = 2,         // write it in MAIL FROM, From and Sender, as its own
};

class SenderSource {
 public:
  virtual ~SenderSource() = default;
  // What they may do with `address`. Errors: those of the store, or of reaching the mda.
  virtual net::Task<Result<SendRight>> may_send(LoggedIn who, std::string address, net::Deadline deadline) = 0;
};

}  // namespace chappe::post
