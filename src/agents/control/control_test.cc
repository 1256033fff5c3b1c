#include "agents/control/control.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "net/offload_pool.h"

using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace chappe::agents::control {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> all_lines(LineReader& reader) {
  std::vector<std::string> out;
  for (;;) {
    auto line = reader.next();
    if (!line) out.push_back(line.error().describe());
    if (!line || !*line) return out;
    out.push_back(std::move(**line));
  }
}

TEST(LineReader, CutsLinesHoweverTheyArrive) {
  LineReader reader;
  reader.feed("one\ntw");
  EXPECT_THAT(all_lines(reader), ElementsAre("one"));
  reader.feed("o\r");
  EXPECT_THAT(all_lines(reader), ElementsAre());
  reader.feed("\n\nthree\nfour");
  EXPECT_THAT(all_lines(reader), ElementsAre("two", "", "three"));
  reader.feed("\n");
  EXPECT_THAT(all_lines(reader), ElementsAre("four"));
}

TEST(LineReader, TheLimitIsOfTheLineAlone) {
  LineReader reader(4);
  reader.feed("1234\n1234\n");
  EXPECT_THAT(all_lines(reader), ElementsAre("1234", "1234"));
  reader.feed("12345");
  EXPECT_THAT(all_lines(reader), ElementsAre("too_large: a line of more than 4 octets"));
  LineReader whole(4);
  whole.feed("12345\n");
  EXPECT_THAT(all_lines(whole), ElementsAre("too_large: a line of more than 4 octets"));
}

std::string id_and_error(std::string_view line) {
  std::string id = "null";
  auto request = parse_request(line, id);
  return id + " " + (request ? request->method : request.error().describe());
}

TEST(Request, IsReadStrictly) {
  EXPECT_EQ(id_and_error(R"({"id":7,"method":"a.b","params":{"x":1}})"), "7 a.b");
  EXPECT_EQ(id_and_error(R"({"method":"a.b","id":"q\n"})"), R"("q\n" a.b)") << "the id comes back as JSON";
  EXPECT_EQ(id_and_error(R"({"method":"a.b","params":null})"), "null a.b");
  EXPECT_EQ(id_and_error(R"({"id":7,"method":"a.b","params":[1]})"), "7 invalid: 'params' must be an object");
  EXPECT_EQ(id_and_error(R"({"id":7})"), "7 invalid: no field 'method'");
  EXPECT_EQ(id_and_error(R"({"id":7,"method":"a","parms":{}})"), "7 invalid: a request has no field 'parms'");
  EXPECT_EQ(id_and_error(R"({"id":1.5,"method":"a"})"), "null invalid: 'id' must be an integer or a string");
  EXPECT_EQ(id_and_error("[]"), "null invalid: a request is an object");
  EXPECT_THAT(id_and_error("{"), HasSubstr("invalid: not JSON"));
  EXPECT_THAT(id_and_error(R"({"id":1,"id":2,"method":"a"})"), HasSubstr("comes twice"));
  EXPECT_THAT(id_and_error(R"({"method":"a","params":{"x":)" + std::string(kMaxDepth, '[') +
                           std::string(kMaxDepth, ']') + "}}"),
              HasSubstr("too_large"));
}

// A client that blocks, as the command line has one.
class Client {
 public:
  explicit Client(const std::string& path) {
    auto connected = net::connect_unix(path);
    if (connected)
      fd_ = *connected;
    else
      error_ = connected.error();
  }
  ~Client() { close(); }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  const std::optional<Error>& error() const { return error_; }
  void send(ByteView bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
  }
  // The next line; "(end)" when the other side has closed, "(nothing)" after five seconds.
  std::string line() {
    for (;;) {
      const auto end = held_.find('\n');
      if (end != held_.npos) {
        std::string out = held_.substr(0, end);
        held_.erase(0, end + 1);
        return out;
      }
      pollfd wait{fd_, POLLIN, 0};
      if (poll(&wait, 1, 5000) <= 0) return "(nothing)";
      char piece[65536];
      const ssize_t n = ::recv(fd_, piece, sizeof piece, 0);
      if (n <= 0) return "(end)";
      held_.append(piece, static_cast<std::size_t>(n));
    }
  }
  std::string ask(std::string_view request) {
    send(std::string(request) + "\n");
    return line();
  }

 private:
  int fd_ = -1;
  std::optional<Error> error_;
  std::string held_;
};

class ControlSocket : public testing::Test {
 protected:
  ControlSocket() {
    std::string name = (fs::temp_directory_path() / "chappe-control-XXXXXX").string();
    if (!mkdtemp(name.data())) std::abort();
    dir = name;
    options.path = socket_path(dir);
    options.uid = geteuid();
  }
  ~ControlSocket() override {
    stop();
    std::error_code ignored;
    fs::remove_all(dir, ignored);
  }

  // echo: its params' `text`; who: the caller; slow: waits for the deadline; fail: fails.
  static Task<Result<std::string>> handle(std::string method, Value params, std::string who, Deadline deadline) {
    if (method == "echo") {
      const std::string text(CO_TRY(params.get_string("text")));
      std::string out;
      codec::json::Writer(out).value(text);
      co_return out;
    }
    if (method == "who") co_return "\"" + who + "\"";
    if (method == "slow") {
      net::Event never;
      CO_TRY(co_await never.wait(deadline));
    }
    co_return fail(Errc::not_found, "there is no {}", method);
  }
  void start() {
    auto opened = Control::open({&*shards, &pool, &log.log(), &system_clock()}, options,
                                [](std::string m, Value p, std::string w, Deadline d) {
                                  return handle(std::move(m), std::move(p), std::move(w), d);
                                });
    ASSERT_TRUE(opened) << opened.error().describe();
    control = std::move(*opened);
    control->start();
  }
  void stop() {
    if (!shards) return;
    if (control) control->stop();
    shards.reset();
    control.reset();
  }

  CaptureLog log;
  std::string dir;
  ControlOptions options;
  net::OffloadPool pool{1};
  std::optional<net::Shards> shards{2};
  std::unique_ptr<Control> control;
};

TEST_F(ControlSocket, AnswersALineForALine) {
  start();
  Client client(options.path);
  ASSERT_FALSE(client.error()) << client.error()->describe();
  EXPECT_EQ(client.ask(R"({"id":1,"method":"echo","params":{"text":"é\n"}})"), R"({"id":1,"result":"é\n"})");
  EXPECT_EQ(client.ask(R"({"id":2,"method":"nothing"})"),
            R"({"id":2,"error":{"code":"not_found","text":"there is no nothing"}})");
  client.send(
      "{\"id\":3,\"method\":\"echo\",\"params\":{\"text\":\"a\"}}\r\n\n"
      "{\"id\":4,\"method\":\"echo\",\"params\":{\"text\":\"b\"}}\n{\"id\":5,");
  EXPECT_EQ(client.line(), R"({"id":3,"result":"a"})");
  EXPECT_EQ(client.line(), R"({"id":4,"result":"b"})") << "in their order";
  EXPECT_EQ(client.ask(R"("method":"echo","params":{"text":"c"}})"), R"({"id":5,"result":"c"})");
}

TEST_F(ControlSocket, IsPrivateAndTellsWhoAsked) {
  start();
  struct stat there{};
  ASSERT_EQ(lstat(options.path.c_str(), &there), 0);
  EXPECT_EQ(there.st_mode & 0777, 0600u);
  Client client(options.path);
  EXPECT_THAT(client.ask(R"({"id":1,"method":"who"})"), testing::Not(HasSubstr("uid")));
  EXPECT_EQ(log.count("control.called"), 1u);
}

TEST_F(ControlSocket, WhoIsNeitherRootNorTheServerIsRefused) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root, to become somebody else";
  options.uid = 12345;
  start();
  fs::permissions(dir, fs::perms::all);
  fs::permissions(options.path, fs::perms::all);  // as if somebody had opened it to everyone
  int out[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, out), 0);
  const pid_t child = fork();
  if (child == 0) {
    char text[512] = "";
    ssize_t n = 0;
    if (setuid(54321) == 0) {
      if (auto fd = net::connect_unix(options.path)) n = ::recv(*fd, text, sizeof text, 0);
    }
    if (n > 0) n = ::write(out[1], text, static_cast<std::size_t>(n));
    _exit(n > 0 ? 0 : 1);
  }
  ::close(out[1]);
  char text[512] = "";
  const ssize_t n = ::recv(out[0], text, sizeof text - 1, 0);
  ::close(out[0]);
  ASSERT_GT(n, 0);
  EXPECT_THAT(std::string(text), HasSubstr("\"denied\""));
  EXPECT_EQ(log.count("control.refused"), 1u);
  EXPECT_EQ(Client(options.path).ask(R"({"id":1,"method":"who"})"), R"({"id":1,"result":"root"})");
}

