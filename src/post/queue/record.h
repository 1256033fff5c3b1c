// The stored form of queue rows (docs/formats/queue.md). Pure functions; any bytes: corrupt or unsupported.
#pragma once

#include "post/queue/queue.h"
#include "store/keys.h"

namespace chappe::post::records {

Bytes queue_key(QueueKey key);
store::Range queue_range();
// The rows of one letter.
store::Range queue_range(LetterId letter);
Result<QueueKey> queue_of(ByteView key);
Bytes due_key(Time when, QueueKey key);
// Of those that are due from the one time to the other, both included.
store::Range due_range(Time from, Time until);
struct Due {
  Time when;
  QueueKey key;
};
Result<Due> due_of(ByteView key);

// The key is not in the value.
Bytes encode(const QueueEntry& entry);
Result<QueueEntry> decode_queue(ByteView bytes, QueueKey key);

}  // namespace chappe::post::records
