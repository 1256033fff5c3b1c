#include "agents/control/methods.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/random.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "post/letter_id.h"
#include "store/memory.h"

using namespace std::chrono_literals;

namespace chappe::agents::control {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// A post office in memory, with nobody at its doors.
class Methods : public testing::Test {
 protected:
  Methods() {
    auto opened = executor.run(open_directory(this));
    if (!opened) std::abort();
    directory = std::move(*opened);
    office = {directory.get(), &mailboxes, &queue, &trail, &care, &drafts, &jobs, {}};
    office.keys = &keys;
    office.reputation = &reputation;
  }
  ~Methods() override { commit.stop(); }

  static Task<Result<std::unique_ptr<post::Directory>>> open_directory(Methods* m) {
    post::DirectoryOptions options;
    options.argon2 = {.memory_kib = 64, .passes = 1, .lanes = 1};  // quick, not safe
    co_return co_await post::Directory::open(
        {m->store.get(), &m->commit, &m->offload, &system_clock(), &system_random()}, options, Deadline::in(30s));
  }
  static Task<Result<std::string>> called(const Office* office, std::string method, std::string params) {
    auto value = codec::json::parse(params);
    if (!value) co_return std::unexpected(std::move(value.error()));
    co_return co_await call(office, std::move(method), std::move(*value), "tester", Deadline::in(30s));
  }
  // The result, or "code: text" of the error.
  std::string text(std::string method, std::string params = "{}") {
    auto result = executor.run(called(&office, std::move(method), std::move(params)));
    if (!result) return result.error().describe();
    EXPECT_TRUE(codec::json::parse(*result)) << *result;
    return std::move(*result);
  }
  Value value(std::string method, std::string params = "{}") {
    auto parsed = codec::json::parse(text(std::move(method), std::move(params)));
    return parsed ? std::move(*parsed) : Value();
  }
  // One member of each row of a list.
  static std::vector<std::string> column(const Value& answer, std::string_view list, std::string_view name) {
    std::vector<std::string> out;
    if (const Value* rows = answer.find(list))
      for (const Value& row : rows->items()) out.emplace_back(row.get_string(name).value_or("?"));
    return out;
  }
  void enqueue(post::LetterId letter, std::uint32_t recipients) {
    EXPECT_TRUE(executor.run(enqueued(this, letter, recipients)));
  }
  static Task<Result<void>> enqueued(Methods* m, post::LetterId letter, std::uint32_t recipients) {
    const auto draft = CO_TRY(co_await store::draft_of(m->store.get(), letter.body(),
                                                       ChunkList("Subject: x\r\n\r\nx\r\n"), Deadline::in(30s)));
    store::Change change([letter, draft, recipients](store::Txn& txn) -> Result<void> {
      const auto body = TRY(store::Bodies::add(txn, draft, {}, recipients));
      for (std::uint32_t i = 0; i < recipients; ++i) {
        post::QueueEntry entry;
        entry.key = {letter, i};
        entry.sender = "alice@example.org";
        entry.recipient = fmt::format("r{}@example.net", i);
        entry.body = body;
        entry.arrived = entry.next_attempt = system_clock().now();
        entry.expires = entry.arrived + Duration(120h);
        post::Queue::add(txn, entry);
      }
      return {};
    });
    co_return co_await m->commit.submit(std::move(change), Deadline::in(30s));
  }

  static Task<Result<post::Usage>> usage(Methods* m, post::AccountId account) {
    co_return co_await m->mailboxes.usage(account, Deadline::in(30s));
  }
  // A message in INBOX and one in Sent.
  static Task<Result<void>> append(Methods* m, post::AccountId account) {
    for (const char* name : {"INBOX", "Sent"}) {
      const auto mailbox = CO_TRY(co_await m->mailboxes.find(account, name, Deadline::in(30s)));
      std::vector<post::NewMessage> messages;
      messages.push_back({.octets = ChunkList("Subject: x\r\n\r\nx\r\n"), .flags = {}, .internal_date = {}});
      CO_TRY(co_await m->mailboxes.append(account, mailbox.id, std::move(messages), Deadline::in(30s)));
    }
    co_return Result<void>();
  }

