#include "message/letter_stream.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/random.h"
#include "message/linear_testing.h"

namespace chappe::message {
namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Everything that both forms tell, as text.
std::string told(const Letter& letter) {
  std::string out;
  const auto lines = letter.body_lines();
  for (const Part& p : letter.parts()) {
    out += fmt::format(
        "{} kind {} closed {} blank {} up {} first {} next {} children {} number {} depth {} {}/{} "
        "boundary '{}' {}-{}-{} preamble {} epilogue {} lines {} type {}\n",
        p.index, static_cast<int>(p.kind), p.closed, p.blank_line, p.parent, p.first_child, p.next, p.children,
        p.number, p.depth, std::string_view(p.type), std::string_view(p.subtype), std::string_view(p.boundary), p.begin,
        p.body, p.end, p.preamble_end, p.epilogue_begin, lines[p.index], p.type_field);
    for (const Field& f : letter.fields(p))
      out += fmt::format("  {} {} {} {} {}\n", static_cast<int>(f.id()), f.offset(), f.value_at(),
                         std::string_view(f.name()), std::string_view(f.raw()));
  }
  for (const auto& f : letter.findings().places())
    out += fmt::format("! {} {} {}\n", static_cast<int>(f.id), f.offset, f.part);
  return out;
}

std::string streamed(ByteView bytes, auto next_size, Letter::Limits limits = {}) {
  LetterStream stream(limits);
  while (!bytes.empty()) {
    const std::size_t n = std::min<std::size_t>(bytes.size(), next_size());
    // A copy of its own: nothing may look at it later.
    const std::string piece(bytes.substr(0, n));
    stream.feed(piece);
    bytes.remove_prefix(n);
  }
  return told(stream.finish());
}

const std::string kNested =
    "From x\r\nSubject : a\r\n b\r\n \r\n c\r\nContent-Type: multipart/mixed; boundary=\"a b\"\r\n\r\npre\r\n--a b\r\n"
    "Content-Type: multipart/digest; boundary=in\r\n\r\n--in\r\n\r\nSubject: inner\r\nContent-Type: text/html\r\n\r\n"
    "x\r\ny\r\n--in  \r\n--inx\r\n--in--\r\n--a b\r\nno field\r\n--a b\r\n--a b--\r\nepi\r\n--\r\n-";

TEST(LetterStream, AtEveryCutItIsTheSame) {
  for (const std::string& letter : {kNested, std::string(), std::string("\r\n"), std::string("--"), std::string("a"),
                                    std::string("Content-Type: multipart/x; boundary=q\n\n--q\n--q"),
                                    std::string("From "), std::string(">From a: b\r\n\r\n")}) {
    const std::string whole = told(Letter(letter));
    for (std::size_t cut = 0; cut <= letter.size(); ++cut) {
      bool first = true;
      ASSERT_EQ(streamed(letter, [&] { return std::exchange(first, false) && cut > 0 ? cut : letter.size(); }), whole)
          << cut;
    }
    for (std::size_t n = 1; n < 20; ++n) ASSERT_EQ(streamed(letter, [&] { return n; }), whole) << n;
  }
}

TEST(LetterStream, VectorsAreTheSameHoweverTheyAreCut) {
  const char* const set = std::getenv("CHAPPE_VECTORS");
  const fs::path folder = set ? fs::path(set) : fs::path("../shared/vectors");
  if (!fs::exists(folder)) GTEST_SKIP() << "no vectors in " << folder;
  SeededRandom random(8);
  std::size_t letters = 0;
  for (const auto& suite : fs::directory_iterator(folder)) {
    if (!suite.path().filename().string().starts_with("mime-")) continue;
    for (const auto& e : fs::recursive_directory_iterator(suite.path())) {
      if (!e.is_regular_file() || e.file_size() > 1'000'000) continue;
      const std::string letter = read(e.path());
      const std::string whole = told(Letter(letter));
      ++letters;
      ASSERT_EQ(streamed(letter, [] { return 1; }), whole) << e.path();
      ASSERT_EQ(streamed(letter, [&] { return 1 + random.below(1 + random.below(200)); }), whole) << e.path();
      // One cut at every octet is much: of large ones, near the end and by chance.
      const std::size_t step = 1 + letter.size() / 200;
      for (std::size_t cut = 1; cut < letter.size(); cut += 1 + random.below(step)) {
        bool first = true;
        ASSERT_EQ(streamed(letter, [&] { return std::exchange(first, false) ? cut : letter.size(); }), whole)
            << e.path() << " at " << cut;
      }
    }
  }
  EXPECT_GT(letters, 10u);
}

TEST(LetterStream, LimitsHoldInBothForms) {
  const Letter::Limits limits{.fields = 5, .parts = 3, .depth = 3, .field = 40, .headers = 120};
  const std::vector<std::string> letters = {
      "A: " + std::string(100, 'x') + "\r\n y\r\nB: 1\r\n\r\n",  // a field that is too long
      "A: " + std::string(30, 'x') + "\r\n " + std::string(30, 'y') + "\r\nB: 1\r\n\r\nbody",
      std::string(60, 'n') + ": 1\r\n\r\n",                    // a name that is
      "A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\nE: 5\r\nF: 6\r\n\r\n",  // too many
      "A: " + std::string(30, 'x') + "\r\nB: " + std::string(30, 'x') + "\r\nC: " + std::string(30, 'x') +
          "\r\nD: " + std::string(30, 'x') + "\r\nE: 1\r\n\r\n",  // too many octets
      "A: " + std::string(200, 'x'),                              // and no end
      kNested};
  for (const std::string& letter : letters) {
    const std::string whole = told(Letter(letter, limits));
    for (std::size_t n = 1; n < 90; ++n) ASSERT_EQ(streamed(letter, [&] { return n; }, limits), whole) << n << letter;
  }
  EXPECT_TRUE(Letter(letters[0], limits).findings().has(Finding::too_many_fields));
  EXPECT_EQ(Letter(letters[0], limits).fields().size(), 1u);
  EXPECT_EQ(Letter(letters[4], limits).fields().size(), 4u);
}

// However long the letter: what is held is its headers.
TEST(LetterStream, CrumbsCostNoSquare) {
  const auto run = [](const std::string& letter) { (void)streamed(letter, [] { return 1; }); };
  expect_linear(
      "one long field", 4000, [](int n) { return "A: " + std::string(static_cast<std::size_t>(n), 'x'); }, run);
  expect_linear(
      "folds", 2000,
      [](int n) {
        std::string s = "A: x";
        for (int i = 0; i < n; ++i) s += "\r\n y";
        return s;
      },
      run);
  expect_linear(
      "dashes", 2000,
      [](int n) {
        std::string s = "Content-Type: multipart/mixed; boundary=q\n\n";
        for (int i = 0; i < n; ++i) s += "\n--";
        return s;
      },
      run);
}

}  // namespace
}  // namespace chappe::message
