#include "post/trail/record.h"

#include <algorithm>

#include "store/record.h"

namespace chappe::post::records {
namespace {

using store::KeyReader;
using store::KeyWriter;
using store::kSystemAccount;
using store::RecordReader;
using store::RecordWriter;
using store::Space;

constexpr std::uint8_t kVersion = 1;
constexpr std::uint8_t kHeadVersion = 4;  // of TrailHead
constexpr std::uint8_t kTaken = 1;
constexpr std::uint8_t kDiscarded = 2;

std::uint64_t moment(Time t) { return static_cast<std::uint64_t>(std::max<std::int64_t>(t.us, 0)); }

// The least id that can be given at `t`.
Bytes letters_from(Time t) {
  const std::uint64_t ms = std::min(moment(t) / 1000, (std::uint64_t{1} << 48) - 1);
  KeyWriter id;
  id.u64(ms << 16).u64(0);
  return KeyWriter(kSystemAccount, Space::trail).rest(id.bytes()).take();
}

void write(RecordWriter& w, const TrailReply& reply) { w.number(reply.code).text(reply.status).text(reply.text); }

TrailReply read_reply(RecordReader& r) {
  TrailReply reply;
  const std::uint64_t code = r.number();
  if (code > 999) r.fail_here();
  reply.code = static_cast<std::uint16_t>(code);
  reply.status = r.text();
  reply.text = r.text();
  return reply;
}

void write(RecordWriter& w, const LetterId& id) { w.octets(id.view()); }

LetterId read_id(RecordReader& r) {
  LetterId id;
  const ByteView octets = r.octets(id.octets.size());
  std::copy(octets.begin(), octets.end(), id.octets.begin());
  return id;
}

// How many of something follow, each of at least one octet.
std::size_t read_count(RecordReader& r) {
  const std::uint64_t n = r.number();
  if (n > r.left()) {
    r.fail_here();
    return 0;
  }
  return static_cast<std::size_t>(n);
}

std::uint16_t read_thousandths(RecordReader& r) {
  const std::uint64_t n = r.number();
  if (n > 1000) r.fail_here();
  return static_cast<std::uint16_t>(n);
}

void write(RecordWriter& w, const std::vector<std::string>& texts) {
  w.number(texts.size());
  for (const std::string& one : texts) w.text(one);
}

std::vector<std::string> read_texts(RecordReader& r) {
  std::vector<std::string> out(read_count(r));
  for (std::string& one : out) one = r.text();
  return out;
}

void write(RecordWriter& w, const TrailJudge& judge) {
  w.text(judge.name).text(judge.action).text(judge.step).text(judge.score).text(judge.reason).text(judge.failure);
  w.signed_number(judge.took.count());
  write(w, judge.undone);
}

TrailJudge read_judge(RecordReader& r) {
  TrailJudge judge;
  for (std::string* field : {&judge.name, &judge.action, &judge.step, &judge.score, &judge.reason, &judge.failure})
    *field = r.text();
  judge.took = Duration(r.signed_number());
  judge.undone = read_texts(r);
  return judge;
}

void write(RecordWriter& w, const TrailGrounds& grounds) {
  write(w, grounds.evidence);
  w.text(grounds.author).text(grounds.record).text(grounds.spf_term).text(grounds.spf_domain);
  write(w, grounds.signatures);
}

TrailGrounds read_grounds(RecordReader& r) {
  TrailGrounds grounds;
  grounds.evidence = read_texts(r);
  for (std::string* field : {&grounds.author, &grounds.record, &grounds.spf_term, &grounds.spf_domain})
    *field = r.text();
  grounds.signatures = read_texts(r);
  return grounds;
}

}  // namespace

Bytes trail_head_key(LetterId letter) {
  return KeyWriter(kSystemAccount, Space::trail).rest(letter.view()).u64(0).u32(0).u8(0).take();
}
Bytes trail_step_key(LetterId letter, const TrailStep& step) {
  return KeyWriter(kSystemAccount, Space::trail)
      .rest(letter.view())
      .u64(std::max<std::uint64_t>(moment(step.at), 1))
      .u32(step.recipient)
      .u8(static_cast<std::uint8_t>(step.event))
      .take();
}
store::Range trail_range(LetterId letter) {
  return KeyWriter(kSystemAccount, Space::trail).rest(letter.view()).range();
}
store::Range trail_range(Time from, Time until) { return {letters_from(from), letters_from(until)}; }

Result<TrailKey> trail_of(ByteView bytes) {
  KeyReader r(bytes);
  TRY(r.expect(kSystemAccount, Space::trail));
  TrailKey key;
  const ByteView letter = TRY(r.octets(key.letter.octets.size()));
  std::copy(letter.begin(), letter.end(), key.letter.octets.begin());
  key.at.us = static_cast<std::int64_t>(TRY(r.u64()));
  key.recipient = TRY(r.u32());
  key.head = TRY(r.u8()) == 0;
  if (!r.done()) return fail(Errc::corrupt, "a key of the trail is too long");
  return key;
}

Bytes encode(const TrailHead& head) {
  RecordWriter w(kHeadVersion);
  w.u8(static_cast<std::uint8_t>((head.taken ? kTaken : 0) | (head.discarded ? kDiscarded : 0)))
      .signed_number(head.at.us)
      .number(head.size)
      .text(head.sender);
  w.text(head.origin.door).text(head.origin.session).text(head.origin.peer).text(head.origin.hello);
  w.text(head.origin.account).text(head.origin.tls);
  write(w, head.reply);
  write(w, head.about);
  w.number(head.rcpts.size());
  for (const TrailRcpt& rcpt : head.rcpts) {
    w.text(rcpt.address);
    write(w, rcpt.reply);
  }
  w.number(head.more_rcpts);
  w.number(head.ends.size());
  for (const TrailEnd& end : head.ends) w.text(end.address).u8(static_cast<std::uint8_t>(end.kind)).text(end.mailbox);
  w.text(head.verdict.authentication).text(head.verdict.action).text(head.verdict.reason);
  w.number(head.verdict.standings.size());
  for (const TrailStanding& s : head.verdict.standings)
    w.text(s.kind).text(s.name).number(s.score).number(s.confidence);
  w.text(head.verdict.overrides).number(head.verdict.apart.size());
  for (const TrailVerdict::Apart& one : head.verdict.apart)
    w.text(one.address).text(one.action).text(one.reason).text(one.overrides);
  w.number(head.verdict.judges.size());
  for (const TrailJudge& judge : head.verdict.judges) write(w, judge);
  write(w, head.verdict.grounds);
  for (const TrailVerdict::Apart& one : head.verdict.apart) write(w, one.evidence);
  return w.take();
}

Result<TrailHead> decode_trail_head(ByteView bytes) {
  RecordReader r(bytes, kHeadVersion);
  TrailHead head;
  const std::uint8_t bits = r.u8();
  head.taken = bits & kTaken;
  head.discarded = bits & kDiscarded;
  head.at.us = r.signed_number();
  head.size = r.number();
  head.sender = r.text();
  for (std::string* field : {&head.origin.door, &head.origin.session, &head.origin.peer, &head.origin.hello,
                             &head.origin.account, &head.origin.tls})
    *field = r.text();
  head.reply = read_reply(r);
  head.about = read_id(r);
  head.rcpts.resize(read_count(r));
  for (TrailRcpt& rcpt : head.rcpts) {
    rcpt.address = r.text();
    rcpt.reply = read_reply(r);
  }
  head.more_rcpts = r.number32();
  head.ends.resize(read_count(r));
  for (TrailEnd& end : head.ends) {
    end.address = r.text();
    const std::uint8_t kind = r.u8();
    if (kind > static_cast<std::uint8_t>(TrailEnd::Kind::queue)) r.fail_here();
    end.kind = static_cast<TrailEnd::Kind>(kind);
    end.mailbox = r.text();
  }
  if (r.version() >= 2)
    for (std::string* field : {&head.verdict.authentication, &head.verdict.action, &head.verdict.reason})
      *field = r.text();
  if (r.version() >= 3) {
    head.verdict.standings.resize(read_count(r));
    for (TrailStanding& s : head.verdict.standings) {
      s.kind = r.text();
      s.name = r.text();
      s.score = read_thousandths(r);
      s.confidence = read_thousandths(r);
    }
    head.verdict.overrides = r.text();
    head.verdict.apart.resize(read_count(r));
    for (TrailVerdict::Apart& one : head.verdict.apart)
      for (std::string* field : {&one.address, &one.action, &one.reason, &one.overrides}) *field = r.text();
    head.verdict.judges.resize(read_count(r));
    for (TrailJudge& judge : head.verdict.judges) judge = read_judge(r);
  }
  if (r.version() >= 4) {
    head.verdict.grounds = read_grounds(r);
    for (TrailVerdict::Apart& one : head.verdict.apart) one.evidence = read_texts(r);
  }
  TRY(r.finish("the head of a trail"));
  return head;
}

Bytes encode(const TrailStep& step) {
  RecordWriter w(kVersion);
  w.u8(static_cast<std::uint8_t>(step.event)).text(step.address).text(step.host).text(step.peer).text(step.tls);
  w.text(step.status).text(step.words).signed_number(step.next.us);
  write(w, step.notice);
  w.text(step.who);
  return w.take();
}

Result<TrailStep> decode_trail_step(ByteView bytes, const TrailKey& key) {
  RecordReader r(bytes, kVersion);
  TrailStep step;
  step.at = key.at;
  step.recipient = key.recipient;
  const std::uint8_t event = r.u8();
  if (event < static_cast<std::uint8_t>(TrailEvent::delivered) || event > static_cast<std::uint8_t>(TrailEvent::filed))
    r.fail_here();
  step.event = static_cast<TrailEvent>(event);
  for (std::string* field : {&step.address, &step.host, &step.peer, &step.tls, &step.status, &step.words})
    *field = r.text();
  step.next.us = r.signed_number();
  step.notice = read_id(r);
  step.who = r.text();
  TRY(r.finish("a step of a trail"));
  return step;
}

Bytes trail_refused_key(const TrailRefused& row) {
  return KeyWriter(kSystemAccount, Space::trail_refused)
      .u64(moment(row.hour))
      .text(row.door)
      .text(row.network)
      .rest(row.reason)
      .take();
}
store::Range trail_refused_range(Time from, Time until) {
  return {KeyWriter(kSystemAccount, Space::trail_refused).u64(moment(from)).take(),
          KeyWriter(kSystemAccount, Space::trail_refused).u64(moment(until)).take()};
}
Bytes encode_counts(const TrailRefused& row) {
  return RecordWriter(kVersion).number(row.count).signed_number(row.first.us).signed_number(row.last.us).take();
}
Result<TrailRefused> decode_trail_refused(ByteView key, ByteView bytes) {
  KeyReader k(key);
  TRY(k.expect(kSystemAccount, Space::trail_refused));
  TrailRefused row;
  row.hour.us = static_cast<std::int64_t>(TRY(k.u64()));
  row.door = TRY(k.text());
  row.network = TRY(k.text());
  row.reason = k.rest();
  RecordReader r(bytes, kVersion);
  row.count = r.number();
  row.first.us = r.signed_number();
  row.last.us = r.signed_number();
  TRY(r.finish("a count of refused connections"));
  return row;
}

}  // namespace chappe::post::records
