#include "dns/zone_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace chappe::dns {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kZone = R"($ORIGIN example.org.
$TTL 1h
@   IN SOA ns1 hostmaster (
        2026112401 ; serial
        2h 1h 2w
        5m )
    NS  ns1
    MX  10 mail ; a comment
ns1 300 IN A 192.0.2.1
    IN 300 AAAA 2001:db8::1
mail.example.org. A 192.0.2.2
long TXT ( "v=DKIM1; k=rsa; p="
           "MIIB" )
semi TXT "a;b" c\;d
sub.$weird  TXT x
)";

ZoneText parse(std::string_view text) {
  auto zone = parse_zone_text(text);
  EXPECT_TRUE(zone) << (zone ? "" : zone.error().text());
  return zone ? std::move(*zone) : ZoneText();
}

std::string complaint(std::string_view text) {
  const auto zone = parse_zone_text(text, {}, "zone");
  return zone ? "none" : zone.error().text();
}

TEST(ZoneFile, Reads) {
  const auto records = parse(kZone).records;
  ASSERT_EQ(records.size(), 9u);
  EXPECT_EQ(records[0].name.text(), "example.org.");
  EXPECT_EQ(rdata_to_text(Type::soa, records[0].rdata),
            "ns1.example.org. hostmaster.example.org. 2026112401 7200 3600 1209600 300");
  EXPECT_EQ(records[1].name.text(), "example.org.") << "the owner of the line before";
  EXPECT_EQ(records[2].ttl, 3600u);
  EXPECT_EQ(records[3].ttl, 300u);
  EXPECT_EQ(records[4].ttl, 300u);
  EXPECT_EQ(records[4].name.text(), "ns1.example.org.");
  EXPECT_EQ(Txt::joined(records[6].rdata), "v=DKIM1; k=rsa; p=MIIB");
  EXPECT_EQ(Txt::of(records[7].rdata).strings, (std::vector<Bytes>{"a;b", "c;d"}));
  EXPECT_EQ(records[8].name.labels()[1], "$weird");
}

TEST(ZoneFile, WrittenAndReadAgain) {
  const Name origin = *Name::parse("example.org");
  const auto records = parse(kZone).records;
  const std::string text = write_zone(records, origin);
  const auto again = parse(text).records;
  ASSERT_EQ(again.size(), records.size());
  EXPECT_EQ(write_zone(again, origin), text);
  EXPECT_TRUE(
      text.starts_with("$ORIGIN example.org.\n"
                       "$TTL 3600\n"
                       "@               SOA    ns1 hostmaster 2026112401 7200 3600 1209600 300\n"
                       "                NS     ns1\n"
                       "                MX     10 mail\n"))
      << text;
  EXPECT_TRUE(text.contains("\nns1         300 A      192.0.2.1\n            300 AAAA   2001:db8::1\n")) << text;
  EXPECT_TRUE(text.contains("\nsub.\\$weird     TXT    \"x\"\n")) << text;
}

TEST(ZoneFile, LongTextIsReadable) {
  const auto records = parse("$TTL 60\nk.example. TXT \"" + std::string(400, 'p') + "\"\n").records;
  const std::string text = write_zone(records, *Name::parse("example"));
  EXPECT_NE(text.find("(\n"), text.npos);
  EXPECT_EQ(parse(text).records[0].rdata, records[0].rdata);
}

TEST(ZoneFile, TtlRules) {
  // RFC 1035 §5.1 without $TTL: the last one given. RFC 2308 §4: $TTL goes before that.
  EXPECT_EQ(parse("a. 60 A 192.0.2.1\nb. A 192.0.2.1\n").records[1].ttl, 60u);
  EXPECT_EQ(parse("a. 60 A 192.0.2.1\n$TTL 90\nb. A 192.0.2.1\n").records[1].ttl, 90u);
  EXPECT_EQ(complaint("a. A 192.0.2.1\n"), "zone:1: no TTL is known; put a line \"$TTL 1h\" in front");
  EXPECT_EQ(complaint("a. 1y A 192.0.2.1\n"), "zone:1: 1y is no TTL; write seconds up to 2147483647, or 1h");
}

