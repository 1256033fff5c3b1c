#include "trust/dmarc/suffix_list.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/text.h"
#include "trust/mail_domain.h"

namespace chappe::trust::dmarc {
namespace {

namespace fs = std::filesystem;

fs::path vectors() {
  const char* set = std::getenv("CHAPPE_VECTORS");
  return fs::path(set != nullptr ? set : "../shared/vectors") / "psl";
}

// publicsuffix.org's own: a domain, and the one that was registered below a public suffix.
TEST(SuffixList, VectorsOfTheList) {
  if (!fs::exists(vectors() / "tests.txt")) GTEST_SKIP() << "psl: " << vectors() << " is not there";
  const SuffixList list = SuffixList::from_file(vectors() / "public_suffix_list.dat").value();
  std::ifstream in(vectors() / "tests.txt");
  std::size_t tried = 0;
  for (std::string line; std::getline(in, line);) {
    const auto words = split(line, ' ');
    // What is no domain (null, a leading dot) is never asked about here.
    if (words.size() != 2 || line.starts_with("//")) continue;
    const auto domain = mail_domain(words[0]);
    if (!domain || words[0] == "null") continue;
    const std::string registered = words[1] == "null" ? std::string() : mail_domain(words[1]).value();
    EXPECT_EQ(list.organization(*domain), registered) << line;
    ++tried;
  }
  EXPECT_GT(tried, 60U);
}

TEST(SuffixList, TheSystemHasOne) {
  const SuffixList list = SuffixList::of_system().value();
  EXPECT_FALSE(list.source().empty());
  EXPECT_EQ(list.organization("a.b.example.co.uk"), "example.co.uk");
  EXPECT_EQ(list.organization("co.uk"), "");
  EXPECT_EQ(list.organization("mail.xn--bcher-kva.example"), "xn--bcher-kva.example");
  EXPECT_EQ(list.organization(""), "");
  EXPECT_FALSE(SuffixList::from_file("/nonexistent"));
}

}  // namespace
}  // namespace chappe::trust::dmarc
