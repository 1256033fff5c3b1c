#include "agents/imap/imap.h"

#include "agents/imap/conversation.h"

namespace chappe::agents {

net::Task<void> serve_imap(Site* site, const Door* door, net::Stream stream) {
  Session session(*site, *door, std::move(stream));
  if (door->implicit_tls && !co_await session.start_tls()) co_return;
  imap::Conversation conversation(session, door->implicit_tls);
  co_await conversation.run();
}

}  // namespace chappe::agents
