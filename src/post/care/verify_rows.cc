#include "post/care/verify_rows.h"

#include <fmt/format.h>

#include <algorithm>

#include "post/mailbox/summary.h"
#include "store/body_rows.h"

namespace chappe::post {

using namespace records;  // NOLINT

void VerifyRows::row(const Row& row) {
  store::KeyReader key(row.key);
  const auto account = key.u32();
  const auto space = key.u8();
  if (!account || !space) return fault_at(Fault::bad_row, row.key, key_text(row.key), "the key is too short");
  if (*account != account_.value) {
    end_account();
    begin_account(AccountId{*account});
  }
  if (first_) ++counts_.rows;
  if (Space(*space) >= Space::search_state && Space(*space) <= Space::search_word && account_ &&
      (indexed_.empty() || indexed_.back() != account_))
    indexed_.push_back(account_);
  const auto done = *account == store::kSystemAccount ? read_system(row, static_cast<Space>(*space), key)
                                                      : read(row, account_, static_cast<Space>(*space));
  if (!done && first_) fault_at(Fault::bad_row, row.key, key_text(row.key), done.error().text());
}

// The account 0, in the order of spaces: first the queue and what is being removed, then bodies with what is theirs.
Result<void> VerifyRows::read_system(const Row& row, Space space, store::KeyReader key) {
  switch (space) {
    case Space::queue:
    case Space::queue_due:
      return read_queue(row, space);
    case Space::reap: {
      const Reaped r = TRY(reap_of(row.key));
      reaped_[{r.account.value, r.mailbox.value}] = true;
      return {};
    }
    case Space::body:
    case Space::body_piece:
    case Space::body_summary:
    case Space::body_extents: {
      store::BodyId id;
      std::ranges::copy(TRY(key.octets(id.octets.size())), id.octets.begin());
      return read_body(row, space, id);
    }
    case Space::segment:
      if (first_) counted_[TRY(key.u32())] = TRY(store::decode_segment_row(row.value.view()));
      return {};
    default:
      return {};
  }
}

Result<void> VerifyRows::read_queue(const Row& row, Space space) {
  if (space == Space::queue) {
    const QueueKey at = TRY(queue_of(row.key));
    const QueueEntry e = TRY(decode_queue(row.value.view(), at));
    name(e.body, row.key, fmt::format("queue {} {}", at.letter.text(), at.recipient));
    if (first_ && e.state != QueueState::held) due_[at] = e.next_attempt;
    return {};
  }
  const Due due = TRY(due_of(row.key));
  const auto i = due_.find(due.key);
  if (i != due_.end() && i->second == due.when)
    due_.erase(i);
  else if (first_)
    fault_at(Fault::due_astray, row.key, fmt::format("queue {} {}", due.key.letter.text(), due.key.recipient));
  return {};
}

Result<void> VerifyRows::read_body(const Row& row, Space space, const store::BodyId& id) {
  if (space == Space::body) {
    const store::BodyHeader h = TRY(store::decode_body_header(row.value.view()));
    if (first_) ++counts_.all_letters;
    if (!ours(id)) return {};
    Body& body = bodies_[id];
    body.size = h.size;
    body.declared = h.references;
    // Who stands before bodies in the order of keys was not counted yet: the queue.
    if (const auto early = early_.find(id); early != early_.end()) {
      for (const Named& n : early->second) name({id, n.size, h.codec, h.key}, n.key, n.who);
      early_.erase(early);
    }
    return {};
  }
  std::uint64_t size = row.value.size();
  if (space == Space::body_extents) {
    const store::BodyExtents where = TRY(store::decode_body_extents(row.value.view()));
    size = where.front.size();
    for (const store::Extent& e : where.extents) {
      size += e.octets();
      if (first_) alive_[e.at.segment] += e.size;
    }
  }
  if (!ours(id)) return {};
  const auto body = bodies_.find(id);
  const auto letter = [&id] { return fmt::format("letter {}", LetterId::of(id).text()); };
  if (space == Space::body_summary) {
    if (body == bodies_.end())
      fault_at(Fault::summary_astray, row.key, letter());
    else if (const auto told = decode_summary(row.value.view()); !told)
      fault_of(Fault::summary_wrong, id, told.error().text());
    else if (*told && (*told)->size != body->second.size)
      fault_of(Fault::summary_wrong, id, fmt::format("{} octets instead of {}", (*told)->size, body->second.size));
  } else if (body == bodies_.end()) {
    fault_at(Fault::octets_astray, row.key, letter());
  } else {
    body->second.octets += size;
  }
  return {};
}

void VerifyRows::name(const store::BodyRef& body, const Bytes& key, const std::string& who) {
  if (!ours(body.id)) return;
  const auto i = bodies_.find(body.id);
  if (i == bodies_.end()) {
    if (!bodies_done_)
      early_[body.id].push_back({body.size, key, who});
    else
      fault_at(Fault::body_missing, key, who, fmt::format("letter {}", LetterId::of(body.id).text()));
    return;
  }
  ++i->second.seen;
  if (i->second.size != body.size)
    fault_at(Fault::body_size, key, who, fmt::format("{} instead of {}", body.size, i->second.size));
}

void VerifyRows::end() {
  end_account();
  account_ = {};
  for (const auto& [id, body] : bodies_) {
    if (body.octets != body.size)
      fault_of(Fault::octets_missing, id, fmt::format("{} octets instead of {}", body.octets, body.size));
    if (body.seen == 0)
      fault_of(Fault::body_orphan, id);
    else if (body.seen != body.declared)
      fault_of(Fault::body_references, id, fmt::format("{} instead of {}", body.declared, body.seen), body.seen);
  }
  if (!first_) return;
  for (const auto& [key, when] : due_)
    fault_at(Fault::due_missing, due_key(when, key), fmt::format("queue {} {}", key.letter.text(), key.recipient));
  for (const auto& [segment, size] : counted_)
    if (const auto i = alive_.find(segment); i == alive_.end() || i->second != size)
      fault_at(Fault::segment_counts, store::segment_key(segment), fmt::format("segment {}", segment),
               fmt::format("{} instead of {}", size, i == alive_.end() ? 0 : i->second),
               i == alive_.end() ? 0 : i->second);
  for (const auto& [segment, size] : alive_)
    if (!counted_.contains(segment))
      fault_at(Fault::segment_counts, store::segment_key(segment), fmt::format("segment {}", segment),
               fmt::format("0 instead of {}", size), size);
}

}  // namespace chappe::post
