#include "app/server_doors.h"

#include "agents/imap/imap.h"
#include "agents/mda/delivery.h"
#include "agents/msa/submission.h"
#include "agents/mta/intake.h"
#include "agents/mx/exchanger.h"
#include "agents/pop3/pop3.h"

namespace chappe::app {

net::Acceptor::Handler door_handler(Role role, agents::Site* site, const agents::Door* door) {
  switch (role) {
    case Role::mx:
      return [site, door, smtp = agents::exchanger_options(*site)](net::Stream s) {
        return agents::serve_exchanger(site, door, smtp, std::move(s));
      };
    case Role::submission:
    case Role::submissions:
      return [site, door, smtp = agents::submission_options(*site)](net::Stream s) {
        return agents::serve_submission(site, door, smtp, std::move(s));
      };
    case Role::imap:
    case Role::imaps:
      return [site, door](net::Stream s) { return agents::serve_imap(site, door, std::move(s)); };
    case Role::pop3:
    case Role::pop3s:
      return [site, door](net::Stream s) { return agents::serve_pop3(site, door, std::move(s)); };
    case Role::lmtp:
      return [site, door, lmtp = agents::delivery_options(*site)](net::Stream s) {
        return agents::serve_delivery(site, door, lmtp, std::move(s));
      };
    case Role::relay:
      return [site, door, smtp = agents::intake_options(*site)](net::Stream s) {
        return agents::serve_intake(site, door, smtp, std::move(s));
      };
  }
  return {};
}

Bytes refusal_of(Role role) {
  switch (role) {
    case Role::mx:
    case Role::submission:
    case Role::lmtp:
    case Role::relay:
      return "421 4.7.0 Too many connections, try again later\r\n";
    case Role::imap:
      return "* BYE [LIMIT] Too many connections, try again later\r\n";
    case Role::pop3:
      return "-ERR [SYS/TEMP] Too many connections, try again later\r\n";
    case Role::submissions:
    case Role::imaps:
    case Role::pop3s:
      return {};  // nothing can be said before TLS
  }
  return {};
}

}  // namespace chappe::app
