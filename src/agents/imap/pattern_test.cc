#include "agents/imap/pattern.h"

#include <gtest/gtest.h>

#include <chrono>

namespace chappe::agents::imap {
namespace {

TEST(Pattern, MatchesAsTheRfcShows) {
  EXPECT_TRUE(matches("*", "a/b/c"));
  EXPECT_TRUE(matches("%", "INBOX"));
  EXPECT_FALSE(matches("%", "a/b"));
  EXPECT_TRUE(matches("%/%", "a/b"));
  EXPECT_FALSE(matches("%/%", "a/b/c"));
  EXPECT_TRUE(matches("a*c", "abc/xc"));
  EXPECT_FALSE(matches("a%c", "ab/c"));
  EXPECT_TRUE(matches("INBOX", "INBOX"));
  EXPECT_FALSE(matches("INBOX", "INBOX2"));
  EXPECT_FALSE(matches("", "x"));
  EXPECT_TRUE(matches("", ""));
  EXPECT_TRUE(matches("*%*%", ""));
  EXPECT_TRUE(matches("foo/*", "foo/"));
  EXPECT_FALSE(matches("foo/*", "foo"));
}

TEST(Pattern, IsNotFooledIntoBacktracking) {
  const auto start = std::chrono::steady_clock::now();
  Bytes pattern;
  for (int i = 0; i < 1000; ++i) pattern += "*a%";
  EXPECT_FALSE(matches(pattern + "b", Bytes(1000, 'a')));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2));
}

}  // namespace
}  // namespace chappe::agents::imap
