// Every command's grammar, each by what it accepts, what it makes of it, and what it refuses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "proto/imap/command_table.h"

namespace chappe::proto::imap {
namespace {

using namespace std::string_view_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

class Commands : public testing::Test {
 protected:
  Result<Command> parse(ByteView line) {
    Cursor cursor(line, limits, facts.utf8);
    CommandHead head;
    return parse_command(cursor, facts, head);
  }
  template <class T>
  T good(ByteView line) {
    auto command = parse(line);
    EXPECT_TRUE(command) << line << ": " << (command ? "" : command.error().text());
    if (!command || !std::holds_alternative<T>(command->args)) {
      ADD_FAILURE() << line;
      return T{};
    }
    uid = command->uid;
    return std::get<T>(command->args);
  }
  void bad(ByteView line, Errc code = Errc::invalid) {
    const auto command = parse(line);
    ASSERT_FALSE(command) << line;
    EXPECT_EQ(command.error().code(), code) << line << ": " << command.error().text();
  }

  Limits limits;
  Facts facts{.state = State::selected};
  bool uid = false;
};

TEST_F(Commands, Quota) {  // RFC 9208 §4.1
  EXPECT_EQ(good<GetQuota>("a GETQUOTA \"\"").root, "");
  EXPECT_EQ(good<GetQuota>("a GETQUOTA root").root, "root");
  EXPECT_EQ(good<GetQuotaRoot>("a GETQUOTAROOT INBOX").mailbox, "INBOX");
  bad("a GETQUOTA");
  bad("a GETQUOTA x y");
  bad("a GETQUOTAROOT");
  bad("a SETQUOTA \"\" (STORAGE 5)");
}

TEST_F(Commands, Heads) {
  good<Noop>("a1 NOOP");
  good<Noop>("A.b-c]_1 noop");  // RFC 9051 §9 tag: "]" is a tag's character, "+" is none
  bad("a+1 NOOP");
  bad("NOOP");
  bad(" NOOP");
  bad("");
  bad("a  NOOP");
  bad("a NOOP ");
  bad("a NOOP x");
  bad("a BOGUS");
  bad("\"a\" NOOP");
  bad("a UID NOOP");
  bad("a UID");
  bad("a\0 NOOP"sv);
  bad(std::string(limits.tag + 1, 'a') + " NOOP", Errc::too_large);
}

TEST_F(Commands, StatesAreKept) {
  const auto allowed = [&](ByteView line, std::initializer_list<State> states) {
    for (const State state : {State::not_authenticated, State::authenticated, State::selected, State::logout}) {
      facts = {.state = state, .can_starttls = true, .plain_login = true};
      const bool want = std::ranges::find(states, state) != states.end();
      EXPECT_EQ(parse(line).has_value(), want) << line << " in state " << static_cast<int>(state);
    }
  };
  using enum State;
  allowed("a CAPABILITY", {not_authenticated, authenticated, selected});
  allowed("a LOGOUT", {not_authenticated, authenticated, selected});
  allowed("a ID NIL", {not_authenticated, authenticated, selected});
  allowed("a LOGIN u p", {not_authenticated});
  allowed("a AUTHENTICATE PLAIN", {not_authenticated});
  allowed("a STARTTLS", {not_authenticated});
  allowed("a SELECT INBOX", {authenticated, selected});
  allowed("a IDLE", {authenticated, selected});
  allowed("a NAMESPACE", {authenticated, selected});
  allowed("a FETCH 1 FLAGS", {selected});
  allowed("a UID EXPUNGE 1", {selected});
  allowed("a CLOSE", {selected});
}

TEST_F(Commands, EveryNameIsFoundInAnyCase) {
  for (const CommandRow& row : command_table()) EXPECT_EQ(find_command(to_lower(row.name)), &row);
  EXPECT_EQ(find_command("XYZZY"), nullptr);
}

TEST_F(Commands, LoginAndStarttlsLookAtTls) {
  facts = {.state = State::not_authenticated, .tls = false, .can_starttls = true, .plain_login = false};
  bad("a LOGIN u p", Errc::denied);
  bad("a AUTHENTICATE PLAIN", Errc::denied);
  good<Authenticate>("a AUTHENTICATE SCRAM-SHA-256");
  good<Starttls>("a STARTTLS");
  facts.tls = true;
  bad("a STARTTLS");
  facts = {.state = State::not_authenticated};
  bad("a STARTTLS");
}

TEST_F(Commands, Login) {
  facts = {.state = State::not_authenticated, .plain_login = true};
  const auto atoms = good<Login>("a LOGIN bob@example.org se]cret");
  EXPECT_EQ(atoms.user, "bob@example.org");
  EXPECT_EQ(atoms.password, "se]cret");
  const auto quoted = good<Login>(R"(a LOGIN "bob" "a \"b\\ c")");
  EXPECT_EQ(quoted.password, R"(a "b\ c)");
  const auto literals = good<Login>("a LOGIN {3}\r\nbob {5+}\r\na{1}\n");
  EXPECT_EQ(literals.user, "bob");
  EXPECT_EQ(literals.password, "a{1}\n");
  EXPECT_EQ(good<Login>("a LOGIN bob \"\"").password, "");
  bad("a LOGIN bob");
  bad("a LOGIN bob pass word");
  bad("a LOGIN bob \"unclosed");
  bad("a LOGIN bob \"a\\b\"");
  bad("a LOGIN bob \"a\rb\"");
  bad("a LOGIN bob (");
  bad("a LOGIN bob {9}\r\nshort");
  bad("a LOGIN bob {3}\r\na\0b"sv);
}

TEST_F(Commands, Authenticate) {
  facts = {.state = State::not_authenticated, .plain_login = true};
  EXPECT_EQ(good<Authenticate>("a AUTHENTICATE plain").mechanism, "PLAIN");
  EXPECT_FALSE(good<Authenticate>("a AUTHENTICATE PLAIN").initial);
  EXPECT_EQ(good<Authenticate>("a AUTHENTICATE PLAIN AGJvYgBwdw==").initial, Bytes("\0bob\0pw", 7));
  EXPECT_EQ(good<Authenticate>("a AUTHENTICATE EXTERNAL =").initial, "");  // RFC 4959 §3
  bad("a AUTHENTICATE");
  bad("a AUTHENTICATE PLAIN AGJ");
  bad("a AUTHENTICATE PLAIN AGJvYg== x");
}

TEST_F(Commands, MailboxNames) {
  EXPECT_EQ(good<Select>("a SELECT inBox").mailbox, "INBOX");
  EXPECT_EQ(good<Select>("a SELECT \"a b\"").mailbox, "a b");
  EXPECT_EQ(good<Select>("a SELECT Entw&APw-rfe").mailbox, "Entw\xc3\xbcrfe");
  EXPECT_EQ(good<Select>("a SELECT A&-B").mailbox, "A&B");
  EXPECT_EQ(good<Select>("a SELECT \"Entw\xc3\xbcrfe\"").mailbox, "Entw\xc3\xbcrfe");
  bad("a SELECT A&B");
  bad("a SELECT \"\xc3\"");
  facts.utf8 = true;
  EXPECT_EQ(good<Select>("a SELECT A&B").mailbox, "A&B");
  EXPECT_EQ(good<Select>("a SELECT Entw&APw-rfe").mailbox, "Entw&APw-rfe");
  bad("a SELECT \"a\x01\"");
}

TEST_F(Commands, SelectAndExamine) {
  EXPECT_FALSE(good<Select>("a SELECT x").examine);
  EXPECT_TRUE(good<Select>("a EXAMINE x").examine);
  EXPECT_TRUE(good<Select>("a SELECT x (CONDSTORE)").condstore);
  const auto select = good<Select>("a SELECT x (QRESYNC (67890007 90060115194045000 41,43:211,214:541))");
  ASSERT_TRUE(select.qresync);
  EXPECT_EQ(select.qresync->uidvalidity, 67890007u);
  EXPECT_EQ(select.qresync->modseq, 90060115194045000u);
  EXPECT_EQ(select.qresync->known_uids->written().size(), 3u);
  EXPECT_FALSE(select.qresync->match_uids);
  EXPECT_TRUE(good<Select>("a SELECT x (QRESYNC (1 20 1:5 (1,2 3,4)) CONDSTORE)").qresync->match_uids);
  EXPECT_TRUE(good<Select>("a SELECT x (QRESYNC (1 20 (1,2 3,4)))").qresync->match_uids);
  bad("a SELECT x (QRESYNC (1 20 1:*))");
  bad("a SELECT x (QRESYNC (0 20))");
  bad("a SELECT x (QRESYNC (1 0))");
  bad("a SELECT x ()");
  bad("a SELECT x (NEWS)");
  bad("a SELECT");
}

TEST_F(Commands, CreateDeleteRenameSubscribe) {
  EXPECT_THAT(good<Create>("a CREATE x/").special_use, IsEmpty());
  EXPECT_EQ(good<Create>("a CREATE x/").mailbox, "x/");
  EXPECT_THAT(good<Create>("a CREATE x (USE (\\Drafts \\Sent))").special_use, ElementsAre("\\Drafts", "\\Sent"));
  EXPECT_THAT(good<Create>("a CREATE x (USE ())").special_use, IsEmpty());
  bad("a CREATE x (USE)");
  bad("a CREATE x USE");
  bad("a CREATE x (USE (Drafts))");
  EXPECT_EQ(good<Delete>("a DELETE x").mailbox, "x");
  EXPECT_EQ(good<Rename>("a RENAME {1}\r\nx \"y z\"").to, "y z");
  bad("a RENAME x");
  EXPECT_EQ(good<Subscribe>("a SUBSCRIBE x").mailbox, "x");
  EXPECT_EQ(good<Unsubscribe>("a UNSUBSCRIBE x").mailbox, "x");
}

TEST_F(Commands, EnableAndId) {
  EXPECT_THAT(good<Enable>("a ENABLE imap4rev2 CONDSTORE").capabilities, ElementsAre("IMAP4REV2", "CONDSTORE"));
  bad("a ENABLE");
  bad("a ENABLE ");
  EXPECT_THAT(good<Id>("a ID NIL").fields, IsEmpty());
  EXPECT_THAT(good<Id>("a ID ()").fields, IsEmpty());
  EXPECT_THAT(good<Id>(R"(a ID ("name" "x" "os" NIL))").fields,
              ElementsAre(Pair("name", std::optional<Bytes>("x")), Pair("os", std::nullopt)));
  bad(R"(a ID ("name"))");
  bad("a ID");
  Bytes many = "a ID (\"a\" \"b\"";
  for (int i = 0; i < 30; ++i) many += " \"a\" \"b\"";
  bad(many + ")", Errc::too_large);  // RFC 2971 §3.3: at most 30
}

TEST_F(Commands, Status) {
  EXPECT_THAT(good<Status>("a STATUS x (UIDNEXT messages HIGHESTMODSEQ uidnext)").items,
              ElementsAre(StatusItem::uidnext, StatusItem::messages, StatusItem::highestmodseq));
  bad("a STATUS x ()");
  bad("a STATUS x MESSAGES");
  bad("a STATUS x (MESSAGESX)");
  bad("a STATUS x (MESSAGES");
}

TEST_F(Commands, List) {
  const auto plain = good<List>("a LIST \"\" *");
  EXPECT_EQ(plain.reference, "");
  EXPECT_THAT(plain.patterns, ElementsAre("*"));
  EXPECT_FALSE(plain.extended);
  EXPECT_THAT(good<List>("a LIST \"\" \"\"").patterns, ElementsAre(""));
  EXPECT_THAT(good<List>("a LIST ref/ %/x*").patterns, ElementsAre("%/x*"));
  const auto select = good<List>(
      "a LIST (SUBSCRIBED RECURSIVEMATCH) \"\" (INBOX \"b *\") RETURN (CHILDREN STATUS (MESSAGES "
      "UNSEEN) SPECIAL-USE)");
  EXPECT_TRUE(select.extended && select.select_subscribed && select.select_recursivematch);
  EXPECT_TRUE(select.return_children && select.return_special_use && !select.return_subscribed);
  EXPECT_THAT(select.patterns, ElementsAre("INBOX", "b *"));
  EXPECT_THAT(select.return_status, ElementsAre(StatusItem::messages, StatusItem::unseen));
  EXPECT_TRUE(good<List>("a LIST () \"\" % RETURN ()").extended);
  EXPECT_TRUE(good<List>("a LIST (REMOTE SPECIAL-USE) \"\" %").select_special_use);
  // RFC 5258 §6: these it does not allow.
  bad("a LIST (RECURSIVEMATCH) \"\" %");
  bad("a LIST (REMOTE RECURSIVEMATCH) \"\" %");
  bad("a LIST (BOGUS) \"\" %");
  bad("a LIST \"\" ()");
  bad("a LIST \"\" % RETURN (STATUS)");
  bad("a LIST \"\" % (CHILDREN)");
  bad("a LIST \"\"");
  EXPECT_EQ(good<Lsub>("a LSUB \"\" INBOX.%").pattern, "INBOX.%");
}

TEST_F(Commands, Store) {
  const auto set = good<Store>("a STORE 1:3 FLAGS (\\seen $Junk)");
  EXPECT_EQ(set.how, Store::How::set);
  EXPECT_THAT(set.flags, ElementsAre("\\Seen", "$Junk"));
  const auto add = good<Store>("a UID STORE 1:* +flags.silent \\Deleted \\FLAGGED");
  EXPECT_TRUE(uid);
  EXPECT_EQ(add.how, Store::How::add);
  EXPECT_TRUE(add.silent);
  EXPECT_THAT(add.flags, ElementsAre("\\Deleted", "\\Flagged"));
  EXPECT_EQ(good<Store>("a STORE $ (UNCHANGEDSINCE 12121230045) -FLAGS ()").unchanged_since, 12121230045u);
  EXPECT_THAT(good<Store>("a STORE 1 FLAGS ()").flags, IsEmpty());
  bad("a STORE 1 FLAGS \\Recent");
  bad("a STORE 1 FLAGS \\Bogus");
  bad("a STORE 1 FLAGS");
  bad("a STORE 1 FLAGS (\\Seen");
  bad("a STORE 1 FLAG (\\Seen)");
  bad("a STORE 1 (CHANGEDSINCE 3) FLAGS ()");
  bad("a STORE 0 FLAGS ()");
  bad("a STORE 1 FLAGS " + std::string(limits.flag + 1, 'k'), Errc::too_large);
}

TEST_F(Commands, CopyMoveExpunge) {
  EXPECT_EQ(good<Copy>("a COPY 1,2 Trash").mailbox, "Trash");
  EXPECT_EQ(good<Move>("a UID MOVE 7:* Trash").set.written().front().first, 7u);
  EXPECT_FALSE(good<Expunge>("a EXPUNGE").uids);
  EXPECT_TRUE(good<Expunge>("a UID EXPUNGE 3:5").uids);
  bad("a EXPUNGE 3");
  bad("a UID EXPUNGE");
  bad("a COPY Trash 1");
  bad("a COPY 1");
}

TEST_F(Commands, FetchMacros) {
  EXPECT_EQ(good<Fetch>("a FETCH 1 FAST").items.size(), 3u);
  EXPECT_EQ(good<Fetch>("a FETCH 1 ALL").items.back().kind, FetchItem::Kind::envelope);
  EXPECT_EQ(good<Fetch>("a FETCH 1 full").items.back().kind, FetchItem::Kind::body);
  bad("a FETCH 1 (ALL)");  // RFC 9051 §6.4.5: a macro stands by itself
  bad("a FETCH 1 ()");
  bad("a FETCH 1 ALLX");
}

TEST_F(Commands, FetchItems) {
  using Kind = FetchItem::Kind;
  const auto all = good<Fetch>(
      "a UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODY BODYSTRUCTURE RFC822 RFC822.HEADER "
      "RFC822.TEXT "
      "MODSEQ EMAILID THREADID PREVIEW PREVIEW (LAZY) SAVEDATE)");
  std::vector<Kind> kinds;
  for (const FetchItem& item : all.items) kinds.push_back(item.kind);
  EXPECT_THAT(kinds,
              ElementsAre(Kind::uid, Kind::flags, Kind::internaldate, Kind::rfc822_size, Kind::envelope, Kind::body,
                          Kind::body_structure, Kind::rfc822, Kind::rfc822_header, Kind::rfc822_text, Kind::modseq,
                          Kind::emailid, Kind::threadid, Kind::preview, Kind::preview, Kind::savedate));
  EXPECT_FALSE(all.items[13].lazy);
  EXPECT_TRUE(all.items[14].lazy);
  EXPECT_TRUE(all.items[7].sets_seen());
  EXPECT_FALSE(all.items[8].sets_seen());
}

TEST_F(Commands, FetchSections) {
  const auto item = [&](const Bytes& text) {
    const auto fetch = good<Fetch>("a FETCH 1 " + text);
    Bytes name;
    for (const FetchItem& i : fetch.items) write_item_name(name, i);
    return name;
  };
  EXPECT_EQ(item("BODY[]"), "BODY[]");
  EXPECT_EQ(item("body.peek[header]"), "BODY[HEADER]");
  EXPECT_EQ(item("BODY[1.2.3]<0.100>"), "BODY[1.2.3]<0>");
  EXPECT_EQ(item("BODY.PEEK[4.1.MIME]"), "BODY[4.1.MIME]");
  EXPECT_EQ(item("BODY[3.HEADER.FIELDS.NOT (\"To\" {4}\r\nFrom)]"), "BODY[3.HEADER.FIELDS.NOT (To From)]");
  EXPECT_EQ(item("BODY[TEXT]<17.4294967296>"), "BODY[TEXT]<17>");
  EXPECT_EQ(item("BINARY.PEEK[1.2]<5.6>"), "BINARY[1.2]<5>");
  EXPECT_EQ(item("BINARY[]"), "BINARY[]");
  EXPECT_EQ(item("BINARY.SIZE[2]"), "BINARY.SIZE[2]");
  const auto seen = good<Fetch>("a FETCH 1 (BODY[] BODY.PEEK[] BINARY[1] BINARY.PEEK[1])");
  EXPECT_TRUE(seen.items[0].sets_seen() && seen.items[2].sets_seen());
  EXPECT_FALSE(seen.items[1].sets_seen() || seen.items[3].sets_seen());
  for (const ByteView wrong : {"BODY[",
                               "BODY[1",
                               "BODY[0]",
                               "BODY[1.]",
                               "BODY[1..2]",
                               "BODY[MIME]",
                               "BODY[HEADER.FIELDS]",
                               "BODY[HEADER.FIELDS ()]",
                               "BODY[HEADERS]",
                               "BODY[]<0>",
                               "BODY[]<0.0>",
                               "BODY[]<1.2",
                               "BODY[1 ]",
                               "BODY[1.TEXT.2]",
                               "BINARY[TEXT]",
                               "BINARY[1.MIME]",
                               "BINARY.SIZE[1.]",
                               "BODY.PEEK",
                               "RFC822.PEEK",
                               "(FLAGS  UID)",
                               "X",
                               ""})
    bad("a FETCH 1 " + Bytes(wrong));
  bad(
      "a FETCH 1 BODY[1" +
          [] {
            Bytes deep;
            for (int i = 0; i < 50; ++i) deep += ".1";
            return deep;
          }() +
          "]",
      Errc::too_large);
}

TEST_F(Commands, FetchModifiers) {
  EXPECT_EQ(good<Fetch>("a FETCH 1 FLAGS (CHANGEDSINCE 12345)").changed_since, 12345u);
  EXPECT_TRUE(good<Fetch>("a UID FETCH 1 FLAGS (CHANGEDSINCE 0 VANISHED)").vanished);
  bad("a FETCH 1 FLAGS (CHANGEDSINCE 1 VANISHED)");  // RFC 7162 §3.2.6: UID FETCH only
  bad("a UID FETCH 1 FLAGS (VANISHED)");
  bad("a FETCH 1 FLAGS ()");
}

TEST_F(Commands, SearchKeys) {
  using Kind = SearchKey::Kind;
  const auto search = good<Search>(
      "a SEARCH ALL UNSEEN KEYWORD $Junk FROM \"Smith\" HEADER X-Spam \"\" SINCE 1-Feb-1994 LARGER 9000000000 2:4 UID "
      "5 BODY x "
      "OLDER 60 MODSEQ \"/flags/\\\\draft\" all 620162338 EMAILID M1 NEW");
  const auto& keys = search.program.keys;
  ASSERT_EQ(keys.size(), 15u);
  EXPECT_EQ(keys[0].kind, Kind::conjunction);
  EXPECT_EQ(keys[0].children.size(), 14u);
  EXPECT_EQ(keys[2].kind, Kind::no_flag);
  EXPECT_EQ(keys[2].text, "\\Seen");
  EXPECT_EQ(keys[3].text, "$Junk");
  EXPECT_EQ(keys[4].field, "From");
  EXPECT_EQ(keys[4].text, "Smith");
  EXPECT_EQ(keys[5].field, "X-Spam");
  EXPECT_EQ(keys[6].date, (Date{1994, 2, 1}));
  EXPECT_EQ(keys[7].number, 9000000000u);
  EXPECT_EQ(keys[8].kind, Kind::sequence);
  EXPECT_EQ(keys[9].kind, Kind::uid);
  EXPECT_EQ(keys[11].number, 60u);
  EXPECT_EQ(keys[12].number, 620162338u);
  EXPECT_EQ(keys[14].kind, Kind::fresh);
}

TEST_F(Commands, SearchTrees) {
  using Kind = SearchKey::Kind;
  const auto search = good<Search>("a SEARCH OR NOT SEEN (FROM a TO b) $");
  const auto& keys = search.program.keys;
  ASSERT_EQ(keys.size(), 8u);
  EXPECT_THAT(keys[0].children, ElementsAre(1u, 7u));
  EXPECT_EQ(keys[1].kind, Kind::disjunction);
  EXPECT_THAT(keys[1].children, ElementsAre(2u, 4u));
  EXPECT_EQ(keys[2].kind, Kind::negation);
  EXPECT_EQ(keys[4].kind, Kind::conjunction);
  EXPECT_TRUE(keys[7].set.is_saved_result());
}

TEST_F(Commands, SearchOptions) {
  const auto plain = good<Search>("a SEARCH 1");
  EXPECT_FALSE(plain.returns || plain.charset);
  EXPECT_EQ(good<Search>("a SEARCH CHARSET utf-8 TEXT {4}\r\n\xc3\xa9t\xc3").charset, "UTF-8");
  EXPECT_TRUE(good<Search>("a SEARCH RETURN () ALL").returns->all);
  const auto some = good<Search>("a UID SEARCH RETURN (MIN COUNT SAVE) CHARSET UTF-8 DELETED");
  EXPECT_TRUE(some.returns->min && some.returns->count && some.returns->save);
  EXPECT_FALSE(some.returns->all || some.returns->max);
}

TEST_F(Commands, SearchRefusals) {
  for (const ByteView wrong : {"",
                               "BOGUS",
                               "FROM",
                               "FROM ",
                               "NOT",
                               "OR SEEN",
                               "()",
                               "(SEEN",
                               "SEEN)",
                               "SINCE 1-Foo-1994",
                               "SINCE 32-Jan-1994",
                               "SINCE 30-Feb-1994",
                               "SINCE 1-Jan-94",
                               "LARGER x",
                               "LARGER -1",
                               "RETURN (BOGUS) ALL",
                               "RETURN () ",
                               "CHARSET UTF-8",
                               "SEEN  SEEN",
                               "0",
                               "OLDER 0",
                               "KEYWORD \\Seen",
                               "MODSEQ \"/flags/x\" none 3",
                               "HEADER X"})
    bad("a SEARCH " + Bytes(wrong));
  const auto nested = [](int n, ByteView open, ByteView close) {
    Bytes out = "a SEARCH ";
    for (int i = 0; i < n; ++i) out += open;
    out += "SEEN";
    for (int i = 0; i < n; ++i) out += close;
    return out;
  };
  good<Search>(nested(limits.depth - 1, "(", ")"));
  bad(nested(limits.depth, "(", ")"), Errc::too_large);
  bad(nested(10'000, "(", ")"), Errc::too_large);
  bad(nested(10'000, "NOT ", ""), Errc::too_large);
  bad(nested(10'000, "OR ", " SEEN"), Errc::too_large);
  Bytes many = "a SEARCH SEEN";
  for (std::size_t i = 0; i < limits.list_items; ++i) many += " SEEN";
  bad(many, Errc::too_large);
}

TEST_F(Commands, Dates) {
  // The date and time of an APPEND, through the cursor that reads it.
  const auto time = [&](ByteView text) -> std::optional<std::int64_t> {
    Cursor cursor(text, limits, false);
    auto t = cursor.date_time();
    if (!t || !cursor.done()) return std::nullopt;
    return t->us / 1'000'000;
  };
  EXPECT_EQ(time("\"17-Jul-1996 02:44:25 -0700\""), 837596665);
  EXPECT_EQ(time("\" 1-jan-1970 00:00:00 +0000\""), 0);
  EXPECT_EQ(time("\"01-Jan-1970 01:00:00 +0130\""), -1800);
  for (const ByteView wrong :
       {"\"1-Jan-1970 00:00:00 +0000\"", "\"17-Jul-1996 24:44:25 -0700\"", "17-Jul-1996", "\"17-Jul-1996 02:44:25\"",
        "\"17-Jul-1996 02:44:25 0700\"", "\"17-Jul-1996 02:60:25 +0700\"", "\"31-Jun-1996 02:44:25 -0700\"",
        "\"17-Jul-1996 02:44:25 -07\"", "\"17-Jul-1996 02-44-25 -0700\""})
    EXPECT_FALSE(time(wrong)) << wrong;
  Cursor quoted("\"1-Feb-1994\"", limits, false);
  EXPECT_EQ(quoted.date().value_or(Date{}), (Date{1994, 2, 1}));
}

}  // namespace
}  // namespace chappe::proto::imap
