// Programs that answer, and programs that do everything else: hang, write without end, leave children, eat memory.
#include "post/search/child.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

namespace chappe::post::search {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr Duration kSoon = seconds(30);  // long before programs that hang would end

std::vector<std::string> sh(const std::string& script) { return {"/bin/sh", "-c", script}; }

// The octets in pieces of that size.
ChildInput pieces_of(std::string octets, std::size_t size = 1000) {
  return [octets = std::move(octets), size, at = std::size_t{0}](Bytes& piece) mutable -> Result<bool> {
    piece = octets.substr(at, size);
    at += piece.size();
    return !piece.empty();
  };
}

Result<ChildOutcome> run(const std::vector<std::string>& command, ChildLimits limits = {},
                         const ChildInput& input = pieces_of("")) {
  static const std::atomic<bool> kGoOn = false;
  const Steady began = system_clock().steady();
  auto out = run_child(command, limits, input, kGoOn);
  EXPECT_LT(system_clock().steady() - began, kSoon);
  return out;
}

ChildOutcome done(const std::vector<std::string>& command, ChildLimits limits = {},
                  const ChildInput& input = pieces_of("")) {
  auto out = run(command, limits, input);
  EXPECT_TRUE(out) << out.error().describe();
  return out ? std::move(*out) : ChildOutcome{};
}

// Whether a process is there, and has not ended.
bool lives(const std::string& pid) {
  std::ifstream stat("/proc/" + pid + "/stat");
  std::string number, name, state;
  return stat >> number >> name >> state && state != "Z" && state != "X";
}

TEST(Child, AnswersFromWhatItIsGiven) {
  std::string much;
  for (int i = 0; much.size() < 900'000; ++i) much += std::to_string(i) + " ";
  // More in both directions than pipes hold.
  const ChildOutcome out = done({"/bin/cat"}, {}, pieces_of(much, 70'000));
  EXPECT_EQ(out.end, ChildEnd::ok);
  EXPECT_EQ(out.output, much);
  EXPECT_EQ(done(sh("exit 0")).output, "");
}

TEST(Child, InputIsAskedForAsItIsRead) {
  std::size_t asked = 0;
  const ChildInput endless = [&asked](Bytes& piece) -> Result<bool> {
    piece.assign(10'000, 'x');
    ++asked;
    return true;
  };
  const ChildOutcome out = done(sh("head -c 5; exec 0<&-; echo"), {}, endless);
  EXPECT_EQ(out.end, ChildEnd::ok);
  EXPECT_EQ(out.output, "xxxxx\n");
  EXPECT_LT(asked, 40u);  // a pipe and a piece
}

TEST(Child, FailuresSayHow) {
  const ChildOutcome status = done(sh("echo some; exit 3"));
  EXPECT_EQ(status.end, ChildEnd::failed);
  EXPECT_EQ(status.how, "ended with status 3");
  EXPECT_EQ(status.output, "");
  EXPECT_EQ(done(sh("kill -SEGV $$")).how, "ended by signal 11");
  EXPECT_THAT(done({"/nonexistent/program"}).how, StartsWith("cannot be started: No such file"));
  EXPECT_THAT(done({"/etc/passwd"}).how, StartsWith("cannot be started: Permission denied"));
  EXPECT_THAT(done({"/"}).how, StartsWith("cannot be started: "));
}

TEST(Child, WithoutAPipeItFails) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit none = before;
  none.rlim_cur = 4;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  const ChildOutcome out = done({"/bin/cat"});
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(out.end, ChildEnd::failed);
  EXPECT_THAT(out.how, StartsWith("no pipe: Too many open files"));
}

TEST(Child, WhatHangsIsKilled) {
  const ChildLimits quick{.time = milliseconds(300)};
  EXPECT_EQ(done(sh("sleep 1000"), quick).end, ChildEnd::timeout);
  EXPECT_EQ(done(sh("trap '' TERM HUP INT; while :; do sleep 1; done"), quick).end, ChildEnd::timeout);
  EXPECT_EQ(done(sh("exec >&-; sleep 1000"), quick).end, ChildEnd::timeout);
  // It goes on reading, and there is no end to it.
  const ChildInput endless = [](Bytes& piece) -> Result<bool> {
    piece.assign(10, 'x');
    return true;
  };
  EXPECT_EQ(done(sh("cat >/dev/null"), quick, endless).end, ChildEnd::timeout);
}

TEST(Child, OutputHasAnEnd) {
  const ChildOutcome out = done({"/usr/bin/yes"}, {.output = 100'001});
  EXPECT_EQ(out.end, ChildEnd::cut);
  EXPECT_EQ(out.output.size(), 100'001u);
  EXPECT_EQ(done(sh("printf 12345"), {.output = 5}).end, ChildEnd::ok);
  EXPECT_EQ(done(sh("printf 123456"), {.output = 5}).end, ChildEnd::cut);
  EXPECT_EQ(done(sh("head -c 3000000 /dev/zero >&2; echo fine")).output, "fine\n");
}

TEST(Child, InputHasAnEnd) {
  EXPECT_EQ(done(sh("cat >/dev/null"), {.input = 5000}, pieces_of(std::string(5000, 'x'))).end, ChildEnd::ok);
  EXPECT_EQ(done(sh("cat >/dev/null"), {.input = 4999}, pieces_of(std::string(5000, 'x'))).end, ChildEnd::too_large);
}

TEST(Child, NothingIsLeftBehind) {
  // One that goes on in the background, and holds the output.
  const ChildOutcome left = done(sh("sleep 1000 & echo $!"));
  EXPECT_EQ(left.end, ChildEnd::ok);
  const std::string pid = left.output.substr(0, left.output.size() - 1);
  // Children of one that is killed.
  const std::string file = std::filesystem::temp_directory_path() / ("chappe-child-" + std::to_string(getpid()));
  ASSERT_EQ(mkfifo(file.c_str(), 0600), 0);
  std::string other;
  std::thread reads([&] { std::getline(std::ifstream(file) >> std::ws, other); });
  EXPECT_EQ(done(sh("sleep 1000 & echo $! >" + file + "; wait"), {.time = seconds(2)}).end, ChildEnd::timeout);
  reads.join();
  std::filesystem::remove(file);
  for (const std::string& one : {pid, other}) {
    ASSERT_FALSE(one.empty());
    for (int i = 0; i < 500 && lives(one); ++i) std::this_thread::sleep_for(milliseconds(10));
    EXPECT_FALSE(lives(one)) << one;
  }
}

TEST(Child, MemoryHasAnEnd) {
  const auto python = [](const char* size) {
    return std::vector<std::string>{"/usr/bin/python3", "-c",
                                    std::string("x = bytearray(") + size + "); print(len(x))"};
  };
  EXPECT_EQ(done(python("1 << 20"), {.memory = 256 << 20}).output, "1048576\n");
  EXPECT_EQ(done(python("1 << 29"), {.memory = 256 << 20}).end, ChildEnd::failed);
}

TEST(Child, FillsNoFile) {
  const std::string file = std::filesystem::temp_directory_path() / ("chappe-child-" + std::to_string(getpid()));
  EXPECT_EQ(done(sh("echo secret >" + file)).end, ChildEnd::failed);
  std::error_code none;
  const auto size = std::filesystem::file_size(file, none);
  EXPECT_TRUE(none || size == 0);
  std::filesystem::remove(file, none);
}

TEST(Child, InheritsNothing) {
  // A descriptor that anybody would inherit, and a variable.
  const int open = ::open("/dev/null", O_RDONLY);  // NOLINT: that is the point
  ASSERT_GE(open, 0);
  ::setenv("CHAPPE_SECRET", "yes", 1);
  EXPECT_EQ(done(sh("ls /proc/$$/fd")).output, "0\n1\n2\n");
  EXPECT_EQ(done({"/usr/bin/env"}).output, "PATH=/usr/local/bin:/usr/bin:/bin\nLANG=C.UTF-8\n");
  ::unsetenv("CHAPPE_SECRET");
  ::close(open);
  // Its session is its own; it can gain no privileges; signals are as they are for programs.
  EXPECT_EQ(done(sh("test $(cut -d' ' -f6 /proc/$$/stat) = $$ && echo own")).output, "own\n");
  EXPECT_THAT(done(sh("exec cat /proc/self/status")).output, HasSubstr("NoNewPrivs:\t1\n"));
  EXPECT_THAT(done(sh("exec cat /proc/self/status")).output, HasSubstr("SigBlk:\t0000000000000000\n"));
}

TEST(Child, IsEndedWhenNobodyWaits) {
  std::atomic<bool> stop = false;
  std::thread stops([&] {
    std::this_thread::sleep_for(milliseconds(100));
    stop = true;
  });
  const Steady began = system_clock().steady();
  const auto out = run_child(sh("sleep 1000"), {.time = seconds(1000)}, pieces_of(""), stop);
  stops.join();
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().code(), Errc::cancelled);
  EXPECT_LT(system_clock().steady() - began, kSoon);
  EXPECT_EQ(run_child(sh("echo"), {}, pieces_of(""), stop).error().code(), Errc::cancelled);
}

TEST(Child, ErrorsOfTheInputAreTheCallers) {
  const auto out = run(sh("cat"), {}, [](Bytes&) -> Result<bool> { return fail(Errc::corrupt, "a bad octet"); });
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().code(), Errc::corrupt);
}

}  // namespace
}  // namespace chappe::post::search
