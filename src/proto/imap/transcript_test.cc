// Plays those of tests/transcripts/imap that are for the machine, cut in every way.
#include <gtest/gtest.h>

#include "../../../tests/transcripts/transcript.h"
#include "proto/imap/test_session.h"

namespace chappe::proto::imap {
namespace {

using transcripts::Cuts;
using transcripts::Transcript;

class World final : public transcripts::Subject {
 public:
  std::string start() override { return ""; }
  std::string send(std::string_view octets) override {
    session_.out.clear();
    session_.feed(octets);
    return session_.out;
  }
  bool tls() override { return false; }
  std::string end_of_input() override { return ""; }
  bool closed() const override { return session_.closed; }
  const std::vector<std::string>& letters() const override { return session_.letters; }

 private:
  TestSession session_;
};

TEST(ImapTranscripts, PlayCutInEveryWay) {
  int played = 0;
  for (const Transcript& t : transcripts::read_folder("tests/transcripts/imap")) {
    ASSERT_EQ(t.error, "") << t.name;
    if (!t.has("machine")) continue;
    ++played;
    const auto play = [&](Cuts cuts) {
      World world;
      std::string output;
      EXPECT_EQ(transcripts::play(t, world, cuts, output), "")
          << "cut at " << cuts.at << (cuts.single ? " everywhere" : "");
      return output;
    };
    const std::string whole = play({});
    if (t.has("whole")) continue;
    EXPECT_EQ(play({.single = true}), whole) << t.name;
    const std::size_t octets = t.client_octets();
    const std::size_t step = octets > 3000 ? octets / 1000 : 1;
    for (std::size_t at = 1; at < octets; at += step) ASSERT_EQ(play({.at = at}), whole) << t.name << " cut at " << at;
  }
  EXPECT_GE(played, 7);
}

}  // namespace
}  // namespace chappe::proto::imap