  net::LocalExecutor executor;
  net::InlineOffload offload;
  std::unique_ptr<store::Store> store = store::make_memory();
  store::Commit commit{*store, {.mode = store::Commit::Mode::in_line}};
  post::LetterIds ids{system_clock(), system_random()};
  post::Mailboxes mailboxes{*store, commit, ids, system_clock()};
  post::Queue queue{*store, commit, system_clock()};
  post::Trail trail{*store, commit, system_clock()};
  post::Care care{*store, commit, mailboxes, system_clock()};
  post::Drafts drafts{mailboxes, system_clock()};
  post::Jobs jobs{*store, commit, system_clock(), [] { return post::Beside(); }};
  std::unique_ptr<post::Directory> directory;
  post::Keys keys{{&*store, &commit, &offload, &system_clock()}};
  post::Reputation reputation{{&*store, &commit, &system_clock()}};
  Office office;
};

TEST_F(Methods, TheTableIsWhole) {
  std::set<std::string_view> names;
  for (const auto& row : methods()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name << " comes twice";
    EXPECT_TRUE(row.run) << row.name;
    EXPECT_TRUE(row.doc.ends_with('.')) << row.name;
  }
  EXPECT_EQ(value("server.methods").find("methods")->items().size(), methods().size());
}

TEST_F(Methods, ReputationIsShownAndListed) {
  const post::Sighting good{{{{post::IdentityKind::network, "192.0.2.0/24"}, post::Proof::pass},
                             {{post::IdentityKind::author, "good.example"}, post::Proof::pass}}};
  const post::Sighting bad{{{{post::IdentityKind::network, "203.0.113.0/24"}, post::Proof::fail},
                            {{post::IdentityKind::author, "good.example"}, post::Proof::fail}}};
  for (int i = 0; i < 2; ++i) reputation.count(good, post::Fate::accepted);
  for (int i = 0; i < 3; ++i) reputation.count(bad, post::Fate::refused);
  const Value shown = value("reputation.show", R"({"name":"Good.Example"})");
  EXPECT_EQ(shown.get_string("name").value_or(""), "good.example");
  ASSERT_THAT(column(shown, "senders", "kind"), ElementsAre("author"));
  const Value& author = shown.find("senders")->items().front();
  EXPECT_NEAR(author.get_double("score").value_or(0), 0.75, 0.001);
  EXPECT_NEAR(author.get_double("accepted").value_or(0), 2, 0.001);
  EXPECT_NEAR(author.get_double("refused").value_or(9), 0, 0.001);
  EXPECT_NEAR(author.get_double("fail").value_or(0), 3, 0.001);
  EXPECT_THAT(column(value("reputation.show", R"({"name":"203.0.113.9"})"), "senders", "name"),
              ElementsAre("203.0.113.0/24"));
  EXPECT_EQ(text("reputation.show", R"({"name":"b.example"})"), "not_found: nothing is remembered of b.example");
  EXPECT_THAT(text("reputation.show", R"({"name":"a b"})"), HasSubstr("invalid"));
  ASSERT_TRUE(executor.run(reputation.write({system_clock().steady() + 30s})));
  EXPECT_THAT(column(value("reputation.list"), "senders", "name"),
              ElementsAre("203.0.113.0/24", "192.0.2.0/24", "good.example"));
  EXPECT_THAT(column(value("reputation.list", R"({"worst":true,"limit":1})"), "senders", "name"),
              ElementsAre("203.0.113.0/24"));
  EXPECT_THAT(column(value("reputation.list", R"({"kind":"author"})"), "senders", "name"), ElementsAre("good.example"));
  EXPECT_THAT(text("reputation.list", R"({"kind":"helo"})"), HasSubstr("not 'helo'"));
}

TEST_F(Methods, ParametersAreChecked) {
  EXPECT_EQ(text("domain.mend"), "unsupported: there is no method 'domain.mend'");
  EXPECT_EQ(text("domain.add"), "invalid: domain.add: the parameter 'domain' is missing");
  EXPECT_EQ(text("domain.add", "null"), "invalid: domain.add: the parameter 'domain' is missing");
  EXPECT_EQ(text("domain.list", "[]"), "invalid: domain.list: the parameters must be an object");
  EXPECT_EQ(text("domain.add", R"({"domain":3})"), "invalid: domain.add: 'domain' must be a string");
  EXPECT_EQ(text("domain.add", R"({"domain":"a.example","domian":"x"})"),
            "invalid: domain.add: there is no parameter 'domian'");
  EXPECT_EQ(text("queue.list", R"({"limit":-1})"), "invalid: queue.list: 'limit' must be a number from 0 on");
  EXPECT_EQ(text("alias.add", R"({"address":"a@b.example","targets":["x@y.example",1]})"),
            "invalid: alias.add: 'targets' must be an array of strings");
  EXPECT_THAT(text("account.add", R"({"address":"a@b.example","password":7531})"), Not(HasSubstr("7531")))
      << "what was given may be a secret";
}

TEST_F(Methods, Domains) {
  EXPECT_EQ(*value("domain.add", R"({"domain":"Bücher.example"})").get_string("name"), "xn--bcher-kva.example");
  EXPECT_THAT(text("domain.add", R"({"domain":"bücher.example"})"), HasSubstr("exists: "));
  EXPECT_THAT(text("domain.add", R"({"domain":"not a domain"})"), HasSubstr("invalid: "));
  EXPECT_THAT(column(value("domain.list"), "domains", "name"), ElementsAre("xn--bcher-kva.example"));
  const Value changed = value("domain.set", R"({"domain":"bücher.example","separator":"-","detail_is_folder":true})");
  EXPECT_EQ(*changed.find("settings")->get_string("separator"), "-");
  EXPECT_EQ(*changed.find("settings")->get_bool("scram"), true) << "what was not given stays";
  EXPECT_THAT(text("domain.set", R"({"domain":"bücher.example","separator":"--"})"), HasSubstr("invalid"));
  EXPECT_EQ(*value("domain.show", R"({"domain":"bücher.example"})").get_int("accounts"), 0);
  EXPECT_EQ(text("domain.remove", R"({"domain":"bücher.example"})"), "{}");
  EXPECT_THAT(text("domain.show", R"({"domain":"bücher.example"})"), HasSubstr("not_found: "));
}

TEST_F(Methods, Accounts) {
  text("domain.add", R"({"domain":"example.org"})");
  const Value made = value("account.add", R"({"address":"Alice@example.org","password":"one two","quota":1000})");
  EXPECT_EQ(*made.get_string("address"), "Alice@example.org");
  EXPECT_EQ(*made.get_bool("password"), true);
  EXPECT_THAT(text("account.add", R"({"address":"alice@EXAMPLE.org"})"), HasSubstr("exists: "));
  EXPECT_EQ(*value("account.add", R"({"address":"bob@example.org"})").get_bool("password"), false);

  const Value shown = value("account.show", R"({"address":"alice@example.org"})");
  EXPECT_EQ(*shown.get_int("quota"), 1000);
  EXPECT_EQ(*shown.get_int("messages"), 0);
  EXPECT_EQ(text("account.password", R"({"address":"alice@example.org","password":""})"), "{}");
  EXPECT_EQ(*value("account.show", R"({"address":"alice@example.org"})").get_bool("password"), false);
  EXPECT_EQ(*value("account.set", R"({"address":"alice@example.org","name":"Alice","quota":7,"quota_messages":9})")
                 .get_int("quota"),
            7);
  const auto id = post::AccountId{static_cast<std::uint32_t>(*made.get_int("id"))};
  EXPECT_EQ(executor.run(usage(this, id))->limit, 7u) << "the mailboxes know";
  EXPECT_EQ(executor.run(usage(this, id))->message_limit, 9u);
  EXPECT_EQ(*value("account.rename", R"({"address":"alice@example.org","to":"ada@example.org"})").get_string("address"),
            "ada@example.org");
  EXPECT_EQ(text("account.remove", R"({"address":"ada@example.org"})"), "{}");
  EXPECT_THAT(text("account.remove", R"({"address":"ada@example.org"})"), HasSubstr("not_found: "));
}

TEST_F(Methods, AccountsComeInPages) {
  text("domain.add", R"({"domain":"example.org"})");
  for (const char* name : {"a", "b", "c"}) text("account.add", fmt::format(R"({{"address":"{}@example.org"}})", name));
  const Value first = value("account.list", R"({"limit":2})");
  EXPECT_THAT(column(first, "accounts", "address"), ElementsAre("a@example.org", "b@example.org"));
  const Value second = value("account.list", fmt::format(R"({{"limit":2,"after":{}}})", *first.get_int("next")));
  EXPECT_THAT(column(second, "accounts", "address"), ElementsAre("c@example.org"));
  EXPECT_FALSE(second.find("next"));
  EXPECT_THAT(column(value("account.list", R"({"after":4000000000})"), "accounts", "address"), IsEmpty());
}

TEST_F(Methods, AccountsThatGoTakeTheirMailAlong) {
  text("domain.add", R"({"domain":"example.org"})");
  const Value made = value("account.add", R"({"address":"a@example.org"})");
  const auto id = post::AccountId{static_cast<std::uint32_t>(*made.get_int("id"))};
  EXPECT_TRUE(executor.run(append(this, id)));
  EXPECT_EQ(executor.run(usage(this, id))->messages, 2u);
  text("account.remove", R"({"address":"a@example.org"})");
  EXPECT_EQ(executor.run(usage(this, id))->messages, 0u);
}

TEST_F(Methods, Aliases) {
  text("domain.add", R"({"domain":"example.org"})");
  text("account.add", R"({"address":"alice@example.org"})");
  EXPECT_EQ(text("alias.add", R"({"address":"sales@example.org","targets":["alice@example.org","x@example.net"]})"),
            "{}");
  EXPECT_THAT(text("alias.add", R"({"address":"s@example.org","targets":["nobody@example.org"]})"),
              HasSubstr("not_found: "));
  EXPECT_THAT(column(value("alias.list"), "aliases", "address"), ElementsAre("sales@example.org"));
  EXPECT_EQ(value("alias.show", R"({"address":"SALES@example.org"})").find("targets")->items().size(), 2u);
  EXPECT_THAT(text("alias.show", R"({"address":"alice@example.org"})"), HasSubstr("not_found: "));
  EXPECT_EQ(text("alias.remove", R"({"address":"sales@example.org"})"), "{}");
}

TEST_F(Methods, Grants) {
  text("domain.add", R"({"domain":"example.org"})");
  text("account.add", R"({"address":"alice@example.org"})");
  EXPECT_EQ(text("grant.add", R"({"account":"alice@example.org","identity":"*@sales.example"})"), "{}");
  EXPECT_EQ(text("grant.add", R"({"account":"Alice@example.org","identity":"boss@example.org","on_behalf":true})"),
            "{}");
  EXPECT_THAT(text("grant.add", R"({"account":"bob@example.org","identity":"*"})"), HasSubstr("not_found: "));
  EXPECT_THAT(text("grant.add", R"({"account":"alice@example.org","identity":"boss"})"), HasSubstr("invalid: "));
  EXPECT_THAT(text("grant.add", R"({"account":"alice@example.org"})"), HasSubstr("'identity' is missing"));
  const Value all = value("grant.list");
  EXPECT_THAT(column(all, "grants", "identity"), ElementsAre("boss@example.org", "*@sales.example"));
  EXPECT_THAT(column(all, "grants", "account"), ElementsAre("alice@example.org", "alice@example.org"));
  EXPECT_TRUE(*all.find("grants")->items()[0].get_bool("on_behalf"));
  EXPECT_FALSE(*all.find("grants")->items()[1].get_bool("on_behalf"));
  EXPECT_THAT(text("grant.list", R"({"account":"bob@example.org"})"), HasSubstr("not_found: "));
  EXPECT_EQ(text("grant.remove", R"({"account":"alice@example.org","identity":"*@SALES.example"})"), "{}");
  EXPECT_THAT(column(value("grant.list", R"({"account":"alice@example.org"})"), "grants", "identity"),
              ElementsAre("boss@example.org"));
  EXPECT_THAT(column(value("audit.list"), "audit", "what"), Contains("grant.remove"));
}

TEST_F(Methods, ConfigGoesOutAndIn) {
  text("domain.add", R"({"domain":"example.org"})");
  const Value made = value("account.add", R"({"address":"a@example.org","password":"one two"})");
  const auto id = post::AccountId{static_cast<std::uint32_t>(*made.get_int("id"))};
  EXPECT_TRUE(executor.run(append(this, id)));
  const std::string out(*value("config.export").get_string("text"));
  EXPECT_THAT(out, HasSubstr("password_hash"));
  EXPECT_THAT(*value("config.export", R"({"hashes":false})").get_string("text"), Not(HasSubstr("argon2")));

  const auto applied = [&](std::string toml, bool dry) {
    std::string params;
    codec::json::Writer(params).begin_object().field("text", toml).field("dry_run", dry).end_object();
    return value("config.apply", params);
  };
  EXPECT_TRUE(applied(out, false).find("differences")->items().empty()) << "it is so already";
  const std::string without =
      "[domains.\"example.org\"]\n[accounts.\"b@example.org\"]\nquota = 5\nquota_messages = 6\n";
  EXPECT_FALSE(applied(without, true).find("differences")->items().empty());
  EXPECT_EQ(executor.run(usage(this, id))->messages, 2u) << "that was dry";
  EXPECT_FALSE(applied(without, false).find("differences")->items().empty());
  EXPECT_EQ(executor.run(usage(this, id))->messages, 0u) << "its account is gone";
  EXPECT_EQ(*value("account.show", R"({"address":"b@example.org"})").get_int("quota"), 5);
  EXPECT_EQ(*value("account.show", R"({"address":"b@example.org"})").get_int("quota_messages"), 6);
  EXPECT_THAT(text("config.apply", R"({"text":"[accounts"})"), HasSubstr("invalid: "));
}

TEST_F(Methods, EveryChangeIsInTheAudit) {
  text("domain.add", R"({"domain":"example.org"})");
  text("account.add", R"({"address":"a@example.org","password":"one two"})");
  const Value audit = value("audit.list");
  const auto rows = audit.find("audit")->items();
  ASSERT_GE(rows.size(), 2u);
  for (const Value& row : rows) EXPECT_EQ(*row.get_string("who"), "tester");
  EXPECT_THAT(text("audit.list"), Not(HasSubstr("one two")));
  const Value newest = value("audit.list", R"({"limit":1})");
  EXPECT_EQ(newest.find("audit")->items().size(), 1u);
  EXPECT_EQ(*newest.get_int("next"), *newest.find("audit")->items()[0].get_int("seq"));
}

TEST_F(Methods, LettersGoInAndOut) {
  text("domain.add", R"({"domain":"example.org"})");
  text("account.add", R"({"address":"a@example.org"})");
  const Value filed = value("store.append", R"({"account":"a@example.org","mailbox":"Old/2025","letters":[
      {"octets":"U3ViamVjdDogaGkNCg0KaGkNCg==","flags":["\\Seen","todo"],"date":1700000000000000},{"octets":""}]})");
  ASSERT_EQ(filed.find("uids")->items().size(), 2u);
  EXPECT_THAT(column(value("store.mailboxes", R"({"account":"a@example.org"})"), "mailboxes", "name"),
              testing::IsSupersetOf({"INBOX", "Old", "Old/2025"}));
  const std::string in = R"("account":"a@example.org","mailbox":"Old/2025")";
  const Value index = value("store.index", "{" + in + "}");
  EXPECT_EQ(*index.find("letters")->items()[0].items()[1].as_int(), 19);
  const Value page = value("store.read", "{" + in + R"(,"octets":1})");
  ASSERT_EQ(page.find("letters")->items().size(), 1u) << "one at least, and no more than was asked for";
  EXPECT_EQ(*page.get_bool("more"), true);
  const Value& first = page.find("letters")->items()[0];
  EXPECT_EQ(*first.get_string("octets"), "U3ViamVjdDogaGkNCg0KaGkNCg==");
  EXPECT_EQ(*first.get_int("date"), 1700000000000000);
  EXPECT_EQ(first.find("flags")->items().size(), 2u);
  EXPECT_EQ(*value("store.octets", "{" + in + R"(,"uid":1,"offset":9,"size":2})").get_string("octets"), "aGk=");
  EXPECT_THAT(column(value("store.sums", "{" + in + R"(,"uids":["1","9"]})"), "sums", "sha256"),
              ElementsAre(crypto::sha256("Subject: hi\r\n\r\nhi\r\n").hex()));
  EXPECT_THAT(text("store.octets", "{" + in + R"(,"uid":9})"), HasSubstr("not_found: "));
  EXPECT_THAT(text("store.append", "{" + in + R"(,"letters":[{"octets":"%"}]})"), HasSubstr("invalid: "));
  EXPECT_THAT(text("store.append", "{" + in + R"(,"letters":["x"]})"), HasSubstr("an array of objects"));
}

