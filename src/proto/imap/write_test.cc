#include "proto/imap/write.h"

#include <gtest/gtest.h>

#include "proto/imap/responses.h"

namespace chappe::proto::imap {
namespace {

Bytes string(ByteView text, bool utf8 = false) {
  Bytes out;
  write_string(out, text, utf8);
  return out;
}
Bytes astring(ByteView text) {
  Bytes out;
  write_astring(out, text, false);
  return out;
}
Bytes mailbox(ByteView name, bool utf8) {
  Bytes out;
  write_mailbox(out, name, utf8);
  return out;
}

TEST(Write, StringsChooseTheirForm) {
  EXPECT_EQ(string(""), "\"\"");
  EXPECT_EQ(string("a \"b\" \\c"), R"("a \"b\" \\c")");
  EXPECT_EQ(string("two\r\nlines"), "{10}\r\ntwo\r\nlines");
  EXPECT_EQ(string("\xc3\xa9"), "{2}\r\n\xc3\xa9");  // RFC 3501 §9: quoted strings are 7-bit
  EXPECT_EQ(string("\xc3\xa9", true), "\"\xc3\xa9\"");
  EXPECT_EQ(string("\xc3", true), "{1}\r\n\xc3");
  EXPECT_EQ(string(Bytes("a\0b", 3)), "\"ab\"");
  EXPECT_EQ(string(Bytes("\0\n\0", 3)), "{1}\r\n\n");
  EXPECT_EQ(string(Bytes(kMaxQuoted + 1, 'x')).substr(0, 8), "{1001}\r\n");
}

TEST(Write, AstringsAreAtomsWhenTheyCan) {
  EXPECT_EQ(astring("INBOX"), "INBOX");
  EXPECT_EQ(astring("a]b"), "a]b");
  EXPECT_EQ(astring("nil"), "\"nil\"");
  EXPECT_EQ(astring("a b"), "\"a b\"");
  EXPECT_EQ(astring(""), "\"\"");
  EXPECT_EQ(astring("100%"), "\"100%\"");
}

TEST(Write, MailboxNamesFollowTheClient) {
  EXPECT_EQ(mailbox("Entw\xc3\xbcrfe", false), "Entw&APw-rfe");
  EXPECT_EQ(mailbox("Entw\xc3\xbcrfe", true), "\"Entw\xc3\xbcrfe\"");
  EXPECT_EQ(mailbox("A&B", false), "A&-B");
  EXPECT_EQ(mailbox("A&B", true), "A&B");
}

TEST(Write, Dates) {
  Bytes out;
  write_date_time(out, Time{837596665'000'000});
  EXPECT_EQ(out, "\"17-Jul-1996 09:44:25 +0000\"");
  out.clear();
  write_date_time(out, Time{-1});
  EXPECT_EQ(out, "\"31-Dec-1969 23:59:59 +0000\"");
}

TEST(Write, StatusTextHasNoLineEnds) {
  Bytes out;
  write_status(out, "A1", "NO", "OVERQUOTA", "too\r\n* BYE much");
  EXPECT_EQ(out, "A1 NO [OVERQUOTA] too  * BYE much\r\n");
  out.clear();
  write_untagged(out, "OK", "", "hello");
  EXPECT_EQ(out, "* OK hello\r\n");
}

TEST(Responses, List) {
  Bytes out;
  write_list(out, "LIST", {.attributes = {"\\HasChildren", "\\Sent"}, .separator = '/', .mailbox = "a b"}, false);
  write_list(out, "LSUB", {.attributes = {}, .separator = 0, .mailbox = "INBOX"}, false);
  write_list(out, "LIST", {.attributes = {}, .separator = '/', .mailbox = "x", .childinfo_subscribed = true}, false);
  EXPECT_EQ(out,
            "* LIST (\\HasChildren \\Sent) \"/\" \"a b\"\r\n* LSUB () NIL INBOX\r\n"
            "* LIST () \"/\" x (\"CHILDINFO\" (\"SUBSCRIBED\"))\r\n");
}

TEST(Responses, Status) {
  Bytes out;
  const std::pair<StatusItem, std::uint64_t> values[] = {
      {StatusItem::messages, 231}, {StatusItem::mailboxid, 0}, {StatusItem::size, 1ull << 40}};
  write_status_row(out, {.mailbox = "x", .values = values, .mailboxid = "F12"}, false);
  EXPECT_EQ(out, "* STATUS x (MESSAGES 231 MAILBOXID (F12) SIZE 1099511627776)\r\n");
}

TEST(Responses, SearchForms) {
  const std::vector<std::uint32_t> found = {2, 3, 4, 84};
  Bytes out;
  write_search(out, found, {});
  write_search(out, found, 917162500);
  write_search(out, {}, 5);
  EXPECT_EQ(out, "* SEARCH 2 3 4 84\r\n* SEARCH 2 3 4 84 (MODSEQ 917162500)\r\n* SEARCH\r\n");
  out.clear();
  write_esearch(out, "A\"1", true, {.min = true, .max = true, .all = true, .count = true}, found, {});
  EXPECT_EQ(out, "* ESEARCH (TAG \"A\\\"1\") UID MIN 2 MAX 84 ALL 2:4,84 COUNT 4\r\n");
  out.clear();
  // RFC 4731 §3.1: nothing found is said by leaving MIN, MAX and ALL out.
  write_esearch(out, "A2", false, {.min = true, .max = true, .all = true, .count = true}, {}, 7);
  EXPECT_EQ(out, "* ESEARCH (TAG \"A2\") COUNT 0\r\n");
}

TEST(Responses, CopyUidKeepsThePairs) {
  const std::pair<std::uint32_t, std::uint32_t> straight[] = {{304, 3956}, {319, 3957}, {320, 3958}};
  // RFC 4315 §4: sets of the same number of UIDs, in the same order; "304,319:320 3956:3958" expands to the same pairs.
  EXPECT_EQ(copy_uid_code(38505, straight), "COPYUID 38505 304,319:320 3956,3957:3958");
  const std::pair<std::uint32_t, std::uint32_t> one[] = {{5, 9}};
  EXPECT_EQ(copy_uid_code(1, one), "COPYUID 1 5 9");
  EXPECT_EQ(append_uid_code(38505, 3955), "APPENDUID 38505 3955");
}

TEST(Responses, Others) {
  Bytes out;
  const NamespaceRow personal[] = {{"", '/'}};
  const NamespaceRow shared[] = {{"Shared/", '/'}};
  write_namespace(out, personal, {}, shared, false);
  EXPECT_EQ(out, "* NAMESPACE ((\"\" \"/\")) NIL ((\"Shared/\" \"/\"))\r\n");
  out.clear();
  write_id(out, {});
  const std::pair<Bytes, Bytes> id[] = {{"name", "Chappe"}, {"vendor", "x"}};
  write_id(out, id);
  EXPECT_EQ(out, "* ID NIL\r\n* ID (\"name\" \"Chappe\" \"vendor\" \"x\")\r\n");
  out.clear();
  write_numbered(out, 23, "EXISTS");
  const Range gone[] = {{41, 41}, {43, 116}};
  write_vanished(out, true, gone);
  write_vanished(out, false, {});
  EXPECT_EQ(out, "* 23 EXISTS\r\n* VANISHED (EARLIER) 41,43:116\r\n");
}

}  // namespace
}  // namespace chappe::proto::imap
