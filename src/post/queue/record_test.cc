#include "post/queue/record.h"

#include <gtest/gtest.h>

namespace chappe::post::records {
namespace {

const QueueKey kKey{{}, 7};

// A row as version 1 wrote it, octet by octet (docs/formats/queue.md).
Bytes version_1(std::string_view orcpt) {
  Bytes row("\x01", 1);
  row +=
      "\x05"
      "a@b.c"
      "\x05"
      "d@e.f";
  row += Bytes(16, 'i') + Bytes("\x64\0\0", 3) + "\x14";  // body: id, size, codec, key; front size
  row += "\x0e\x06";                                      // needs 8BITMIME, RET=FULL, delay told; FAILURE and SUCCESS
  row += static_cast<char>(orcpt.size());
  row += orcpt;
  row +=
      "\x03"
      "env";
  row += Bytes("\0\xd0\x0f\xa0\x1f\xf0\x2e\x02", 8);  // waiting; arrived, next attempt, expires; attempts
  row +=
      "\x02"
      "no";
  return row;
}

TEST(QueueRecord, RowsOfVersion1AreRead) {
  const auto read = decode_queue(version_1("rfc822;d+x=y@e.f"), kKey);
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(read->key, kKey);
  EXPECT_EQ(read->sender, "a@b.c");
  EXPECT_EQ(read->recipient, "d@e.f");
  EXPECT_EQ(read->body.size, 100u);
  EXPECT_EQ(read->front_size, 20u);
  EXPECT_TRUE(read->eight_bit);
  EXPECT_FALSE(read->smtputf8);
  EXPECT_TRUE(read->delay_told);
  EXPECT_EQ(read->ret, Ret::full);
  EXPECT_EQ(read->notify, 6);
  EXPECT_EQ(read->orcpt, "rfc822;d+2Bx+3Dy@e.f") << "version 1 kept it decoded";
  EXPECT_EQ(read->envid, "env");
  EXPECT_EQ(read->state, QueueState::waiting);
  EXPECT_EQ(read->arrived.us, 1000);
  EXPECT_EQ(read->next_attempt.us, 2000);
  EXPECT_EQ(read->expires.us, 3000);
  EXPECT_EQ(read->attempts, 2u);
  EXPECT_EQ(read->last_error, "no");
  EXPECT_EQ(decode_queue(version_1(""), kKey)->orcpt, "");
}

TEST(QueueRecord, WhatIsWrittenIsReadAsItWas) {
  QueueEntry entry = *decode_queue(version_1(""), kKey);
  entry.orcpt = "rfc822;Bob+2BX@e.f";
  for (const Ret ret : {Ret::unsaid, Ret::full, Ret::headers}) {
    entry.ret = ret;
    const Bytes row = encode(entry);
    EXPECT_EQ(row[0], 3);
    const auto read = decode_queue(row, kKey);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->ret, ret);
    EXPECT_EQ(read->orcpt, "rfc822;Bob+2BX@e.f");
  }
}

TEST(QueueRecord, TheFolderIsKeptAndOlderRowsHaveNone) {
  QueueEntry entry;
  entry.folder = "Junk";
  entry.body.size = 10;
  Bytes row = encode(entry);
  EXPECT_EQ(decode_queue(row, kKey)->folder, "Junk");
  entry.folder.clear();
  row = encode(entry);
  row.pop_back();  // version 2 ended before it
  row[0] = 2;
  const auto read = decode_queue(row, kKey);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->folder, "");
}

TEST(QueueRecord, WhatComesAfterUsIsRefused) {
  Bytes row = version_1("");
  row[0] = 4;
  EXPECT_EQ(decode_queue(row, kKey).error().code(), Errc::unsupported);
}

TEST(QueueRecord, WhatNotifySays) {  // RFC 3461 §4.1
  EXPECT_TRUE(wants(0, Notify::failure));
  EXPECT_TRUE(wants(0, Notify::delay));
  EXPECT_FALSE(wants(0, Notify::success));
  EXPECT_FALSE(wants(1, Notify::failure));
  EXPECT_TRUE(wants(2 | 8, Notify::delay));
  EXPECT_FALSE(wants(2 | 8, Notify::failure));
}

}  // namespace
}  // namespace chappe::post::records
