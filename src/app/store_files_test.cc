// chappe store export, import, undelete and hold, without a server: what goes out comes back, again and again, and what
// is hostile is left out with a reason.
#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "app/admin.h"
#include "app/admin_office.h"
#include "app/archive/source.h"
#include "base/random.h"
#include "codec/base64.h"

namespace chappe::app {
namespace {

namespace fs = std::filesystem;
using codec::json::Value;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

constexpr const char* kBob = "bob@example.org";
constexpr const char* kAnn = "ann@example.org";

struct Stored {
  std::string octets;
  std::int64_t date = 0;
  std::vector<std::string> flags;
  bool operator==(const Stored&) const = default;
};
void PrintTo(const Stored& s, std::ostream* out) {
  *out << s.date << " " << s.octets.size() << " octets: " << s.octets.substr(0, 200);
  for (const auto& flag : s.flags) *out << " " << flag;
}

class StoreFiles : public testing::Test {
 protected:
  StoreFiles() {
    std::string name = (fs::temp_directory_path() / "chappe-files-XXXXXX").string();
    if (!mkdtemp(name.data())) std::abort();
    dir = name;
    fs::create_directory(dir + "/data");
    auto office = AdminOffice::open(dir + "/data", Config()).value();
    EXPECT_TRUE(office->call("domain.add", R"({"domain":"example.org"})"));
    for (const char* address : {kBob, kAnn})
      EXPECT_TRUE(office->call("account.add", fmt::format(R"({{"address":"{}"}})", address)));
  }
  ~StoreFiles() override {
    std::error_code ignored;
    fs::remove_all(dir, ignored);
  }
  struct Ran {
    int code;
    Value out;
    std::string err;
    std::int64_t number(std::string_view name) const { return out.get_int(name).value_or(-1); }
    std::string reasons() const {
      std::string all;
      if (const Value* list = out.find("reasons"))
        for (const Value& r : list->items())
          all += std::string(*r.get_string("where")) + ": " + std::string(*r.get_string("why")) + "\n";
      return all;
    }
  };
  Ran run(std::vector<std::string> words) {
    words.insert(words.end(), {words[0] == "store" ? "--dir" : "--data", dir + "/data", "--json"});
    std::vector<const char*> argv{"chappe"};
    for (const auto& word : words) argv.push_back(word.c_str());
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int code = run_command_line(static_cast<int>(argv.size()), argv.data(), admin_bindings());
    const auto out = codec::json::parse(testing::internal::GetCapturedStdout());
    return {code, out ? *out : Value(), testing::internal::GetCapturedStderr()};
  }
  bool remove_account(const std::string& address) {
    return AdminOffice::open(dir + "/data", Config())
        .value()
        ->call("account.remove", fmt::format(R"({{"address":"{}"}})", address))
        .has_value();
  }
  Ran import(const std::string& source, const char* account = kBob, std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"store", "import", source, "--account", account});
    return run(std::move(more));
  }
  Ran exported(const std::string& dest, const std::string& format, const char* account = kBob) {
    return run({"store", "export", dest, "--account", account, "--format", format});
  }

