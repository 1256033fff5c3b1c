// A whole walk among servers that say whatever they like: the input is what comes, one message after the other, each
// behind its length. What is read of each message holds to its rules; the walk ends within its limits.
#include <cstdlib>

#include "dns/walk.h"

using namespace chappe;
using namespace chappe::dns;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void check(const Reading& reading, const Question& question, const Name& zone) {
  if (reading.said == Said::referral) {
    const Delegation& d = reading.delegation;
    require(d.zone.under(zone) && d.zone != zone && question.name.under(d.zone));
    require(d.count > 0 && d.servers.size() <= kMaxServers && d.servers.size() <= d.count);
    for (const NamedServer& server : d.servers) require(server.addresses.size() <= kMaxServerAddresses);
  } else {
    require(reading.delegation.servers.empty());
  }
  for (const Record& alias : reading.answer.chain) require(alias.name.under(zone));
  require(reading.answer.records.empty() == (reading.said != Said::answer));
  require(reading.answer.records.empty() || reading.answer.records.name.under(zone));
  require((reading.said == Said::lame) == (reading.flaw != Flaw::none) || reading.flaw == Flaw::circle);
}

class Liars final : public Exchange {
 public:
  explicit Liars(ByteView input) : input_(input) {}
  bool reaches(const net::Endpoint& server) override { return !server.ipv6(); }
  net::Task<Result<Exchanged>> ask(net::Endpoint, Message query, net::Deadline) override {
    const ByteView octets = next();
    if (octets.empty()) co_return fail(Errc::timeout, "nothing came");
    auto message = parse_message(octets);
    if (!message) co_return std::unexpected(message.error());
    const Question& question = *query.question;
    for (std::size_t labels = 0; labels <= question.name.label_count(); ++labels)
      check(read_reply(*message, question, question.name.suffix(labels)), question, question.name.suffix(labels));
    co_return Exchanged{std::move(*message), false, octets.size()};
  }

 private:
  ByteView next() {
    if (input_.size() < 2) return {};
    const std::size_t size = static_cast<unsigned char>(input_[0]) << 8 | static_cast<unsigned char>(input_[1]);
    const ByteView out = input_.substr(2, size);
    input_.remove_prefix(2 + out.size());
    return out;
  }

  ByteView input_;
};

net::Task<Walk> walk(Walker* walker) {
  co_return co_await walker->walk({*Name::parse("www.octo.test."), Type::mx}, net::Deadline::in(std::chrono::hours(1)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Liars liars(ByteView(reinterpret_cast<const char*>(data), size));
  const WalkLimits limits;
  Walker walker(liars, {{*Name::parse("ns.root."), {*net::Endpoint::parse("192.0.2.1", kDnsPort)}}}, limits);
  const Walk out = net::run(walk(&walker));
  // Beside the questions: one step at most for each walk within the walk that found no address.
  require(out.steps.size() <= 2 * limits.steps);
  require((out.end == WalkEnd::answered) == (out.answer.outcome == Outcome::answer || out.answer.absent()));
  require(out.answer.chain.size() <= limits.aliases + 1 || out.end == WalkEnd::aliases ||
          out.end == WalkEnd::alias_circle);
  return 0;
}
