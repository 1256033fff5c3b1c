#include "post/mailbox/threads.h"

#include <algorithm>

#include "crypto/digest.h"
#include "message/ids.h"
#include "post/mailbox/base_subject.h"
#include "store/record.h"

namespace chappe::post {
namespace {

using message::Field;
using message::FieldName;
using store::KeyWriter;
using store::Space;

constexpr std::uint8_t kVersion = 1;
constexpr std::int64_t kDay = 86'400'000'000;
constexpr std::int64_t kRefresh = 30;  // days: a row is written again only when it is that old
// One new row in so many looks at its neighbours (they are there by chance), and at how many.
constexpr std::uint64_t kSweepOne = 16;
constexpr std::size_t kSweepRows = 64;

std::uint64_t first_octets(ByteView octets) {
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < 8; ++i) out = out << 8 | static_cast<unsigned char>(octets[i]);
  return out;
}

}  // namespace

Clues clues_of(const message::Letter& letter) {
  std::vector<std::string> ids;
  const auto add = [&](FieldName name) {
    const Field* field = letter.find(name);
    if (!field) return;
    auto list = message::parse_message_ids(field->value()).list;
    // RFC 5322 §3.6.4: the nearest stands last.
    for (auto id = list.rbegin(); id != list.rend() && ids.size() <= kMaxReferences; ++id)
      if (std::ranges::find(ids, *id) == ids.end()) ids.push_back(std::move(*id));
  };
  add(FieldName::message_id);
  add(FieldName::in_reply_to);
  add(FieldName::references);
  const Field* subject = letter.find(FieldName::subject);
  const std::string about = subject ? base_subject(subject->value()) : std::string();
  Clues out;
  for (const std::string& id : ids) out.push_back(first_octets(crypto::sha256(id + '\0' + about).view()));
  return out;
}

Bytes thread_key(AccountId account, std::uint64_t clue) {
  return KeyWriter(account.value, Space::thread).u64(clue).take();
}
Bytes encode(const ThreadRow& row) {
  return store::RecordWriter(kVersion).number(row.thread).signed_number(row.day).take();
}
Result<ThreadRow> decode_thread(ByteView bytes) {
  store::RecordReader r(bytes, kVersion);
  ThreadRow out;
  out.thread = r.number();
  out.day = r.signed_number();
  TRY(r.finish("a row of a thread"));
  return out;
}

Result<std::uint64_t> thread_of(store::Txn& txn, AccountId account, const Clues& clues, const LetterId& letter,
                                Time now) {
  ThreadRow mine{0, now.us / kDay};
  std::vector<std::uint64_t> to_write;
  for (const std::uint64_t clue : clues) {
    const auto bytes = TRY(txn.get(thread_key(account, clue)));
    if (!bytes) {
      to_write.push_back(clue);
      continue;
    }
    const ThreadRow row = TRY(decode_thread(bytes->view()));
    if (mine.thread == 0) mine.thread = row.thread;
    // What belongs to another thread stays there.
    if (row.thread == mine.thread && mine.day - row.day >= kRefresh) to_write.push_back(clue);
  }
  // The first 64 bits are given once.
  if (mine.thread == 0) mine.thread = first_octets(letter.view());
  for (const std::uint64_t clue : to_write) txn.put(thread_key(account, clue), encode(mine));
  if (to_write.empty() || to_write.front() % kSweepOne != 0) return mine.thread;
  store::Range range = KeyWriter(account.value, Space::thread).range();
  range.begin = thread_key(account, to_write.front());
  const std::int64_t oldest = (now + (-kThreadMemory)).us / kDay;
  for (const store::Row& row : TRY(txn.scan(range, {.rows = kSweepRows})).rows)
    if (TRY(decode_thread(row.value.view())).day < oldest) txn.remove(row.key);
  return mine.thread;
}

}  // namespace chappe::post