  // Files letters in one mailbox.
  void put(const std::string& mailbox, const std::vector<Stored>& letters, const char* account = kBob) {
    auto office = AdminOffice::open(dir + "/data", Config()).value();
    for (const Stored& s : letters) {
      std::string text;
      codec::json::Writer w(text);
      w.begin_object().field("account", account).field("mailbox", mailbox).key("letters").begin_array().begin_object();
      w.field("octets", codec::base64_encode(s.octets)).field("date", s.date).key("flags").begin_array();
      for (const auto& flag : s.flags) w.value(flag);
      w.end_array().end_object().end_array().end_object();
      const auto done = office->call("store.append", text);
      ASSERT_TRUE(done) << done.error().describe();
    }
  }
  // All letters of an account, by mailbox.
  std::map<std::string, std::vector<Stored>> all(const char* account) {
    auto office = AdminOffice::open(dir + "/data", Config()).value();
    const auto get = [&](const std::string& method, const std::string& params) {
      return codec::json::parse(office->call(method, params).value(), {.bytes = 64 * 1024 * 1024}).value();
    };
    std::map<std::string, std::vector<Stored>> out;
    const Value boxes = get("store.mailboxes", fmt::format(R"({{"account":"{}"}})", account));
    for (const Value& box : boxes.find("mailboxes")->items()) {
      if (*box.get_int("messages") == 0) continue;
      auto& letters = out[std::string(*box.get_string("name"))];
      for (std::int64_t after = 0;;) {
        std::string params;
        codec::json::Writer w(params);
        w.begin_object().field("account", account).field("mailbox", *box.get_string("name"));
        w.field("after", after).field("octets", 4'000'000).end_object();
        const Value page = get("store.read", params);
        for (const Value& row : page.find("letters")->items()) {
          Stored s;
          s.date = *row.get_int("date");
          for (const Value& flag : row.find("flags")->items()) s.flags.emplace_back(*flag.as_string());
          std::ranges::sort(s.flags);
          if (row.find("octets")) s.octets = *codec::base64_decode(*row.get_string("octets"));
          for (std::int64_t at = 0; !row.find("octets") && at < *row.get_int("size"); at += 1'000'000) {
            std::string part;
            codec::json::Writer p(part);
            p.begin_object().field("account", account).field("mailbox", *box.get_string("name"));
            p.field("uid", *row.get_int("uid")).field("offset", at).field("size", 1'000'000).end_object();
            s.octets += *codec::base64_decode(*get("store.octets", part).get_string("octets"));
          }
          letters.push_back(std::move(s));
        }
        after = *page.get_int("last");
        if (!*page.get_bool("more")) break;
      }
    }
    return out;
  }
  void write(const std::string& name, std::string_view octets) {
    fs::create_directories(fs::path(dir + "/" + name).parent_path());
    std::ofstream(dir + "/" + name, std::ios::binary) << octets;
  }

  std::string dir;
};

// What export makes, import takes: from one account to the other, letters of all kinds.
class RoundTrip : public StoreFiles, public testing::WithParamInterface<std::string> {
 protected:
  // There and back; the export's report.
  Ran there_and_back() {
    const std::string dest = dir + "/out";
    const Ran out = exported(dest, GetParam());
    EXPECT_EQ(out.code, 0) << out.err << out.reasons();
    const Ran in = import(dest, kAnn);
    EXPECT_EQ(in.code, 0) << in.err << in.reasons();
    EXPECT_EQ(in.number("imported"), out.number("exported"));
    const Ran again = import(dest, kAnn);
    EXPECT_EQ(again.number("imported"), 0) << again.reasons();
    EXPECT_EQ(again.number("duplicates"), out.number("exported"));
    return out;
  }
};
INSTANTIATE_TEST_SUITE_P(Formats, RoundTrip, testing::Values("maildir", "mbox", "eml", "zip"),
                         [](const auto& i) { return i.param; });

TEST_P(RoundTrip, KeepsFlagsKeywordsDatesAndFolders) {
  const std::int64_t day = 1'700'000'000'000'000;  // whole seconds: mbox has no others
  const std::string large = "Subject: large\r\n\r\n" + [] {
    std::string body;
    for (int i = 0; body.size() < 3'000'000; ++i) body += fmt::format("line {} of a large letter\r\n", i);
    return body;
  }();
  put("INBOX", {{"Subject: one\r\n\r\nFrom here\r\n", day, {"$Forwarded", "\\Seen", "todo"}},
                {"Subject: two\r\n\r\n", day + 1'000'000, {}},
                {large, day + 2'000'000, {"\\Answered", "\\Deleted", "\\Draft", "\\Flagged"}}});
  put("Work/a.b/Été & 漢", {{"Subject: three\r\n\r\nx\r\n", day, {"other"}}});
  put("Work", {{"Subject: four\r\n\r\nx\r\n", day, {}}});
  const Ran out = there_and_back();
  EXPECT_EQ(out.number("inexact"), 0) << out.reasons();
  EXPECT_EQ(all(kAnn), all(kBob));
}

