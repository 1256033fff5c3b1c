// `chappe dns query NAME TYPE`: what a resolver, one name server or a zone text says.
#pragma once

#include "app/cli.h"
#include "net/endpoint.h"

namespace chappe::app {

int run_dns_query(const Invocation& invocation);

// "192.0.2.1:5300", "[2001:db8::1]:53", or an address alone, which means port 53. Errc::usage.
Result<net::Endpoint> parse_name_server(std::string_view text);

}  // namespace chappe::app
