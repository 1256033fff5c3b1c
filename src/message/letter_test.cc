#include "message/letter.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "base/text.h"
#include "message/linear_testing.h"

namespace chappe::message {
namespace {

using Kind = Part::Kind;

constexpr std::string_view kNested =
    "From: a@example.org\r\n"
    "Subject: folded\r\n over two lines\r\n"
    "Content-Type: multipart/mixed; boundary=\"outer\"\r\n"
    "\r\n"
    "preamble\r\n"
    "--outer\r\n"
    "\r\n"
    "one\r\n"
    "--outer\r\n"
    "Content-Type: multipart/alternative; boundary=inner\r\n"
    "\r\n"
    "--inner\r\n"
    "Content-Type: text/plain\r\n"
    "\r\n"
    "two.one\r\n"
    "--inner\r\n"
    "Content-Type: text/html\r\n"
    "\r\n"
    "two.two\r\n"
    "--inner--  \r\n"
    "epilogue\r\n"
    "--outer\r\n"
    "Content-Type: message/rfc822\r\n"
    "\r\n"
    "Subject: inside\r\n"
    "Content-Type: multipart/mixed; boundary=deep\r\n"
    "\r\n"
    "--deep\r\n"
    "\r\n"
    "three.one\r\n"
    "--deep--\r\n"
    "--outer--\r\n"
    "end";

TEST(Letter, Fields) {
  const Letter letter(kNested);
  ASSERT_EQ(letter.fields().size(), 3u);
  const Field& subject = letter.fields()[1];
  EXPECT_EQ(subject.name(), "Subject");
  EXPECT_EQ(subject.id(), FieldName::subject);
  EXPECT_EQ(subject.value(), " folded\r\n over two lines");
  EXPECT_EQ(subject.raw(), "Subject: folded\r\n over two lines\r\n");
  EXPECT_EQ(subject.offset(), 21u);
  EXPECT_EQ(kNested.substr(subject.offset() + subject.value_at(), 7), " folded");
  EXPECT_EQ(unfold(subject.value()), "folded over two lines");
  EXPECT_EQ(letter.find(FieldName::from), &letter.fields()[0]);
  EXPECT_EQ(letter.find(letter.root(), "SUBJECT"), &letter.fields()[1]);
  EXPECT_EQ(letter.find(FieldName::date), nullptr);
  EXPECT_TRUE(letter.findings().empty());
}

TEST(Letter, TreeAndSections) {
  const Letter letter(kNested);
  ASSERT_EQ(letter.parts().size(), 8u);
  EXPECT_EQ(letter.root().kind, Kind::multipart);
  EXPECT_EQ(letter.root().children, 3u);
  EXPECT_TRUE(letter.root().closed);
  EXPECT_EQ(letter.preamble(letter.root()), "preamble");
  EXPECT_EQ(letter.epilogue(letter.root()), "end");

  const auto body = [&](std::initializer_list<std::uint32_t> path) {
    const Part* p = letter.find_section(path);
    return p == nullptr ? std::string_view("(none)") : letter.body_bytes(*p);
  };
  EXPECT_EQ(letter.find_section({}), &letter.root());
  EXPECT_EQ(body({1}), "one");
  EXPECT_EQ(body({2, 1}), "two.one");
  EXPECT_EQ(body({2, 2}), "two.two");
  EXPECT_EQ(letter.header_bytes(*letter.find_section({2, 2})), "Content-Type: text/html\r\n\r\n");
  EXPECT_EQ(letter.epilogue(*letter.find_section({2})), "epilogue");
  const Part& three = *letter.find_section({3});
  EXPECT_EQ(three.kind, Kind::message);
  EXPECT_EQ(letter.header_bytes(*letter.inner(three)),
            "Subject: inside\r\nContent-Type: multipart/mixed; boundary=deep\r\n\r\n");
  EXPECT_EQ(body({3, 1}), "three.one");
  for (const auto path :
       {std::initializer_list<std::uint32_t>{4}, {0}, {1, 1}, {1, 2}, {2, 3}, {2, 1, 1}, {3, 2}, {3, 1, 1}})
    EXPECT_EQ(letter.find_section(path), nullptr);

  const std::string_view sections[] = {"", "1", "2", "2.1", "2.2", "3", "", "3.1"};
  for (const Part& p : letter.parts()) EXPECT_EQ(letter.section_of(p), sections[p.index]) << p.index;
}

// RFC 9051 §6.4.5.1: "every message has at least one part number".
TEST(Letter, SectionsOfSinglePartMessages) {
  const Letter plain("Subject: x\r\n\r\nbody");
  EXPECT_EQ(plain.find_section({1}), &plain.root());
  EXPECT_EQ(plain.find_section({2}), nullptr);
  EXPECT_EQ(plain.find_section({1, 1}), nullptr);
  EXPECT_EQ(plain.section_of(plain.root()), "1");

  const Letter nested(
      "Content-Type: message/rfc822\r\n\r\nContent-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\nbody");
  ASSERT_EQ(nested.parts().size(), 3u);
  EXPECT_EQ(nested.find_section({1}), &nested.part(0));
  EXPECT_EQ(nested.find_section({1, 1}), &nested.part(1));
  EXPECT_EQ(nested.find_section({1, 1, 1}), &nested.part(2));
  EXPECT_EQ(nested.find_section({1, 1, 1, 1}), nullptr);
  for (const Part& p : nested.parts()) {
    std::vector<std::uint32_t> path;
    for (const auto n : split(nested.section_of(p), '.')) path.push_back(*to_number<std::uint32_t>(n));
    EXPECT_EQ(nested.find_section(path), &p);
  }
}

TEST(Letter, LfAloneGivesTheSameTree) {
  std::string lf;
  for (const char c : kNested)
    if (c != '\r') lf += c;
  const Letter a(kNested), b(lf);
  ASSERT_EQ(a.parts().size(), b.parts().size());
  for (std::size_t i = 0; i < a.parts().size(); ++i) {
    EXPECT_EQ(a.part(i).kind, b.part(i).kind);
    EXPECT_EQ(a.part(i).parent, b.part(i).parent);
    EXPECT_EQ(count_lines(a.body_bytes(a.part(i))), count_lines(b.body_bytes(b.part(i))));
  }
  EXPECT_EQ(b.body_bytes(*b.find_section({3, 1})), "three.one");
}

TEST(Letter, HeaderEndsAtWhatIsNoField) {
  const Letter no_colon("Subject: a\r\nthis is text\r\nFrom: x@y\r\n\r\nbody");
  EXPECT_EQ(no_colon.fields().size(), 1u);
  EXPECT_EQ(no_colon.body_bytes(no_colon.root()), "this is text\r\nFrom: x@y\r\n\r\nbody");
  EXPECT_TRUE(no_colon.findings().has(Finding::header_cut));

  const Letter bad_name("Sub ject: a\r\n\r\nbody");
  EXPECT_TRUE(bad_name.fields().empty());
  const Letter eight_bit("S\xc3\xbcjet: a\r\n\r\nbody");
  EXPECT_TRUE(eight_bit.fields().empty());
  const Letter nul(std::string_view("A\0: x\r\n\r\n", 9));
  EXPECT_TRUE(nul.fields().empty());
  const Letter blank_first("  x: y\r\nA: b\r\n\r\n");
  EXPECT_TRUE(blank_first.fields().empty());
  const Letter empty_name(": y\r\n\r\n");
  EXPECT_TRUE(empty_name.fields().empty());
}

TEST(Letter, ObsoleteForms) {
  const Letter spaced("From : a@b\r\nTo\t: c@d\r\n\r\n");
  ASSERT_EQ(spaced.fields().size(), 2u);
  EXPECT_EQ(spaced.fields()[0].name(), "From");
  EXPECT_EQ(spaced.fields()[0].id(), FieldName::from);
  EXPECT_EQ(spaced.fields()[1].value(), " c@d");
  EXPECT_TRUE(spaced.findings().has(Finding::spaced_colon));

  const Letter blank("Subject: a\r\n \t\r\n b\r\nTo: x\r\n\r\nbody");
  ASSERT_EQ(blank.fields().size(), 2u);
  EXPECT_TRUE(blank.findings().has(Finding::blank_fold));

  const Letter mbox("From a@b Sat Nov 21\nSubject: x\n\nbody");
  EXPECT_EQ(mbox.fields().size(), 1u);
  EXPECT_TRUE(mbox.findings().has(Finding::mbox_from));
  EXPECT_EQ(mbox.body_bytes(mbox.root()), "body");
}

TEST(Letter, EndsAnywhere) {
  for (std::size_t n = 0; n <= kNested.size(); ++n) {
    const Letter letter(kNested.substr(0, n));
    EXPECT_EQ(letter.root().end, n);
    for (const Part& p : letter.parts()) {
      EXPECT_LE(p.begin, p.body);
      EXPECT_LE(p.body, p.end);
      EXPECT_LE(p.end, n);
      if (p.parent != kNone) EXPECT_LE(p.end, letter.part(p.parent).end);
      if (p.kind == Kind::multipart) EXPECT_GT(p.children, 0u);
      letter.preamble(p);
      letter.epilogue(p);
    }
  }
}

TEST(Letter, DigestDefault) {
  const Letter letter(
      "Content-Type: multipart/digest; boundary=d\n\n--d\n\nSubject: one\n\nbody\n--d\nContent-Type: text/plain\n\nx\n"
      "--d--\n");
  ASSERT_EQ(letter.parts().size(), 4u);
  EXPECT_EQ(letter.part(1).kind, Kind::message);  // RFC 2046 §5.1.5
  EXPECT_EQ(letter.find(letter.part(2), FieldName::subject)->value(), " one");
  EXPECT_EQ(letter.part(3).kind, Kind::leaf);
}

TEST(Letter, BoundariesOfMultipartsInEachOther) {
  // The same one twice: the innermost takes the line, and closing it gives the outer one its turn.
  const Letter same(
      "Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/mixed; boundary=a\n\n--a\n\nx\n--a--\n"
      "--a\n\ny\n--a--\n");
  EXPECT_TRUE(same.findings().has(Finding::boundary_reused));
  ASSERT_EQ(same.parts().size(), 4u);
  EXPECT_EQ(same.body_bytes(*same.find_section({1, 1})), "x");
  EXPECT_EQ(same.body_bytes(*same.find_section({2})), "y");

  // One that begins like the other.
  const Letter prefix(
      "Content-Type: multipart/mixed; boundary=ab\n\n--ab\nContent-Type: multipart/mixed; "
      "boundary=a\n\n--a\n\nx\n--ab\n"
      "\ny\n--ab--\n");
  EXPECT_EQ(prefix.body_bytes(*prefix.find_section({1, 1})), "x");
  EXPECT_EQ(prefix.body_bytes(*prefix.find_section({2})), "y");
  EXPECT_TRUE(prefix.findings().has(Finding::multipart_unterminated));

  const Letter extended("Content-Type: multipart/mixed; boundary=a\n\n--a\n\nx\n--ab\ny\n--a--\n");
  EXPECT_EQ(extended.body_bytes(*extended.find_section({1})), "x\n--ab\ny");
  EXPECT_TRUE(extended.findings().has(Finding::boundary_extended));
}

TEST(Letter, BrokenMultiparts) {
  const Letter none("Content-Type: multipart/mixed\r\n\r\nbody");
  EXPECT_EQ(none.root().kind, Kind::leaf);
  EXPECT_TRUE(none.root().is("text", "plain"));
  EXPECT_TRUE(none.findings().has(Finding::boundary_missing));

  const Letter empty("Content-Type: multipart/mixed; boundary=x\r\n\r\nbody\r\n--x--\r\n");
  EXPECT_EQ(empty.root().kind, Kind::leaf);
  EXPECT_TRUE(empty.root().is_text());
  EXPECT_TRUE(empty.findings().has(Finding::multipart_empty));

  const Letter header("Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/html\r\n--x--\r\n");
  ASSERT_EQ(header.parts().size(), 2u);
  EXPECT_TRUE(header.part(1).is("text", "html"));
  EXPECT_EQ(header.body_bytes(header.part(1)), "");
  EXPECT_TRUE(header.findings().has(Finding::part_header_cut));

  const Letter encoded(
      "Content-Type: multipart/mixed; boundary=x\r\nContent-Transfer-Encoding: "
      "base64\r\n\r\n--x\r\n\r\ny\r\n--x--\r\n");
  EXPECT_EQ(encoded.parts().size(), 2u);
  EXPECT_TRUE(encoded.findings().has(Finding::encoded_container));

  const Letter coded_message("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nU3ViamVjdDo=");
  EXPECT_EQ(coded_message.parts().size(), 1u);
  EXPECT_TRUE(coded_message.findings().has(Finding::encoded_container));
}

TEST(Letter, SpellingsOfBoundary) {
  for (const std::string_view parameter :
       {"boundary=b", "boundary=\"b\"", "BOUNDARY=\"\\b\"", "boundary*0=b", "boundary*=us-ascii'en'%62",
        "boundary=\"b \"", "charset=x; (comment; boundary=z) boundary=b", "x=\"boundary=y\"; boundary=b (c)"}) {
    const std::string bytes =
        "Content-Type: multipart/mixed; " + std::string(parameter) + "\r\n\r\n--b\r\n\r\nx\r\n--b--";
    EXPECT_EQ(Letter(bytes).parts().size(), 2u) << parameter;
  }
  EXPECT_EQ(Letter("Content-Type: multipart/mixed\r\n boundary=\"b\"\r\n\r\n--b\r\n\r\nx").parts().size(), 2u);
}

TEST(Letter, FirstContentTypeCounts) {
  const Letter letter("Content-Type: text/html\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\ny");
  EXPECT_EQ(letter.parts().size(), 1u);
  EXPECT_TRUE(letter.root().is("TEXT", "HTML"));
}

// Parents end after their children; every limit says when it is reached.
TEST(Letter, Limits) {
  std::string many = "Content-Type: multipart/mixed; boundary=x\r\n\r\n";
  for (int i = 0; i < 50; ++i) many += "--x\r\n\r\ny\r\n";
  const Letter parts(many, {.parts = 10});
  EXPECT_EQ(parts.parts().size(), 10u);
  EXPECT_TRUE(parts.findings().has(Finding::too_many_parts));

  std::string fields;
  for (int i = 0; i < 50; ++i) fields += "A: b\r\n";
  fields += "\r\nbody";
  const Letter few(fields, {.fields = 10});
  EXPECT_EQ(few.fields().size(), 10u);
  EXPECT_EQ(few.body_bytes(few.root()), "body");
  EXPECT_TRUE(few.findings().has(Finding::too_many_fields));

  std::string deep;
  for (int i = 0; i < 50; ++i) deep += "Content-Type: message/rfc822\r\n\r\n";
  const Letter shallow(deep, {.depth = 5});
  EXPECT_EQ(shallow.parts().size(), 5u);
  EXPECT_TRUE(shallow.findings().has(Finding::too_deep));
  EXPECT_EQ(Letter(deep, {.parts = 7}).parts().size(), 7u);
}

std::string nested_multiparts(int levels, bool same_boundary) {
  std::string s;
  for (int i = 0; i < levels; ++i) {
    const std::string b = same_boundary ? "b" : "b" + std::to_string(i);
    s += "Content-Type: multipart/mixed; boundary=" + b + "\r\n\r\n--" + b + "\r\n";
  }
  s += "\r\n";
  for (int i = 0; i < levels; ++i) s += "--nothing\r\n";
  for (int i = levels; i-- > 0;) s += "--" + (same_boundary ? "b" : "b" + std::to_string(i)) + "--\r\n";
  return s;
}

constexpr Letter::Limits kNoLimits{.fields = 10'000'000, .parts = 10'000'000, .depth = 10'000'000};

// Reading the structure of what `make` gives takes linear time.
template <class Make>
void expect_linear(Make make, int n, Letter::Limits limits) {
  message::expect_linear(make(3), n, make, [limits](const std::string& bytes) { Letter(bytes, limits); });
}

TEST(LetterTime, TenThousandLevels) {
  const std::string bytes = nested_multiparts(10'000, false);
  const Letter deep(bytes, kNoLimits);
  EXPECT_EQ(deep.parts().size(), 10'001u);
  EXPECT_EQ(deep.parts().back().depth, 10'000u);
  EXPECT_FALSE(deep.findings().has(Finding::multipart_unterminated));
  EXPECT_EQ(Letter(bytes).parts().size(), 100u);
  expect_linear([](int n) { return nested_multiparts(n, false); }, 2'500, kNoLimits);
  expect_linear([](int n) { return nested_multiparts(n, true); }, 2'500, kNoLimits);
  expect_linear([](int n) { return nested_multiparts(n, false); }, 2'500, {});
}

TEST(LetterTime, NestedMessages) {
  const auto make = [](int n) {
    std::string s;
    for (int i = 0; i < n; ++i) s += "Content-Type: message/rfc822\r\n\r\n";
    return s;
  };
  EXPECT_EQ(Letter(make(10'000), kNoLimits).parts().size(), 10'001u);
  expect_linear(make, 2'500, kNoLimits);
}

TEST(LetterTime, ManyOfEverything) {
  expect_linear(
      [](int n) {
        std::string s = "Content-Type: multipart/mixed; boundary=x\r\n\r\n";
        for (int i = 0; i < n; ++i) s += "--x\r\n\r\ny\r\n";
        return s;
      },
      25'000, kNoLimits);
  expect_linear([](int n) { return "Subject: " + std::string(static_cast<std::size_t>(n), 'x') + "\r\n\r\n"; }, 250'000,
                {});
  expect_linear(
      [](int n) {
        std::string s = "Subject: x";
        for (int i = 0; i < n; ++i) s += "\r\n y";
        return s;
      },
      75'000, {});
  expect_linear(
      [](int n) {
        std::string s = "Content-Type: multipart/mixed";
        for (int i = 0; i < n; ++i) s += "; a=b";
        return s + "; boundary=x\r\n\r\n--x\r\n\r\n";
      },
      125'000, {});
  expect_linear(
      [](int n) {
        std::string s = "Content-Type: multipart/mixed; boundary=x\r\n\r\n";
        for (int i = 0; i < n; ++i) s += "\n--";
        return s;
      },
      125'000, {});
  expect_linear([](int n) { return "Content-Type: (" + std::string(static_cast<std::size_t>(n), '('); }, 250'000, {});
}

}  // namespace
}  // namespace chappe::message
