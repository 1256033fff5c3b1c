// The IMAP door from outside: clients over TLS, a post office in memory behind it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agents/imap/testing.h"

namespace chappe::agents::imap {
namespace {

using namespace std::string_view_literals;
using ::testing::AllOf;
using testing::Client;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using testing::World;

constexpr auto kLetter =
    "From: Bob <bob@example.test>\nTo: alice@example.test\nSubject: =?utf-8?q?Caf=C3=A9?= tomorrow\n"
    "Date: Wed, 17 Jul 1996 02:23:25 -0700\nMessage-ID: <1@example.test>\nMIME-Version: 1.0\n"
    "Content-Type: multipart/mixed; boundary=b\n\n"
    "--b\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n"
    "See you at the caf=C3=A9, six o'clock.\n"
    "--b\nContent-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n\nAAEC\n--b--\n";

class Imap : public ::testing::Test {
 protected:
  // One who has logged in.
  std::unique_ptr<Client> alice() {
    auto c = std::make_unique<Client>(world);
    c->log_in();
    return c;
  }
  // One who has selected INBOX with `n` letters.
  std::unique_ptr<Client> with_letters(int n) {
    auto c = alice();
    for (int i = 0; i < n; ++i) EXPECT_THAT(c->append("INBOX", kLetter), StartsWith("OK [APPENDUID"));
    EXPECT_THAT(c->command("SELECT INBOX"), HasSubstr("OK [READ-WRITE]"));
    return c;
  }
  World world;
};

TEST_F(Imap, GreetsAndTellsWhatItCan) {
  Client c(world);
  EXPECT_THAT(c.greeting, AllOf(StartsWith("* OK [CAPABILITY IMAP4rev1 IMAP4rev2 "), HasSubstr("AUTH=PLAIN"),
                                Not(HasSubstr("STARTTLS"))));
  EXPECT_THAT(c.command("CAPABILITY"),
              AllOf(StartsWith("* CAPABILITY IMAP4rev1"), EndsWith("OK CAPABILITY completed")));
  EXPECT_THAT(c.command("ID NIL"), HasSubstr("* ID (\"name\" \"Chappe\")"));
  EXPECT_THAT(c.command("LOGOUT"), AllOf(StartsWith("* BYE"), EndsWith("OK LOGOUT completed")));
  EXPECT_EQ(c.line(), "<end>");
}

TEST_F(Imap, PasswordsNeedTls) {
  Client c(world, false);
  EXPECT_THAT(c.greeting, AllOf(HasSubstr("STARTTLS"), HasSubstr("LOGINDISABLED"), Not(HasSubstr("AUTH=PLAIN"))));
  EXPECT_THAT(c.command("LOGIN alice@example.test \"correct horse\""), StartsWith("NO [PRIVACYREQUIRED]"));
  EXPECT_THAT(c.command("STARTTLS"), StartsWith("OK"));
  ASSERT_TRUE(c.start_tls());
  EXPECT_THAT(c.command("CAPABILITY"), HasSubstr("AUTH=PLAIN"));
  c.log_in();
  EXPECT_THAT(c.command("STARTTLS"), StartsWith("BAD"));
}

TEST_F(Imap, LoginsFail) {
  Client c(world);
  EXPECT_THAT(c.command("LOGIN alice@example.test wrong"), StartsWith("NO [AUTHENTICATIONFAILED]"));
  EXPECT_THAT(c.command("AUTHENTICATE PLAIN AGFsaWNlAHg="), StartsWith("NO [AUTHENTICATIONFAILED]"));
  EXPECT_THAT(c.command("AUTHENTICATE BOGUS"), StartsWith("NO [CANNOT]"));
  c.send("x AUTHENTICATE PLAIN\r\n");
  EXPECT_EQ(c.line(), "+ ");
  c.send("*\r\n");
  EXPECT_THAT(c.answer("x"), StartsWith("BAD"));
  // \0alice@example.test\0correct horse
  EXPECT_THAT(c.command("AUTHENTICATE PLAIN AGFsaWNlQGV4YW1wbGUudGVzdABjb3JyZWN0IGhvcnNl"),
              StartsWith("OK [CAPABILITY"));
}

TEST_F(Imap, ListsTheTree) {
  auto c = alice();
  const std::string all = c->command("LIST \"\" *");
  EXPECT_THAT(all, HasSubstr("* LIST (\\HasNoChildren) \"/\" INBOX\n"));
  EXPECT_THAT(all, HasSubstr("* LIST (\\HasNoChildren \\Sent) \"/\" Sent\n"));
  EXPECT_THAT(all, HasSubstr("* LIST (\\HasNoChildren \\Trash) \"/\" Trash\n"));
  EXPECT_EQ(c->command("LIST \"\" \"\""), "* LIST (\\Noselect) \"/\" \"\"\nOK LIST completed");
  EXPECT_THAT(c->command("CREATE Work/2026/Entw&APw-rfe"), StartsWith("OK [MAILBOXID (F"));
  EXPECT_EQ(c->command("LIST \"\" Work/%"), "* LIST (\\HasChildren) \"/\" Work/2026\nOK LIST completed");
  EXPECT_THAT(c->command("LIST Work/ *rfe"), HasSubstr("\"/\" Work/2026/Entw&APw-rfe\n"));
  EXPECT_THAT(c->command("SUBSCRIBE Work/2026/Entw&APw-rfe"), StartsWith("OK"));
  EXPECT_THAT(c->command("LSUB \"\" Work/%"), HasSubstr("* LSUB (\\Noselect) \"/\" Work/2026\n"));
  EXPECT_THAT(c->command("LIST (SUBSCRIBED RECURSIVEMATCH) \"\" Work"),
              HasSubstr("Work (\"CHILDINFO\" (\"SUBSCRIBED\"))"));
  EXPECT_THAT(
      c->command("LIST (SPECIAL-USE) \"\" * RETURN (STATUS (MESSAGES UNSEEN))"),
      AllOf(HasSubstr("\\Drafts) \"/\" Drafts\n* STATUS Drafts (MESSAGES 0 UNSEEN 0)"), Not(HasSubstr("INBOX"))));
  EXPECT_THAT(c->command("DELETE Work/2026"), StartsWith("OK"));
  EXPECT_THAT(c->command("LIST \"\" Work/2026"), HasSubstr("(\\Noselect \\HasChildren)"));
  EXPECT_THAT(c->command("RENAME Work Play"), StartsWith("OK"));
  EXPECT_THAT(c->command("LIST \"\" Play/*"), HasSubstr("Play/2026/Entw&APw-rfe"));
  EXPECT_THAT(c->command("ENABLE IMAP4rev2"), HasSubstr("* ENABLED IMAP4rev2"));
  EXPECT_THAT(c->command("LIST \"\" Play/2026/*"), HasSubstr("\"Play/2026/Entw\xc3\xbcrfe\""));
  EXPECT_THAT(c->command("CREATE INBOX"), StartsWith("NO [ALREADYEXISTS]"));
  EXPECT_THAT(c->command("DELETE INBOX"), StartsWith("NO"));
  EXPECT_THAT(c->command("DELETE Nowhere"), StartsWith("NO [NONEXISTENT]"));
  EXPECT_THAT(c->command("UNSUBSCRIBE Nowhere"), StartsWith("OK"));
  EXPECT_THAT(c->command("NAMESPACE"), StartsWith("* NAMESPACE ((\"\" \"/\")) NIL NIL"));
  EXPECT_EQ(c->command("GETQUOTAROOT inbox"), "* QUOTAROOT INBOX \"\"\n* QUOTA \"\" ()\nOK GETQUOTAROOT completed");
  EXPECT_THAT(c->command("GETQUOTAROOT nowhere"), StartsWith("NO [NONEXISTENT]"));
  EXPECT_THAT(c->command("GETQUOTA other"), StartsWith("NO [NONEXISTENT]"));
}

TEST_F(Imap, SelectsAndTellsTheState) {
  auto c = with_letters(2);
  const std::string got = c->command("EXAMINE INBOX");
  EXPECT_THAT(got, AllOf(HasSubstr("* OK [CLOSED]"), HasSubstr("* 2 EXISTS"), HasSubstr("[UNSEEN 1]"),
                         HasSubstr("[UIDNEXT 3]"), HasSubstr("[PERMANENTFLAGS ()]"), HasSubstr("OK [READ-ONLY]")));
  EXPECT_THAT(c->command("STORE 1 +FLAGS (\\Seen)"), StartsWith("NO"));
  EXPECT_THAT(c->command("SELECT Nowhere"), HasSubstr("NO [NONEXISTENT]"));
  EXPECT_THAT(c->command("FETCH 1 FLAGS"), StartsWith("BAD"));  // nothing is selected now
  EXPECT_THAT(c->command("STATUS INBOX (MESSAGES UIDNEXT UNSEEN SIZE)"),
              HasSubstr("* STATUS INBOX (MESSAGES 2 UIDNEXT 3 UNSEEN 2 SIZE "));
}

TEST_F(Imap, FetchesEverything) {
  auto c = with_letters(1);
  const std::string_view text = kLetter;
  const auto size = text.size() + static_cast<std::size_t>(std::ranges::count(text, '\n'));  // LF goes as CRLF
  const std::string meta = c->command(
      "FETCH 1 (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE MODSEQ EMAILID THREADID SAVEDATE)");
  EXPECT_THAT(
      meta,
      AllOf(StartsWith("* 1 FETCH (UID 1 FLAGS () INTERNALDATE \""), HasSubstr(fmt::format("RFC822.SIZE {} ", size)),
            HasSubstr("ENVELOPE (\"Wed, 17 Jul 1996 02:23:25 -0700\" \"=?utf-8?q?Caf=C3=A9?= tomorrow\""),
            HasSubstr("\"MIXED\" (\"BOUNDARY\" \"b\")"), HasSubstr("THREADID (T"), HasSubstr("EMAILID (M")));
  EXPECT_THAT(c->command("FETCH 1 BODY.PEEK[HEADER.FIELDS (subject x-none)]"),
              HasSubstr("BODY[HEADER.FIELDS (subject x-none)] {43}\nSubject: =?utf-8?q?Caf=C3=A9?= tomorrow\r\n\r\n)"));
  EXPECT_THAT(c->command("FETCH 1 BODY.PEEK[1]<4.5>"), HasSubstr("BODY[1]<4> {5}\nyou a)"));
  EXPECT_THAT(c->command("FETCH 1 BODY.PEEK[7]"), HasSubstr("BODY[7] NIL)"));
  EXPECT_THAT(c->command("FETCH 1 BINARY.PEEK[2]"), HasSubstr("BINARY[2] ~{3}\n\0\1\2)"sv));
  EXPECT_THAT(c->command("FETCH 1 BINARY.SIZE[1]"), HasSubstr("BINARY.SIZE[1] 34"));
  EXPECT_THAT(c->command("FETCH 1 PREVIEW"), HasSubstr("PREVIEW {"));
  EXPECT_THAT(c->command("FETCH 1 FLAGS"), HasSubstr("FLAGS ())"));
  // Reading without PEEK sets \Seen and says so.
  EXPECT_THAT(c->command("FETCH 1 BODY[TEXT]"), AllOf(HasSubstr("BODY[TEXT] {"), HasSubstr("FLAGS (\\Seen))")));
  EXPECT_THAT(c->command("UID FETCH 1 RFC822.HEADER"),
              AllOf(StartsWith("* 1 FETCH (UID 1 RFC822.HEADER {"), Not(HasSubstr("FLAGS"))));
  EXPECT_THAT(c->command("FETCH 2 FLAGS"), StartsWith("BAD"));
  EXPECT_EQ(c->command("UID FETCH 9 FLAGS"), "OK FETCH completed");
  EXPECT_THAT(c->command("UID FETCH 9:* UID"), StartsWith("* 1 FETCH (UID 1)"));  // RFC 9051 §9 seq-range
}

TEST_F(Imap, StreamsLargeLetters) {
  auto c = alice();
  std::string letter = "Subject: large\n\n";
  for (int i = 0; i < 40'000; ++i)
    letter += fmt::format("line {:05} of a letter that does not fit into one answer at all\n", i);
  EXPECT_THAT(c->append("INBOX", letter), StartsWith("OK"));
  c->command("SELECT INBOX");
  const std::string whole = c->command("FETCH 1 BODY[]");
  EXPECT_GT(whole.size(), letter.size());
  EXPECT_THAT(whole, HasSubstr("line 39999 of"));
  const std::string text = c->command("FETCH 1 BODY.PEEK[TEXT]");
  EXPECT_THAT(text, HasSubstr("}\nline 00000 of"));
  const std::string piece = c->command("FETCH 1 BODY.PEEK[1]<1000000.100000>");
  EXPECT_THAT(piece, HasSubstr("BODY[1]<1000000> {100000}\n"));
  EXPECT_EQ(c->command("FETCH 1 BODY.PEEK[1]<1000000.100000>"), piece);
  EXPECT_THAT(c->command("FETCH 1 BODY.PEEK[]<99999999.5>"), HasSubstr("BODY[]<99999999> {0}\n)"));
}

TEST_F(Imap, StoresFlags) {
  auto c = with_letters(3);
  EXPECT_THAT(
      c->command("STORE 1:2 +FLAGS (\\Flagged $Work)"),
      AllOf(HasSubstr("* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Work)"),
            HasSubstr("* 1 FETCH (FLAGS (\\Flagged $Work))"), HasSubstr("* 2 FETCH"), Not(HasSubstr("* 3 FETCH"))));
  EXPECT_EQ(c->command("STORE 1 +FLAGS.SILENT \\Seen"), "OK STORE completed");
  EXPECT_THAT(c->command("UID STORE 1 -FLAGS (\\Flagged)"), HasSubstr("* 1 FETCH (FLAGS (\\Seen $Work) UID 1)"));
  // Nothing changed: the flags are told nevertheless.
  EXPECT_THAT(c->command("STORE 3 -FLAGS (\\Flagged)"), HasSubstr("* 3 FETCH (FLAGS ())"));
  // Another session sees it, and is told of later changes at its next command.
  auto other = alice();
  EXPECT_THAT(other->command("SELECT INBOX"), HasSubstr("$Work"));
  c->command("STORE 3 FLAGS (\\Answered)");
  EXPECT_THAT(other->command("NOOP"), HasSubstr("* 3 FETCH (FLAGS (\\Answered))"));
  EXPECT_EQ(other->command("NOOP"), "OK NOOP completed");
}

TEST_F(Imap, ConditionalStore) {
  auto c = with_letters(2);
  EXPECT_THAT(c->command("STORE 1 (UNCHANGEDSINCE 1) +FLAGS (\\Seen)"), HasSubstr("OK [MODIFIED 1]"));
  EXPECT_THAT(c->command("STORE 1 (UNCHANGEDSINCE 1000000) +FLAGS.SILENT (\\Seen)"),
              HasSubstr("* 1 FETCH (UID 1 MODSEQ ("));
  EXPECT_THAT(c->command("FETCH 1:* FLAGS (CHANGEDSINCE 1)"),
              AllOf(HasSubstr("* 1 FETCH (FLAGS (\\Seen) MODSEQ ("), HasSubstr("* 2 FETCH")));
  EXPECT_EQ(c->command("FETCH 1:* FLAGS (CHANGEDSINCE 1000000)"), "OK FETCH completed");
  EXPECT_THAT(c->command("SEARCH MODSEQ 1"), HasSubstr("* SEARCH 1 2 (MODSEQ "));
}

TEST_F(Imap, Expunges) {
  auto c = with_letters(4);
  auto other = alice();
  other->command("SELECT INBOX");
  c->command("STORE 2,4 +FLAGS.SILENT (\\Deleted)");
  other->command("NOOP");
  EXPECT_EQ(c->command("UID EXPUNGE 4"), "* 4 EXPUNGE\nOK EXPUNGE completed");
  EXPECT_EQ(c->command("EXPUNGE"), "* 2 EXPUNGE\nOK EXPUNGE completed");
  // RFC 9051 §7.5.1: not while FETCH, STORE or SEARCH run; the numbers stay until then.
  EXPECT_THAT(other->command("FETCH 1:4 UID"), AllOf(Not(HasSubstr("EXPUNGE\n")), HasSubstr("* 3 FETCH (UID 3)"),
                                                     EndsWith("OK [EXPUNGEISSUED] FETCH completed")));
  EXPECT_EQ(other->command("SEARCH ALL"), "* SEARCH 1 3\nOK SEARCH completed");
  EXPECT_EQ(other->command("NOOP"), "* 4 EXPUNGE\n* 2 EXPUNGE\nOK NOOP completed");
  c->command("STORE 1 +FLAGS (\\Deleted)");
  EXPECT_EQ(c->command("CLOSE"), "OK CLOSE completed");
  EXPECT_THAT(c->command("SELECT INBOX"), HasSubstr("* 1 EXISTS"));
}

TEST_F(Imap, CopiesAndMoves) {
  auto c = with_letters(3);
  EXPECT_THAT(c->command("COPY 1:2 Archive"), AllOf(StartsWith("OK [COPYUID "), HasSubstr(" 1:2 1:2] ")));
  EXPECT_THAT(c->command("COPY 1 Nowhere"), StartsWith("NO [TRYCREATE]"));
  EXPECT_THAT(
      c->command("UID MOVE 2:3 Trash"),
      AllOf(StartsWith("* OK [COPYUID "), HasSubstr("* 3 EXPUNGE\n* 2 EXPUNGE\n"), EndsWith("OK MOVE completed")));
  EXPECT_THAT(c->command("STATUS Trash (MESSAGES)"), HasSubstr("(MESSAGES 2)"));
  EXPECT_EQ(c->command("UID COPY 77 Archive"), "OK COPY completed");
}

TEST_F(Imap, Appends) {
  auto c = alice();
  EXPECT_THAT(c->append("Nowhere", kLetter), StartsWith("NO [TRYCREATE]"));
  EXPECT_THAT(c->append("Sent", kLetter, "(\\Seen $Mine) \"17-Jul-1996 02:44:25 -0700\" "),
              StartsWith("OK [APPENDUID "));
  c->command("SELECT Sent");
  EXPECT_THAT(c->command("FETCH 1 (FLAGS INTERNALDATE)"),
              HasSubstr("FLAGS (\\Seen $Mine) INTERNALDATE \"17-Jul-1996 09:44:25 +0000\""));
  EXPECT_THAT(c->append("Sent", "Subject: second\n\nx\n"), StartsWith("* 2 EXISTS"));
  EXPECT_THAT(c->command("APPEND Sent {0}"), StartsWith("NO"));
  EXPECT_THAT(c->command("APPEND Sent {999999999}"), StartsWith("NO [TOOBIG]"));
}

TEST_F(Imap, Searches) {
  auto c = with_letters(1);
  c->append("INBOX", "From: eve@example.net\nSubject: nothing\nDate: Fri, 1 Jan 2021 00:00:00 +0000\n\nplain\n",
            "(\\Seen $Junk) ");
  c->command("NOOP");
  const auto found = [&](const std::string& keys) {
    const std::string got = c->command("SEARCH " + keys);
    EXPECT_THAT(got, EndsWith("OK SEARCH completed")) << keys;
    return got.substr(0, got.find('\n'));
  };
  EXPECT_EQ(found("ALL"), "* SEARCH 1 2");
  EXPECT_EQ(found("UNSEEN"), "* SEARCH 1");
  EXPECT_EQ(found("KEYWORD $junk"), "* SEARCH 2");
  EXPECT_EQ(found("FROM eve"), "* SEARCH 2");
  EXPECT_EQ(found("SUBJECT {5+}\r\nCAF\xc3\x89"), "* SEARCH 1");  // decoded, and caseless
  EXPECT_EQ(found("BODY {5+}\r\ncaf\xc3\xa9"), "* SEARCH 1");
  EXPECT_EQ(found("TEXT plain"), "* SEARCH 1 2");  // in the text of one, in the header of the other
  EXPECT_EQ(found("BODY plain"), "* SEARCH 2");
  EXPECT_EQ(found("HEADER message-id 1@example"), "* SEARCH 1");
  EXPECT_EQ(found("HEADER message-id \"\""), "* SEARCH 1");
  EXPECT_EQ(found("SENTON 17-Jul-1996"), "* SEARCH 1");
  EXPECT_EQ(found("SENTSINCE 1-Jan-2000"), "* SEARCH 2");
  EXPECT_EQ(found("SINCE 1-Jan-2020 LARGER 300"), "* SEARCH 1");
  EXPECT_EQ(found("NOT (FROM eve) UID 1:*"), "* SEARCH 1");
  EXPECT_EQ(found("OR FROM eve SUBJECT tomorrow"), "* SEARCH 1 2");
  EXPECT_EQ(found("YOUNGER 3600"), "* SEARCH 1 2");
  EXPECT_EQ(found("NEW"), "* SEARCH");
  EXPECT_EQ(found("CHARSET ISO-8859-1 BODY {4+}\r\ncaf\xe9"), "* SEARCH 1");
  EXPECT_THAT(c->command("SEARCH CHARSET X-NONE ALL"), StartsWith("NO [BADCHARSET"));
  EXPECT_THAT(c->command("UID SEARCH RETURN (MIN MAX COUNT ALL) ALL"),
              HasSubstr(") UID MIN 1 MAX 2 ALL 1:2 COUNT 2\n"));
  EXPECT_EQ(c->command("SEARCH RETURN (SAVE) FROM eve"), "OK SEARCH completed");
  EXPECT_THAT(c->command("FETCH $ UID"), StartsWith("* 2 FETCH (UID 2)"));
}

TEST_F(Imap, IdlesAndIsTold) {
  auto c = with_letters(1);
  auto other = alice();
  c->send("i IDLE\r\n");
  EXPECT_THAT(c->line(), StartsWith("+ "));
  other->append("INBOX", kLetter);
  EXPECT_EQ(c->line(), "* 2 EXISTS");
  other->command("SELECT INBOX");
  other->command("STORE 1 +FLAGS (\\Deleted)");
  EXPECT_EQ(c->line(), "* 1 FETCH (FLAGS (\\Deleted))");
  other->command("EXPUNGE");
  EXPECT_EQ(c->line(), "* 1 EXPUNGE");
  c->send("DONE\r\n");
  EXPECT_EQ(c->answer("i"), "OK IDLE completed");
  c->send("j IDLE\r\n");
  c->line();
  c->send("k NOOP\r\n");
  EXPECT_THAT(c->answer("j"), StartsWith("BAD"));
}

TEST_F(Imap, QuickResynchronization) {
  auto c = with_letters(3);
  const std::string state = c->command("STATUS INBOX (UIDVALIDITY HIGHESTMODSEQ)");
  unsigned validity = 0;
  unsigned long long modseq = 0;
  ASSERT_EQ(std::sscanf(state.c_str(), "* STATUS INBOX (UIDVALIDITY %u HIGHESTMODSEQ %llu)", &validity, &modseq), 2)
      << state;
  c->command("STORE 1 +FLAGS (\\Seen)");
  c->command("STORE 2 +FLAGS (\\Deleted)");
  c->command("EXPUNGE");
  auto other = alice();
  EXPECT_THAT(other->command("SELECT INBOX (QRESYNC (1 1))"), HasSubstr("BAD"));
  EXPECT_THAT(other->command("ENABLE QRESYNC"), HasSubstr("* ENABLED QRESYNC"));
  EXPECT_THAT(other->command(fmt::format("SELECT INBOX (QRESYNC ({} {} 1:10))", validity, modseq)),
              AllOf(HasSubstr("* VANISHED (EARLIER) 2\n"), HasSubstr("* 1 FETCH (FLAGS (\\Seen) UID 1 MODSEQ ("),
                    Not(HasSubstr("UID 3"))));
  EXPECT_THAT(other->command(fmt::format("UID FETCH 1:* FLAGS (CHANGEDSINCE {} VANISHED)", modseq)),
              StartsWith("* VANISHED (EARLIER) 2\n"));
  c->command("STORE 1 +FLAGS (\\Deleted)");
  c->command("EXPUNGE");
  EXPECT_THAT(other->command("NOOP"), HasSubstr("* VANISHED 1\n"));
}

TEST_F(Imap, DeletedMailboxes) {
  auto c = alice();
  c->command("CREATE x");
  c->command("SELECT x");
  auto other = alice();
  other->command("SELECT x");
  EXPECT_THAT(c->command("DELETE x"), AllOf(HasSubstr("* OK [CLOSED]"), EndsWith("OK DELETE completed")));
  EXPECT_THAT(other->command("NOOP"), StartsWith("* BYE"));
}

TEST_F(Imap, Pipelines) {
  auto c = with_letters(2);
  c->send("a FETCH 1 UID\r\nb FETCH 2 UID\r\nc SEARCH ALL\r\nd LOGOUT\r\n");
  EXPECT_THAT(c->answer("a"), StartsWith("* 1 FETCH (UID 1)"));
  EXPECT_THAT(c->answer("b"), StartsWith("* 2 FETCH (UID 2)"));
  EXPECT_EQ(c->answer("c"), "* SEARCH 1 2\nOK SEARCH completed");
  EXPECT_THAT(c->answer("d"), EndsWith("OK LOGOUT completed"));
}

}  // namespace
}  // namespace chappe::agents::imap
