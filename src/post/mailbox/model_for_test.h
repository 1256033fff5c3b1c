// For tests: a model of mailboxes that is simple enough to be right, beside a post office that does the same. One
// random operation at a time, and comparisons of everything that a client could read. Beside it a reader of the feed,
// which sees nothing but the feed and single messages, keeps a picture of its own.
#pragma once

#include <map>
#include <set>
#include <string>

#include "post/mailbox/office_for_test.h"

namespace chappe::post::testing::model {

struct Message {
  std::string text;
  std::uint8_t flags = 0;
  std::set<std::string> keywords;  // lower case
  LetterId email;
  std::uint64_t thread = 0;
  bool operator==(const Message&) const = default;
};

struct Box {
  std::string name;
  std::uint32_t uidvalidity = 0;
  std::uint32_t uidnext = 1;
  bool subscribed = false;
  std::map<std::uint32_t, Message> messages;
  bool operator==(const Box&) const = default;

  std::uint64_t size() const {
    std::uint64_t n = 0;
    for (const auto& [uid, m] : messages) n += m.text.size();
    return n;
  }
  std::uint32_t without(Flag f) const {
    std::uint32_t n = 0;
    for (const auto& [uid, m] : messages) n += (m.flags & static_cast<std::uint8_t>(f)) == 0;
    return n;
  }
};

// An account, by the ids of its mailboxes.
using Boxes = std::map<std::uint32_t, Box>;
struct Account {
  Boxes boxes;
  Quota quota;
  bool operator==(const Account&) const = default;

  std::uint64_t size() const {
    std::uint64_t n = 0;
    for (const auto& [id, b] : boxes) n += b.size();
    return n;
  }
  std::uint64_t count() const {
    std::uint64_t n = 0;
    for (const auto& [id, b] : boxes) n += b.messages.size();
    return n;
  }
  bool holds(std::size_t messages, std::uint64_t octets) const {
    if (messages == 0) return true;
    return (quota.octets == 0 || size() + octets <= quota.octets) &&
           (quota.messages == 0 || count() + messages <= quota.messages);
  }
  std::uint32_t by_name(const std::string& name) const {
    for (const auto& [id, b] : boxes)
      if (b.name == name) return id;
    return 0;
  }
};
using World = std::map<std::uint32_t, Account>;

// What somebody knows of an account who reads only its feed (as JMAP's changes do).
struct FeedReader {
  ModSeq cursor;
  std::map<std::uint32_t, std::map<std::uint32_t, LetterId>> boxes;
};

class Model {
 public:
  // `cuts`: the power will be cut, so the state before each operation is kept.
  Model(Office& office, std::uint64_t seed, bool cuts = false);

  // One random operation on both sides.
  void step();
  // What the store holds is what the model says.
  void compare();
  // After a power cut. An operation that failed with the store was made as a whole, or not at all: the store says
  // which.
  void settle();
  void hear();

 private:
  template <class T>
  T wait(net::Task<T> task) {
    return office_.wait(std::move(task));
  }
  std::uint64_t below(std::uint64_t n) { return random_.below(n); }
  // Whether the model follows an operation: it was made, or failed with the store, so that nobody knows.
  template <class T>
  bool follows(const Result<T>& done) {
    doubtful_ = !done && office_.store().read_only();
    return done.has_value() || doubtful_;
  }
  Account& mine() { return world_[account_.value]; }
  std::uint32_t any_box() {
    auto i = mine().boxes.begin();
    std::advance(i, static_cast<std::ptrdiff_t>(below(mine().boxes.size())));
    return i->first;
  }
  UidSet some(const Box& b) {
    UidSet out;
    for (auto n = 1 + below(3); n > 0; --n) {
      const auto first = static_cast<std::uint32_t>(1 + below(b.uidnext));
      out.add(first, first + static_cast<std::uint32_t>(below(below(6) == 0 ? 40 : 2)));
    }
    return out;
  }
  std::string letter() {
    std::string out = fmt::format("Message-ID: <{}@x>\r\nSubject: s{}\r\n", ++letters_, below(3));
    if (below(2)) out += fmt::format("In-Reply-To: <{}@x>\r\n", 1 + below(letters_));
    return out + "\r\n" + std::string(below(200), static_cast<char>('a' + below(26)));
  }
  std::string name() {
    std::string out = fmt::format("n{}", below(6));
    if (below(3) == 0) out += fmt::format("/m{}", below(3));
    return out;
  }
  FlagList flags() {
    FlagList out;
    out.system.bits = static_cast<std::uint8_t>(below(kAllFlags + 1));
    for (auto n = below(3); n > 0; --n) out.keywords.push_back(fmt::format("{}{}", below(2) ? "Key" : "key", below(5)));
    return out;
  }
  template <class T>
  bool doubtful(const Result<T>& done) const {
    return !done && office_.store().read_only();
  }
  // Takes over what the store has of an account: at the start, and of mailboxes that an operation made.
  void adopt(AccountId a) { world_[a.value] = read(a); }
  Account read(AccountId a);
  std::map<std::uint32_t, Message> read_messages(AccountId a, MailboxId id);
  Message filed(AccountId a, MailboxId id, Uid uid, std::string text, const FlagList& list);
  void append();
  void deliver();
  void store_flags();
  void copy();
  void move();
  void expunge();
  void tree();

  Office& office_;
  SeededRandom random_;
  const bool keeps_before_;
  AccountId account_;
  World world_;
  World before_;                // the last operation
  bool doubtful_ = false;       // it failed with the store; world_ is as if it had been made
  bool doubtful_tree_ = false;  // so did one whose outcome the model does not tell
  std::map<std::uint32_t, FeedReader> readers_;
  std::uint64_t letters_ = 0;
};

}  // namespace chappe::post::testing::model
