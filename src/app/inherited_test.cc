#include "app/inherited.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace chappe::app {
namespace {

using testing::HasSubstr;

// What inherited_sockets() gives in a process that was started with `socket` as descriptor 3, and these variables;
// "PID" stands for its own. Listed as "imaps 127.0.0.1:4711", or the error.
std::string in_child(int socket, const char* pid, const char* count, const char* names) {
  int ends[2];
  if (pipe(ends) != 0) return "no pipe";
  const pid_t child = fork();
  if (child == 0) {
    const int out = dup2(ends[1], 100);
    dup2(socket, 3);
    setenv("LISTEN_PID", std::string_view(pid) == "PID" ? std::to_string(getpid()).c_str() : pid, 1);
    setenv("LISTEN_FDS", count, 1);
    setenv("LISTEN_FDNAMES", names, 1);
    std::string text;
    const auto sockets = inherited_sockets();
    if (!sockets) text = sockets.error().describe();
    if (sockets)
      for (const auto& s : *sockets) text += fmt::format("{} {}\n", role_name(s.role), s.socket.at().describe());
    for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"})
      if (std::getenv(name)) text += " variables are left";
    (void)!write(out, text.data(), text.size());
    _exit(0);
  }
  close(ends[1]);
  std::string out;
  char piece[1024];
  for (ssize_t n; (n = read(ends[0], piece, sizeof piece)) > 0;) out.append(piece, static_cast<std::size_t>(n));
  close(ends[0]);
  waitpid(child, nullptr, 0);
  return out;
}

TEST(Inherited, SocketsHaveTheirRolesByName) {
  const auto socket = net::ListenSocket::bind(*net::Endpoint::parse("127.0.0.1", 0));
  ASSERT_TRUE(socket);
  const int fd = socket->fd();
  EXPECT_EQ(in_child(fd, "PID", "1", "imaps"), fmt::format("imaps {}\n", socket->at().describe()));
  EXPECT_EQ(in_child(fd, "PID", "0", ""), "");
  EXPECT_EQ(in_child(fd, "1", "1", "imaps"), "") << "they are meant for somebody else";
}

TEST(Inherited, WhatCannotBeServedIsNamed) {
  const auto socket = net::ListenSocket::bind(*net::Endpoint::parse("127.0.0.1", 0));
  ASSERT_TRUE(socket);
  const int fd = socket->fd();
  EXPECT_THAT(in_child(fd, "PID", "1", "chappe.socket"), HasSubstr("config: the socket 127.0.0.1:"));
  EXPECT_THAT(in_child(fd, "PID", "1", "chappe.socket"), HasSubstr("named 'chappe.socket', which is no role"));
  EXPECT_THAT(in_child(fd, "PID", "1", ""), HasSubstr("named '', which is no role"));
  EXPECT_THAT(in_child(fd, "PID", "many", "imaps"), HasSubstr("LISTEN_FDS is 'many'"));
  EXPECT_THAT(in_child(fd, "PID", "1000000", "imaps"), HasSubstr("LISTEN_FDS is '1000000'"));
  const int datagrams = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  EXPECT_THAT(in_child(datagrams, "PID", "1", "imaps"), HasSubstr("descriptor 3 is no socket that listens"));
  close(datagrams);
}

}  // namespace
}  // namespace chappe::app
