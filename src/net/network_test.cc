#include "net/network.h"

#include <gtest/gtest.h>

namespace chappe::net {
namespace {

bool within(const char* network, const char* ip) {
  return Network::parse(network).value().contains(*Endpoint::parse(ip, 25));
}

TEST(Network, HoldsWhatItsPrefixSays) {
  EXPECT_TRUE(within("192.0.2.0/24", "192.0.2.255"));
  EXPECT_FALSE(within("192.0.2.0/24", "192.0.3.0"));
  EXPECT_TRUE(within("192.0.2.0/23", "192.0.3.1"));
  EXPECT_TRUE(within("192.0.2.7", "192.0.2.7"));
  EXPECT_FALSE(within("192.0.2.7", "192.0.2.6"));
  EXPECT_TRUE(within("2001:db8::/32", "2001:db8:1::1"));
  EXPECT_FALSE(within("2001:db8::/32", "2001:db9::1"));
  EXPECT_TRUE(within("::1", "::1"));
}

TEST(Network, TheFamiliesAreApartButForMappedAddresses) {
  EXPECT_TRUE(within("127.0.0.0/8", "::ffff:127.0.0.1"));
  EXPECT_TRUE(within("0.0.0.0/0", "198.51.100.1"));
  EXPECT_FALSE(within("0.0.0.0/0", "2001:db8::1"));
  EXPECT_FALSE(within("2001:db8::/32", "32.1.13.184"));
}

TEST(Network, WhatIsNoneIsRefused) {
  for (const char* wrong : {"", "/8", "example.org", "192.0.2.0/33", "192.0.2.0/-1", "192.0.2.0/", "192.0.2.0/8x",
                            "192.0.2.1/24", "2001:db8::1/32", "2001:db8::/129", "192.0.2.0/24/24"})
    EXPECT_FALSE(Network::parse(wrong)) << wrong;
  EXPECT_EQ(Network::parse("192.0.2.1/24").error().text(),
            "'192.0.2.1/24' has bits behind its prefix of 24: write the first address of the network");
}

}  // namespace
}  // namespace chappe::net
