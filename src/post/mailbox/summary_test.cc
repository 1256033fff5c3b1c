#include "post/mailbox/summary.h"

#include <gtest/gtest.h>

#include "message/letter_stream.h"
#include "post/mailbox/office_for_test.h"

namespace chappe::post {
namespace {

using testing::form_name;
using testing::kForms;
using testing::Office;
using testing::soon;

constexpr AccountId kBob{7};

const std::string kLetter =
    "Received: by x\r\nFrom: Bob <bob@x>\r\nSUBJECT: loud\r\nSubject:\r\n folded\r\nX-Own: y\r\nContent-Type: "
    "multipart/mixed; boundary=b\r\n\r\npreamble\r\n--b\r\nX-Part: z\r\nContent-ID: <1@x>\r\n\r\nHello \r\n  world\r\n"
    "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nin\r\n--b--\r\n";

Digest look_at(const std::string& letter) {
  message::LetterStream stream(kLook);
  stream.feed(letter);
  return digest_of(letter.size(), stream.finish(), 0);
}

Summary summary_of(const std::string& letter) {
  const Digest digest = look_at(letter);
  EXPECT_LE(digest.summary.size(), kMaxSummary);
  auto out = decode_summary(digest.summary).value();
  EXPECT_TRUE(out);
  return std::move(*out);
}

TEST(Summaries, KeepStructureAndTheFieldsThatAreAskedFor) {
  const Summary s = summary_of(kLetter);
  const message::Letter whole(kLetter);
  EXPECT_EQ(s.size, kLetter.size());
  EXPECT_EQ(s.preview, "Hello world");
  ASSERT_EQ(s.outline.parts().size(), whole.parts().size());
  const auto lines = whole.body_lines();
  EXPECT_EQ(s.outline.body_lines(), lines);
  for (const message::Part& p : whole.parts()) {
    const message::Part& q = s.outline.part(p.index);
    EXPECT_EQ(std::tuple(q.kind, q.begin, q.body, q.end, q.parent, q.first_child, q.next, q.children, q.number, q.depth,
                         q.closed, q.blank_line),
              std::tuple(p.kind, p.begin, p.body, p.end, p.parent, p.first_child, p.next, p.children, p.number, p.depth,
                         p.closed, p.blank_line));
    EXPECT_EQ(q.type, p.type);
    EXPECT_EQ(q.subtype, p.subtype);
  }
  const auto kept = s.outline.fields();
  ASSERT_EQ(kept.size(), 4u);
  EXPECT_EQ(kept[0].raw(), "From: Bob <bob@x>\r\n");
  EXPECT_EQ(kept[1].raw(), "SUBJECT: loud\r\n") << "as it is written";
  EXPECT_EQ(kept[2].raw(), "Subject:\r\n folded\r\n");
  EXPECT_EQ(kept[2].offset(), kLetter.find("Subject:\r\n"));
  EXPECT_EQ(s.outline.find(s.outline.part(3), message::FieldName::subject)->value(), " inner");
  EXPECT_EQ(s.outline.fields(s.outline.part(1)).size(), 1u);

  EXPECT_TRUE(s.has_fields(std::vector<Bytes>{"from", "References"}));
  EXPECT_FALSE(s.has_fields(std::vector<Bytes>{"From", "X-Own"}));
}

TEST(Summaries, PreviewsAreShortAndWhole) {
  EXPECT_EQ(summary_of("\r\n" + std::string(5000, 'a')).preview, Bytes(200, 'a'));
  std::string accents;
  for (int i = 0; i < 300; ++i) accents += "é";
  EXPECT_EQ(summary_of("Content-Type: text/plain; charset=utf-8\r\n\r\n" + accents).preview->size(), 400u);
  EXPECT_EQ(summary_of("Content-Type: image/png\r\n\r\n<p>x").preview, std::nullopt);
  EXPECT_EQ(summary_of("\r\n").preview, "");
}

std::string html_letter(const std::string& html, const std::string& more = "") {
  return "Content-Type: text/html; charset=utf-8\r\n" + more + "\r\n" + html;
}

// RFC 8970 §3.1: the text, whatever it is written in.
TEST(Summaries, PreviewsOfHtmlAreItsText) {
  EXPECT_EQ(summary_of(html_letter("<html><head><title>t</title><style>p { color: red }</style></head><body><p>Un "
                                   "\xc3\xa9t\xc3\xa9 &amp; <b>deux</b></p>\r\n<script>x</script><p>fin"))
                .preview,
            "Un \xc3\xa9t\xc3\xa9 & deux fin");
  EXPECT_EQ(
      summary_of(html_letter("=3Cp=3Eone=3C/p=3E t=\r\nwo", "Content-Transfer-Encoding: quoted-printable\r\n")).preview,
      "one two");
  EXPECT_EQ(summary_of(html_letter("<img src=x>")).preview, "");
  EXPECT_EQ(summary_of(html_letter("Sale!&#847;&zwnj;&nbsp;&#8199;&#847; &shy;<p>on shoes")).preview, "Sale! on shoes");
  std::string words;
  for (int i = 0; i < 300; ++i) words += "<b>\xc3\xa9</b>";
  EXPECT_EQ(summary_of(html_letter(words)).preview->size(), 2 * kMaxPreview);
  // Styles in front, as newsletters have them, and more of them than is looked at.
  EXPECT_EQ(summary_of(html_letter("<style>" + std::string(25'000, 'x') + "</style>late")).preview, "late");
  EXPECT_EQ(summary_of(html_letter("<style>" + std::string(message::Letter::kHtmlLead, 'x') + "</style>later")).preview,
            "");
}

TEST(Summaries, PreviewsAreOfWhatIsReadFirst) {
  const auto parts = [](const std::string& kind, const std::vector<std::pair<std::string, std::string>>& list) {
    std::string out = "Content-Type: multipart/" + kind + "; boundary=b\r\n\r\n";
    for (const auto& [type, text] : list) out += "--b\r\nContent-Type: " + type + "\r\n\r\n" + text + "\r\n";
    return out + "--b--\r\n";
  };
  using List = std::vector<std::pair<std::string, std::string>>;
  const auto preview = [&](const std::string& kind, const List& list) {
    const std::string letter = parts(kind, list);
    // However it is cut.
    const auto out = summary_of(letter).preview;
    message::LetterStream stream(kLook);
    for (const char c : letter) stream.feed(ByteView(&c, 1));
    EXPECT_EQ(preview_of(stream.finish()), out);
    return out.value_or("none");
  };
  EXPECT_EQ(preview("alternative", {{"text/plain", "plain"}, {"text/html", "<p>rich"}}), "plain");
  EXPECT_EQ(preview("alternative", {{"text/plain", "\r\n"}, {"text/html", "<p>rich"}}), "rich");
  EXPECT_EQ(preview("mixed", {{"text/html", "<p>rich"}, {"text/plain", "-- \r\nthe list's footer"}}), "rich");
  EXPECT_EQ(preview("mixed", {{"image/png", "x"}, {"text/html", "<p>rich"}}), "rich");
  EXPECT_EQ(preview("mixed", {{"image/png", "x"}}), "none");
  EXPECT_EQ(preview("mixed", {{"message/rfc822", "\r\n"}, {"text/html", "<p>rich"}}), "");
}

TEST(Summaries, OlderOnesAreReadOn) {
  // What the first version wrote is written in the same way.
  Bytes old = look_at(html_letter("<p>x")).summary;
  ASSERT_EQ(old[0], 2);
  old[0] = 1;
  const auto summary = decode_summary(old).value();
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->preview, "x");
}

// What is put before a letter when it is delivered moves everything behind it, and nothing else.
TEST(Summaries, WithAFrontTheyAreThoseOfTheWhole) {
  const std::string front = "Return-Path: <a@b>\r\nReceived: by x\r\n\tfor y\r\n";
  for (const std::string& letter : {kLetter, std::string("\r\nbody"), std::string("Subject: x\r\n"), std::string()}) {
    message::LetterStream stream;
    stream.feed(letter);
    const Digest behind = digest_of(front.size() + letter.size(), stream.finish(), front.size());
    EXPECT_EQ(behind.summary, look_at(front + letter).summary) << letter;
  }
  // Behind a front these are read in another way.
  for (const char* odd : {" folded\r\n\r\n", "From x\r\nA: b\r\n\r\n", "no field\r\n"}) {
    message::LetterStream stream;
    stream.feed(odd);
    EXPECT_FALSE(decode_summary(digest_of(100, stream.finish(), front.size()).summary).value()) << odd;
  }
}

TEST(Summaries, AbsurdLettersAreLookedInto) {
  std::string many = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
  for (int i = 0; i < 3000; ++i) many += "--b\r\n\r\n\r\n";
  const std::string wide = "To: " + std::string(100'000, 'x') + "\r\n\r\n";
  const std::string long_field = "X: " + std::string(200'000, 'x') + "\r\nSubject: y\r\n\r\n";
  std::string fields;
  for (int i = 0; i < 6000; ++i) fields += "X: y\r\n";
  for (const std::string& letter : {many, wide, long_field, fields}) {
    const Digest digest = look_at(letter);
    EXPECT_LT(digest.summary.size(), 10u);
    EXPECT_FALSE(decode_summary(digest.summary).value());
  }
}

TEST(Summaries, WhatIsDamagedIsNoSummary) {
  const Bytes good = look_at(kLetter).summary;
  for (std::size_t n = 0; n < good.size(); ++n)
    ASSERT_EQ(decode_summary(ByteView(good).substr(0, n)).error().code(), Errc::corrupt) << n;
  EXPECT_EQ(decode_summary(good + "x").error().code(), Errc::corrupt);
  EXPECT_EQ(decode_summary("\x03" + good.substr(1)).error().code(), Errc::unsupported);
}

class SummaryTest : public ::testing::TestWithParam<std::string> {
 protected:
  std::size_t summaries() { return office_.rows({}, store::Space::body_summary); }
  SharedSummary summary(MailboxId mailbox, Uid uid) {
    const auto record = office_.wait(office_.mailboxes().message(kBob, mailbox, uid, soon())).value();
    return office_.wait(office_.mailboxes().summary(record->body, soon())).value();
  }
  Office office_{GetParam()};
};

TEST_P(SummaryTest, ComeAndGoWithTheBody) {
  const MailboxId inbox = office_.find(kBob, "INBOX").id;
  const MailboxId sent = office_.find(kBob, "Sent").id;
  office_.append(kBob, inbox, kLetter);
  EXPECT_EQ(summaries(), 1u);
  EXPECT_EQ(summary(inbox, {1})->preview, "Hello world");
  ASSERT_TRUE(office_.wait(office_.mailboxes().copy(kBob, inbox, {1}, sent, soon())));
  ASSERT_TRUE(office_.wait(office_.mailboxes().expunge(kBob, inbox, {1}, Expunge::all, soon())));
  EXPECT_EQ(summaries(), 1u);
  EXPECT_EQ(summary(sent, {1})->preview, "Hello world");
  ASSERT_TRUE(office_.wait(office_.mailboxes().expunge(kBob, sent, {1}, Expunge::all, soon())));
  EXPECT_EQ(summaries(), 0u);

  Letter l;
  l.id = office_.ids().next();
  l.sender = "a@b";
  l.octets = ChunkList(kLetter);
  l.arrived = office_.clock().now();
  l.recipients.push_back({"y", {Destination::Kind::remote, {}, ""}, 0, ""});
  Letter local = l;
  local.id = office_.ids().next();
  local.recipients.push_back({"x", {Destination::Kind::mailbox, kBob, "INBOX"}, 0, ""});
  const QueueKey row{local.id, 0};
  ASSERT_TRUE(office_.wait(office_.deliver().take(std::move(l), soon())));
  EXPECT_EQ(summaries(), 0u) << "what is only passed on is not read here";
  ASSERT_TRUE(office_.wait(office_.deliver().take(std::move(local), soon())));
  EXPECT_EQ(summaries(), 1u);
  const SharedSummary s = summary(inbox, {2});
  EXPECT_EQ(s->outline.root().begin, 0u);
  EXPECT_EQ(s->outline.find(message::FieldName::from)->offset(),
            std::string("Return-Path: <a@b>\r\nReceived: by x\r\n").size());
  ASSERT_TRUE(office_.wait(office_.mailboxes().expunge(kBob, inbox, {2}, Expunge::all, soon())));
  EXPECT_EQ(summaries(), 1u) << "the queue still has the body";
  ASSERT_TRUE(office_.wait(office_.queue().done(row, {}, soon())));
  EXPECT_EQ(summaries(), 0u);
}

TEST_P(SummaryTest, LettersWithoutOneAreRead) {
  const MailboxId inbox = office_.find(kBob, "INBOX").id;
  // Larger than what is read at once, and its last part at the end.
  const std::string large =
      kLetter.substr(0, kLetter.size() - 7) + "\r\n" + std::string(3'000'000, 'x') + "\r\n--b--\r\n";
  for (const std::string& letter : {kLetter, large}) {
    const Uid uid = office_.append(kBob, inbox, letter);
    const SharedSummary kept = summary(inbox, uid);
    store::Batch batch;
    batch.remove(store::KeyWriter(store::kSystemAccount, store::Space::body_summary).range());
    ASSERT_TRUE(office_.wait(office_.store().write(std::move(batch), soon())));
    const SharedSummary read = summary(inbox, uid);
    EXPECT_TRUE(read->all_fields);
    EXPECT_FALSE(kept->all_fields);
    EXPECT_TRUE(read->has_fields(std::vector<Bytes>{"X-Own"}));
    EXPECT_EQ(read->preview, kept->preview);
    EXPECT_EQ(read->outline.parts().size(), kept->outline.parts().size());
    EXPECT_EQ(read->outline.body_lines(), kept->outline.body_lines());
    EXPECT_EQ(read->outline.root().end, letter.size());
    EXPECT_EQ(read->outline.fields().size(), 6u);
  }
}

INSTANTIATE_TEST_SUITE_P(Forms, SummaryTest, kForms, form_name);

}  // namespace
}  // namespace chappe::post
