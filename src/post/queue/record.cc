#include "post/queue/record.h"

#include <algorithm>

#include "post/mailbox/records.h"
#include "proto/smtp/parameters.h"

namespace chappe::post::records {
namespace {

using store::KeyReader;
using store::KeyWriter;
using store::kSystemAccount;
using store::Space;

constexpr std::uint8_t kVersion = 3;

constexpr std::uint8_t kSmtputf8 = 1;
constexpr std::uint8_t kEightBit = 2;
constexpr std::uint8_t kRetFull = 4;
constexpr std::uint8_t kDelayTold = 8;
constexpr std::uint8_t kToMda = 16;
constexpr std::uint8_t kRetHeaders = 32;
constexpr std::uint8_t kAsked = 64;

// Version 1 kept ORCPT decoded.
std::string written_orcpt(std::string_view decoded) {
  const std::size_t semicolon = decoded.find(';');
  if (semicolon == std::string_view::npos) return {};
  return std::string(decoded.substr(0, semicolon + 1)) + proto::smtp::xtext_encode(decoded.substr(semicolon + 1));
}

Result<QueueKey> read_key(KeyReader& r) {
  QueueKey key;
  const ByteView letter = TRY(r.octets(key.letter.octets.size()));
  std::copy(letter.begin(), letter.end(), key.letter.octets.begin());
  key.recipient = TRY(r.u32());
  if (!r.done()) return fail(Errc::corrupt, "a key of the queue is too long");
  return key;
}

KeyWriter due_at(Time when) {
  KeyWriter key(kSystemAccount, Space::queue_due);
  key.u64(static_cast<std::uint64_t>(std::max<std::int64_t>(when.us, 0)));
  return key;
}

}  // namespace

Bytes queue_key(QueueKey key) {
  return KeyWriter(kSystemAccount, Space::queue).rest(key.letter.view()).u32(key.recipient).take();
}
store::Range queue_range() { return KeyWriter(kSystemAccount, Space::queue).range(); }
store::Range queue_range(LetterId letter) {
  return KeyWriter(kSystemAccount, Space::queue).rest(letter.view()).range();
}
Result<QueueKey> queue_of(ByteView bytes) {
  KeyReader r(bytes);
  TRY(r.expect(kSystemAccount, Space::queue));
  return read_key(r);
}
Bytes due_key(Time when, QueueKey key) { return due_at(when).rest(key.letter.view()).u32(key.recipient).take(); }
store::Range due_range(Time from, Time until) { return {due_at(from).take(), due_at(until).range().end}; }
Result<Due> due_of(ByteView bytes) {
  KeyReader r(bytes);
  TRY(r.expect(kSystemAccount, Space::queue_due));
  Due out;
  out.when.us = static_cast<std::int64_t>(TRY(r.u64()));
  out.key = TRY(read_key(r));
  return out;
}

Bytes encode(const QueueEntry& e) {
  store::RecordWriter w(kVersion);
  w.text(e.sender).text(e.recipient);
  write(w, e.body);
  w.number(e.front_size);
  w.u8(static_cast<std::uint8_t>((e.smtputf8 ? kSmtputf8 : 0) | (e.eight_bit ? kEightBit : 0) |
                                 (e.ret == Ret::full ? kRetFull : 0) | (e.ret == Ret::headers ? kRetHeaders : 0) |
                                 (e.delay_told ? kDelayTold : 0) | (e.to_mda ? kToMda : 0) | (e.asked ? kAsked : 0)));
  w.u8(e.notify).text(e.orcpt).text(e.envid);
  w.u8(static_cast<std::uint8_t>(e.state));
  w.signed_number(e.arrived.us).signed_number(e.next_attempt.us).signed_number(e.expires.us);
  w.number(e.attempts).text(e.last_error).text(e.folder);
  return w.take();
}

Result<QueueEntry> decode_queue(ByteView bytes, QueueKey key) {
  store::RecordReader r(bytes, kVersion);
  QueueEntry e;
  e.key = key;
  e.sender = r.text();
  e.recipient = r.text();
  e.body = read_body(r);
  e.front_size = r.number32();
  const std::uint8_t bits = r.u8();
  e.smtputf8 = bits & kSmtputf8;
  e.eight_bit = bits & kEightBit;
  e.ret = bits & kRetFull ? Ret::full : bits & kRetHeaders ? Ret::headers : Ret::unsaid;
  e.delay_told = bits & kDelayTold;
  e.to_mda = bits & kToMda;
  e.asked = bits & kAsked;
  e.notify = r.u8();
  e.orcpt = r.text();
  if (r.version() == 1) e.orcpt = written_orcpt(e.orcpt);
  e.envid = r.text();
  const std::uint8_t state = r.u8();
  e.state = static_cast<QueueState>(state);
  e.arrived.us = r.signed_number();
  e.next_attempt.us = r.signed_number();
  e.expires.us = r.signed_number();
  e.attempts = r.number32();
  e.last_error = r.text();
  if (r.version() >= 3) e.folder = r.text();
  if (state > static_cast<std::uint8_t>(QueueState::held) || e.front_size > e.body.size) r.fail_here();
  TRY(r.finish("a row of the queue"));
  return e;
}

}  // namespace chappe::post::records