// Letters as they are met; each comes back octet for octet, or the export has said that it will not.
TEST_P(RoundTrip, OverThePublicVectors) {
  const char* given = std::getenv("CHAPPE_VECTORS");
  const fs::path root = given ? given : "../shared/vectors";
  if (!fs::exists(root / "mime-mimekit")) GTEST_SKIP() << "no vectors at " << root;
  std::vector<Stored> letters;
  std::int64_t date = 1'700'000'000'000'000;
  for (const auto& folder : fs::directory_iterator(root)) {
    if (!folder.path().filename().string().starts_with("mime-")) continue;
    for (const auto& file : fs::recursive_directory_iterator(folder)) {
      if (!file.is_regular_file()) continue;
      std::ifstream in(file.path(), std::ios::binary);
      std::string octets((std::istreambuf_iterator<char>(in)), {});
      letters.push_back({octets, date += 10'000'000, {}});
      // And as the store would have got it.
      std::string crlf;
      for (const char c : octets) {
        if (c == '\n' && !crlf.ends_with('\r')) crlf += '\r';
        crlf += c;
      }
      letters.push_back({crlf, date += 10'000'000, {}});
    }
  }
  ASSERT_GT(letters.size(), 500u);
  put("INBOX", letters);
  const Ran out = there_and_back();
  const std::string told = out.reasons();
  const auto back = all(kAnn)["INBOX"];
  ASSERT_EQ(back.size(), letters.size());
  std::size_t exact = 0;
  for (std::size_t i = 0; i < back.size(); ++i) {
    EXPECT_EQ(back[i].date, letters[i].date);
    if (back[i].octets == letters[i].octets) {
      ++exact;
      continue;
    }
    EXPECT_THAT(told, HasSubstr(fmt::format("INBOX {}: ", i + 1)));
  }
  // All of those that came by SMTP, but for a last line without end in an mbox.
  EXPECT_GT(exact, letters.size() * 2 / 5);
  RecordProperty("exact", static_cast<int>(exact));
  RecordProperty("letters", static_cast<int>(letters.size()));
}

TEST_P(RoundTrip, GoesOnWhereItStopped) {
  put("INBOX", {{"A: 1\r\n\r\n", 1'000'000, {}}, {"A: 2\r\n\r\n", 2'000'000, {}}});
  const std::string dest = dir + "/out";
  ASSERT_EQ(exported(dest, GetParam()).number("exported"), 2);
  put("INBOX", {{"A: 3\r\n\r\n", 3'000'000, {}}});
  put("Sent", {{"A: 4\r\n\r\n", 4'000'000, {}}});
  const Ran more = exported(dest, GetParam());
  if (GetParam() == "zip") {
    EXPECT_THAT(more.err, HasSubstr("is there already"));
    return;
  }
  EXPECT_EQ(more.number("exported"), 2) << more.err;
  // As if it had been cut off behind the first letter of INBOX: what came after is written once more.
  std::string state, kept;
  std::ifstream(dest + "/.chappe-export") >> state;
  std::getline(std::ifstream(dest + "/.chappe-export"), kept);
  std::ofstream(dest + "/.chappe-export", std::ios::trunc) << kept << "\n{\"mailbox\":\"INB";
  EXPECT_EQ(exported(dest, GetParam()).number("exported"), 4);
  EXPECT_EQ(import(dest, kAnn).number("imported"), 4);
  EXPECT_EQ(all(kAnn), all(kBob));
  EXPECT_THAT(exported(dest, GetParam() == "eml" ? "mbox" : "eml").err, HasSubstr("another format"));
}

