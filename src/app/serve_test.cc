#include "app/serve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "agents/control/control.h"
#include "app/admin_office.h"
#include "app/serve_notify.h"
#include "codec/json.h"
#include "crypto/certificate.h"

using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace chappe::app {
namespace {

using testing::HasSubstr;

class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "chappe-serve-XXXXXX").string();
    if (!mkdtemp(name.data())) std::abort();
    path = name;
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  std::string path;
};

// The manager's end of $NOTIFY_SOCKET.
class Manager {
 public:
  explicit Manager(const std::string& name) {
    fd_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    name.copy(at.sun_path, sizeof at.sun_path - 1);
    if (at.sun_path[0] == '@') at.sun_path[0] = '\0';
    const auto size = offsetof(sockaddr_un, sun_path) + name.size() + (name[0] == '@' ? 0 : 1);
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&at), static_cast<socklen_t>(size)), 0);
    if (name[0] != '@') fs::permissions(name, fs::perms::all);  // as systemd's is: services are anybody
    const timeval soon{.tv_sec = 20, .tv_usec = 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof soon);
  }
  ~Manager() { ::close(fd_); }
  std::string next() {
    char text[512];
    const ssize_t n = ::recv(fd_, text, sizeof text, 0);
    return n > 0 ? std::string(text, static_cast<std::size_t>(n)) : "(nothing)";
  }
  // The next one that begins so; what comes before is passed over.
  std::string next(const std::string& beginning) {
    for (int i = 0; i < 1000; ++i)
      if (auto text = next(); text.starts_with(beginning) || text == "(nothing)") return text;
    return "(nothing)";
  }

 private:
  int fd_;
};

TEST(Notify, SpeaksToPathsAndAbstractNames) {
  const Folder folder;
  for (const std::string& name :
       {folder.path + "/notify", fmt::format("@chappe-test-{}-{}", getpid(), static_cast<const void*>(&folder))}) {
    Manager manager(name);
    setenv("NOTIFY_SOCKET", name.c_str(), 1);
    setenv("WATCHDOG_USEC", "3000000", 1);
    setenv("WATCHDOG_PID", std::to_string(getpid()).c_str(), 1);
    const Notify notify = Notify::from_environment();
    EXPECT_EQ(std::getenv("NOTIFY_SOCKET"), nullptr) << "not for our children";
    EXPECT_EQ(notify.watchdog(), Duration(3s));
    notify.ready("seven ports open");
    EXPECT_EQ(manager.next(), "READY=1\nSTATUS=seven ports open");
    notify.reloading(Steady(Duration(5)));
    EXPECT_EQ(manager.next(), "RELOADING=1\nMONOTONIC_USEC=5");
    notify.stopping();
    EXPECT_EQ(manager.next(), "STOPPING=1");
    notify.alive();
    EXPECT_EQ(manager.next(), "WATCHDOG=1");
  }
}

TEST(Notify, IsSilentWithoutAManager) {
  setenv("WATCHDOG_USEC", "3000000", 1);
  setenv("WATCHDOG_PID", "1", 1);
  const Notify notify = Notify::from_environment();
  EXPECT_FALSE(notify.watchdog()) << "it is another process that is watched";
  notify.ready("nobody hears it");
}

