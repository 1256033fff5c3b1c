#include "agents/imap/imap.h"

#include "agents/imap/conversation.h"

namespace chappe::agents {

net::Task<void> serve_imap(Site* site, net::Stream stream, bool implicit_tls) {
  Session session(*site, std::move(stream), implicit_tls ? "imaps" : "imap");
  if (implicit_tls && !co_await session.start_tls()) co_return;
  imap::Conversation conversation(session, implicit_tls);
  co_await conversation.run();
}

}  // namespace chappe::agents
