#include "agents/door/sign_question.h"

#include <gtest/gtest.h>

namespace chappe::agents {
namespace {

TEST(SignQuestion, ComesOutAsItWentIn) {
  const SignQuestion q{.header = "From: Zoë <z@x>\r\nX:\r\n\t\0\xff long" + Bytes(3000, 'x') + "\r\n",
                       .body_hash = Bytes("\x00\xff\x10", 3)};
  const Bytes written = q.written();
  for (std::size_t at = 0; at < written.size();) {
    const std::size_t end = written.find("\r\n", at);
    ASSERT_NE(end, Bytes::npos);
    EXPECT_LE(end - at, 78U);
    at = end + 2;
  }
  const auto read = SignQuestion::read(written);
  ASSERT_TRUE(read.has_value()) << read.error().describe();
  EXPECT_EQ(read->header, q.header);
  EXPECT_EQ(read->body_hash, q.body_hash);
}

TEST(SignQuestion, WhatIsNoneIsRefused) {
  const auto code = [](const Bytes& letter) {
    const auto read = SignQuestion::read(letter);
    return read ? Errc::bug : read.error().code();
  };
  EXPECT_EQ(code(""), Errc::invalid);
  EXPECT_EQ(code("Body: AA==\r\n\r\n"), Errc::invalid);
  EXPECT_EQ(code("Header: AA==\r\nBody: AA==\r\n\r\n"), Errc::invalid);
  EXPECT_EQ(code("Body: AA==\r\nHeader: A!==\r\n\r\n"), Errc::invalid);
  EXPECT_EQ(code("Body: AA==\r\nHeader: AA==\r\nHeader: AA==\r\n\r\n"), Errc::invalid);
}

TEST(SignQuestion, AHeaderHasALimit) {
  SignQuestion q{.header = Bytes(SignQuestion::kMaxHeader, 'h'), .body_hash = "b"};
  EXPECT_TRUE(SignQuestion::read(q.written()).has_value());
  q.header += "h";
  EXPECT_EQ(SignQuestion::read(q.written()).error().code(), Errc::too_large);
  q.header = Bytes(2 * SignQuestion::kMaxHeader, 'h');
  EXPECT_EQ(SignQuestion::read(q.written()).error().code(), Errc::too_large);
}

TEST(SignQuestion, SignaturesGoInTheWordsOfAReply) {
  const Bytes fields = "DKIM-Signature: v=1;\r\n\tb=" + Bytes(800, 'A') + "\r\n";
  EXPECT_EQ(*read_signatures(written_signatures(fields)), fields);
  EXPECT_EQ(*read_signatures(written_signatures("")), "");
  EXPECT_FALSE(read_signatures("Taken as 01").has_value());
  EXPECT_FALSE(read_signatures("Signed\n!!").has_value());
}

}  // namespace
}  // namespace chappe::agents
