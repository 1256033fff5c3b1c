#include "app/admin.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "agents/control/control.h"
#include "app/admin_input.h"
#include "app/admin_office.h"
#include "app/admin_print.h"
#include "app/message_verb.h"
#include "codec/json.h"
#include "store/rocks.h"

namespace chappe::app {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

Invocation invocation(const std::vector<std::string>& words) {
  auto parsed = parse_command_line(words, "C");
  EXPECT_TRUE(parsed) << parsed.error().text();
  return std::move(parsed->invocation);
}

class Admin : public testing::Test {
 protected:
  Admin() {
    std::string name = (fs::temp_directory_path() / "chappe-admin-XXXXXX").string();
    if (!mkdtemp(name.data())) std::abort();
    dir = name;
    std::ofstream(dir + "/password") << "correct horse\nnot this line\n";
  }
  ~Admin() override {
    std::error_code ignored;
    fs::remove_all(dir, ignored);
  }
  struct Ran {
    int code;
    std::string out, err;
  };
  // A verb on the store of this test, without a server.
  Ran run(std::vector<std::string> words) {
    words.insert(words.end(), {"--data", dir});
    std::vector<const char*> argv{"chappe"};
    for (const auto& word : words) argv.push_back(word.c_str());
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int code = run_command_line(static_cast<int>(argv.size()), argv.data(), admin_bindings());
    std::string out = testing::internal::GetCapturedStdout();
    return {code, std::move(out), testing::internal::GetCapturedStderr()};
  }
  Ran add_account(const std::string& address) {
    return run({"account", "add", address, "--password-file", dir + "/password", "--lang", "en"});
  }

