#include "post/ingest/ingest.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "post/mailbox/office_for_test.h"

namespace chappe::post {
namespace {

using testing::form_name;
using testing::kForms;
using testing::Office;
using testing::soon;

constexpr AccountId kBob{7};
constexpr AccountId kEve{8};

// A letter on its way into a store that forgets it.
class Way {
 public:
  Ingest begin() { return Ingest(std::make_shared<LetterDraft>(*store_, ids_.next().body())); }
  // What it took in, as it can be read afterwards.
  Bytes finish(Ingest* ingest) {
    auto draft = store::testing::wait(ingest->finish(soon())).value();
    const auto add = [&draft](store::Txn& txn) { return store::Bodies::add(txn, draft, {}, 1); };
    const auto body = store::testing::wait(commit_.submit<store::BodyRef>(add, soon())).value();
    return store::testing::wait(store::Bodies(*store_).read(body, soon())).value().flatten();
  }

 private:
  std::unique_ptr<store::Store> store_ = store::make_memory();
  store::Commit commit_{*store_, {.mode = store::Commit::Mode::in_line}};
  SeededRandom random_{1};
  LetterIds ids_{system_clock(), random_};
};

Ingest::Facts facts(std::string_view text, std::size_t step) {
  static Way way;
  Ingest ingest = way.begin();
  for (std::size_t at = 0; at < text.size(); at += step) ingest.feed(Chunk::copy_of(text.substr(at, step)));
  EXPECT_EQ(ingest.header().flatten(), text.substr(0, ingest.facts().header_size));
  EXPECT_EQ(way.finish(&ingest), text);
  return ingest.facts();
}

TEST(Ingest, ALargeLetterIsNeverWholeInMemory) {
  Way way;
  Ingest ingest = way.begin();
  Bytes text = "Subject: large\r\n\r\n";
  while (text.size() < 5'000'000) text += Bytes(70, static_cast<char>('a' + text.size() % 26)) + "\r\n";
  std::size_t most = 0;
  for (std::size_t at = 0; at < text.size(); at += 10'000) {
    ingest.feed(Chunk::copy_of(ByteView(text).substr(at, 10'000)));
    most = std::max(most, ingest.held());
    if (ingest.full()) store::testing::wait(ingest.drain(soon()));
  }
  EXPECT_LT(most, 300'000u);
  EXPECT_TRUE(way.finish(&ingest) == text);
}

TEST(Ingest, OfAHugeHeaderOnlyTheBeginningIsKept) {
  Way way;
  Ingest ingest = way.begin();
  for (int i = 0; i < 200; ++i) ingest.feed(Chunk::copy_of("X: " + Bytes(9'995, 'x') + "\r\n"));
  EXPECT_EQ(ingest.facts().header_size, 2'000'000u);
  EXPECT_EQ(ingest.header().size(), Ingest::kMaxHeader);
}

Ingest::Drop named(std::string name) {
  return [name = std::move(name)](const message::Field& field) { return iequals(field.name(), name); };
}

TEST(Ingest, WhoJudgesSeesTheHeaderAsItCameAndWhatIsDroppedIsNotStored) {
  const std::string signature =
      "DKIM-Signature: v=1; a=rsa-sha256; c=simple/simple; d=a.example; s=s; h=from;\r\n bh=" + Bytes(43, 'A') +
      "=; b=AAAA\r\n";
  const std::string kept_front = "From: a@a.example\r\n" + signature,
                    kept_back = "Subject: x\r\n\r\nbody\r\nof two lines\r\n";
  const std::string dropped = "X-Ours: forged,\r\n\tfolded\r\n";
  const std::string text = dropped + kept_front + dropped + kept_back;
  const trust::dkim::BodyHashKind kind{trust::dkim::Canon::simple};
  for (std::size_t step = 1; step <= text.size(); ++step) {
    Way way;
    Ingest ingest = way.begin();
    ingest.watch(named("x-ours"));
    for (std::size_t at = 0; at < text.size(); at += step) {
      ingest.feed(Chunk::copy_of(ByteView(text).substr(at, step)));
      if (at % 3 == 0) store::testing::wait(ingest.drain(soon()));
    }
    Ingest moved = std::move(ingest);
    const auto seen = moved.watched();
    ASSERT_TRUE(seen && seen->bodies);
    EXPECT_EQ(seen->header, text.substr(0, text.find("\r\n\r\n") + 4));
    EXPECT_EQ(seen->letter.fields().size(), 5u);
    const auto* body = seen->bodies->find(kind);
    ASSERT_TRUE(body);
    EXPECT_EQ(body->hash, crypto::sha256("body\r\nof two lines\r\n").view());
    EXPECT_EQ(way.finish(&moved), kept_front + kept_back) << step;
    EXPECT_EQ(moved.size(), text.size()) << "what came in";
  }
}

TEST(Ingest, WhatIsSealedIsHashedForThatTooHoweverManySignaturesItHas) {
  std::string text = "From: a@a.example\r\n";
  for (const char* canon : {"simple/simple", "simple/simple; l=1", "simple/simple; l=2", "simple/simple; l=3"})
    text += fmt::format("DKIM-Signature: v=1; a=rsa-sha256; c={}; d=a.example; s=s; h=from;\r\n bh={}=; b=AAAA\r\n",
                        canon, Bytes(43, 'A'));
  Way way;
  Ingest ingest = way.begin();
  const trust::dkim::BodyHashKind ours{trust::dkim::Canon::relaxed};
  ingest.watch(named("x-ours"), ours);
  ingest.feed(Chunk::copy_of(text + "\r\na  b \r\n\r\n"));
  const auto* hash = ingest.watched()->bodies->find(ours);
  ASSERT_TRUE(hash);
  EXPECT_EQ(hash->hash, crypto::sha256("a b\r\n").view());
  EXPECT_TRUE(ingest.watched()->bodies->find({trust::dkim::Canon::simple})) << "those of the letter are still there";
}

TEST(Ingest, ALetterThatIsAllHeaderIsJudged) {
  for (const std::string& text : {"From: a@a.example\r\nX-Ours: x\r\n", "X-Ours: x\r\nFrom: a@a.example", ""}) {
    Way way;
    Ingest ingest = way.begin();
    ingest.watch(named("x-ours"));
    ingest.feed(Chunk::copy_of(text));
    EXPECT_EQ(ingest.watched()->header, text);
    const Bytes stored = way.finish(&ingest);
    EXPECT_EQ(stored.find("X-Ours"), Bytes::npos);
    EXPECT_EQ(stored.empty(), text.empty());
  }
}

// The draft of a letter whose header is held back, fed in pieces of `step` octets.
std::shared_ptr<LetterDraft> held(Ingest* ingest, ByteView text, std::size_t step) {
  ingest->hold_header();
  for (std::size_t at = 0; at < text.size(); at += step) ingest->feed(Chunk::copy_of(text.substr(at, step)));
  return store::testing::wait(ingest->finish(soon())).value();
}

TEST(Ingest, AHeaderThatIsHeldBackComesWithTheLetter) {
  const Bytes header =
      "Subject: old\r\nX-Ours: forged\r\nMessage-ID: <a@b>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n";
  const Bytes body =
      "--b\r\n\r\nfirst\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: in it\r\n\r\nx\r\n--b--\r\n";
  const Bytes changed =
      "Subject: a new one, which is longer\r\nMessage-ID: <a@b>\r\nContent-Type: multipart/mixed; boundary=b\r\nX: "
      "y\r\n\r\n";
  const Bytes front = "Received: here\r\n";
  for (const std::size_t step : {1u, 7u, 1000u}) {
    Way way;
    Ingest ingest = way.begin();
    ingest.watch(named("X-Ours"));
    const auto draft = held(&ingest, header + body, step);
    EXPECT_EQ(draft->size(), body.size());
    EXPECT_EQ(*ingest.held_header(),
              "Subject: old\r\nMessage-ID: <a@b>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n");
    EXPECT_EQ(ingest.watched()->header, header) << "as it came";
    ingest.change_header(changed);
    EXPECT_EQ(*ingest.held_header(), changed);
    EXPECT_EQ(ingest.watched()->header, changed);
    EXPECT_EQ(ingest.watched()->letter.fields().size(), 4u);
    // What is told of the letter is what would be told of it if it had come so.
    Way other;
    Ingest plain = other.begin();
    plain.feed(Chunk::copy_of(changed + body));
    const auto whole = store::testing::wait(plain.finish(soon())).value();
    const Digest here = draft->digest(front.size(), changed), there = whole->digest(front.size());
    EXPECT_EQ(here.summary, there.summary);
    EXPECT_TRUE(decode_summary(here.summary).value().has_value());
  }
}

TEST(Ingest, HeadersThatAreHeldBackInEveryForm) {
  for (const Bytes& text : {Bytes("Subject: x\r\n\r\n"), Bytes("Subject: x"), Bytes("\r\nbody\r\n"),
                            Bytes("no field\r\n\r\nbody\r\n"), Bytes("A: b\r\nno field\r\n\r\nbody\r\n"), Bytes("")}) {
    Way way;
    Ingest ingest = way.begin();
    const auto draft = held(&ingest, text, 3);
    ASSERT_TRUE(ingest.held_header());
    EXPECT_EQ(ingest.held_header()->size() + draft->size(), text.size()) << text;
    EXPECT_EQ(ingest.watched(), nullptr) << "nobody asked to see it";
    Way other;
    Ingest plain = other.begin();
    plain.feed(Chunk::copy_of(text));
    const auto whole = store::testing::wait(plain.finish(soon())).value();
    EXPECT_EQ(draft->digest(5, *ingest.held_header()).summary, whole->digest(5).summary) << text;
  }
}

TEST(Ingest, OnlySoMuchOfAHeaderIsHeldBack) {
  const Bytes large = "X: " + Bytes(900, 'x') + "\r\n";
  Bytes header;
  while (header.size() + large.size() + 2 <= Ingest::kMaxHeld) header += large;
  for (const bool fits : {true, false}) {
    Way way;
    Ingest ingest = way.begin();
    const Bytes text = header + (fits ? "" : large) + "\r\nbody\r\n";
    const auto draft = held(&ingest, text, 10'000);
    EXPECT_EQ(ingest.held_header().has_value(), fits);
    EXPECT_EQ(draft->size(), fits ? 6 : text.size());
  }
}

TEST(Ingest, OfAHugeHeaderNothingIsDroppedAndNoBodyHashed) {
  Way way;
  Ingest ingest = way.begin();
  ingest.watch(named("x-ours"));
  Bytes text;
  for (int i = 0; i < 200; ++i) text += "X-Ours: " + Bytes(9'990, 'x') + "\r\n";
  text += "\r\nbody\r\n";
  for (std::size_t at = 0; at < text.size(); at += 7'000) ingest.feed(Chunk::copy_of(ByteView(text).substr(at, 7'000)));
  EXPECT_EQ(ingest.watched()->header.size(), Ingest::kMaxHeader);
  EXPECT_FALSE(ingest.watched()->bodies);
  EXPECT_TRUE(way.finish(&ingest) == text);
}

TEST(Ingest, FactsAreTheSameHoweverItIsCut) {
  const std::string text =
      "Received: from a\r\n\tby b\r\nSubject: Received: no\r\nRECEIVED: from c\r\nReceived : odd\r\n\r\n"
      "Received: in the body\r\nf\xc3\xbcr dich\r\n";
  for (std::size_t step = 1; step <= text.size(); ++step) {
    const Ingest::Facts f = facts(text, step);
    ASSERT_EQ(f.size, text.size());
    ASSERT_EQ(f.header_size, text.find("\r\n\r\n") + 4);
    ASSERT_EQ(f.received, 2u);
    ASSERT_EQ(f.longest_line, 21u);
    ASSERT_TRUE(f.eight_bit);
    ASSERT_FALSE(f.eight_bit_header);
    ASSERT_FALSE(f.nul);
    ASSERT_FALSE(f.bare_cr_or_lf) << step;
    ASSERT_EQ(f.sha256, crypto::sha256(text));
  }
}

// A client may send its letter octet by octet; each comes in a buffer of 16 KiB.
TEST(Ingest, CrumbsHoldNoBufferEach) {
  Way way;
  Ingest ingest = way.begin();
  ChunkList list;
  for (int i = 0; i < 100'000; ++i) {
    Buffer* buffer = Buffer::make();
    buffer->data()[0] = 'x';
    if (i % 2 == 0)
      ingest.feed(Chunk(buffer, 0, 1));
    else
      list.append(Chunk(buffer, 0, 1));
    if (list.chunks().size() == 100) ingest.feed(std::exchange(list, {}));
  }
  ingest.feed(Chunk::copy_of(std::string(Buffer::kSize, 'y')));
  EXPECT_EQ(ingest.held(), 2 * (100'000u + Buffer::kSize)) << "all of it is header";
  EXPECT_LE(ingest.header().chunks().size(), 100'000u / Buffer::kSize + 2);
}

TEST(Ingest, OddLines) {
  for (const std::string& bare : {"a\nb\r\n", "a\rb\r\n", "a\r\r\n", "\r", "a\r\nb\r", "\n", "a\r\n\rb\r\n"})
    for (std::size_t step = 1; step <= bare.size(); ++step)
      EXPECT_TRUE(facts(bare, step).bare_cr_or_lf) << ::testing::PrintToString(bare) << step;
  for (const std::string& good : {"", "a\r\n", "a", "\r\n", "a\r\n\r\n\r\nb\r\n"})
    for (std::size_t step = 1; step <= good.size() + 1; ++step)
      EXPECT_FALSE(facts(good, step).bare_cr_or_lf) << ::testing::PrintToString(good) << step;
  EXPECT_TRUE(facts(std::string("a\0b", 3), 2).nul);
  EXPECT_TRUE(facts("S: \xff\r\n\r\n", 3).eight_bit_header);
  EXPECT_EQ(facts(std::string(2000, 'x') + "\r\ny", 7).longest_line, 2000u);
  EXPECT_EQ(facts("a: b\r\n", 3).header_size, 6u);
}

class DeliverTest : public ::testing::TestWithParam<std::string> {
 protected:
  template <class T>
  T wait(net::Task<T> task) {
    return office_.wait(std::move(task));
  }
  Letter letter() {
    Letter l;
    l.id = office_.ids().next();
    l.sender = "alice@example.org";
    l.trace = ChunkList("Received: here\r\n");
    l.octets = ChunkList("Subject: x\r\n\r\nbody\r\n");
    l.arrived = office_.clock().now();
    return l;
  }
  static LetterRecipient local(AccountId account, std::string mailbox = "") {
    return {"bob@example.com", {Destination::Kind::mailbox, account, std::move(mailbox)}, 0, ""};
  }
  static LetterRecipient remote(std::string address) {
    return {std::move(address), {Destination::Kind::remote, {}, ""}, 0, ""};
  }
  std::uint32_t messages(AccountId account, std::string name) { return office_.find(account, name).messages; }

  Office office_{GetParam()};
};

TEST_P(DeliverTest, OneBodyForAll) {
  Letter l = letter();
  l.recipients = {local(kBob), remote("far@example.net"), local(kEve),
                  local(kBob), local(kEve, "Junk"),       remote("further@example.net")};
  const LetterId id = l.id;
  EXPECT_EQ(wait(office_.deliver().take(std::move(l), soon())).value(), id);
  EXPECT_EQ(office_.bodies(), 1u);
  EXPECT_EQ(messages(kBob, "INBOX"), 1u);
  EXPECT_EQ(messages(kEve, "INBOX"), 1u);
  EXPECT_EQ(messages(kEve, "Junk"), 1u);
  const std::string stored = "Return-Path: <alice@example.org>\r\nReceived: here\r\nSubject: x\r\n\r\nbody\r\n";
  const MailboxId inbox = office_.find(kBob, "INBOX").id;
  EXPECT_EQ(office_.text(kBob, inbox, {1}), stored);

  const auto rows = wait(office_.queue().show(id, soon())).value();
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].key.recipient, 1u);
  EXPECT_EQ(rows[0].recipient, "far@example.net");
  EXPECT_EQ(rows[0].expires, office_.clock().now() + kQueueLife);
  const QueueEntry& e = rows[1];
  EXPECT_EQ(e.key.recipient, 5u);
  // What is transferred has no Return-Path.
  EXPECT_EQ(wait(office_.mailboxes().read(e.body, e.front_size, e.body.size, soon())).value().flatten(),
            stored.substr(stored.find("Received")));

  // The body stays until nobody needs it.
  for (const AccountId a : {kBob, kEve})
    for (const char* name : {"INBOX", "Junk"})
      ASSERT_TRUE(wait(office_.mailboxes().expunge(a, office_.find(a, name).id, UidSet::all(), Expunge::all, soon())));
  EXPECT_EQ(office_.bodies(), 1u);
  ASSERT_TRUE(wait(office_.queue().done({id, 1}, {}, soon())));
  ASSERT_TRUE(wait(office_.queue().drop({id, 5}, "root", soon())));
  EXPECT_EQ(office_.bodies(), 0u);
}

TEST_P(DeliverTest, RepeatingChangesNothing) {
  Letter l = letter();
  l.recipients = {local(kBob), remote("far@example.net")};
  const Letter again = l;
  ASSERT_TRUE(wait(office_.deliver().take(std::move(l), soon())));
  EXPECT_EQ(wait(office_.deliver().take(again, soon())).value(), again.id);
  EXPECT_EQ(messages(kBob, "INBOX"), 1u);
  EXPECT_EQ(wait(office_.queue().list({}, 10, soon())).value().size(), 1u);
}

TEST_P(DeliverTest, AnUnknownMailboxIsInbox) {
  Letter l = letter();
  l.recipients = {local(kBob, "No such"), local(kBob, "bad//name"), local(kBob)};
  l.flags = {{Flag::flagged}, {"$Important"}};
  ASSERT_TRUE(wait(office_.deliver().take(std::move(l), soon())));
  EXPECT_EQ(messages(kBob, "INBOX"), 1u);
  auto view = wait(office_.mailboxes().open(kBob, office_.find(kBob, "INBOX").id, soon())).value();
  EXPECT_TRUE(view->state(1)->flags.has(Flag::flagged));
  EXPECT_EQ(view->mailbox().keyword_names(view->state(1)->keywords), std::vector<std::string>{"$Important"});
}

TEST_P(DeliverTest, ABounceSettlesWhatItTells) {
  Letter l = letter();
  l.recipients = {remote("far@example.net"), remote("b@example.net")};
  const LetterId first = l.id;
  ASSERT_TRUE(wait(office_.deliver().take(std::move(l), soon())));
  Letter dsn = letter();
  dsn.sender = "";
  dsn.recipients = {local(kBob)};
  for (const std::uint32_t i : {0u, 9u}) dsn.settles.push_back({{first, i}, {}});
  ASSERT_TRUE(wait(office_.deliver().take(std::move(dsn), soon())));
  EXPECT_EQ(messages(kBob, "INBOX"), 1u);
  EXPECT_EQ(office_.text(kBob, office_.find(kBob, "INBOX").id, {1}).substr(0, 17), "Return-Path: <>\r\n");
  EXPECT_EQ(wait(office_.queue().show(first, soon())).value().size(), 1u);
  Letter silent = letter();  // a bounce that cannot be delivered: only settles
  silent.settles.push_back({{first, 1}, {}});
  ASSERT_TRUE(wait(office_.deliver().take(std::move(silent), soon())));
  EXPECT_EQ(wait(office_.queue().show(first, soon())).error().code(), Errc::not_found);
  EXPECT_EQ(office_.bodies(), 1u);
}

TEST_P(DeliverTest, WatchersAreTold) {
  auto view = wait(office_.mailboxes().open(kBob, office_.find(kBob, "INBOX").id, soon())).value();
  int woken = 0;
  auto watch = office_.queue().watch(office_.executor(), [&] { ++woken; });
  Letter l = letter();
  l.recipients = {local(kBob), remote("far@example.net")};
  ASSERT_TRUE(wait(office_.deliver().take(std::move(l), soon())));
  office_.executor().poll();
  EXPECT_TRUE(view->changed().is_set());
  EXPECT_EQ(woken, 1);
  watch.reset();
  l = letter();
  l.recipients = {remote("far@example.net")};
  ASSERT_TRUE(wait(office_.deliver().take(std::move(l), soon())));
  office_.executor().poll();
  EXPECT_EQ(woken, 1);
}

INSTANTIATE_TEST_SUITE_P(Forms, DeliverTest, kForms, form_name);

}  // namespace
}  // namespace chappe::post
