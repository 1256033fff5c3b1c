// Queries and substrings over an index, compared with looking into every letter.
#include "post/search/search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "codec/utf8.h"
#include "post/search/testing.h"

namespace chappe::post::search {
namespace {

using ::testing::ElementsAre;
using testing::Indexed;
using testing::letter_of;
using testing::Office;
using testing::soon;
using ::testing::UnorderedElementsAre;

constexpr AccountId kAlice{7};

class Searching : public ::testing::Test {
 protected:
  Searching() : office("memory"), index(office), search(office.store(), offload) {
    inbox = office.find(kAlice, "INBOX").id;
  }
  Hits find(const std::string& text, std::size_t limit = 50) {
    const auto q = parse_query(text);
    EXPECT_TRUE(q.has_value()) << text;
    if (!q) return {};
    const auto hits = office.wait(search.find(kAlice, *q, limit, true, soon()));
    EXPECT_TRUE(hits.has_value()) << hits.error().describe();
    return hits ? *hits : Hits();
  }
  std::vector<std::uint32_t> uids(const std::string& text) {
    std::vector<std::uint32_t> out;
    for (const Hit& h : find(text).best) out.push_back(h.places.front().uid.value);
    return out;
  }
  void add(const std::string& subject, const std::string& body, const std::string& from = "alice@example.test") {
    office.append(kAlice, inbox, letter_of(subject, body, from));
  }

