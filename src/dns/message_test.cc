#include "dns/message.h"

#include <gtest/gtest.h>

#include "dns/test_world.h"

namespace chappe::dns {
namespace {

Message sample() {
  Message m = make_query({name("www.example.org"), Type::a}, 4711, true, true);
  m.header.response = m.header.authoritative = true;
  m.answer = {record("www.example.org", Type::cname, "host.example.org."),
              record("host.example.org", Type::a, "192.0.2.1", 60),
              record("host.example.org", Type::a, "192.0.2.2", 60)};
  m.authority = {record("example.org", Type::ns, "ns1.example.org.")};
  m.additional = {record("ns1.example.org", Type::a, "192.0.2.3")};
  return m;
}

TEST(Message, ComesBackAsItWasWritten) {
  const Message m = sample();
  const Bytes wire = write_message(m);
  const auto back = parse_message(wire);
  ASSERT_TRUE(back) << back.error().text();
  EXPECT_EQ(message_text(*back), message_text(m));
  EXPECT_EQ(write_message(*back), wire);
}

TEST(Message, NamesAreCompressed) {
  const Bytes wire = write_message(sample());
  // "example" stands once, with pointers to it from everywhere else (RFC 1035 §4.1.4).
  EXPECT_EQ(wire.find("example"), wire.rfind("example"));
  Message srv = make_query({name("_imaps._tcp.example.org"), Type::srv}, 1, false, false);
  srv.answer = {record("_imaps._tcp.example.org", Type::srv, "0 1 993 imap.example.org.")};
  const Bytes plain = write_message(srv);
  EXPECT_NE(plain.find("example"), plain.rfind("example")) << "RFC 3597 §4: not inside an SRV";
}

TEST(Message, PointersMustLeadBack) {
  const auto with_question = [](ByteView question) {
    Bytes wire("\0\1\0\0\0\1\0\0\0\0\0\0", 12);
    wire += question;
    return parse_message(wire).has_value();
  };
  EXPECT_TRUE(with_question(ByteView("\1a\0\0\1\0\1", 7)));
  EXPECT_FALSE(with_question(ByteView("\xc0\x0c\0\1\0\1", 6))) << "to itself";
  EXPECT_FALSE(with_question(ByteView("\1a\xc0\x0c\0\1\0\1", 8))) << "to its own begin";
  EXPECT_FALSE(with_question(ByteView("\xc0\x20\0\1\0\1", 6))) << "forward";
  EXPECT_FALSE(
      with_question(ByteView("\x40"
                             "a\0\0\1\0\1",
                             7)))
      << "a label type that is none";
  EXPECT_FALSE(with_question(ByteView("\1a\0\0\1\0\1x", 8))) << "octets behind the end";
  EXPECT_FALSE(with_question(ByteView("\1a\0\0\1", 5)));
}

TEST(Message, PointersCannotMakeANameTooLong) {
  // A chain of parts, each of which points to the one before: 5 x 60 octets are more than 255.
  Bytes wire("\0\1\x80\0\0\0\0\6\0\0\0\0", 12);
  std::size_t before = 0;
  for (int i = 0; i < 6; ++i) {
    const std::size_t at = wire.size();
    wire += '\x3b';
    wire += Bytes(59, 'a');
    if (i == 0) {
      wire += '\0';
    } else {
      wire += static_cast<char>(0xc0 | before >> 8);
      wire += static_cast<char>(before);
    }
    wire += Bytes("\0\1\0\1\0\0\0\0\0\4abcd", 14);
    before = at;
  }
  EXPECT_FALSE(parse_message(wire));
}

TEST(Message, TruncatesByWholeSets) {
  Message m = make_query({name("example.org"), Type::a}, 1, false, false);
  for (int i = 0; i < 60; ++i) m.answer.push_back(record("example.org", Type::a, fmt::format("192.0.2.{}", i)));
  const Bytes wire = write_message(m, {.limit = kMinUdp});
  EXPECT_LE(wire.size(), kMinUdp);
  const auto back = parse_message(wire);
  ASSERT_TRUE(back);
  EXPECT_TRUE(back->header.truncated);
  EXPECT_TRUE(back->answer.empty()) << "RFC 2181 §9: not half a set";
  EXPECT_TRUE(back->edns) << "there is always room for OPT";
}

TEST(Message, TheAdditionalSectionGoesInSilenceUnlessItIsNeeded) {
  Message m = make_query({name("example.org"), Type::a}, 1, false, false);
  m.authority = {record("example.org", Type::ns, "ns.example.org.")};
  for (int i = 0; i < 60; ++i) m.additional.push_back(record("ns.example.org", Type::a, fmt::format("192.0.2.{}", i)));
  EXPECT_FALSE(parse_message(write_message(m, {.limit = kMinUdp}))->header.truncated);
  EXPECT_TRUE(parse_message(write_message(m, {.limit = kMinUdp, .glue_needed = true}))->header.truncated);
}

TEST(Message, Edns) {
  // RFC 6891 §6.1
  Message m = make_query({name("example.org"), Type::a}, 1, false, true);
  m.header.rcode = Rcode::badvers;
  const auto back = parse_message(write_message(m));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->header.rcode, Rcode::badvers);
  ASSERT_TRUE(back->edns);
  EXPECT_TRUE(back->edns->dnssec_ok);
  EXPECT_EQ(back->edns->udp_size, kEdnsUdp);