  std::string dir;
};

TEST_F(Admin, DomainsAccountsAndAliasesWithoutAServer) {
  EXPECT_EQ(run({"domain", "list", "--lang", "en"}).err, "There are no domains yet: chappe domain add DOMAIN\n");
  EXPECT_EQ(run({"domain", "add", "example.org", "--lang", "en"}).out, "Mail for example.org is taken from now on.\n");
  EXPECT_EQ(run({"domain", "add", "example.org"}).code, 65) << "exists";
  EXPECT_EQ(add_account("alice@example.org").out, "The account alice@example.org is open.\n");
  EXPECT_EQ(add_account("bob@elsewhere.org").code, 67) << "not a domain of ours";
  EXPECT_EQ(run({"alias", "add", "postmaster@example.org", "alice@example.org", "x@example.net", "--lang", "en"}).out,
            "Mail for postmaster@example.org goes to alice@example.org, x@example.net.\n");
  const Ran list = run({"account", "list", "--lang", "en"});
  EXPECT_EQ(list.code, 0);
  EXPECT_THAT(list.out, HasSubstr("alice@example.org  yes      yes       none"));
  EXPECT_THAT(run({"account", "show", "alice@example.org", "--lang", "fr"}).out, HasSubstr("Mot de passe  oui"));
  EXPECT_THAT(run({"alias", "list", "--lang", "en"}).out,
              HasSubstr("postmaster@example.org  x@example.net, alice@example.org"))
      << "in the order of keys";
  EXPECT_EQ(run({"domain", "remove", "example.org"}).code, 65) << "not while it has addresses";
  EXPECT_EQ(run({"alias", "remove", "postmaster@example.org"}).code, 0);
  EXPECT_EQ(run({"account", "remove", "alice@example.org"}).code, 0);
  EXPECT_EQ(run({"domain", "remove", "example.org"}).code, 0);
  EXPECT_EQ(run({"account", "show", "alice@example.org"}).code, 67);
}

TEST_F(Admin, JsonForPrograms) {
  ASSERT_EQ(run({"domain", "add", "example.org"}).code, 0);
  ASSERT_EQ(add_account("alice@example.org").code, 0);
  const auto accounts = codec::json::parse(run({"account", "list", "--json"}).out);
  ASSERT_TRUE(accounts);
  ASSERT_EQ(accounts->find("accounts")->items().size(), 1u);
  EXPECT_EQ(accounts->find("accounts")->items()[0].get_string("address"), "alice@example.org");
  EXPECT_EQ(codec::json::parse(run({"domain", "show", "example.org", "--json"}).out)->get_int("accounts"), 1);
  const Ran missing = run({"account", "show", "nobody@example.org", "--json"});
  EXPECT_EQ(missing.code, 67);
  EXPECT_EQ(codec::json::parse(missing.err)->find("error")->get_string("code"), "not_found");
}

TEST_F(Admin, TheDirectoryAsTextGoesOutAndInAgain) {
  ASSERT_EQ(run({"domain", "add", "example.org"}).code, 0);
  ASSERT_EQ(add_account("alice@example.org").code, 0);
  const std::string text = run({"config", "export"}).out;
  EXPECT_THAT(text, HasSubstr("password_hash"));
  EXPECT_THAT(text, Not(HasSubstr("correct horse")));
  std::ofstream(dir + "/same.toml") << text;
  EXPECT_EQ(run({"config", "apply", dir + "/same.toml", "--lang", "en"}).out, "Nothing changes: it is so already.\n");
  std::ofstream(dir + "/more.toml") << text << "\n[accounts.\"bob@example.org\"]\nname = \"Bob\"\n";
  EXPECT_THAT(run({"config", "apply", dir + "/more.toml"}).out, HasSubstr("+ account bob@example.org"));
  EXPECT_EQ(run({"account", "show", "bob@example.org"}).code, 0);
  std::ofstream(dir + "/bad.toml") << "[accounts\n";
  EXPECT_EQ(run({"config", "apply", dir + "/bad.toml"}).code, 65);
}

TEST_F(Admin, TheQueue) {
  EXPECT_EQ(run({"queue", "list", "--lang", "en"}).err, "The queue is empty.\n");
  EXPECT_EQ(run({"queue", "show", "00000000000000000000000001"}).code, 67);
  EXPECT_EQ(run({"queue", "drop", "00000000000000000000000001"}).code, 67);
  EXPECT_EQ(run({"queue", "show", "rubbish"}).code, 65);
}

TEST_F(Admin, AStoreThatSomebodyHoldsWithoutAnsweringIsNamed) {
  store::RocksOptions rocks;
  rocks.path = dir + "/store";
  auto held = store::open_rocks(std::move(rocks));
  ASSERT_TRUE(held);
  const Ran ran = run({"domain", "list"});
  EXPECT_EQ(ran.code, 75);
  EXPECT_THAT(ran.err, HasSubstr("does not answer at " + dir + "/control.sock"));
}

TEST_F(Admin, NoStoreIsMadeWhereNobodyAskedForOne) {
  const std::string missing = dir + "/missing";
  EXPECT_EQ(run({"domain", "list"}).code, 0);
  std::vector<const char*> argv{"chappe", "domain", "list", "--data", missing.c_str()};
  testing::internal::CaptureStderr();
  EXPECT_EQ(run_command_line(5, argv.data(), admin_bindings()), 78);
  testing::internal::GetCapturedStderr();
  EXPECT_FALSE(fs::exists(missing));
}

TEST(Answer, IsReadOrSaysWhatWasWrong) {
  EXPECT_EQ(*read_answer(R"({"id":1,"result":{"a":[1,2]}})"), R"({"a":[1,2]})");
  const auto refused = read_answer(R"({"id":1,"error":{"code":"exists","text":"it is there"}})");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), Error(Errc::exists, "it is there"));
  EXPECT_EQ(read_answer(R"({"id":null,"error":{"code":"busy","text":"full"}})").error().code(), Errc::busy);
  EXPECT_EQ(read_answer(R"({"id":1,"error":{"code":"of the future","text":"x"}})").error(), Error(Errc::bug, "x"));
  EXPECT_EQ(read_answer("HTTP/1.1 400 Bad Request").error().code(), Errc::closed);
  EXPECT_EQ(read_answer("{}").error().code(), Errc::closed);
}