// `chappe serve` in a process of its own.
class Serve : public testing::Test {
 protected:
  void SetUp() override {
    data = folder.path + "/data";
    const auto made =
        crypto::make_self_signed({.names = {"mx.example.org"}, .not_before = system_clock().now() + (-24h)});
    ASSERT_TRUE(made);
    std::ofstream(folder.path + "/cert.pem") << made->certificate_pem;
    std::ofstream(folder.path + "/key.pem") << made->key_pem.reveal();
    write_config();
    manager.emplace(folder.path + "/notify");
  }
  void write_config(std::string_view more = "") {
    std::ofstream(folder.path + "/chappe.toml")
        << "[server]\nhostname = \"mx.example.org\"\ndata_dir = \"" << data << "\"\nshards = 1\n"
        << (geteuid() == 0 ? "user = \"nobody\"\n" : "") << "[tls]\ncert = \"cert.pem\"\nkey = \"key.pem\"\n"
        << "[log]\nfile = \"chappe.log\"\n[limits]\nshutdown_grace = \"10s\"\n"
        << "[[listen]]\nrole = \"mx\"\naddress = \"127.0.0.1\"\nport = 0\n"
        << "[[listen]]\nrole = \"imap\"\naddress = \"127.0.0.1\"\nport = 0\n"
        << more;
  }
  void start() {
    child = fork();
    if (child == 0) {
      setenv("NOTIFY_SOCKET", (folder.path + "/notify").c_str(), 1);
      setenv("WATCHDOG_USEC", "400000", 1);
      // A fresh process: what other tests have left in this one is not a server's.
      execl("/proc/self/exe", "chappe", "serve", "--config", (folder.path + "/chappe.toml").c_str(), nullptr);
      _exit(1);
    }
  }
  int wait_for_end() {
    int status = 0;
    waitpid(std::exchange(child, 0), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  void TearDown() override {
    if (child <= 0) return;
    kill(child, SIGKILL);
    wait_for_end();
  }
  std::string log() {
    std::ifstream in(folder.path + "/chappe.log");
    return std::string((std::istreambuf_iterator<char>(in)), {});
  }

  Folder folder;
  std::string data;
  std::optional<Manager> manager;
  pid_t child = 0;
};

TEST_F(Serve, TellsItsManagerAnswersAndStops) {
  // Whoever it becomes must be able to reach the folder.
  fs::permissions(folder.path, fs::perms::others_exec, fs::perm_options::add);
  start();
  ASSERT_THAT(manager->next(), HasSubstr("READY=1")) << log();
  struct stat there{};
  ASSERT_EQ(stat(data.c_str(), &there), 0);
  EXPECT_EQ(there.st_mode & 0777, 0700u);
  if (geteuid() == 0) EXPECT_NE(there.st_uid, 0u) << "it is no longer root's";
  std::ifstream status(fmt::format("/proc/{}/status", child));
  const std::string facts((std::istreambuf_iterator<char>(status)), {});
  EXPECT_THAT(facts, HasSubstr("NoNewPrivs:\t1"));
  if (geteuid() == 0) {
    EXPECT_THAT(facts, HasSubstr("CapEff:\t0000000000000000"));
    EXPECT_THAT(facts, testing::Not(HasSubstr("Uid:\t0")));
  }
  EXPECT_EQ(manager->next("WATCHDOG"), "WATCHDOG=1") << "it is well";

  auto office = AdminOffice::open(data, Config());
  ASSERT_TRUE(office) << office.error().describe();
  EXPECT_TRUE((*office)->served());
  EXPECT_TRUE((*office)->call("domain.add", R"({"domain":"example.org"})"));
  const auto told = (*office)->call("server.status", "{}");
  ASSERT_TRUE(told);
  EXPECT_EQ(codec::json::parse(*told)->get_int("pid"), child);
  EXPECT_EQ((*office)->call("account.add", R"({"address":"a@elsewhere.org"})").error().code(), Errc::not_found);

  kill(child, SIGTERM);
  EXPECT_EQ(manager->next("STOPPING"), "STOPPING=1");
  EXPECT_EQ(wait_for_end(), 0);
  EXPECT_THAT(log(), HasSubstr("server.stopped"));
  EXPECT_FALSE(fs::exists(agents::control::socket_path(data)));
}

TEST_F(Serve, ReloadsAndKeepsWhatItHasWhenItCannot) {
  fs::permissions(folder.path, fs::perms::others_exec, fs::perm_options::add);
  fs::permissions(folder.path + "/key.pem", fs::perms::others_read, fs::perm_options::add);
  start();
  ASSERT_THAT(manager->next(), HasSubstr("READY=1")) << log();
  auto office = AdminOffice::open(data, Config());
  ASSERT_TRUE(office);
  EXPECT_TRUE((*office)->call("server.reload", "{}"));
  EXPECT_THAT(manager->next("RELOADING"), HasSubstr("MONOTONIC_USEC="));
  EXPECT_THAT(manager->next("READY"), HasSubstr("READY=1"));

  write_config("nonsense = true\n");
  const auto refused = (*office)->call("server.reload", "{}");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Errc::config);
  EXPECT_THAT(refused.error().text(), HasSubstr("nonsense"));
  EXPECT_TRUE((*office)->call("server.status", "{}")) << "and serves on";
  EXPECT_TRUE((*office)->call("server.stop", "{}"));
  EXPECT_EQ(wait_for_end(), 0);
  EXPECT_THAT(log(), HasSubstr("server.reload_failed"));
}

TEST_F(Serve, DoesNotStayRoot) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  std::ofstream(folder.path + "/chappe.toml") << "[server]\nhostname = \"mx.example.org\"\ndata_dir = \"" << data
                                              << "\"\n[[listen]]\nrole = \"mx\"\naddress = \"127.0.0.1\"\nport = 0\n";
  start();
  EXPECT_EQ(wait_for_end(), 78);
  EXPECT_FALSE(fs::exists(data));
}

}  // namespace
}  // namespace chappe::app
