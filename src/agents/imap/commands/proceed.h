// What each command does, one to a file: the second half of "check, then proceed" (the first is in
// proto/imap/commands). Each awaits what it needs, writes its answers into the conversation, the tagged one last, and
// returns; it never throws and never leaves a command unanswered unless the client is gone. The conversation outlives
// the task.
#pragma once

#include "agents/imap/conversation.h"

namespace chappe::agents::imap {

Task<void> proceed(Conversation* c, Call call, wire::Append args);
Task<void> proceed(Conversation* c, Call call, wire::Authenticate args);
Task<void> proceed(Conversation* c, Call call, wire::Capability args);
Task<void> proceed(Conversation* c, Call call, wire::Check args);
Task<void> proceed(Conversation* c, Call call, wire::Close args);
Task<void> proceed(Conversation* c, Call call, wire::Copy args);
Task<void> proceed(Conversation* c, Call call, wire::Create args);
Task<void> proceed(Conversation* c, Call call, wire::Delete args);
Task<void> proceed(Conversation* c, Call call, wire::Enable args);
Task<void> proceed(Conversation* c, Call call, wire::Expunge args);
Task<void> proceed(Conversation* c, Call call, wire::Fetch args);
Task<void> proceed(Conversation* c, Call call, wire::GetQuota args);
Task<void> proceed(Conversation* c, Call call, wire::GetQuotaRoot args);
Task<void> proceed(Conversation* c, Call call, wire::Id args);
Task<void> proceed(Conversation* c, Call call, wire::Idle args);
Task<void> proceed(Conversation* c, Call call, wire::List args);
Task<void> proceed(Conversation* c, Call call, wire::Login args);
Task<void> proceed(Conversation* c, Call call, wire::Logout args);
Task<void> proceed(Conversation* c, Call call, wire::Lsub args);
Task<void> proceed(Conversation* c, Call call, wire::Move args);
Task<void> proceed(Conversation* c, Call call, wire::Namespace args);
Task<void> proceed(Conversation* c, Call call, wire::Noop args);
Task<void> proceed(Conversation* c, Call call, wire::Rename args);
Task<void> proceed(Conversation* c, Call call, wire::Search args);
Task<void> proceed(Conversation* c, Call call, wire::Select args);
Task<void> proceed(Conversation* c, Call call, wire::Starttls args);
Task<void> proceed(Conversation* c, Call call, wire::Status args);
Task<void> proceed(Conversation* c, Call call, wire::Store args);
Task<void> proceed(Conversation* c, Call call, wire::Subscribe args);
Task<void> proceed(Conversation* c, Call call, wire::Unselect args);
Task<void> proceed(Conversation* c, Call call, wire::Unsubscribe args);

// Logs in whoever that is: facts, home shard, answer. Shared by LOGIN and AUTHENTICATE.
Task<void> logged_in(Conversation* c, Call call, LoggedIn who);

// Flags as the mailbox takes them.
post::FlagList to_flag_list(const std::vector<Bytes>& flags);

// The values of STATUS items (RFC 9051 §6.3.11); shared by STATUS and LIST RETURN (STATUS (...)).
void write_status_of(Conversation& c, const post::MailboxInfo& info, const std::vector<wire::StatusItem>& items);

}  // namespace chappe::agents::imap
