#include "agents/milter/counts.h"

namespace chappe::agents::milter {
namespace {

const Metric<Counter, 2> kConnections("chappe_milter_connections_total",
                                      "Connections to a milter that an SMTP session was given: new, kept (of an "
                                      "earlier session), failed (there was none).",
                                      {"milter", "how"});
const Metric<Gauge, 1> kOpen("chappe_milter_connections_open", "Connections to a milter that are open now.",
                             {"milter"});
const Metric<Counter, 2> kFailures(
    "chappe_milter_failures_total",
    "Answers that a milter did not give: timeout, closed (it closed the connection), fault (it does not speak the "
    "protocol).",
    {"milter", "why"});
const Metric<Counter, 1> kLeftAlone("chappe_milter_left_alone_total",
                                    "Times a milter was not asked, because it had failed several times in a row.",
                                    {"milter"});

}  // namespace

Counts::Counts(Metrics& m, std::string_view name)
    : opened(m.of(kConnections, name, "new")),
      reused(m.of(kConnections, name, "kept")),
      not_opened(m.of(kConnections, name, "failed")),
      open(m.of(kOpen, name)),
      timeouts(m.of(kFailures, name, "timeout")),
      closed(m.of(kFailures, name, "closed")),
      faults(m.of(kFailures, name, "fault")),
      left_alone(m.of(kLeftAlone, name)) {}

}  // namespace chappe::agents::milter
