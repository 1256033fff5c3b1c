#include "post/policy/rewrite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "trust/authres/results.h"

namespace chappe::post {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Kind = HeaderChange::Kind;

constexpr ByteView kHeader = "A: 1\r\nB: 2\r\n\tfolded\r\nA: 3\r\n\r\n";

Heard heard(const std::string& judge, std::initializer_list<HeaderChange> changes) {
  Heard out{.judge = judge, .opinion = {}, .failure = {}};
  for (const HeaderChange& change : changes) out.opinion.change(change);
  return out;
}

Rewritten done(ByteView header, std::initializer_list<HeaderChange> changes, Rewriting how = {}) {
  if (how.authserv_id.empty()) how.authserv_id = "mx.example.org";
  const Heard one[] = {heard("one", changes)};
  return rewrite(header, one, how);
}

Bytes now(std::initializer_list<HeaderChange> changes) { return done(kHeader, changes).header; }

std::vector<std::string> undone(const Rewritten& rewritten) {
  std::vector<std::string> out;
  for (const auto& [judge, wish] : rewritten.unheeded)
    out.push_back(judge + " " + std::string(unheeded_row(wish.why).id) + " " + wish.what);
  return out;
}

TEST(Rewrite, NothingChangesNothing) {
  const Rewritten out = done(kHeader, {});
  EXPECT_EQ(out.header, kHeader);
  EXPECT_FALSE(out.changed);
}

TEST(Rewrite, PlacesCountTheFieldsAsTheyCame) {
  EXPECT_EQ(now({{Kind::add, "X", " y"}}), "A: 1\r\nB: 2\r\n\tfolded\r\nA: 3\r\nX: y\r\n\r\n");
  EXPECT_EQ(now({{Kind::insert, "X", " y", 0}}), "X: y\r\nA: 1\r\nB: 2\r\n\tfolded\r\nA: 3\r\n\r\n");
  EXPECT_EQ(now({{Kind::insert, "X", " y", 2}}), "A: 1\r\nB: 2\r\n\tfolded\r\nX: y\r\nA: 3\r\n\r\n");
  EXPECT_EQ(now({{Kind::insert, "X", " y", 99}}), "A: 1\r\nB: 2\r\n\tfolded\r\nA: 3\r\nX: y\r\n\r\n");
  EXPECT_EQ(now({{Kind::change, "a", " y", 2}}), "A: 1\r\nB: 2\r\n\tfolded\r\na: y\r\n\r\n");
  EXPECT_EQ(now({{Kind::change, "A", " y", 3}}), "A: 1\r\nB: 2\r\n\tfolded\r\nA: 3\r\nA: y\r\n\r\n") << "there is none";
  EXPECT_EQ(now({{Kind::remove, "A", "", 1}, {Kind::remove, "A", "", 2}}), "B: 2\r\n\tfolded\r\n\r\n");
  EXPECT_EQ(now({{Kind::remove, "A", "", 3}, {Kind::remove, "C", "", 1}}), kHeader);
}

TEST(Rewrite, SeveralJudgesInTheirOrder) {
  const Heard two[] = {heard("one", {{Kind::insert, "X", " 1", 0}, {Kind::change, "A", " x", 1}}),
                       heard("two", {{Kind::insert, "Y", " 2", 0}, {Kind::change, "A", " y", 1}})};
  EXPECT_EQ(rewrite("A: 1\r\n\r\n", two, {.authserv_id = "x"}).header, "Y: 2\r\nX: 1\r\nA: y\r\n\r\n");
}

TEST(Rewrite, NobodyWritesOurResults) {
  for (const char* value :
       {" mx.example.org; spf=pass", " (x) MX.example.org ;dkim=pass", " spf=pass", "\r\n mx.example.org"})
    for (const Kind kind : {Kind::add, Kind::insert, Kind::change}) {
      const Rewritten out = done("authentication-results: b\r\n\r\n", {{kind, "authentication-RESULTS", value, 1}});
      EXPECT_THAT(undone(out), ElementsAre("one forged authentication-RESULTS")) << value;
      EXPECT_EQ(out.header, "authentication-results: b\r\n\r\n");
    }
  EXPECT_THAT(undone(done(kHeader, {{Kind::add, "Authentication-Results", " other.example; spf=pass"}})), IsEmpty());
}

TEST(Rewrite, WhatTheBodyRestsOnStays) {
  constexpr ByteView header = "Content-Type: text/plain\r\nMIME-Version: 1.0\r\nReturn-Path: <>\r\n\r\n";
  const Rewritten out = done(header, {{Kind::change, "content-type", " text/html", 1},
                                      {Kind::remove, "MIME-Version", "", 1},
                                      {Kind::insert, "Content-Transfer-Encoding", " base64", 0},
                                      {Kind::add, "Return-Path", " <a@b>"}});
  EXPECT_EQ(out.header, header);
  EXPECT_EQ(out.unheeded.size(), 4u);
  for (const auto& [judge, wish] : out.unheeded) EXPECT_EQ(wish.why, Unheeded::reserved) << wish.what;
}

TEST(Rewrite, ForgedFieldsOfOthersAreLeftOut) {
  const auto drop = [](const message::Field& f) { return trust::authres::claims(f, "mx.example.org"); };
  const Rewritten out = done("Authentication-Results: mx.example.org; spf=pass\r\nA: 1\r\n\r\n",
                             {{Kind::insert, "X", " y", 1}}, {.authserv_id = "mx.example.org", .drop = drop});
  EXPECT_EQ(out.header, "X: y\r\nA: 1\r\n\r\n");
}

TEST(Rewrite, OddHeaders) {
  EXPECT_EQ(done("", {{Kind::add, "X", " y"}}).header, "X: y\r\n");
  EXPECT_EQ(done("\r\n", {{Kind::add, "X", " y"}, {Kind::insert, "Y", " z", 0}}).header, "X: y\r\nY: z\r\n\r\n");
  // The header ends before a line that is no field (message/letter.h), or within one.
  EXPECT_EQ(done("A: 1\r\nno field\r\n\r\n", {{Kind::add, "X", " y"}}).header, "A: 1\r\nX: y\r\nno field\r\n\r\n");
  EXPECT_EQ(done("A: 1\r\nB: 2", {{Kind::add, "X", " y"}}).header, "A: 1\r\nX: y\r\nB: 2");
}

TEST(Rewrite, AMailboxFilesLineStaysOnTop) {
  EXPECT_EQ(done("From a@b Thu Nov 26\r\nA: 1\r\n\r\n", {{Kind::insert, "X", " y", 0}}).header,
            "From a@b Thu Nov 26\r\nX: y\r\nA: 1\r\n\r\n");
}

TEST(Rewrite, OnlySoLarge) {
  const Rewriting how{.authserv_id = "x", .most = kHeader.size() + 10};
  EXPECT_THAT(undone(done(kHeader, {{Kind::add, "X", " 12345"}}, how)), IsEmpty());
  EXPECT_THAT(undone(done(kHeader, {{Kind::add, "X", " 123456"}}, how)), ElementsAre("one too-large X"));
  EXPECT_THAT(undone(done(kHeader, {{Kind::remove, "A", "", 1}, {Kind::add, "X", " 123456"}}, how)), IsEmpty());
}

TEST(Rewrite, AboveAHeaderThatIsWritten) {
  const Heard one[] = {heard("one", {{Kind::add, "X", " 1"},
                                     {Kind::insert, "Y", " 2", 7},
                                     {Kind::change, "A", " 3", 1},
                                     {Kind::remove, "A", "", 1},
                                     {Kind::add, "Authentication-Results", " x; spf=pass"}})};
  const Rewritten out = fields_above(one, {.authserv_id = "x", .most = 100});
  EXPECT_EQ(out.header, "Y: 2\r\nX: 1\r\n");
  EXPECT_THAT(undone(out), ElementsAre("one too-large A", "one too-large A", "one forged Authentication-Results"));
}

}  // namespace
}  // namespace chappe::post