TEST(ZoneFile, ErrorsSayWhereAndWhatToDo) {
  EXPECT_EQ(complaint("\n\na. 60 A\n"), "zone:3: A: a field is missing at the end");
  EXPECT_EQ(complaint("a. 60 IN\n"), "zone:1: a record without a type; write NAME TTL TYPE and what it holds");
  EXPECT_EQ(complaint(" 60 A 192.0.2.1\n"), "zone:1: a record without a name; begin the line with one");
  EXPECT_EQ(complaint("a. 60 CH A 192.0.2.1\n"), "zone:1: the class CH; only IN is served");
  EXPECT_EQ(complaint("a. 60 TXT \"open\n"), "zone:1: a quoted string has no end; close it with \" on the same line");
  EXPECT_EQ(complaint("a. 60 TXT ( x\ny\n"), "zone:3: a ( is never closed");
  EXPECT_EQ(complaint("a. 60 TXT )\n"), "zone:1: a ) without its (");
  EXPECT_EQ(complaint("$GENERATE 1-2 a A 1\n"), "zone:1: $GENERATE is not known; $ORIGIN, $TTL and $INCLUDE are");
  EXPECT_EQ(complaint("$TTL x\n"), "zone:1: $TTL takes a time, as 3600 or 1h");
  EXPECT_EQ(complaint("$ORIGIN a b\n"), "zone:1: $ORIGIN takes one name");
  EXPECT_EQ(complaint("$INCLUDE x\n"), "zone:1: $INCLUDE is for zone files only; put the records here");
  EXPECT_EQ(complaint("a. 60 ANY x\n").find("zone:1: ANY is no type of record"), 0u);
  EXPECT_EQ(complaint("a. 60 WKS x\n").find("zone:1: WKS is no type of record"), 0u);
}

TEST(ZoneFile, DirectivesAreForThoseWhoAsk) {
  ZoneFileOptions options;
  options.directives = true;
  const auto zone = parse_zone_text("$ORIGIN x.\n$Timeout a MX\n", options, "f");
  ASSERT_TRUE(zone);
  ASSERT_EQ(zone->directives.size(), 1u);
  EXPECT_EQ(zone->directives[0].where, "f:2");
  EXPECT_EQ(zone->directives[0].name, "$TIMEOUT");
  EXPECT_EQ(zone->directives[0].words, (std::vector<std::string>{"a", "MX"}));
  EXPECT_EQ(zone->directives[0].origin.text(), "x.");
}

class Folder {
 public:
  Folder() : path_(fs::temp_directory_path() / fmt::format("chappe-zones-{}", getpid())) {
    fs::create_directories(path_ / "zones/sub");
  }
  ~Folder() { fs::remove_all(path_); }
  fs::path write(const std::string& name, std::string_view text) {
    std::ofstream(path_ / name) << text;
    return path_ / name;
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

TEST(ZoneFile, IncludesBelowItsFolder) {
  Folder folder;
  const auto main =
      folder.write("zones/main", "$ORIGIN example.org.\n$TTL 60\n@ NS ns\n$INCLUDE sub/hosts lan\nafter A 192.0.2.9\n");
  folder.write("zones/sub/hosts", "h A 192.0.2.1\n$ORIGIN elsewhere.\n$TTL 5\nx A 192.0.2.2\n");
  const auto zone = read_zone_file(main);
  ASSERT_TRUE(zone) << zone.error().text();
  ASSERT_EQ(zone->records.size(), 4u);
  EXPECT_EQ(zone->records[1].name.text(), "h.lan.example.org.");
  EXPECT_EQ(zone->records[2].name.text(), "x.elsewhere.");
  EXPECT_EQ(zone->records[3].name.text(), "after.example.org.") << "the origin comes back";
  EXPECT_EQ(zone->records[3].ttl, 60u);
}

TEST(ZoneFile, IncludesNothingElse) {
  Folder folder;
  folder.write("secret", "secret. 60 A 192.0.2.66\n");
  fs::create_symlink(folder.path() / "secret", folder.path() / "zones/link");
  fs::create_directory_symlink(folder.path(), folder.path() / "zones/up");
  const auto refused = [&](const std::string& path) {
    const auto zone = read_zone_file(folder.write("zones/main", "$INCLUDE " + path + "\n"));
    return !zone && zone.error().text().contains("main:1: cannot include");
  };
  for (const std::string& path :
       std::vector<std::string>{"../secret", "sub/../../secret", "link", "up/secret", "./main", "sub", "missing",
                                "sub//x", (folder.path() / "secret").string()})
    EXPECT_TRUE(refused(path)) << path;
}

TEST(ZoneFile, IncludeIsBounded) {
  Folder folder;
  const auto circle = folder.write("zones/circle", "$INCLUDE circle\n");
  EXPECT_TRUE(read_zone_file(circle).error().text().contains("nested deeper than 8"));
  ZoneFileOptions options;
  options.max_octets = 100;
  folder.write("zones/big", "; " + std::string(80, 'x') + "\n");
  const auto twice = folder.write("zones/twice", "$INCLUDE big\n$INCLUDE big\n");
  EXPECT_EQ(read_zone_file(twice, options).error().code(), Errc::invalid);
  const auto inner = folder.write("zones/outer", "\n$INCLUDE wrong\n");
  folder.write("zones/wrong", "\n\nx\n");
  EXPECT_TRUE(read_zone_file(inner).error().text().starts_with("wrong:3: ")) << "the place is in the included file";
  EXPECT_FALSE(read_zone_file((folder.path() / "nothing").string()));
  EXPECT_FALSE(read_zone_file(folder.path().string()));
}

}  // namespace
}  // namespace chappe::dns
