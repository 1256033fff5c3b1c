#include "agents/nameserver/responder.h"

#include <gtest/gtest.h>

#include "agents/nameserver/test_site.h"

namespace chappe::agents::nameserver {
namespace {

using dns::Message;
using dns::Rcode;
using dns::Type;

dns::Zones zones() {
  std::string text = "$ORIGIN example.\n$TTL 60\n@ SOA ns h 1 2 3 4 5\n@ NS ns\nns A 192.0.2.1\nsub NS ns.sub\n";
  for (int i = 0; i < 100; ++i) text += fmt::format("many A 192.0.2.{}\nns.sub A 198.51.100.{}\n", i, i);
  dns::Zones out;
  add_zone(out, records(text));
  return out;
}

Message ask(const Message& query, Transport transport = Transport::udp) {
  const auto reply = respond(zones(), dns::write_message(query), transport);
  EXPECT_TRUE(reply);
  return reply ? dns::parse_message(reply->octets).value() : Message();
}

Message query(std::string_view owner, Type type, bool dnssec = false) {
  return dns::make_query({name(owner), type}, 77, true, dnssec);
}

TEST(Responder, AnswersWithWhatWasAsked) {
  const Message a = ask(query("NS.example", Type::a, true));
  EXPECT_EQ(a.header.id, 77);
  EXPECT_TRUE(a.header.response && a.header.authoritative && a.header.recursion_desired);
  EXPECT_FALSE(a.header.recursion_available || a.header.authentic || a.header.truncated);
  EXPECT_EQ(a.question->name.text(), "NS.example.") << "in the case in which it came";
  EXPECT_EQ(a.answer.size(), 1u);
  ASSERT_TRUE(a.edns);
  EXPECT_TRUE(a.edns->dnssec_ok);
  Message old = query("ns.example", Type::a);
  old.edns.reset();
  EXPECT_FALSE(ask(old).edns) << "RFC 6891 §7: only for those who have it";
}

TEST(Responder, RefusesWhatIsNotOurs) {
  EXPECT_EQ(ask(query("example.org", Type::a)).header.rcode, Rcode::refused);
  EXPECT_EQ(ask(query("example", Type::axfr)).header.rcode, Rcode::refused);
  EXPECT_EQ(ask(query("example", Type::ixfr), Transport::tcp).header.rcode, Rcode::refused);
  Message chaos = query("version.bind", Type::txt);
  chaos.question_class = 3;
  EXPECT_EQ(ask(chaos).header.rcode, Rcode::refused);
  EXPECT_EQ(ask(chaos).question_class, 3);
}

TEST(Responder, SaysWhatItCannotRead) {
  Message update = query("example", Type::soa);
  update.header.opcode = 5;
  EXPECT_EQ(ask(update).header.rcode, Rcode::notimp);
  Message future = query("example", Type::soa);
  future.edns->version = 1;
  EXPECT_EQ(ask(future).header.rcode, Rcode::badvers);
  const Bytes whole = dns::write_message(query("example", Type::soa));
  for (std::size_t n = 0; n < whole.size(); ++n) {
    const auto reply = respond(zones(), whole.substr(0, n), Transport::udp);
    EXPECT_EQ(reply.has_value(), n >= 12) << n;
    if (reply) EXPECT_EQ(reply->rcode, Rcode::formerr) << n;
  }
  Message empty = query("example", Type::soa);
  empty.question.reset();
  EXPECT_EQ(ask(empty).header.rcode, Rcode::formerr);
  Message answer = query("example", Type::soa);
  answer.header.response = true;
  EXPECT_FALSE(respond(zones(), dns::write_message(answer), Transport::udp)) << "answers are not answered";
}

TEST(Responder, CutsWhatDoesNotFit) {
  const auto size_of = [](const Message& q, Transport t) {
    return respond(zones(), dns::write_message(q), t)->octets.size();
  };
  Message many = query("many.example", Type::a);
  const Message cut = ask(many);
  EXPECT_TRUE(cut.header.truncated);
  EXPECT_TRUE(cut.answer.empty());
  EXPECT_EQ(ask(many, Transport::tcp).answer.size(), 100u);
  EXPECT_FALSE(ask(many, Transport::tcp).header.truncated);
  Message small = query("ns.example", Type::a);
  small.edns->udp_size = 100;  // RFC 6891 §6.2.3: means 512
  EXPECT_FALSE(ask(small).header.truncated);
  many.edns->udp_size = 65'535;
  EXPECT_LE(size_of(many, Transport::udp), dns::kEdnsUdp) << "whatever the asker takes";
  EXPECT_TRUE(ask(query("x.sub.example", Type::a)).header.truncated) << "RFC 9471 §3: glue that does not fit";
}

TEST(Responder, TellsWatchers) {
  const auto reply = respond(zones(), dns::write_message(query("x.sub.example", Type::mx, true)), Transport::tcp);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->question->text(), "x.sub.example. MX");
  EXPECT_TRUE(reply->referral);
  EXPECT_TRUE(reply->dnssec);
  EXPECT_FALSE(reply->authoritative);
  EXPECT_EQ(reply->answers, 0u);
}

}  // namespace
}  // namespace chappe::agents::nameserver
