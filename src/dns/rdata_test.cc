#include "dns/rdata.h"

#include <gtest/gtest.h>

#include "dns/base32.h"
#include "dns/record.h"

namespace chappe::dns {
namespace {

std::string again(Type type, std::string_view text) {
  const auto rdata = rdata_from_text(type, text);
  return rdata ? rdata_to_text(type, *rdata) : "refused: " + rdata.error().text();
}

Bytes octets(Type type, std::string_view text) {
  const auto rdata = rdata_from_text(type, text);
  EXPECT_TRUE(rdata) << text << ": " << (rdata ? "" : rdata.error().text());
  return rdata.value_or("");
}

TEST(Rdata, EveryTypeComesBackAsItWasWritten) {
  const std::pair<Type, std::string_view> rows[] = {
      {Type::a, "192.0.2.1"},
      {Type::aaaa, "2001:db8::1"},
      {Type::ns, "ns1.example.org."},
      {Type::cname, "www.example.org."},
      {Type::dname, "example.net."},
      {Type::ptr, "host.example.org."},
      {Type::soa, "ns1.example.org. hostmaster.example.org. 2026112401 7200 3600 1209600 300"},
      {Type::mx, "10 mail.example.org."},
      {Type::mx, "0 ."},
      {Type::txt, "\"v=spf1 -all\" \"two\""},
      {Type::txt, "\"a \\\"quoted\\\" \\\\ and \\200\""},
      {Type::hinfo, "\"PC\" \"Linux\""},
      {Type::rp, "a.example. b.example."},
      {Type::srv, "0 5 993 imap.example.org."},
      {Type::naptr, "100 10 \"u\" \"E2U+sip\" \"!^.*$!sip:x@example.org!\" ."},
      {Type::ds, "60485 5 1 2bb183af5f22588179a53b0a98631fad1a292118"},
      {Type::sshfp, "1 1 dd465c09cfa51fb45020cc83316fff21b9ec74ac"},
      {Type::dnskey, "256 3 13 AQPSKmynfzW4kyBv015MUG2DeIQ3Cbl+BBZH4b/0PY1kxkmvHjcZc8no"},
      {Type::rrsig, "A 5 3 86400 20030322173103 20030220173103 2642 example.com. oJB1W6WNGv+ldvQ3WDG0MQkg5IEhjRip8WTr"},
      {Type::nsec, "host.example.com. A MX RRSIG NSEC TYPE1234"},
      {Type::nsec3, "1 1 12 aabbccdd 2vptu5timamqttgl4luu9kg21e0aor3s A RRSIG"},
      {Type::nsec3, "1 0 0 - 2vptu5timamqttgl4luu9kg21e0aor3s"},
      {Type::nsec3param, "1 0 12 aabbccdd"},
      {Type::nsec3param, "1 0 0 -"},
      {Type::tlsa, "3 1 1 d2abde240d7cd3ee6b4b28c54df034b97983a1d16e8a410e4561cb106618e971"},
      {Type::caa, "0 issue \"letsencrypt.org; validationmethods=dns-01\""},
      {Type::caa, "128 iodef \"\""},
      {Type::openpgpkey, "AQPSKmynfzW4kyBv"},
      {static_cast<Type>(731), "\\# 6 abcdef012345"},
      {static_cast<Type>(731), "\\# 0"},
  };
  for (const auto& [type, text] : rows) EXPECT_EQ(again(type, text), text) << type_name(type);
}

TEST(Rdata, OctetsAreThoseOfTheRfcs) {
  // RFC 4034 §4.3
  EXPECT_EQ(octets(Type::nsec, "host.example.com. A MX RRSIG NSEC TYPE1234"),
            Bytes("\x04host\x07"
                  "example\x03"
                  "com\0"
                  "\0\x06\x40\x01\0\0\0\x03"
                  "\x04\x1b\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x20",
                  18 + 8 + 29));
  EXPECT_EQ(octets(Type::mx, "10 a.b."), Bytes("\0\x0a\1a\1b\0", 7));
  // RFC 8659 §4.1.1: the value fills the rest and has no length.
  EXPECT_EQ(octets(Type::caa, "0 issue \"ca.example\""), Bytes("\0\5issueca.example", 17));
}

TEST(Rdata, WordsThatMayBeSplit) {
  EXPECT_EQ(again(Type::ds, "60485 5 1 ( 2BB183AF5F22588179A53B0A 98631FAD1A292118 )"),
            "60485 5 1 2bb183af5f22588179a53b0a98631fad1a292118");
  EXPECT_EQ(again(Type::soa, "a. b. 1 2h 1h 2w 5m"), "a. b. 1 7200 3600 1209600 300");
  EXPECT_EQ(again(Type::txt, "bare words"), "\"bare\" \"words\"");
}

TEST(Rdata, LongTextIsCut) {
  const Bytes rdata = octets(Type::txt, "\"" + std::string(600, 'x') + "\"");
  const auto txt = Txt::of(rdata);
  ASSERT_EQ(txt.strings.size(), 3u);
  EXPECT_EQ(txt.strings[0].size(), 255u);
  EXPECT_EQ(txt.strings[2].size(), 90u);
  EXPECT_EQ(Txt::joined(rdata), std::string(600, 'x'));
  EXPECT_FALSE(rdata_from_text(Type::hinfo, "\"" + std::string(256, 'x') + "\" b"));
}

TEST(Rdata, TheUnknownFormFitsKnownTypes) {
  // RFC 3597 §5
  EXPECT_EQ(again(Type::a, "\\# 4 c0000201"), "192.0.2.1");
  EXPECT_EQ(again(Type::a, "\\# 4 ( c000 0201 )"), "192.0.2.1");
  for (const std::string_view bad : {"\\# 4 c00002", "\\# 5 c000020100", "\\# x", "\\#", "\\# 0 00"})
    EXPECT_FALSE(rdata_from_text(Type::a, bad)) << bad;
}

TEST(Rdata, Refuses) {
  const std::pair<Type, std::string_view> rows[] = {
      {Type::a, "192.0.2"},
      {Type::a, "2001:db8::1"},
      {Type::a, ""},
      {Type::a, "192.0.2.1 x"},
      {Type::aaaa, "192.0.2.1"},
      {Type::mx, "65536 a."},
      {Type::mx, "-1 a."},
      {Type::mx, "10"},
      {Type::txt, ""},
      {Type::ds, "1 2 3"},
      {Type::ds, "1 2 3 abc"},
      {Type::ds, "1 2 3 xy"},
      {Type::tlsa, "256 1 1 aa"},
      {Type::dnskey, "256 3 13 A==="},
      {Type::caa, "0 is-sue x"},
      {Type::nsec, "a. NOSUCH"},
      {Type::rrsig, "A 5 3 86400 20031322173103 20030220173103 2642 a. AAAA"},
      {static_cast<Type>(731), "text"},
  };
  for (const auto& [type, text] : rows) EXPECT_FALSE(rdata_from_text(type, text)) << type_name(type) << ' ' << text;
}

TEST(Rdata, MessageOctetsMustBeWellFormed) {
  const auto read = [](Type type, ByteView wire) {
    WireReader in(wire);
    read_rdata(in, type, wire.size());
    return in.ok();
  };
  EXPECT_TRUE(read(Type::a, "abcd"));
  EXPECT_FALSE(read(Type::a, "abc"));
  EXPECT_FALSE(read(Type::a, "abcde"));
  EXPECT_FALSE(read(Type::txt, ""));
  EXPECT_TRUE(read(Type::txt, ByteView("\0", 1)));
  EXPECT_FALSE(read(Type::txt, "\3ab"));
  EXPECT_FALSE(read(Type::mx, ByteView("\0\1\1a", 4)));
  EXPECT_FALSE(read(Type::nsec, ByteView("\0\0\1\0", 4))) << "an octet of the bitmap that is empty";
  EXPECT_FALSE(read(Type::nsec, ByteView("\0\1\1\1\0\1\1", 7))) << "windows out of order";
  EXPECT_TRUE(read(static_cast<Type>(731), ""));
}

TEST(Rdata, CanonicalFormFoldsNamesOnly) {
  // RFC 4034 §6.2; NSEC is not folded (RFC 6840 §5.1).
  EXPECT_EQ(canonical_rdata(Type::mx, octets(Type::mx, "10 MAIL.Example.")), octets(Type::mx, "10 mail.example."));
  EXPECT_EQ(canonical_rdata(Type::txt, octets(Type::txt, "ABC")), octets(Type::txt, "ABC"));
  EXPECT_EQ(canonical_rdata(Type::nsec, octets(Type::nsec, "A.b. A")), octets(Type::nsec, "A.b. A"));
}

TEST(Rdata, TypedReaders) {
  EXPECT_EQ(A::of(octets(Type::a, "192.0.2.7")).text(), "192.0.2.7");
  EXPECT_EQ(Aaaa::of(octets(Type::aaaa, "2001:DB8:0:0::7")).text(), "2001:db8::7");
  const auto mx = Mx::of(octets(Type::mx, "10 mail.example.org."));
  EXPECT_EQ(mx.preference, 10);
  EXPECT_EQ(mx.exchange.domain(), "mail.example.org");
  EXPECT_EQ(Soa::of(octets(Type::soa, "a. b. 1 2 3 4 5")).minimum, 5u);
  EXPECT_EQ(Srv::of(octets(Type::srv, "1 2 3 t.")).port, 3);
  const auto tlsa = Tlsa::of(octets(Type::tlsa, "3 1 1 aabb"));
  EXPECT_EQ(tlsa.usage, 3);
  EXPECT_EQ(tlsa.data, "\xaa\xbb");
  const auto caa = Caa::of(octets(Type::caa, "128 issue \"x\""));
  EXPECT_EQ(caa.flags, 128);
  EXPECT_EQ(caa.tag, "issue");
  EXPECT_EQ(caa.value, "x");
  const auto sig = Rrsig::of(octets(Type::rrsig, "MX 13 2 300 20300101000000 1600000000 7 example. AAAA"));
  EXPECT_EQ(sig.covered, Type::mx);
  EXPECT_EQ(sig.expiration, 1893456000u);
  EXPECT_EQ(sig.inception, 1600000000u);
  EXPECT_EQ(sig.signer.text(), "example.");
  EXPECT_EQ(Nsec::of(octets(Type::nsec, "b. A CAA")).types, (std::vector{Type::a, Type::caa}));
  const auto nsec3 = Nsec3::of(octets(Type::nsec3, "1 1 12 aabb 2vptu5timamqttgl4luu9kg21e0aor3s A"));
  EXPECT_EQ(nsec3.iterations, 12);
  EXPECT_EQ(nsec3.next.size(), 20u);
}

TEST(Rdata, ReadersOfShortOctetsAreSafe) {
  const std::string all(3, '\xff');
  for (std::size_t n = 0; n <= all.size(); ++n) {
    const ByteView part = ByteView(all).substr(0, n);
    A::of(part), Aaaa::of(part), Mx::of(part), Txt::of(part), Soa::of(part), Rrsig::of(part), Nsec::of(part);
    Nsec3::of(part), Caa::of(part), Cname::of(part);
  }
}

TEST(Rdata, TypesHaveNames) {
  EXPECT_EQ(type_name(Type::mx), "MX");
  EXPECT_EQ(type_name(static_cast<Type>(4711)), "TYPE4711");
  EXPECT_EQ(parse_type("mx"), Type::mx);
  EXPECT_EQ(parse_type("TYPE15"), Type::mx);
  EXPECT_EQ(parse_type("any"), Type::any);
  EXPECT_FALSE(parse_type("TYPE65536"));
  EXPECT_FALSE(parse_type("XYZZY"));
}

TEST(Rdata, Periods) {
  EXPECT_EQ(parse_period("3600"), 3600u);
  EXPECT_EQ(parse_period("1h30m"), 5400u);
  EXPECT_EQ(parse_period("2W"), 1209600u);
  EXPECT_EQ(parse_period("2147483647"), 2147483647u);
  for (const std::string_view bad : {"", "h", "1h30", "1x", "2147483648", "99999w", "-1"})
    EXPECT_FALSE(parse_period(bad)) << bad;
}

TEST(Rdata, Base32) {
  // RFC 4648 §10, without padding and in lower case.
  EXPECT_EQ(base32hex_encode("foobar"), "cpnmuoj1e8");
  EXPECT_EQ(base32hex_decode("CPNMUOJ1E8"), "foobar");
  EXPECT_EQ(base32hex_encode(""), "");
  for (const std::string_view bad : {"c", "cq", "cp=", "w0"}) EXPECT_FALSE(base32hex_decode(bad)) << bad;
}

TEST(Records, SetsAreMadeOfRecords) {
  const Name n = *Name::parse("a.example");
  const auto sets = sets_of({{n, Type::a, 300, "\1\2\3\4"},
                             {n, Type::mx, 60, octets(Type::mx, "1 M.")},
                             {*Name::parse("A.example"), Type::a, 100, "\1\2\3\5"},
                             {n, Type::mx, 60, octets(Type::mx, "1 m.")}});
  ASSERT_EQ(sets.size(), 2u);
  EXPECT_EQ(sets[0].rdata.size(), 2u);
  EXPECT_EQ(sets[0].ttl, 100u);
  EXPECT_EQ(sets[1].rdata.size(), 1u) << "the same but for the case of a name";
}

}  // namespace
}  // namespace chappe::dns
