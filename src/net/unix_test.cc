#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>

#include "net/acceptor.h"

using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace chappe::net {
namespace {

class UnixSocket : public testing::Test {
 protected:
  UnixSocket() {
    std::string name = (fs::temp_directory_path() / "chappe-unix-XXXXXX").string();
    if (!mkdtemp(name.data())) std::abort();
    dir = name;
  }
  ~UnixSocket() override {
    std::error_code ignored;
    fs::remove_all(dir, ignored);
  }
  static Task<void> tell_peer(Stream stream) {
    const auto peer = stream.unix_peer();
    const std::string words = peer ? fmt::format("{} {}\n", peer->uid, peer->pid) : peer.error().describe();
    (void)co_await stream.write(words, Deadline::in(5s));
  }
  // What a listener at `path` says about who connects to it.
  static std::string ask(const std::string& path, ListenSocket socket) {
    Shards shards(1);
    ConnectionCount count({4, 4});
    Acceptor acceptor(shards, std::move(socket), count, {}, [](Stream s) { return tell_peer(std::move(s)); });
    acceptor.start();
    const auto fd = connect_unix(path);
    if (!fd) return fd.error().describe();
    char text[64] = "";
    const ssize_t n = ::recv(*fd, text, sizeof text, MSG_WAITALL);
    ::close(*fd);
    acceptor.stop();
    shards.stop();
    return std::string(text, n > 0 ? static_cast<std::size_t>(n) : 0);
  }
  static std::string me() { return fmt::format("{} {}\n", geteuid(), getpid()); }

  std::string dir;
};

TEST_F(UnixSocket, TellsWhoConnectsAndIsPrivate) {
  const std::string path = dir + "/a.sock";
  auto socket = ListenSocket::bind_unix(path);
  ASSERT_TRUE(socket) << socket.error().describe();
  struct stat there{};
  ASSERT_EQ(lstat(path.c_str(), &there), 0);
  EXPECT_EQ(there.st_mode & 0777, 0600u);
  EXPECT_EQ(std::distance(fs::directory_iterator(dir), {}), 1) << "nothing is left beside it";
  EXPECT_EQ(ask(path, std::move(*socket)), me());
}

TEST_F(UnixSocket, APathOfAnyLength) {
  std::string folder = dir;
  for (int i = 0; i < 4; ++i) folder += "/" + std::string(60, static_cast<char>('a' + i));
  fs::create_directories(folder);
  const std::string path = folder + "/control.sock";
  ASSERT_GT(path.size(), 108u) << "longer than sockaddr_un takes";
  auto socket = ListenSocket::bind_unix(path);
  ASSERT_TRUE(socket) << socket.error().describe();
  EXPECT_EQ(ask(path, std::move(*socket)), me());
}

TEST_F(UnixSocket, ReplacesADeadOneButNotALivingOne) {
  const std::string path = dir + "/a.sock";
  {
    auto first = ListenSocket::bind_unix(path);
    ASSERT_TRUE(first);
    auto second = ListenSocket::bind_unix(path);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code(), Errc::busy);
  }
  EXPECT_EQ(connect_unix(path).error().code(), Errc::unavailable) << "the name is still there, its process is not";
  auto third = ListenSocket::bind_unix(path);
  ASSERT_TRUE(third) << third.error().describe();
  EXPECT_EQ(ask(path, std::move(*third)), me());
}

TEST_F(UnixSocket, NeverTakesTheNameOfSomethingElse) {
  const std::string path = dir + "/letters";
  std::ofstream(path) << "precious";
  const auto socket = ListenSocket::bind_unix(path);
  ASSERT_FALSE(socket);
  EXPECT_EQ(socket.error().code(), Errc::config);
  EXPECT_TRUE(fs::is_regular_file(path));
  EXPECT_EQ(ListenSocket::bind_unix(dir + "/missing/a.sock").error().code(), Errc::config);
  EXPECT_EQ(connect_unix(dir + "/missing.sock").error().code(), Errc::unavailable);
}

// What a listener says about a stream of this process.
Task<std::string> hear(std::string path, Duration patience) {
  auto stream = co_await Stream::connect_unix(path, Deadline::in(patience));
  if (!stream) co_return std::string(error_row(stream.error().code()).name);
  std::string said;
  for (;;) {
    const auto chunk = co_await stream->read(Deadline::in(5s));
    if (!chunk || chunk->empty()) co_return said;
    said += chunk->view();
  }
}

TEST_F(UnixSocket, AStreamConnectsToOne) {
  fs::create_directories(dir + "/" + std::string(120, 'a'));
  const std::string path = dir + "/" + std::string(120, 'a') + "/a.sock";
  Shards shards(1);
  EXPECT_EQ(run_on(shards.at(0), hear(path, 5s)), "unavailable");
  auto socket = ListenSocket::bind_unix(path);
  ASSERT_TRUE(socket) << socket.error().describe();
  ConnectionCount count({4, 4});
  Acceptor acceptor(shards, std::move(*socket), count, {}, [](Stream s) { return tell_peer(std::move(s)); });
  acceptor.start();
  EXPECT_EQ(run_on(shards.at(0), hear(path, 5s)), me());
  acceptor.stop();
  shards.stop();
}

TEST_F(UnixSocket, AFullQueueIsWaitedFor) {
  const std::string path = dir + "/a.sock";
  auto socket = ListenSocket::bind_unix(path);
  ASSERT_TRUE(socket);
  ASSERT_EQ(listen(socket->fd(), 0), 0);  // room for one
  Shards shards(1);
  const auto waiting = connect_unix(path);
  ASSERT_TRUE(waiting);
  EXPECT_EQ(run_on(shards.at(0), hear(path, 100ms)), "timeout");
  ConnectionCount count({4, 4});
  Acceptor acceptor(shards, std::move(*socket), count, {}, [](Stream s) { return tell_peer(std::move(s)); });
  acceptor.start();
  EXPECT_EQ(run_on(shards.at(0), hear(path, 5s)), me());
  ::close(*waiting);
  acceptor.stop();
  shards.stop();
}

Task<Result<UnixPeer>> peer_over_tcp(Endpoint at) {
  Stream stream = CO_TRY(co_await Stream::connect(at, Deadline::in(5s)));
  co_return stream.unix_peer();
}

TEST_F(UnixSocket, ATcpConnectionHasNoProcess) {
  auto socket = ListenSocket::bind(*Endpoint::parse("127.0.0.1", 0));
  ASSERT_TRUE(socket);
  Shards shards(1);
  const auto peer = run_on(shards.at(0), peer_over_tcp(socket->at()));
  ASSERT_FALSE(peer);
  EXPECT_EQ(peer.error().code(), Errc::denied);
  shards.stop();
}

}  // namespace
}  // namespace chappe::net
