// DNS lists of addresses and domains (RFC 5782): block lists and allow lists, asked about one client or domain all at
// the same time. An answer counts as a listing only if it is one of the list's own codes in 127.0.0.0/8; what a list
// says of the question itself (refused, over quota, no such list) is an error and never a listing.
//
// Pure but for the Resolver, which the caller owns and which must outlive the task; runs on the caller's executor.
// Nothing blocks. Never fails. Ends by the deadline. Asks one question a list, and one more for the words of a listing.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "dns/resolver.h"
#include "net/task.h"
#include "trust/ip.h"

namespace chappe::trust {

// How much is kept of what a list says about a listing.
inline constexpr std::size_t kMaxListText = 300;

// What an answer of a list means: "127.0.0.2", or all of a network.
struct ListCode {
  Ip network;
  unsigned prefix = 32;
  std::string meaning;
  int weight = 0;
};

struct List {
  enum class Kind : std::uint8_t { block, allow };

  std::string name;  // as people read it: the zone may hold a key, and is told nowhere if this is something else
  std::string zone;  // "zen.example"
  Kind kind = Kind::block;
  // What stands in it.
  bool ipv4 = true, ipv6 = false, domains = false;
  // Those that count. Empty: every good answer does, with `weight`.
  std::vector<ListCode> codes = {};
  int weight = 0;
  bool explain = false;  // ask for the words of a listing (RFC 5782 §2.1)
};

// The numbers are no promise, the ids in the table (listing.cc) are.
enum class ListingState : std::uint8_t {
  listed,
  not_listed,
  other_code,  // in the list, with a code that does not count
  not_asked,   // nothing of this kind stands in the list
  bad_name,    // no question can be made of it
  lookup_failed,
  refused,          // 127.255.255.0/24: what public lists answer to whom they do not serve
  reserved_answer,  // 127.0.0.1, which is never a listing
  foreign_answer,   // outside 127.0.0.0/8: no list answers so
};
struct ListingRow {
  ListingState state;
  std::string_view id;
  bool error;  // the list is of no use, and its operator or ours should look
  std::string_view rule;
  std::string_view en, fr;
};
const ListingRow& listing_row(ListingState state);
std::span<const ListingRow> listing_rows();

struct Listing {
  std::size_t list = 0;  // in the lists that were asked
  ListingState state{};
  std::vector<Ip> codes;               // every answer
  std::vector<std::size_t> meanings;   // in List::codes: those that count, each once
  int weight = 0;                      // the greatest of theirs; 0 unless listed
  std::string text;                    // the list's own words, printable ASCII
  std::vector<dns::Answer> questions;  // one or two; with the list's name where the zone stands, if it has one
};

// One for each list, in their order. `subject`: the address of a client (an IPv4-mapped IPv6 address counts as IPv4),
// or a domain, without final dot.
net::Task<std::vector<Listing>> ask_lists(dns::Resolver& resolver, std::string subject, std::vector<List> lists,
                                          net::Deadline deadline);

// Whether a list works at all, by the entries that every list has and lacks (RFC 5782 §5). A list that fails must not
// be used (RFC 5782 §7): if it lists what no list lists, it would list everybody.
struct ListTest {
  std::size_t list = 0;
  std::string subject;  // "127.0.0.2", "::ffff:127.0.0.2", "test"
  bool should_be_listed = false;
  Listing listing;  // meanings and weight do not matter here
  // Any good answer is a listing here, whether its code counts or not.
  bool passed() const;
};
net::Task<std::vector<ListTest>> test_lists(dns::Resolver& resolver, std::vector<List> lists, net::Deadline deadline);

}  // namespace chappe::trust