TEST_F(Methods, ALargeLetterComesInPieces) {
  text("domain.add", R"({"domain":"example.org"})");
  text("account.add", R"({"address":"a@example.org"})");
  const auto draft = *value("store.draft", R"({"octets":"QUI="})").get_int("draft");
  EXPECT_EQ(*value("store.draft", fmt::format(R"({{"draft":{},"octets":"Q0Q="}})", draft)).get_int("size"), 4);
  const auto letter =
      fmt::format(R"({{"account":"a@example.org","mailbox":"INBOX","letters":[{{"draft":{}}}]}})", draft);
  EXPECT_EQ(value("store.append", letter).find("uids")->items().size(), 1u);
  EXPECT_THAT(text("store.append", letter), HasSubstr("not_found: ")) << "it was taken";
  const std::string inbox = R"("account":"a@example.org","mailbox":"INBOX")";
  EXPECT_EQ(*value("store.octets", "{" + inbox + R"(,"uid":1})").get_string("octets"), "QUJDRA==");
  for (std::size_t i = 0; i < post::Drafts::kMost; ++i) text("store.draft", R"({"octets":"QQ=="})");
  EXPECT_THAT(text("store.draft", R"({"octets":"QQ=="})"), HasSubstr("busy: "));
}

TEST_F(Methods, Keys) {
  text("domain.add", R"({"domain":"example.org"})");
  const std::string one = R"("domain":"example.org","selector":"one")";
  EXPECT_THAT(text("key.new", R"({"domain":"example.org","algorithm":"dsa"})"), HasSubstr("invalid: 'algorithm'"));
  EXPECT_THAT(text("key.new", R"({"domain":"example.net","algorithm":"rsa"})"), HasSubstr("not_found: "));
  const auto made = value("key.new", "{" + one + R"(,"algorithm":"ed25519"})");
  EXPECT_EQ(*made.get_string("name"), "one._domainkey.example.org");
  EXPECT_EQ(*made.get_string("state"), "next");
  EXPECT_THAT(std::string(*made.get_string("record")), testing::StartsWith("v=DKIM1; k=ed25519; p="));
  EXPECT_THAT(text("key.set", "{" + one + R"(,"state":"old"})"),
              HasSubstr("those are next, published, signing, retiring, revoked"));
  EXPECT_EQ(*value("key.set", "{" + one + R"(,"state":"signing"})").get_string("state"), "signing");
  const std::string pem(crypto::PrivateKey::generate_ed25519().value().pem().reveal());
  std::string quoted;
  codec::json::Writer(quoted).value(pem);
  const std::string two = R"("domain":"example.org","selector":"two","state":"published","pem":)";
  EXPECT_EQ(*value("key.import", "{" + two + quoted + "}").get_string("selector"), "two");
  EXPECT_THAT(text("key.import", "{" + two + R"("no key 7531"})"),
              testing::AllOf(HasSubstr("invalid: "), Not(HasSubstr("7531"))));
  EXPECT_THAT(column(value("key.list"), "keys", "state"), ElementsAre("signing", "published"));
  EXPECT_THAT(column(value("key.list", R"({"domain":"example.org"})"), "keys", "selector"), ElementsAre("one", "two"));
  EXPECT_THAT(text("key.list"), Not(HasSubstr("PRIVATE")));
  EXPECT_THAT(text("key.remove", "{" + one + "}"), HasSubstr("denied: "));
  EXPECT_THAT(text("domain.remove", R"({"domain":"example.org"})"), HasSubstr("exists: "));
  text("key.set", "{" + one + R"(,"state":"revoked"})");
  EXPECT_EQ(text("key.remove", "{" + one + "}"), "{}");
}

