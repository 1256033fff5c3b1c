#include "post/delivery/route.h"

#include <gtest/gtest.h>

#include <map>

#include "store/test_stores.h"

namespace chappe::post {
namespace {

using store::testing::soon;

class Book final : public RcptSource {
 public:
  net::Task<Result<RcptAnswer>> resolve_rcpt(std::string address, net::Deadline) override {
    ++asked;
    const auto i = rows.find(address);
    co_return i == rows.end() ? RcptAnswer{} : i->second;
  }
  void alias(std::string address, std::vector<std::string> targets) {
    rows[address] = {RcptAnswer::Kind::alias, {}, "", std::move(targets)};
  }
  void account(std::string address, std::uint32_t id, std::string mailbox = "") {
    rows[address] = {RcptAnswer::Kind::account, {id}, std::move(mailbox), {}};
  }
  void remote(std::string address) { rows[address] = {RcptAnswer::Kind::remote, {}, "", {}}; }
  std::map<std::string, RcptAnswer> rows;
  int asked = 0;
};

std::string ends(const Result<Route>& r) {
  if (!r) return std::string(error_row(r.error().code()).name);
  std::string out;
  for (const auto& e : r->ends) {
    out += (out.empty() ? "" : " ") + e.address;
    if (e.destination.kind == Destination::Kind::mailbox) out += "=" + std::to_string(e.destination.account.value);
  }
  return out;
}

TEST(Route, FollowsAliases) {
  Book book;
  book.account("bob", 1);
  book.account("eve", 2);
  book.remote("far");
  book.alias("team", {"bob", "others", "gone"});
  book.alias("others", {"eve", "far", "bob", "team"});
  EXPECT_EQ(ends(net::run(route(&book, "bob", soon()))), "bob=1");
  EXPECT_EQ(ends(net::run(route(&book, "far", soon()))), "far");
  const auto r = net::run(route(&book, "team", soon()));
  EXPECT_EQ(ends(r), "bob=1 eve=2 far");
  EXPECT_EQ(r->unknown, std::vector<std::string>{"gone"});
  EXPECT_EQ(ends(net::run(route(&book, "nobody", soon()))), "not_found");
}

TEST(Route, WhatTheMdaKeepsGoesThere) {
  Book book;
  book.rows["bob"] = {RcptAnswer::Kind::mda, {}, "", {}};
  book.rows["eve"] = {RcptAnswer::Kind::mda, {}, "", {}, true};
  const auto bob = net::run(route(&book, "bob", soon()));
  ASSERT_TRUE(bob);
  ASSERT_EQ(bob->ends.size(), 1u);
  EXPECT_EQ(bob->ends[0].destination.kind, Destination::Kind::mda);
  EXPECT_FALSE(bob->full);
  EXPECT_TRUE(net::run(route(&book, "eve", soon()))->full);
}

TEST(Route, TwoAddressesOfOneMailboxAreOneEnd) {
  Book book;
  book.account("bob", 1);
  book.account("robert", 1);
  book.account("bob+lists", 1, "lists");
  book.alias("all", {"bob", "robert", "bob+lists"});
  EXPECT_EQ(ends(net::run(route(&book, "all", soon()))), "bob=1 bob+lists=1");
}

TEST(Route, LoopsAndExcessEnd) {
  Book book;
  book.alias("a", {"b"});
  book.alias("b", {"a"});
  EXPECT_EQ(ends(net::run(route(&book, "a", soon()))), "not_found");
  for (std::size_t i = 0; i <= kMaxAliasDepth + 1; ++i)
    book.alias("deep" + std::to_string(i), {"deep" + std::to_string(i + 1)});
  EXPECT_EQ(ends(net::run(route(&book, "deep0", soon()))), "too_large");
  std::vector<std::string> many;
  for (std::size_t i = 0; i < kMaxAliasTargets + 1; ++i) many.push_back("m" + std::to_string(i));
  book.alias("many", many);
  EXPECT_EQ(ends(net::run(route(&book, "many", soon()))), "too_large");
  // Each target an alias of many: what is asked stays bounded.
  std::vector<std::string> half(many.begin(), many.begin() + 600);
  for (const auto& m : half) book.alias(m, half);
  for (int i = 0; i < 5; ++i) book.alias("wide" + std::to_string(i), half);
  book.alias("wide", {"wide0", "wide1", "wide2", "wide3", "wide4"});
  book.asked = 0;
  EXPECT_EQ(ends(net::run(route(&book, "wide", soon()))), "not_found");
  EXPECT_LE(book.asked, static_cast<int>(kMaxAliasTargets));
}

}  // namespace
}  // namespace chappe::post