TEST_F(ControlSocket, ABadLineGetsItsErrorAndLeavesTheServerWell) {
  start();
  Client client(options.path);
  for (const char* bad : {"", "{", "null", "\xff\xfe", R"({"id":1})", R"({"method":3})"}) {
    if (!*bad) continue;
    EXPECT_THAT(client.ask(bad), HasSubstr("\"invalid\"")) << bad;
  }
  EXPECT_EQ(client.ask(R"({"id":9,"method":"echo","params":{"text":"well"}})"), R"({"id":9,"result":"well"})");
}

TEST_F(ControlSocket, ALineOverTheLimitEndsItsConnectionOnly) {
  options.line = 1000;
  start();
  Client other(options.path);
  Client client(options.path);
  client.send(std::string(5000, 'x'));
  EXPECT_THAT(client.line(), HasSubstr("too_large"));
  EXPECT_EQ(client.line(), "(end)");
  EXPECT_EQ(other.ask(R"({"id":1,"method":"echo","params":{"text":"a"}})"), R"({"id":1,"result":"a"})");
}

TEST_F(ControlSocket, AGreatRequestIsParsedElsewhere) {
  start();
  Client client(options.path);
  const std::string big(3'000'000, 'x');
  const std::string reply = client.ask(R"({"id":1,"method":"echo","params":{"text":")" + big + "\"}}");
  EXPECT_EQ(reply.size(), big.size() + 20);
}

