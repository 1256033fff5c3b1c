// Which part is given to which program, and what becomes of the index when programs answer, fail, and hang.
#include "post/search/extractors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codec/transfer.h"
#include "post/mailbox/summary.h"
#include "post/search/testing.h"

namespace chappe::post::search {
namespace {

using testing::docs_of;
using ::testing::ElementsAre;
using testing::Indexed;
using ::testing::IsEmpty;
using testing::Office;

constexpr AccountId kAlice{7};

std::vector<std::string> sh(const std::string& script) { return {"/bin/sh", "-c", script}; }

struct Attachment {
  std::string type;
  std::string content;
  std::string file = "a.bin";
  bool base64 = true;
};

std::string with(const std::vector<Attachment>& attachments, const std::string& text = "hay") {
  std::string out =
      "From: alice@example.test\r\nSubject: papers\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; "
      "boundary=\"cut\"\r\n\r\n--cut\r\nContent-Type: text/plain\r\n\r\n" +
      text + "\r\n";
  for (const Attachment& a : attachments)
    out += "--cut\r\nContent-Type: " + a.type + "\r\nContent-Disposition: attachment; filename=\"" + a.file +
           "\"\r\nContent-Transfer-Encoding: " + (a.base64 ? "base64" : "quoted-printable") + "\r\n\r\n" +
           (a.base64 ? codec::mime_base64_encode(a.content) : codec::quoted_printable_encode(a.content)) + "\r\n";
  return out + "--cut--\r\n";
}

std::vector<std::string> texts(Extractors& extractors, const std::string& octets) {
  const message::Letter letter(octets);
  const auto read = [&](std::uint64_t offset, std::uint64_t size) -> Result<Bytes> {
    return octets.substr(offset, std::min<std::uint64_t>(size, 1000));
  };
  auto out = extractors.texts_of(letter, read);
  EXPECT_TRUE(out) << out.error().describe();
  return out ? std::move(*out) : std::vector<std::string>();
}

std::uint64_t count(const Extractors& extractors, ChildEnd end) {
  return extractors.counts().ends[static_cast<std::size_t>(end)];
}

TEST(Extractors, TypesAreTypesOrEndings) {
  for (const char* good : {"application/pdf", "application/*", ".pdf", "image/svg+xml", ".tar.gz",
                           "application/vnd.oasis.opendocument.text"})
    EXPECT_TRUE(is_extractor_type(good)) << good;
  for (const char* bad : {"", "pdf", "*/*", "*", "application/", "/pdf", ".", "multipart/mixed", "a b/c",
                          "application/p*", "a/b/c", ".p/q", "application/pdf; x=y"})
    EXPECT_FALSE(is_extractor_type(bad)) << bad;
}

TEST(Extractors, TheFirstThatFitsGetsTheContent) {
  Extractors e(
      {{{"application/pdf", ".PDF"}, sh("echo first; cat"), {}}, {{"application/*"}, sh("echo second; cat"), {}}});
  EXPECT_THAT(texts(e, with({{"Application/PDF", "one"},
                             {"application/octet-stream", "two", "letter.pdf"},
                             {"application/octet-stream", "three", "pdf"},
                             {"application/msword", "f\xc3\xbcnf = 5\r\n", "x.pdf", false},
                             {"image/png", "six"}})),
              ElementsAre("first\none", "first\ntwo", "second\nthree", "second\nf\xc3\xbcnf = 5\r\n"));
  EXPECT_EQ(count(e, ChildEnd::ok), 4u);
  // What is in a letter within is of the letter.
  const std::string inner = with({{"application/pdf", "deep"}});
  EXPECT_THAT(texts(e, "Content-Type: message/rfc822\r\n\r\n" + inner), ElementsAre("first\ndeep"));
  EXPECT_TRUE(e.wants(message::Letter(inner)));
  EXPECT_FALSE(e.wants(message::Letter(testing::letter_of("none", "here"))));
}

TEST(Extractors, ContentOfAnySizeAndEncodingIsWhole) {
  std::string content;
  for (int i = 0; content.size() < 300'000; ++i) content += std::to_string(i * 7919) + (i % 9 ? " " : "=\t\r\n");
  Extractors e({{{"application/pdf"}, {"/bin/cat"}, {}}});
  EXPECT_THAT(texts(e, with({{"application/pdf", content, "a", true}, {"application/pdf", content, "b", false}})),
              ElementsAre(content, content));
}

TEST(Extractors, AnswersAreNotTrusted) {
  Extractors e({{{"application/pdf"}, sh("printf 'caf\\351 \\377\\376 \\303'"), {}}});
  EXPECT_THAT(texts(e, with({{"application/pdf", "x"}})),
              ElementsAre("caf\xef\xbf\xbd \xef\xbf\xbd\xef\xbf\xbd \xef\xbf\xbd"));
}

TEST(Extractors, WhatGoesWrongCostsItsPartAlone) {
  const ChildLimits limits{.time = std::chrono::milliseconds(500), .input = 1000, .output = 10};
  Extractors e({{{"application/a"}, sh("exit 1"), limits},
                {{"application/b"}, sh("sleep 1000"), limits},
                {{"application/c"}, {"/usr/bin/yes"}, limits},
                {{"application/d"}, {"/nonexistent"}, limits},
                {{"application/*"}, {"/bin/cat"}, limits}});
  EXPECT_THAT(texts(e, with({{"application/a", "x"},
                             {"application/b", "x"},
                             {"application/c", "x"},
                             {"application/d", "x"},
                             {"application/e", std::string(1001, 'x')},
                             {"application/e", std::string(100'000, 'x')},
                             {"application/e", "fine"}})),
              ElementsAre("y\ny\ny\ny\ny\n", "fine"));
  EXPECT_EQ(count(e, ChildEnd::failed), 2u);
  EXPECT_EQ(count(e, ChildEnd::timeout), 1u);
  EXPECT_EQ(count(e, ChildEnd::cut), 1u);
  EXPECT_EQ(count(e, ChildEnd::too_large), 2u);
  EXPECT_EQ(count(e, ChildEnd::ok), 1u);
}

TEST(Extractors, OneLetterGetsSoMuch) {
  Extractors e({{{"application/pdf"}, sh("echo x"), {}}});
  const std::vector<Attachment> many(Extractors::kMaxParts + 3, {"application/pdf", "x"});
  EXPECT_EQ(texts(e, with(many)).size(), Extractors::kMaxParts);
  EXPECT_EQ(e.counts().skipped, 3u);

  Extractors much({{{"application/pdf"}, {"/usr/bin/yes"}, {.output = 3 * 1024 * 1024}}});
  std::size_t size = 0;
  for (const std::string& text : texts(much, with({3, {"application/pdf", "x"}}))) size += text.size();
  EXPECT_EQ(size, Extractors::kMaxLetterText);
  EXPECT_EQ(much.counts().skipped, 1u);
}

TEST(Extractors, TheSameIsToldOnce) {
  CaptureLog log;
  Extractors e({{{"application/pdf"}, sh("echo secret >&2; exit 4"), {}}}, &log.log());
  texts(e, with({3, {"application/pdf", "secret"}}));
  const auto lines = log.lines();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_THAT(lines[0], ::testing::HasSubstr("outcome=failed how=\"ended with status 4\""));
  EXPECT_THAT(lines[0], ::testing::Not(::testing::HasSubstr("secret")));
}

TEST(Extractors, NothingIsBegunAfterTheStop) {
  Extractors e({{{"application/pdf"}, {"/bin/cat"}, {}}});
  e.stop();
  const std::string octets = with({{"application/pdf", "x"}});
  const auto out = e.texts_of(message::Letter(octets), [](auto, auto) -> Result<Bytes> { return Bytes(); });
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().code(), Errc::cancelled);
}

// --- in the index

class Attachments : public ::testing::TestWithParam<std::string> {
 protected:
  void make(std::vector<Extractor> list) {
    extractors = std::make_unique<Extractors>(std::move(list));
    index = std::make_unique<Indexer>(Indexer::Parts{
        .store = &office.store(), .commit = &office.commit(), .offload = &offload, .extractors = extractors.get()});
  }
  void catch_up() {
    const auto done = office.wait(index->catch_up(kAlice));
    ASSERT_TRUE(done) << done.error().describe();
  }
  std::vector<DocId> docs(const std::string& word, TermKind kind = TermKind::word) {
    return docs_of(office.store(), kAlice, kind, word);
  }

  Office office{GetParam()};
  net::InlineOffload offload;
  std::unique_ptr<Extractors> extractors;
  std::unique_ptr<Indexer> index;
  const MailboxId inbox = office.find(kAlice, "INBOX").id;
};
INSTANTIATE_TEST_SUITE_P(Forms, Attachments, store::testing::kForms, store::testing::form_name);

TEST_P(Attachments, AreFoundByTheirWords) {
  make({{{"application/pdf"}, {"/bin/cat"}, {}}});
  office.append(kAlice, inbox, with({{"application/pdf", "Le ZÈBRE rayé"}, {"application/pdf", "der L\xc3\xb6we"}}));
  office.append(kAlice, inbox, with({{"image/png", "zebre"}}));
  catch_up();
  EXPECT_THAT(docs("zebre"), ElementsAre(1));
  EXPECT_THAT(docs("lowe"), ElementsAre(1));
  EXPECT_THAT(docs("hay"), ElementsAre(1, 2));
  EXPECT_THAT(docs("part", TermKind::mark), IsEmpty());
}

TEST_P(Attachments, WithoutTheirTextTheIndexGoesOn) {
  make({{{"application/a"}, sh("exit 1"), {}},
        {{"application/b"}, sh("sleep 1000"), {.time = std::chrono::milliseconds(100)}},
        {{"application/c"}, sh("yes beast | tr -d '\\n'"), {.output = 200'000}}});
  office.append(kAlice, inbox, with({{"application/a", "x"}}, "apple"));
  office.append(kAlice, inbox, with({{"application/b", "x"}}, "pear"));
  office.append(kAlice, inbox, with({{"application/c", "x"}}, "plum"));
  office.append(kAlice, inbox, with({}, "quince"));
  catch_up();
  EXPECT_THAT(docs("apple"), ElementsAre(1));
  EXPECT_THAT(docs("pear"), ElementsAre(2));
  EXPECT_THAT(docs("plum"), ElementsAre(3));
  EXPECT_THAT(docs("quince"), ElementsAre(4));
  EXPECT_EQ(index->counts().failures, 0u);
  // What a program said and what could not be kept of it makes no letter less whole.
  EXPECT_THAT(docs("part", TermKind::mark), IsEmpty());
}

TEST_P(Attachments, ATimeOutEndsThePortion) {
  extractors = std::make_unique<Extractors>(std::vector<Extractor>{{{"application/b"}, sh("sleep 0.05"), {}}});
  PortionMaker maker(office.store().blocking(), {.elsewhere = std::chrono::milliseconds(120)}, extractors.get());
  for (int i = 0; i < 10; ++i) office.append(kAlice, inbox, with({{"application/b", "x"}}));
  std::uint32_t letters = 0, portions = 0;
  for (; letters < 10 && portions < 20; ++portions) {
    Portion p = maker.next(kAlice, 0).value();
    letters += p.letters;
    EXPECT_LE(p.letters, 3u);
    office.wait(office.commit().submit(change_of(kAlice, p.before, std::move(p.batch)), testing::soon())).value();
  }
  EXPECT_EQ(letters, 10u);
}

TEST_P(Attachments, BehindTheBeginningOfALargeLetter) {
  make({{{"application/pdf"}, sh("tail -c 20"), {}}});
  const std::string octets = with(
      {{"application/x-hay", std::string(9'000'000, 'h')}, {"application/pdf", std::string(50'000, '.') + " needle "}});
  ASSERT_GT(octets.size(), PortionMaker::kMaxOctets);
  const Uid first = office.append(kAlice, inbox, octets);
  // One without a summary, as letters from before there were any.
  const Uid second = office.append(kAlice, inbox, octets);
  EXPECT_LT(first, second);
  const auto body =
      office.wait(office.mailboxes().message(kAlice, inbox, second, testing::soon())).value().value().body;
  office
      .wait(office.commit().submit(
          [key = summary_key(body.id)](store::Txn& txn) -> Result<void> {
            txn.remove(key);
            return {};
          },
          testing::soon()))
      .value();
  catch_up();
  EXPECT_THAT(docs("needle"), ElementsAre(1, 2));
  EXPECT_THAT(docs("part", TermKind::mark), ElementsAre(1, 2));
}

TEST_P(Attachments, AnewThroughTheProgramsOfToday) {
  make({});
  office.append(kAlice, inbox, with({{"application/pdf", "zebra"}}));
  catch_up();
  EXPECT_THAT(docs("zebra"), IsEmpty());
  make({{{"application/pdf"}, {"/bin/cat"}, {}}});
  catch_up();
  EXPECT_THAT(docs("zebra"), IsEmpty());
  office.wait(index->begin_anew(kAlice, testing::soon())).value();
  EXPECT_THAT(docs("hay"), IsEmpty());
  catch_up();
  EXPECT_THAT(docs("zebra"), ElementsAre(1));
  EXPECT_THAT(docs("hay"), ElementsAre(1));
  EXPECT_EQ(office.wait(index->progress(kAlice, testing::soon())).value().pending, 0u);
}

}  // namespace
}  // namespace chappe::post::search
