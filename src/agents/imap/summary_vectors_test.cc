// What FETCH tells from a summary is what it would tell from the letter: over the letters that other projects publish.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "post/mailbox/summary.h"
#include "proto/imap/envelope.h"
#include "proto/imap/section.h"

namespace chappe::agents::imap {
namespace {

namespace fs = std::filesystem;
namespace wire = proto::imap;
using What = wire::Section::What;

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Everything that FETCH can say about a letter's structure, as text.
std::string told(const message::Letter& letter) {
  Bytes out;
  for (const bool utf8 : {false, true}) {
    wire::write_envelope(out, letter, letter.root(), utf8);
    wire::write_body_structure(out, letter, false, utf8);
    wire::write_body_structure(out, letter, true, utf8);
  }
  std::vector<std::vector<std::uint32_t>> sections{{}};
  for (const message::Part& p : letter.parts()) {
    std::vector<std::uint32_t> path;
    std::uint32_t number = 0;
    for (const char c : letter.section_of(p)) {
      if (c == '.')
        path.push_back(std::exchange(number, 0));
      else
        number = number * 10 + static_cast<std::uint32_t>(c - '0');
    }
    if (number) path.push_back(number);
    sections.push_back(std::move(path));
  }
  for (const auto& path : sections) {
    for (const What what : {What::all, What::header, What::text, What::mime, What::header_fields}) {
      const auto found = wire::find_octets(letter, {.part = path, .what = what, .fields = {"from", "Subject", "To"}});
      if (!found)
        out += "-";
      else if (const auto* place = std::get_if<wire::Place>(&*found))
        out += fmt::format(" {}+{}", place->offset, place->size);
      else
        out += std::get<Bytes>(*found);
    }
    const auto encoded = wire::find_encoded(letter, {.part = path});
    if (encoded && *encoded)
      out += fmt::format(" {} {}+{}", static_cast<int>((*encoded)->encoding), (*encoded)->place.offset,
                         (*encoded)->place.size);
  }
  return out;
}

TEST(SummaryVectors, TellWhatTheLetterTells) {
  const char* const set = std::getenv("CHAPPE_VECTORS");
  const fs::path folder = set ? fs::path(set) : fs::path("../shared/vectors");
  if (!fs::exists(folder)) GTEST_SKIP() << "no vectors in " << folder;
  std::size_t letters = 0;
  std::size_t absurd = 0;
  std::size_t octets = 0;
  for (const auto& suite : fs::directory_iterator(folder)) {
    if (!suite.path().filename().string().starts_with("mime-")) continue;
    for (const auto& e : fs::recursive_directory_iterator(suite.path())) {
      if (!e.is_regular_file()) continue;
      const std::string letter = read(e.path());
      const message::Letter whole(letter);
      message::LetterStream stream;
      for (std::size_t at = 0; at < letter.size(); at += 1000) stream.feed(ByteView(letter).substr(at, 1000));
      const message::Letter outline = stream.finish();
      const post::Digest digest = post::digest_of(letter.size(), outline, 0);
      const auto kept = post::decode_summary(digest.summary);
      ASSERT_TRUE(kept) << e.path();
      ++letters;
      octets += digest.summary.size();
      if (!*kept) {
        ++absurd;
        continue;
      }
      ASSERT_EQ(told((*kept)->outline), told(whole)) << e.path();
      if (const message::Part* lead = outline.lead_part()) {
        ASSERT_EQ(outline.lead_octets(),
                  whole.body_bytes(whole.part(lead->index)).substr(0, message::Letter::most_lead(*lead)));
      }
      ASSERT_EQ((*kept)->preview, post::preview_of(outline)) << e.path();
    }
  }
  EXPECT_GT(letters, 10u);
  EXPECT_LT(absurd * 10, letters) << "hardly any letter is absurd";
  RecordProperty("octets", static_cast<int>(octets / letters));
}

}  // namespace
}  // namespace chappe::agents::imap
