// Whole letters, with a resolver that has one key for every name: no crash, and a verdict for each signature that keeps
// within the limits. The input is the key record, an empty line, and the letter.
#include <map>

#include "../../../tests/fuzz/fuzzing.h"
#include "message/letter.h"
#include "trust/dkim/sign.h"
#include "trust/dkim/verify.h"

using namespace chappe;
using namespace chappe::trust::dkim;
using fuzz::check;

namespace {

class OneKey final : public dns::Resolver {
 public:
  explicit OneKey(ByteView record) : record_(record.substr(0, 2000)) {}
  net::Task<dns::Answer> ask(dns::Question question, net::Deadline) override {
    ++asked[question.text()];
    if (record_.empty()) co_return dns::without_records(std::move(question), dns::Outcome::nxdomain);
    Bytes rdata;
    for (std::size_t at = 0; at < record_.size(); at += 255) {
      const ByteView piece = ByteView(record_).substr(at, 255);
      rdata += static_cast<char>(piece.size());
      rdata += piece;
    }
    dns::Answer out;
    out.question = question;
    out.outcome = dns::Outcome::answer;
    out.canonical = question.name;
    out.records = {question.name, dns::Type::txt, 300, {rdata}};
    co_return out;
  }
  std::map<std::string, int> asked;

 private:
  Bytes record_;
};

net::Task<Verdict> judge(dns::Resolver* resolver, const message::Letter* letter, const BodyHashes* bodies) {
  co_return co_await verify(*resolver, letter->fields(), *bodies, Time{1'700'000'000'000'000}, {},
                            net::Deadline::in(std::chrono::seconds(1)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input = fuzz::view(data, size);
  const std::size_t cut = input.find("\r\n\r\n");
  OneKey resolver(input.substr(0, cut));
  const std::string bytes(cut == ByteView::npos ? ByteView() : input.substr(cut + 4));
  const message::Letter letter(bytes);
  BodyHashes bodies(letter.fields());
  check(bodies.all().size() <= BodyHashes::kMax);
  bodies.feed(letter.body_bytes(letter.root()));
  bodies.finish();
  ManualClock clock;
  net::LocalExecutor executor(clock);
  const Verdict verdict = executor.run(judge(&resolver, &letter, &bodies));
  const Limits limits;
  check(verdict.signatures.size() == letter.count(letter.root(), message::FieldName::dkim_signature));
  check(verdict.questions.size() <= limits.signatures && resolver.asked.size() == verdict.questions.size());
  for (const auto& [question, times] : resolver.asked) check(times == 1);
  for (std::size_t i = 0; i < verdict.signatures.size(); ++i) {
    const SignatureVerdict& v = verdict.signatures[i];
    if (i >= limits.signatures) check(v.reason == Reason::too_many_signatures);
    if (v.reason != Reason::verified) continue;
    check(!v.signature.fault && v.key && v.body && v.body->uncovered() == 0 && v.body->hash == v.signature.body_hash);
    check(v.bits() >= limits.min_bits || v.signature.key_kind == crypto::KeyKind::ed25519);
  }
  (void)unfit_for_wire(bytes);
  return 0;
}
