// Stored values and keys are bytes read back: whatever they are, decoding ends in a value or an Error, and a value that
// was accepted can be written and read again. The first octet chooses the decoder.
#include <cstdlib>

#include "post/care/kept.h"
#include "post/directory/rows.h"
#include "post/mailbox/records.h"
#include "post/queue/record.h"
#include "post/trail/record.h"

using namespace chappe;        // NOLINT
using namespace chappe::post;  // NOLINT

namespace {

void must(bool ok) {
  if (!ok) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView in(reinterpret_cast<const char*>(data) + 1, size - 1);
  const AccountId account{7};
  const MailboxId mailbox{3};
  switch (data[0] % 18) {
    case 0:
      if (const auto v = records::decode_account(in)) must(records::decode_account(records::encode(*v)).has_value());
      break;
    case 1:
      if (const auto v = records::decode_mailbox(in, mailbox))
        must(records::decode_mailbox(records::encode(*v), mailbox).has_value());
      break;
    case 2:
      if (const auto v = records::decode_message(in, {1}))
        must(records::decode_message(records::encode(*v), {1}).has_value());
      break;
    case 3:
      if (const auto v = records::decode_keywords(in))
        must(records::decode_keywords(records::encode_keywords(*v)) == *v);
      break;
    case 4:
      for (const std::uint32_t page : {0u, 1u, 4'194'303u})
        if (const auto v = records::decode_page(in, page)) {
          const auto again = records::decode_page(records::encode_page(*v), page);
          must(again && again->size() == v->size());
        }
      break;
    case 5:
      if (const auto v = records::decode_change(in)) {
        const auto again = records::decode_change(records::encode_change(*v));
        must(again && again->size() == v->size());
      }
      break;
    case 6:
      if (const auto v = records::decode_uids(in)) must(records::decode_uids(records::encode_uids(*v)) == *v);
      break;
    case 7:
      if (const auto v = records::decode_queue(in, {}))
        must(records::decode_queue(records::encode(*v), {}).has_value());
      break;
    case 8:
      if (const auto v = records::decode_id(in)) must(records::decode_id(records::encode_id(*v)) == *v);
      break;
    case 9:
      if (const auto v = records::due_of(in)) must(records::due_of(records::due_key(v->when, v->key)).has_value());
      if (const auto v = records::queue_of(in)) must(records::queue_key(*v) == in);
      (void)records::message_of(account, mailbox, in);
      (void)records::page_of(account, mailbox, in);
      (void)records::change_of(account, in);
      (void)records::mailbox_of(account, in);
      (void)records::name_of(account, in);
      (void)records::reap_of(in);
      (void)records::trail_of(in);
      break;
    case 10:
      if (const auto v = records::decode_trail_head(in))
        must(records::decode_trail_head(records::encode(*v)).has_value());
      break;
    case 11:
      if (const auto v = records::decode_trail_step(in, {}))
        must(records::decode_trail_step(records::encode(*v), {}).has_value());
      break;
    case 13:
      if (const auto v = records::decode_reap(in)) must(records::decode_reap(records::encode(*v)).has_value());
      break;
    case 14:
      if (const auto v = records::decode_kept(in, {}, {}, {}))
        must(records::decode_kept(records::encode(*v), {}, {}, {}).has_value());
      break;
    case 15:
      if (const auto v = records::kept_of(account, in))
        must(records::kept_key(account, v->when, v->mailbox, v->uid) == in);
      break;
    case 16:
      if (const auto v = rows::decode_hold(in)) must(rows::decode_hold(rows::encode(*v)).has_value());
      break;
    case 17:
      if (const auto v = rows::decode_removed(in)) must(rows::decode_removed(rows::encode(*v)).has_value());
      break;
    case 12: {
      const Bytes key = records::trail_refused_key(
          {.hour = {1}, .door = "mx", .network = "192.0.2.1", .reason = "tls", .first = {}, .last = {}});
      if (const auto v = records::decode_trail_refused(key, in))
        must(records::decode_trail_refused(key, records::encode_counts(*v)).has_value());
      break;
    }
  }
  return 0;
}