  const Bytes query = write_message(make_query({name("a"), Type::a}, 1, false, false));
  const ByteView opt = ByteView(query).substr(query.size() - 11);
  Bytes two = query + Bytes(opt);
  two[11] = 2;
  EXPECT_FALSE(parse_message(two)) << "two OPT";
  Bytes options = query.substr(0, query.size() - 2);
  EXPECT_TRUE(parse_message(options + Bytes("\0\6\0\x0a\0\2xy", 8))) << "an option";
  EXPECT_FALSE(parse_message(options + Bytes("\0\6\0\x0a\0\3xy", 8))) << "one that is longer than its record";
}

TEST(Message, Refuses) {
  EXPECT_FALSE(parse_message(""));
  EXPECT_FALSE(parse_header("12345678901"));
  Bytes two_questions("\0\1\0\0\0\2\0\0\0\0\0\0\1a\0\0\1\0\1\1b\0\0\1\0\1", 26);
  EXPECT_FALSE(parse_message(two_questions));
  const Bytes wire = write_message(sample());
  for (std::size_t n = 0; n < wire.size(); ++n) EXPECT_FALSE(parse_message(wire.substr(0, n))) << n;
}

TEST(Message, AnswerOf) {
  const Question q{name("www.example.org"), Type::a};
  const Answer a = answer_of(sample(), q);
  ASSERT_EQ(a.outcome, Outcome::answer);
  EXPECT_EQ(a.canonical, name("host.example.org"));
  EXPECT_EQ(a.records.rdata.size(), 2u);
  EXPECT_EQ(a.chain.size(), 1u);
  EXPECT_EQ(a.ttl, 60u);

  Message none = sample();
  none.answer.clear();
  EXPECT_EQ(answer_of(none, q).ttl, 0u);
  none.authority = {record("example.org", Type::soa, "a. b. 1 2 3 4 77", 900)};
  EXPECT_EQ(answer_of(none, q).outcome, Outcome::nodata);
  EXPECT_EQ(answer_of(none, q).ttl, 77u);
  none.header.rcode = Rcode::nxdomain;
  EXPECT_EQ(answer_of(none, q).outcome, Outcome::nxdomain);
  none.header.rcode = Rcode::refused;
  EXPECT_EQ(answer_of(none, q).outcome, Outcome::servfail);
  EXPECT_EQ(answer_of(none, q).why, "the name server says REFUSED");

  Message circle = sample();
  circle.answer = {record("www.example.org", Type::cname, "x."), record("x", Type::cname, "www.example.org.")};
  EXPECT_EQ(answer_of(circle, q).outcome, Outcome::servfail);
}

}  // namespace
}  // namespace chappe::dns