  Office office;
  Indexed index;
  net::InlineOffload offload;
  Search search;
  MailboxId inbox;
};

TEST_F(Searching, Words) {
  add("Lunch", "Shall we have lunch on Monday?");
  add("Invoice 42", "Please find the invoices attached.", "billing@shop.example");
  add("Réunion", "La réunion est à neuf heures, avec les factures préférées.");
  add("Nothing", "This is about the annual report of the company");
  add("Nothing", "The report is annual, they say");
  index.catch_up(kAlice);
  EXPECT_THAT(uids("lunch"), ElementsAre(1));
  EXPECT_THAT(uids("invoice"), ElementsAre(2));
  EXPECT_THAT(uids("invoices"), ElementsAre(2));
  EXPECT_THAT(uids("reunions"), ElementsAre(3));
  EXPECT_THAT(uids("Réunion"), ElementsAre(3));
  EXPECT_THAT(uids("facture"), ElementsAre(3));
  EXPECT_THAT(uids("\"annual report\""), ElementsAre(4));
  EXPECT_THAT(uids("annual report"), UnorderedElementsAre(4, 5));
  EXPECT_THAT(uids("\"report annual\""), ElementsAre());
  EXPECT_THAT(uids("\"invoice\""), ElementsAre(2));
  EXPECT_THAT(uids("\"lunches\""), ElementsAre());
  EXPECT_THAT(uids("attach*"), ElementsAre(2));
  EXPECT_THAT(uids("from:billing"), ElementsAre(2));
  EXPECT_THAT(uids("from:shop.example"), ElementsAre(2));
  EXPECT_THAT(uids("subject:lunch OR subject:nothing"), UnorderedElementsAre(1, 4, 5));
  EXPECT_THAT(uids("report -company"), ElementsAre(5));
  EXPECT_THAT(uids("-report"), UnorderedElementsAre(1, 2, 3));
  EXPECT_THAT(uids("nosuchword"), ElementsAre());
  EXPECT_EQ(find("annual OR lunch OR invoice", 2).total, 4u);
  EXPECT_EQ(find("annual OR lunch OR invoice", 2).best.size(), 2u);
}

TEST_F(Searching, TheBestComesFirst) {
  add("Other", "the telegraph is mentioned here, among very many other words that say nothing of it at all");
  add("The telegraph", "about it");
  add("Other", "telegraph");
  add("Other", "telegraph");
  index.catch_up(kAlice);
  // In the subject; then in a short text, the later one first; then in a long one.
  EXPECT_THAT(uids("telegraph"), ElementsAre(2, 4, 3, 1));
}

TEST_F(Searching, Dates) {
  office.clock().jump(*from_rfc3339("2026-02-14T12:00:00Z"));
  add("a", "rose");
  office.clock().jump(*from_rfc3339("2026-03-01T00:00:00Z"));
  add("b", "rose");
  index.catch_up(kAlice);
  EXPECT_THAT(uids("rose on:2026-02-14"), ElementsAre(1));
  EXPECT_THAT(uids("rose on:2026-02"), ElementsAre(1));
  EXPECT_THAT(uids("rose before:2026-03-01"), ElementsAre(1));
  EXPECT_THAT(uids("rose after:2026-03-01"), ElementsAre(2));
  EXPECT_THAT(uids("on:2026"), UnorderedElementsAre(1, 2));
  EXPECT_THAT(uids("on:2025"), ElementsAre());
}

TEST_F(Searching, Snippets) {
  std::string body;
  for (int i = 0; i < 100; ++i) body += "nothing of interest stands here.\r\n";
  body += "But the Sémaphore of   Chappe was <fast> and his semaphores were\r\nmany.";
  add("A semaphore", body, "=?utf-8?q?Andr=C3=A9?= <andre@example.test>");
  index.catch_up(kAlice);
  const Hits hits = find("sémaphore chappe");
  ASSERT_EQ(hits.best.size(), 1u);
  const Hit& hit = hits.best.front();
  EXPECT_EQ(hit.from.substr(0, 6), "André");
  const auto marked = [](const Snippet& s) {
    std::vector<std::string> out;
    for (const auto& [b, e] : s.marks) out.push_back(s.text.substr(b, e - b));
    return out;
  };
  EXPECT_THAT(marked(hit.subject), ElementsAre("semaphore"));
  EXPECT_THAT(marked(hit.text), ElementsAre("Sémaphore", "Chappe", "semaphores"));
  EXPECT_LE(hit.text.text.size(), kSnippet);
  EXPECT_NE(hit.text.text.find("Sémaphore of Chappe was <fast>"), std::string::npos) << hit.text.text;
  // Excluded words are not marked; what has no place in the body gives its beginning.
  EXPECT_THAT(marked(find("semaphore -telephone").best.front().text), ElementsAre("Sémaphore", "semaphores"));
  EXPECT_TRUE(find("from:andre").best.front().text.text.starts_with("nothing of interest"));
}

TEST_F(Searching, WhatIsInALetter) {
  office.append(
      kAlice, inbox,
      "From: a@x.test\r\nSubject: outer\r\nList-Id: News <news.x.test>\r\nMIME-Version: 1.0\r\n"
      "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
      "Content-Type: text/html; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
      "<html><style>hidden</style><p>caf=E9 <b>cr</b>=E8me</p></html>\r\n--b\r\n"
      "Content-Type: application/pdf; name=\"budget-2026.pdf\"\r\n\r\nxyz\r\n--b\r\n"
      "Content-Type: message/rfc822\r\n\r\nFrom: nested@y.test\r\nSubject: innermost\r\n\r\nkernel\r\n--b--\r\n");
  index.catch_up(kAlice);
  for (const char* found : {"outer", "list:news", "café", "creme", "attachment:budget", "body:innermost", "kernel",
                            "body:nested", "subject:outer"})
    EXPECT_THAT(uids(found), ElementsAre(1)) << found;
  for (const char* missing : {"hidden", "style", "subject:innermost", "body:budget", "xyz"})
    EXPECT_THAT(uids(missing), ElementsAre()) << missing;
}

// --- against looking at every letter

const char* const kWords[] = {"the",    "la",     "and",          "letter", "lettre",  "invoice", "été",      "Été",
                              "cœur",   "x1",     "mail",         "mails",  "mailing", "running", "run",      "zebra",
                              "ﬁne",    "Straße", "中文",         "の",     "l'idée",  "a_b",     "e\u0301t", "ΑΒΓ",
                              "привет", "3.14",   "foo@bar.test", "re-use", "<tag>",   "½"};
const char* const kGlue[] = {" ", " ", " ", ", ", "\r\n", "-", ".", "", "\u00a0", "’", "\u200d", "\u0301"};

std::string random_text(Random& random, std::size_t most) {
  std::string out;
  for (std::size_t n = random.below(most); n > 0; --n) {
    out += kWords[random.below(std::size(kWords))];
    out += kGlue[random.below(std::size(kGlue))];
  }
  if (random.below(20) == 0) out += " " + std::string(60 + random.below(20), 'q') + "end";
  return out;
}

// A piece of a text, perhaps one that is nowhere.
std::string random_pattern(Random& random, const std::string& text) {
  std::string out = text;
  if (random.below(4) == 0 || text.empty()) out = random_text(random, 4);
  const std::size_t at = random.below(out.size() + 1);
  std::string piece = out.substr(at, 1 + random.below(12));
  return codec::utf8_repair(piece);
}

TEST_F(Searching, WhatTheIndexKnowsIsWhatTheLettersSay) {
  SeededRandom random(11);
  struct Texts {
    std::string subject, body;
  };
  std::map<std::uint32_t, Texts> letters;
  for (int i = 0; i < 300; ++i) {
    std::string subject = random_text(random, 5);
    std::erase_if(subject, [](char c) { return c == '\r' || c == '\n'; });
    const std::string body = random_text(random, 30);
    const Uid uid = office.append(kAlice, inbox, letter_of(subject, body));
    letters[uid.value] = {subject, body};
    if (i % 50 == 0) index.catch_up(kAlice);
  }
  index.catch_up(kAlice);
  // The texts as the letters have them.
  std::map<std::uint32_t, std::vector<std::pair<Where, std::string>>> texts;
  for (const auto& [uid, unused] : letters) {
    const std::string octets = office.text(kAlice, inbox, {uid});
    const message::Letter letter(octets);
    each_text(letter, ~std::size_t{0},
              [&, u = uid](Where where, const std::string& text) { texts[u].emplace_back(where, text); });
  }
  std::size_t ruled = 0, absent = 0, proven = 0, present = 0;
  for (int round = 0; round < 3000; ++round) {
    const auto at = std::next(letters.begin(), static_cast<std::ptrdiff_t>(random.below(letters.size())));
    // BODY, SUBJECT, or TEXT, which looks into header fields with their names.
    const std::uint64_t how = random.below(3);
    const bool in_body = how == 0 || (how == 2 && random.below(2));
    Pattern pattern;
    pattern.text = caseless(
        random_pattern(random, in_body ? at->second.body : (how == 2 ? "Subject: " : "") + at->second.subject));
    pattern.fields = how == 0 ? field_bit(Where::body) : how == 1 ? field_bit(Where::subject) : kAllFields;
    pattern.header = how == 2;
    const auto narrowed = office.wait(search.narrow(kAlice, inbox, pattern, soon()));
    ASSERT_TRUE(narrowed) << narrowed.error().describe();
    const UidSet& out = narrowed->absent;
    for (const auto& [uid, all] : texts) {
      bool holds = false;
      for (const auto& [where, text] : all) {
        const bool here = where == Where::header ? pattern.header : (pattern.fields & field_bit(where)) != 0;
        holds = holds || (here && text.contains(pattern.text));
        if (how == 2 && where == Where::subject) holds = holds || ("subject: " + text).contains(pattern.text);
      }
      ASSERT_FALSE(holds && out.contains({uid})) << "[" << pattern.text << "] is in " << uid;
      ASSERT_FALSE(!holds && narrowed->present.contains({uid})) << "[" << pattern.text << "] is not in " << uid;
      ruled += out.contains({uid});
      absent += !holds;
      proven += narrowed->present.contains({uid});
      present += holds;
    }
  }
  // It is of use, although many of these patterns have no three letters in a row.
  EXPECT_GT(ruled, absent / 3) << ruled << " of " << absent;
  EXPECT_GT(proven, present / 30) << proven << " of " << present;
}

TEST_F(Searching, OtherHeaderFieldsAndNames) {
  office.append(kAlice, inbox, "From: a@x.test\r\nSubject: s\r\nX-Thing: One two-three\r\n\r\nbody\r\n");
  office.append(kAlice, inbox, "From: a@x.test\r\nSubject: s\r\n\r\nOne two-three\r\n");
  index.catch_up(kAlice);
  const auto out = [&](Pattern p) {
    return office.wait(search.narrow(kAlice, inbox, std::move(p), soon())).value().absent;
  };
  EXPECT_EQ(out({.text = "wo-thre", .fields = 0, .header = true}), UidSet({2}));
  EXPECT_EQ(out({.text = "", .fields = 0, .header = true, .field_name = "x-thing"}), UidSet({2}));
  EXPECT_EQ(out({.text = "wo-thre", .fields = kAllFields, .header = true}), UidSet());
  EXPECT_EQ(out({.text = "x-thing: one", .fields = kAllFields, .header = true}), UidSet({2}));
  EXPECT_EQ(out({.text = "subject: s", .fields = kAllFields, .header = true}), UidSet());
  EXPECT_EQ(out({.text = "nowhere", .fields = kAllFields, .header = true}), UidSet({1, 2}));
  // What is not in the index is not ruled out.
  office.append(kAlice, inbox, "Subject: later\r\n\r\n");
  EXPECT_EQ(out({.text = "nowhere", .fields = kAllFields, .header = true}), UidSet({1, 2}));
  // Nothing follows from a pattern without letters.
  EXPECT_EQ(out({.text = " - ", .fields = kAllFields, .header = true}), UidSet());
}

TEST_F(Searching, LettersThatAreNotWhollyInTheIndexAreNeverRuledOut) {
  std::string huge;
  for (std::size_t i = 0; i < Builder::kMaxWords + 10; ++i) huge += "w" + std::to_string(i) + " ";
  add("huge", huge + "needle");
  add("long", std::string(100, 'y') + "needle");
  add("plain", "nothing");
  index.catch_up(kAlice);
  const auto out = [&](const char* text) {
    return office.wait(search.narrow(kAlice, inbox, {.text = text, .fields = kAllFields}, soon())).value().absent;
  };
  EXPECT_EQ(out("needle"), UidSet({3}));
  EXPECT_EQ(out(" needle "), UidSet({2, 3}));
}

TEST_F(Searching, QueriesFindWhatIsThere) {
  SeededRandom random(5);
  std::map<std::uint32_t, std::vector<std::string>> bodies;  // keys in order
  Tokenizer tokenizer;
  for (int i = 0; i < 200; ++i) {
    const std::string body = random_text(random, 25);
    const Uid uid = office.append(kAlice, inbox, letter_of("s", body));
    tokenizer.each(caseless(body), [&](const Token& t) { bodies[uid.value].emplace_back(t.key); });
    if (i % 40 == 0) index.catch_up(kAlice);
  }
  UidSet gone;
  for (std::uint32_t uid = 1; uid <= 200; uid += 3) {
    gone.add(Uid{uid});
    bodies.erase(uid);
  }
  office.wait(office.mailboxes().expunge(kAlice, inbox, gone, Expunge::all, soon())).value();
  index.catch_up(kAlice);
  for (int round = 0; round < 1000; ++round) {
    const auto& from = std::next(bodies.begin(), static_cast<std::ptrdiff_t>(random.below(bodies.size())))->second;
    if (from.empty()) continue;
    const std::size_t at = random.below(from.size());
    Query q;
    q.fields = field_bit(Where::body);
    if (random.below(3) == 0) {
      q.kind = Query::Kind::prefix;
      q.words = {std::string(codec::utf8_cut(from[at], 1 + random.below(6)))};
      if (q.words.front().empty()) continue;
    } else {
      q.kind = Query::Kind::phrase;
      for (std::size_t k = at; k < std::min(from.size(), at + 1 + random.below(3)); ++k) q.words.push_back(from[k]);
    }
    std::vector<std::uint32_t> expected, found;
    for (const auto& [uid, keys] : bodies) {
      bool has = false;
      if (q.kind == Query::Kind::prefix)
        has = std::ranges::any_of(keys, [&](const std::string& k) { return k.starts_with(q.words.front()); });
      else
        has = !std::ranges::search(keys, q.words).empty();
      if (has) expected.push_back(uid);
    }
    const auto ranked = office.wait(search.match(kAlice, inbox, q, soon()));
    ASSERT_TRUE(ranked) << ranked.error().describe();
    for (const Ranked& r : *ranked) found.push_back(r.uid.value);
    ASSERT_EQ(found, expected) << q.words.front();
  }
}

}  // namespace
}  // namespace chappe::post::search
