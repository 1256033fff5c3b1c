#include "post/mailbox/model_for_test.h"

#include <algorithm>

#include "base/text.h"

namespace chappe::post::testing::model {

using How = FlagChange::How;

namespace {

constexpr AccountId kAccounts[] = {{7}, {8}};
constexpr std::uint64_t kMany = 60;  // messages of an account

// The same, but for the ids that only the store knows of letters whose arrival nobody was told.
bool fits(const Account& now, const Account& wanted) {
  if (now.quota != wanted.quota || now.boxes.size() != wanted.boxes.size()) return false;
  return std::ranges::all_of(wanted.boxes, [&](const auto& each) {
    const auto there = now.boxes.find(each.first);
    if (there == now.boxes.end()) return false;
    Box b = each.second;
    for (auto& [uid, m] : b.messages) {
      const auto real = there->second.messages.find(uid);
      if (m.email || real == there->second.messages.end()) continue;
      m.email = real->second.email;
      m.thread = real->second.thread;
    }
    return b == there->second;
  });
}

std::set<std::string> folded(const std::vector<std::string>& keywords) {
  std::set<std::string> out;
  for (const std::string& k : keywords) out.insert(to_lower(k));
  return out;
}

}  // namespace

Model::Model(Office& office, std::uint64_t seed, bool cuts) : office_(office), random_(seed), keeps_before_(cuts) {
  for (const AccountId a : kAccounts) {
    office_.find(a, "INBOX");
    adopt(a);
  }
}

std::map<std::uint32_t, Message> Model::read_messages(AccountId a, MailboxId id) {
  std::map<std::uint32_t, Message> out;
  auto view = wait(office_.mailboxes().open(a, id, soon())).value();
  for (const MessageRecord& r : wait(office_.mailboxes().messages(a, id, {1}, {~0u}, 1'000'000, soon())).value()) {
    const auto state = view->state(view->seq(r.uid));
    EXPECT_TRUE(state) << "a record without flags";
    if (!state) continue;
    out[r.uid.value] = {office_.text(a, id, r.uid), state->flags.bits,
                        folded(view->mailbox().keyword_names(state->keywords)), r.email, r.thread};
    const SharedSummary summary = wait(office_.mailboxes().summary(r.body, soon())).value();
    EXPECT_EQ(summary->size, r.body.size);
    EXPECT_FALSE(summary->all_fields) << "every letter that came in has a summary";
  }
  EXPECT_EQ(view->size(), out.size());
  return out;
}

Account Model::read(AccountId a) {
  Account out;
  for (const MailboxInfo& info : wait(office_.mailboxes().list(a, soon())).value()) {
    Box& b = out.boxes[info.id.value];
    b = {info.name, info.uidvalidity, info.uidnext, info.subscribed, read_messages(a, info.id)};
    EXPECT_EQ(info.messages, b.messages.size());
    EXPECT_EQ(info.size, b.size());
    EXPECT_EQ(info.unseen, b.without(Flag::seen));
    EXPECT_EQ(info.deleted, b.messages.size() - b.without(Flag::deleted));
    EXPECT_EQ(wait(office_.mailboxes().find(a, info.name, soon())).value().id, info.id);
  }
  const Usage usage = wait(office_.mailboxes().usage(a, soon())).value();
  EXPECT_EQ(usage.size, out.size());
  EXPECT_EQ(usage.messages, out.count());
  out.quota = {usage.limit, usage.message_limit};
  return out;
}

// The model of a message that came in; its ids are the store's matter, its thread too (threads_test.cc).
Message Model::filed(AccountId a, MailboxId id, Uid uid, std::string text, const FlagList& list) {
  if (doubtful_) return {std::move(text), list.system.bits, folded(list.keywords), {}, 0};
  const auto record = wait(office_.mailboxes().message(a, id, uid, soon())).value();
  EXPECT_TRUE(record);
  if (!record) return {};
  EXPECT_NE(record->thread, 0u);
  return {std::move(text), list.system.bits, folded(list.keywords), record->email, record->thread};
}

void Model::append() {
  const std::uint32_t id = any_box();
  std::vector<NewMessage> messages(1 + below(3));
  std::vector<std::string> texts;
  std::uint64_t size = 0;
  for (NewMessage& m : messages) {
    texts.push_back(letter());
    m.octets = ChunkList(texts.back());
    m.flags = flags();
    size += texts.back().size();
  }
  const auto copies = messages;
  const auto done = wait(office_.mailboxes().append(account_, {id}, std::move(messages), soon()));
  const bool fits = mine().holds(copies.size(), size);
  ASSERT_TRUE(done || doubtful(done) || done.error().code() == Errc::over_quota) << done.error().text();
  if (!follows(done)) ASSERT_FALSE(fits);
  if (!follows(done)) return;
  ASSERT_TRUE(fits);
  Box& b = mine().boxes[id];
  for (std::size_t i = 0; i < copies.size(); ++i) {
    if (done) ASSERT_EQ(done->uids[i].value, b.uidnext);
    b.messages[b.uidnext] = filed(account_, {id}, {b.uidnext}, texts[i], copies[i].flags);
    ++b.uidnext;
  }
}

void Model::deliver() {
  Letter l;
  l.id = office_.ids().next();
  l.sender = "a@b";
  const std::string text = letter();
  l.octets = ChunkList(text);
  l.arrived = office_.clock().now();
  l.flags = flags();
  std::set<std::pair<std::uint32_t, std::uint32_t>> targets;
  for (auto n = 1 + below(3); n > 0; --n) {
    const AccountId to = kAccounts[below(2)];
    const std::string box = below(3) ? "INBOX" : name();
    Account& account = world_[to.value];
    l.recipients.push_back({"x", {Destination::Kind::mailbox, to, box}, 0, ""});
    const std::uint32_t id = account.by_name(box);
    targets.insert({to.value, id ? id : account.by_name("INBOX")});
  }
  const FlagList list = l.flags;
  if (!follows(wait(office_.deliver().take(std::move(l), soon())))) return;
  for (const auto& [to, id] : targets) {
    Box& b = world_[to].boxes[id];
    b.messages[b.uidnext] = filed({to}, {id}, {b.uidnext}, "Return-Path: <a@b>\r\n" + text, list);
    ++b.uidnext;
  }
}

void Model::store_flags() {
  const std::uint32_t id = any_box();
  Box& b = mine().boxes[id];
  const FlagChange change{some(b), static_cast<How>(below(3)), flags(), {}};
  const auto done = wait(office_.mailboxes().store_flags(account_, {id}, change, soon()));
  ASSERT_TRUE(follows(done)) << done.error().text();
  const auto keywords = folded(change.flags.keywords);
  std::size_t touched = 0;
  for (auto& [uid, m] : b.messages) {
    if (!change.uids.contains({uid})) continue;
    ++touched;
    if (change.how == How::replace) {
      m.flags = change.flags.system.bits;
      m.keywords = keywords;
    } else if (change.how == How::add) {
      m.flags |= change.flags.system.bits;
      m.keywords.insert(keywords.begin(), keywords.end());
    } else {
      m.flags &= static_cast<std::uint8_t>(~change.flags.system.bits);
      for (const std::string& k : keywords) m.keywords.erase(k);
    }
  }
  if (done) ASSERT_EQ(done->states.size(), touched);
}

void Model::copy() {
  const std::uint32_t from = any_box();
  const std::uint32_t to = any_box();
  const UidSet uids = some(mine().boxes[from]);
  std::vector<Message> copied;
  std::uint64_t size = 0;
  for (const auto& [uid, m] : mine().boxes[from].messages) {
    if (!uids.contains({uid})) continue;
    copied.push_back(m);
    size += m.text.size();
  }
  const auto done = wait(office_.mailboxes().copy(account_, {from}, uids, {to}, soon()));
  const bool fits = mine().holds(copied.size(), size);
  ASSERT_TRUE(done || doubtful(done) || done.error().code() == Errc::over_quota) << done.error().text();
  if (!follows(done)) ASSERT_FALSE(fits);
  if (!follows(done)) return;
  ASSERT_TRUE(fits);
  Box& b = mine().boxes[to];
  for (const Message& m : copied) b.messages[b.uidnext++] = m;
  if (done) ASSERT_EQ(done->uids.size(), copied.size());
}

void Model::move() {
  const std::uint32_t from = any_box();
  const std::uint32_t to = any_box();
  const UidSet uids = some(mine().boxes[from]);
  const auto done = wait(office_.mailboxes().move(account_, {from}, uids, {to}, soon()));
  ASSERT_TRUE(follows(done)) << done.error().text();
  Box& source = mine().boxes[from];
  std::vector<Message> moved;
  for (auto i = source.messages.begin(); i != source.messages.end();) {
    const bool it = uids.contains({i->first});
    if (it) moved.push_back(i->second);
    i = it ? source.messages.erase(i) : std::next(i);
  }
  Box& b = mine().boxes[to];
  for (Message& m : moved) b.messages[b.uidnext++] = std::move(m);
}

void Model::expunge() {
  const std::uint32_t id = any_box();
  Box& b = mine().boxes[id];
  // An account stays small: what is wanted is many states, not large ones.
  const bool full = mine().count() > kMany;
  const UidSet uids = full ? UidSet::all() : some(b);
  const auto which = full || below(2) ? Expunge::all : Expunge::deleted;
  const auto done = wait(office_.mailboxes().expunge(account_, {id}, uids, which, soon()));
  ASSERT_TRUE(follows(done)) << done.error().text();
  UidSet gone;
  for (const auto& [uid, m] : b.messages)
    if (uids.contains({uid}) && (which == Expunge::all || m.flags & static_cast<std::uint8_t>(Flag::deleted)))
      gone.add(Uid{uid});
  for (const Uid uid : gone.uids()) b.messages.erase(uid.value);
  if (done) ASSERT_EQ(*done, gone);
}

void Model::tree() {
  Account& a = mine();
  const std::string one = name();
  const std::string other = name();
  const auto with_levels = [&](const std::string& made) {
    // The ids and UIDVALIDITYs of new mailboxes are the store's to give.
    for (const MailboxInfo& info : wait(office_.mailboxes().list(account_, soon())).value()) {
      if (a.boxes.contains(info.id.value)) continue;
      EXPECT_TRUE(made == info.name || made.starts_with(info.name + "/")) << info.name;
      EXPECT_EQ(a.by_name(info.name), 0u);
      a.boxes[info.id.value] = {info.name, info.uidvalidity, 1, false, {}};
    }
    EXPECT_NE(a.by_name(made), 0u);
  };
  const auto lost = [&](const auto& done) { return doubtful_tree_ = doubtful(done); };
  switch (below(5)) {
    case 0: {
      const auto done = wait(office_.mailboxes().create(account_, one, SpecialUse::none, soon()));
      if (lost(done)) return;
      ASSERT_TRUE(done || done.error().code() == Errc::exists);
      ASSERT_EQ(done.has_value(), a.by_name(one) == 0);
      if (done) with_levels(one);
      return;
    }
    case 1: {
      const auto done = wait(office_.mailboxes().rename(account_, one, other, soon()));
      if (lost(done)) return;
      const bool moves = a.by_name(one) && !a.by_name(other) && !other.starts_with(one + "/");
      // A mailbox below may have the new name of one that moves; then nothing moves.
      if (!done) ASSERT_TRUE(!moves || done.error().code() == Errc::exists) << done.error().text();
      if (!done) return;
      ASSERT_NE(a.by_name(one), 0u);
      for (auto& [id, b] : a.boxes)
        if (b.name == one || b.name.starts_with(one + "/")) b.name = other + b.name.substr(one.size());
      with_levels(other);
      return;
    }
    case 2: {
      const auto done = wait(office_.mailboxes().remove(account_, one, soon()));
      if (lost(done)) return;
      if (!done) ASSERT_EQ(a.by_name(one), 0u);
      if (!done) return;
      ASSERT_NE(a.by_name(one), 0u);
      a.boxes.erase(a.by_name(one));
      return;
    }
    case 3: {
      const bool on = below(2);
      const auto done = wait(office_.mailboxes().subscribe(account_, one, on, soon()));
      if (!lost(done)) ASSERT_EQ(done.has_value(), a.by_name(one) != 0);
      if (done) a.boxes[a.by_name(one)].subscribed = on;
      return;
    }
    default: {
      const Quota limit{below(2) ? 0 : a.size() + below(1000), below(3) ? 0 : a.count() + below(10)};
      const auto done = wait(office_.mailboxes().set_quota(account_, limit, soon()));
      if (!lost(done)) ASSERT_TRUE(done);
      if (done) a.quota = limit;
    }
  }
}

void Model::step() {
  if (keeps_before_) before_ = world_;
  doubtful_ = doubtful_tree_ = false;
  account_ = kAccounts[below(2)];
  office_.clock().advance(std::chrono::seconds(1 + below(100)));
  if (mine().count() > kMany) return expunge();
  switch (below(12)) {
    case 0:
    case 1:
      return append();
    case 2:
    case 3:
      return deliver();
    case 4:
    case 5:
      return store_flags();
    case 6:
      return copy();
    case 7:
      return move();
    case 8:
    case 9:
    case 10:
      return expunge();
    default:
      return tree();
  }
}

void Model::hear() {
  for (const AccountId a : kAccounts) {
    FeedReader& reader = readers_[a.value];
    for (;;) {
      const Feed feed = wait(office_.mailboxes().feed(a, reader.cursor, 100, soon())).value();
      ASSERT_FALSE(feed.resync);
      for (const FeedRow& row : feed.rows) {
        for (const FeedRow::Touched& t : row.mailboxes) {
          auto& box = reader.boxes[t.mailbox.value];
          const auto gone = t.expunged.uids();
          ASSERT_EQ(t.gone.size(), gone.size());
          for (std::size_t i = 0; i < gone.size(); ++i) {
            // Who looks late may not have seen the message when it was there; the feed tells what it was.
            const auto known = box.find(gone[i].value);
            if (known == box.end()) continue;
            if (known->second) ASSERT_EQ(known->second, t.gone[i]);
            box.erase(known);
          }
          for (const Uid uid : t.added.uids()) {
            if (t.expunged.contains(uid)) continue;
            const auto record = wait(office_.mailboxes().message(a, t.mailbox, uid, soon())).value();
            box[uid.value] = record ? record->email : LetterId{};
          }
        }
        reader.cursor = row.modseq;
      }
      if (feed.rows.empty()) break;
    }
    for (const auto& [id, box] : reader.boxes) {
      const auto there = world_[a.value].boxes.find(id);
      if (there == world_[a.value].boxes.end()) {
        EXPECT_TRUE(box.empty()) << "what was in a removed mailbox is told, too";
        continue;
      }
      ASSERT_EQ(box.size(), there->second.messages.size());
      for (const auto& [uid, m] : there->second.messages) ASSERT_EQ(box.at(uid), m.email);
    }
  }
}

void Model::compare() {
  std::size_t bodies = 0;
  std::set<LetterId> letters;
  for (const AccountId a : kAccounts) {
    const Account now = read(a);
    const Account& wanted = world_[a.value];
    ASSERT_EQ(now.quota, wanted.quota);
    ASSERT_EQ(now.boxes.size(), wanted.boxes.size());
    for (const auto& [id, b] : wanted.boxes) {
      ASSERT_TRUE(now.boxes.contains(id)) << b.name;
      const Box& there = now.boxes.at(id);
      ASSERT_EQ(there.name, b.name);
      ASSERT_EQ(there.uidnext, b.uidnext);
      ASSERT_EQ(there.messages.size(), b.messages.size()) << b.name;
      for (const auto& [uid, m] : b.messages) ASSERT_TRUE(there.messages.at(uid) == m) << b.name << " " << uid;
      ASSERT_TRUE(there == b) << b.name;
      for (const auto& [uid, m] : b.messages) letters.insert(m.email);
    }
  }
  bodies = letters.size();
  ASSERT_EQ(office_.bodies(), bodies) << "each letter is there once";
  ASSERT_EQ(office_.rows({}, store::Space::body_summary), bodies);
  ASSERT_NO_FATAL_FAILURE(hear());
}

void Model::settle() {
  World now;
  for (const AccountId a : kAccounts) now[a.value] = read(a);
  if (doubtful_tree_) {
    // Mailboxes may have been made, renamed or one removed; what is in the others stays.
    for (const auto& [account, there] : now) {
      std::size_t missing = 0;
      for (const auto& [id, b] : before_[account].boxes) {
        const auto box = there.boxes.find(id);
        if (box == there.boxes.end())
          ++missing;
        else
          ASSERT_TRUE(box->second.messages == b.messages && box->second.uidnext == b.uidnext);
      }
      ASSERT_LE(missing, 1u);
    }
    world_ = now;
    return;
  }
  if (!doubtful_) return;
  // In all accounts, or in none.
  if (now == before_) {
    world_ = before_;
    return;
  }
  for (const auto& [account, there] : now) ASSERT_TRUE(fits(there, world_[account])) << "account " << account;
  world_ = now;
}

}  // namespace chappe::post::testing::model
