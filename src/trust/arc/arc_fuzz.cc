// Whole letters with chains, and a resolver that has one key for every name: no crash, a verdict that fits its sets,
// and a seal behind it that holds, or is refused; and what such a chain is worth to who trusts its sealers. The input
// is the key record, an empty line, and the letter.
#include "../../../tests/fuzz/fuzzing.h"
#include "message/letter.h"
#include "trust/arc/seal.h"
#include "trust/arc/verify.h"
#include "trust/arc_trust.h"

using namespace chappe;
using namespace chappe::trust;
using namespace chappe::trust::arc;
using fuzz::check;

namespace {

constexpr Time kNow{1'700'000'000'000'000};

class Keys final : public dns::Resolver {
 public:
  Keys(ByteView record, std::string ours) : record_(record.substr(0, 255)), ours_(std::move(ours)) {}
  net::Task<dns::Answer> ask(dns::Question question, net::Deadline) override {
    const std::string& text = question.name.domain() == "fuzz._domainkey.fuzz.example" ? ours_ : record_;
    if (text.empty()) co_return dns::without_records(std::move(question), dns::Outcome::nxdomain);
    dns::Answer out;
    out.question = question;
    out.outcome = dns::Outcome::answer;
    out.canonical = question.name;
    out.records = {question.name, dns::Type::txt, 300, {static_cast<char>(text.size()) + text}};
    co_return out;
  }

 private:
  std::string record_, ours_;
};

net::Task<Verdict> judge(dns::Resolver* resolver, std::span<const message::Field> fields,
                         const dkim::BodyHashes* bodies) {
  co_return co_await verify(*resolver, fields, *bodies, kNow, {}, net::Deadline::in(std::chrono::seconds(1)));
}

Verdict verdict_on(dns::Resolver& resolver, ByteView bytes) {
  const message::Letter letter(bytes);
  dkim::BodyHashes bodies(letter.fields());
  bodies.feed(letter.body_bytes(letter.root()));
  bodies.finish();
  ManualClock clock;
  net::LocalExecutor executor(clock);
  return executor.run(judge(&resolver, letter.fields(), &bodies));
}

net::Task<ArcTrust> weigh(dns::Resolver* resolver, const Verdict* chain, std::span<const message::Field> fields,
                          std::vector<std::string> trusted) {
  co_return co_await weigh_chain(*resolver, *chain, fields, {"example.org"}, std::move(trusted),
                                 net::Deadline::in(std::chrono::seconds(1)));
}

void check_trust(dns::Resolver& resolver, const Verdict& chain, ByteView bytes) {
  const message::Letter letter(bytes);
  std::vector<std::string> all;
  for (const Set& set : chain.sets)
    if (set.seal) all.push_back(set.seal->signature.domain);
  const bool holds = chain.status() == Status::pass;
  ManualClock clock;
  net::LocalExecutor executor(clock);
  check(!executor.run(weigh(&resolver, &chain, letter.fields(), {})).knowledge.trusted);
  const ArcTrust trust = executor.run(weigh(&resolver, &chain, letter.fields(), all));
  check(trust.knowledge.trusted == holds && trust.knowledge.passes == holds);
  check(trust.instance <= chain.sets.size() && (trust.instance != 0) == holds);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input = fuzz::view(data, size);
  const std::size_t cut = input.find("\r\n\r\n");
  static const auto secret = std::make_shared<const crypto::PrivateKey>(
      *crypto::PrivateKey::from_ed25519_seed(crypto::Secret(std::string(32, 'f'))));
  Keys resolver(input.substr(0, cut), dkim::key_record(*secret));
  const std::string bytes(cut == ByteView::npos ? ByteView() : input.substr(cut + 4));
  const Verdict came = verdict_on(resolver, bytes);
  check(came.sets.size() <= kMaxSets);
  check((came.reason == Reason::no_sets) <= came.sets.empty());
  if (came.status() == Status::pass) {
    check(!came.sets.empty() && came.oldest_pass <= came.sets.size());
    std::uint32_t instance = 0;
    for (const Set& set : came.sets) {
      check(set.instance == ++instance && set.results && set.seal->reason == dkim::Reason::verified);
      check(set.seal->signature.chain == (instance == 1 ? "none" : "pass"));
    }
    check(came.sets.back().message->reason == dkim::Reason::verified);
  }
  check_trust(resolver, came, bytes);
  const message::Letter letter(bytes);
  const SealOptions options;
  const dkim::BodyHashKind kinds[] = {options.body_kind()};
  dkim::BodyHashes bodies(kinds);
  bodies.feed(letter.body_bytes(letter.root()));
  bodies.finish();
  const auto made = seal(letter.fields(), bodies, came.status(), "mx.example; arc=none",
                         {secret, "fuzz.example", "fuzz"}, kNow, options);
  if (!made || !*made) return 0;
  const Verdict again = verdict_on(resolver, (*made)->fields + bytes);
  if (came.status() == Status::fail)
    check(again.status() == Status::fail);
  else
    check(again.status() == Status::pass && again.sets.size() == came.sets.size() + 1);
  return 0;
}
