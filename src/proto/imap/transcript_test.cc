// Plays tests/transcripts/imap to the ear of the server, cut in every way.
#include <gtest/gtest.h>

#include "../../../tests/transcripts/cut.h"
#include "proto/imap/test_session.h"

namespace chappe::proto::imap {
namespace {

using transcripts::Transcript;

class World final : public transcripts::Subject {
 public:
  explicit World(const Transcript&) {}
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

class ImapTranscript : public testing::TestWithParam<Transcript> {};

TEST_P(ImapTranscript, SaysTheSameHoweverItIsCut) { transcripts::expect_same_however_cut<World>(GetParam()); }

INSTANTIATE_TEST_SUITE_P(Files, ImapTranscript, testing::ValuesIn(transcripts::read_folder("tests/transcripts/imap")),
                         transcripts::test_name);

}  // namespace
}  // namespace chappe::proto::imap
