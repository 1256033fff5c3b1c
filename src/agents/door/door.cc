#include "agents/door/door.h"

namespace chappe::agents {
namespace {

const Metric<Counter, 1> kSessions("chappe_sessions_total", "Connections that were served.", {"door"});
const Metric<Gauge, 1> kOpen("chappe_sessions_open", "Connections that are open now.", {"door"});
const Metric<Counter, 2> kHandshakes("chappe_tls_handshakes_total", "TLS handshakes, by how they ended: ok, failed.",
                                     {"door", "end"});
const Metric<Counter, 2> kLogins("chappe_logins_total", "Logins, by how they ended: ok, failed.", {"door", "end"});
const Metric<Counter, 1> kLetters("chappe_letters_total", "Letters answered with 250: they are on disk.", {"door"});
const Metric<Counter, 1> kRefusals("chappe_refusals_total",
                                   "Senders, recipients and letters that were refused, for now or for good.", {"door"});

}  // namespace

Door::Door(Metrics& metrics, std::string_view role, bool tls_first)
    : name(role),
      implicit_tls(tls_first),
      sessions(metrics.of(kSessions, role)),
      open(metrics.of(kOpen, role)),
      handshakes(metrics.of(kHandshakes, role, "ok")),
      handshakes_failed(metrics.of(kHandshakes, role, "failed")),
      logins(metrics.of(kLogins, role, "ok")),
      logins_failed(metrics.of(kLogins, role, "failed")),
      letters(metrics.of(kLetters, role)),
      refusals(metrics.of(kRefusals, role)) {}

}  // namespace chappe::agents