TEST_F(Methods, LegalHold) {
  text("domain.add", R"({"domain":"example.org"})");
  text("account.add", R"({"address":"a@example.org"})");
  text("hold.add", R"({"object":"A@example.org","reason":"case 12"})");
  EXPECT_THAT(text("hold.add", R"({"object":"a@example.org"})"), HasSubstr("exists: "));
  text("hold.add", R"({"object":"example.org"})");
  EXPECT_THAT(column(value("hold.list"), "holds", "object"), ElementsAre("a@example.org", "example.org"));
  EXPECT_THAT(text("account.remove", R"({"address":"a@example.org"})"), HasSubstr("denied: "));
  text("hold.remove", R"({"object":"a@example.org"})");
  EXPECT_THAT(text("account.remove", R"({"address":"a@example.org"})"), HasSubstr("denied: ")) << "its domain's";
  text("domain.add", R"({"domain":"elsewhere.org"})");
  EXPECT_THAT(text("account.rename", R"({"address":"a@example.org","to":"a@elsewhere.org"})"), HasSubstr("denied: "));
  EXPECT_THAT(text("config.apply", R"({"text":"[domains.\"example.org\"]\n"})"), HasSubstr("denied: "));
  text("hold.remove", R"({"object":"example.org"})");
  EXPECT_THAT(text("hold.remove", R"({"object":"example.org"})"), HasSubstr("not_found: "));
  EXPECT_EQ(text("account.remove", R"({"address":"a@example.org"})"), "{}");
  EXPECT_THAT(column(value("audit.list", R"({"limit":5})"), "audit", "what"), testing::Contains("hold.remove"));
}

TEST_F(Methods, TheQueue) {
  const auto first = ids.next(), second = ids.next();
  enqueue(first, 2);
  enqueue(second, 1);
  EXPECT_THAT(column(value("queue.list"), "queue", "recipient"),
              ElementsAre("r0@example.net", "r1@example.net", "r0@example.net"));
  const Value page = value("queue.list", R"({"limit":1})");
  EXPECT_EQ(*page.get_string("next"), first.text() + "/0");
  EXPECT_THAT(column(value("queue.list", fmt::format(R"({{"after":"{}/0"}})", first.text())), "queue", "letter"),
              ElementsAre(first.text(), second.text()));
  EXPECT_THAT(text("queue.list", R"({"after":"x"})"), HasSubstr("invalid: "));
  EXPECT_THAT(column(value("queue.list", R"({"where":["to=r1@*"]})"), "queue", "recipient"),
              ElementsAre("r1@example.net"));
  EXPECT_EQ(*value("queue.hold", R"({"where":["domain=example.net","to=r0*"]})").get_int("recipients"), 2);
  EXPECT_EQ(*value("queue.release", R"({"where":["state=held"]})").get_int("recipients"), 2);
  EXPECT_EQ(*value("queue.retry", R"({"where":["domain=nowhere"]})").get_int("recipients"), 0);
  EXPECT_THAT(text("queue.drop"), HasSubstr("invalid: ")) << "not everything by mistake";

  const auto letter = fmt::format(R"({{"letter":"{}"}})", to_lower(first.text()));
  const auto one = fmt::format(R"({{"letter":"{}","recipient":1}})", first.text());
  EXPECT_EQ(value("queue.show", letter).find("recipients")->items().size(), 2u);
  EXPECT_EQ(*value("queue.hold", letter).get_int("recipients"), 2);
  EXPECT_THAT(column(value("queue.show", letter), "recipients", "state"), ElementsAre("held", "held"));
  EXPECT_EQ(*value("queue.release", one).get_int("recipients"), 1);
  EXPECT_EQ(*value("queue.retry", one).get_int("recipients"), 1);
  EXPECT_EQ(*value("queue.drop", one).get_int("recipients"), 1);
  EXPECT_THAT(text("queue.drop", one), HasSubstr("not_found: "));
  EXPECT_EQ(*value("queue.drop", letter).get_int("recipients"), 1) << "the one that is left";
  EXPECT_THAT(text("queue.show", letter), HasSubstr("not_found: "));
  EXPECT_THAT(text("queue.show", R"({"letter":"nonsense"})"), HasSubstr("invalid: "));
}

TEST_F(Methods, AQueueOfSeveralPagesIsActedOnTogether) {
  store::Commit thread(*store);
  post::Queue beside(*store, thread, system_clock());
  office.queue = &beside;
  enqueue(ids.next(), 2'500);
  EXPECT_EQ(*value("queue.hold", R"({"where":["state=waiting"]})").get_int("recipients"), 2'500);
  EXPECT_EQ(thread.counts().changes, 2'500u);
  EXPECT_LT(thread.counts().groups, 2'500u) << "they share syncs";
  EXPECT_EQ(*value("queue.release", R"({"where":["state=held"]})").get_int("recipients"), 2'500);
  thread.stop();
}

Task<Result<std::string>> route_of(std::string address) { co_return "[\"" + address + "\"]"; }
Task<Result<void>> reload_badly() { co_return fail(Errc::config, "line 3"); }

TEST_F(Methods, TheServerItself) {
  EXPECT_THAT(text("server.status"), HasSubstr("unsupported: "));
  EXPECT_THAT(text("server.metrics"), HasSubstr("unsupported: "));
  EXPECT_THAT(text("route.show", R"({"address":"a@b"})"), HasSubstr("unsupported: "));
  EXPECT_THAT(text("server.reload"), HasSubstr("unsupported: "));
  EXPECT_THAT(text("server.stop"), HasSubstr("unsupported: "));
  int stops = 0;
  office.host = {
      .status =
          [] { return Status{.version = "1", .hostname = "mx", .pid = 7, .started = {}, .listeners = {"mx x:25"}}; },
      .metrics = [](const post::QueueCounts&) { return std::string("# HELP x y\n"); },
      .route = [](std::string address, Deadline) { return route_of(std::move(address)); },
      .reload = [] { return reload_badly(); },
      .stop = [&] { ++stops; }};
  EXPECT_EQ(*value("server.metrics").get_string("text"), "# HELP x y\n");
  EXPECT_EQ(*value("server.status").get_int("pid"), 7);
  EXPECT_EQ(text("route.show", R"({"address":"a@b"})"), R"(["a@b"])");
  EXPECT_EQ(text("server.reload"), "config: line 3");
  EXPECT_EQ(text("server.stop"), "{}");
  EXPECT_EQ(stops, 1);
}

TEST_F(Methods, LongWorkIsBegunAndLookedAt) {
  text("domain.add", R"({"domain":"example.org"})");
  const Value account = value("account.add", R"({"address":"bob@example.org"})");
  ASSERT_TRUE(executor.run(append(this, {static_cast<std::uint32_t>(*account.get_int("id"))})));
  const auto job = value("store.verify", R"({"letters":true,"rate":0})").get_int("job");
  ASSERT_TRUE(job);
  Value news;
  do news = value("store.job", fmt::format(R"({{"job":{}}})", *job));
  while (!news.get_bool("ended").value_or(true));
  EXPECT_EQ(*news.get_int("messages"), 2);
  EXPECT_EQ(*news.get_int("faults"), 0);
  EXPECT_FALSE(news.find("error"));
  EXPECT_THAT(text("store.job", R"({"job":77})"), HasSubstr("not_found: "));
  EXPECT_THAT(text("store.backup", R"({"destination":"here"})"), HasSubstr("invalid: "));

  const auto copy = value("store.backup", R"({"destination":"/nowhere"})").get_int("job");
  ASSERT_TRUE(copy);
  do news = value("store.job", fmt::format(R"({{"job":{}}})", *copy));
  while (!news.get_bool("ended").value_or(true));
  ASSERT_TRUE(news.find("error")) << "a store in memory is no files";
  EXPECT_EQ(*news.find("error")->get_string("code"), "unsupported");
}

TEST_F(Methods, WithoutADirectoryNothingIsKeptByMistake) {
  office.directory = nullptr;
  for (const char* method : {"domain.list", "account.list", "alias.list", "grant.list", "config.export", "audit.list"})
    EXPECT_THAT(text(method, "{}"), testing::StartsWith("unsupported: this process keeps no domains and accounts"));
  EXPECT_EQ(text("queue.list", "{}"), R"({"queue":[]})");
  EXPECT_THAT(text("store.verify", "{}"), HasSubstr("job")) << "a queue is a store, too";
}

}  // namespace
}  // namespace chappe::agents::control
