#include "agents/mta/counts.h"

namespace chappe::agents::mta {
namespace {

const Metric<Counter, 1> kRecipients(
    "chappe_mta_recipients_total",
    "Recipients at other hosts, by how an attempt ended: delivered, deferred (tried again later), bounced (the sender "
    "was told), silent (given up, and there was nobody to tell).",
    {"end"});
const Metric<Counter> kNotices("chappe_mta_notices_total",
                               "Notifications written for senders: failures, delays, successes.");
const Metric<Counter, 1> kConnections(
    "chappe_mta_connections_total",
    "Attempts to speak to another mail server, by how they ended: ok (it can be given letters), failed.", {"end"});
const Metric<Gauge> kOpen("chappe_mta_connections_open", "Connections to other mail servers that are open now.");
const Metric<Gauge> kDestinations("chappe_mta_destinations", "Domains that letters are on their way to now.");
const Metric<Gauge> kUnreachable(
    "chappe_mta_destinations_unreachable",
    "Domains none of whose hosts could be spoken to the last time; they are left alone for "
    "a while before the next.");

}  // namespace

Counts::Counts(Metrics& m)
    : delivered(m.of(kRecipients, "delivered")),
      deferred(m.of(kRecipients, "deferred")),
      bounced(m.of(kRecipients, "bounced")),
      silent(m.of(kRecipients, "silent")),
      notices(m.of(kNotices)),
      connections(m.of(kConnections, "ok")),
      connections_failed(m.of(kConnections, "failed")),
      open(m.of(kOpen)),
      destinations(m.of(kDestinations)),
      unreachable(m.of(kUnreachable)) {}

}  // namespace chappe::agents::mta
