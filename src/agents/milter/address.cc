#include "agents/milter/address.h"

#include "base/text.h"

namespace chappe::agents::milter {

Result<Address> Address::parse(std::string_view text) {
  Address out;
  if (text.starts_with("unix:")) {
    out.path = text.substr(5);
    if (!out.path.starts_with('/') || out.path.find('\0') != std::string::npos)
      return fail(Errc::config, "{} has no path that begins with a slash", printable(text));
    return out;
  }
  const auto colon = text.rfind(':');
  if (!text.starts_with("inet:") || colon < 5)
    return fail(Errc::config, "{} is no address of a milter: inet:host:port or unix:/path", printable(text));
  const auto port = to_number<std::uint16_t>(text.substr(colon + 1));
  if (!port || *port == 0) return fail(Errc::config, "{} has no port", printable(text));
  std::string_view host = text.substr(5, colon - 5);
  if (host == "localhost") {
    for (const char* ip : {"127.0.0.1", "::1"}) out.endpoints.push_back(TRY(net::Endpoint::parse(ip, *port)));
    return out;
  }
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const auto endpoint = net::Endpoint::parse(host, *port);
  if (!endpoint) return fail(Errc::config, "{} has no IP address; names are not looked up", printable(text));
  out.endpoints.push_back(*endpoint);
  return out;
}

}  // namespace chappe::agents::milter
