// The MDA: the door on port 24 where other hosts of the site hand in letters for the mailboxes that are kept here, by
// LMTP (RFC 2033), so that each recipient gets a reply of its own after the letter. The same hosts ask here: who has a
// mailbox (RCPT), whether somebody may write as an address (MAIL with AUTH=, RFC 4954 §5), and whether a login is right
// (AUTH, passed on as their clients say it). Hosts of the world are turned away.
#pragma once

#include <memory>

#include "agents/door/smtp_session.h"

namespace chappe::agents {

// The machine's options of this door: for peers on the loopback, who may log somebody in without TLS, and for others.
struct DeliveryOptions {
  std::shared_ptr<const proto::smtp::ServerOptions> loopback, network;
};
DeliveryOptions delivery_options(const Site& site);

// Serves one connection to its end.
net::Task<void> serve_delivery(Site* site, const Door* door, DeliveryOptions options, net::Stream stream);

}  // namespace chappe::agents
