// Where a POP3 session stands: what the `check` of each command reads. The server machine keeps one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "proto/pop3/options.h"

namespace chappe::proto::pop3 {

// One letter of a maildrop as it is while the session lasts.
struct Item {
  std::uint64_t size = 0;  // octets as sent, without stuffed dots (RFC 1939 §11)
  std::string uid = {};    // 1 to 70 octets of 0x21 to 0x7e, unique in the maildrop for ever (RFC 1939 §7)
  bool deleted = false;
};

struct Session {
  const ServerOptions& options;
  bool tls = false;
  bool transaction = false;  // logged in (RFC 1939 §5)
  bool utf8 = false;         // RFC 6856 §2
  std::string user = {};     // of a USER that waits for its PASS
  std::vector<Item> items = {};

  bool login_allowed() const { return tls || options.login_without_tls; }
  // The letter that "n" names, counted from 1; none when there is no such letter or it is deleted.
  std::optional<std::size_t> find(std::uint64_t number) const {
    if (number == 0 || number > items.size() || items[number - 1].deleted) return std::nullopt;
    return number - 1;
  }
};

}  // namespace chappe::proto::pop3