TEST_F(StoreFiles, ExportOverwritesNothing) {
  write("out/letter", "mine");
  EXPECT_THAT(exported(dir + "/out", "eml").err, HasSubstr("no export"));
  EXPECT_THAT(exported(dir + "/out/letter", "zip").err, HasSubstr("is there already"));
  EXPECT_THAT(exported(dir + "/out2", "eml", "nobody@example.org").err, HasSubstr("not_found"));
  EXPECT_FALSE(fs::exists(dir + "/out2"));
}

TEST_F(StoreFiles, AMaildirOfDovecot) {
  write("m/cur/1700000000.M1P1.h,S=5:2,FSa", "Subject: a\n\nhello\n");
  write("m/new/1700000001.M1P1.h", "Subject: b\n\n");
  write("m/tmp/1700000002.M1P1.h", "half");
  write("m/dovecot-keywords", "0 $Junk\n1 other\n");
  write("m/dovecot.index.log", "x");
  write("m/subscriptions", "Work\n");
  write("m/.Work.2026/cur/1700000003.M1P1.h:2,P", "Subject: c\r\n\r\nbare\nLF\r\n");
  write("m/.Work.2026/maildirfolder", "");
  const Ran in = import(dir + "/m");
  EXPECT_EQ(in.code, 0) << in.reasons() << in.err;
  const auto letters = all(kBob);
  ASSERT_THAT(letters.at("INBOX"), SizeIs(2));
  EXPECT_EQ(letters.at("INBOX")[0].octets, "Subject: a\r\n\r\nhello\r\n");
  EXPECT_THAT(letters.at("INBOX")[0].flags, ElementsAre("$Junk", "\\Flagged", "\\Seen"));
  EXPECT_EQ(letters.at("Work/2026")[0].octets, "Subject: c\r\n\r\nbare\nLF\r\n");
  EXPECT_THAT(letters.at("Work/2026")[0].flags, ElementsAre("$Forwarded"));
  // Below another mailbox.
  EXPECT_EQ(import(dir + "/m", kAnn, {"--into", "Old"}).number("imported"), 3);
  EXPECT_THAT(all(kAnn), testing::UnorderedElementsAre(testing::Key("Old"), testing::Key("Old/Work/2026")));
}

