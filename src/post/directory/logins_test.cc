#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "net/offload_pool.h"
#include "post/directory/directory.h"
#include "post/directory/testing.h"
#include "trust/sasl.h"

namespace chappe::post {
namespace {

class LoginsTest : public testing::DirectoryTest {
 protected:
  LoginsTest() {
    add_domain("example.org");
    add_account("bob@example.org", "secret");
    offload_.count = 0;
  }
  static Deadline soon() { return testing::soon(); }
  std::string set_password(std::string address, std::string_view password) {
    return error(net::run(directory_->set_password("test", std::move(address), crypto::Secret(password), soon())));
  }
  Directory::ScramAnswer scram(std::string address) {
    return *net::run(directory_->scram_verifier(std::move(address), soon()));
  }
};

TEST_F(LoginsTest, RightAndWrong) {
  EXPECT_EQ(login("bob@example.org", "secret"), "1");
  EXPECT_EQ(login("BOB@Example.org", "secret"), "1");
  EXPECT_EQ(login("bob@example.org", "Secret"), "unauthenticated");
  EXPECT_EQ(login("bob@example.org", ""), "unauthenticated");
  EXPECT_EQ(login("bob@example.org", "\xff"), "unauthenticated");
  EXPECT_EQ(login("bob+x@example.org", "secret"), "unauthenticated");
  EXPECT_EQ(login("alice@example.org", "secret"), "unauthenticated");
  EXPECT_EQ(login("bob@example.net", "secret"), "unauthenticated");
  EXPECT_EQ(login("bob", "secret"), "unauthenticated");
  EXPECT_EQ(login("", "secret"), "unauthenticated");
}

TEST_F(LoginsTest, EveryRefusalCostsOneHashOfTheSamePrice) {
  add_account("nopassword@example.org");
  add_account("disabled@example.org", "secret");
  set_alias("alias@example.org", {"bob@example.org"});
  (void)net::run(
      directory_->set_account("test", "disabled@example.org", {.name = {}, .enabled = false, .quota = {}}, soon()));
  std::string words;
  for (const auto& [address, password] :
       std::vector<std::pair<std::string, std::string>>{{"bob@example.org", "wrong"},
                                                        {"bob@example.org", ""},
                                                        {"bob@example.org", "\x07"},
                                                        {"nobody@example.org", "secret"},
                                                        {"nopassword@example.org", "secret"},
                                                        {"disabled@example.org", "secret"},
                                                        {"alias@example.org", "secret"},
                                                        {"bob@remote.example", "secret"},
                                                        {"no address", "secret"},
                                                        {"", "secret"}}) {
    offload_.count = 0;
    const auto who = net::run(directory_->verify_password(address, crypto::Secret(password), soon()));
    ASSERT_FALSE(who.has_value()) << address;
    EXPECT_EQ(offload_.count, 1) << address;
    if (words.empty()) words = who.error().describe();
    EXPECT_EQ(who.error().describe(), words) << address;
  }
}

TEST_F(LoginsTest, ARightPasswordIsNotHashedAgainForAWhile) {
  EXPECT_EQ(login("bob@example.org", "secret"), "1");
  EXPECT_EQ(offload_.count, 1);
  EXPECT_EQ(login("bob@example.org", "secret"), "1");
  EXPECT_EQ(offload_.count, 1);
  EXPECT_EQ(login("bob@example.org", "wrong"), "unauthenticated");
  EXPECT_EQ(offload_.count, 2);
  EXPECT_EQ(login("bob@example.org", "secret"), "1");  // a wrong one does not push it out
  EXPECT_EQ(offload_.count, 2);
  clock_.advance(std::chrono::minutes(5));
  EXPECT_EQ(login("bob@example.org", "secret"), "1");
  EXPECT_EQ(offload_.count, 3);
}

TEST_F(LoginsTest, AChangeEndsWhatWasKept) {
  EXPECT_EQ(login("bob@example.org", "secret"), "1");
  EXPECT_EQ(set_password("bob@example.org", "other"), "");
  EXPECT_EQ(login("bob@example.org", "secret"), "unauthenticated");
  EXPECT_EQ(login("bob@example.org", "other"), "1");
  EXPECT_EQ(set_password("bob@example.org", ""), "");
  EXPECT_EQ(login("bob@example.org", "other"), "unauthenticated");
  EXPECT_EQ(set_password("bob@example.org", "third"), "");
  EXPECT_EQ(login("bob@example.org", "third"), "1");
  (void)net::run(
      directory_->set_account("test", "bob@example.org", {.name = {}, .enabled = false, .quota = {}}, soon()));
  EXPECT_EQ(login("bob@example.org", "third"), "unauthenticated");
  EXPECT_EQ(set_password("alice@example.org", "x"), "not_found");
}

TEST_F(LoginsTest, TheSamePasswordAgainIsANewCredential) {
  const auto before = scram("bob@example.org").verifier;
  EXPECT_EQ(login("bob@example.org", "secret"), "1");
  EXPECT_EQ(set_password("bob@example.org", "secret"), "");
  offload_.count = 0;
  EXPECT_EQ(login("bob@example.org", "secret"), "1");
  EXPECT_EQ(offload_.count, 1);
  EXPECT_NE(scram("bob@example.org").verifier, before);
}

TEST_F(LoginsTest, PasswordsArePreparedAlike) {
  EXPECT_EQ(set_password("bob@example.org", "cafe\xcc\x81"), "");
  EXPECT_EQ(login("bob@example.org", "caf\xc3\xa9"), "1");
}

// Holds work until it is told to run it.
class HeldOffload final : public net::Offload {
 public:
  bool try_submit(net::Work work) override {
    if (full) return false;
    held.push_back(std::move(work));
    return true;
  }
  void run() {
    for (auto& work : std::exchange(held, {})) work();
  }
  std::vector<net::Work> held;
  bool full = false;
};

// The verification of the old password is under way when the password changes: it may still succeed, for it began
// before, but nothing of it may be kept.
TEST_F(LoginsTest, ALateSuccessIsNotKept) {
  HeldOffload held;
  auto held_parts = parts();
  held_parts.offload = &held;
  net::LocalExecutor executor;
  struct Talk {
    static net::Task<void> open(Directory::Parts parts, DirectoryOptions options, std::unique_ptr<Directory>* out) {
      auto opened = co_await Directory::open(parts, std::move(options), testing::soon());
      *out = std::move(*opened);
    }
    static net::Task<void> login(Directory* directory, std::string* out) {
      const auto who =
          co_await directory->verify_password("bob@example.org", crypto::Secret("secret"), testing::soon());
      *out = who ? "right" : std::string(error_row(who.error().code()).name);
    }
    static net::Task<void> all(Directory::Parts parts, DirectoryOptions options, HeldOffload* pool, Directory* other) {
      std::unique_ptr<Directory> directory;
      net::Scope scope;
      scope.spawn(open(parts, std::move(options), &directory));
      for (int i = 0; i < 20 && pool->held.empty(); ++i) co_await net::yield();
      pool->run();
      co_await scope.join();

      std::string first;
      scope.spawn(login(directory.get(), &first));
      for (int i = 0; i < 20 && pool->held.empty(); ++i) co_await net::yield();
      EXPECT_EQ(pool->held.size(), 1U);
      const auto changed =
          co_await other->set_password("test", "bob@example.org", crypto::Secret("other"), testing::soon());
      EXPECT_TRUE(changed.has_value());
      pool->run();
      co_await scope.join();
      EXPECT_EQ(first, "right");

      std::string second;
      scope.spawn(login(directory.get(), &second));
      for (int i = 0; i < 20 && pool->held.empty(); ++i) co_await net::yield();
      EXPECT_EQ(pool->held.size(), 1U);  // not from the cache
      pool->run();
      co_await scope.join();
      EXPECT_EQ(second, "unauthenticated");

      pool->full = true;
      std::string third;
      scope.spawn(login(directory.get(), &third));
      co_await scope.join();
      EXPECT_EQ(third, "busy");
    }
  };
  executor.run(Talk::all(held_parts, options_, &held, directory_.get()));
}

// A whole SCRAM exchange against the directory's answer; the account that logged in, or nobody.
AccountId scram_login(const Directory::ScramAnswer& answer, std::string user, std::string_view password) {
  SeededRandom random(5);
  auto client = *trust::make_sasl_client(trust::SaslMechanism::scram_sha_256, std::move(user), crypto::Secret(password),
                                         "", random);
  const auto server = trust::make_sasl_server(trust::SaslMechanism::scram_sha_256, random);
  server->start(*client->start());
  const auto first = server->on_scram(&answer.verifier);
  const auto second = server->step(*client->step(std::get<trust::SaslChallenge>(first).data));
  const auto* proof = std::get_if<trust::SaslChallenge>(&second);
  if (!proof || !client->step(proof->data)) return {};
  return std::holds_alternative<trust::SaslDone>(server->step("")) ? answer.account : AccountId();
}

TEST_F(LoginsTest, ScramLogsIn) {
  const auto answer = scram("Bob@example.org");
  EXPECT_EQ(answer.account, AccountId{1});
  EXPECT_EQ(answer.verifier.iterations, 4096U);
  EXPECT_EQ(scram_login(answer, "bob@example.org", "secret"), AccountId{1});
  EXPECT_EQ(scram_login(answer, "bob@example.org", "wrong"), AccountId());
}

TEST_F(LoginsTest, ScramForNobodyIsStableAndFitsNothing) {
  (void)net::run(directory_->add_domain("test", "slow.example", {.scram_iterations = 10'000}, soon()));
  const auto answer = scram("alice@example.org");
  EXPECT_EQ(answer.account, AccountId());
  EXPECT_EQ(answer.verifier.salt.size(), trust::kScramSaltSize);
  EXPECT_EQ(answer.verifier.salt.size(), scram("bob@example.org").verifier.salt.size());
  EXPECT_EQ(answer.verifier.iterations, 4096U);
  EXPECT_EQ(scram_login(answer, "alice@example.org", "secret"), AccountId());
  EXPECT_EQ(scram("ALICE@example.org").verifier, answer.verifier);
  EXPECT_NE(scram("alice@remote.example").verifier, answer.verifier);
  EXPECT_NE(scram("no address").verifier.salt, scram("nor this").verifier.salt);
  EXPECT_EQ(scram("alice@slow.example").verifier.iterations, 10'000U);
  reopen();
  EXPECT_EQ(scram("alice@example.org").verifier, answer.verifier);
}

TEST_F(LoginsTest, ScramCanBeOffForADomain) {
  (void)net::run(directory_->add_domain("test", "plain.example", {.scram = false}, soon()));
  add_account("carol@plain.example", "secret");
  EXPECT_EQ(login("carol@plain.example", "secret"), "2");
  EXPECT_EQ(scram("carol@plain.example").account, AccountId());
  // Turned off later, a verifier that is there is not used.
  (void)net::run(directory_->set_domain("test", "example.org", {.scram = false}, soon()));
  EXPECT_EQ(scram("bob@example.org").account, AccountId());
}

TEST_F(LoginsTest, ScramEndsWithTheAccount) {
  (void)net::run(
      directory_->set_account("test", "bob@example.org", {.name = {}, .enabled = false, .quota = {}}, soon()));
  EXPECT_EQ(scram("bob@example.org").account, AccountId());
}

TEST(LoginCache, KeepsAsMuchAsItMay) {
  SeededRandom random(1);
  LoginCache cache(random, std::chrono::seconds(10), 3);
  const crypto::Secret password("x");
  const Steady start{};
  for (std::uint32_t i = 1; i <= 5; ++i) cache.keep({i}, 1, password, start + std::chrono::seconds(i));
  EXPECT_EQ(cache.size(), 3U);
  EXPECT_FALSE(cache.has({2}, 1, password, start + std::chrono::seconds(6)));
  EXPECT_TRUE(cache.has({3}, 1, password, start + std::chrono::seconds(6)));
  EXPECT_FALSE(cache.has({3}, 2, password, start + std::chrono::seconds(6)));  // another credential
  EXPECT_FALSE(cache.has({3}, 1, crypto::Secret("y"), start + std::chrono::seconds(6)));
  EXPECT_FALSE(cache.has({3}, 1, password, start + std::chrono::seconds(13)));  // over
  cache.drop({4});
  EXPECT_FALSE(cache.has({4}, 1, password, start + std::chrono::seconds(6)));
  // The same account again and again stays within its bounds, and stays.
  for (int i = 0; i < 100; ++i) cache.keep({5}, 1, password, start + std::chrono::seconds(6));
  EXPECT_LE(cache.size(), 3U);
  EXPECT_TRUE(cache.has({5}, 1, password, start + std::chrono::seconds(7)));
}

TEST(LoginCache, MayBeOff) {
  SeededRandom random(1);
  for (auto* cache : {new LoginCache(random, Duration(0), 3), new LoginCache(random, std::chrono::seconds(1), 0)}) {
    cache->keep({1}, 1, crypto::Secret("x"), Steady{});
    EXPECT_EQ(cache->size(), 0U);
    delete cache;
  }
}

// Threads that log in while others change passwords: whoever is let in had a password that was right at the time.
TEST(Logins, FromManyThreads) {
  auto store = store::make_memory();
  store::Commit commit(*store);
  net::OffloadPool pool(2);
  auto opened = net::run(Directory::open(
      {.store = store.get(), .commit = &commit, .offload = &pool, .clock = &system_clock(), .random = &system_random()},
      {.argon2 = testing::kCheap}, testing::soon()));
  ASSERT_TRUE(opened.has_value());
  const auto directory = std::move(*opened);
  ASSERT_TRUE(net::run(directory->add_domain("test", "example.org", {.scram = false}, testing::soon())).has_value());
  ASSERT_TRUE(net::run(directory->add_account("test", "bob@example.org", crypto::Secret("0"), {}, testing::soon()))
                  .has_value());
  std::atomic<int> current{0};  // the password that is set, or is being set
  std::atomic<bool> stop{false};
  std::atomic<int> right{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t)
    threads.emplace_back([&] {
      while (!stop) {
        const int before = current;
        const auto who = net::run(
            directory->verify_password("bob@example.org", crypto::Secret(std::to_string(before)), testing::soon()));
        if (who) ++right;
        // One that is two changes old must not be let in any more.
        if (before >= 2)
          EXPECT_FALSE(net::run(directory->verify_password("bob@example.org",
                                                           crypto::Secret(std::to_string(before - 2)), testing::soon()))
                           .has_value());
      }
    });
  for (int i = 1; i <= 40; ++i) {
    current = i;
    ASSERT_TRUE(
        net::run(directory->set_password("test", "bob@example.org", crypto::Secret(std::to_string(i)), testing::soon()))
            .has_value());
  }
  stop = true;
  for (auto& thread : threads) thread.join();
  EXPECT_TRUE(
      net::run(directory->verify_password("bob@example.org", crypto::Secret("40"), testing::soon())).has_value());
}

}  // namespace
}  // namespace chappe::post
