#include "trust/sasl_prep.h"

#include <gtest/gtest.h>

namespace chappe::trust {
namespace {

// RFC 4013 §3
TEST(SaslPrep, ExamplesOfTheRfc) {
  EXPECT_EQ(sasl_prep("I\xc2\xadX"), "IX");
  EXPECT_EQ(sasl_prep("user"), "user");
  EXPECT_EQ(sasl_prep("USER"), "USER");
  EXPECT_EQ(sasl_prep("\xc2\xaa"), "a");
  EXPECT_EQ(sasl_prep("\xe2\x85\xa8"), "IX");
  EXPECT_EQ(sasl_prep("\x07").error().code(), Errc::invalid);
  EXPECT_EQ(sasl_prep("\xd8\xa7"
                      "1")
                .error()
                .code(),
            Errc::invalid);
}

TEST(SaslPrep, MapsSpacesAndComposes) {
  EXPECT_EQ(sasl_prep("a\xc2\xa0"
                      "b"),
            "a b");
  EXPECT_EQ(sasl_prep("e\xcc\x81"), "\xc3\xa9");
  EXPECT_EQ(sasl_prep(" keeps blanks "), " keeps blanks ");
}

TEST(SaslPrep, TakesCharactersYoungerThanTheTables) { EXPECT_EQ(sasl_prep("\xf0\x9f\xa6\x8a"), "\xf0\x9f\xa6\x8a"); }

TEST(SaslPrep, RefusesWhatIsNoText) {
  EXPECT_EQ(sasl_prep("").error().code(), Errc::invalid);
  EXPECT_EQ(sasl_prep("\xc2\xad").error().code(), Errc::invalid);  // nothing is left of it
  EXPECT_EQ(sasl_prep("\xff").error().code(), Errc::invalid);
  EXPECT_EQ(sasl_prep(std::string_view("a\0b", 3)).error().code(), Errc::invalid);
  EXPECT_EQ(sasl_prep("\xee\x80\x80").error().code(), Errc::invalid);  // private use
}

TEST(SaslPrep, Limits) {
  EXPECT_TRUE(sasl_prep(std::string(kMaxSaslText, 'a')).has_value());
  EXPECT_EQ(sasl_prep(std::string(kMaxSaslText + 1, 'a')).error().code(), Errc::too_large);
  // U+FDFA becomes eighteen characters.
  std::string grows;
  for (int i = 0; i < 300; ++i) grows += "\xef\xb7\xba";
  EXPECT_EQ(sasl_prep(grows).error().code(), Errc::too_large);
}

TEST(SaslPrep, OfSecrets) {
  EXPECT_TRUE(sasl_prep(crypto::Secret("pencil"))->equals("pencil"));
  EXPECT_TRUE(sasl_prep(crypto::Secret("I\xc2\xadX"))->equals("IX"));
  EXPECT_EQ(sasl_prep(crypto::Secret()).error().code(), Errc::invalid);
}

}  // namespace
}  // namespace chappe::trust