TEST_F(ControlSocket, HasDeadlines) {
  options.idle = 100ms;
  options.request = 50ms;
  start();
  Client client(options.path);
  EXPECT_THAT(client.ask(R"({"id":1,"method":"slow"})"), HasSubstr(R"("code":"timeout")"));
  EXPECT_EQ(client.line(), "(end)") << "nobody asks for anything";
}

TEST_F(ControlSocket, HasALimitOfConnections) {
  options.connections = 1;
  start();
  Client first(options.path);
  EXPECT_THAT(first.ask(R"({"id":1,"method":"who"})"), HasSubstr("result"));
  Client second(options.path);
  EXPECT_THAT(second.line(), HasSubstr(R"("code":"busy")"));
}

TEST_F(ControlSocket, StopsWhileSomebodyWaits) {
  start();
  Client waiting(options.path), idle(options.path);
  waiting.send("{\"id\":1,\"method\":\"slow\"}\n");
  EXPECT_THAT(idle.ask(R"({"id":1,"method":"who"})"), HasSubstr("result"));
  const auto began = std::chrono::steady_clock::now();
  stop();
  EXPECT_LT(std::chrono::steady_clock::now() - began, 5s);
  EXPECT_THAT(waiting.line(), HasSubstr(R"("code":"cancelled")"));
  EXPECT_EQ(idle.line(), "(end)");
  EXPECT_FALSE(fs::exists(options.path)) << "the name goes with it";
}

TEST_F(ControlSocket, LeavesTheNameThatBelongsToAnother) {
  start();
  fs::remove(options.path);
  auto other = net::ListenSocket::bind_unix(options.path);
  ASSERT_TRUE(other);
  stop();
  EXPECT_TRUE(fs::exists(options.path));
}

TEST_F(ControlSocket, NeverLogsParameters) {
  start();
  Client client(options.path);
  client.ask(R"({"id":1,"method":"echo","params":{"text":"hunter2"}})");
  client.ask(R"({"id":1,"method":"fail","params":{"text":"hunter2"}})");
  client.ask(R"({"id":1,"method":"fail","params":"hunter2"})");
  client.ask(R"({"id":1,"method":"fail","params":{"text":"hunter2)");
  for (const auto& line : log.lines()) EXPECT_THAT(line, testing::Not(HasSubstr("hunter2")));
}

}  // namespace
}  // namespace chappe::agents::control
