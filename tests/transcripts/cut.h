// For unit tests: a transcript says the same however the client's octets are cut. A test per file of a folder:
//
//   class Smtp : public testing::TestWithParam<Transcript> {};
//   TEST_P(Smtp, SaysTheSameHoweverItIsCut) { transcripts::expect_same_however_cut<World>(GetParam()); }
//   INSTANTIATE_TEST_SUITE_P(Files, Smtp, testing::ValuesIn(transcripts::read_folder(...)), transcripts::test_name);
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "base/text.h"
#include "transcript.h"

namespace chappe::transcripts {

// The two people of the world that README.md describes.
inline bool known(std::string_view user) {
  return iequals(user, "alice@example.test") || iequals(user, "bob@example.test");
}
constexpr std::string_view kPassword = "correct horse";

// Plays it as it is, octet by octet, and cut in two at each place, or at thousands of them. World is a Subject made of
// a Transcript.
template <class World>
void expect_same_however_cut(const Transcript& t) {
  ASSERT_EQ(t.error, "") << t.name;
  std::string whole;
  World world(t);
  ASSERT_EQ(play(t, world, {}, whole), "");
  if (t.has("whole")) return;
  const auto again = [&](const Cuts& cuts, const std::string& how) {
    std::string output;
    World w(t);
    ASSERT_EQ(play(t, w, cuts, output), "") << how;
    ASSERT_EQ(output, whole) << how;
    ASSERT_EQ(w.letters(), world.letters()) << how;
  };
  again({.single = true}, "octet by octet");
  const std::size_t n = t.client_octets(), stride = n / 3000 + 1;
  for (std::size_t at = 1; at < n && !testing::Test::HasFatalFailure(); at += stride)
    again({.at = at}, "cut at octet " + std::to_string(at));
}

inline std::string test_name(const testing::TestParamInfo<Transcript>& info) {
  std::string name = info.param.name.substr(0, info.param.name.rfind('.'));
  std::replace_if(name.begin(), name.end(), [](char c) { return !is_alnum(c); }, '_');
  return name;
}

}  // namespace chappe::transcripts
