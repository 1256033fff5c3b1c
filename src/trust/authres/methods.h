// The results of the methods that Chappe knows, with their properties as the registry "Email Authentication Methods"
// names them (RFC 8601 §2.7, RFC 8617 §10.2, RFC 8904, RFC 9989 §9.1). What is empty is left out. Pure.
#pragma once

#include <string>
#include <string_view>

#include "trust/authres/results.h"
#include "trust/dmarc/evaluate.h"

namespace chappe::trust::authres {

// `mail_from`: the address, or the domain alone. `helo`: only where HELO was checked (RFC 8601 §2.7.2).
MethodResult spf(std::string_view result, std::string_view mail_from, std::string_view helo = {});

struct DkimProperties {
  std::string domain, selector, identity, algorithm, signature;  // d, s, i, a, the first octets of b (RFC 6008)
};
MethodResult dkim(std::string_view result, const DkimProperties& properties, std::string_view reason = {});

// policy.dmarc is what the domain wants for a letter that fails, else what it would want (RFC 9989 §9.1).
MethodResult dmarc(const dmarc::Verdict& verdict);

// Of a chain: its cv, the address that the letter came from, the oldest instance whose AMS validates; 0: they all do.
MethodResult arc(std::string_view result, std::string_view remote_ip = {},
                 std::optional<unsigned> oldest_pass = std::nullopt);

MethodResult iprev(std::string_view result, std::string_view ip, std::string_view reason = {});
// SMTP AUTH: who logged in (RFC 4954).
MethodResult auth(std::string_view result, std::string_view user);
MethodResult dnswl(std::string_view result, std::string_view zone, std::string_view ip);

}  // namespace chappe::trust::authres
