#include "post/policy/local.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "post/directory/rows.h"

namespace chappe::post {
namespace {

using trust::dmarc::Action;
using Kind = Acquaintance::Kind;

// The name as it is kept, or the error's.
std::string kept(Kind kind, std::string_view written) {
  const auto known = parse_acquaintance(kind, written);
  return known ? known->name : std::string(error_row(known.error().code()).name);
}

TEST(LocalRules, NamesAreKeptInOneForm) {
  EXPECT_EQ(kept(Kind::sealer, "Bücher.Example"), "xn--bcher-kva.example");
  EXPECT_EQ(kept(Kind::list, "Lists.example.org"), "lists.example.org");
  EXPECT_EQ(kept(Kind::list, "Dev.Lists.example.org/Example.org"), "dev.lists.example.org/example.org");
  EXPECT_EQ(kept(Kind::forwarder, "192.0.2.77/24"), "192.0.2.0/24");
  EXPECT_EQ(kept(Kind::forwarder, "192.0.2.77"), "192.0.2.77/32");
  EXPECT_EQ(kept(Kind::forwarder, "2001:DB8:ffff::1/33"), "2001:db8:8000::/33");
  EXPECT_EQ(kept(Kind::forwarder, "0.0.0.0/0"), "0.0.0.0/0");
  EXPECT_EQ(kept(Kind::forwarder, "2001:db8::1/0"), "::/0");
  EXPECT_EQ(kept(Kind::forwarder, "example.org"), "example.org");
  EXPECT_EQ(kept(Kind::allow, "Bob@Example.org"), "bob@example.org");
  EXPECT_EQ(kept(Kind::allow, "\"A b\"@Example.org"), "\"a b\"@example.org") << "as it can be read again";
  EXPECT_EQ(kept(Kind::allow, "\"bob\"@example.org"), "bob@example.org");
  EXPECT_EQ(kept(Kind::block, "_a.example.org"), "_a.example.org");
}

TEST(LocalRules, WhatIsNoNameForAKindIsRefused) {
  EXPECT_EQ(kept(Kind::sealer, "bob@example.org"), "invalid");
  EXPECT_EQ(kept(Kind::sealer, "192.0.2.0/24"), "invalid");
  EXPECT_EQ(kept(Kind::list, "/example.org"), "invalid");
  EXPECT_EQ(kept(Kind::list, "<a>/example.org"), "invalid");
  EXPECT_EQ(kept(Kind::list, "a/b/c"), "invalid");
  EXPECT_EQ(kept(Kind::allow, "192.0.2.0/24"), "invalid") << "a network proves no author";
  EXPECT_EQ(kept(Kind::allow, "@example.org"), "invalid");
  EXPECT_EQ(kept(Kind::block, "192.0.2.0/33"), "invalid");
  EXPECT_EQ(kept(Kind::block, "2001:db8::/129"), "invalid");
  EXPECT_EQ(kept(Kind::block, "192.0.2.0/-1"), "invalid");
  EXPECT_EQ(kept(Kind::block, ""), "invalid");
  const std::string id(kMaxAcquaintanceName - std::string_view("/example.org").size(), 'a');
  EXPECT_EQ(kept(Kind::list, id + "/example.org").size(), kMaxAcquaintanceName);
  EXPECT_EQ(kept(Kind::list, id + "a/example.org"), "too_large");
}

TEST(LocalRules, ActionsAreThoseThatMakeSense) {
  EXPECT_EQ(parse_rejected("accept"), Action::accept);
  EXPECT_EQ(parse_rejected("reject"), Action::reject);
  EXPECT_EQ(parse_suspect("quarantine"), Action::quarantine);
  EXPECT_FALSE(parse_rejected("quarantine"));
  EXPECT_FALSE(parse_suspect("reject"));
  EXPECT_FALSE(parse_suspect("defer"));
  EXPECT_FALSE(parse_suspect(""));
}

TEST(LocalRules, AScopeIsOneText) {
  ScopeRules rules;
  EXPECT_EQ(rules_text(rules), "rejected=inherited suspect=inherited\n");
  rules.handling.suspect = Action::quarantine;
  for (const auto& [kind, name] :
       {std::pair(Kind::list, "dev.lists.example/example.org"), std::pair(Kind::allow, "\"a b\"@zoë.example"),
        std::pair(Kind::block, "192.0.2.9/24")})
    rules.known.insert(*parse_acquaintance(kind, name));
  EXPECT_EQ(rules_text(rules),
            "rejected=inherited suspect=quarantine\nlist dev.lists.example/example.org\n"
            "allow \"a b\"@xn--zo-ija.example\nblock 192.0.2.0/24\n");
  EXPECT_EQ(*read_rules_text(rules_text(rules)), rules);
}

TEST(LocalRules, TextsThatNobodyWroteAreRefused) {
  const auto code = [](std::string_view text) {
    const auto read = read_rules_text(text);
    return read ? std::string("ok") : std::string(error_row(read.error().code()).name);
  };
  const std::string head = "rejected=junk suspect=inherited\n";
  EXPECT_EQ(code(head), "ok");
  for (const std::string& text :
       {std::string(), std::string("rejected=junk"), std::string("rejected=quarantine suspect=junk\n"),
        std::string("suspect=junk rejected=junk\n"), head + "list", head + "friend a.example", head + "block a b",
        head + "\n", head + "sealer a@b.example"})
    EXPECT_EQ(code(text), "invalid") << text;
  std::string many = head;
  for (std::size_t i = 0; i < kMaxAcquaintances; ++i) many += fmt::format("block a{}.example\n", i);
  EXPECT_EQ(code(many), "ok");
  EXPECT_EQ(code(many + "block b.example\n"), "too_large");
}

// Octet by octet, as docs/formats/directory.md has it.
TEST(LocalRules, RowsAreReadAsTheyAreDocumented) {
  const Bytes handling = rows::key(rows::Sub::handling).u8(2).u32(7).take();
  const Bytes row(
      "\x01\x04\x00\xd0\x0f\x03"
      "ann",
      9);
  const auto read = rows::decode_handling(handling, row);
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(read->scope, Scope::account({7}));
  EXPECT_EQ(read->handling.rejected, Action::reject);
  EXPECT_FALSE(read->handling.suspect);
  EXPECT_EQ(read->made.when.us, 1000);
  EXPECT_EQ(read->made.who, "ann");
  EXPECT_EQ(rows::encode(read->handling, read->made), row);
  EXPECT_EQ(rows::handling_key(read->scope), handling);

  const Bytes known = rows::key(rows::Sub::known).u8(1).u32(3).u8(5).rest("example.org").take();
  const auto entry = rows::decode_acquaintance(known, Bytes("\x01\x02\x01x", 4));
  ASSERT_TRUE(entry) << entry.error().text();
  EXPECT_EQ(entry->scope, Scope::domain({3}));
  EXPECT_EQ(entry->known, (Acquaintance{Kind::block, "example.org"}));
  EXPECT_EQ(rows::acquaintance_key(entry->scope, entry->known), known);
}

TEST(LocalRules, RowsThatNobodyWroteAreRefused) {
  const Bytes key = rows::handling_key(Scope::site());
  const auto handling = [&](std::string_view octets) { return rows::decode_handling(key, Bytes(octets)).has_value(); };
  using std::string_view_literals::operator""sv;
  EXPECT_TRUE(handling("\x01\x01\x03\x00\x00"sv));
  EXPECT_FALSE(handling("\x01\x03\x01\x00\x00"sv)) << "rejected = quarantine";
  EXPECT_FALSE(handling("\x01\x01\x04\x00\x00"sv)) << "suspect = reject";
  EXPECT_FALSE(handling("\x01\x05\x00\x00\x00"sv));
  EXPECT_FALSE(handling("\x02\x01\x01\x00\x00"sv)) << "a newer version";
  EXPECT_FALSE(handling("\x01\x01"sv));
  const auto known = [](std::uint8_t of, std::uint8_t kind) {
    const Bytes at = rows::key(rows::Sub::known).u8(of).u32(1).u8(kind).rest("a.example").take();
    return rows::decode_acquaintance(at, Bytes("\x01\x00\x00", 3)).has_value();
  };
  EXPECT_TRUE(known(2, 5));
  EXPECT_FALSE(known(3, 5));
  EXPECT_FALSE(known(2, 0));
  EXPECT_FALSE(known(2, 6));
}

}  // namespace
}  // namespace chappe::post