TEST_F(StoreFiles, SingleFilesAndThunderbird) {
  const std::string mbox =
      "From - Mon Nov 23 10:00:00 2026\nX-Mozilla-Status: 0001\nSubject: a\n\nx\n\n"
      "From - Mon Nov 23 10:00:00 2026\nX-Mozilla-Status: 0008\nSubject: gone\n\nx\n\n";
  write("tb/Inbox", mbox);
  write("tb/Inbox.msf", "index");
  write("tb/Archive.sbd/2025", mbox);
  write("tb/readme.txt", "hello");
  const Ran in = import(dir + "/tb");
  EXPECT_EQ(in.code, 65);
  EXPECT_EQ(in.number("imported"), 2);
  EXPECT_EQ(in.number("skipped"), 3) << in.reasons();
  const auto letters = all(kBob);
  EXPECT_THAT(letters.at("INBOX"), SizeIs(1));
  EXPECT_THAT(letters.at("Archive/2025"), SizeIs(1));
  EXPECT_THAT(letters.at("INBOX")[0].flags, ElementsAre("\\Seen"));
  // One file.
  EXPECT_EQ(import(dir + "/tb/Inbox", kAnn, {"--into", "Here"}).number("imported"), 1);
  EXPECT_THAT(all(kAnn), ElementsAre(testing::Key("Here")));
  write("one.eml", "Date: Mon, 23 Nov 2026 10:00:00 +0000\nSubject: x\n\nx\n");
  EXPECT_EQ(import(dir + "/one.eml", kAnn).number("imported"), 1);
  EXPECT_EQ(all(kAnn).at("INBOX")[0].date, 1'795'428'000'000'000);
}

TEST_F(StoreFiles, IdenticalLettersAreOne) {
  write("m/cur/a:2,", "Subject: a\n\nx\n");
  write("m/cur/b:2,S", "Subject: a\n\nx\n");
  write("m/cur/c:2,S", "Subject: a\n\ny\n");
  for (const char* name : {"a:2,", "b:2,S", "c:2,S"})
    fs::last_write_time(dir + "/m/cur/" + name, fs::file_time_type::clock::now());
  const Ran in = import(dir + "/m");
  EXPECT_EQ(in.number("imported"), 2);
  EXPECT_EQ(in.number("duplicates"), 1);
}

TEST_F(StoreFiles, KeywordsThatFindNoRoomDoNotCostTheLetter) {
  std::string table, mbox;
  for (int i = 0; i < 150; ++i)
    mbox += fmt::format("From a Mon Nov 23 10:00:00 2026\nX-Keywords: key{} b(ad\nSubject: {}\n\nx\n\n", i, i);
  write("box.mbox", mbox);
  const Ran in = import(dir + "/box.mbox");
  EXPECT_EQ(in.code, 65) << "not everything is there";
  EXPECT_EQ(in.number("imported"), 150);
  EXPECT_EQ(in.number("skipped"), 23) << in.reasons();  // 128 of them, one is bad
  EXPECT_THAT(in.reasons(), HasSubstr("its keywords only: "));
}

TEST_F(StoreFiles, HostileTreesAreLeftOutWithAReason) {
  write("secret", "Subject: secret\n\nx\n");
  write("t/good.eml", "Subject: good\n\nx\n");
  fs::create_symlink(dir + "/secret", dir + "/t/link.eml");
  fs::create_symlink(dir, dir + "/t/up");
  fs::create_hard_link(dir + "/secret", dir + "/t/nothing");
  ASSERT_EQ(mkfifo((dir + "/t/pipe.eml").c_str(), 0600), 0);
  std::string deep = "t";
  for (int i = 0; i < 200; ++i) {
    deep += "/d";
    fs::create_directory(dir + "/" + deep);
  }
  write(deep + "/lost.eml", "Subject: x\n\n");
  write("t/bad\x01name/x.eml", "Subject: x\n\n");
  const Ran in = import(dir + "/t");
  EXPECT_EQ(in.code, 65);
  EXPECT_EQ(in.number("imported"), 1);
  for (const char* why : {"link.eml: it is a symbolic link", "up: it is a symbolic link", "pipe.eml: it is neither",
                          "it is too deep", "no mailbox can have the name", "nothing: it is neither in a Maildir"})
    EXPECT_THAT(in.reasons(), HasSubstr(why));
}

// A zip made by hand, entry by entry.
class Zip {
 public:
  explicit Zip(const std::string& path) {
    archive_write_set_format_zip(zip_);
    if (archive_write_open_filename(zip_, path.c_str()) != ARCHIVE_OK) std::abort();
  }
  ~Zip() { archive_write_free(zip_); }
  void add(const char* name, std::string_view octets, unsigned type = AE_IFREG) {
    archive_entry* e = archive_entry_new();
    archive_entry_set_pathname(e, name);
    archive_entry_set_filetype(e, type);
    archive_entry_set_perm(e, 0600);
    archive_entry_set_size(e, static_cast<la_int64_t>(octets.size()));
    if (type == AE_IFLNK) archive_entry_set_symlink(e, "/etc/passwd");
    if (archive_write_header(zip_, e) != ARCHIVE_OK) std::abort();
    if (!octets.empty()) archive_write_data(zip_, octets.data(), octets.size());
    archive_entry_free(e);
  }

 private:
  archive* zip_ = archive_write_new();
};

TEST_F(StoreFiles, HostileZips) {
  {
    Zip zip(dir + "/bad.zip");
    zip.add("../up.eml", "Subject: x\n\n");
    zip.add("/etc/x.eml", "Subject: x\n\n");
    zip.add("x/a\\b.eml", "Subject: x\n\n");
    zip.add("a\\..\\..\\c.eml", "Subject: x\n\n");
    zip.add("link.eml", "", AE_IFLNK);
    zip.add("box/good.eml", "Subject: good\n\n");
    zip.add("bomb.eml", "Subject: bomb\n\n" + std::string(200'000'000, 'x'));
    std::string deep;
    for (int i = 0; i < 200; ++i) deep += "d/";
    zip.add((deep + "x.eml").c_str(), "Subject: x\n\n");
  }
  const Ran in = import(dir + "/bad.zip");
  EXPECT_EQ(in.code, 65);
  EXPECT_EQ(in.number("imported"), 1) << in.reasons();
  for (const char* why :
       {"up.eml: its name leads out", "b.eml: its name has a backslash", "c.eml: its name leads out",
        "link.eml: it is no regular file", "bomb.eml: it unpacks to more than 200 times", "it is too deep"})
    EXPECT_THAT(in.reasons(), HasSubstr(why));
  EXPECT_THAT(all(kBob), ElementsAre(testing::Key("box")));
  // Cut short.
  write("cut.zip", [this] {
    std::ifstream file(dir + "/bad.zip", std::ios::binary);
    return std::string((std::istreambuf_iterator<char>(file)), {}).substr(0, 300);
  }());
  EXPECT_NE(import(dir + "/cut.zip").code, 0);
  write("no.zip", "hello");
  EXPECT_THAT(import(dir + "/no.zip", kBob, {"--format", "zip"}).err, HasSubstr("is no zip"));
}

TEST_F(StoreFiles, WhatCannotBeRead) {
  EXPECT_EQ(import(dir + "/nowhere").code, 64);
  EXPECT_EQ(run({"store", "import", dir}).code, 64) << "no account";
  EXPECT_THAT(import(dir, "nobody@example.org").err, HasSubstr("no such account"));
  write("empty", "");
  EXPECT_NE(import(dir + "/empty", kBob, {"--format", "maildir"}).code, 0);
}

TEST_F(StoreFiles, QuotaEndsAnImportAndSaysSo) {
  AdminOffice::open(dir + "/data", Config())
      .value()
      ->call("account.set", R"({"address":"bob@example.org","quota":30})");
  for (int i = 0; i < 3; ++i) write(fmt::format("t/{}.eml", i), fmt::format("Subject: {}\n\nx\n", i));
  const Ran in = import(dir + "/t");
  EXPECT_NE(in.code, 0);
  EXPECT_THAT(in.err, HasSubstr("over_quota"));
  EXPECT_EQ(*in.out.get_bool("complete"), false);
}

TEST_F(StoreFiles, DeletedMailAndHold) {
  // Without a server, as with one: what an account loses is kept for limits.deleted_mail.
  put("INBOX", {{"Subject: =?utf-8?q?caf=C3=A9?=\r\nFrom: Ann <ann@example.org>\r\n\r\nx\r\n", 1'000'000, {"\\Seen"}}});
  ASSERT_TRUE(remove_account(kBob));
  const Ran list = run({"store", "undelete", kBob});
  ASSERT_THAT(list.out.find("letters")->items(), SizeIs(1)) << list.err;
  EXPECT_EQ(*list.out.find("letters")->items()[0].get_string("subject"), "café");
  EXPECT_NE(run({"store", "undelete", kBob, "--yes"}).code, 0) << "it has no account to come back to";
  const Ran back = run({"store", "undelete", kBob, "--to", kAnn, "--yes", "--since", "1h"});
  EXPECT_EQ(back.number("letters"), 1) << back.err;
  EXPECT_THAT(all(kAnn).at("INBOX")[0].flags, ElementsAre("\\Seen"));
  EXPECT_NE(run({"store", "undelete", "stranger@example.org"}).code, 0);
  EXPECT_EQ(run({"store", "hold", "add", "example.org", "--reason", "case 1"}).code, 0);
  EXPECT_EQ(run({"store", "hold", "list"}).out.find("holds")->items().size(), 1u);
  EXPECT_FALSE(remove_account(kAnn));
  EXPECT_EQ(run({"store", "hold", "remove", "example.org"}).code, 0);
  EXPECT_TRUE(remove_account(kAnn));
}

}  // namespace
}  // namespace chappe::app