TEST(Print, TablesAreAlignedByCharacters) {
  Table table({"A", "NAME", "END"});
  table.add({"é", "Zoë", "x"});
  table.add({"long", "n", ""});
  EXPECT_EQ(table.text(), "A     NAME  END\né     Zoë   x\nlong  n\n");
  EXPECT_THAT(one_line("a\x1b[31m\nb"), Not(HasSubstr("\x1b")));
  EXPECT_EQ(size_for_people(999, false), "999 B");
  EXPECT_EQ(size_for_people(1'500'000, true), "1,5 Mo");
  EXPECT_EQ(time_for_people("2026-11-21T19:50:39.123456Z"), "2026-11-21 19:50");
}

TEST_F(Admin, APasswordIsTheFirstLineOfItsFile) {
  const auto with = [&](const std::string& file) {
    return read_password(invocation({"account", "add", "a@b.example", "--password-file", file}));
  };
  auto password = with(dir + "/password");
  ASSERT_TRUE(password);
  EXPECT_TRUE(password->equals("correct horse"));
  std::ofstream(dir + "/dos") << "secret\r\n";
  EXPECT_TRUE(with(dir + "/dos")->equals("secret"));
  std::ofstream(dir + "/empty") << "\nx";
  EXPECT_EQ(with(dir + "/empty").error().code(), Errc::usage);
  EXPECT_EQ(with(dir + "/missing").error().code(), Errc::usage);
}

// What a terminal shows while `typed` is entered at it, and how the question ends: the exit code of the child.
std::pair<std::string, int> at_a_terminal(const std::string& typed) {
  int master = -1;
  const pid_t child = forkpty(&master, nullptr, nullptr, nullptr);
  if (child == 0) {
    const auto password = read_password(invocation({"account", "add", "a@b.example", "--lang", "en"}));
    _exit(password && password->equals("sécret") ? 0 : 1);
  }
  std::string shown;
  std::size_t sent = 0;
  char piece[256];
  for (ssize_t n = 0; (n = ::read(master, piece, sizeof piece)) > 0;) {
    shown.append(piece, static_cast<std::size_t>(n));
    // Each question is answered once it stands there.
    if (shown.ends_with(": ")) {
      const auto end = std::min(typed.find('\r', sent), typed.size() - 1);
      (void)!::write(master, typed.data() + sent, end + 1 - sent);
      sent = end + 1;
    }
  }
  ::close(master);
  int status = 0;
  waitpid(child, &status, 0);
  return {shown, WIFEXITED(status) ? WEXITSTATUS(status) : -1};
}

TEST(Password, IsNotShownByTheTerminal) {
  const auto [shown, code] = at_a_terminal("sécret\rsécret\r");
  EXPECT_EQ(code, 0) << shown;
  EXPECT_THAT(shown, HasSubstr("Password: "));
  EXPECT_THAT(shown, HasSubstr("Again: "));
  EXPECT_THAT(shown, Not(HasSubstr("cret")));
  EXPECT_EQ(at_a_terminal("xsé\x7f\x7f\x7fsécreté\x7f\rsécret\r").second, 0) << "characters are erased whole";
  EXPECT_EQ(at_a_terminal("sécret\rother\r").second, 1);
  EXPECT_EQ(at_a_terminal("s\x03").second, 1) << "Ctrl-C";
}

TEST_F(Admin, ALetterIsShown) {
  std::ofstream(dir + "/letter.eml")
      << "From: Alice <alice@example.org>\r\nSubject: =?utf-8?q?No=C3=ABl?=\r\n\r\nHello\r\n";
  testing::internal::CaptureStdout();
  EXPECT_EQ(run_message(invocation({"message", dir + "/letter.eml"})), 0);
  EXPECT_THAT(testing::internal::GetCapturedStdout(), HasSubstr("Noël"));
  testing::internal::CaptureStdout();
  EXPECT_EQ(run_message(invocation({"message", dir + "/letter.eml", "--json"})), 0);
  EXPECT_TRUE(codec::json::parse(testing::internal::GetCapturedStdout()));
}

}  // namespace
}  // namespace chappe::app
