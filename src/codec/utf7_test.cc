#include "codec/utf7.h"

#include <gtest/gtest.h>

namespace chappe::codec {
namespace {

constexpr std::pair<std::string_view, std::string_view> kPairs[] = {
    {"INBOX", "INBOX"},
    {"Tom & Jerry", "Tom &- Jerry"},
    {"&&", "&-&-"},
    {"~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"},  // RFC 3501 §5.1.3
    {"☺!", "&Jjo-!"},                                                // RFC 3501 §5.1.3
    {"Envoyés", "Envoy&AOk-s"},
    {"Éléments supprimés", "&AMk-l&AOk-ments supprim&AOk-s"},
    {"😀", "&2D3eAA-"},
    {"é&é", "&AOk-&-&AOk-"},
    {"a\nb", "a&AAo-b"},
    {"", ""},
};

TEST(Utf7, Pairs) {
  for (const auto& [utf8, utf7] : kPairs) {
    EXPECT_EQ(utf7_encode(utf8), utf7);
    EXPECT_EQ(utf7_decode(utf7), utf8);
  }
}

TEST(Utf7, OneSpellingOnly) {
  for (const std::string_view bad :
       {"&", "a&", "&AOk", "&Jjo-&Jjo-!", "&AGE-", "&U,BTFw-&ZeVnLIqe-", "&A-", "&AOl-", "&AOkA-", "&2D0-", "&3gA-",
        "&2D0A6Q-", "&2D3eA-", "&/w-", "caf\xc3\xa9", "a\rb", "&AO k-"})
    EXPECT_EQ(utf7_decode(bad), std::nullopt) << bad;
  EXPECT_EQ(utf7_encode("\xff"), std::nullopt);
  EXPECT_EQ(utf7_encode("\xed\xa0\x80"), std::nullopt);
}

}  // namespace
}  // namespace chappe::codec
